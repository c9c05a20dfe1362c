"""What a single element may hold: how its text is read into a value, and how the value is written again.

`read` gets text that is not blank and gives the value, None where the text means "none", or raises `ValueError` where it
cannot be understood (then the element is kept as it came). `write` gives text that reads back as the same value, or raises
`ValueError`. Local times of the interface are Japan's and become UTC here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Generic, NamedTuple, TypeVar

from kiosk.eligibility.oqs.codes import Code, UnknownCode
from kiosk.record.dates import JST

_T = TypeVar("_T")
_C = TypeVar("_C", bound=Code)

_NO_DAY = {"00000000", "99999999"}
"""How other systems of the field write "no date"; not seen in this interface, and harmless to understand."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LAYOUT = "\r\n\t"


@dataclass(frozen=True)
class Kind(Generic[_T]):
    """One kind of value."""

    name: str
    read: Callable[[str], _T | None]
    write: Callable[[_T], str]


class Month(NamedTuple):
    """A month of the Western calendar (yyyyMM)."""

    year: int
    month: int


def _read_text(text: str) -> str:
    return text.strip(_LAYOUT)


def _write_text(value: str) -> str:
    if not value.strip() or value != value.strip(_LAYOUT):
        raise ValueError("a text is not blank and has no line ends around it")
    if _NOT_XML.search(value):
        raise ValueError("a text has only characters that XML has")
    return value


def _write_word(value: str) -> str:
    if value != value.strip():
        raise ValueError("a word has no blanks around it")
    return _write_text(value)


TEXT: Kind[str] = Kind("text", _read_text, _write_text)
"""Names, addresses, symbols: as they stand, inner and leading blanks kept, only the layout's line ends taken off."""

WORD: Kind[str] = Kind("word", str.strip, _write_word)
"""Numbers and identifiers: without blanks around them, leading zeros kept."""


def _read_day(text: str) -> date | None:
    word = text.strip()
    return None if word in _NO_DAY else _clock(word, 8).date()


def _write_day(value: date) -> str:
    if isinstance(value, datetime):
        raise ValueError("a date is not a time")  # noqa: TRY004 (one error for whatever cannot be written)
    return f"{value.year:04d}{value.month:02d}{value.day:02d}"


DAY: Kind[date] = Kind("date (yyyyMMdd)", _read_day, _write_day)


def _read_instant(text: str) -> datetime:
    try:
        return _clock(text.strip(), 14).replace(tzinfo=JST).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of the calendar") from error


def _write_instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time must know its zone")
    try:
        at = value.astimezone(JST)
    except OverflowError as error:
        raise ValueError("out of the calendar") from error
    return f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}"


INSTANT: Kind[datetime] = Kind("time (yyyyMMddHHmmss)", _read_instant, _write_instant)
"""An instant in UTC; the interface has whole seconds, a fraction is dropped in writing."""


def _read_month(text: str) -> Month:
    at = _clock(text.strip() + "01", 8)
    return Month(at.year, at.month)


def _write_month(value: Month) -> str:
    return f"{date(value.year, value.month, 1).year:04d}{value.month:02d}"


MONTH: Kind[Month] = Kind("month (yyyyMM)", _read_month, _write_month)


def _read_count(text: str) -> int:
    word = text.strip()
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ValueError("expected up to nine digits")
    return int(word)


def _write_count(value: int) -> str:
    if not 0 <= value < 10**9:
        raise ValueError("expected up to nine digits")
    return str(value)


COUNT: Kind[int] = Kind("count", _read_count, _write_count)
"""A number of things, or of yen."""


def _read_percent(text: str) -> int:
    word = text.strip()
    if word not in {"010", "020", "030"}:
        raise ValueError("expected 010, 020 or 030")
    return int(word)


def _write_percent(value: int) -> str:
    if value not in {10, 20, 30}:
        raise ValueError("expected 10, 20 or 30")
    return f"{value:03d}"


PERCENT: Kind[int] = Kind("percent (010, 020, 030)", _read_percent, _write_percent)
"""負担割合."""


def _read_insurer_number(text: str) -> str:
    word = text.strip()
    if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", word):
        raise ValueError("expected 6 or 8 digits")
    return word


def _write_insurer_number(value: str) -> str:
    return _read_insurer_number(value).rjust(8)


INSURER_NUMBER: Kind[str] = Kind("insurer number", _read_insurer_number, _write_insurer_number)
"""保険者番号 without its padding: 8 digits, or the 6 of 国保, which are written right-aligned in 8 characters."""


@cache
def code(table: type[_C]) -> Kind[_C | UnknownCode]:
    """A code of `table`; one that is not in it is an `UnknownCode`, and no error."""
    known = {member.value: member for member in table}

    def read(text: str) -> _C | UnknownCode:
        word = text.strip()
        return known.get(word) or UnknownCode(word)

    return Kind(table.__name__, read, lambda told: _write_word(str(told)))


def _clock(word: str, digits: int) -> datetime:
    # strptime would also take blanks, single digits and digits of other scripts; and it is slow.
    if len(word) != digits or not (word.isascii() and word.isdigit()):
        raise ValueError(f"expected {digits} digits")
    hour, minute, second = (int(word[8:10]), int(word[10:12]), int(word[12:14])) if digits == 14 else (0, 0, 0)
    return datetime(int(word[:4]), int(word[4:6]), int(word[6:8]), hour, minute, second)  # noqa: DTZ001 (set by the reader)
