"""The rows of the board: check-ins of our kiosks and arrivals at the official reader, in one list, each saying what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.reception import (
    checkins,
    hand_off_rows,
    hand_off_words,
    known,
    list_words,
    reader_rows,
    reader_words,
    revisits,
    view,
    words,
)
from kiosk.reception.checkins import MOST_DONE, Row
from kiosk.reception.database import Connection
from kiosk.reception.hand_off_words import HandedWord
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.reader_words import Whose
from kiosk.reception.revisits import Change
from kiosk.reception.row_moves import RowState
from kiosk.reception.schema import person_in
from kiosk.reception.settings import StaffMember
from kiosk.reception.view import RowView
from kiosk.record import dates
from kiosk.record.checkin import CardSeen, CheckIn, Identity
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, VisitId

_ORDER = {RowState.OPEN: 0, RowState.TAKEN: 1, RowState.DONE: 2}

AnyRow = Row | ReaderRow


@dataclass(frozen=True)
class VisitView:
    """One of several check-ins of a card on a day: the number that was given out, when, and what was answered."""

    checkin_id: str
    number: str
    time: str
    validity: Validity


@dataclass(frozen=True, repr=False)
class ChangeView:
    """What differs from the last visit: which cells, and a sentence that says what stood there then."""

    insurer: bool
    insured: bool
    copay: bool
    sentence: str


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
    visits: tuple[VisitView, ...] = ()
    """Every check-in of this card today where there is more than one (再受付), the oldest first."""
    change: ChangeView | None = None
    handed: HandedWord | None = None
    """How far the result is on its way to the claims computer, where there is one."""


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
        every.sort(key=_came_at, reverse=True)
        every.sort(key=lambda one: _ORDER[one.state])
        finished = sum(one.state is RowState.DONE for one in every)
        return every[: len(every) - max(0, finished - MOST_DONE)]

    return question


def _came_at(one: AnyRow) -> datetime:
    return one.came_at if isinstance(one, Row) else one.received_at


def _named(found: Row, connection: Connection) -> Row:
    """With what the clinic knows by the card: who came, where nothing in the row says so, and what has changed since."""
    if found.first is not None:
        return replace(found, first=_named(found.first, connection))
    told = _telling(found)
    found = replace(found, handed=tuple(hand_off_rows.of_checkin(told.checkin.checkin_id)(connection)))
    if told.checkin.card is None:
        return found
    if told.eligibility.results or told.checkin.eligibility.results:
        if found.state is RowState.DONE:
            return found
        person = view.shown_first(told.eligibility.results or told.checkin.eligibility.results)
        return replace(found, change=revisits.changed(told.receipt, told.checkin, person)(connection))
    by_card = known.by_card(told.checkin.card.fingerprint, simulated=told.checkin.simulated)
    return replace(found, known_as=by_card(connection))


def _telling(found: Row) -> Row:
    """Of a row and the check-ins that joined it, the newest that somebody answered; else the newest."""
    newest_first = [*reversed(found.visits), found]
    return next((one for one in newest_first if one.eligibility.source is not Source.NONE), newest_first[0])


def board_row(found: AnyRow, staff: tuple[StaffMember, ...], now: datetime) -> BoardRow:
    """The row as the board shows it; of a check-in that joined an earlier one, that one's row."""
    if isinstance(found, ReaderRow):
        return _of_reader(found, staff, now, _order(found))
    if found.first is not None:
        return board_row(found.first, staff, now)
    told = _telling(found)
    early = None
    if told.told_early is not None and told.later is None:
        at = list_words.clock_words(told.told_early)
        early = reader_words.told_early(at.partition(" ")[0], at)
    shown, patient = view.row_view(told, staff, now), found.known_as
    if told is not found:
        first = view.row_view(found, staff, now)
        shown = replace(
            shown,
            checkin_id=first.checkin_id,
            receipt=first.receipt,
            state=first.state,
            taken_by=first.taken_by,
            queue_number=first.queue_number,
        )
    if patient is not None and not shown.kana and not shown.kanji:
        person = EligibilityResult(name_kana=patient.name_kana)
        shown = replace(
            shown,
            kana=view.kana(person),
            born=words.japanese_date(patient.birth_date),
            born_iso=patient.birth_date.isoformat(),
            age=f"{words.age(patient.birth_date, dates.japanese_day(now))}歳",
        )
    return BoardRow(
        shown=shown,
        order=_order(found),
        reader=False,
        early=early,
        by_card=patient is not None,
        visits=_visits(found, now),
        change=None if found.change is None else _change(found.change),
        handed=hand_off_words.of(found.handed),
    )


def _order(found: AnyRow) -> int:
    return int(_came_at(found).timestamp() * 1000)


def _visits(found: Row, now: datetime) -> tuple[VisitView, ...]:
    if not found.visits:
        return ()
    return tuple(
        VisitView(
            one.checkin.checkin_id,
            one.checkin.queue_number or "",
            view.clock(one.checkin.confirmed_at, now),
            one.eligibility.validity,
        )
        for one in (found, *found.visits)
    )


def _change(change: Change) -> ChangeView:
    before = change.before
    stood = [("保険者番号", before.insurer_number or "なし")] if change.insurer else []
    if change.insured:
        parts = (before.insured_symbol, before.insured_number, before.insured_branch)
        stood.append(("記号・番号", "・".join(part for part in parts if part) or "なし"))
    if change.copay:
        stood.append(("負担", view.copay(before) or "なし"))
    said = "、".join(f"{name} {value}" for name, value in stood)
    sentence = f"前回（{change.day.month}/{change.day.day}）は {said}"
    return ChangeView(change.insurer, change.insured, change.copay, sentence)


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
