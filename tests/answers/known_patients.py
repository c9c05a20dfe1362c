"""Number look-up of a patient the clinic knows (F 3.4; O 2.8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.answers.answer_play import Line
from tests.answers.wording import (
    ASKED_NOTHING,
    DESK,
    HANAKO,
    LOST,
    NEWER,
    NOBODY,
    NONE,
    RECORDED,
    TWINS,
    UNCONFIRMED,
    VALID,
    WAIT,
)

BY_NUMBER: Final[Mapping[str, str | None]] = {
    "ReferenceClassification": "2",
    "SegmentOfResult": "1",
    "PharmacistsInfoConsFlg": None,
    "DiagnosisInfoConsFlg": None,
    "SpecificDiseasesCertificateRelatedConsFlg": None,
}

LOOKED_UP: Final = (
    Line(
        name="by number, valid, the limit given",
        rule="F 2.4: with a number look-up the limit needs consent; no medical information, so no consents",
        by_number=True,
        before=("limit_yes",),
        stage="committing",
        says=(WAIT,),
        row={**VALID, **HANAKO, "marks": ASKED_NOTHING, "by_number": True},
        file={**BY_NUMBER, "QualificationValidity": "1", "LimitApplicationCertificateClassificationFlag": "A03"},
    ),
    Line(
        name="by number, valid, the limit not given",
        rule="F 2.4",
        by_number=True,
        before=("limit_no",),
        stage="committing",
        says=(WAIT,),
        row={**VALID, "limit": "", "by_number": True},
        file={**BY_NUMBER, "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="by number, silence at the limit",
        rule="F 2.3: default on timeout is no consent",
        by_number=True,
        before=("silence",),
        stage="committing",
        says=(WAIT,),
        row={**VALID, "limit": "", "by_number": True},
        file={**BY_NUMBER, "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="by number, lost",
        rule="F 3.4: lost",
        by_number=True,
        before=("limit_no",),
        answer="lost",
        stage="committing",
        says=(DESK,),
        row={**LOST, "by_number": True},
        file={**BY_NUMBER, "QualificationValidity": "2"},
    ),
    Line(
        name="by number, lost, a newer one exists",
        rule="F 3.4: lost, a new one exists; 3.5 code 3",
        by_number=True,
        before=("limit_no",),
        answer="lost_newer_exists",
        stage="committing",
        says=(DESK,),
        row={**NEWER, "by_number": True},
        file={**BY_NUMBER, "QualificationValidity": "3"},
    ),
    Line(
        name="by number, none found",
        rule="F 3.5 code 4",
        by_number=True,
        before=("limit_no",),
        answer="none",
        stage="committing",
        says=(DESK,),
        row={**NONE, "by_number": True},
        file={**BY_NUMBER, "QualificationValidity": "4"},
    ),
    Line(
        name="by number, twins without a branch number",
        rule="F 3.4: several hits -> choose; F 3.5 code 5",
        by_number=True,
        before=("limit_no",),
        answer="twins",
        stage="committing",
        says=(DESK,),
        row={**TWINS, "by_number": True},
        file={**BY_NUMBER, "QualificationValidity": "5"},
    ),
    Line(
        name="by number, nobody known, or no terminal",
        rule="issue 5, 4: the trouble lane, with the documents of F 3.5",
        by_number=True,
        before=("limit_yes",),
        comes="nothing",
        stage="committing",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY, "by_number": False},
        file=None,
    ),
)
