"""Which kiosks may come in: one row a public key. To be let in is to stand here, and to be shut out is a row's change.

A kiosk's older key stays good until the one that replaces it was seen at the door
(domain/reception-and-reliability.md section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiosk.reception.authority import Issued
from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction
from kiosk.record import dates, ids
from kiosk.record.ids import KioskId

RENEW_AT_MOST_EVERY = timedelta(minutes=1)
RENEWED = "renewed"
"""Who shut an older key out, where its successor did."""
MOST_REVOKED_SHOWN = 20


@dataclass(frozen=True)
class Device:
    """One public key of one kiosk. `seen_at`: when it first came in; `replaces`: the key it was renewed with."""

    key_hash: str
    kiosk_id: KioskId
    not_before: datetime
    not_after: datetime
    paired_at: datetime
    paired_by: str
    replaces: str | None
    seen_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None

    def days_left(self, now: datetime) -> int:
        """Whole days until its certificate ends; negative once it has."""
        return (self.not_after - now) // timedelta(days=1)


def by_key(key_hash: str) -> Callable[[Connection], Device | None]:
    """The device with that public key, shut out or not."""

    def question(connection: Connection) -> Device | None:
        found = connection.execute("SELECT * FROM device WHERE key_hash = ?", (key_hash,)).fetchone()
        return None if found is None else _device(found)

    return question


def allowed(connection: Connection) -> list[Device]:
    """Every device that is not shut out, by kiosk, the newest first."""
    rows = connection.execute(
        "SELECT * FROM device WHERE revoked_at IS NULL ORDER BY kiosk_id, paired_at DESC, key_hash"
    )
    return [_device(row) for row in rows]


def shut_out(connection: Connection) -> list[Device]:
    """The devices that staff shut out last; renewed keys are no news."""
    rows = connection.execute(
        "SELECT * FROM device WHERE revoked_at IS NOT NULL AND revoked_by != ?"
        " ORDER BY revoked_at DESC, key_hash LIMIT ?",
        (RENEWED, MOST_REVOKED_SHOWN),
    )
    return [_device(row) for row in rows]


def pair(issued: Issued, kiosk_id: KioskId, by: str) -> Callable[[Transaction], None]:
    """Let a kiosk in with a new key. Whatever had its id before is shut out. Raises `RefusedError` (409)."""

    def change(transaction: Transaction) -> None:
        if transaction.one("SELECT 1 AS known FROM device WHERE key_hash = ?", issued.key_hash) is not None:
            raise RefusedError(
                409, "known_key", "この受付機の鍵はすでに登録されています。受付機で kiosk enrol をやり直してください。"
            )
        _shut_out(transaction, kiosk_id, by)
        _insert(transaction, issued, kiosk_id, by, None)
        transaction.audit(by, "kiosk_paired", kiosk_id=kiosk_id, about=issued.key_hash)
        transaction.tell("kiosk", kiosk_id=kiosk_id)

    return change


def renew(issued: Issued, device: Device) -> Callable[[Transaction], None]:
    """Let `device` in with another key too. Raises `RefusedError`: 409 known already, 429 it did so a moment ago."""

    def change(transaction: Transaction) -> None:
        latest = transaction.one(
            "SELECT max(paired_at) AS at FROM device WHERE kiosk_id = ? AND paired_by = ?", device.kiosk_id, RENEWED
        )
        if latest is not None and latest["at"] is not None:
            since = transaction.now - dates.instant(latest["at"])
            if timedelta(0) <= since < RENEW_AT_MOST_EVERY:
                raise RefusedError(429, "too_often", "this kiosk was given a certificate less than a minute ago")
        if transaction.one("SELECT 1 AS known FROM device WHERE key_hash = ?", issued.key_hash) is not None:
            raise RefusedError(409, "known_key", "this public key was used before: a renewal takes a new one")
        transaction.run("DELETE FROM device WHERE replaces = ? AND seen_at IS NULL", device.key_hash)
        _insert(transaction, issued, device.kiosk_id, RENEWED, device.key_hash)
        transaction.audit(device.kiosk_id, "kiosk_certificate_renewed", kiosk_id=device.kiosk_id, about=issued.key_hash)

    return change


def seen(device: Device) -> Callable[[Transaction], None]:
    """It came in for the first time: the key that it replaces is done with."""

    def change(transaction: Transaction) -> None:
        transaction.run(
            "UPDATE device SET seen_at = ? WHERE key_hash = ? AND seen_at IS NULL",
            transaction.now_text,
            device.key_hash,
        )
        if device.replaces is None:
            return
        gone = transaction.run(
            "UPDATE device SET revoked_at = ?, revoked_by = ? WHERE key_hash = ? AND revoked_at IS NULL",
            *(transaction.now_text, RENEWED, device.replaces),
        )
        if gone:
            transaction.audit(device.kiosk_id, "kiosk_replaced", kiosk_id=device.kiosk_id, about=device.replaces)

    return change


def revoke(key_hash: str, by: str) -> Callable[[Transaction], KioskId]:
    """Shut a kiosk out, with every key it has. Raises `RefusedError`: 404 none such, 409 it is out already."""

    def change(transaction: Transaction) -> KioskId:
        found = transaction.one("SELECT kiosk_id, revoked_at FROM device WHERE key_hash = ?", key_hash)
        if found is None:
            raise RefusedError(404, "no_such_device", "この受付機は見つかりません。")
        kiosk_id = ids.kiosk_id(found["kiosk_id"])
        if found["revoked_at"] is not None or not _shut_out(transaction, kiosk_id, by):
            raise RefusedError(409, "revoked_before", "この受付機の登録はすでに取り消されています。")
        transaction.tell("kiosk", kiosk_id=kiosk_id)
        return kiosk_id

    return change


def _shut_out(transaction: Transaction, kiosk_id: KioskId, by: str) -> bool:
    """Shut out every key of a kiosk; whether there was one."""
    keys = transaction.connection.execute(
        "SELECT key_hash FROM device WHERE kiosk_id = ? AND revoked_at IS NULL ORDER BY key_hash", (kiosk_id,)
    ).fetchall()
    for row in keys:
        transaction.run(
            "UPDATE device SET revoked_at = ?, revoked_by = ? WHERE key_hash = ?",
            *(transaction.now_text, by, row["key_hash"]),
        )
        transaction.audit(by, "kiosk_revoked", kiosk_id=kiosk_id, about=row["key_hash"])
    return bool(keys)


def _insert(transaction: Transaction, issued: Issued, kiosk_id: KioskId, by: str, replaces: str | None) -> None:
    transaction.run(
        "INSERT INTO device(key_hash, kiosk_id, not_before, not_after, paired_at, paired_by, replaces)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        *(issued.key_hash, kiosk_id, dates.instant_text(issued.not_before), dates.instant_text(issued.not_after)),
        *(transaction.now_text, by, replaces),
    )


def _device(found: Found) -> Device:
    def at(text: str | None) -> datetime | None:
        return None if text is None else dates.instant(text)

    return Device(
        key_hash=found["key_hash"],
        kiosk_id=ids.kiosk_id(found["kiosk_id"]),
        not_before=dates.instant(found["not_before"]),
        not_after=dates.instant(found["not_after"]),
        paired_at=dates.instant(found["paired_at"]),
        paired_by=found["paired_by"],
        replaces=found["replaces"],
        seen_at=at(found["seen_at"]),
        revoked_at=at(found["revoked_at"]),
        revoked_by=found["revoked_by"],
    )
