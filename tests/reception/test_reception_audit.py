"""The audit log: whole or not, said in words; held to by kiosks; read by auditors; and nobody's name in it."""
# ruff: noqa: S608 - the statements of these tests are made of their own numbers

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from kiosk.delivery.desk import Desk as DeliveryDesk
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.witness import Witness
from kiosk.reception import audit, audit_check, witnesses
from kiosk.reception.accounts import Role
from kiosk.reception.errors import StartError
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import AuditSeen, Heartbeat

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


def intruder(settings: ReceptionSettings) -> Any:
    """Somebody with the database in hand, and without the key: triggers and all are theirs."""
    if settings.postgresql is not None:
        parameters: dict[str, Any] = settings.postgresql.parameters()
        connection = psycopg.connect("", autocommit=True, **parameters)
        connection.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
        return connection
    database = sqlite3.connect(str(settings.database), isolation_level=None)
    for trigger in ("audit_is_never_changed", "audit_is_never_erased"):
        database.execute(f"DROP TRIGGER {trigger}")
    return database


def told(settings: ReceptionSettings) -> tuple[int, str]:
    """What `kiosk audit verify` says."""
    lines: list[str] = []
    code = audit_check.verify(settings, lines.append)
    return code, "\n".join(lines)


async def busy(desk: Any) -> int:
    """A log of a few entries; the number of the last one."""
    for staff_id in ("tanaka", "mori", "tanaka", "mori"):
        await desk.sit_down(staff_id)
    head: audit.Head = await desk.desk.store.read(audit.head)
    return head.seq


