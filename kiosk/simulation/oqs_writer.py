"""Writing an `OQSsiquc01res` message as the real system would for a card, marked as made up.

Strict where real files are free: the element order of Ver 8.07 (domain/oqs-interface.md section 2), UTF-8, CRLF, insurer
numbers padded to 8 characters and with the right check digit, absent values left out. Marks: the invented clinic
1319999996 and an ArbitraryFileIdentifier that starts with SIM. Written without a look at the reader, on purpose.
"""

from __future__ import annotations

import calendar
import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final
from xml.etree import ElementTree as ET

from kiosk.simulation.patients import Patient

CLINIC = "1319999996"
EXPIRING_NOTICE = ("SIMN0001", "（模擬）電子証明書の有効期限が近づいています。")
GRACE_NOTICE = ("SIMN0002", "（模擬）電子証明書の有効期限が切れています。")
"""The real codes are not public: these are invented, as those of the samples."""

_JST = timezone(timedelta(hours=9))
_VALIDITY = {
    "valid": "1",
    "invalid": "2",
    "invalid_newer_exists": "3",
    "not_found": "4",
    "multiple": "5",
    "valid_unregistered": "6",
}
"""Code table 006, domain/oqs-interface.md section 3."""
_SEX = {"male": "1", "female": "2", "unset": "3"}
_SEGMENT = {"system_error": "9", "still_processing": "2"}
_GROUPS = {
    "checkup": "SpecificHealthCheckupsInfo",
    "medication": "PharmacistsInfo",
    "diagnosis": "DiagnosisInfo",
    "surgery": "OperationInfo",
}
"""Our names of consents and the interface's, in its order (section 2.5)."""

_ASSISTANCE: Final[Mapping[str, Any]] = {
    "card_class": "A1",
    "insurer_number": "12139994",
    "insurer_name": "架空市福祉事務所",
    "insured_number": "1000025",
    "limit_category": None,
    "copay_ratio": 30,
    "elderly": False,
    "preschool": False,
    "ticket": True,
}
_TWIN: Final[Mapping[str, Any]] = {
    "name": "試験\u3000月子",
    "name_kana": "ｼｹﾝ ﾂｷｺ",
    "insured_branch": "02",
    "reference_number": "00043",
}


@dataclass(frozen=True)
class Bound:
    """Consents of an earlier visit that still hold: which, since when and until when (any zone)."""

    items: AbstractSet[str]
    at: datetime
    until: datetime


def result_message(
    patient: Patient, at: datetime, notice: tuple[str, str] | None = None, bound: Bound | None = None
) -> str:
    """The message for `patient`, processed `at` (any zone), as text. Raises `ValueError` for what cannot be written.

    `notice` is code and text of what the system adds to a success; `bound` what the patient agreed to within 24 hours.
    """
    root = ET.Element("XmlMsg")
    segment = _SEGMENT.get(patient.answer, "1")
    _header(ET.SubElement(root, "MessageHeader"), at, segment)
    if segment == "1":
        _body(ET.SubElement(root, "MessageBody"), patient, at.astimezone(_JST), notice, bound)
    ET.indent(root, "    ")
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    return (declaration + ET.tostring(root, encoding="unicode") + "\n").replace("\n", "\r\n")


def _header(header: ET.Element, at: datetime, segment: str) -> None:
    local = at.astimezone(_JST)
    _add(header, "ProcessExecutionTime", f"{local:%Y%m%d%H%M%S}")
    _add(header, "QualificationConfirmationDate", f"{local:%Y%m%d}")
    _add(header, "MedicalInstitutionCode", CLINIC)
    _add(header, "ArbitraryFileIdentifier", "SIM" + secrets.token_hex(6) + "=")
    _add(header, "ReferenceClassification", "1")
    _add(header, "SegmentOfResult", segment)
    if segment == "9":
        _add(header, "ErrorCode", "SIMH0001")
        _add(header, "ErrorMessage", "（模擬）オンライン資格確認等システムに接続できません。")
    _add(header, "CharacterCodeIdentifier", "0")


