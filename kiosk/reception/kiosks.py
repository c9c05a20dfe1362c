"""What is known of each kiosk: its last heartbeat, and when it was heard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.reception.database import Connection, Found
from kiosk.reception.store import Transaction
from kiosk.record import dates, ids
from kiosk.record.door import Heartbeat
from kiosk.record.ids import KioskId

SILENT_AFTER = timedelta(seconds=30)
"""Three heartbeats missed: 応答なし (domain/reception-and-reliability.md 6.2)."""


@dataclass(frozen=True)
class KioskRow:
    """A kiosk's last heartbeat; `heard_at` is reception's own time."""

    beat: Heartbeat
    heard_at: datetime

    def silent(self, now: datetime) -> bool:
        """Whether it has not been heard for too long."""
        return now - self.heard_at > SILENT_AFTER


def heard(beat: Heartbeat) -> Callable[[Transaction], None]:
    """Note a heartbeat. The board is told for good where something changed, in passing where nothing did."""

    def change(transaction: Transaction) -> None:
        before = transaction.one("SELECT * FROM kiosk WHERE kiosk_id = ?", beat.kiosk_id)
        transaction.run(
            "INSERT INTO kiosk(kiosk_id, heard_at, kiosk_at, service, stage, visit_id, pending, parked, oldest_age)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(kiosk_id) DO UPDATE SET heard_at = excluded.heard_at,"
            " kiosk_at = excluded.kiosk_at, service = excluded.service, stage = excluded.stage,"
            " visit_id = excluded.visit_id, pending = excluded.pending, parked = excluded.parked,"
            " oldest_age = excluded.oldest_age",
            *(beat.kiosk_id, transaction.now_text, dates.instant_text(beat.at), beat.service, beat.stage),
            *(beat.visit_id, beat.pending, beat.parked, beat.oldest_age),
        )
        if before is None or _shown(_row(before).beat) != _shown(beat) or _row(before).silent(transaction.now):
            transaction.tell("kiosk", kiosk_id=beat.kiosk_id)
        else:
            transaction.tell_in_passing("kiosk", kiosk_id=beat.kiosk_id, unchanged=True)

    return change


def kiosk(kiosk_id: KioskId) -> Callable[[Connection], KioskRow | None]:
    """One kiosk, if it was ever heard."""

    def question(connection: Connection) -> KioskRow | None:
        found = connection.execute("SELECT * FROM kiosk WHERE kiosk_id = ?", (kiosk_id,)).fetchone()
        return None if found is None else _row(found)

    return question


def all_kiosks(connection: Connection) -> list[KioskRow]:
    """Every kiosk ever heard, by id."""
    return [_row(found) for found in connection.execute("SELECT * FROM kiosk ORDER BY kiosk_id")]


def _shown(beat: Heartbeat) -> tuple[object, ...]:
    return beat.service, beat.stage, beat.visit_id, beat.pending, beat.parked


def _row(found: Found) -> KioskRow:
    return KioskRow(
        Heartbeat(
            kiosk_id=ids.kiosk_id(found["kiosk_id"]),
            at=dates.instant(found["kiosk_at"]),
            service=found["service"],
            stage=found["stage"],
            visit_id=None if found["visit_id"] is None else ids.visit_id(found["visit_id"]),
            pending=found["pending"],
            parked=found["parked"],
            oldest_age=found["oldest_age"],
        ),
        heard_at=dates.instant(found["heard_at"]),
    )
