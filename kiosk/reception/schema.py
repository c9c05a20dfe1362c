"""Reception's tables, and how the database is opened so that a COMMIT outlives a power cut."""

from __future__ import annotations

import os
import secrets
import sqlite3
from pathlib import Path

from kiosk.reception.errors import StartError

VERSION = 1

_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE checkin(
  receipt INTEGER PRIMARY KEY AUTOINCREMENT,
  checkin_id TEXT NOT NULL UNIQUE,
  sha256 TEXT NOT NULL,
  kiosk_id TEXT NOT NULL,
  kiosk_seq INTEGER NOT NULL,
  received_at TEXT NOT NULL,
  record BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'done')),
  taken_by TEXT,
  moved_at TEXT
) STRICT;
CREATE INDEX checkin_by_state ON checkin(state, received_at);
CREATE TABLE help(
  help_id TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL,
  kiosk_id TEXT NOT NULL,
  visit_id TEXT,
  reason TEXT NOT NULL,
  stage TEXT NOT NULL,
  called_at TEXT NOT NULL,
  received_at TEXT NOT NULL,
  done_at TEXT,
  done_by TEXT
) STRICT;
CREATE INDEX help_open ON help(received_at) WHERE done_at IS NULL;
CREATE TABLE kiosk(
  kiosk_id TEXT PRIMARY KEY,
  heard_at TEXT NOT NULL,
  kiosk_at TEXT NOT NULL,
  service TEXT NOT NULL,
  stage TEXT NOT NULL,
  visit_id TEXT,
  pending INTEGER NOT NULL,
  parked INTEGER NOT NULL,
  oldest_age REAL NOT NULL
) STRICT;
CREATE TABLE command(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  kiosk_id TEXT NOT NULL,
  visit_id TEXT NOT NULL,
  issued_by TEXT NOT NULL,
  issued_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  grant_id TEXT,
  state TEXT,
  state_at TEXT
) STRICT;
CREATE INDEX command_by_kiosk ON command(kiosk_id, seq);
CREATE TABLE event(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  flags TEXT NOT NULL
) STRICT;
CREATE TABLE audit(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  kiosk_id TEXT,
  about TEXT
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_never_erased BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
"""


def open_for_writing(database: Path, key_id: str) -> sqlite3.Connection:
    """The one connection that writes; tables are made in a new file. Raises `StartError`.

    EXTRA while the file turns into a WAL database, FULL from then on: made at FULL, the first power cut can give back an
    empty database (domain/reception-and-reliability.md, finding 1).
    """
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(database, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        for pragma in ("synchronous=EXTRA", "journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=2000"):
            connection.execute(f"PRAGMA {pragma}")
        _prepare(connection, database, key_id)
    except (OSError, sqlite3.Error) as error:
        raise StartError(f"{database}: the database cannot be opened ({error})") from error
    return connection


def open_for_reading(database: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only=ON")
    return connection


def _prepare(connection: sqlite3.Connection, database: Path, key_id: str) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        first = {"key_id": key_id, "session_key": secrets.token_hex(32)}
        values = ",".join(f"('{name}','{value}')" for name, value in first.items())
        connection.executescript(
            f"BEGIN IMMEDIATE;{_TABLES}INSERT INTO meta(name, value) VALUES {values};"  # noqa: S608 - our own hex digits
            f"PRAGMA user_version={VERSION};COMMIT;"
        )
    elif version != VERSION:
        raise StartError(f"{database}: was written by another version of reception (schema {version}, not {VERSION})")
    (known,) = connection.execute("SELECT value FROM meta WHERE name = 'key_id'").fetchone()
    if known != key_id:
        raise StartError(f"{database}: belongs to key {known}, but the key file holds key {key_id}")
