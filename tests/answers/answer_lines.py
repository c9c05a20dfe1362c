"""The table of answers: what the national system says, what kind of site asks, and where that leads. Data, to be read.

Every expected value is written by hand from the documents: flow-and-rules (F) and oqs-interface (O), by section. The
patient is 試験 花子, an invented woman of 46 with an invented insurance, unless a line says otherwise; it is 2026-10-05.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tests.answers.answer_play import Code, Line

WAIT: Final = "受付に届きました。お呼びするまでお待ちください"
DESK: Final = "受付にお声がけください"
RECORDED: Final = "いまは保険を確認できません。受付は記録しました"
RECORDS: Final = "過去の記録を提供しますか"
LIMIT: Final = "限度額の情報を提供しますか"
FORM: Final = "処方箋はどちらにしますか"
REGISTER: Final = "健康保険証として利用登録しますか"

VALID: Final = {"word": "有効", "reason": "", "next": ""}
LOST: Final = {
    "word": "無効",
    "reason": "資格喪失",
    "next": "新しい保険を確認、なければ資格申立書（通常の割合）",
}
NEWER: Final = {"word": "無効", "reason": "新しい資格あり", "next": "新しい資格で照会し直す"}
NONE: Final = {
    "word": "要確認",
    "reason": "該当する資格なし",
    "next": "マイナポータルか資格情報のお知らせ、なければ申立書",
}
TWINS: Final = {"word": "要確認", "reason": "複数該当（2件）", "next": "お名前を伺い、受付で選ぶ"}
SEVERAL: Final = {"word": "要確認", "reason": "複数該当", "next": "お名前を伺い、受付で選ぶ"}
NO_TICKET: Final = {"word": "要確認", "reason": "医療券が未登録", "next": "福祉事務所に連絡"}
UNCONFIRMED: Final = {"word": "要確認", "reason": "照会できず", "next": "資格確認書などで確認、あとで照会"}
NO_E_PRESCRIPTION: Final = ("電子処方箋は不可",)

HANAKO: Final = {
    "kana": "シケン ハナコ",
    "name": "試験\u3000花子",
    "born": "昭和55年2月17日（1980）",
    "age": "46歳",
    "sex": "女",
    "insurer": "01139997",
    "payer": "架空健康保険協会東京支部",
    "insured": "12340005・67",
    "branch": "00",
    "family": "本人",
    "share": "3割",
    "limit": "ウ",
}
NOBODY: Final = {"kana": "", "name": "", "insurer": "", "insured": "", "share": "", "limit": ""}
"""Of a card whose holder is not named, and of an insurance that nobody told of, a row says nothing."""

ASKED_NOTHING: Final = "－－－－"
"""薬 診 手 健: ○ given, × refused, － not asked."""

NO_CONSENTS: Final[Mapping[str, str | None]] = {
    "PharmacistsInfoConsFlg": "0",
    "DiagnosisInfoConsFlg": "0",
    "OperationInfoConsFlg": "0",
    "SpecificHealthCheckupsInfoConsFlg": "0",
    "PharmacistsInfoConsTime": None,
    "PharmacistsInfoAvailableTime": None,
}
BY_CARD: Final[Mapping[str, str | None]] = {
    "ReferenceClassification": "1",
    "SegmentOfResult": "1",
    "ProcessingResultStatus": "1",
    "MedicalInstitutionCode": "1319999996",
    "ProcessExecutionTime": "20261005090000",
}
MEDICATION_GIVEN: Final[Mapping[str, str | None]] = {
    "PharmacistsInfoConsFlg": "1",
    "PharmacistsInfoConsTime": "20261005090000",
    "PharmacistsInfoAvailableTime": "20261006090000",
}
"""O 2.5: both times, 24 hours apart."""

_DIALYSIS: Final[Mapping[str, Any]] = {"specific_disease": "1"}

# -- the answers, at the default site (F 2.3, FLOW_2025_03) ----------------------------------------------------------

ANSWERED: Final = (
    Line(
        name="valid, agreed to all",
        rule="F 2.3 P08, P16; F 2.4",
        does=("agree_all",),
        stage="consenting",
        asks=(RECORDS, "同意する", "個別に選ぶ", "同意しない", "同意しなくても、いつもどおり受診できます"),
        says=("受付しました", "A012", WAIT, "カードをお取りください"),
        row={**VALID, **HANAKO, "marks": "○○－○", "tags": (), "complete": True, "method": "暗証番号"},
        file={
            **BY_CARD,
            **MEDICATION_GIVEN,
            "QualificationValidity": "1",
            "InsuredCardClassification": "01",
            "InsurerNumber": "01139997",
            "InsuredCardSymbol": "12340005",
            "InsuredIdentificationNumber": "67",
            "InsuredBranchNumber": "00",
            "PersonalFamilyClassification": "1",
            "Name": "試験\u3000花子",
            "NameKana": "ｼｹﾝ ﾊﾅｺ",
            "Sex1": "2",
            "Birthdate": "19800217",
            "OperationInfoConsFlg": "0",
            "LimitApplicationCertificateClassificationFlag": "A03",
            "ReferenceNumber": "00042",
            "PrescriptionIssueSelect": None,
        },
    ),
    Line(
        name="valid, refused all",
        rule="F 2.4 refused: care is identical, nothing is provided",
        does=("refuse_all",),
        stage="consenting",
        says=("受付しました", WAIT),
        row={**VALID, **HANAKO, "marks": "××－×", "complete": True},
        file={**BY_CARD, **NO_CONSENTS, "QualificationValidity": "1"},
    ),
    Line(
        name="valid, chosen one by one",
        rule="F 2.3 P08 to P11",
        does=("choose_items", "agree_item", "refuse_item", "agree_item"),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "marks": "○×－○", "complete": True},
        file={**BY_CARD, **MEDICATION_GIVEN, "DiagnosisInfoConsFlg": "0", "SpecificHealthCheckupsInfoConsFlg": "1"},
    ),
    Line(
        name="valid, silence at the consents",
        rule="F 2.3: default on timeout of a consent screen is no consent",
        does=("silence",),
        stage="consenting",
        says=("受付しました", DESK),
        row={**VALID, "marks": ASKED_NOTHING, "complete": False},
        file={**BY_CARD, **NO_CONSENTS},
    ),
    Line(
        name="valid, silence in the middle",
        rule="F 2.3: no pre-ticked yes; what was said stands",
        does=("choose_items", "agree_item", "silence"),
        stage="consenting",
        says=(DESK,),
        row={**VALID, "marks": "○－－－", "complete": False},
        file={**BY_CARD, **MEDICATION_GIVEN, "DiagnosisInfoConsFlg": "0"},
    ),
    Line(
        name="valid, stopped at the consents",
        rule="architecture: once an answer is there, every end commits the check-in",
        does=("choose_items", "agree_item", "stop"),
        stage="consenting",
        says=(DESK,),
        row={**VALID, "marks": ASKED_NOTHING, "complete": False},
        file={**BY_CARD, **NO_CONSENTS},
    ),
    Line(
        name="agreed within 24 hours in an earlier visit",
        rule="F 0.3: consent is asked every visit",
        codes=(
            Code(element="PharmacistsInfoConsFlg", text="1"),
            Code(element="PharmacistsInfoConsTime", text="20261004150000"),
            Code(element="PharmacistsInfoAvailableTime", text="20261005150000"),
        ),
        does=("refuse_all",),
        stage="consenting",
        asks=(RECORDS,),
        says=(WAIT,),
        row={**VALID, "marks": "××－×"},
        file={**BY_CARD, **NO_CONSENTS},
    ),
    Line(
        name="new to this clinic",
        rule="F 3.3: an empty 照会番号 is a new patient",
        answer="new_patient",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT, "はじめての方は受付へ"),
        row={**VALID, **HANAKO},
        file={**BY_CARD, "ReferenceNumber": None},
    ),
    Line(
        name="lost, nothing new registered",
        rule="F 3.4, 3.5 code 2; F 4 E13: see reception, nothing more; O 2.8",
        answer="lost",
        stage="committing",
        says=("受付しました", "A012", DESK),
        row={**LOST, **HANAKO, "tags": NO_E_PRESCRIPTION, "marks": ASKED_NOTHING, "complete": True},
        file={
            **BY_CARD,
            **NO_CONSENTS,
            "QualificationValidity": "2",
            "InsurerNumber": "01139997",
            "DisqualificationDate": "20261004",
        },
    ),
    Line(
        name="lost, a newer one exists",
        rule="F 3.5 code 3",
        answer="lost_newer_exists",
        stage="committing",
        says=(DESK,),
        row={**NEWER, **HANAKO, "tags": (), "marks": ASKED_NOTHING},
        file={**BY_CARD, **NO_CONSENTS, "QualificationValidity": "3"},
    ),
    Line(
        name="no insurance found",
        rule="F 3.5 code 4; O 2.2: no ResultList",
        answer="none",
        stage="committing",
        says=(DESK,),
        row={**NONE, **NOBODY, "tags": NO_E_PRESCRIPTION, "marks": ASKED_NOTHING},
        file={
            **BY_CARD,
            "QualificationValidity": "4",
            "InsurerNumber": None,
            "Name": None,
            "PharmacistsInfoConsFlg": None,
        },
    ),
    Line(
        name="several match, nobody named",
        rule="F 3.5 code 5; O samples, 0005",
        patient={"answer": "multiple"},
        stage="committing",
        says=(DESK,),
        row={**SEVERAL, **NOBODY, "marks": ASKED_NOTHING},
        file={**BY_CARD, "QualificationValidity": "5", "Name": None},
    ),
    Line(
        name="twins",
        rule="F 3.5 code 5: pick by name, never at the kiosk",
        answer="twins",
        stage="committing",
        says=(DESK,),
        row={**TWINS, "kana": "シケン ハナコ", "others": ("シケン ツキコ",), "branch": "01", "marks": ASKED_NOTHING},
        file={**BY_CARD, "QualificationValidity": "5"},
    ),
    Line(
        name="medical assistance, its ticket not registered",
        rule="F 2.5, 3.5 code 6: until about the 15th normal, same flow; contact the welfare office",
        answer="assistance_without_ticket",
        does=("agree_all",),
        stage="consenting",
        asks=(RECORDS,),
        says=(DESK,),
        row={
            **NO_TICKET,
            "kana": "シケン ハナコ",
            "insurer": "12139994",
            "payer": "架空市福祉事務所",
            "insured": "1000017",
            "branch": "",
            "family": "",
            "share": "",
            "limit": "",
            "tags": ("医療扶助",),
            "marks": "○○－○",
        },
        file={
            **BY_CARD,
            **MEDICATION_GIVEN,
            "QualificationValidity": "6",
            "InsuredCardClassification": "A1",
            "InsurerNumber": "12139994",
            "LimitApplicationCertificateRelatedConsFlg": None,
        },
    ),
    Line(
        name="medical assistance with its ticket",
        rule="F 2.5; O 2.4",
        answer="assistance",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "insurer": "12139994", "insured": "1000017", "share": "", "limit": "", "tags": ("医療扶助",)},
        file={**BY_CARD, "QualificationValidity": "1", "InsuredCardClassification": "A1", "InsuredCardSymbol": None},
    ),
    Line(
        name="insurance, and medical assistance beside it",
        rule="O 2.2: two results of one person",
        answer="insurance_and_assistance",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, **HANAKO, "others": (), "tags": ("医療扶助",)},
        file={**BY_CARD, "QualificationValidity": "1", "InsurerNumber": "01139997"},
    ),
    Line(
        name="a child before school",
        rule="O 7.3: 20 %",
        patient={
            "preschool": True,
            "copay_ratio": 20,
            "family": True,
            "insured_branch": "02",
            "birth_date": "2022-05-06",
            "limit_category": None,
        },
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={
            **VALID,
            "born": "令和4年5月6日（2022）",
            "age": "4歳",
            "family": "家族",
            "branch": "02",
            "share": "2割",
            "limit": "",
            "tags": ("未就学",),
        },
        file={**BY_CARD, "PreschoolClassification": "1", "PersonalFamilyClassification": "2", "Birthdate": "20220506"},
    ),
    Line(
        name="70 to 74 years",
        rule="O 7.3: the certificate's 20 %; O 2.3 rows 2 and 26",
        patient={
            "insurer_number": "138990",
            "insurer_name": "架空市国民健康保険",
            "insured_symbol": "架国",
            "insured_number": "9001234",
            "elderly": True,
            "copay_ratio": 20,
            "limit_category": "B04",
            "birth_date": "1954-05-06",
        },
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "age": "72歳", "insurer": "138990", "insured": "架国・9001234", "share": "2割", "limit": "一般"},
        file={
            **BY_CARD,
            "InsurerNumber": "  138990",
            "ElderlyRecipientContributionRatio": "020",
            "InsuredPartialContributionRatio": None,
            "LimitApplicationCertificateClassificationFlag": "B04",
        },
    ),
    Line(
        name="75 and over",
        rule="O 7.3: 10 % in its own element; no symbol, no branch",
        patient={
            "insurer_number": "39139993",
            "insurer_name": "架空県後期高齢者医療広域連合",
            "insured_symbol": None,
            "insured_number": "00098765",
            "insured_branch": None,
            "copay_ratio": 10,
            "limit_category": "B10",
            "birth_date": "1946-05-06",
        },
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={
            **VALID,
            "age": "80歳",
            "insurer": "39139993",
            "insured": "00098765",
            "branch": "",
            "family": "",
            "share": "1割",
            "limit": "一般Ⅰ",
        },
        file={
            **BY_CARD,
            "InsurerNumber": "39139993",
            "InsuredCardSymbol": None,
            "InsuredBranchNumber": None,
            "InsuredPartialContributionRatio": "010",
            "ElderlyRecipientContributionRatio": None,
        },
    ),
    Line(
        name="characters that the system does not have",
        rule="F 3.5 ●: use the kana name; O 8",
        answer="gaiji",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "kana": "シケン ハナコ", "name": "●本\u3000花子", "gaiji": True},
        file={**BY_CARD, "Name": "●本\u3000花子", "NameKana": "ｼｹﾝ ﾊﾅｺ"},
    ),
    Line(
        name="no limit certificate",
        rule="O 2.3 row 27: absent is no category",
        answer="no_limit",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "limit": ""},
        file={
            **BY_CARD,
            "LimitApplicationCertificateRelatedConsFlg": "0",
            "LimitApplicationCertificateClassificationFlag": None,
        },
    ),
    Line(
        name="holds a specific-disease certificate and agrees",
        rule="F 2.2, 2.4: asked only where held; needs consent and card",
        answer="specific_disease",
        does=("choose_items", "agree_item", "agree_item", "agree_item", "agree_item"),
        stage="consenting",
        asks=(RECORDS, "受療証"),
        says=(WAIT,),
        row={**VALID, "tags": ("特定疾病",), "marks": "○○－○"},
        file={
            **BY_CARD,
            "SpecificDiseasesCertificateRelatedConsFlg": "1",
            "SpecificDiseasesCertificateRelatedConsTime": "20261005090000",
        },
    ),
    Line(
        name="holds a specific-disease certificate and refuses it",
        rule="F 2.4: without consent nothing of it is provided, not even that there is one",
        answer="specific_disease",
        does=("choose_items", "agree_item", "agree_item", "agree_item", "refuse_item"),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "tags": (), "marks": "○○－○"},
        file={
            **BY_CARD,
            "SpecificDiseasesCertificateRelatedConsFlg": "0",
            "SpecificDiseasesCertificateRelatedConsTime": None,
        },
    ),
    Line(
        name="a certificate that ends soon",
        rule="F 2.6, P14: notice from three months before",
        answer="expiring",
        ends=date(2026, 11, 4),
        does=("agree_all",),
        stage="consenting",
        notices=("カードの更新時期です", "市区町村の窓口", "わかりました"),
        says=(WAIT, "カードの更新時期です"),
        row={**VALID, "tags": ("証明書の期限間近",), "marks": "○○－○"},
        file={**BY_CARD, "QualificationValidity": "1"},
    ),
    Line(
        name="a certificate in its months of grace",
        rule="F 2.6, E06b: eligibility only, no consents",
        answer="grace",
        ends=date(2026, 9, 5),
        stage="committing",
        notices=("カードの更新が必要です", "市区町村の窓口", "わかりました"),
        says=(WAIT, "カードの更新が必要です"),
        row={**VALID, **HANAKO, "tags": ("証明書の期限切れ（猶予）",), "marks": ASKED_NOTHING, "complete": True},
        file={**BY_CARD, **NO_CONSENTS, "QualificationValidity": "1"},
    ),
    Line(
        name="a revoked certificate",
        rule="F 4 E06 (006), E08: reception, no reason on the screen; 資格確認書 (3.5)",
        answer="revoked",
        comes="refused",
        stage="refused",
        asks=("カードを取って、受付へどうぞ",),
        says=("カードを取って、受付へどうぞ", "係がご案内します"),
        row=None,
        file=None,
        desk=("card_unusable",),
    ),
    Line(
        name="not registered yet, and wants to be",
        rule="F 1 RQ-09, 2.3 P07, E12",
        answer="unregistered",
        comes="unregistered",
        does=("register", "agree_all"),
        stage="offering_registration",
        asks=(REGISTER, "登録する", "登録しない"),
        says=(WAIT,),
        row={**VALID, **HANAKO, "marks": "○○－○"},
        file={**BY_CARD, "QualificationValidity": "1"},
    ),
    Line(
        name="not registered, and does not want to be",
        rule="F 2.3 P07: 登録しない -> staff",
        answer="unregistered",
        comes="unregistered",
        does=("register_not",),
        stage="offering_registration",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY, "marks": ASKED_NOTHING},
        file=None,
    ),
    Line(
        name="registered a moment ago, and lost",
        rule="E12, then as any other answer",
        answer="lost",
        comes="unregistered",
        does=("register",),
        stage="offering_registration",
        says=(DESK,),
        row={**LOST, "marks": ASKED_NOTHING},
        file={**BY_CARD, "QualificationValidity": "2"},
    ),
    Line(
        name="this person cannot be looked up",
        rule="O 4: ProcessingResultStatus 2 is no result",
        answer="person_error",
        stage="committing",
        says=("受付しました", "A012", DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
    Line(
        name="the look-up failed",
        rule="O 4: SegmentOfResult 9 is no result",
        answer="system_error",
        stage="committing",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
    Line(
        name="the system is not done",
        rule="O 3, table 003: 2 is no result yet",
        answer="still_processing",
        stage="committing",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
    Line(
        name="after the usual five seconds",
        rule="F 2.1: 3 to 7 s",
        answer="usual",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, **HANAKO},
        file={**BY_CARD, "QualificationValidity": "1"},
    ),
    Line(
        name="no answer within 20 s",
        rule="F 4 E16, E14: cannot be confirmed now, check-in is recorded",
        answer="slow",
        comes="late",
        stage="committing",
        says=("受付しました", "A012", DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY, "marks": ASKED_NOTHING, "complete": True},
        file=None,
    ),
    Line(
        name="the line or the centre is down",
        rule="F 2.7, 3.6, 4 E14",
        answer="down",
        comes="nothing",
        stage="committing",
        says=("A012", DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
    Line(
        name="maintenance",
        rule="F 4 E15: as E14",
        answer="maintenance",
        comes="nothing",
        stage="committing",
        says=("A012", DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY},
        file=None,
    ),
    Line(
        name="the highest limit",
        rule="O 3, table 012",
        answer="high_income",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "limit": "ア"},
        file={**BY_CARD, "LimitApplicationCertificateClassificationFlag": "A01"},
    ),
    Line(
        name="the card's birth date is the answer's",
        rule="issue 5: the face record's birth date must equal the answer's where both exist",
        card_born=date(1980, 2, 17),
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, **HANAKO, "method": "顔"},
        file={**BY_CARD, "Birthdate": "19800217"},
    ),
    Line(
        name="an answer for somebody born on another day",
        rule="issue 5: it is none; nothing of it is kept",
        card_born=date(1980, 2, 18),
        stage="noting_arrival",
        says=(DESK, RECORDED),
        row={**UNCONFIRMED, **NOBODY, "marks": ASKED_NOTHING, "method": "顔"},
        file=None,
    ),
    Line(
        name="an answer that tells no birth date",
        rule="issue 5: only where both exist",
        card_born=date(1980, 2, 18),
        codes=(Code(element="Birthdate", text=""),),
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "born": ""},
        file={**BY_CARD, "Birthdate": None},
    ),
)

# -- sites (F 2.2, 2.3: flows; facility kinds; consents on paper; eligibility only) ----------------------------------

SITES: Final = (
    Line(
        name="2021, the limit given",
        rule="F 2.2: medication, checkup, then the limit",
        flow="flow_2021",
        does=("agree_item", "refuse_item", "limit_yes"),
        stage="consenting",
        asks=("お薬の記録を提供しますか", "1／2"),
        says=(WAIT,),
        row={**VALID, "limit": "ウ", "marks": "○－－×", "complete": True},
        file={**BY_CARD, **MEDICATION_GIVEN, "LimitApplicationCertificateClassificationFlag": "A03"},
    ),
    Line(
        name="2021, the limit not given",
        rule="F 2.2 限度額 consent: asked",
        flow="flow_2021",
        does=("agree_item", "agree_item", "limit_no"),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "limit": "", "marks": "○－－○", "complete": True},
        file={
            **BY_CARD,
            "LimitApplicationCertificateRelatedConsFlg": "0",
            "LimitApplicationCertificateClassificationFlag": None,
        },
    ),
    Line(
        name="2021, silence at the limit",
        rule="F 2.3: default on timeout is no consent",
        flow="flow_2021",
        does=("agree_item", "agree_item", "silence"),
        stage="consenting",
        says=(DESK,),
        row={**VALID, "limit": "", "marks": "○－－○", "complete": False},
        file={**BY_CARD, **MEDICATION_GIVEN, "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="2021, the card pulled at the limit",
        rule="F 4 E10: partial result is shown as incomplete",
        flow="flow_2021",
        does=("agree_item", "agree_item", "pulled"),
        stage="consenting",
        says=("受付にお声がけください",),
        row={**VALID, "limit": "", "marks": "○－－○", "complete": False},
        file={**BY_CARD, **MEDICATION_GIVEN, "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="2021, lost",
        rule="F 3.5 code 2: no consent is asked, so no limit",
        flow="flow_2021",
        answer="lost",
        stage="committing",
        says=(DESK,),
        row={**LOST, "limit": "", "marks": ASKED_NOTHING},
        file={**BY_CARD, "QualificationValidity": "2", "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="2021, consents on paper",
        rule="F 2.4 generic reader without screen: consent on paper",
        flow="flow_2021",
        on_screen=False,
        stage="committing",
        says=(WAIT,),
        row={**VALID, "limit": "", "marks": ASKED_NOTHING},
        file={**BY_CARD, **NO_CONSENTS, "LimitApplicationCertificateClassificationFlag": None},
    ),
    Line(
        name="2023, item by item, then the limit, then the form",
        rule="F 2.3 P09 to P13 in this order",
        flow="flow_2023",
        facility="hospital",
        prescription=True,
        does=("agree_item", "agree_item", "agree_item", "agree_item", "limit_yes", "prescription_electronic"),
        stage="consenting",
        asks=("お薬の記録を提供しますか", "1／4"),
        says=("受付に届きました。診療科へお進みください",),
        row={**VALID, "limit": "ウ", "marks": "○○○○", "tags": ("電子処方箋",)},
        file={**BY_CARD, "OperationInfoConsFlg": "1", "PrescriptionIssueSelect": "1"},
    ),
    Line(
        name="2024-10, blanket, surgery too, no limit asked",
        rule="F 0.4, 2.2: P12 off, P08 on",
        flow="flow_2024_10",
        does=("agree_all",),
        stage="consenting",
        asks=(RECORDS, "手術"),
        says=(WAIT,),
        row={**VALID, "limit": "ウ", "marks": "○○○○"},
        file={**BY_CARD, "OperationInfoConsFlg": "1", "LimitApplicationCertificateClassificationFlag": "A03"},
    ),
    Line(
        name="eligibility only",
        rule="issue 5: 資格確認限定型, no medical information, no consents",
        flow="eligibility_only",
        facility="dental",
        stage="committing",
        says=(WAIT,),
        row={**VALID, **HANAKO, "marks": ASKED_NOTHING},
        file={**BY_CARD, **NO_CONSENTS},
    ),
    Line(
        name="eligibility only, holds a specific-disease certificate",
        rule="F 2.4: it needs consent, which is not asked here",
        flow="eligibility_only",
        answer="specific_disease",
        stage="committing",
        says=(WAIT,),
        row={**VALID, "tags": ()},
        file={**BY_CARD, "SpecificDiseasesCertificateRelatedConsFlg": "0"},
    ),
    Line(
        name="consents on paper",
        rule="F 2.4",
        on_screen=False,
        stage="committing",
        says=(WAIT,),
        row={**VALID, **HANAKO, "marks": ASKED_NOTHING},
        file={**BY_CARD, **NO_CONSENTS},
    ),
    Line(
        name="an electronic prescription",
        rule="F 1 RQ-13, 2.3 P13; O table 017",
        prescription=True,
        does=("agree_all", "prescription_electronic"),
        stage="consenting",
        says=(WAIT,),
        row={**VALID, "tags": ("電子処方箋",)},
        file={**BY_CARD, "PrescriptionIssueSelect": "1"},
    ),
    Line(
        name="a prescription on paper",
        rule="F 2.3 P13; O table 017",
        prescription=True,
        on_screen=False,
        does=("prescription_paper",),
        stage="choosing_prescription",
        asks=(FORM, "電子処方箋", "紙の処方箋"),
        says=(WAIT,),
        row={**VALID, "tags": ("紙の処方箋",), "marks": ASKED_NOTHING},
        file={**BY_CARD, "PrescriptionIssueSelect": "2"},
    ),
    Line(
        name="lost, where the form is asked",
        rule="F 3.5: none can be issued electronically when 2 or 4",
        prescription=True,
        answer="lost",
        stage="committing",
        says=(DESK,),
        row={**LOST, "tags": NO_E_PRESCRIPTION},
        file={**BY_CARD, "QualificationValidity": "2", "PrescriptionIssueSelect": None},
    ),
    Line(
        name="none found, where the form is asked",
        rule="F 3.5: none can be issued electronically when 2 or 4",
        prescription=True,
        answer="none",
        stage="committing",
        says=(DESK,),
        row={**NONE, "tags": NO_E_PRESCRIPTION},
        file={**BY_CARD, "QualificationValidity": "4", "PrescriptionIssueSelect": None},
    ),
    Line(
        name="in the grace, where the form is asked",
        rule="F 2.6: eligibility only",
        prescription=True,
        answer="grace",
        ends=date(2026, 9, 5),
        stage="committing",
        notices=("カードの更新が必要です", "市区町村の窓口", "わかりました"),
        says=(WAIT,),
        row={**VALID, "tags": ("証明書の期限切れ（猶予）",)},
        file={**BY_CARD, "PrescriptionIssueSelect": None},
    ),
    Line(
        name="at a hospital",
        rule="issue 5, facility kinds: finish words",
        facility="hospital",
        does=("agree_all",),
        stage="consenting",
        says=("受付に届きました。診療科へお進みください",),
        row={**VALID},
        file={**BY_CARD},
    ),
    Line(
        name="at a dentist's",
        rule="issue 5, facility kinds: finish words",
        facility="dental",
        does=("agree_all",),
        stage="consenting",
        says=(WAIT,),
        row={**VALID},
        file={**BY_CARD},
    ),
    Line(
        name="at a pharmacy",
        rule="issue 5, facility kinds; F 2.4: pharmacists may view",
        facility="pharmacy",
        does=("agree_all",),
        stage="consenting",
        says=("受付に届きました。処方箋を受付へお出しください",),
        row={**VALID, "marks": "○○－○"},
        file={**BY_CARD},
    ),
)

# -- number look-up of a patient the clinic knows (F 3.4; O 2.8) -----------------------------------------------------

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

# -- every code that an answer can carry (O 3) -----------------------------------------------------------------------


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
            patient=_DIALYSIS,
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

LINES: Final = (*ANSWERED, *SITES, *LOOKED_UP, *CODED)
