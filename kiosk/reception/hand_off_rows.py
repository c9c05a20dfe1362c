"""What is to be handed off, in the store: a row for each check-in, another for an answer that came later, in their order.

queued -> named (the name is chosen, a temporary file may be there) -> ready (the temporary file is whole and on the disk)
-> written (it has its name) -> taken (the claims computer took it away). A name is given to the file only in `ready`, and
renaming takes the temporary file away: so after any crash the folder itself tells what happened, even where the claims
computer was quicker than we were (`kiosk.reception.hand_off`). `nothing`: nobody answered, or it is not ours to write;
`refused`: it cannot be written as it is, which `reason` says in a word.

Changes are functions of a `Transaction`, questions of a `Connection`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from kiosk.reception import later_answers
from kiosk.reception.database import Connection, Found
from kiosk.reception.later_answers import ACTOR, LaterAnswer
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, dates
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.record.ids import VisitId

AT_ONCE: Final = 200
"""Check-ins that one change queues."""

_SINCE: Final = "hand_off_since"
_MARKED: Final = "hand_off_marked"


class HandOffState(StrEnum):
    """How far a row has come."""

    QUEUED = "queued"
    NAMED = "named"
    READY = "ready"
    WRITTEN = "written"
    TAKEN = "taken"
    REFUSED = "refused"
    NOTHING = "nothing"


@dataclass(frozen=True, repr=False)
class Queued:
    """What is to be written next. `later`: the answer that came after the check-in, where the row is about that one.

    `file`: a name that was chosen before, and never given to a file.
    """

    seq: int
    checkin: CheckIn
    later: LaterAnswer | None
    file: str | None
    asked_again: bool
    """The check-in's own answer stood in a list before the visit; it was asked for again, and that answer counts."""


@dataclass(frozen=True)
class Unreadable:
    """What would be next, and its record cannot be read any more."""

    seq: int


@dataclass(frozen=True)
class Watched:
    """A file that is on its way. `written_at` is None in `ready`. `erased`: the check-in that it is about is."""

    seq: int
    state: HandOffState
    file: str
    written_at: datetime | None
    erased: bool


@dataclass(frozen=True)
class HandOffRow:
    """How far one answer of a check-in has come, for the board."""

    later: bool
    state: HandOffState
    file: str | None
    gaiji: bool
    reason: str | None


def begin(transaction: Transaction) -> None:
    """From now on: what came before hand-off was switched on is not handed off."""
    transaction.run(
        "INSERT INTO meta(name, value) VALUES (?, (SELECT CAST(coalesce(max(receipt), 0) AS TEXT) FROM checkin))"
        " ON CONFLICT(name) DO NOTHING",
        _SINCE,
    )


def switched_off(transaction: Transaction) -> None:
    """Hand-off is not in the settings any more: nothing waits for it."""
    transaction.run("DELETE FROM meta WHERE name IN (?, ?)", _SINCE, _MARKED)
    transaction.run("DELETE FROM hand_off WHERE state IN ('queued', 'named')")


def is_on(connection: Connection) -> bool:
    """Whether hand-off was switched on when reception last ran."""
    return _meta(connection, _SINCE) is not None


def something_new(connection: Connection) -> bool:
    """Whether `sweep` would find anything."""
    return bool(_new_checkins(connection, 1) or _new_answers(connection, 1))


def sweep(transaction: Transaction) -> int:
    """Queue every answer that has no row yet, in the order in which they came; how many that were."""
    connection = transaction.connection
    rows = [(row, "first") for row in _new_checkins(connection, AT_ONCE)]
    rows += [(row, "later") for row in _new_answers(connection, AT_ONCE)]
    for row, answer in rows:
        transaction.run(
            "INSERT INTO hand_off(checkin_id, answer, receipt, queued_at, state) VALUES (?, ?, ?, ?, 'queued')"
            " ON CONFLICT(checkin_id, answer) DO NOTHING",
            *(row["checkin_id"], answer, row["receipt"], transaction.now_text),
        )
    return len(rows)


