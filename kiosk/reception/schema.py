"""Reception's tables, and how the database is opened so that a COMMIT outlives a power cut."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from kiosk.reception.errors import StartError
from kiosk.record import RecordError
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn, Eligibility
from kiosk.record.eligibility import Source

VERSION = 3
"""1 had no answers that come later, 2 no official reader and no lists. A new database is made as 1 and brought here, as an
old one is."""

_FIRST = """
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

_SECOND = """
ALTER TABLE checkin ADD COLUMN card TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN answered INTEGER NOT NULL DEFAULT 1 CHECK (answered IN (0, 1));
CREATE INDEX checkin_by_card ON checkin(card, receipt);
CREATE INDEX checkin_unanswered ON checkin(received_at) WHERE answered = 0;
CREATE TABLE later_answer(
  checkin_id TEXT PRIMARY KEY REFERENCES checkin(checkin_id),
  received_at TEXT NOT NULL,
  message BLOB NOT NULL
) STRICT;
"""
"""`card` and `answered` repeat what a record says, to find it by. `answered` turns 1 when an answer joins the row."""

_KEPT = """
CREATE TRIGGER checkin_stays_as_it_came BEFORE UPDATE OF checkin_id, sha256, kiosk_id, kiosk_seq, received_at, record, card
  ON checkin BEGIN SELECT RAISE(ABORT, 'a check-in stays as it came'); END;
CREATE TRIGGER later_answer_is_never_changed BEFORE UPDATE ON later_answer
  BEGIN SELECT RAISE(ABORT, 'a later answer stays as it came'); END;
"""


_THIRD = """
ALTER TABLE checkin ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE checkin ADD COLUMN born TEXT NOT NULL DEFAULT '';
CREATE INDEX checkin_by_reference ON checkin(reference) WHERE reference != '';
CREATE INDEX checkin_by_birth ON checkin(born) WHERE born != '';
CREATE TABLE reader_arrival(
  arrival_id TEXT PRIMARY KEY,
  file_key TEXT NOT NULL UNIQUE,
  digest BLOB NOT NULL,
  day TEXT NOT NULL,
  received_at TEXT NOT NULL,
  message BLOB NOT NULL,
  reference TEXT NOT NULL,
  born TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'done')),
  taken_by TEXT,
  moved_at TEXT,
  UNIQUE(day, digest)
) STRICT;
CREATE INDEX reader_arrival_by_state ON reader_arrival(state, received_at);
CREATE INDEX reader_arrival_by_reference ON reader_arrival(reference) WHERE reference != '';
CREATE INDEX reader_arrival_by_birth ON reader_arrival(born) WHERE born != '';
CREATE TRIGGER reader_arrival_stays_as_it_came BEFORE UPDATE OF arrival_id, file_key, digest, day, received_at, message
  ON reader_arrival BEGIN SELECT RAISE(ABORT, 'an arrival stays as it came'); END;
CREATE TABLE listing(
  listing_id TEXT PRIMARY KEY,
  day TEXT NOT NULL,
  file TEXT NOT NULL,
  asked_at TEXT NOT NULL,
  sealed BLOB NOT NULL,
  UNIQUE(day, file)
) STRICT;
CREATE TABLE listed(
  day TEXT NOT NULL,
  person TEXT NOT NULL,
  branch TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY(day, person, branch)
) STRICT, WITHOUT ROWID;
CREATE TABLE told_early(
  checkin_id TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  answered_at TEXT NOT NULL
) STRICT;
"""
"""`reference` and `born` repeat what the results of a record say, to find patients by.

A `listing` is what the desk sees of a list, a `listed` row what a kiosk is told of one person in it: both sealed, a person
only a keyed check sum, and both erased when their day is over. `told_early` are visits that such a row answered.
"""


def found_by(checkin: CheckIn) -> tuple[str, int]:
    """What columns `card` and `answered` hold of a check-in as it came.

    Who has no card is nobody's: an empty fingerprint, and nothing that could be asked for.
    """
    if checkin.card is None:
        return "", 1
    return checkin.card.fingerprint, int(checkin.eligibility.source is not Source.NONE)


def person_in(eligibility: Eligibility) -> tuple[str, str]:
    """What columns `reference` and `born` hold: the first of each that a result tells, for they are of one person."""
    references = [(result.reference_number or "").strip() for result in eligibility.results]
    born = [result.birth_date.isoformat() for result in eligibility.results if result.birth_date is not None]
    return next(filter(None, references), ""), next(iter(born), "")


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
    if not 0 <= version <= VERSION:
        raise StartError(f"{database}: was written by another version of reception (schema {version}, not {VERSION})")
    if version > 0:
        _check_key(connection, database, key_id)
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        if version == 0:
            _run(connection, _FIRST)
            first = {"key_id": key_id, "session_key": secrets.token_hex(32)}
            connection.executemany("INSERT INTO meta(name, value) VALUES (?, ?)", first.items())
        if version < 2:
            _bring_to_second(connection, database)
        _bring_to_third(connection, database)
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _check_key(connection: sqlite3.Connection, database: Path, key_id: str) -> None:
    (known,) = connection.execute("SELECT value FROM meta WHERE name = 'key_id'").fetchone()
    if known != key_id:
        raise StartError(f"{database}: belongs to key {known}, but the key file holds key {key_id}")


def _bring_to_second(connection: sqlite3.Connection, database: Path) -> None:
    _run(connection, _SECOND)
    for receipt, checkin in _every_checkin(connection, database):
        connection.execute("UPDATE checkin SET card = ?, answered = ? WHERE receipt = ?", (*found_by(checkin), receipt))
    _run(connection, _KEPT)


def _bring_to_third(connection: sqlite3.Connection, database: Path) -> None:
    _run(connection, _THIRD)
    for receipt, checkin in _every_checkin(connection, database):
        connection.execute(
            "UPDATE checkin SET reference = ?, born = ? WHERE receipt = ?", (*person_in(checkin.eligibility), receipt)
        )


def _every_checkin(connection: sqlite3.Connection, database: Path) -> Iterator[tuple[int, CheckIn]]:
    """All that is kept, with its receipt number. Raises `StartError` at one that cannot be read."""
    receipts = [row["receipt"] for row in connection.execute("SELECT receipt FROM checkin ORDER BY receipt")]
    for receipt in receipts:
        (record,) = connection.execute("SELECT record FROM checkin WHERE receipt = ?", (receipt,)).fetchone()
        try:
            yield receipt, contract.from_json(record)
        except RecordError as error:
            raise StartError(f"{database}: check-in number {receipt} in it cannot be read ({error})") from error


def _run(connection: sqlite3.Connection, script: str) -> None:
    """Every statement of `script` inside the transaction that is open (`executescript` would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
