"""Every code that an answer can carry (O 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.answers.answer_play import Code, Line
from tests.answers.wording import (
    ASKED_NOTHING,
    BY_CARD,
    DESK,
    DIALYSIS,
    LOST,
    NOBODY,
    RECORDED,
    UNCONFIRMED,
    VALID,
    WAIT,
)


def _coded(
    name: str,
    code: Code,
    row: Mapping[str, object],
    file: Mapping[str, str | None],
    patient: Mapping[str, Any] | None = None,
    answer: str = "valid",
    does: tuple[str, ...] = ("agree_all",),
) -> Line:
    """A valid insurance whose message carries this code: the visit goes on as any other."""
    return Line(
        name=f"code {name}",
        rule="O 3",
        answer=answer,
        patient=patient or {},
        codes=(code,),
        does=does,
        stage="consenting",
        says=(WAIT,),
        row={**VALID, **row},
        file=file,
    )


_LIMIT_INFO = "LimitApplicationCertificateRelatedInfo"
_CATEGORY = "LimitApplicationCertificateClassificationFlag"

_LIMITS = (
    ("A01", "ア"),
    ("A02", "イ"),
    ("A03", "ウ"),
    ("A04", "エ"),
    ("A05", "オ"),
    ("A06", "オ(境)"),
    ("B01", "現役並みⅢ"),
    ("B02", "現役並みⅡ"),
    ("B03", "現役並みⅠ"),
    ("B04", "一般"),
    ("B05", "低所得Ⅱ"),
    ("B06", "低所得Ⅰ"),
    ("B07", "低所得Ⅰ(老福)"),
    ("B08", "低所得Ⅰ(境)"),
    ("B09", "一般Ⅱ"),
    ("B10", "一般Ⅰ"),
)
_CLASSES = (
    ("01", ()),
    ("02", ("退職",)),
    ("03", ("短期",)),
    ("04", ("退職・短期",)),
    ("05", ("特別療養費",)),
    ("06", ("特例退職",)),
    ("07", ("自衛官",)),
)
_TICKET = (
    ("TicketType", ("01", "02")),
    ("MedicalTreatmentType", ("01", "02", "03", "04", "05")),
    ("SingleOrCombinedUse", ("01", "02")),
    ("StatusOfSocialInsurance", ("01", "02")),
    ("StatusOfInfecton", ("01", "02")),
    ("StatusOfElderlyMedicalCare", ("01", "02")),
    ("StatusOfPrefecturalExpenses", ("01", "02")),
    ("ConsistencyFlag", ("1",)),
)

CODED: Final = (
    *(
        _coded(
            f"012 {code}", Code(element=_CATEGORY, text=code, inside=_LIMIT_INFO), {"limit": word}, {_CATEGORY: code}
        )
        for code, word in _LIMITS
    ),
    *(
        _coded(
            f"010 {code}",
            Code(element="InsuredCardClassification", text=code),
            {"tags": tags},
            {"InsuredCardClassification": code},
        )
        for code, tags in _CLASSES
    ),
    *(
        _coded(f"007 {code}", Code(element="Sex1", text=code), {"sex": word}, {"Sex1": code})
        for code, word in (("1", "男"), ("2", "女"), ("3", "性別なし"))
    ),
    _coded("007 2 in Sex2", Code(element="Sex2", text="1"), {"sex": "男"}, {"Sex1": "1"}),
    *(
        _coded(
            f"009 {code}",
            Code(element="PersonalFamilyClassification", text=code),
            {"family": word},
            {"PersonalFamilyClassification": code},
        )
        for code, word in (("1", "本人"), ("2", "家族"))
    ),
    _coded(
        "015 1",
        Code(element="PreschoolClassification", text="1"),
        {"tags": ("未就学",), "share": "2割"},
        {"PreschoolClassification": "1"},
    ),
    *(
        _coded(
            f"011 {code}",
            Code(element="LimitApplicationCertificateClassification", text=code, inside=_LIMIT_INFO),
            {"limit": "ウ"},
            {_CATEGORY: "A03"},
        )
        for code in ("01", "02", "03")
    ),
    *(
        _coded(
            f"001 {code}",
            Code(element="SpecificDiseasesCertificateRelatedConsFlg", text=code),
            {"tags": ()},
            {"SpecificDiseasesCertificateRelatedConsFlg": "0"},
        )
        for code in ("0", "1")
    ),
    *(
        _coded(
            f"013 {code}",
            Code(element="SpecificDiseasesDiseaseCategory", text=code, inside="SpecificDiseasesCertificateInfo"),
            {"tags": ("特定疾病",)},
            {"SpecificDiseasesCertificateRelatedConsFlg": "1"},
            patient=DIALYSIS,
        )
        for code in ("1", "2", "3")
    ),
    # Whatever the message says of consents: the patient is asked in this visit, and that counts (F 0.3).
    *(
        _coded(
            f"016 {code}",
            Code(element="PharmacistsInfoConsFlg", text=code),
            {"marks": "××－×"},
            {"PharmacistsInfoConsFlg": "0"},
            does=("refuse_all",),
        )
        for code in ("0", "1", "2", "3")
    ),
    # So it is with the prescription's form: what is not asked at this site is not handed on.
    *(
        _coded(
            f"017 {code}",
            Code(element="PrescriptionIssueSelect", text=code, inside="MessageBody"),
            {"tags": ()},
            {"PrescriptionIssueSelect": None},
        )
        for code in ("1", "2")
    ),
    *(
        _coded(
            f"018 to 025 {element} {code}",
            Code(element=element, text=code, inside="MedicalTicketInfo"),
            {"tags": ("医療扶助",)},
            {"InsuredCardClassification": "A1"},
            answer="assistance",
        )
        for element, codes in _TICKET
        for code in codes
    ),
    *(
        _coded(
            f"002 {code}",
            Code(element="ReferenceClassification", text=code, inside="MessageHeader"),
            {"by_number": False},
            # How the kiosk asked decides, not what the message says of it.
            {"ReferenceClassification": "1"},
        )
        for code in ("1", "2")
    ),
    *(
        _coded(
            f"005 {code}",
            Code(element="CharacterCodeIdentifier", text=code, inside="MessageHeader"),
            {"kana": "シケン ハナコ"},
            {"CharacterCodeIdentifier": "0"},
        )
        for code in ("0", "1")
    ),
    *(
        _coded(
            f"014 {code}",
            Code(element="LimitApplicationCertificateChanged", text=code),
            {"limit": "ウ"},
            {_CATEGORY: "A03"},
        )
        for code in ("0", "1")
    ),
    *(
        Line(
            name=f"code 008 {code}",
            rule="O 3; F 3.5 code 2",
            answer="lost",
            codes=(Code(element="ReasonOfLoss", text=code),),
            stage="committing",
            says=(DESK,),
            row={**LOST, "marks": ASKED_NOTHING},
            file={**BY_CARD, "QualificationValidity": "2", "ReasonOfLoss": None},
        )
        for code in ("01", "02", "03", "99")
    ),
    _coded(
        "012 unknown", Code(element=_CATEGORY, text="C01", inside=_LIMIT_INFO), {"limit": "C01"}, {_CATEGORY: "C01"}
    ),
    _coded(
        "010 unknown",
        Code(element="InsuredCardClassification", text="08"),
        {"tags": ()},
        {"InsuredCardClassification": "08"},
    ),
    Line(
        name="code 006 unknown",
        rule="O 3: a validity that no table has decides nothing",
        codes=(Code(element="QualificationValidity", text="7", inside="MessageBody"),),
        stage="committing",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
)
