"""MessageHeader in its variants: who asks, when it was answered, and how the whole file ended (sections 2.1, 5)."""

from __future__ import annotations

from datetime import date, datetime

from kiosk.eligibility.oqs.codes import (
    CharacterCode,
    ReferenceClassification,
    SegmentOfResult,
    UnknownCode,
)
from kiosk.eligibility.oqs.kinds import COUNT, DAY, INSTANT, TEXT, WORD, code
from kiosk.eligibility.oqs.schema import Kept, model, requires, value


@requires("QualificationConfirmationDate", "MedicalInstitutionCode")
@model
class LookupHeader:
    """Of the requests 001 and 005: for which day (`qualification_confirmation_date`) eligibility is asked."""

    qualification_confirmation_date: date | None = value("QualificationConfirmationDate", DAY)
    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    kept: tuple[Kept, ...] = ()


@requires("MedicalInstitutionCode")
@model
class RequestHeader:
    """Of every other OQS request: who asks."""

    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    kept: tuple[Kept, ...] = ()


@requires("ProcessExecutionTime", "SegmentOfResult")
@model
class QualificationHeader:
    """Of a single look-up's answer and of a face file, in the order of section 2.1."""

    process_execution_time: datetime | None = value("ProcessExecutionTime", INSTANT)
    qualification_confirmation_date: date | None = value("QualificationConfirmationDate", DAY)
    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    reference_classification: ReferenceClassification | UnknownCode | None = value(
        "ReferenceClassification", code(ReferenceClassification)
    )
    segment_of_result: SegmentOfResult | UnknownCode | None = value("SegmentOfResult", code(SegmentOfResult))
    error_code: str | None = value("ErrorCode", WORD)
    error_message: str | None = value("ErrorMessage", TEXT)
    character_code_identifier: CharacterCode | UnknownCode | None = value(
        "CharacterCodeIdentifier", code(CharacterCode)
    )
    kept: tuple[Kept, ...] = ()


@requires("ProcessExecutionTime")
@model
class ReceptionHeader:
    """Of the answer that a bulk request was received. It says how it ended only where it failed."""

    process_execution_time: datetime | None = value("ProcessExecutionTime", INSTANT)
    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    segment_of_result: SegmentOfResult | UnknownCode | None = value("SegmentOfResult", code(SegmentOfResult))
    error_code: str | None = value("ErrorCode", WORD)
    error_message: str | None = value("ErrorMessage", TEXT)
    character_code_identifier: CharacterCode | UnknownCode | None = value(
        "CharacterCodeIdentifier", code(CharacterCode)
    )
    kept: tuple[Kept, ...] = ()


@requires("ProcessExecutionTime", "SegmentOfResult")
@model
class BulkHeader:
    """Of a bulk result: `reception_number` is that of the request's reception."""

    process_execution_time: datetime | None = value("ProcessExecutionTime", INSTANT)
    qualification_confirmation_date: date | None = value("QualificationConfirmationDate", DAY)
    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    reception_number: str | None = value("ReceptionNumber", WORD)
    segment_of_result: SegmentOfResult | UnknownCode | None = value("SegmentOfResult", code(SegmentOfResult))
    error_code: str | None = value("ErrorCode", WORD)
    error_message: str | None = value("ErrorMessage", TEXT)
    number_of_processing_result: int | None = value("NumberOfProcessingResult", COUNT)
    number_of_normal_processing: int | None = value("NumberOfNormalProcessing", COUNT)
    number_of_error: int | None = value("NumberOfError", COUNT)
    character_code_identifier: CharacterCode | UnknownCode | None = value(
        "CharacterCodeIdentifier", code(CharacterCode)
    )
    kept: tuple[Kept, ...] = ()


@requires("ProcessExecutionTime", "SegmentOfResult")
@model
class RegistrationHeader:
    """Of the answer to a registration, in the order of section 5.4."""

    process_execution_time: datetime | None = value("ProcessExecutionTime", INSTANT)
    character_code_identifier: CharacterCode | UnknownCode | None = value(
        "CharacterCodeIdentifier", code(CharacterCode)
    )
    segment_of_result: SegmentOfResult | UnknownCode | None = value("SegmentOfResult", code(SegmentOfResult))
    error_code: str | None = value("ErrorCode", WORD)
    error_message: str | None = value("ErrorMessage", TEXT)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    kept: tuple[Kept, ...] = ()
