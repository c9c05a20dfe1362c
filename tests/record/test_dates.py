from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kiosk.record import RecordError, dates
from kiosk.record.dates import JST, Notice, notice


def last_second_of(day: date) -> datetime:
    """23:59:59 in Japan on `day`: what a certificate's end says."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=JST)


@pytest.mark.parametrize(
    ("last", "expiring_from", "grace_until"),
    [
        # the birthday rule's plain case
        (date(2026, 11, 21), date(2026, 8, 21), date(2027, 2, 28)),
        # three months before does not exist: clamped to the month's end
        (date(2026, 5, 31), date(2026, 2, 28), date(2026, 8, 31)),
        (date(2028, 5, 31), date(2028, 2, 29), date(2028, 8, 31)),
        (date(2028, 5, 29), date(2028, 2, 29), date(2028, 8, 31)),
        (date(2027, 5, 29), date(2027, 2, 28), date(2027, 8, 31)),
        (date(2026, 7, 31), date(2026, 4, 30), date(2026, 10, 31)),
        # a leap day as the last day, and a grace that ends on one
        (date(2028, 2, 29), date(2027, 11, 29), date(2028, 5, 31)),
        (date(2027, 11, 1), date(2027, 8, 1), date(2028, 2, 29)),
        (date(2027, 11, 30), date(2027, 8, 30), date(2028, 2, 29)),
        (date(2026, 11, 30), date(2026, 8, 30), date(2027, 2, 28)),
        # over the year's end, both ways
        (date(2027, 1, 31), date(2026, 10, 31), date(2027, 4, 30)),
        (date(2026, 12, 31), date(2026, 9, 30), date(2027, 3, 31)),
        (date(2100, 5, 31), date(2100, 2, 28), date(2100, 8, 31)),
    ],
)
def test_a_certificate_s_days_are_judged_at_every_boundary(last: date, expiring_from: date, grace_until: date) -> None:
    end, day = last_second_of(last), timedelta(days=1)
    assert notice(end, expiring_from - day) is Notice.NONE
    assert notice(end, expiring_from) is Notice.EXPIRING
    assert notice(end, last) is Notice.EXPIRING
    assert notice(end, last + day) is Notice.GRACE
    assert notice(end, grace_until) is Notice.GRACE
    assert notice(end, grace_until + day) is Notice.BEYOND


def test_the_last_day_is_japan_s_whatever_zone_the_end_is_written_in() -> None:
    # 2026-11-21T15:00Z is already the 22nd in Japan; one second before it is still the 21st.
    assert notice(datetime(2026, 11, 21, 15, 0, 0, tzinfo=UTC), date(2026, 11, 22)) is Notice.EXPIRING
    assert notice(datetime(2026, 11, 21, 14, 59, 59, tzinfo=UTC), date(2026, 11, 22)) is Notice.GRACE
    assert notice(datetime(2028, 2, 28, 15, 0, 0, tzinfo=UTC), date(2028, 2, 29)) is Notice.EXPIRING


@given(st.dates(date(2016, 1, 1), date(2099, 12, 31)), st.integers(-400, 400))
def test_notices_come_in_their_order_and_grace_is_three_to_four_months(last: date, offset: int) -> None:
    order = [Notice.NONE, Notice.EXPIRING, Notice.GRACE, Notice.BEYOND]
    end, today = last_second_of(last), last + timedelta(days=offset)
    now, tomorrow = notice(end, today), notice(end, today + timedelta(days=1))
    assert order.index(tomorrow) - order.index(now) in (0, 1)
    assert (now in (Notice.NONE, Notice.EXPIRING)) == (offset <= 0)
    if now is Notice.GRACE and tomorrow is Notice.BEYOND:
        assert today.day == calendar.monthrange(today.year, today.month)[1], "grace ends with a month"
        assert (today.year * 12 + today.month) - (last.year * 12 + last.month) == 3


def test_a_day_in_japan_begins_at_three_in_the_afternoon_utc() -> None:
    assert dates.japanese_day(datetime(2026, 11, 21, 14, 59, 59, 999999, tzinfo=UTC)) == date(2026, 11, 21)
    assert dates.japanese_day(datetime(2026, 11, 21, 15, tzinfo=UTC)) == date(2026, 11, 22)
    assert dates.japanese_day(datetime(2026, 12, 31, 15, tzinfo=UTC)) == date(2027, 1, 1)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.sampled_from([UTC, JST])))  # noqa: DTZ001
def test_an_instant_comes_back_to_the_millisecond(at: datetime) -> None:
    text = dates.instant_text(at)
    assert dates.instant(text) == at - timedelta(microseconds=at.microsecond % 1000)
    assert len(text) == 24


@pytest.mark.parametrize(
    "text",
    [
        None,
        17,
        "",
        "2026-11-21",
        "2026-11-21T00:00:00Z",
        "2026-11-21T00:00:00.000",
        "2026-11-21 00:00:00.000Z",
        "2026-11-21T24:00:01.000Z",
        "2026-02-29T00:00:00.000Z",
        "2026-11-21T00:00:60.000Z",
        "2026-11-21T00:00:00.000Z\n",
        "２０２６-11-21T00:00:00.000Z",
    ],
)
def test_what_is_no_instant_is_refused(text: object) -> None:
    with pytest.raises(RecordError):
        dates.instant(text)


@pytest.mark.parametrize("text", [None, 20261121, "20261121", "2026-02-29", "2026-1-1", "2026-11-21T", "2026-11-21\n"])
def test_what_is_no_day_is_refused(text: object) -> None:
    with pytest.raises(RecordError):
        dates.day(text)
