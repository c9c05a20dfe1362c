"""Time as the contracts say it: instants in UTC, dates of Japan's calendar, and how long a certificate is good for."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum

from kiosk.record import RecordError

JST = timezone(timedelta(hours=9), "JST")
"""Japan's time: a fixed offset, no summer time since 1951."""

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def instant_text(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, as on the wire and in stores. `at` must know its zone."""
    if at.tzinfo is None:
        raise RecordError("instant: a time without a zone cannot be written")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant(text: object) -> datetime:
    """The instant in `text` (RFC 3339, UTC, milliseconds, Z); raises `RecordError`."""
    if isinstance(text, str) and _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError as error:
            raise RecordError("instant: no such date or time") from error
    raise RecordError("instant: expected YYYY-MM-DDThh:mm:ss.sssZ")


def day(text: object) -> date:
    """The date in `text` (YYYY-MM-DD); raises `RecordError`."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise RecordError("date: no such day") from error
    raise RecordError("date: expected YYYY-MM-DD")


def japanese_day(at: datetime) -> date:
    """The day in Japan on which the instant `at` falls."""
    return at.astimezone(JST).date()


class Notice(StrEnum):
    """What the certificate's last day means for a visit today."""

    NONE = "none"
    EXPIRING = "expiring"
    GRACE = "grace"
    BEYOND = "beyond"
    """More than the grace after the end: not usable; never part of a check-in."""


def notice(not_after: datetime, today: date) -> Notice:
    """Judge a certificate's end against `today` (a date in Japan).

    Expiring: from three calendar months before the last day (same day, clamped to the month's end), inclusive. Grace:
    from the day after the last day to the last day of the third month after the last day's month
    (domain/flow-and-rules.md section 2.6).
    """
    last = japanese_day(not_after)
    if today <= last:
        return Notice.EXPIRING if today >= _months_later(last, -3) else Notice.NONE
    return Notice.GRACE if today <= _end_of_month(_months_later(last.replace(day=1), 3)) else Notice.BEYOND


def _months_later(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def _end_of_month(within: date) -> date:
    return within.replace(day=calendar.monthrange(within.year, within.month)[1])
