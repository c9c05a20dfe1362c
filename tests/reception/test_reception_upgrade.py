"""A database of the first schema is brought to the present one, whole or not at all."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kiosk.reception import kana, schema
from kiosk.reception.errors import StartError
from kiosk.reception.sqlite_engine import SqliteEngine
from kiosk.record import checkin as contract
from kiosk.record import dates
from kiosk.record.checkin import CheckIn

Build = Callable[..., CheckIn]
KEY = "0123456789abcdef"
NOW = dates.instant("2026-11-24T00:15:00.000Z")


def first_database(file: Path, records: Sequence[tuple[str, bytes]]) -> None:
    """A database as the first schema made it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.executescript(schema._FIRST)
        connection.execute("INSERT INTO meta(name, value) VALUES ('key_id', ?), ('session_key', '00')", (KEY,))
        for checkin_id, record in records:
            connection.execute(
                "INSERT INTO checkin(checkin_id, sha256, kiosk_id, kiosk_seq, received_at, record, state)"
                " VALUES (?, 'aa', 'a', 1, '2026-11-24T00:15:01.000Z', ?, 'done')",
                (checkin_id, record),
            )
        connection.execute("PRAGMA user_version=1")
        connection.commit()


def brought(file: Path, key_id: str) -> None:
    """Opened by this version, and closed again."""
    engine = SqliteEngine(file, key_id)
    try:
        engine.open_for_writing().close()
    finally:
        engine.close()


def read(file: Path, sql: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute(sql).fetchall()


def tables(file: Path) -> list[Any]:
    return read(file, "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")


def test_an_old_database_is_brought_up_with_every_checkin(tmp_path: Path, patient_at: Build, unanswered: Build) -> None:
    known, late = patient_at(NOW), unanswered(patient_at(NOW, "A002", "ef" * 32))
    records = [(checkin.checkin_id, contract.to_json(checkin)) for checkin in (known, late)]
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    first_database(old, records)
    brought(old, KEY)
    brought(new, KEY)
    assert read(old, "PRAGMA user_version") == read(new, "PRAGMA user_version") == [(schema.VERSION,)]
    assert tables(old) == tables(new)
    assert read(old, "SELECT checkin_id, record FROM checkin ORDER BY receipt") == records
    assert read(old, "SELECT card, answered, state FROM checkin ORDER BY receipt") == [
        ("cd" * 32, 1, "done"),
        ("ef" * 32, 0, "done"),
    ]
    assert read(old, "SELECT day, number, kana, simulated, first_id FROM checkin ORDER BY receipt") == [
        ("2026-11-24", "A001", kana.key("シケン ハナコ"), 1, ""),
        ("2026-11-24", "A002", "", 1, ""),
    ]
    brought(old, KEY)
    assert tables(old) == tables(new)


def test_a_database_of_the_second_schema_knows_whose_its_checkins_are(tmp_path: Path, patient_at: Build) -> None:
    checkin = patient_at(NOW, reference_number=" 00042 ")
    old = tmp_path / "old.db"
    first_database(old, [(checkin.checkin_id, contract.to_json(checkin))])
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.executescript(schema._SECOND + schema._KEPT)
        connection.execute("PRAGMA user_version=2")
        connection.execute("UPDATE checkin SET answered = 0")
        connection.commit()
    brought(old, KEY)
    brought(tmp_path / "new.db", KEY)
    assert tables(old) == tables(tmp_path / "new.db")
    assert read(old, "SELECT reference, born, answered FROM checkin") == [("00042", "1980-02-17", 0)]


def test_what_cannot_be_brought_up_stays_as_it_was(tmp_path: Path, patient_at: Build) -> None:
    checkin = patient_at(NOW)
    old = tmp_path / "old.db"
    first_database(old, [(checkin.checkin_id, contract.to_json(checkin)), ("broken", b"{}")])
    before = tables(old)
    with pytest.raises(StartError, match="check-in number 2 in it cannot be read"):
        brought(old, KEY)
    assert tables(old) == before
    assert read(old, "PRAGMA user_version") == [(1,)]


def test_an_old_database_of_another_key_is_refused_and_not_touched(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    first_database(old, [])
    before = tables(old)
    with pytest.raises(StartError, match="belongs to key"):
        brought(old, "fedcba9876543210")
    assert tables(old) == before


def test_a_newer_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    first_database(newer, [])
    with contextlib.closing(sqlite3.connect(newer)) as connection:
        connection.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    before = tables(newer)
    with pytest.raises(StartError, match="another version of reception"):
        brought(newer, KEY)
    assert tables(newer) == before


def test_a_database_of_the_fourth_schema_keeps_its_people(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    first_database(old, [])
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.executescript(schema._SECOND + schema._KEPT + schema._THIRD)
        for script in sorted(schema.TABLES.glob("4-*.sql")):
            connection.executescript(script.read_text(encoding="utf-8"))
        connection.execute(
            "INSERT INTO account(staff_id, name, role, kiosk_code, made_at)"
            " VALUES ('sato', '佐藤', 'reception', '1000', '2026-11-24T00:15:01.000Z')"
        )
        connection.execute("INSERT INTO passkey VALUES ('key', 'sato', x'00', 3, '2026-11-24T00:15:01.000Z')")
        connection.execute("PRAGMA user_version=4")
        connection.commit()
    brought(old, KEY)
    brought(tmp_path / "new.db", KEY)
    assert tables(old) == tables(tmp_path / "new.db")
    assert read(old, "PRAGMA user_version") == [(schema.VERSION,)]
    assert read(old, "SELECT staff_id, sign_count, used_at FROM passkey") == [("sato", 3, None)]
