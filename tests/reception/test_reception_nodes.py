"""Several reception nodes on one PostgreSQL: any node accepts, every board sees every row, one node has the duty."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from kiosk.reception import checkins, kiosk_door, kiosks, postgres_engine, seal, visual
from kiosk.reception.desk import Desk
from kiosk.reception.settings import PostgresqlSettings
from kiosk.reception.store import DeskEvent
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import Heartbeat
from kiosk.staff import commands
from tests.reception import desks, postgresql
from tests.reception.sealing_kiosk import SealingKiosk, kiosk_of

PATIENCE_S = 20.0
KIOSK = ids.kiosk_id("a")

pytestmark = pytest.mark.anyio


@dataclass
class Node:
    """A desk, and a kiosk that sends to it."""

    desk: Desk
    kiosk: SealingKiosk

    async def post(self, checkin: CheckIn) -> int:
        body = self.kiosk.sealed(checkin, checkin.checkin_id)
        async with desks.client_of(kiosk_door.app(self.desk)) as client:
            headers = self.kiosk.headers(checkin.checkin_id)
            return (await client.post("/k/v1/checkins", content=body, headers=headers)).status_code


Open = Callable[[], Awaitable[Node]]


@pytest.fixture
async def node(tmp_path: Path, postgresql_server: postgresql.Server) -> AsyncIterator[Open]:
    """Open another node of the same reception."""
    database = postgresql_server.fresh()
    seal.load_or_make(tmp_path / "reception.key", tmp_path / "none.db")
    opened: list[Node] = []

    async def open_() -> Node:
        folder = tmp_path / f"node-{len(opened)}"
        folder.mkdir()
        shutil.copy(tmp_path / "reception.key", folder)
        desk = Desk(desks.settings_at(folder, database=None, postgresql=database))
        opened.append(Node(desk, kiosk_of(desk.key.public_key, desk.key.key_id)))
        return opened[-1]

    yield open_
    for one in opened:
        with contextlib.suppress(RuntimeError):
            one.desk.close()


def database_of(node: Node) -> PostgresqlSettings:
    assert node.desk.settings.postgresql is not None
    return node.desk.settings.postgresql


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - what is waited for happens on other threads
            await asyncio.sleep(0.01)


async def test_what_one_node_takes_every_board_hears_once_and_in_order(
    node: Open, checkin_now: Callable[..., CheckIn]
) -> None:
    first, second = await node(), await node()
    sent = [checkin_now(f"A{place:03d}") for place in range(1, 11)]
    heard: dict[str, list[DeskEvent]] = {"first": [], "second": []}
    with first.desk.board.listen() as at_first, second.desk.board.listen() as at_second:
        for place, checkin in enumerate(sent):
            assert await (first, second)[place % 2].post(checkin) == 201
        for name, listener in (("first", at_first), ("second", at_second)):
            while len(heard[name]) < len(sent):
                event = await listener.next(PATIENCE_S)
                assert event is not None
                heard[name].append(event)
    for events in heard.values():
        assert [event.flags["checkin_id"] for event in events] == [checkin.checkin_id for checkin in sent]
        seqs = [event.seq or 0 for event in events]
        assert seqs == sorted(set(seqs))
    for one in (first, second):
        rows = await one.desk.store.read(checkins.rows_since(0))
        assert [row.checkin.checkin_id for row in rows] == [checkin.checkin_id for checkin in sent]


async def test_the_same_body_at_another_node_is_the_same_check_in(
    node: Open, checkin_now: Callable[..., CheckIn]
) -> None:
    first, second = await node(), await node()
    checkin = checkin_now()
    body = first.kiosk.sealed(checkin, checkin.checkin_id)
    answers = []
    for one in (first, second):
        async with desks.client_of(kiosk_door.app(one.desk)) as client:
            headers = first.kiosk.headers(checkin.checkin_id)
            answers.append(await client.post("/k/v1/checkins", content=body, headers=headers))
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["receipt"] == answers[1].json()["receipt"]


async def test_a_command_from_one_board_reaches_the_kiosk_at_the_other_node(node: Open) -> None:
    first, second = await node(), await node()
    visit = ids.new_visit_id()
    beat = Heartbeat(KIOSK, second.desk.clock(), "open", "choosing_method", visit, 0, 0, 0.0)
    await second.desk.store.write(kiosks.heard(beat))
    with second.desk.line.listen() as line:
        command = await first.desk.store.write(visual.grant(KIOSK, visit, "tanaka", ids.new_visit_id()))
        came = await line.next(PATIENCE_S)
    assert came is not None
    assert commands.command_json(came) == commands.command_json(command)


async def test_what_is_told_in_passing_reaches_every_board_too(node: Open) -> None:
    first, second = await node(), await node()
    beat = Heartbeat(KIOSK, first.desk.clock(), "open", "idle", None, 0, 0, 0.0)
    await first.desk.store.write(kiosks.heard(beat))
    with second.desk.board.listen() as board:
        await first.desk.store.write(kiosks.heard(beat))
        told = await board.next(PATIENCE_S)
        while told is not None and told.seq is not None:
            told = await board.next(PATIENCE_S)
    assert told == DeskEvent(None, "kiosk", {"kiosk_id": "a", "unchanged": True})


async def test_one_node_has_the_duty_and_another_takes_it_over(node: Open) -> None:
    first = await node()
    await until(first.desk.on_duty.is_set)
    second = await node()
    await asyncio.sleep(3 * postgres_engine.LISTEN_S)  # longer than a node waits between two tries
    assert not second.desk.on_duty.is_set()
    first.desk.close()
    await until(second.desk.on_duty.is_set)


async def test_a_node_whose_connections_are_cut_goes_on_and_misses_nothing(
    node: Open, checkin_now: Callable[..., CheckIn]
) -> None:
    first, second = await node(), await node()
    before = checkin_now("A001")
    with first.desk.board.listen() as board:
        with psycopg.connect(make_conninfo("", **database_of(first).parameters()), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        async with asyncio.timeout(PATIENCE_S):
            while await second.post(before) not in (200, 201):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        told = await board.next(PATIENCE_S)
        assert told is not None
        assert told.flags["checkin_id"] == before.checkin_id
        assert await first.post(checkin_now("A002")) == 201
