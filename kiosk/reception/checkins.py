"""Check-ins in the store: kept once, taken and finished by the desk, read back for the board."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from kiosk.reception import later_answers, revisits, visual
from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError, StoreError
from kiosk.reception.hand_off_rows import HandOffRow
from kiosk.reception.known import KnownPatient
from kiosk.reception.later_answers import LaterAnswer
from kiosk.reception.revisits import Change
from kiosk.reception.row_moves import RowState
from kiosk.reception.schema import found_again_by, found_by, person_in
from kiosk.reception.store import Transaction
from kiosk.record import checkin as contract
from kiosk.record import dates
from kiosk.record.checkin import CheckIn, Eligibility
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, VisitId

MOST_DONE = 300
"""Finished rows that a board shows at most; whoever is not finished is always there."""


@dataclass(frozen=True, repr=False)
class Arrival:
    """A check-in as it came through the kiosk door. `record` is the opened JSON, kept as it came."""

    checkin: CheckIn
    record: bytes
    sha256: str
    kiosk_seq: int


@dataclass(frozen=True)
class Receipt:
    """`number` counts what reception keeps; `new` is False when it was there already."""

    number: int
    new: bool


@dataclass(frozen=True, repr=False)
class Row:
    """A check-in as it stands at the desk. `record` is the JSON as it came; `later` an answer that came after it."""

    receipt: int
    checkin: CheckIn
    record: bytes
    received_at: datetime
    state: RowState
    taken_by: str | None
    later: LaterAnswer | None = None
    told_early: datetime | None = None
    """When the system gave the answer that stood in a list already before this visit, where that is what the kiosk got."""
    unvouched: bool = False
    """The kiosk says that staff confirmed this person by sight, and nobody was granted that check."""
    known_as: KnownPatient | None = None
    """Whom the clinic knows by the card, where no answer and not the card itself says who came."""
    visits: tuple[Row, ...] = ()
    """Check-ins of the same card and day that joined this row, the oldest first (再受付)."""
    first: Row | None = None
    """The row that this check-in joined: that one is the board's."""
    first_id: str = ""
    """The id of that row."""
    change: Change | None = None
    """What differs from the card's last visit, where somebody looked."""
    handed: tuple[HandOffRow, ...] = ()
    """How far its answers have come on their way to the claims computer, where somebody looked."""

    @property
    def came_at(self) -> datetime:
        """When it came, or came again."""
        return max((self.received_at, *(visit.received_at for visit in self.visits)))

    @property
    def eligibility(self) -> Eligibility:
        """The answer that holds: the later one where there is one."""
        return self.checkin.eligibility if self.later is None else self.later.eligibility


def known(checkin_id: VisitId, kiosk_id: KioskId, sha256: str) -> Callable[[Connection], Receipt | None]:
    """Look up whether this very body is kept already. Raises `RefusedError` (409) where the id is kept with another body."""

    def question(connection: Connection) -> Receipt | None:
        return _known(connection, checkin_id, kiosk_id, sha256)

    return question


def keep(arrival: Arrival) -> Callable[[Transaction], Receipt]:
    """Keep a check-in, once. Raises `RefusedError` (409) as `known`."""

    def change(transaction: Transaction) -> Receipt:
        checkin = arrival.checkin
        card, answered = found_by(checkin)
        # What a list said before the visit is no answer of the visit: it is asked again.
        row = transaction.one(
            "INSERT INTO checkin(checkin_id, sha256, kiosk_id, kiosk_seq, received_at, record, card, answered,"
            " reference, born, day, number, kana, simulated)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM told_early WHERE checkin_id = ?) THEN 0 ELSE ? END,"
            " ?, ?, ?, ?, ?, ?) ON CONFLICT(checkin_id) DO NOTHING RETURNING receipt",
            *(checkin.checkin_id, arrival.sha256, checkin.kiosk_id, arrival.kiosk_seq),
            *(
                transaction.now_text,
                arrival.record,
                card,
                checkin.checkin_id,
                answered,
                *person_in(checkin.eligibility),
            ),
            *found_again_by(checkin),
        )
        if row is None:
            before = _known(transaction.connection, checkin.checkin_id, checkin.kiosk_id, arrival.sha256)
            if before is None:
                raise StoreError("the check-in is neither new nor there")
            return before
        transaction.audit(checkin.kiosk_id, "checkin_kept", kiosk_id=checkin.kiosk_id, about=checkin.checkin_id)
        _vouch(transaction, checkin)
        flags = {"first_id": first_id} if (first_id := revisits.join(transaction, checkin, card)) else {}
        transaction.tell("checkin", checkin_id=checkin.checkin_id, state=RowState.OPEN.value, new=True, **flags)
        return Receipt(row["receipt"], new=True)

    return change


