"""TKKsiquc01: 特定健診情報, the results of specific health check-ups (domain/oqs-interface.md section 5.5)."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs import document, from_xml
from kiosk.eligibility.oqs.codes import CheckupFile, Display, MedicalTreatment, UnknownCode
from kiosk.eligibility.oqs.kinds import DAY, TEXT, WORD, code
from kiosk.eligibility.oqs.medical import MedicalRequestHeader
from kiosk.eligibility.oqs.schema import Kept, block, blocks, model, requires, value


@requires("FileCategory")
@model
class CheckupRequestBody:
    """In what form."""

    file_category: CheckupFile | UnknownCode | None = value("FileCategory", code(CheckupFile))
    pr_di_inf_classification: Display | UnknownCode | None = value("PrDiInfClassification", code(Display))
    medical_treatment_flag: MedicalTreatment | UnknownCode | None = value(
        "MedicalTreatmentFlag", code(MedicalTreatment)
    )
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class CheckupRequest:
    """TKKsiquc01req."""

    header: MedicalRequestHeader | None = block("MessageHeader", MedicalRequestHeader)
    body: CheckupRequestBody | None = block("MessageBody", CheckupRequestBody)
    kept: tuple[Kept, ...] = ()


@model
class QualificationsInfo:
    """Whose it is."""

    name: str | None = value("Name", TEXT)
    kanas_name: str | None = value("KanasName", TEXT)
    birthday: date | None = value("Birthday", DAY)
    administrative_gender_code: str | None = value("AdministrativeGenderCode", WORD)
    kept: tuple[Kept, ...] = ()


@model
class HealthCheckupResultAndQuestionInfo:
    """One measured or answered item. `item_code` is 17 characters (JLAC10); `data_type` PQ, CD, ST and others."""

    item_code: str | None = value("ItemCode", WORD)
    item_name: str | None = value("ItemName", TEXT)
    data_type: str | None = value("DataType", WORD)
    data_value: str | None = value("DataValue", TEXT)
    unit: str | None = value("Unit", TEXT)
    oid: str | None = value("Oid", WORD)
    data_value_name: str | None = value("DataValueName", TEXT)
    kept: tuple[Kept, ...] = ()


@model
class HealthCheckupResultAndQuestionInfos:
    """The items of one check-up."""

    items: tuple[HealthCheckupResultAndQuestionInfo, ...] = blocks(
        "HealthCheckupResultAndQuestionInfo", HealthCheckupResultAndQuestionInfo
    )
    kept: tuple[Kept, ...] = ()


@model
class SpecificHealthCheckupInfo:
    """One check-up, on the day `effective_time`."""

    effective_time: date | None = value("EffectiveTime", DAY)
    results: HealthCheckupResultAndQuestionInfos | None = block(
        "HealthCheckupResultAndQuestionInfos", HealthCheckupResultAndQuestionInfos
    )
    kept: tuple[Kept, ...] = ()


@model
class CheckupResponseHeader:
    """How it ended, and whose it is."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    qualifications_info: QualificationsInfo | None = block("QualificationsInfo", QualificationsInfo)
    kept: tuple[Kept, ...] = ()


@model
class CheckupResponseBody:
    """The check-ups."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    checkups: tuple[SpecificHealthCheckupInfo, ...] = blocks("SpecificHealthCheckupInfo", SpecificHealthCheckupInfo)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class CheckupResponse:
    """TKKsiquc01res. `medical.refuse_failed(response, response.header, response.body)` tells whether it is one."""

    result_code: str | None = value("ResultCode", WORD)
    message_contents: str | None = value("MessageContents", TEXT)
    header: CheckupResponseHeader | None = block("MessageHeader", CheckupResponseHeader)
    body: CheckupResponseBody | None = block("MessageBody", CheckupResponseBody)
    kept: tuple[Kept, ...] = ()


def read_checkups(message: bytes | str) -> CheckupResponse:
    """A check-up answer, which may be longer than others. Raises `MalformedMessageError`."""
    return from_xml.read(message, CheckupResponse, document.MEDICAL)
