"""The rows of the board: check-ins of our kiosks and arrivals at the official reader, in one list, each saying what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.reception import checkins, known, list_words, reader_rows, reader_words, view, words
from kiosk.reception.checkins import MOST_DONE, Row
from kiosk.reception.database import Connection
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.reader_words import Whose
from kiosk.reception.row_moves import RowState
from kiosk.reception.schema import person_in
from kiosk.reception.settings import StaffMember
from kiosk.reception.view import RowView
from kiosk.record import dates
from kiosk.record.checkin import CardSeen, CheckIn, Identity
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, VisitId

_ORDER = {RowState.OPEN: 0, RowState.TAKEN: 1, RowState.DONE: 2}

AnyRow = Row | ReaderRow


@dataclass(frozen=True, repr=False, kw_only=True)
class BoardRow:
    """A row and what stands beside it. `order`: milliseconds of its coming, the newest first within a state.

    `whose` is for arrivals at the reader, `early` a word and a sentence where a list answered before the system did,
    `by_card` that the name is the one the card was last here with.
    """

    shown: RowView
    order: int
    reader: bool
    whose: Whose | None = None
    early: tuple[str, str] | None = None
    by_card: bool = False


def row(row_id: VisitId) -> Callable[[Connection], AnyRow | None]:
    """One row of either kind, if there is one."""

    def question(connection: Connection) -> AnyRow | None:
        found = checkins.row(row_id)(connection)
        return reader_rows.row(row_id)(connection) if found is None else _named(found, connection)

    return question


def rows_on_board(now: datetime) -> Callable[[Connection], list[AnyRow]]:
    """What the board shows, in its order: unhandled, taken, done of today (Japan); the newest first in each."""

    def question(connection: Connection) -> list[AnyRow]:
        every: list[AnyRow] = [_named(one, connection) for one in checkins.rows_on_board(now)(connection)]
        every += reader_rows.rows_on_board(now)(connection)
        every.sort(key=lambda one: one.received_at, reverse=True)
        every.sort(key=lambda one: _ORDER[one.state])
        finished = sum(one.state is RowState.DONE for one in every)
        return every[: len(every) - max(0, finished - MOST_DONE)]

    return question


def _named(found: Row, connection: Connection) -> Row:
    """With whom the clinic knows by the card, where nothing in the row says who came: the holder was confirmed with it."""
    if found.checkin.card is None or found.eligibility.results or found.checkin.eligibility.results:
        return found
    by_card = known.by_card(found.checkin.card.fingerprint, simulated=found.checkin.simulated)
    return replace(found, known_as=by_card(connection))


def board_row(found: AnyRow, staff: tuple[StaffMember, ...], now: datetime) -> BoardRow:
    """The row as the board shows it."""
    order = int(found.received_at.timestamp() * 1000)
    if isinstance(found, ReaderRow):
        return _of_reader(found, staff, now, order)
    early = None
    if found.told_early is not None and found.later is None:
        at = list_words.clock_words(found.told_early)
        early = reader_words.told_early(at.partition(" ")[0], at)
    shown, patient = view.row_view(found, staff, now), found.known_as
    if patient is not None and not shown.kana and not shown.kanji:
        person = EligibilityResult(name_kana=patient.name_kana)
        shown = replace(
            shown,
            kana=view.kana(person),
            born=words.japanese_date(patient.birth_date),
            born_iso=patient.birth_date.isoformat(),
            age=f"{words.age(patient.birth_date, dates.japanese_day(now))}歳",
        )
    return BoardRow(shown=shown, order=order, reader=False, early=early, by_card=patient is not None)


def _of_reader(found: ReaderRow, staff: tuple[StaffMember, ...], now: datetime, order: int) -> BoardRow:
    arrival = found.arrival
    shown = replace(
        view.row_view(_in_a_checkins_shape(found), staff, now),
        queue_number="",
        method="",
        kiosk=reader_words.READER,
        came=reader_words.CAME,
    )
    if arrival.failed is not None:
        verdict = reader_words.failed(arrival.failed)
        return BoardRow(shown=replace(shown, verdict=verdict, tone=verdict.tone, marks=()), order=order, reader=True)
    number = person_in(arrival.eligibility)[0] or None
    whose = reader_words.whose(arrival.found, arrival.patient, number)
    return BoardRow(shown=shown, order=order, reader=True, whose=whose)


def _in_a_checkins_shape(found: ReaderRow) -> Row:
    """The arrival as `row_view` can draw it. What it does not have (kiosk, number, method, card) is not shown."""
    arrival = found.arrival
    checkin = CheckIn(
        checkin_id=found.arrival_id,
        kiosk_id=KioskId("official-reader"),
        queue_number=None,
        opened_at=found.stamped_at,
        confirmed_at=found.stamped_at,
        complete=True,
        simulated=arrival.simulated,
        identity=Identity(Method.FACE),
        card=CardSeen("0" * 64, Notice.NONE),
        eligibility=arrival.eligibility,
        consents=arrival.consents,
        prescription=arrival.prescription,
    )
    return Row(
        receipt=0,
        checkin=checkin,
        record=b"",
        received_at=found.received_at,
        state=found.state,
        taken_by=found.taken_by,
    )
