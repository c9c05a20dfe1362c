"""A PostgreSQL database with reception's tables for one test after the other.

Making a database and its tables takes a fifth of a second, which hundreds of tests of a desk would all pay; emptying one
takes a few milliseconds. A test that changes the tables themselves, or is not quite gone, spoils it: the next one gets
another.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

from kiosk.reception.postgres_engine import PostgresqlEngine
from kiosk.reception.settings import PostgresqlSettings
from tests.reception.postgresql import Server

GONE_S: Final = 5.0
"""Seconds that the connections of a test before may take to go."""

_RELATIONS: Final = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = %s ORDER BY 1"
)

_SHAPE: Final = """
SELECT format('%s.%s %s', attrelid::regclass, attname, atttypid::regtype) FROM pg_attribute
  WHERE NOT attisdropped AND attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
UNION ALL SELECT format('%s: %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
UNION ALL SELECT format('%s()', proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
"""
"""Every column, index column, trigger and function there is."""


@dataclass
class _Made:
    """A database as reception made it, and a look into it beside the tests."""

    settings: PostgresqlSettings
    connection: psycopg.Connection[Any]
    shape: list[Any]
    meta: list[Any]
    empty: bytes


class Emptied:
    """The database; one test has it at a time. `close` lets it go."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: _Made | None = None

    def for_key(self, key_id: str) -> PostgresqlSettings:
        """A database as reception makes one for this key, with nobody in it."""
        if self._made is None or not _alone(self._made.connection) or _shape(self._made.connection) != self._made.shape:
            self.close()
            self._made = _make(self._server)
        made = self._made
        with made.connection.transaction():
            made.connection.execute(made.empty)
            for name, value in made.meta:
                told = key_id if name == "key_id" else value
                made.connection.execute("INSERT INTO meta(name, value) VALUES (%s, %s)", (name, told))
        return made.settings

    def close(self) -> None:
        if self._made is not None:
            self._made.connection.close()


def _make(server: Server) -> _Made:
    settings = server.fresh()
    PostgresqlEngine(settings, "nobody's").open_for_writing().close()
    connection = psycopg.connect(make_conninfo("", **settings.parameters()), autocommit=True)
    tables, sequences = ([name for (name,) in connection.execute(_RELATIONS, (kind,))] for kind in "rS")
    deleting = [f"DELETE FROM {table}" for table in tables]  # noqa: S608 - their names are the database's own
    restarting = [f"ALTER SEQUENCE {sequence} RESTART" for sequence in sequences]
    # As a replica does: without the triggers that refuse it, and in any order of the tables.
    empty = "; ".join(("SET LOCAL session_replication_role = replica", *deleting, *restarting)).encode()
    meta = connection.execute("SELECT name, value FROM meta").fetchall()
    for table in set(tables) - {"meta"}:
        begun_with = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608 - as above
        assert begun_with == (0,), (
            f"reception begins with rows in {table}: they would be missing in an emptied database"
        )
    return _Made(settings, connection, _shape(connection), meta, empty)


def _alone(connection: psycopg.Connection[Any]) -> bool:
    """Whether the test before is gone, and its locks with it."""
    end = time.monotonic() + GONE_S
    while connection.execute(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def _shape(connection: psycopg.Connection[Any]) -> list[Any]:
    return connection.execute(_SHAPE).fetchall()
