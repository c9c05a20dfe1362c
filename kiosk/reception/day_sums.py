"""A day of the desk in figures: who came, how they were confirmed, what the system said, and how long it took."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from kiosk.reception import checkins, kiosks, reader_rows, reader_words, words
from kiosk.reception.board_rows import AnyRow
from kiosk.reception.database import Connection
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.row_moves import RowState
from kiosk.record import dates

MOST: Final = 20_000
"""Visits of a day that are looked at: far beyond the largest hospital's 3,000 (domain/reception-and-reliability.md 7)."""

OPENS, CLOSES = 8, 18
"""Hours that the plot always has."""


@dataclass(frozen=True, repr=False, kw_only=True)
class DaySums:
    """The figures of one day. `again` are check-ins that joined an earlier one; `whole` counts them too.

    `hours` has every hour from the first to the last, and in each how many came by which method. `median_seconds` is from
    the first touch to the confirmation, of check-ins that were completed with a card.
    """

    day: date
    whole: int
    again: int
    simulated: int
    results: Mapping[str, int]
    methods: Mapping[str, int]
    kiosks: Mapping[str, int]
    hours: Mapping[int, Mapping[str, int]]
    median_seconds: float | None
    left_open: int
    left_taken: int
    left_unsent: int

    @property
    def is_closed_up(self) -> bool:
        """Whether nothing is left to do."""
        return not self.left_open and not self.left_taken and not self.left_unsent


def visits(day: date) -> Callable[[Connection], list[AnyRow]]:
    """Everybody who came on `day` (of Japan), in the order of their coming."""

    def question(connection: Connection) -> list[AnyRow]:
        found: list[AnyRow] = [*checkins.rows_of(day, MOST)(connection), *reader_rows.rows_of(day, MOST)(connection)]
        found.sort(key=lambda visit: visit.received_at)
        return found

    return question


def sums(day: date) -> Callable[[Connection], DaySums]:
    """The figures of `day`. What is left open or unsent is counted whichever day it is of."""

    def question(connection: Connection) -> DaySums:
        came = visits(day)(connection)
        hours: dict[int, Counter[str]] = {hour: Counter() for hour in range(OPENS, CLOSES + 1)}
        for visit in came:
            hours.setdefault(_hour(visit), Counter())[method(visit)] += 1
        seconds = [_taken(visit) for visit in came]
        measured = [each.total_seconds() for each in seconds if each is not None]
        return DaySums(
            day=day,
            whole=len(came),
            again=sum(not isinstance(visit, ReaderRow) and bool(visit.first_id) for visit in came),
            simulated=sum(_is_simulated(visit) for visit in came),
            results=_most_first(Counter(result(visit) for visit in came)),
            methods=_most_first(Counter(method(visit) for visit in came)),
            kiosks=dict(sorted(Counter(_kiosk(visit) for visit in came).items())),
            hours={hour: hours.get(hour, Counter()) for hour in range(min(hours), max(hours) + 1)},
            median_seconds=statistics.median(measured) if measured else None,
            left_open=_left(connection, RowState.OPEN),
            left_taken=_left(connection, RowState.TAKEN),
            left_unsent=sum(kiosk.beat.pending + kiosk.beat.parked for kiosk in kiosks.all_kiosks(connection)),
        )

    return question


def method(visit: AnyRow) -> str:
    """How somebody was confirmed, in a word."""
    if isinstance(visit, ReaderRow):
        return reader_words.READER
    return words.NO_CARD if visit.checkin.identity is None else words.METHODS[visit.checkin.identity.method]


def result(visit: AnyRow) -> str:
    """What the system said, in a word."""
    if isinstance(visit, ReaderRow):
        return words.VERDICTS[visit.arrival.eligibility.validity].word
    verdict = words.NO_CARD_VERDICT if visit.checkin.card is None else words.VERDICTS[visit.eligibility.validity]
    return verdict.word


def _kiosk(visit: AnyRow) -> str:
    return reader_words.READER if isinstance(visit, ReaderRow) else words.kiosk_name(visit.checkin.kiosk_id)


def _is_simulated(visit: AnyRow) -> bool:
    return visit.arrival.simulated if isinstance(visit, ReaderRow) else visit.checkin.simulated


def _hour(visit: AnyRow) -> int:
    at = visit.stamped_at if isinstance(visit, ReaderRow) else visit.checkin.confirmed_at
    return at.astimezone(dates.JST).hour


def _taken(visit: AnyRow) -> timedelta | None:
    if isinstance(visit, ReaderRow) or visit.checkin.card is None or not visit.checkin.complete:
        return None
    return visit.checkin.confirmed_at - visit.checkin.opened_at


def _most_first(counted: Counter[str]) -> dict[str, int]:
    return dict(counted.most_common())


def _left(connection: Connection, state: RowState) -> int:
    found = connection.execute(
        "SELECT (SELECT count(*) FROM checkin WHERE state = ? AND first_id = '')"
        " + (SELECT count(*) FROM reader_arrival WHERE state = ?) AS rows_left",
        (state.value, state.value),
    ).fetchone()
    return int(found["rows_left"])
