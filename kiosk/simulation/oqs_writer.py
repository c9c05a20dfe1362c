"""Writing an `OQSsiquc01res` message as the real system would for a card, marked as made up.

Strict where real files are free: the element order of Ver 8.07 (domain/oqs-interface.md section 2), UTF-8, CRLF, insurer
numbers padded to 8 characters and with the right check digit, absent values left out. Marks: the invented clinic
1319999996 and an ArbitraryFileIdentifier that starts with SIM. Written without a look at the reader, on purpose.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta, timezone
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
_WITHOUT_RESULT = {"not_found", "multiple"}


def result_message(patient: Patient, at: datetime, notice: tuple[str, str] | None = None) -> str:
    """The message for `patient`, processed `at` (any zone), as text. Raises `ValueError` for what cannot be written.

    `notice` is code and text of what the system adds to a success.
    """
    root = ET.Element("XmlMsg")
    failed = patient.answer == "system_error"
    _header(ET.SubElement(root, "MessageHeader"), at, failed=failed)
    if not failed:
        _body(ET.SubElement(root, "MessageBody"), patient, at, notice)
    ET.indent(root, "    ")
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    return (declaration + ET.tostring(root, encoding="unicode") + "\n").replace("\n", "\r\n")


def _header(header: ET.Element, at: datetime, *, failed: bool) -> None:
    local = at.astimezone(_JST)
    _add(header, "ProcessExecutionTime", f"{local:%Y%m%d%H%M%S}")
    _add(header, "QualificationConfirmationDate", f"{local:%Y%m%d}")
    _add(header, "MedicalInstitutionCode", CLINIC)
    _add(header, "ArbitraryFileIdentifier", "SIM" + secrets.token_hex(6) + "=")
    _add(header, "ReferenceClassification", "1")
    _add(header, "SegmentOfResult", "9" if failed else "1")
    if failed:
        _add(header, "ErrorCode", "SIMH0001")
        _add(header, "ErrorMessage", "（模擬）オンライン資格確認等システムに接続できません。")
    _add(header, "CharacterCodeIdentifier", "0")


def _body(body: ET.Element, patient: Patient, at: datetime, notice: tuple[str, str] | None) -> None:
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
    if patient.answer not in _WITHOUT_RESULT:
        listed = ET.SubElement(body, "ResultList")
        _result(ET.SubElement(listed, "ResultOfQualificationConfirmation"), patient, at.astimezone(_JST))


def _result(result: ET.Element, patient: Patient, at: datetime) -> None:
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
        _add(result, "ReasonOfLoss", "99")
    _add(result, "InsurerName", patient.insurer_name)  # 25
    if patient.elderly:
        _elderly_certificate(ET.SubElement(result, "ElderlyRecipientCertificateInfo"), patient, at.date())
    if not assistance:
        _limit(result, patient, at)
        _add(result, "SpecificDiseasesCertificateRelatedConsFlg", "0")  # 29
    for group in ("SpecificHealthCheckupsInfo", "PharmacistsInfo", "DiagnosisInfo", "OperationInfo"):
        # The patient has not been asked yet when the centre answers.
        _add(result, f"{group}ConsFlg", "0")
    _add(result, "ReferenceNumber", patient.reference_number)


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


def _d8(day: str | None) -> str | None:
    return None if day is None else day.replace("-", "")


def _add(parent: ET.Element, tag: str, text: str | None) -> None:
    """An absent value is an absent element."""
    if text:
        ET.SubElement(parent, tag).text = text
