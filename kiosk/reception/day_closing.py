"""Closing a day: the desk says that it is over, and what was still open or on its way then is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from kiosk.reception import day_sums
from kiosk.reception.database import Connection
from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction
from kiosk.record import dates


@dataclass(frozen=True)
class Closing:
    """When a day was closed, by whom, and what was left then."""

    at: datetime
    by: str
    left_open: int
    left_unsent: int


def close(day: date, staff_id: str, *, anyway: bool) -> Callable[[Transaction], None]:
    """Close `day`; a second time replaces the first.

    Raises `RefusedError` (409) where something is left to do and nobody said `anyway`.
    """

    def change(transaction: Transaction) -> None:
        sums = day_sums.sums(day)(transaction.connection)
        if not sums.is_closed_up and not anyway:
            raise RefusedError(409, "left_open", "残っている受付があります。確かめてから、もう一度締めてください。")
        left_open = sums.left_open + sums.left_taken
        transaction.run(
            "INSERT INTO day_closing(day, closed_at, closed_by, left_open, left_unsent) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT(day) DO UPDATE SET closed_at = excluded.closed_at, closed_by = excluded.closed_by,"
            " left_open = excluded.left_open, left_unsent = excluded.left_unsent",
            *(day.isoformat(), transaction.now_text, staff_id, left_open, sums.left_unsent),
        )
        note = f"open {left_open}, unsent {sums.left_unsent}"
        transaction.audit(staff_id, "day_closed", about=day.isoformat(), note=note)

    return change


def closing(day: date) -> Callable[[Connection], Closing | None]:
    """How `day` was closed, if it was."""

    def question(connection: Connection) -> Closing | None:
        row = connection.execute("SELECT * FROM day_closing WHERE day = ?", (day.isoformat(),)).fetchone()
        if row is None:
            return None
        return Closing(dates.instant(row["closed_at"]), row["closed_by"], row["left_open"], row["left_unsent"])

    return question
