"""Pairings that are under way, kept in the store: the kiosk may ask one node and the administrator look at another.

committed -> comparing (the nonce was revealed, six digits are known) -> accepted or refused; broken where the revealed nonce
was not the one committed to. Whoever is on the network may open one, so they are few and short
(domain/reception-and-reliability.md section 3.1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kiosk.reception import devices
from kiosk.reception.authority import Asked, Authority, asked
from kiosk.reception.database import Connection, Found
from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Transaction
from kiosk.record import dates, ids, pairing
from kiosk.record.ids import KioskId

LASTS: Final = timedelta(seconds=pairing.LASTS_S)
MOST_OPEN: Final = 8
"""Pairings that may wait together, of which one address may have:"""
MOST_OPEN_EACH: Final = 3
MOST_RECENT: Final = 200
"""Pairings that may begin within `LASTS`, whatever became of them."""
REVEAL_WITHIN: Final = timedelta(seconds=30)
"""A kiosk tells its nonce at once: who does not soon takes nobody's place, for no page shows it."""

_OPEN: Final = ("committed", "comparing")


@dataclass(frozen=True, repr=False)
class Pairing:
    """One pairing. `digits` once both nonces are known, `certificate` (PEM chain) once it was accepted."""

    id: str
    opened_at: datetime
    kiosk_id: KioskId
    csr: str
    state: str
    digits: str | None
    certificate: str | None


def opened(
    pairing_id: str,
    who: Asked,
    csr: str,
    committed: str,
    reception_nonce: bytes,
    server_certificate: bytes,
    address: str,
) -> Callable[[Transaction], None]:
    """A kiosk wants to be paired. Raises `RefusedError` (429) while too many do."""

    def change(transaction: Transaction) -> None:
        since, revealing = transaction.now - LASTS, transaction.now - REVEAL_WITHIN
        transaction.run("DELETE FROM pairing WHERE opened_at < ?", dates.instant_text(since))
        transaction.run(
            "UPDATE pairing SET state = 'broken' WHERE state = 'committed' AND opened_at < ?",
            dates.instant_text(revealing),
        )
        waiting = transaction.one(
            "SELECT count(*) AS every, sum(CASE WHEN state IN (?, ?) THEN 1 ELSE 0 END) AS open,"
            " sum(CASE WHEN state IN (?, ?) AND address = ? THEN 1 ELSE 0 END) AS open_there FROM pairing",
            *(*_OPEN, *_OPEN, address),
        )
        assert waiting is not None  # noqa: S101 - a sum is always one row
        if (
            waiting["every"] >= MOST_RECENT
            or (waiting["open"] or 0) >= MOST_OPEN
            or (waiting["open_there"] or 0) >= MOST_OPEN_EACH
        ):
            raise RefusedError(
                429, "too_many", "too many pairings are waiting: refuse them on the page /kiosks, or wait"
            )
        transaction.run(
            "INSERT INTO pairing(pairing_id, opened_at, address, kiosk_id, csr, committed, reception_nonce,"
            " server_certificate) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(pairing_id, transaction.now_text, address, who.kiosk_id, csr.encode("ascii"), committed),
            *(reception_nonce.hex(), server_certificate),
        )

    return change


def revealed(pairing_id: str, kiosk_nonce: bytes) -> Callable[[Transaction], bool]:
    """The kiosk tells its nonce; whether it is the one it committed to. Raises `RefusedError` (404, 409)."""

    def change(transaction: Transaction) -> bool:
        row = _row(transaction.connection, pairing_id, transaction.now)
        if row is None:
            raise RefusedError(404, "no_such_pairing", "there is no such pairing, or it took too long")
        if row["state"] not in _OPEN:
            raise RefusedError(409, "decided", "this pairing is over")
        spki = asked(bytes(row["csr"]).decode("ascii")).spki
        if not pairing.keeps_word(row["committed"], spki, kiosk_nonce):
            transaction.run("UPDATE pairing SET state = 'broken' WHERE pairing_id = ?", pairing_id)
            transaction.audit("reception", "pairing_broken", kiosk_id=row["kiosk_id"], about=pairing_id)
            return False
        six = pairing.digits(spki, bytes(row["server_certificate"]), kiosk_nonce, bytes.fromhex(row["reception_nonce"]))
        transaction.run("UPDATE pairing SET state = 'comparing', digits = ? WHERE pairing_id = ?", six, pairing_id)
        return True

    return change


def pairing_of(pairing_id: str, now: datetime) -> Callable[[Connection], Pairing | None]:
    """One pairing, unless its time is over."""

    def question(connection: Connection) -> Pairing | None:
        row = _row(connection, pairing_id, now)
        return None if row is None else _pairing(row)

    return question


def comparing(now: datetime) -> Callable[[Connection], list[Pairing]]:
    """Those whose digits wait for somebody to compare them, oldest first."""

    def question(connection: Connection) -> list[Pairing]:
        rows = connection.execute(
            "SELECT * FROM pairing WHERE state = 'comparing' AND opened_at >= ? ORDER BY opened_at, pairing_id",
            (dates.instant_text(now - LASTS),),
        )
        return [_pairing(row) for row in rows]

    return question


def accepted(pairing_id: str, authority: Authority, by: str) -> Callable[[Transaction], KioskId]:
    """The digits are the same at both ends: the kiosk gets its certificate. Raises `RefusedError` (404, 409)."""

    def change(transaction: Transaction) -> KioskId:
        found = _to_decide(transaction, pairing_id)
        who = asked(found.csr)
        issued = authority.issue(who, transaction.now)
        devices.pair(issued, who.kiosk_id, by)(transaction)
        transaction.run(
            "UPDATE pairing SET state = 'accepted', certificate = ? WHERE pairing_id = ?",
            *(issued.chain.decode("ascii"), pairing_id),
        )
        return who.kiosk_id

    return change


def refused(pairing_id: str, by: str) -> Callable[[Transaction], KioskId]:
    """The digits differ, or nobody here knows that kiosk. Raises `RefusedError` (404, 409)."""

    def change(transaction: Transaction) -> KioskId:
        found = _to_decide(transaction, pairing_id)
        transaction.run("UPDATE pairing SET state = 'refused' WHERE pairing_id = ?", pairing_id)
        transaction.audit(by, "kiosk_pairing_refused", kiosk_id=found.kiosk_id, about=pairing_id)
        return found.kiosk_id

    return change


def _to_decide(transaction: Transaction, pairing_id: str) -> Pairing:
    row = _row(transaction.connection, pairing_id, transaction.now)
    if row is None:
        raise RefusedError(
            404, "no_such_pairing", "この登録の申し込みは時間切れです。受付機で kiosk enrol をやり直してください。"
        )
    if row["state"] != "comparing":
        raise RefusedError(409, "decided", "この登録の申し込みはすでに終わっています。")
    return _pairing(row)


def _row(connection: Connection, pairing_id: str, now: datetime) -> Found | None:
    row: Found | None = connection.execute(
        "SELECT * FROM pairing WHERE pairing_id = ? AND opened_at >= ?", (pairing_id, dates.instant_text(now - LASTS))
    ).fetchone()
    return row


def _pairing(row: Found) -> Pairing:
    return Pairing(
        id=row["pairing_id"],
        opened_at=dates.instant(row["opened_at"]),
        kiosk_id=ids.kiosk_id(row["kiosk_id"]),
        csr=bytes(row["csr"]).decode("ascii"),
        state=row["state"],
        digits=row["digits"],
        certificate=row["certificate"],
    )
