"""The kiosks as witnesses of the audit log: each is told its end, and says with its next heartbeat what it was told.

Who holds reception's key could write the log anew, or bring back an old copy of it; then it no longer fits what the kiosks
have seen (domain/reception-and-reliability.md 3.3). A misfit stays at the board until an administrator has seen to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kiosk.reception import audit
from kiosk.reception.database import Connection
from kiosk.reception.store import Transaction
from kiosk.record import dates
from kiosk.record.door import AuditSeen
from kiosk.record.ids import KioskId

TROUBLE: Final = "audit"
"""What the board's trouble lane is told: event kind "trouble", flags {trouble: "audit", kiosk_id, open}."""


@dataclass(frozen=True)
class Misfit:
    """A kiosk that has seen entry `seq` otherwise than the log has it."""

    kiosk_id: str
    seq: int
    at: datetime


def heard(kiosk_id: KioskId, seen: AuditSeen) -> Callable[[Transaction], None]:
    """Note what a kiosk has seen; where the log says otherwise, write it down and tell the board, once."""

    def change(transaction: Transaction) -> None:
        before = transaction.one("SELECT * FROM witness WHERE kiosk_id = ?", kiosk_id)
        if before is not None and (before["seq"], before["hash"]) == (seen.seq, seen.hash):
            return
        misfits = fits(transaction.connection, seen) is False
        if misfits and before is not None and before["misfit_seq"] == seen.seq:
            return
        transaction.run(
            "INSERT INTO witness(kiosk_id, seq, hash, seen_at) VALUES (?, ?, ?, ?) ON CONFLICT(kiosk_id) DO UPDATE SET"
            " seq = excluded.seq, hash = excluded.hash, seen_at = excluded.seen_at",
            *(kiosk_id, seen.seq, seen.hash, transaction.now_text),
        )
        if misfits:
            transaction.run(
                "UPDATE witness SET misfit_seq = ?, misfit_at = ? WHERE kiosk_id = ?",
                *(seen.seq, transaction.now_text, kiosk_id),
            )
            transaction.audit(kiosk_id, "audit_misfit", kiosk_id=kiosk_id, about=str(seen.seq))
            transaction.tell("trouble", trouble=TROUBLE, kiosk_id=kiosk_id, open=True)

    return change


def fits(connection: Connection, seen: AuditSeen) -> bool | None:
    """Whether the log has the entry that was seen, as it was seen; None where it was cut off for its age."""
    anchor = audit.place(connection, audit.ANCHOR)
    if anchor is not None and seen.seq <= anchor.seq:
        return seen.hash == anchor.hash if seen.seq == anchor.seq else None
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (seen.seq,)).fetchone()
    return row is not None and row["hash"] == seen.hash


def misfits(connection: Connection) -> list[Misfit]:
    """The kiosks that have seen another log, until an administrator has seen to it."""
    found = connection.execute("SELECT * FROM witness WHERE misfit_seq IS NOT NULL ORDER BY kiosk_id")
    return [Misfit(row["kiosk_id"], row["misfit_seq"], dates.instant(row["misfit_at"])) for row in found]


def every(connection: Connection) -> list[tuple[str, AuditSeen]]:
    """What each kiosk has seen last."""
    found = connection.execute("SELECT kiosk_id, seq, hash FROM witness ORDER BY kiosk_id")
    return [(row["kiosk_id"], AuditSeen(row["seq"], row["hash"])) for row in found]


def seen_to(by: str) -> Callable[[Transaction], None]:
    """An administrator knows why; the board is told that it is over."""

    def change(transaction: Transaction) -> None:
        for misfit in misfits(transaction.connection):
            transaction.run(
                "UPDATE witness SET misfit_seq = NULL, misfit_at = NULL WHERE kiosk_id = ?", misfit.kiosk_id
            )
            transaction.audit(by, "audit_misfit_seen_to", kiosk_id=misfit.kiosk_id, about=str(misfit.seq))
            transaction.tell("trouble", trouble=TROUBLE, kiosk_id=misfit.kiosk_id, open=False)

    return change