def _vouch(transaction: Transaction, checkin: CheckIn) -> None:
    """Note a visual check that nobody was granted: the check-in is kept, and the desk is to look at the person."""
    identity = checkin.identity
    if identity is None or identity.method is not Method.VISUAL:
        return
    staff_id = str(identity.staff_id)
    if not visual.vouched(checkin.kiosk_id, checkin.checkin_id, staff_id)(transaction.connection):
        transaction.run("INSERT INTO unvouched(checkin_id) VALUES (?)", checkin.checkin_id)
        transaction.audit(
            "reception", "visual_unvouched", kiosk_id=checkin.kiosk_id, about=checkin.checkin_id, note=staff_id
        )


_ROWS = (
    "SELECT checkin.*, later_answer.message AS later, told_early.answered_at AS told_early,"
    " unvouched.checkin_id AS unvouched FROM checkin LEFT JOIN later_answer USING (checkin_id)"
    " LEFT JOIN told_early USING (checkin_id) LEFT JOIN unvouched USING (checkin_id)"
)


def row(checkin_id: VisitId) -> Callable[[Connection], Row | None]:
    """One row, if there is one."""

    def question(connection: Connection) -> Row | None:
        found = connection.execute(f"{_ROWS} WHERE checkin_id = ?", (checkin_id,)).fetchone()
        if found is None:
            return None
        if found["first_id"]:
            return replace(_row(found), first=row(VisitId(found["first_id"]))(connection))
        return _with_visits(connection, found)

    return question


def rows_on_board(now: datetime) -> Callable[[Connection], list[Row]]:
    """What the board shows, in its order: unhandled, taken, done of today (Japan); the newest first in each."""
    midnight = dates.instant_text(datetime.combine(dates.japanese_day(now), time(), dates.JST))

    def question(connection: Connection) -> list[Row]:
        found = connection.execute(f"{_ROWS} WHERE state = 'open' AND first_id = '' ORDER BY receipt DESC").fetchall()
        found += connection.execute(f"{_ROWS} WHERE state = 'taken' AND first_id = '' ORDER BY receipt DESC").fetchall()
        found += connection.execute(
            f"{_ROWS} WHERE state = 'done' AND first_id = '' AND checkin.received_at >= ? ORDER BY receipt DESC LIMIT ?",
            (midnight, MOST_DONE),
        ).fetchall()
        return [_with_visits(connection, each) for each in found]

    return question


def rows_of(day: date, most: int) -> Callable[[Connection], list[Row]]:
    """Every check-in of `day` (of Japan), those too that joined another one, in the order they came; at most `most`."""

    def question(connection: Connection) -> list[Row]:
        found = connection.execute(f"{_ROWS} WHERE day = ? ORDER BY receipt LIMIT ?", (day.isoformat(), most))
        return [_row(each) for each in found]

    return question


def rows_since(receipt: int, most: int = 200) -> Callable[[Connection], list[Row]]:
    """Rows with a greater receipt number, oldest first."""

    def question(connection: Connection) -> list[Row]:
        found = connection.execute(f"{_ROWS} WHERE receipt > ? ORDER BY receipt LIMIT ?", (receipt, most)).fetchall()
        return [_row(each) for each in found]

    return question


def _with_visits(connection: Connection, found: Found) -> Row:
    first = _row(found)
    if not found["came_at"]:
        return first
    again = connection.execute(f"{_ROWS} WHERE first_id = ? ORDER BY receipt", (first.checkin.checkin_id,)).fetchall()
    return replace(first, visits=tuple(_row(each) for each in again))


def _known(connection: Connection, checkin_id: str, kiosk_id: str, sha256: str) -> Receipt | None:
    found = connection.execute(
        "SELECT receipt, kiosk_id, sha256 FROM checkin WHERE checkin_id = ?", (checkin_id,)
    ).fetchone()
    if found is None:
        return None
    if (found["kiosk_id"], found["sha256"]) != (kiosk_id, sha256):
        raise RefusedError(409, "other_body", "a check-in with this id is kept already, with another body or kiosk")
    return Receipt(found["receipt"], new=False)


def _row(found: Found) -> Row:
    return Row(
        receipt=found["receipt"],
        checkin=contract.from_json(found["record"]),
        record=found["record"],
        received_at=dates.instant(found["received_at"]),
        state=RowState(found["state"]),
        taken_by=found["taken_by"],
        later=None if found["later"] is None else later_answers.from_json(found["later"]),
        told_early=None if found["told_early"] is None else dates.instant(found["told_early"]),
        first_id=found["first_id"],
        unvouched=found["unvouched"] is not None,
    )
