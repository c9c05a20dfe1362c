"""The database that tests of a desk share: after each of them it is as reception made it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from kiosk.reception.settings import PostgresqlSettings
from tests.reception import postgresql
from tests.reception.emptied import Emptied

AUDIT = "INSERT INTO audit(at, actor, action) VALUES ('2026-11-24T00:15:00.000Z', 'a', 'b') RETURNING seq"


@pytest.fixture
def emptied(postgresql_server: postgresql.Server) -> Iterator[Emptied]:
    opened = Emptied(postgresql_server)
    yield opened
    opened.close()


def carried_out(database: PostgresqlSettings, sql: str) -> Any:
    with psycopg.connect(make_conninfo("", **database.parameters()), autocommit=True) as connection:
        found = connection.execute(sql.encode())
        return found.fetchone() if found.description else None


def test_the_next_test_finds_nothing_of_the_one_before(emptied: Emptied) -> None:
    first = emptied.for_key("one")
    assert [carried_out(first, AUDIT), carried_out(first, AUDIT)] == [(1,), (2,)]
    second = emptied.for_key("other")
    assert second == first
    assert carried_out(second, "SELECT count(*) FROM audit") == (0,)
    assert carried_out(second, "SELECT value FROM meta WHERE name = 'key_id'") == ("other",)
    assert carried_out(second, AUDIT) == (1,)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        carried_out(second, "DELETE FROM audit")


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER audit_is_never_erased ON audit",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "ALTER TABLE help ADD COLUMN more TEXT",
        "CREATE TABLE other(name TEXT)",
        "DROP INDEX checkin_by_state",
    ],
)
def test_who_changes_the_tables_has_the_database_to_himself(emptied: Emptied, change: str) -> None:
    first = emptied.for_key("one")
    carried_out(first, change)
    second = emptied.for_key("one")
    assert second != first
    assert emptied.for_key("one") == second
