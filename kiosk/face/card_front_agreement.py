"""When a reading may be sent: it could be true, and three frames in a row say the same.

A wrong number costs one of ten tries, and the tenth locks the card's photo for good (domain/mynumber-card.md section 2.4).
The card booth checks again before it sends.
"""

from __future__ import annotations

import hmac
from datetime import date
from typing import Final

from kiosk.face.card_front_fields import DIGITS, Reading

FRAMES: Final = 3
"""Readings in a row that must be the same."""

LOST: Final = 1.5
"""Seconds without any reading after which another card may be there: counting begins anew."""

_LONGEST_LIFE = 130  # years
_VALID_YEARS = range(
    -1, 11
)  # the expiry's year against this one: a card lives ten years, and one that just ended is told so
_ANY_YEARS = range(2016, 2100)  # the first cards were issued in 2016
_CLOCK_FROM = 2025  # a clock that shows an earlier year has not been set

_ERAS = (
    (date(1868, 1, 25), date(1912, 7, 29)),
    (date(1912, 7, 30), date(1926, 12, 24)),
    (date(1926, 12, 25), date(1989, 1, 7)),
    (date(1989, 1, 8), date(2019, 4, 30)),
    (date(2019, 5, 1), date.max),
)
"""First and last day of 明治, 大正, 昭和, 平成, 令和."""


def plausible(digits: bytearray, today: date, *, western: bool) -> bool:
    """Whether the fourteen digits (0 to 9 each) could be printed on a card: a day that was, an expiry near enough.

    `western`: the year of birth was printed with four digits. A clock that was never set refuses nothing.
    """
    if len(digits) != DIGITS or max(digits) > 9:
        return False
    year, month, day, expiry = _number(digits[0:2]), _number(digits[2:4]), _number(digits[4:6]), _number(digits[6:10])
    clock = today.year >= _CLOCK_FROM
    valid = range(today.year + _VALID_YEARS.start, today.year + _VALID_YEARS.stop) if clock else _ANY_YEARS
    if expiry not in valid:
        return False
    latest = today if clock else date(_ANY_YEARS.stop - 1, 12, 31)
    oldest = latest.year - _LONGEST_LIFE
    if western:
        born = [_day(century + year, month, day) for century in (1800, 1900, 2000)]
    else:
        born = [_day(first.year - 1 + year, month, day, first, last) for first, last in _ERAS if year]
    return any(oldest <= one.year and one <= latest for one in born if one is not None)


def _day(year: int, month: int, day: int, first: date = date.min, last: date = date.max) -> date | None:
    """That day, if there was one between `first` and `last`."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if first <= found <= last else None


def _number(digits: bytearray) -> int:
    number = 0
    for digit in digits:
        number = 10 * number + digit
    return number


class Agreement:
    """Counts readings that say the same. It holds one number at most, and overwrites it when it is done with it."""

    def __init__(self) -> None:
        self._digits = bytearray(DIGITS)
        self._count = 0
        self._last: float | None = None

    @property
    def share(self) -> float:
        """How much of the agreement there is, 0 to 1."""
        return self._count / FRAMES

    def hear(self, reading: Reading, mono: float, today: date) -> bytearray | None:
        """One frame's reading at `mono` (seconds): the agreed digits, 0 to 9 each, once `FRAMES` in a row are the same.

        A frame that gives no reading neither counts nor ends the row; another reading ends it, and so does one that
        cannot be true. One that is not sure enough counts as none, unless it says something else.
        """
        if self._last is not None and mono - self._last > LOST:
            self.wipe()
        self._last = mono
        true = plausible(reading.digits, today, western=reading.western)
        if not true or (self._count and not hmac.compare_digest(self._digits, reading.digits)):
            self.wipe()
        if not true or not reading.certain:
            return None
        self._digits[:] = reading.digits
        self._count += 1
        return bytearray(self._digits) if self._count >= FRAMES else None

    def wipe(self) -> None:
        """Overwrite what is held and count from nothing."""
        self._digits[:] = bytes(DIGITS)
        self._count = 0

    def __repr__(self) -> str:
        return "Agreement(...)"
