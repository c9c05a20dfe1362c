"""The audit log: who did what to which record, each entry bound to all before it.

An entry's hash is HMAC-SHA-256, keyed from reception's own key, over the hash before it and the entry itself, numbered
without a gap: what was edited, dropped, swapped or cut off no longer fits (domain/reception-and-reliability.md 3.3).
Entries from before there was a chain (schema 3 and older) are bound by the first one after them.

The end of the log is noted beside it (`meta`, "audit_head"), so that a tail cut off leaves a gap that stays; kiosks hold it
too (`kiosk.reception.witnesses`). What is too old is cut off at the front at an anchor, which an entry of the log confirms.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kiosk.reception.database import Connection, Found

NOTHING = ""
"""The hash of an entry from before the chain."""


@dataclass(frozen=True)
class Entry:
    """Who (`actor`: a staff id, a kiosk id or "reception") did what (`action`: a word) to what (`about`: an id), when.

    `note` is a word of detail: a reason, an outcome; never a name and nothing typed. Raises `ValueError` for other than ASCII.
    """

    at: str
    actor: str
    action: str
    kiosk_id: str | None = None
    about: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for text in (self.actor, self.action, self.kiosk_id, self.about, self.note):
            if text is not None and (not text.isascii() or "\0" in text):
                raise ValueError("audit: expected ids and words, in ASCII")


HEAD: Final = "audit_head"
ANCHOR: Final = "audit_anchor"
CUT: Final = "audit_cut"
"""The action of an entry that says up to where the log was cut: `about` the number, `note` the hash of the last one erased."""

_AT_ONCE: Final = 5_000


@dataclass(frozen=True)
class Head:
    """The last entry's number and hash; number 0 of an empty log."""

    seq: int
    hash: str


class Chain:
    """Appends to the log and says what the next hash is. `key`: 32 bytes that only reception has."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def append(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Write `entries` down, inside the open transaction."""
        if not entries:
            return
        before = head(connection)
        seq, previous = before.seq, before.hash or self.digest_before(connection)
        rows = []
        for seq, entry in enumerate(entries, before.seq + 1):
            previous = self.next_hash(previous, seq, entry)
            told = (entry.at, entry.actor, entry.action, entry.kiosk_id, entry.about, entry.note)
            rows.append((seq, *told, previous))
        connection.executemany(
            "INSERT INTO audit(seq, at, actor, action, kiosk_id, about, note, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        note_place(connection, HEAD, Head(seq, previous))

    def next_hash(self, previous: str, seq: int, entry: Entry) -> str:
        """The hash of entry `seq` after one with the hash `previous` (hex)."""
        said = [previous, seq, entry.at, entry.actor, entry.action, entry.kiosk_id, entry.about, entry.note]
        return hmac.new(self._key, json.dumps(said, ensure_ascii=False).encode(), hashlib.sha256).hexdigest()

    def digest_before(self, connection: Connection) -> str:
        """What stands for the hash before the first chained entry: over all that was written before there was a chain."""
        digest = hmac.new(self._key, b"before the chain", hashlib.sha256)
        for row in connection.execute(
            "SELECT seq, at, actor, action, kiosk_id, about FROM audit WHERE hash = ''"
            " AND seq < coalesce((SELECT min(seq) FROM audit WHERE hash != ''), 4611686018427387904) ORDER BY seq"
        ):
            digest.update(json.dumps(list(row), ensure_ascii=False).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Verified:
    """What a look at the whole log found. `first_misfit`: the first entry that does not fit, and `sentence` how."""

    entries: int
    first: int
    last: int
    first_misfit: int | None
    sentence: str

    @property
    def whole(self) -> bool:
        """Whether everything fits."""
        return self.first_misfit is None


def head(connection: Connection) -> Head:
    """The end of the log, as it was noted with the last entry."""
    noted = place(connection, HEAD)
    if noted is not None:
        return noted
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(0, NOTHING) if row is None else Head(row["seq"], row["hash"])


def place(connection: Connection, name: str) -> Head | None:
    """A place in the log that is noted beside it, if it is."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    seq, kept = json.loads(row["value"])
    return Head(int(seq), str(kept))


def note_place(connection: Connection, name: str, where: Head) -> None:
    """Note a place in the log, inside the open transaction."""
    connection.execute(
        "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (name, json.dumps([where.seq, where.hash])),
    )


def entry_of(row: Found) -> Entry:
    """The entry in a row of the table."""
    return Entry(row["at"], row["actor"], row["action"], row["kiosk_id"], row["about"], row["note"])


def verify(connection: Connection, chain: Chain) -> Verified:
    """Read the whole log, a few thousand entries at a time, and say whether it is as it was written."""
    anchor = place(connection, ANCHOR)
    seq = first = 0 if anchor is None else anchor.seq
    previous = NOTHING if anchor is None else anchor.hash
    count, confirmed = 0, anchor is None

    def misfit(at: int, sentence: str) -> Verified:
        return Verified(count, first + 1, seq, at, sentence)

    while rows := connection.execute(
        "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (seq if count else -1, _AT_ONCE)
    ).fetchall():
        for row in rows:
            if row["seq"] != seq + 1:
                if row["seq"] <= seq:
                    return misfit(row["seq"], f"entry {row['seq']} should have been cut off long ago")
                return misfit(seq + 1, f"entry {seq + 1} is missing: {row['seq']} comes after {seq}")
            entry = entry_of(row)
            if row["hash"] == NOTHING:
                if previous != NOTHING:
                    return misfit(row["seq"], f"entry {row['seq']} has no hash")
            else:
                if chain.next_hash(previous or chain.digest_before(connection), row["seq"], entry) != row["hash"]:
                    what = "it, or one before it that has no hash," if previous == NOTHING else "it"
                    return misfit(row["seq"], f"entry {row['seq']} does not fit: {what} is not what was written")
                previous = row["hash"]
            if anchor is not None and (entry.action, entry.about, entry.note) == (CUT, str(anchor.seq), anchor.hash):
                confirmed = True
            seq, count = row["seq"], count + 1
    noted = place(connection, HEAD)
    if noted is not None and (noted.seq, noted.hash) != (seq, previous):
        if noted.seq > seq:
            return misfit(seq + 1, f"entry {seq + 1} is missing: the log was written up to entry {noted.seq}")
        return misfit(noted.seq, f"entry {noted.seq} is noted as the last one, and it is not")
    if not confirmed:
        return misfit(first + 1, f"the log begins after entry {first}, and no entry says that it was cut there")
    return Verified(count, first + 1, seq, None, "every entry fits")
