"""The audit log: who did what to which record, each entry bound to all before it.

An entry's hash is HMAC-SHA-256, keyed from reception's own key, over the hash before it and the entry itself, numbered
without a gap: what was edited, dropped, swapped or cut off no longer fits (domain/reception-and-reliability.md 3.3).
Entries from before there was a chain (schema 3 and older) are bound by the first one after them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass

from kiosk.reception.database import Connection

NOTHING = ""
"""The hash of an entry from before the chain."""


@dataclass(frozen=True)
class Entry:
    """Who (`actor`: a staff id, a kiosk id or "reception") did what (`action`: a word) to what (`about`: an id), when.

    `note` is a word of detail: a reason, an outcome; never a name and nothing typed.
    """

    at: str
    actor: str
    action: str
    kiosk_id: str | None = None
    about: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Head:
    """The last entry's number and hash; number 0 of an empty log."""

    seq: int
    hash: str


class Chain:
    """Appends to the log and says what the next hash is. `key`: 32 bytes that only reception has."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def append(self, connection: Connection, entry: Entry) -> None:
        """Write `entry` down, inside the open transaction."""
        before = head(connection)
        previous = before.hash or self.digest_before(connection)
        seq = before.seq + 1
        connection.execute(
            "INSERT INTO audit(seq, at, actor, action, kiosk_id, about, note, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(seq, entry.at, entry.actor, entry.action, entry.kiosk_id, entry.about, entry.note),
                self.next_hash(previous, seq, entry),
            ),
        )

    def next_hash(self, previous: str, seq: int, entry: Entry) -> str:
        """The hash of entry `seq` after one with the hash `previous` (hex)."""
        said = [previous, seq, entry.at, entry.actor, entry.action, entry.kiosk_id, entry.about, entry.note]
        return hmac.new(self._key, json.dumps(said, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()

    def digest_before(self, connection: Connection) -> str:
        """What stands for the hash before the first chained entry: over all that was written before there was a chain."""
        digest = hmac.new(self._key, b"before the chain", hashlib.sha256)
        for row in connection.execute(
            "SELECT seq, at, actor, action, kiosk_id, about FROM audit WHERE hash = '' ORDER BY seq"
        ):
            digest.update(json.dumps(list(row), ensure_ascii=False).encode())
        return digest.hexdigest()


def head(connection: Connection) -> Head:
    """The end of the log as it stands."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(0, NOTHING) if row is None else Head(row["seq"], row["hash"])
