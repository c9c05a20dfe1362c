"""Two nodes on one PostgreSQL hand results off to one folder; the one on duty is killed, again and again, in the middle of it."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from kiosk.reception import seal
from kiosk.reception.hand_off import MARK
from kiosk.reception.settings import PostgresqlSettings
from kiosk.record.checkin import CheckIn
from tests.reception import postgresql, processes
from tests.reception.handing_off import lying, results, section, take, take_while_written, wait_for
from tests.reception.processes import Reception
from tests.reception.sealing_kiosk import SealingKiosk

KIOSKS = ("a", "b")
STREAM = 30
"""Check-ins of each kiosk."""
KILLS = 3
PATIENCE_S = 20.0


@dataclass
class Nodes:
    """Two nodes, each a process of its own. The node of a new life has a folder of its own, as on another machine."""

    folder: Path
    database: PostgresqlSettings
    share: Path
    ends: contextlib.ExitStack
    at: list[Reception] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    lives: int = 0

    def open(self, place: int) -> None:
        """Start a node at this place, where none is or where one was killed."""
        folder = self.folder / f"life-{self.lives}"
        folder.mkdir()
        shutil.copy(self.folder / "reception.key", folder)
        told = self.database
        kept_in = f"postgresql: {{database: {told.database}, host: {told.host}, port: {told.port}, user: {told.user}}}"
        node = processes.begin(folder, more=section(self.share), kept_in=kept_in)
        self.ends.callback(node.end)
        self.at[place : place + 1], self.folders[place : place + 1] = [node], [folder]
        self.lives += 1

    def kill_the_one_on_duty(self) -> int:
        """With SIGKILL; gives its place."""
        wait_for(lambda: any(map(self._is_on_duty, range(len(self.at)))))
        (place,) = filter(self._is_on_duty, range(len(self.at)))
        self.at[place].process.kill()
        self.at[place].process.wait(10)
        return place

    def _is_on_duty(self, place: int) -> bool:
        lines = (self.folders[place] / "reception.log").read_text(encoding="utf-8").splitlines()
        told = [line["on_duty"] for line in map(_line, lines) if line.get("event") == "duty"]
        return self.at[place].process.poll() is None and told[-1:] == [True]

    def found(self, sql: str) -> list[Any]:
        with psycopg.connect(make_conninfo("", **self.database.parameters())) as connection:
            return [value for (value,) in connection.execute(sql.encode())]


def _line(text: str) -> dict[str, Any]:
    """A line of the journal; one that a kill cut short is none."""
    try:
        told: dict[str, Any] = json.loads(text)
    except ValueError:
        return {}
    return told


@pytest.fixture
def nodes(tmp_path: Path, share: Path, postgresql_server: postgresql.Server) -> Iterator[Nodes]:
    seal.load_or_make(tmp_path / "reception.key", tmp_path / "none.db")
    with contextlib.ExitStack() as ends:
        opened = Nodes(tmp_path, postgresql_server.fresh(), share, ends)
        for place in range(2):
            opened.open(place)
        yield opened


@dataclass
class Stream:
    """Kiosks that post one check-in after the other, as far as they are let; what a node does not take, the other does."""

    nodes: Nodes
    let: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def post(self, kiosk: SealingKiosk, first_at: int, checkins: list[CheckIn]) -> None:
        with httpx.Client(trust_env=False, timeout=10) as client:
            for checkin in checkins:
                assert self.let.acquire(timeout=PATIENCE_S)
                self._deliver(client, kiosk, first_at, checkin)

    def _deliver(self, client: httpx.Client, kiosk: SealingKiosk, place: int, checkin: CheckIn) -> None:
        body, headers = kiosk.sealed(checkin, checkin.checkin_id), kiosk.headers(checkin.checkin_id)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            url = f"{self.nodes.at[place].kiosk_url}/k/v1/checkins"
            with contextlib.suppress(httpx.TransportError):
                if client.post(url, content=body, headers=headers).status_code in (200, 201):
                    return
            place = 1 - place
        raise AssertionError("neither node took it")


@contextlib.contextmanager
def claims_computer(share: Path, taken: list[str]) -> Iterator[None]:
    """One that takes every file at once."""
    over = threading.Event()

    def take_on() -> None:
        while not over.wait(0.001):
            taken.extend(take_while_written(share))

    with ThreadPoolExecutor(1) as pool:
        taking = pool.submit(take_on)
        try:
            yield
        finally:
            over.set()
            taking.result()


@pytest.mark.parametrize("at_once", [False, True], ids=["taken_in_the_end", "taken_at_once"])
def test_whoever_is_killed_on_duty_each_result_is_handed_off_once_and_in_order(
    nodes: Nodes, checkin_now: Callable[..., CheckIn], share: Path, at_once: bool
) -> None:
    sent = {
        name: [checkin_now(f"{name.upper()}{number:03}", name) for number in range(1, STREAM + 1)] for name in KIOSKS
    }
    stream, taken = Stream(nodes), list[str]()

    def handed_off() -> int:
        return len(taken) + len(results(share))

    def until_handed_off(more_than: int) -> None:
        wait_for(lambda: handed_off() > more_than)

    with (
        claims_computer(share, taken) if at_once else contextlib.nullcontext(),
        ThreadPoolExecutor(len(KIOSKS)) as pool,
    ):
        first = nodes.at[0].kiosk
        posting = [
            pool.submit(stream.post, SealingKiosk(first.public_key, first.key_id, name), place, sent[name])
            for place, name in enumerate(KIOSKS)
        ]
        batch = len(KIOSKS) * STREAM // (KILLS + 1)
        for kill in range(KILLS):
            before = handed_off()
            stream.let.release(batch)
            until_handed_off(before + kill)
            nodes.open(nodes.kill_the_one_on_duty())
        stream.let.release(batch)
        for one in posting:
            one.result()
        wait_for(lambda: len(nodes.found("SELECT 1 FROM hand_off WHERE state IN ('written', 'taken')")) == 2 * STREAM)
        assert [node.stop() for node in nodes.at] == [0, 0]
    taken += take(share)
    came = nodes.found("SELECT checkin_id FROM checkin ORDER BY receipt")
    assert sorted(came) == sorted(checkin.checkin_id for checkins in sent.values() for checkin in checkins)
    assert taken == came
    assert lying(share) == {MARK}
    for name in KIOSKS:
        of_kiosk = [one for one in came if one in {checkin.checkin_id for checkin in sent[name]}]
        assert of_kiosk == [checkin.checkin_id for checkin in sent[name]]
    told = nodes.found("SELECT about FROM audit WHERE action = 'handed_off' ORDER BY seq")
    assert told == came
