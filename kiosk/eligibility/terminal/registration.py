"""照会番号登録 (OQSsiimm01): the clinic's own number for a patient, so that later card reads bring it along (section 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kiosk.eligibility.oqs import from_xml
from kiosk.eligibility.oqs.errors import MalformedMessageError, NumberError
from kiosk.eligibility.oqs.file_names import Business
from kiosk.eligibility.oqs.headers import RequestHeader
from kiosk.eligibility.oqs.outcome import refuse_failed_file, refuse_failed_person
from kiosk.eligibility.oqs.registration import (
    Registration,
    RegistrationEcho,
    RegistrationRequest,
    RegistrationRequestBody,
    RegistrationResponse,
)
from kiosk.eligibility.terminal.errors import MismatchError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.question import Heading, Kind, Reply

KIND = Kind(Business.REGISTRATION)


@dataclass(frozen=True)
class Registered:
    """That the number is registered: since when (UTC), and whether only a simulation says so."""

    answered_at: datetime
    simulated: bool


@dataclass(frozen=True, repr=False, kw_only=True)
class ReferenceNumber:
    """One number to register: at most 50 characters; the branch is needed, but for 後期高齢者医療. Raises `NumberError`."""

    reference_number: str
    insured: InsuredNumber

    def __post_init__(self) -> None:
        if not 0 < len(self.reference_number.strip()) <= 50 or self.reference_number != self.reference_number.strip():
            raise NumberError("a reference number has 1 to 50 characters, no blanks around them")

    @property
    def kind(self) -> Kind:
        """Its files."""
        return KIND

    @property
    def on(self) -> date | None:
        """Of no day."""
        return None

    def message(self, heading: Heading) -> RegistrationRequest:
        """OQSsiimm01req."""
        return RegistrationRequest(
            header=RequestHeader(
                medical_institution_code=heading.institution_code, arbitrary_file_identifier=heading.identifier
            ),
            body=RegistrationRequestBody(
                registration=Registration(
                    reference_number=self.reference_number,
                    insurer_number=self.insured.insurer,
                    insured_card_symbol=self.insured.symbol,
                    insured_identification_number=self.insured.number,
                    insured_branch_number=self.insured.branch,
                )
            ),
        )

    def answer(self, reply: Reply, heading: Heading) -> Registered:
        """That it was done. Raises `TerminalError` and `OqsError`."""
        response = from_xml.read(reply.xml(), RegistrationResponse)
        header, body = response.header, response.body
        if header is None:
            raise MalformedMessageError("the message has no MessageHeader")
        heading.refuse_other(header.medical_institution_code, header.arbitrary_file_identifier, must_say=False)
        refuse_failed_file(header)
        refuse_failed_person(body)
        heading.refuse_other(header.medical_institution_code, header.arbitrary_file_identifier)
        self._refuse_other(None if body is None else body.registration)
        if header.process_execution_time is None:
            raise MalformedMessageError("the message does not say when it was processed")
        return Registered(header.process_execution_time, heading.simulated)

    def _refuse_other(self, echo: RegistrationEcho | None) -> None:
        if echo is None or echo.reference_number != self.reference_number:
            raise MismatchError("it does not repeat the reference number")
        differs = self.insured.differs_from(
            echo.insurer_number,
            echo.insured_card_symbol,
            echo.insured_identification_number,
            echo.insured_branch_number,
        )
        if differs is not None:
            raise MismatchError(f"it registers another insurance ({differs})")

    def __repr__(self) -> str:
        return "ReferenceNumber(...)"
