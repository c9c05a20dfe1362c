"""PostgreSQL, the database of several reception nodes: any node accepts, every node's boards see every row.

One writer at a time over all nodes, by a lock that each transaction takes first: so numbers come in the order of the
commits and nobody misses one (domain/reception-and-reliability.md 2.3). With its COMMIT each transaction wakes every
node, this one too; they read what is new by its number, so a wake-up that is lost costs nothing.
"""

from __future__ import annotations

import contextlib
import json
import logging
import selectors
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Self

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from kiosk.reception import schema
from kiosk.reception.database import Connection, Heard, Telling
from kiosk.reception.errors import StartError
from kiosk.reception.postgres_words import REFUSE, placeholders, statements
from kiosk.reception.settings import PostgresqlSettings

log = logging.getLogger("kiosk.reception.postgres")

CHANNEL: Final = "reception"
WRITING: Final = 0x6B696F736B01
"""The advisory lock of whoever writes. The numbers are ours ("kiosk"), within reception's own database."""
DUTY: Final = 0x6B696F736B02
"""The advisory lock of the node that does what only one may do."""
LONGEST_PAYLOAD: Final = 7_000
"""Bytes of a notification; PostgreSQL's limit is 8,000."""
LISTEN_S: Final = 0.25
"""Seconds until a node that hears nothing looks whether the duty is free."""
AGAIN_S: Final = 1.0
"""Seconds until a lost connection is tried again."""
CONNECT_S: Final = 5

_IN_TRANSACTION = (pq.TransactionStatus.INTRANS, pq.TransactionStatus.INERROR)


class PostgresqlEngine:
    """The database that `settings` name."""

    failures: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, settings: PostgresqlSettings, key_id: str) -> None:
        self._settings = settings
        self._key_id = key_id
        self._where = settings.where

    def open_for_writing(self) -> Connection:
        """The connection that writes; tables are made in an empty database. Raises `StartError`."""
        connection = self._connect()
        try:
            self._check_server(connection)
            self._prepare(connection)
        except psycopg.Error as error:
            connection.close()
            raise StartError(f"{self._where}: the database cannot be used ({_sentence(error)})") from error
        except BaseException:
            connection.close()
            raise
        return connection

    def open_for_reading(self) -> Connection:
        """A connection that cannot write. Raises `StartError`."""
        connection = self._connect()
        connection.execute("SET default_transaction_read_only = on")
        return connection

    def alive(self, connection: Connection) -> bool:
        """Whether the connection still leads to the server."""
        return isinstance(connection, _Connection) and not connection.closed

    def begin(self, connection: Connection) -> None:
        """Begin, and wait until no other node writes."""
        connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({WRITING})")  # one way to the server and back

    @contextlib.contextmanager
    def lifted(self, connection: Connection, trigger: str, table: str) -> Iterator[None]:
        """Switched off and on again: the table is locked meanwhile."""
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
        yield
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}")

    def in_transaction(self, connection: Connection) -> bool:
        """Whether one is open, failed or not."""
        return isinstance(connection, _Connection) and connection.status in _IN_TRANSACTION

    def announce(self, connection: Connection, telling: Telling) -> bool:
        """Wake every node with the COMMIT."""
        for payload in _payloads(telling.passing):
            connection.execute("SELECT pg_notify(?, ?)", (CHANNEL, payload))
        return True

    @contextlib.contextmanager
    def listen(self, heard: Heard) -> Iterator[None]:
        """Hear every node's commits on a thread of its own, and try to be the one on duty."""
        try:
            listening = self._listening(heard)
        except psycopg.Error as error:
            raise StartError(f"{self._where}: the database cannot be used ({_sentence(error)})") from error
        with _Ending() as ending:
            thread = threading.Thread(
                target=self._listen_on, args=(listening, heard, ending), name="reception-listener"
            )
            thread.start()
            try:
                yield
            finally:
                ending.tell()
                thread.join()

    def close(self) -> None:
        """There is nothing that outlives the connections."""

    # -- connections -------------------------------------------------------------------------------------------------

    def _connect(self) -> _Connection:
        try:
            raw = psycopg.connect(
                make_conninfo("", **self._settings.parameters()),
                autocommit=True,
                row_factory=_row,
                connect_timeout=CONNECT_S,
            )
        except psycopg.Error as error:
            raise StartError(f"{self._where}: the database cannot be reached ({_sentence(error)})") from error
        connection = _Connection(raw)
        connection.execute("SET synchronous_commit = on")
        return connection

    def _check_server(self, connection: _Connection) -> None:
        """A server that does not flush, or does not keep texts as Unicode, loses or breaks what it took."""
        for setting, wanted in (("fsync", "on"), ("full_page_writes", "on"), ("server_encoding", "UTF8")):
            found = connection.value(f"SHOW {setting}")
            if found != wanted:
                raise StartError(f"{self._where}: the server has {setting} = {found}; reception needs {wanted}")

    def _prepare(self, connection: _Connection) -> None:
        self.begin(connection)
        try:
            known = connection.value("SELECT to_regclass('meta')::text")
            version = 0
            if known is not None:
                version = int(connection.value("SELECT value FROM meta WHERE name = 'schema'"))
            if not schema.is_current(connection, version, self._key_id, self._where):
                if version == 0:
                    connection.execute(REFUSE)
                schema.bring_up_to_date(connection, version, self._key_id, self._where, statements)
                connection.execute("DELETE FROM meta WHERE name = 'schema'")
                connection.execute("INSERT INTO meta(name, value) VALUES ('schema', ?)", (str(schema.VERSION),))
            connection.execute("COMMIT")
        except BaseException:
            if not connection.closed:
                connection.execute("ROLLBACK")
            raise

    # -- the listener's thread ---------------------------------------------------------------------------------------

    def _listening(self, heard: Heard) -> _Connection:
        """A connection that hears; what was committed until now is looked at once. Raises `StartError` or `psycopg.Error`."""
        connection = self._connect()
        try:
            connection.execute(f"LISTEN {CHANNEL}")
            heard.announced(connection, ())
        except BaseException:
            connection.close()
            raise
        return connection

    def _listen_on(self, connection: _Connection, heard: Heard, ending: _Ending) -> None:
        while True:
            try:
                with contextlib.closing(connection):
                    self._hear(connection, heard, ending)
            except psycopg.Error:
                log.warning("listener_lost")
            heard.duty(False)
            while not ending.told and not ending.wait(AGAIN_S):
                try:
                    connection = self._listening(heard)
                    break
                except (psycopg.Error, StartError):
                    log.warning("listener_lost")
            if ending.told:
                return

    def _hear(self, connection: _Connection, heard: Heard, ending: _Ending) -> None:
        on_duty = False
        while not ending.told:
            if not on_duty:
                on_duty = bool(connection.value("SELECT pg_try_advisory_lock(?)", (DUTY,)))
                if on_duty:
                    heard.duty(True)
            payloads = connection.notified()
            for payload in payloads:
                heard.announced(connection, _passing(payload))
            if not payloads:
                ending.wait(LISTEN_S, connection)


