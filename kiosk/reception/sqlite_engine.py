"""SQLite, the database of one reception on one machine: durable at every COMMIT, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.reception import schema
from kiosk.reception.database import Connection, Heard, Telling
from kiosk.reception.errors import StartError


class SqliteEngine:
    """The file `database`; another process that wants it is refused. Raises `StartError`."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, database: Path, key_id: str) -> None:
        self._database = database
        self._key_id = key_id
        self._lock = _hold(database)

    def open_for_writing(self) -> Connection:
        """The connection that writes; tables are made in a new file, and an old one is brought to this version.

        EXTRA while the file turns into a WAL database, FULL from then on: made at FULL, the first power cut can give back
        an empty database (domain/reception-and-reliability.md, finding 1).
        """
        try:
            os.close(os.open(self._database, os.O_RDWR | os.O_CREAT, 0o600))
            connection = self._connect()
            for pragma in ("synchronous=EXTRA", "journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=2000"):
                connection.execute(f"PRAGMA {pragma}")
            self._prepare(connection)
        except (OSError, sqlite3.Error) as error:
            raise StartError(f"{self._database}: the database cannot be opened ({error})") from error
        return connection

    def open_for_reading(self) -> Connection:
        """A connection that cannot write."""
        connection = self._connect()
        connection.execute("PRAGMA query_only=ON")
        return connection

    def alive(self, connection: Connection) -> bool:  # noqa: ARG002
        """A file is always there."""
        return True

    def begin(self, connection: Connection) -> None:
        """Begin, with the lock that only a writer takes."""
        connection.execute("BEGIN IMMEDIATE")

    @contextmanager
    def lifted(self, connection: Connection, trigger: str, table: str) -> Iterator[None]:
        """Taken away and made again, as it was made."""
        made = connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ? AND tbl_name = ?", (trigger, table)
        ).fetchone()["sql"]
        connection.execute(f"DROP TRIGGER {trigger}")
        yield
        connection.execute(made)

    def in_transaction(self, connection: Connection) -> bool:
        """Whether one is open: SQLite itself gives one up when the disk is full."""
        return isinstance(connection, sqlite3.Connection) and connection.in_transaction

    def announce(self, connection: Connection, telling: Telling) -> bool:  # noqa: ARG002
        """There is nobody else to tell."""
        return False

    @contextmanager
    def listen(self, heard: Heard) -> Iterator[None]:
        """Nobody else announces anything, and what only one may do is this one's to do."""
        heard.duty(True)
        yield

    def close(self) -> None:
        """Let another process have the file."""
        os.close(self._lock)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._database, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA secure_delete=ON")  # what retention erases is zeroed in the file
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if schema.is_current(connection, version, self._key_id, str(self._database)):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            schema.bring_up_to_date(connection, version, self._key_id, str(self._database), schema.statements)
            connection.execute(f"PRAGMA user_version={schema.VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _hold(database: Path) -> int:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(database.with_name(database.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StartError(f"{database}: its folder cannot be used ({error.strerror})") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StartError(f"{database}: another reception is running with it; stop that one first") from error
    return lock
