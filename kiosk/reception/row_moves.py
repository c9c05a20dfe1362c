"""Where the desk is with a row, and what staff do with it: the same for a check-in and for an official reader's arrival."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction


class RowState(StrEnum):
    """Where the desk is with a patient: 未対応, 対応中, 済."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"


class RowMove(StrEnum):
    """What staff do with a row. `BACK` undoes the last of the others."""

    TAKE = "take"
    FINISH = "finish"
    BACK = "back"


MOVES: Final = {
    (RowMove.TAKE, RowState.OPEN): RowState.TAKEN,
    (RowMove.FINISH, RowState.TAKEN): RowState.DONE,
    (RowMove.BACK, RowState.TAKEN): RowState.OPEN,
    (RowMove.BACK, RowState.DONE): RowState.TAKEN,
}


@dataclass(frozen=True)
class Rows:
    """A table whose rows the desk moves: how one is looked at and written, by its id, and those that joined it with it."""

    look: str
    write: str
    write_joined: str = ""


CHECKINS: Final = Rows(
    "SELECT state, taken_by FROM checkin WHERE checkin_id = ? AND first_id = ''",
    "UPDATE checkin SET state = ?, taken_by = ?, moved_at = ? WHERE checkin_id = ?",
    "UPDATE checkin SET state = ?, taken_by = ?, moved_at = ? WHERE first_id = ?",
)
READER_ARRIVALS: Final = Rows(
    "SELECT state, taken_by FROM reader_arrival WHERE arrival_id = ?",
    "UPDATE reader_arrival SET state = ?, taken_by = ?, moved_at = ? WHERE arrival_id = ?",
)


def moved(rows: Rows, row_id: str, step: RowMove, staff_id: str) -> Callable[[Transaction], RowState]:
    """Take, finish or give back a row. Raises `RefusedError`: 404, or 409 where somebody else was faster."""

    def change(transaction: Transaction) -> RowState:
        found = transaction.one(rows.look, row_id)
        if found is None:
            raise RefusedError(404, "no_such_row", "この受付は見つかりません。")
        state = MOVES.get((step, RowState(found["state"])))
        if state is None:
            raise RefusedError(409, "already_moved", "ほかの人が先に操作しました。表示を新しくしました。")
        taken_by = staff_id if step is RowMove.TAKE else None if state is RowState.OPEN else found["taken_by"]
        transaction.run(rows.write, state.value, taken_by, transaction.now_text, row_id)
        if rows.write_joined:
            transaction.run(rows.write_joined, state.value, taken_by, transaction.now_text, row_id)
        transaction.tell("checkin", checkin_id=row_id, state=state.value, new=False)
        transaction.audit(staff_id, f"row_{step.value}", about=row_id)
        return state

    return change
