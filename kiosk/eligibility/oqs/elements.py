"""Single values out of a message's tree, in any element order; what is there but cannot be read is noted by its name.

Absent, empty and blank mean the same: None. The order of elements carries nothing in real files, the number does: one
element that stands twice with two values is a contradiction, and no value is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import TypeVar

from lxml import etree

from kiosk.eligibility.oqs.codes import Code
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.record.dates import JST

MAX_TEXT = 1000
"""What `kiosk.record.checkin` takes; the longest known field is an address."""

_C = TypeVar("_C", bound=Code)
_NO_DAY = {"00000000", "99999999"}
"""How other systems of the field write "no date"; not seen in this interface, and harmless to understand."""


class Fields:
    """The child elements of one element. `unread` collects names of elements whose value could not be understood."""

    def __init__(self, element: etree._Element, unread: set[str]) -> None:
        self._element = element
        self._unread = unread

    def inside(self, *tags: str) -> Iterator[Fields]:
        """Every element at this path of tags, however often each step repeats."""
        level = [self._element]
        for tag in tags:
            level = [child for parent in level for child in parent.findall(tag)]
        return (Fields(element, self._unread) for element in level)

    def text(self, tag: str) -> str | None:
        """The text as it stands, inner and leading blanks kept, only line ends and tabs of the layout taken off."""
        values = {
            value for child in self._element.findall(tag) if (value := (child.text or "").strip("\r\n\t")).strip()
        }
        if len(values) > 1:
            raise MalformedMessageError(f"the message says two things in {tag}")
        for value in values:
            if len(value) > MAX_TEXT:
                raise MalformedMessageError(f"the message has more than {MAX_TEXT} characters in {tag}")
            return value
        return None

    def word(self, tag: str) -> str | None:
        """The text without blanks around it: for codes and numbers."""
        text = self.text(tag)
        return None if text is None else text.strip()

    def code(self, tag: str, table: type[_C]) -> _C | None:
        """The code by its table; one that is not in the table is unread."""
        word = self.word(tag)
        if word is None:
            return None
        known = next((code for code in table if code == word), None)
        if known is None:
            self.leave_unread(tag)
        return known

    def day(self, tag: str) -> date | None:
        """A date (yyyyMMdd); one that is not in the calendar is unread."""
        word = self.word(tag)
        if word is None or word in _NO_DAY:
            return None
        try:
            return _digits(word, 8, "%Y%m%d").date()
        except ValueError:
            self.leave_unread(tag)
            return None

    def instant(self, tag: str) -> datetime | None:
        """A time (yyyyMMddHHmmss, Japan's) as an instant in UTC; one that is not on the clock is unread."""
        word = self.word(tag)
        if word is None:
            return None
        try:
            return _digits(word, 14, "%Y%m%d%H%M%S").replace(tzinfo=JST).astimezone(UTC)
        except (ValueError, OverflowError):
            self.leave_unread(tag)
            return None

    def insurer_number(self, tag: str) -> str | None:
        """保険者番号 without its padding: 8 digits, or the 6 of 国保 that come right-aligned in 8 characters."""
        word = self.word(tag)
        if word is None or re.fullmatch(r"[0-9]{6}|[0-9]{8}", word):
            return word
        self.leave_unread(tag)
        return None

    def percent(self, tag: str) -> int | None:
        """負担割合: 010, 020 or 030."""
        word = self.word(tag)
        if word is None or word in {"010", "020", "030"}:
            return None if word is None else int(word)
        self.leave_unread(tag)
        return None

    def leave_unread(self, tag: str) -> None:
        """Note that this element's value was not understood."""
        self._unread.add(tag)


def _digits(word: str, count: int, form: str) -> datetime:
    # strptime alone would also take blanks, single digits and digits of other scripts.
    if not re.fullmatch(rf"[0-9]{{{count}}}", word):
        raise ValueError(f"expected {count} digits")
    return datetime.strptime(word, form)  # noqa: DTZ007 (the zone is Japan's, set by whoever asks for an instant)