def _body(
    body: ET.Element, patient: Patient, at: datetime, notice: tuple[str, str] | None, bound: Bound | None
) -> None:
    if patient.answer == "person_error":
        _add(body, "ProcessingResultStatus", "2")
        _add(body, "ProcessingResultCode", "SIMP0001")
        _add(body, "ProcessingResultMessage", "（模擬）資格を照会できません。")
        return
    _add(body, "ProcessingResultStatus", "1")
    if notice is not None:
        _add(body, "ProcessingResultCode", notice[0])
        _add(body, "ProcessingResultMessage", notice[1])
    _add(body, "QualificationValidity", _VALIDITY[patient.answer])
    told = _told(patient)
    if told:
        listed = ET.SubElement(body, "ResultList")
        for one in told:
            _result(ET.SubElement(listed, "ResultOfQualificationConfirmation"), one, at, bound)


def _told(patient: Patient) -> tuple[Patient, ...]:
    """Whose results stand in the list: nobody's where none was found, and of several only where they are named."""
    if patient.answer == "not_found" or (patient.answer == "multiple" and patient.beside != "twin"):
        return ()
    match patient.beside:
        case "assistance":
            return patient, replace(patient, **_ASSISTANCE)
        case "twin":
            return patient, replace(patient, **_TWIN)
        case _:
            return (patient,)


def _result(result: ET.Element, patient: Patient, at: datetime, bound: Bound | None) -> None:
    """The order is that of section 2.3; the numbers beside it are its rows."""
    assistance = patient.card_class == "A1"
    lost = patient.disqualified_on
    if lost is None and patient.answer in {"invalid", "invalid_newer_exists"}:
        lost = f"{at.date() - timedelta(days=1)}"
    _add(result, "InsuredCardClassification", patient.card_class)  # 1
    _add(result, "InsurerNumber", _insurer_number(patient.insurer_number))
    if not (assistance or patient.late_elderly):
        _add(result, "InsuredCardSymbol", patient.insured_symbol)
    _add(result, "InsuredIdentificationNumber", patient.insured_number)
    if not (assistance or patient.late_elderly):
        _add(result, "InsuredBranchNumber", patient.insured_branch)  # 5
        _add(result, "PersonalFamilyClassification", "2" if patient.family else "1")
        _add(result, "InsuredName", None if patient.family else patient.name)
    _add(result, "Name", patient.name)
    _add(result, "NameOfOther", patient.name_other)
    _add(result, "NameKana", patient.name_kana)  # 10
    _add(result, "Sex1", _SEX[patient.sex])
    _add(result, "Birthdate", _d8(patient.birth_date))  # 14
    _add(result, "Address", patient.address)
    _add(result, "PostNumber", patient.post_number)
    _add(result, "QualificationDate", _d8(patient.qualified_on))
    _add(result, "DisqualificationDate", _d8(lost))
    if not assistance:
        _add(result, "InsuredCertificateIssuanceDate", _d8(patient.qualified_on))
        _add(result, "InsuredCardValidDate", _d8(patient.qualified_on))  # 20
        _add(result, "InsuredCardExpirationDate", _d8(lost))
    if patient.late_elderly:
        _add(result, "InsuredPartialContributionRatio", f"{patient.copay_ratio:03d}")
    if patient.preschool:
        _add(result, "PreschoolClassification", "1")
    if lost is not None:
        _add(result, "ReasonOfLoss", patient.reason_of_loss)
    _add(result, "InsurerName", patient.insurer_name)  # 25
    if patient.elderly:
        _elderly_certificate(ET.SubElement(result, "ElderlyRecipientCertificateInfo"), patient, at.date())
    if not assistance:
        _limit(result, patient, at)
        _specific_disease(result, patient, bound)
    if patient.ticket:
        _ticket(ET.SubElement(ET.SubElement(result, "PublicExpenseResultList"), "MedicalTicketInfo"), at.date())
    for item, group in _GROUPS.items():
        # The patient has not been asked yet in this visit when the centre answers.
        agreed = bound is not None and item in bound.items
        _add(result, f"{group}ConsFlg", "1" if agreed else "0")
        if bound is not None and agreed:
            _add(result, f"{group}ConsTime", _t14(bound.at))
            _add(result, f"{group}AvailableTime", _t14(bound.until))
    _add(result, "ReferenceNumber", patient.reference_number)