class _Ending:
    """Whether a thread is to end; it can wait for that and for its connection at once."""

    def __init__(self) -> None:
        self._hears, self._tells = socket.socketpair()
        self.told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hears.close()
        self._tells.close()

    def tell(self) -> None:
        """Let the thread end."""
        self.told = True
        self._tells.send(b".")

    def wait(self, seconds: float, *others: _Connection) -> bool:
        """Wait at most so long until it is told, or until something comes on one of `others`; gives whether it is told."""
        with selectors.DefaultSelector() as selector:
            for waited_for in (self._hears.fileno(), *(other.fileno() for other in others)):
                selector.register(waited_for, selectors.EVENT_READ)
            selector.select(seconds)
        return self.told


class _Row:
    """A row as SQLite gives one: by name, by place, and in order."""

    __slots__ = ("_columns", "_values")

    def __init__(self, columns: dict[str, int], values: Sequence[Any]) -> None:
        self._columns = columns
        self._values = values

    def __getitem__(self, column: str | int) -> Any:
        return self._values[self._columns[column] if isinstance(column, str) else column]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def keys(self) -> list[str]:
        """The columns' names, in order."""
        return list(self._columns)


def _row(cursor: psycopg.Cursor[Any]) -> Any:
    columns = {column.name: place for place, column in enumerate(cursor.description or ())}
    return lambda values: _Row(columns, values)


class _Connection:
    """A connection that takes SQL with SQLite's placeholders."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    @property
    def closed(self) -> bool:
        return self._raw.closed

    @property
    def status(self) -> pq.TransactionStatus:
        return self._raw.info.transaction_status

    def execute(self, sql: str, values: Any = (), /) -> psycopg.Cursor[Any]:
        if not values:
            return self._raw.execute(sql.encode())
        return self._raw.execute(placeholders(sql).encode(), values)

    def value(self, sql: str, values: Any = ()) -> Any:
        """The first column of the first row, None without a row."""
        row = self.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def executemany(self, sql: str, values: Iterable[Any], /) -> object:
        with self._raw.cursor() as cursor:
            cursor.executemany(placeholders(sql).encode(), list(values))
        return None

    def fileno(self) -> int:
        """What a wait for this connection looks at."""
        return self._raw.fileno()

    def notified(self) -> list[str]:
        """Payloads that came. All at once: the connection is locked while they are read."""
        return [notify.payload for notify in self._raw.notifies(timeout=0)]

    def close(self) -> None:
        self._raw.close()


def _payloads(passing: Sequence[tuple[str, dict[str, object]]]) -> Iterator[str]:
    """What travels with a COMMIT: what was told in passing, in pieces that fit."""
    piece: list[object] = []
    for one in passing:
        if len(json.dumps([*piece, one])) > LONGEST_PAYLOAD:
            yield json.dumps(piece)
            piece = []
        piece.append(one)
    yield json.dumps(piece)


def _passing(payload: str) -> list[tuple[str, dict[str, object]]]:
    return [(str(kind), dict(flags)) for kind, flags in json.loads(payload)]


def _sentence(error: psycopg.Error) -> str:
    """The server's own first line: it names no value of ours."""
    return (str(error).strip().splitlines() or ["no answer"])[0]
