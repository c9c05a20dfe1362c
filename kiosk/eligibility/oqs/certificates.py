"""The certificates beside an insurance: 高齢受給者証, 限度額適用認定証, 特定疾病療養受療証 (section 2.3, rows 26 to 30)."""

from __future__ import annotations

from datetime import date, datetime

from kiosk.eligibility.oqs.codes import (
    LimitCategory,
    LimitClassification,
    LimitConsent,
    SpecificDisease,
    UnknownCode,
)
from kiosk.eligibility.oqs.kinds import COUNT, DAY, INSTANT, PERCENT, code
from kiosk.eligibility.oqs.schema import Kept, blocks, model, value


@model
class ElderlyRecipientCertificateInfo:
    """高齢受給者証: what people of 70 to 74 pay, in percent."""

    certificate_date: date | None = value("ElderlyRecipientCertificateDate", DAY)
    valid_start_date: date | None = value("ElderlyRecipientValidStartDate", DAY)
    valid_end_date: date | None = value("ElderlyRecipientValidEndDate", DAY)
    contribution_ratio: int | None = value("ElderlyRecipientContributionRatio", PERCENT)
    kept: tuple[Kept, ...] = ()


@model
class CertificateConsent:
    """The consent to hand out a certificate's contents: flag and time, without an end of its own."""

    cons_flg: LimitConsent | UnknownCode | None = value("ConsFlg", code(LimitConsent))
    cons_time: datetime | None = value("ConsTime", INSTANT)


@model
class LimitApplicationCertificateRelatedInfo:
    """限度額適用認定証: `classification_flag` is the category that decides the monthly limit."""

    classification: LimitClassification | UnknownCode | None = value(
        "LimitApplicationCertificateClassification", code(LimitClassification)
    )
    classification_flag: LimitCategory | UnknownCode | None = value(
        "LimitApplicationCertificateClassificationFlag", code(LimitCategory)
    )
    certificate_date: date | None = value("LimitApplicationCertificateDate", DAY)
    valid_start_date: date | None = value("LimitApplicationCertificateValidStartDate", DAY)
    valid_end_date: date | None = value("LimitApplicationCertificateValidEndDate", DAY)
    long_term_date: date | None = value("LimitApplicationCertificateLongTermDate", DAY)
    kept: tuple[Kept, ...] = ()


@model
class SpecificDiseasesCertificateInfo:
    """特定疾病療養受療証; `self_pay` is the most a patient pays in a month, in yen."""

    disease_category: SpecificDisease | UnknownCode | None = value(
        "SpecificDiseasesDiseaseCategory", code(SpecificDisease)
    )
    certificate_date: date | None = value("SpecificDiseasesCertificateDate", DAY)
    valid_start_date: date | None = value("SpecificDiseasesValidStartDate", DAY)
    valid_end_date: date | None = value("SpecificDiseasesValidEndDate", DAY)
    self_pay: int | None = value("SpecificDiseasesSelfPay", COUNT)
    kept: tuple[Kept, ...] = ()


@model
class SpecificDiseasesCertificateList:
    """All of one person's."""

    certificates: tuple[SpecificDiseasesCertificateInfo, ...] = blocks(
        "SpecificDiseasesCertificateInfo", SpecificDiseasesCertificateInfo
    )
    kept: tuple[Kept, ...] = ()


def within(start: date | None, end: date | None, on: date) -> bool:
    """Whether `on` lies between two dates, both inclusive; a missing one does not bound."""
    return (start is None or start <= on) and (end is None or on <= end)
