"""The answer of the eligibility system, in the house's own words (domain/oqs-interface.md sections 2 and 3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.record.dates import Notice


class Source(StrEnum):
    """Who gave the answer."""

    CENTRE = "centre"
    DRIVER = "driver"
    NUMBER_LOOKUP = "number_lookup"
    OFFICIAL_READER = "official_reader"
    NONE = "none"


class Validity(StrEnum):
    """資格有効性 1 to 6 (code table 006), and `unconfirmed` where no answer came."""

    VALID = "valid"
    INVALID = "invalid"
    INVALID_NEWER_EXISTS = "invalid_newer_exists"
    NOT_FOUND = "not_found"
    MULTIPLE = "multiple"
    VALID_UNREGISTERED = "valid_unregistered"
    UNCONFIRMED = "unconfirmed"


class Sex(StrEnum):
    """性別, code table 007."""

    MALE = "male"
    FEMALE = "female"
    UNSET = "unset"


@dataclass(frozen=True, repr=False, kw_only=True)
class EligibilityResult:
    """One `ResultOfQualificationConfirmation`: a person and one insurance. Absent elements are None.

    `insurer_number` is 6 or 8 digits without padding; `copay_ratio` is percent (10, 20, 30) as derived in
    domain/oqs-interface.md section 7.3; `limit_category` keeps the code (A03, B09).
    """

    card_class: str | None = None
    insurer_number: str | None = None
    insurer_name: str | None = None
    insured_symbol: str | None = None
    insured_number: str | None = None
    insured_branch: str | None = None
    insured_or_family: str | None = None
    name: str | None = None
    name_kana: str | None = None
    name_other: str | None = None
    sex: Sex | None = None
    birth_date: date | None = None
    address: str | None = None
    qualified_on: date | None = None
    disqualified_on: date | None = None
    copay_ratio: int | None = None
    limit_category: str | None = None
    preschool: bool = False
    specific_disease: bool = False
    reference_number: str | None = None

    def __repr__(self) -> str:
        return "EligibilityResult(...)"


@dataclass(frozen=True, repr=False, kw_only=True)
class EligibilityAnswer:
    """What a gateway answered to one proof. `session` and `fingerprint` repeat what was asked: a mismatch is an error.

    `simulated` is what the centre says of itself; `answered_at` is the system's own time of processing.
    """

    session: str
    fingerprint: str
    source: Source
    validity: Validity
    answered_at: datetime
    simulated: bool
    results: tuple[EligibilityResult, ...] = ()
    certificate_notice: Notice | None = None
    """What the system says of the certificate's end, where it does; it outranks our own calendar. Never `BEYOND`."""
    registration_needed: bool = False
    """The holder is known, the card was never registered for insurance (初回登録): there is no result yet."""

    def __repr__(self) -> str:
        return f"EligibilityAnswer({self.source}, {self.validity}, {len(self.results)} results)"