def forget(transaction: Transaction) -> None:
    """Erase what belongs to check-ins that are erased; a file that may still lie in the folder stays known."""
    transaction.run(
        "DELETE FROM hand_off WHERE NOT EXISTS (SELECT 1 FROM checkin WHERE checkin.checkin_id = hand_off.checkin_id)"
        " AND (state NOT IN ('ready', 'written') OR NOT EXISTS (SELECT 1 FROM meta WHERE name = ?))",
        _SINCE,
    )


def erase(seq: int) -> Callable[[Transaction], None]:
    """The file is gone, as the check-in that it was about."""

    def change(transaction: Transaction) -> None:
        if transaction.run("DELETE FROM hand_off WHERE seq = ?", seq):
            transaction.audit(ACTOR, "hand_off_erased")

    return change


def next_queued(connection: Connection) -> Queued | Unreadable | None:
    """The oldest that is not written yet."""
    row = connection.execute(
        "SELECT hand_off.seq, hand_off.answer, hand_off.file, checkin.record, later_answer.message,"
        " told_early.checkin_id AS early FROM hand_off JOIN checkin USING (checkin_id)"
        " LEFT JOIN later_answer USING (checkin_id) LEFT JOIN told_early USING (checkin_id)"
        " WHERE hand_off.state IN ('queued', 'named') ORDER BY hand_off.seq LIMIT 1"
    ).fetchone()
    if row is None:
        return None
    try:
        checkin = contract.from_json(row["record"])
        later = later_answers.from_json(row["message"]) if row["answer"] == "later" else None
    except (RecordError, ValueError):  # ValueError: what is no JSON at all
        return Unreadable(row["seq"])
    return Queued(row["seq"], checkin, later, row["file"], asked_again=later is None and row["early"] is not None)


def watched(connection: Connection) -> list[Watched]:
    """Files that lie, or may lie, in the folder; in their order."""
    found = connection.execute(
        "SELECT hand_off.seq, hand_off.state, file, written_at, checkin.receipt FROM hand_off"
        " LEFT JOIN checkin USING (checkin_id) WHERE hand_off.state IN ('ready', 'written') ORDER BY hand_off.seq"
    )
    return [
        Watched(
            row["seq"],
            HandOffState(row["state"]),
            row["file"],
            None if row["written_at"] is None else dates.instant(row["written_at"]),
            row["receipt"] is None,
        )
        for row in found
    ]


def under_way(connection: Connection) -> set[str]:
    """The final names of files that may still lie there under their temporary ones."""
    found = connection.execute("SELECT file FROM hand_off WHERE state IN ('named', 'ready')")
    return {row["file"] for row in found}


def knows(file: str) -> Callable[[Connection], bool]:
    """Whether a file of this name was ever ours."""

    def question(connection: Connection) -> bool:
        return connection.execute("SELECT 1 AS found FROM hand_off WHERE file = ?", (file,)).fetchone() is not None

    return question


def name(seq: int, file: str, *, gaiji: bool) -> Callable[[Transaction], bool]:
    """Choose the name of a file that will be written; False where the row has moved on. `gaiji`: ● stands in it."""

    def change(transaction: Transaction) -> bool:
        return bool(
            transaction.run(
                "UPDATE hand_off SET state = 'named', file = ?, gaiji = ? WHERE seq = ? AND state IN ('queued', 'named')",
                *(file, int(gaiji), seq),
            )
        )

    return change


def move(seq: int, file: str, to: HandOffState) -> Callable[[Transaction], bool]:
    """A file has come one step further; False where the row has moved on, or is about another file by now."""
    before = {HandOffState.READY: "named", HandOffState.WRITTEN: "ready", HandOffState.TAKEN: "written"}[to]

    def change(transaction: Transaction) -> bool:
        times = {
            HandOffState.WRITTEN: ", written_at = :now",
            HandOffState.TAKEN: ", settled_at = :now",
        }.get(to, "")
        moved = transaction.connection.execute(
            f"UPDATE hand_off SET state = :to{times} WHERE seq = :seq AND file = :file AND state = :before",  # noqa: S608
            {"to": to.value, "now": transaction.now_text, "seq": seq, "file": file, "before": before},
        ).rowcount
        if moved and to is not HandOffState.READY:
            _tell(transaction, seq, "handed_off" if to is HandOffState.WRITTEN else None)
        return bool(moved)

    return change


