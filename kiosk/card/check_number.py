"""照合番号B (check number B): what can be one at all, and how often one may be sent to a card.

It is printed on the card's front: birth date YYMMDD, year of expiry, four digits (domain/mynumber-card.md section 2.4). A
wrong one costs one of ten tries for life until the municipality resets it, so a number is looked at before it is sent, and
sends are counted (domain/flow-and-rules.md section 1.2). Digits are held in bytearrays that their holder overwrites;
nothing here keeps one.
"""

from __future__ import annotations

import calendar
import hmac
import secrets
from collections.abc import Iterator
from datetime import date

from kiosk.card.allowlist import CHECK_NUMBER_B_DIGITS

DIGITS = CHECK_NUMBER_B_DIGITS

MAX_SENDS = 2
"""In one visit."""

TRIES_KEPT = 5
"""No number is sent with this many tries left, or fewer."""

_FIRST_EXPIRY, _LAST_EXPIRY = 2016, 2099
"""Without a clock that can be believed. The first cards were issued in 2016."""
_EXPIRED_YEARS, _VALID_YEARS = 1, 10
"""A card that ended last year may still be shown; ten years are the longest one lasts."""

_ERAS = (
    (date(2019, 5, 1), date.max, 2018),
    (date(1989, 1, 8), date(2019, 4, 30), 1988),
    (date(1926, 12, 25), date(1989, 1, 7), 1925),
    (date(1912, 7, 30), date(1926, 12, 24), 1911),
)
"""令和, 平成, 昭和, 大正: first day, last day, and the year before the first."""


def plausible(number: bytes | bytearray, today: date | None) -> bool:
    """Whether `number` (ASCII) can be a check number B: the birth date exists, the card can be in use.

    The era is not printed in the number, and foreign residents' is taken to count the Western year, so a date that is real
    in any of them will do. `today` is None where the clock cannot be believed: then nothing is judged by it.
    """
    if len(number) != DIGITS or not all(0x30 <= digit <= 0x39 for digit in number):
        return False
    first, last = _FIRST_EXPIRY, _LAST_EXPIRY
    if today is not None:
        first, last = today.year - _EXPIRED_YEARS, today.year + _VALID_YEARS
    if not first <= _value(number, 6, 10) <= last:
        return False
    month, day = _value(number, 2, 4), _value(number, 4, 6)
    latest = date.max if today is None else today
    return any(born <= latest for born in _births(_value(number, 0, 2), month, day))


def _births(year: int, month: int, day: int) -> Iterator[date]:
    """The days that YYMMDD can mean."""
    for western in (1900 + year, 2000 + year):
        if _exists(western, month, day):
            yield date(western, month, day)
    for first, last, before in _ERAS:
        if _exists(before + year, month, day) and first <= (born := date(before + year, month, day)) <= last:
            yield born


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _value(number: bytes | bytearray, start: int, end: int) -> int:
    value = 0
    for at in range(start, end):
        value = value * 10 + number[at] - 0x30
    return value


class Sends:
    """What was sent in one visit: at most two numbers, and none that was found wrong before.

    A wrong number is remembered as a digest under a key of this object's own, which nobody else has.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._wrong: set[bytes] = set()
        self._count = 0

    @property
    def left(self) -> int:
        """How many numbers may still be sent."""
        return MAX_SENDS - self._count

    def was_wrong(self, number: bytes | bytearray) -> bool:
        """Whether this number was sent before and the card said no."""
        return self._digest(number) in self._wrong

    def sent(self) -> None:
        """Count one; to be called before it is sent, so that a card torn away does not make it uncounted."""
        self._count += 1

    def wrong(self, number: bytes | bytearray) -> None:
        """The card said no to this one."""
        self._wrong.add(self._digest(number))

    def _digest(self, number: bytes | bytearray) -> bytes:
        return hmac.digest(self._key, number, "sha256")
