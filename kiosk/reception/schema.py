"""Reception's tables, version by version, in the SQL that SQLite and PostgreSQL share.

Written as SQLite takes it; what PostgreSQL says otherwise (types, triggers) is put into its words in
`kiosk.reception.postgres_words`. From the fourth version on each subject has a script of its own in `tables/`.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from kiosk.reception import kana
from kiosk.reception.database import Connection
from kiosk.reception.errors import StartError
from kiosk.record import RecordError, dates
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn, Eligibility
from kiosk.record.eligibility import Source

VERSION = 5
"""1 had no answers that come later, 2 no official reader and no lists, 3 no paired kiosks, no accounts, no chained audit
and no hand-off, 4 no time at which a passkey was used and no
look at who had confirmed by sight. A new database is made as 1 and brought here, as an old one is."""

TABLES: Final = Path(__file__).parent / "tables"

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


def found_again_by(checkin: CheckIn) -> tuple[str, str, str, int]:
    """What columns `day` (of Japan), `number`, `kana` and `simulated` hold of a check-in as it came."""
    day = dates.japanese_day(checkin.confirmed_at).isoformat()
    return day, checkin.queue_number or "", kana.key_of(checkin.eligibility), int(checkin.simulated)


def is_current(connection: Connection, version: int, key_id: str, where: str) -> bool:
    """Whether the database at `where` has this version's tables. Raises `StartError` for another key or a later version."""
    if not 0 <= version <= VERSION:
        raise StartError(f"{where}: was written by another version of reception (schema {version}, not {VERSION})")
    if version > 0:
        _check_key(connection, where, key_id)
    return version == VERSION


def bring_up_to_date(
    connection: Connection, version: int, key_id: str, where: str, statements: Callable[[str], Iterable[str]]
) -> None:
    """Bring a database from `version` (0: empty) to this one, inside the transaction that is open.

    `statements`: the statements of a script as this kind of database takes them. Raises `StartError`.
    """

    def run(script: str) -> None:
        for statement in statements(script):
            connection.execute(statement)

    if version == 0:
        run(_FIRST)
        for name, value in {"key_id": key_id, "session_key": secrets.token_hex(32)}.items():
            connection.execute("INSERT INTO meta(name, value) VALUES (?, ?)", (name, value))
    if version < 2:
        run(_SECOND)
        for receipt, checkin in _every_checkin(connection, where):
            connection.execute(
                "UPDATE checkin SET card = ?, answered = ? WHERE receipt = ?", (*found_by(checkin), receipt)
            )
        run(_KEPT)
    if version < 3:
        run(_THIRD)
        for receipt, checkin in _every_checkin(connection, where):
            connection.execute(
                "UPDATE checkin SET reference = ?, born = ? WHERE receipt = ?",
                (*person_in(checkin.eligibility), receipt),
            )
    if version < 4:
        _fourth(connection, run, where)
    for script in sorted(TABLES.glob("5-*.sql")):
        run(script.read_text(encoding="utf-8"))


def _fourth(connection: Connection, run: Callable[[str], None], where: str) -> None:
    for script in sorted(TABLES.glob("4-*.sql")):
        run(script.read_text(encoding="utf-8"))
    for row in connection.execute("SELECT arrival_id, message FROM reader_arrival").fetchall():
        failed = int(json.loads(row["message"]).get("failed") is not None)
        found = kana.key_of(contract.eligibility_from_json(json.loads(row["message"])["eligibility"]))
        connection.execute(
            "UPDATE reader_arrival SET failed = ?, kana = ? WHERE arrival_id = ?", (failed, found, row["arrival_id"])
        )
    for receipt, checkin in _every_checkin(connection, where):
        connection.execute(
            "UPDATE checkin SET day = ?, number = ?, kana = ?, simulated = ? WHERE receipt = ?",
            (*found_again_by(checkin), receipt),
        )
    for row in connection.execute("SELECT checkin_id, message FROM later_answer").fetchall():
        found = kana.key_of(contract.eligibility_from_json(json.loads(row["message"])["eligibility"]))
        connection.execute("UPDATE checkin SET kana = ? WHERE checkin_id = ? AND kana = ''", (found, row["checkin_id"]))


def statements(script: str) -> Iterator[str]:
    """Every statement of `script`, one by one (`executescript` would commit the transaction that is open)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _check_key(connection: Connection, where: str, key_id: str) -> None:
    known = connection.execute("SELECT value FROM meta WHERE name = 'key_id'").fetchone()["value"]
    if known != key_id:
        raise StartError(f"{where}: belongs to key {known}, but the key file holds key {key_id}")


def _every_checkin(connection: Connection, where: str) -> Iterator[tuple[int, CheckIn]]:
    """All that is kept, with its receipt number. Raises `StartError` at one that cannot be read."""
    receipts = [row["receipt"] for row in connection.execute("SELECT receipt FROM checkin ORDER BY receipt")]
    for receipt in receipts:
        record = connection.execute("SELECT record FROM checkin WHERE receipt = ?", (receipt,)).fetchone()["record"]
        try:
            yield receipt, contract.from_json(record)
        except RecordError as error:
            raise StartError(f"{where}: check-in number {receipt} in it cannot be read ({error})") from error