async def test_a_log_as_it_was_written_is_whole(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        last = await busy(desk)
        code, said = told(desk.desk.settings)
        assert code == 0
        assert said == f"The audit log is whole: entries 1 to {last}, {last} in all; every entry fits."


SWAP = "UPDATE audit SET seq = {1} WHERE seq = {0}"

FORGERIES = {
    "edited": ("UPDATE audit SET actor = 'mori' WHERE seq = 3", "entry 3 does not fit"),
    "edited note": ("UPDATE audit SET note = 'x' WHERE seq = 3", "entry 3 does not fit"),
    "edited time": ("UPDATE audit SET at = '2026-01-01T00:00:00.000Z' WHERE seq = 3", "entry 3 does not fit"),
    "another hash": (f"UPDATE audit SET hash = '{'0' * 64}' WHERE seq = 3", "entry 3 does not fit"),
    "hash taken away": ("UPDATE audit SET hash = '' WHERE seq = 3", "entry 3 has no hash"),
    "dropped": ("DELETE FROM audit WHERE seq = 3", "entry 3 is missing: 4 comes after 2"),
    "dropped and closed up": (
        "DELETE FROM audit WHERE seq = 3; UPDATE audit SET seq = seq - 1 WHERE seq > 3",
        "entry 3 does not fit",
    ),
    "swapped": (f"{SWAP.format(3, -4)}; {SWAP.format(4, 3)}; {SWAP.format(-4, 4)}", "entry 3 does not fit"),
    "truncated": ("DELETE FROM audit WHERE seq > 3", "entry 4 is missing: the log was written up to entry"),
    "beginning cut off": ("DELETE FROM audit WHERE seq < 3", "entry 1 is missing: 3 comes after 0"),
    "all gone": ("DELETE FROM audit", "entry 1 is missing: the log was written up to entry"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_what_somebody_did_to_the_log_is_found_and_named(open_desk: OpenDesk, forgery: str) -> None:
    async with open_desk() as desk:
        await busy(desk)
        statements, expected = FORGERIES[forgery]
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            for statement in statements.split(";"):
                database.execute(statement)
        code, said = told(desk.desk.settings)
        assert code == 3
        assert expected in said
        assert "NOT whole" in said


async def test_a_beginning_that_is_cut_off_with_a_made_up_anchor_is_found(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await busy(desk)
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            (kept,) = database.execute("SELECT hash FROM audit WHERE seq = 3").fetchone()
            database.execute("DELETE FROM audit WHERE seq <= 3")
            database.execute(f"INSERT INTO meta(name, value) VALUES ('audit_anchor', '{json.dumps([3, kept])}')")
        code, said = told(desk.desk.settings)
        assert code == 3
        assert "no entry says that it was cut there" in said


async def test_a_log_that_goes_on_after_its_end_was_cut_keeps_the_gap(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        last = await busy(desk)
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            database.execute(f"DELETE FROM audit WHERE seq > {last - 2}")
        await desk.sit_down("tanaka")
        code, said = told(desk.desk.settings)
        assert code == 3
        assert f"entry {last - 1} is missing: {last + 1} comes after {last - 2}" in said


async def test_a_log_made_anew_with_another_key_is_found(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        last = await busy(desk)
        other = audit.Chain(b"\x01" * 32)
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            previous = other.digest_before(database)
            columns = "seq, at, actor, action, kiosk_id, about, note"
            for seq, *rest in database.execute(f"SELECT {columns} FROM audit ORDER BY seq").fetchall():
                previous = other.next_hash(previous, seq, audit.Entry(*rest))
                database.execute(f"UPDATE audit SET hash = '{previous}' WHERE seq = {seq}")
            database.execute(f"UPDATE meta SET value = '{json.dumps([last, previous])}' WHERE name = 'audit_head'")
        code, said = told(desk.desk.settings)
        assert code == 3
        assert "entry 1 does not fit" in said


def test_a_log_cannot_be_verified_without_its_key(tmp_path: Path) -> None:
    door = Door("127.0.0.1", 0)
    settings = ReceptionSettings("test", "c", tmp_path / "none.key", door, door, database=tmp_path / "r.db")
    with pytest.raises(StartError, match="without it nothing can be verified"):
        audit_check.verify(settings, print)
    assert list(tmp_path.iterdir()) == [], "and none is made"


def test_the_command_says_it_beside_a_reception_that_runs(start_reception: Callable[..., Any], tmp_path: Path) -> None:
    reception = start_reception()
    reception.sit_down("mori")
    command = [sys.executable, "-m", "kiosk", "audit", "verify", "--config", str(tmp_path / "reception.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The audit log is whole: entries 1 to ")
    with contextlib.closing(sqlite3.connect(tmp_path / "reception.db", isolation_level=None)) as database:
        database.execute("DROP TRIGGER audit_is_never_changed")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 3
    assert "NOT whole: entry 2 does not fit" in done.stdout


# -- witnesses -----------------------------------------------------------------------------------------------------------


async def beat(desk: Any, seen: AuditSeen | None, kiosk_id: str = "a") -> AuditSeen:
    """A heartbeat that says what the kiosk has seen; what it is told."""
    kiosk = replace(desk.kiosk, kiosk_id=kiosk_id)
    body = kiosk.heartbeat(desk.clock.now, "idle", None, audit=seen)
    answer = await desk.at_kiosk_door.post("/k/v1/heartbeat", json=body, headers={"x-kiosk-id": kiosk_id})
    assert answer.status_code == 200
    return AuditSeen(**answer.json()["audit"])


async def misfits(desk: Any) -> list[tuple[str, int]]:
    found = await desk.desk.store.read(witnesses.misfits)
    return [(misfit.kiosk_id, misfit.seq) for misfit in found]


async def test_a_kiosk_is_told_the_end_of_the_log_and_holds_it(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        last = await busy(desk)
        seen = await beat(desk, None)
        assert seen.seq == last
        await desk.sit_down("mori")
        assert (await beat(desk, seen)).seq == last + 1
        assert await misfits(desk) == []
        assert told(desk.desk.settings)[0] == 0


async def test_a_log_that_was_rewritten_no_longer_fits_what_a_kiosk_has_seen(open_desk: OpenDesk) -> None:
    """By somebody who has the key: the chain itself is right."""
    async with open_desk() as desk:
        await busy(desk)
        seen = await beat(desk, None)
        chain = audit.Chain(desk.desk.key.derived(b"kiosk audit"))
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            database.execute("UPDATE audit SET actor = 'mori' WHERE seq = 3")
            previous = chain.digest_before(database)
            columns = "seq, at, actor, action, kiosk_id, about, note"
            for seq, *rest in database.execute(f"SELECT {columns} FROM audit ORDER BY seq").fetchall():
                previous = chain.next_hash(previous, seq, audit.Entry(*rest))
                database.execute(f"UPDATE audit SET hash = '{previous}' WHERE seq = {seq}")
            database.execute(f"UPDATE meta SET value = '{json.dumps([seen.seq, previous])}' WHERE name = 'audit_head'")
        assert told(desk.desk.settings)[0] == 0
        with desk.desk.board.listen() as listener:
            await beat(desk, seen)
            kinds = {event.kind for event in [await listener.next(5), await listener.next(5)] if event is not None}
            assert "trouble" in kinds
        assert await misfits(desk) == [("a", seen.seq)]
        assert ("a", "audit_misfit") in desk.audit()
        code, said = told(desk.desk.settings)
        assert code == 3
        assert f"Kiosk a has seen entry {seen.seq}" in said
        await beat(desk, await beat(desk, seen))
        assert await misfits(desk) == [("a", seen.seq)], "it stays until somebody has seen to it"
        assert desk.audit().count(("a", "audit_misfit")) == 1


async def test_a_log_that_lost_its_end_no_longer_fits_and_an_administrator_sees_to_it(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        last = await busy(desk)
        seen = await beat(desk, None)
        with contextlib.closing(intruder(desk.desk.settings)) as database:
            database.execute(f"DELETE FROM audit WHERE seq > {last - 2}")
            (kept,) = database.execute(f"SELECT hash FROM audit WHERE seq = {last - 2}").fetchone()
            value = json.dumps([last - 2, kept])
            database.execute(f"UPDATE meta SET value = '{value}' WHERE name = 'audit_head'")
        assert told(desk.desk.settings)[0] == 0, "an old copy is whole in itself"
        await beat(desk, seen)
        assert await misfits(desk) == [("a", last)]
        await desk.sit_down("watcher", Role.AUDITOR)
        page = await desk.at_staff_door.get("/audit")
        assert "受付機の見たものと合いません" in page.text
        assert "理由を確かめた" not in page.text
        headers = await desk.sit_down("chief", Role.ADMINISTRATOR)
        assert "理由を確かめた" in (await desk.at_staff_door.get("/audit")).text
        form = {"token": headers["x-csrf-token"]}
        answer = await desk.at_staff_door.post("/audit/misfits", data=form, headers={"origin": headers["origin"]})
        assert answer.status_code == 303
        assert await misfits(desk) == []
        assert ("chief", "audit_misfit_seen_to") in desk.audit()


def test_a_real_kiosk_finds_that_the_log_was_cut_though_both_were_restarted(
    start_reception: Callable[..., Any], tmp_path: Path
) -> None:
    def a_kiosk(url: str) -> DeliveryDesk:
        witness, keys = Witness(tmp_path / "audit-witness.json"), KeyCache(tmp_path / "reception-key.json")
        kiosk_id = ids.kiosk_id("a")

        def beat() -> Heartbeat:
            return Heartbeat(kiosk_id, datetime.now(UTC), "open", "idle", None, 0, 0, 0.0)

        return DeliveryDesk(client, (url,), kiosk_id, keys, beat, witness=witness)

    def misfit(database: sqlite3.Connection) -> Any:
        return database.execute("SELECT misfit_seq FROM witness").fetchone()

    with httpx.Client(trust_env=False, timeout=10) as client:
        reception = start_reception()
        a_kiosk(reception.kiosk_url).step()
        assert reception.stop() == 0
        with contextlib.closing(sqlite3.connect(tmp_path / "reception.db", isolation_level=None)) as database:
            (last,) = database.execute("SELECT max(seq) FROM audit").fetchone()
            database.execute("DROP TRIGGER audit_is_never_erased")
            database.execute(f"DELETE FROM audit WHERE seq = {last}")
            (kept,) = database.execute(f"SELECT hash FROM audit WHERE seq = {last - 1}").fetchone()
            database.execute(f"UPDATE meta SET value = '{json.dumps([last - 1, kept])}' WHERE name = 'audit_head'")
            a_kiosk(start_reception().kiosk_url).step()
            assert misfit(database) == (last,)


@pytest.mark.parametrize(
    "seen", [{"seq": 0, "hash": "0" * 64}, {"seq": 1, "hash": "x"}, {"seq": True, "hash": "0" * 64}, [], "x", {}]
)
async def test_a_witness_that_says_nonsense_is_refused(open_desk: OpenDesk, seen: Any) -> None:
    async with open_desk() as desk:
        body = desk.kiosk.heartbeat(desk.clock.now, "idle", None) | {"audit": seen}
        answer = await desk.at_kiosk_door.post("/k/v1/heartbeat", json=body, headers={"x-kiosk-id": "a"})
        assert answer.status_code == 422


# -- reading -------------------------------------------------------------------------------------------------------------


async def test_an_auditor_reads_filters_and_takes_away_the_log(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        headers = await desk.sit_down("tanaka")
        await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}")
        await desk.at_staff_door.post(f"/api/v1/rows/{checkin.checkin_id}/take", headers=headers)
        desk.clock.later(days=1)
        await desk.sit_down("watcher", Role.AUDITOR)
        get = desk.at_staff_door.get
        whole = (await get("/audit")).text
        numbers = [int(part.split('"')[0]) for part in whole.split('data-seq="')[1:]]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers[-1] == 1
        by_record = (await get(f"/audit?about={checkin.checkin_id}")).text
        assert all(f'data-action="{act}"' in by_record for act in ("checkin_kept", "row_viewed", "row_take"))
        assert "signed_in" not in by_record
        assert "<td>watcher</td>" not in (await get("/audit?who=tanaka")).text
        assert "<td>tanaka</td>" not in (await get("/audit?day=2026-11-25")).text
        assert "<td>tanaka</td>" in (await get("/audit?day=2026-11-24")).text
        for wrong in ("day=x", "before=x", "day=2026-13-01"):
            assert (await get(f"/audit?{wrong}")).status_code == 422
        exported = await get("/audit.csv?who=tanaka")
        rows = list(csv.DictReader(io.StringIO(exported.text.removeprefix("\ufeff"))))
        assert [row["action"] for row in rows] == ["row_take", "row_viewed", "signed_in"]
        assert "attachment" in exported.headers["content-disposition"]
        acts = [act for who, act in desk.audit() if who == "watcher"]
        assert acts.count("audit_viewed") == 5
        assert acts[-1] == "audit_exported"


async def test_a_long_log_is_read_page_by_page(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for number in range(250):
            await desk.desk.store.write(lambda transaction, of=str(number): transaction.audit("x", "done", about=of))
        await desk.sit_down("watcher", Role.AUDITOR)
        seen: list[str] = []
        path = "/audit?who=x"
        while path:
            page = (await desk.at_staff_door.get(path)).text
            seen += [part.split('"')[0] for part in page.split('data-seq="')[1:]]
            older = page.split('href="/audit?who=x&amp;before=')[1:]
            path = f"/audit?who=x&before={older[0].split(chr(34))[0]}" if older else ""
        assert len(seen) == len(set(seen)) == 250


async def test_nobodys_name_or_number_is_in_the_log(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        headers = await desk.sit_down("tanaka")
        await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}")
        await desk.at_staff_door.get("/api/v1/rows")
        form = {"staff_id": "ﾐﾎﾝ", "password": "見本　花子", "code": "1941"}
        await desk.at_staff_door.post("/sign-in", data=form, headers={"origin": headers["origin"]})
        form = {"staff_id": "mihon-hanako", "password": "x", "code": "1"}
        await desk.at_staff_door.post("/sign-in", data=form, headers={"origin": headers["origin"]})

        def everything(connection: Any) -> str:
            return " ".join(str(list(row)) for row in connection.execute("SELECT * FROM audit"))

        log = await desk.desk.store.read(everything)
        for secret in ("ﾐﾎﾝ", "見本", "06139999", "3456", "1941", "mihon-hanako", "田中"):
            assert secret not in log
        assert "row_viewed" in log
        assert "sign_in_failed" in log
