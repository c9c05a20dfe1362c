"""The outbox's SQLite database: how it is opened, what stands in it, and what its errors mean.

The statements are spoken to a `Connection` that both `sqlite3` and apsw satisfy, so that a VFS which cuts the power can
be put under exactly what is shipped.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from kiosk.delivery.errors import OutboxError

VERSION = 1

PRAGMAS = (
    ("synchronous", "EXTRA"),
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("secure_delete", "ON"),
    ("wal_autocheckpoint", "200"),
    ("temp_store", "MEMORY"),
)
"""In this order: a WAL database made at FULL can come back empty after the first power cut, one made at EXTRA cannot
(domain/reception-and-reliability.md section 0, finding 1)."""

SCHEMA = (
    """CREATE TABLE outbox(
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        checkin_id TEXT NOT NULL UNIQUE,
        day TEXT NOT NULL,
        number INTEGER NOT NULL,
        queue_number TEXT NOT NULL,
        sealed BLOB,
        sha256 TEXT NOT NULL,
        key_id TEXT NOT NULL,
        created TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'acked', 'parked')),
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        receipt TEXT,
        done TEXT,
        UNIQUE (day, number),
        CHECK ((state = 'acked') = (sealed IS NULL))
    ) STRICT""",
    "CREATE INDEX outbox_pending ON outbox(seq) WHERE state = 'pending'",
    "CREATE INDEX outbox_parked ON outbox(seq) WHERE state = 'parked'",
    "CREATE TABLE skipped(day TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT",
)

FULL = sqlite3.SQLITE_FULL
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

Value = str | int | bytes | None


class Rows(Protocol):
    """What a statement gave."""

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left, as tuples."""


class Connection(Protocol):
    """As much of a connection as the outbox needs, without implicit transactions."""

    @property
    def in_transaction(self) -> bool:
        """Whether BEGIN came without its COMMIT or ROLLBACK."""

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Rows:
        """Run one statement."""

    def close(self) -> None:
        """Let the files go."""


Connect = Callable[[str], Connection]


class DamagedDatabaseError(Exception):
    """The database opened, but its integrity check found something; the outbox puts such a file aside."""


def connect(path: str) -> Connection:
    """The standard library's connection, usable from any thread (the outbox lets in one at a time)."""
    return sqlite3.connect(path, timeout=10.0, isolation_level=None, check_same_thread=False)


def opened(path: Path, connection_maker: Connect, first_seq: int) -> Connection:
    """The database at `path`, made if it is not there, checked from end to end, for this user alone (0600).

    A new one gives `first_seq` + 1 to its first check-in. Raises `DamagedDatabaseError`, what the connection raises, or
    `OutboxError` for a database this program must not touch.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    db = connection_maker(str(path))
    try:
        _prepare(db, path, first_seq)
    except BaseException:
        db.close()
        raise
    sync_folder(path.parent)
    return db


def _prepare(db: Connection, path: Path, first_seq: int) -> None:
    for name, value in PRAGMAS:
        answer = ask(db, f"PRAGMA {name}={value}")
        if name == "journal_mode" and (not answer or str(answer[0][0]).lower() != "wal"):
            raise OutboxError(f"{path}: this disk does not allow a write-ahead log; expected a local file system")
    if ask(db, "PRAGMA integrity_check(1)") != [("ok",)]:
        raise DamagedDatabaseError
    version = int(ask(db, "PRAGMA user_version")[0][0])
    if version == 0:
        _create(db, first_seq)
    elif version != VERSION:
        raise OutboxError(f"{path}: was written by another version ({version}); this one reads {VERSION}")


def _create(db: Connection, first_seq: int) -> None:
    with transaction(db):
        for statement in SCHEMA:
            ask(db, statement)
        ask(db, "INSERT INTO sqlite_sequence(name, seq) VALUES ('outbox', ?)", first_seq)
        ask(db, f"PRAGMA user_version={VERSION}")


def ask(db: Connection, sql: str, *values: Value) -> list[tuple[Any, ...]]:
    """Run one statement to its end; its rows."""
    return [tuple(row) for row in db.execute(sql, values).fetchall()]


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """All or nothing: on disk when the block is left, and nothing of it there after any exception."""
    ask(db, "BEGIN IMMEDIATE")
    try:
        yield
        ask(db, "COMMIT")
    except BaseException:
        if db.in_transaction:
            ask(db, "ROLLBACK")
        raise


def result_code(error: BaseException) -> int | None:
    """SQLite's primary result code in an exception of sqlite3 or apsw; None where it is something else."""
    for name in ("sqlite_errorcode", "extendedresult", "result"):
        code = getattr(error, name, None)
        if isinstance(code, int):
            return code & 0xFF
    return None


def sync_folder(folder: Path) -> None:
    """Make names in `folder` (new, renamed) as durable as the files' contents."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
