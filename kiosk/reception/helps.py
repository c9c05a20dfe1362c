"""Calls for help: kept once, shown in the trouble lane until somebody at the desk has seen to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction
from kiosk.record import dates, door, ids
from kiosk.record.door import HelpCall, HelpReason


@dataclass(frozen=True)
class HelpRow:
    """A call as it stands at the desk. `received_at` is reception's own time."""

    call: HelpCall
    received_at: datetime
    done: bool


def keep(call: HelpCall) -> Callable[[Transaction], bool]:
    """Keep a call; True if it is new. Raises `RefusedError` (409) where its id is kept with other content."""
    sha256 = hashlib.sha256(json.dumps(door.help_json(call), sort_keys=True).encode()).hexdigest()

    def change(transaction: Transaction) -> bool:
        before = transaction.one("SELECT sha256 FROM help WHERE help_id = ?", call.help_id)
        if before is not None:
            if before["sha256"] != sha256:
                raise RefusedError(409, "other_body", "a help call with this id is kept already, with other content")
            return False
        transaction.run(
            "INSERT INTO help(help_id, sha256, kiosk_id, visit_id, reason, stage, called_at, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(call.help_id, sha256, call.kiosk_id, call.visit_id, call.reason.value, call.stage),
            *(dates.instant_text(call.at), transaction.now_text),
        )
        transaction.tell("help", help_id=call.help_id, kiosk_id=call.kiosk_id, state="open", new=True)
        return True

    return change


def done(help_id: str, staff_id: str) -> Callable[[Transaction], None]:
    """Somebody has seen to it; saying so twice changes nothing. Raises `RefusedError` (404)."""

    def change(transaction: Transaction) -> None:
        before = transaction.one("SELECT kiosk_id, done_at FROM help WHERE help_id = ?", help_id)
        if before is None:
            raise RefusedError(404, "no_such_help", "この呼び出しは見つかりません。")
        if before["done_at"] is not None:
            return
        transaction.run(
            "UPDATE help SET done_at = ?, done_by = ? WHERE help_id = ?", transaction.now_text, staff_id, help_id
        )
        transaction.tell("help", help_id=help_id, kiosk_id=before["kiosk_id"], state="done", new=False)
        transaction.audit(staff_id, "help_done", kiosk_id=before["kiosk_id"], about=help_id)

    return change


def open_calls(connection: Connection) -> list[HelpRow]:
    """What the trouble lane shows: open calls, the oldest first, whichever day they are of."""
    found = connection.execute("SELECT * FROM help WHERE done_at IS NULL ORDER BY received_at, help_id").fetchall()
    return [_row(each) for each in found]


def call(help_id: str) -> Callable[[Connection], HelpRow | None]:
    """One call, if there is one."""

    def question(connection: Connection) -> HelpRow | None:
        found = connection.execute("SELECT * FROM help WHERE help_id = ?", (help_id,)).fetchone()
        return None if found is None else _row(found)

    return question


def _row(found: Found) -> HelpRow:
    return HelpRow(
        HelpCall(
            help_id=found["help_id"],
            kiosk_id=ids.kiosk_id(found["kiosk_id"]),
            visit_id=None if found["visit_id"] is None else ids.visit_id(found["visit_id"]),
            reason=HelpReason(found["reason"]),
            stage=found["stage"],
            at=dates.instant(found["called_at"]),
        ),
        received_at=dates.instant(found["received_at"]),
        done=found["done_at"] is not None,
    )
