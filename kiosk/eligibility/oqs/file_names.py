r"""The names of the files, read in any case and written in the interface's own (domain/oqs-interface.md section 1.5).

    <prefix><phase><req|res>_<tail>.<xml|pdf|zip>     a request and its answer, which share the tail
    OQSsiquc01res_face_<id>_<yyyyMMddHHmmss>.xml      what a card reader's session left in `face`
    DEL<anything>.txt                                 what the terminal leaves for an answer that nobody fetched

A name is no path: whatever could lead out of a folder is not a name of the interface.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.eligibility.oqs.errors import UnwritableMessageError
from kiosk.eligibility.oqs.kinds import INSTANT
from kiosk.eligibility.oqs.numbers import institution_code
from kiosk.record import dates


class Business(StrEnum):
    """What a file is about, by its prefix; si is one person, mu many at once (asynchronous: 01 submits, 02 fetches)."""

    LOOKUP = "OQSsiquc"
    BULK_LOOKUP = "OQSmuquc"
    REGISTRATION = "OQSsiimm"
    BULK_REGISTRATION = "OQSmuimm"
    ASSISTANCE_BULK = "OQSmutic"
    HOME_BULK = "OQSmuhvq"
    ONLINE_BULK = "OQSmuonq"
    HOME = "OQSsihvq"
    ONLINE = "OQSsionq"
    REVOCATION = "OQSsihvd"
    URL = "OQSsiurl"
    SETTINGS_INQUIRY = "OQSsiinq"
    SETTINGS_UPDATE = "OQSsiupd"
    MEDICATION = "YZKsiquc"
    CHECKUP = "TKKsiquc"
    RECORD_SHARING = "CIPsiquc"
    SUBSIDY = "PMHsimsm"


class Direction(StrEnum):
    """Which way a file goes."""

    REQUEST = "req"
    RESPONSE = "res"


@dataclass(frozen=True, repr=False)
class MessageName:
    """A request's or an answer's name. `tail` is free, and often holds a patient's number: it has no repr."""

    business: Business
    phase: str
    direction: Direction
    tail: str
    extension: str = "xml"

    def __str__(self) -> str:
        return f"{self.business}{self.phase}{self.direction}_{self.tail}.{self.extension}"

    def __repr__(self) -> str:
        return f"MessageName({self.business}{self.phase}{self.direction})"

    def answer(self, extension: str = "xml") -> MessageName:
        """The name of the answer to this request; pdf for documents, zip for bulk results where the terminal says so."""
        return MessageName(self.business, self.phase, Direction.RESPONSE, self.tail, extension)

    def is_answered_by(self, other: object) -> bool:
        """Whether `other` answers this request, in whatever case and form it comes."""
        return (
            isinstance(other, MessageName)
            and (self.direction, other.direction) == (Direction.REQUEST, Direction.RESPONSE)
            and (self.business, self.phase) == (other.business, other.phase)
            and self.tail.casefold() == other.tail.casefold()
        )


@dataclass(frozen=True, repr=False)
class FaceName:
    """The name of a card reader's result: `session` has 30 characters on a terminal, and any number elsewhere."""

    session: str
    stamped_at: datetime

    def __str__(self) -> str:
        session = f"{self.session}_" if self.session else ""
        return f"OQSsiquc01res_face_{session}{INSTANT.write(self.stamped_at)}.xml"

    def __repr__(self) -> str:
        return "FaceName(...)"

    def is_of(self, day: date) -> bool:
        """Whether it was stamped on this day in Japan."""
        return dates.japanese_day(self.stamped_at) == day


@dataclass(frozen=True, repr=False)
class LeftBehind:
    """A DEL file; what is in it is not public."""

    name: str

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return "LeftBehind(...)"


_BUSINESS = {business.casefold(): business for business in Business}
_ANY_CASE = re.IGNORECASE | re.ASCII
_MESSAGE = re.compile(
    rf"(?P<business>{'|'.join(Business)})(?P<phase>0[12])(?P<direction>req|res)_(?P<tail>[^\\/:*?\"<>|\x00-\x1f\x7f]{{1,128}})"
    r"\.(?P<extension>xml|pdf|zip)",
    _ANY_CASE,
)
_FACE = re.compile(
    r"OQSsiquc01res_face_(?:(?P<session>[^\\/:*?\"<>|\x00-\x1f\x7f]{1,64})_)?(?P<stamp>[0-9]{14})\.xml", _ANY_CASE
)
_LEFT_BEHIND = re.compile(r"DEL[^\\/:*?\"<>|\x00-\x1f\x7f]{0,200}\.txt", _ANY_CASE)
_TAIL = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}")


def parse(name: str) -> MessageName | FaceName | LeftBehind | None:
    """What `name` (no folder in front) says; None where it is no name of the interface."""
    if found := _FACE.fullmatch(name):
        try:
            stamped_at = INSTANT.read(found["stamp"])
        except ValueError:
            return None
        return None if stamped_at is None else FaceName(found["session"] or "", stamped_at)
    if found := _MESSAGE.fullmatch(name):
        return MessageName(
            _BUSINESS[found["business"].casefold()],
            found["phase"],
            Direction(found["direction"].lower()),
            found["tail"],
            found["extension"].lower(),
        )
    return LeftBehind(name) if _LEFT_BEHIND.fullmatch(name) else None


def request_name(business: Business, tail: str, phase: str = "01") -> MessageName:
    """The name of a request; raises `UnwritableMessageError` where the tail is not of plain letters and digits."""
    if not _TAIL.fullmatch(tail) or phase not in {"01", "02"}:
        raise UnwritableMessageError("a request's name takes letters, digits, - and _ after its prefix", None)
    return MessageName(business, phase, Direction.REQUEST, tail)


def new_face_name(code: str, stamped_at: datetime) -> FaceName:
    """A name like a terminal's, for a file of our own: the clinic's code, 20 random digits, the time.

    Every known consumer takes it, while some refuse shorter ones. Raises `NumberError` for a wrong code.
    """
    return FaceName(institution_code(code) + secrets.token_hex(10), stamped_at)


def nominal_tail(day: date, number: int) -> str:
    """The tail as the interface's own examples have it: the day and four digits, 12 characters."""
    if not 0 <= number <= 9999:
        raise UnwritableMessageError("a day has request numbers from 0 to 9999", None)
    return f"{day:%Y%m%d}{number:04d}"
