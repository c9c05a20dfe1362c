"""Cutting the audit log off at the front where it is too old, so that what stays can still be verified.

The number and hash of the last entry erased become the anchor that the log begins at, and an entry at its end says so: an
anchor that somebody else moved is one that no entry confirms.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from kiosk.reception import audit
from kiosk.reception.audit import Head
from kiosk.reception.store import Transaction
from kiosk.record import dates

AT_ONCE: Final = 20_000


def cut(kept: timedelta) -> Callable[[Transaction], bool]:
    """Erase a piece of what is older than `kept`; whether there may be more. The last entry always stays."""

    def change(transaction: Transaction) -> bool:
        connection, before = transaction.connection, dates.instant_text(transaction.now - kept)
        anchor = audit.place(connection, audit.ANCHOR)
        first = 0 if anchor is None else anchor.seq
        # Up to the first entry that is young enough: in the order of the numbers, whatever a clock once said.
        young = transaction.one("SELECT min(seq) AS seq FROM audit WHERE at >= ?", before)
        end = audit.head(connection).seq if young is None or young["seq"] is None else young["seq"]
        last = transaction.one("SELECT max(seq) AS seq FROM audit WHERE seq < ? AND seq <= ?", end, first + AT_ONCE)
        if last is None or last["seq"] is None:
            return False
        row = transaction.one("SELECT seq, hash FROM audit WHERE seq = ?", last["seq"])
        if row is not None and row["hash"] == audit.NOTHING:  # they go together with the first entry that binds them
            row = transaction.one("SELECT seq, hash FROM audit WHERE hash != '' AND seq < ? ORDER BY seq LIMIT 1", end)
        if row is None:
            return False
        with transaction.lifted("audit_is_never_erased", "audit"):
            count = transaction.run("DELETE FROM audit WHERE seq <= ?", row["seq"])
        audit.note_place(connection, audit.ANCHOR, Head(row["seq"], row["hash"]))
        transaction.audit("reception", audit.CUT, about=str(row["seq"]), note=row["hash"])
        return count >= AT_ONCE

    return change
