"""Settings, key and database: what reception starts with, and what it refuses to start with."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.reception import seal
from kiosk.reception.audit import Chain
from kiosk.reception.errors import SealError, StartError, StoreError
from kiosk.reception.settings import ReceptionSettings
from kiosk.reception.sqlite_engine import SqliteEngine
from kiosk.reception.store import DeskEvent, Store, Transaction

YAML = """
site: test
clinic: みほん内科クリニック
database: store/reception.db
key_file: store/reception.key
kiosk_door: {host: 127.0.0.1, port: 8471}
staff_door: {host: "::1", port: 8472}
test_staff:
  - {id: tanaka, name: 田中 みさき}
"""


def read(folder: Path, text: str) -> ReceptionSettings:
    file = folder / "reception.yaml"
    file.write_text(text, encoding="utf-8")
    return settings.read(file, ReceptionSettings)


def test_settings_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, YAML)
    assert found.database == tmp_path / "store/reception.db"
    assert (found.staff_door.host, found.staff_door.port) == ("::1", 8472)
    assert [member.id for member in found.test_staff] == ["tanaka"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("host: 127.0.0.1", "host: 0.0.0.0", "kiosk_door.host: must be this machine"),
        ('host: "::1"', "host: 192.168.1.5", "staff_door.host: must be this machine"),
        ('host: "::1"', "host: reception.local", "staff_door.host: must be this machine"),
        ("port: 8472", "port: 70000", "staff_door.port: expected 0 to 65535"),
        ('"::1", port: 8472', '"127.0.0.1", port: 8471', "staff_door: must be another port"),
        ("site: test", "site: demo", "site is not usable; expected one of: live, test"),
        ("id: tanaka", "id: Tanaka", "staff id: expected"),
        ("name: 田中 みさき", 'name: " "', "name: expected a name"),
        ("reception.key", "reception.db", "key_file: must be another file"),
        ("site: test", "site: live", "test_staff: people who sign in by a printed link"),
        ("  - {id: tanaka, name: 田中 みさき}", "  - {id: a, name: b}\n  - {id: a, name: c}", "test_staff: every id"),
    ],
)
def test_settings_that_cannot_be_meant_are_said(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in YAML
    with pytest.raises(SettingsError) as error:
        read(tmp_path, YAML.replace(before, after))
    assert said in error.value.sentence


def test_the_key_is_made_once_and_for_this_user_only(tmp_path: Path) -> None:
    key_file, database = tmp_path / "new/reception.key", tmp_path / "new/reception.db"
    made = seal.load_or_make(key_file, database)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert seal.load_or_make(key_file, database).key_id == made.key_id
    assert not list(tmp_path.glob("new/*.new"))


def test_a_lost_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    key_file, database = tmp_path / "reception.key", tmp_path / "reception.db"
    database.write_bytes(b"something")
    with pytest.raises(StartError, match="the key is gone but the database is there"):
        seal.load_or_make(key_file, database)
    assert not key_file.exists()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key_file = tmp_path / "reception.key"
    seal.load_or_make(key_file, tmp_path / "none.db")
    key_file.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        seal.load_or_make(key_file, tmp_path / "none.db")


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    key_file = tmp_path / "reception.key"
    key_file.touch(0o600)
    key_file.write_bytes(content)
    with pytest.raises(SettingsError, match="is not a private key in PEM"):
        seal.load_or_make(key_file, tmp_path / "none.db")


def test_a_body_opens_under_its_own_id_only(tmp_path: Path) -> None:
    key = seal.load_or_make(tmp_path / "reception.key", tmp_path / "none.db")
    private = key._private
    sealed = seal.SUITE.encrypt(b"record", private.public_key(), info=b"one")
    assert key.open(sealed, "one") == b"record"
    for body, name in ((sealed, "two"), (sealed[:-1], "one"), (b"", "one"), (b"short", "one")):
        with pytest.raises(SealError):
            key.open(body, name)
    assert "private" not in repr(key).lower()


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[..., Store]:
    def opened(key_id: str = "0123456789abcdef", told: list[DeskEvent] | None = None) -> Store:
        database = tmp_path / "reception.db"
        engine = SqliteEngine(database, key_id)
        return Store(engine, Chain(b"k"), lambda events, _: None if told is None else told.extend(events))

    return opened


def test_a_database_of_another_key_is_refused(open_store: Callable[..., Store]) -> None:
    open_store().close()
    with pytest.raises(StartError, match="belongs to key 0123456789abcdef"):
        open_store("fedcba9876543210")
    open_store().close()


def test_two_receptions_cannot_share_a_database(open_store: Callable[..., Store]) -> None:
    store = open_store()
    try:
        with pytest.raises(StartError, match="another reception is running"):
            open_store()
    finally:
        store.close()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, open_store: Callable[..., Store]) -> None:
    (tmp_path / "reception.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StartError, match="cannot be opened"):
        open_store()


def test_the_database_is_for_this_user_only_and_syncs_every_commit(
    tmp_path: Path, open_store: Callable[..., Store]
) -> None:
    store = open_store()
    try:
        pragmas = {
            name: store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
        }
        assert pragmas == {"synchronous": 2, "journal_mode": "wal"}
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        store.close()


@pytest.mark.anyio
async def test_a_change_that_fails_takes_nothing_else_with_it(open_store: Callable[..., Store]) -> None:
    import asyncio

    told: list[DeskEvent] = []
    store = open_store(told=told)

    def good(transaction: Transaction) -> str:
        transaction.tell("kiosk", kiosk_id="a")
        return transaction.now_text

    def bad(transaction: Transaction) -> None:
        transaction.tell("kiosk", kiosk_id="lost")
        raise LookupError("no")

    def broken(transaction: Transaction) -> None:
        transaction.run("INSERT INTO nothing VALUES (1)")

    try:
        outcomes = await asyncio.gather(*map(store.write, (good, bad, broken, good)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [str, LookupError, StoreError, str]
        found = await store.read(lambda connection: connection.execute("SELECT count(*) FROM event").fetchone()[0])
        assert found == 2
        assert [event.flags["kiosk_id"] for event in told] == ["a", "a"]
        assert [event.seq for event in told] == [1, 2]
        assert datetime.fromisoformat(str(outcomes[0])).tzinfo == UTC
    finally:
        store.close()
