"""照会番号登録: the clinic's own number for a patient, registered so that later card reads return it (section 5.4)."""

from __future__ import annotations

from kiosk.eligibility.oqs.codes import ProcessingResultStatus, UnknownCode
from kiosk.eligibility.oqs.headers import BulkHeader, RegistrationHeader, RequestHeader
from kiosk.eligibility.oqs.kinds import INSURER_NUMBER, TEXT, WORD, code
from kiosk.eligibility.oqs.numbers import is_late_elderly
from kiosk.eligibility.oqs.schema import Kept, Requirement, block, blocks, model, requires, value


def _has_no_branch(registration: Registration) -> bool:
    return registration.insurer_number is not None and is_late_elderly(registration.insurer_number)


@requires(
    "ReferenceNumber",
    "InsurerNumber",
    "InsuredIdentificationNumber",
    Requirement("InsuredBranchNumber", unless=_has_no_branch),
)
@model
class Registration:
    """ReferenceNumberRegistrationInfo as it is sent. `reference_number` is usually the clinic's patient number."""

    reference_number: str | None = value("ReferenceNumber", TEXT, longest=50)
    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insured_card_symbol: str | None = value("InsuredCardSymbol", TEXT, longest=20)
    insured_identification_number: str | None = value("InsuredIdentificationNumber", TEXT, longest=20)
    insured_branch_number: str | None = value("InsuredBranchNumber", WORD, longest=2)
    kept: tuple[Kept, ...] = ()


@model
class RegistrationEcho:
    """ReferenceNumberRegistrationInfo as it comes back: whatever was sent."""

    reference_number: str | None = value("ReferenceNumber", TEXT)
    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insured_card_symbol: str | None = value("InsuredCardSymbol", TEXT)
    insured_identification_number: str | None = value("InsuredIdentificationNumber", TEXT)
    insured_branch_number: str | None = value("InsuredBranchNumber", WORD)
    kept: tuple[Kept, ...] = ()


@requires("ReferenceNumberRegistrationInfo")
@model
class RegistrationRequestBody:
    """The number to register."""

    registration: Registration | None = block("ReferenceNumberRegistrationInfo", Registration)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class RegistrationRequest:
    """OQSsiimm01req."""

    header: RequestHeader | None = block("MessageHeader", RequestHeader)
    body: RegistrationRequestBody | None = block("MessageBody", RegistrationRequestBody)
    kept: tuple[Kept, ...] = ()


@requires("ProcessingResultStatus")
@model
class RegistrationResponseBody:
    """The echo and how it ended."""

    registration: RegistrationEcho | None = block("ReferenceNumberRegistrationInfo", RegistrationEcho)
    processing_result_status: ProcessingResultStatus | UnknownCode | None = value(
        "ProcessingResultStatus", code(ProcessingResultStatus)
    )
    processing_result_code: str | None = value("ProcessingResultCode", WORD)
    processing_result_message: str | None = value("ProcessingResultMessage", TEXT)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class RegistrationResponse:
    """OQSsiimm01res."""

    header: RegistrationHeader | None = block("MessageHeader", RegistrationHeader)
    body: RegistrationResponseBody | None = block("MessageBody", RegistrationResponseBody)
    kept: tuple[Kept, ...] = ()


@requires("ReferenceNumberRegistrationInfo")
@model
class BulkRegistrationRequestBody:
    """The numbers to register, one a row."""

    registrations: tuple[Registration, ...] = blocks("ReferenceNumberRegistrationInfo", Registration)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader", "MessageBody")
@model
class BulkRegistrationRequest:
    """OQSmuimm01req; its reception and fetch are those of every bulk (`bulk.BulkReception`, `bulk.BulkFetch`)."""

    header: RequestHeader | None = block("MessageHeader", RequestHeader)
    body: BulkRegistrationRequestBody | None = block("MessageBody", BulkRegistrationRequestBody)
    kept: tuple[Kept, ...] = ()


@model
class BulkRegistrationUnit:
    """One row's end."""

    registration: RegistrationEcho | None = block("ReferenceNumberRegistrationInfo", RegistrationEcho)
    processing_result_status: ProcessingResultStatus | UnknownCode | None = value(
        "ProcessingResultStatus", code(ProcessingResultStatus)
    )
    processing_result_code: str | None = value("ProcessingResultCode", WORD)
    processing_result_message: str | None = value("ProcessingResultMessage", TEXT)
    kept: tuple[Kept, ...] = ()


@model
class BulkRegistrationResponseBody:
    """The rows."""

    units: tuple[BulkRegistrationUnit, ...] = blocks("BulkRegistrationUnit", BulkRegistrationUnit)
    kept: tuple[Kept, ...] = ()


@requires("MessageHeader")
@model
class BulkRegistrationResponse:
    """OQSmuimm02res. Only its unit's name is known; the rest is inferred from the single form and the bulk look-up."""

    header: BulkHeader | None = block("MessageHeader", BulkHeader)
    body: BulkRegistrationResponseBody | None = block("MessageBody", BulkRegistrationResponseBody)
    kept: tuple[Kept, ...] = ()