def settle(seq: int, state: HandOffState, reason: str) -> Callable[[Transaction], None]:
    """There is no file to write, for `reason`, which is a word."""

    def change(transaction: Transaction) -> None:
        transaction.run(
            "UPDATE hand_off SET state = ?, reason = ?, settled_at = ?, file = NULL WHERE seq = ?"
            " AND state IN ('queued', 'named')",
            *(state.value, reason, transaction.now_text, seq),
        )
        if state is HandOffState.REFUSED:
            _tell(transaction, seq, "hand_off_refused")

    return change


def of_checkin(checkin_id: VisitId) -> Callable[[Connection], list[HandOffRow]]:
    """How far each answer of a check-in has come; none where hand-off is not in use."""

    def question(connection: Connection) -> list[HandOffRow]:
        found = connection.execute("SELECT * FROM hand_off WHERE checkin_id = ? ORDER BY seq", (checkin_id,))
        return [_row(row) for row in found]

    return question


def refused_and_open(connection: Connection) -> int:
    """Check-ins that could not be written and that nobody at the desk has finished yet."""
    row = connection.execute(
        "SELECT count(*) AS number FROM hand_off JOIN checkin USING (checkin_id)"
        " WHERE hand_off.state = 'refused' AND checkin.state != 'done'"
    ).fetchone()
    return int(row["number"])


def marked(connection: Connection) -> str | None:
    """The folder that our mark was put into."""
    return _meta(connection, _MARKED)


def mark(folder: str) -> Callable[[Transaction], None]:
    """Our mark lies in this folder."""

    def change(transaction: Transaction) -> None:
        _note(transaction, _MARKED, folder)

    return change


def not_taken_since(rows: list[Watched], now: datetime, within: float) -> bool:
    """Whether a file of these has lain there for longer than `within` seconds."""
    return any(row.written_at is not None and now - row.written_at > timedelta(seconds=within) for row in rows)


def _new_checkins(connection: Connection, most: int) -> list[Found]:
    return connection.execute(
        "SELECT checkin_id, receipt FROM checkin WHERE receipt > (SELECT max(n) FROM"
        " (SELECT CAST(value AS BIGINT) AS n FROM meta WHERE name = ?"
        " UNION ALL SELECT coalesce(max(receipt), 0) AS n FROM hand_off) AS swept) ORDER BY receipt LIMIT ?",
        (_SINCE, most),
    ).fetchall()


def _new_answers(connection: Connection, most: int) -> list[Found]:
    return connection.execute(
        "SELECT later_answer.checkin_id, checkin.receipt FROM later_answer JOIN checkin USING (checkin_id)"
        " WHERE checkin.receipt > (SELECT CAST(value AS BIGINT) FROM meta WHERE name = ?)"
        " AND checkin.receipt <= (SELECT coalesce(max(receipt), 0) FROM hand_off)"
        " AND NOT EXISTS (SELECT 1 FROM hand_off WHERE hand_off.checkin_id = later_answer.checkin_id"
        " AND hand_off.answer = 'later') ORDER BY later_answer.received_at, checkin.receipt LIMIT ?",
        (_SINCE, most),
    ).fetchall()


def _tell(transaction: Transaction, seq: int, action: str | None) -> None:
    row = transaction.one(
        "SELECT checkin_id, checkin.state FROM hand_off JOIN checkin USING (checkin_id) WHERE hand_off.seq = ?", seq
    )
    if row is None:
        return
    transaction.tell("checkin", checkin_id=row["checkin_id"], state=row["state"], new=False)
    if action is not None:
        transaction.audit(ACTOR, action, about=row["checkin_id"])


def _row(row: Found) -> HandOffRow:
    return HandOffRow(
        row["answer"] == "later", HandOffState(row["state"]), row["file"], bool(row["gaiji"]), row["reason"]
    )


def _meta(connection: Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row["value"])


def _note(transaction: Transaction, name: str, value: str) -> None:
    transaction.run(
        "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        *(name, value),
    )
