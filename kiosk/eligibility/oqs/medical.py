"""What requests for medical information share: their own names for a person's numbers, and a result code of their own.

Medication (`medication`, YZK) and check-ups (`checkup`, TKK), domain/oqs-interface.md section 5.5. Both need a consent
that is less than 24 hours old; the terminal's operator answers for that, the file does not prove it.
"""

from __future__ import annotations

from typing import Protocol

from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError
from kiosk.eligibility.oqs.kinds import INSURER_NUMBER, TEXT, WORD
from kiosk.eligibility.oqs.schema import Kept, model, requires, value

NORMAL = "1"
"""ResultCode of an answer that holds what was asked for."""


@requires("MedicalInstitutionCode", "InsurerNumber", "InsuredPersonIdentificationNumber")
@model
class MedicalRequestHeader:
    """MessageHeader of YZKsiquc01req and TKKsiquc01req. The tags differ from OQS; symbol and branch as far as known."""

    medical_institution_code: str | None = value("MedicalInstitutionCode", WORD)
    insurer_number: str | None = value("InsurerNumber", INSURER_NUMBER)
    insurance_card_symbol: str | None = value("InsuranceCardSymbol", TEXT, longest=20)
    insured_person_identification_number: str | None = value("InsuredPersonIdentificationNumber", TEXT, longest=20)
    branch_number: str | None = value("BranchNumber", WORD, longest=2)
    arbitrary_file_identifier: str | None = value("ArbitraryFileIdentifier", TEXT)
    kept: tuple[Kept, ...] = ()


class Coded(Protocol):
    """Wherever a ResultCode may stand: its place in the tree is not confirmed, so root, header and body are looked at."""

    @property
    def result_code(self) -> str | None:
        """ResultCode."""

    @property
    def message_contents(self) -> str | None:
        """MessageContents."""


def refuse_failed(*places: Coded | None) -> None:
    """Raise `FailedMessageError` where a ResultCode other than 1 stands, `MalformedMessageError` where none does."""
    codes = {place.result_code for place in places if place is not None and place.result_code is not None}
    if not codes:
        raise MalformedMessageError("the message does not say how it ended (ResultCode)")
    if codes != {NORMAL}:
        told = min(codes - {NORMAL})
        raise FailedMessageError(
            Layer.BUSINESS, told if told.isascii() and told.isalnum() and len(told) <= 24 else None
        )


def message_of(*places: Coded | None) -> str | None:
    """MessageContents, the system's own words, from the first place that has it."""
    return next((place.message_contents for place in places if place is not None and place.message_contents), None)