def _specific_disease(result: ET.Element, patient: Patient, bound: Bound | None) -> None:
    """特定疾病療養受療証: the list stands there before the consent too, or nobody could ask for it only where it is held."""
    agreed = bound is not None and "specific_disease" in bound.items
    _add(result, "SpecificDiseasesCertificateRelatedConsFlg", "1" if agreed else "0")  # 29
    if bound is not None and agreed:
        _add(result, "SpecificDiseasesCertificateRelatedConsTime", _t14(bound.at))
    if patient.specific_disease is None:
        return
    listed = ET.SubElement(result, "SpecificDiseasesCertificateList")
    certificate = ET.SubElement(listed, "SpecificDiseasesCertificateInfo")
    _add(certificate, "SpecificDiseasesDiseaseCategory", patient.specific_disease)
    _add(certificate, "SpecificDiseasesCertificateDate", _d8(patient.qualified_on))
    _add(certificate, "SpecificDiseasesValidStartDate", _d8(patient.qualified_on))
    _add(certificate, "SpecificDiseasesSelfPay", "10000")


def _ticket(ticket: ET.Element, today: date) -> None:
    """医療券 of this month, order as in section 2.4."""
    _, last = calendar.monthrange(today.year, today.month)
    _add(ticket, "TicketType", "01")
    _add(ticket, "MedicalTicketValidDate", f"{today:%Y%m}01")
    _add(ticket, "MedicalTicketExpirationDate", f"{today:%Y%m}{last}")
    _add(ticket, "IssueNumber", "990001")
    _add(ticket, "MedicalTreatmentMonth", f"{today:%Y%m}")
    _add(ticket, "DesignatedMedicalInstitutionCode", CLINIC)
    _add(ticket, "DesignatedMedicalInstitutionFlag", "0")
    _add(ticket, "DesignatedMedicalInstitutionName", "架空クリニック")
    _add(ticket, "MedicalTreatmentType", "02")
    _add(ticket, "SelfPayAmount", "0")
    _add(ticket, "SingleOrCombinedUse", "01")
    _add(ticket, "StatusOfSocialInsurance", "02")
    _add(ticket, "StatusOfInfecton", "02")
    _add(ticket, "StatusOfElderlyMedicalCare", "02")
    _add(ticket, "StatusOfPrefecturalExpenses", "02")


def _elderly_certificate(certificate: ET.Element, patient: Patient, today: date) -> None:
    start, end = _benefit_year(today)
    _add(certificate, "ElderlyRecipientCertificateDate", start)
    _add(certificate, "ElderlyRecipientValidStartDate", start)
    _add(certificate, "ElderlyRecipientValidEndDate", end)
    _add(certificate, "ElderlyRecipientContributionRatio", f"{patient.copay_ratio:03d}")


def _limit(result: ET.Element, patient: Patient, at: datetime) -> None:
    """限度額: with the card no consent is needed (domain/flow-and-rules.md section 2.4)."""
    category = patient.limit_category
    _add(result, "LimitApplicationCertificateRelatedConsFlg", "0" if category is None else "1")
    if category is None:
        return
    _add(result, "LimitApplicationCertificateRelatedConsTime", f"{at:%Y%m%d%H%M%S}")
    limit = ET.SubElement(result, "LimitApplicationCertificateRelatedInfo")
    start, end = _benefit_year(at.date())
    _add(limit, "LimitApplicationCertificateClassification", "01")
    _add(limit, "LimitApplicationCertificateClassificationFlag", category)
    _add(limit, "LimitApplicationCertificateDate", start)
    _add(limit, "LimitApplicationCertificateValidStartDate", start)
    _add(limit, "LimitApplicationCertificateValidEndDate", end)


def _benefit_year(today: date) -> tuple[str, str]:
    """Such certificates run from August to July, as in the samples."""
    year = today.year if today.month >= 8 else today.year - 1
    return f"{year}0801", f"{year + 1}0731"


def _insurer_number(number: str) -> str:
    digits = [int(digit) for digit in number]
    if len(digits) not in {6, 8} or digits[-1] != _check_digit(digits[:-1]):
        raise ValueError("an insurer number of 6 or 8 digits with the right check digit is expected")
    return number.rjust(8)


def _check_digit(digits: list[int]) -> int:
    """検証番号, domain/oqs-interface.md section 7.1: weights 2, 1, 2, ... from the right, digits of each product."""
    products = [digit * (2 - place % 2) for place, digit in enumerate(reversed(digits))]
    return -sum(sum(divmod(product, 10)) for product in products) % 10


def _t14(at: datetime) -> str:
    return f"{at.astimezone(_JST):%Y%m%d%H%M%S}"


def _d8(day: str | None) -> str | None:
    return None if day is None else day.replace("-", "")


def _add(parent: ET.Element, tag: str, text: str | None) -> None:
    """An absent value is an absent element."""
    if text:
        ET.SubElement(parent, tag).text = text
