"""一括照会, in two phases (01 submits, 02 fetches), and the bulk requests by consent or month: sections 5.2 and 5.3.

Small files are read and written whole with these models; `rows` streams those of thousands of rows.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from kiosk.eligibility.oqs.codes import (
    VALIDITY,
    MedicalTreatment,
    ProcessingResultStatus,
    QualificationValidity,
    UnknownCode,
)
from kiosk.eligibility.oqs.headers import BulkHeader, LookupHeader, ReceptionHeader, RequestHeader
from kiosk.eligibility.oqs.kinds import DAY, INSTANT, MONTH, TEXT, WORD, Month, code
from kiosk.eligibility.oqs.qualification import Search, SearchInfo
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.schema import Kept, Requirement, block, blocks, model, requires, value, values
from kiosk.record.eligibility import Validity


@requires("QualificationConfirmSearchInfo")
@model
class BulkRequestBody:
    """Who is asked for, one search a row; `arbitrary_identifier` tells the rows of the answer apart."""

    searches: tuple[Search, ...] = blocks("QualificationConfirmSearchInfo", Search)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class BulkRequest:
    """OQSmuquc01req."""

    header: LookupHeader | None = block("MessageHeader", LookupHeader)
    body: BulkRequestBody | None = block("MessageBody", BulkRequestBody)
    kept: tuple[Kept, ...] = ()


@model
class ReceptionBody:
    """That the request was received, and the number under which its result is fetched."""

    reception_number: str | None = value("ReceptionNumber", WORD)
    reception_date_time: datetime | None = value("ReceptionDateTime", INSTANT)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class BulkReception:
    """OQSmu...01res: of every bulk request."""

    header: ReceptionHeader | None = block("MessageHeader", ReceptionHeader)
    body: ReceptionBody | None = block("MessageBody", ReceptionBody)
    kept: tuple[Kept, ...] = ()


@requires("ReceptionNumber")
@model
class FetchBody:
    """Which reception's result is asked for."""

    reception_number: str | None = value("ReceptionNumber", WORD)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class BulkFetch:
    """OQSmu...02req: of every bulk request."""

    header: RequestHeader | None = block("MessageHeader", RequestHeader)
    body: FetchBody | None = block("MessageBody", FetchBody)
    kept: tuple[Kept, ...] = ()


@model
class BulkConfirmUnit:
    """One row's answer. Consented bulk results may hold several results, paired with as many reference numbers."""

    search: SearchInfo | None = block("QualificationConfirmSearchInfo", SearchInfo)
    processing_result_status: ProcessingResultStatus | UnknownCode | None = value(
        "ProcessingResultStatus", code(ProcessingResultStatus)
    )
    processing_result_code: str | None = value("ProcessingResultCode", WORD)
    processing_result_message: str | None = value("ProcessingResultMessage", TEXT)
    qualification_validity: QualificationValidity | UnknownCode | None = value(
        "QualificationValidity", code(QualificationValidity)
    )
    results: tuple[ResultOfQualificationConfirmation, ...] = blocks(
        "ResultOfQualificationConfirmation", ResultOfQualificationConfirmation
    )
    reference_numbers: tuple[str | None, ...] = values("ReferenceNumber")
    kept: tuple[Kept, ...] = ()


@model
class BulkResponseBody:
    """The rows."""

    units: tuple[BulkConfirmUnit, ...] = blocks("BulkConfirmUnit", BulkConfirmUnit)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class BulkResponse:
    """OQSmuquc02res, OQSmuhvq02res, OQSmuonq02res, OQSmutic02res; SegmentOfResult 2 says to ask again later."""

    header: BulkHeader | None = block("MessageHeader", BulkHeader)
    body: BulkResponseBody | None = block("MessageBody", BulkResponseBody)
    kept: tuple[Kept, ...] = ()


def _by_month_or_examination(period: ConsentedPeriod) -> bool:
    return period.medical_treatment_month is not None or period.examination_date_from is not None


def _by_month_or_consent(period: ConsentedPeriod) -> bool:
    return period.medical_treatment_month is not None or period.consent_date_from is not None


def _by_month(period: ConsentedPeriod) -> bool:
    return period.medical_treatment_month is not None


@requires(
    Requirement("ConsentDateFrom", unless=_by_month_or_examination),
    Requirement("ConsentDateTo", unless=_by_month_or_examination),
    Requirement("ExaminationDateFrom", unless=_by_month_or_consent),
    Requirement("ExaminationDateTo", unless=_by_month_or_consent),
    Requirement("MedicalTreatmentFlag", unless=_by_month),
)
@model
class ConsentedPeriod:
    """Whose eligibility is asked for: everybody who consented or is examined in a period, or holds a month's ticket.

    Home visits by consent (flag 2), online care by consent or examination (flag 3), medical assistance by month.
    """

    consent_date_from: date | None = value("ConsentDateFrom", DAY)
    consent_date_to: date | None = value("ConsentDateTo", DAY)
    examination_date_from: date | None = value("ExaminationDateFrom", DAY)
    examination_date_to: date | None = value("ExaminationDateTo", DAY)
    medical_treatment_flag: MedicalTreatment | UnknownCode | None = value(
        "MedicalTreatmentFlag", code(MedicalTreatment)
    )
    medical_treatment_month: Month | None = value("MedicalTreatmentMonth", MONTH)
    kept: tuple[Kept, ...] = ()


@requires("QualificationConfirmSearchInfo")
@model
class ConsentedRequestBody:
    """The period."""

    period: ConsentedPeriod | None = block("QualificationConfirmSearchInfo", ConsentedPeriod)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class ConsentedRequest:
    """OQSmuhvq01req, OQSmuonq01req, OQSmutic01req."""

    header: RequestHeader | None = block("MessageHeader", RequestHeader)
    body: ConsentedRequestBody | None = block("MessageBody", ConsentedRequestBody)
    kept: tuple[Kept, ...] = ()


class RowOutcome(StrEnum):
    """What a row says at a glance, section 5.2. Bulk never gives the newest qualification, only whether one is valid."""

    VALID = "valid"
    INVALID = "invalid"
    ERROR = "error"


def row_validity(unit: BulkConfirmUnit) -> Validity | None:
    """The row's validity; None where the system could not tell, or told it in a code that is not known."""
    validity = unit.qualification_validity
    if unit.processing_result_status != ProcessingResultStatus.NORMAL or not isinstance(
        validity, QualificationValidity
    ):
        return None
    return VALIDITY[validity]


def row_outcome(unit: BulkConfirmUnit) -> RowOutcome:
    """Valid, invalid or error."""
    match row_validity(unit):
        case None:
            return RowOutcome.ERROR
        case Validity.VALID | Validity.VALID_UNREGISTERED:
            return RowOutcome.VALID
        case _:
            return RowOutcome.INVALID
