"""Kiosks, network, reception and its database, all failing at once; then the books must balance.

    .venv/bin/python -m tests.chaos.run --seconds 60
    .venv/bin/python -m tests.chaos.run --seconds 60 --postgresql        # two reception nodes on one PostgreSQL

Every kiosk is a process with the product's outbox and courier, killed at random; every reception is a process, killed at
random; between them stands a proxy that refuses, swallows, cuts, slows down, answers like a captive portal or with
another's receipt (domain/reception-and-reliability.md section 1.3, level 4); PostgreSQL is crashed now and then. What was
promised to patients must then be in the store: all of it, once, in each kiosk's order, and no body left on a kiosk.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import collections
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from kiosk.reception import seal
from kiosk.reception.settings import PostgresqlSettings
from tests.chaos.faulty_proxy import FaultyProxy
from tests.reception import postgresql

KIOSK = Path(__file__).with_name("chaos_kiosk.py")
RECEPTION = "from kiosk.__main__ import main; raise SystemExit(main())"
DRAIN_S = 90.0
LETTERS = "ABCDEFGHJK"


@dataclass
class Outcome:
    """What came of it. Everything but the first two and the counts of events must be 0."""

    promised: int = 0
    stored: int = 0
    lost: int = 0
    twice: int = 0
    out_of_order: int = 0
    other_number: int = 0
    bodies_left: int = 0
    parked: int = 0
    not_drained: int = 0
    audit_broken: int = 0
    drained_after_s: float = 0.0
    put_p50_ms: float = 0.0
    put_p99_ms: float = 0.0
    events: dict[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether the books balance."""
        wrong = (self.lost, self.twice, self.out_of_order, self.other_number, self.bodies_left, self.parked)
        return self.promised == self.stored > 0 and not any((*wrong, self.not_drained, self.audit_broken))


class Chaos:
    """One run in `folder`; `server` is the database that all reception nodes share, None: one node with SQLite."""

    def __init__(
        self, folder: Path, server: postgresql.Server | None, kiosks: int, checkins: int, seconds: float, seed: int
    ) -> None:
        self._folder, self._server = folder, server
        self._checkins, self._seconds = checkins, seconds
        self._chance = random.Random(seed)  # noqa: S311
        self._names = [f"kiosk-{place}" for place in range(kiosks)]
        self._events: collections.Counter[str] = collections.Counter()
        self._promised: dict[str, list[tuple[str, str]]] = {name: [] for name in self._names}
        self._puts: list[float] = []
        self._drained: set[str] = set()
        self._kiosks: dict[str, asyncio.subprocess.Process] = {}
        self._nodes: list[asyncio.subprocess.Process | None] = [None] * (1 if server is None else 2)
        self._ports = [_free_port() for _ in self._nodes]
        self._database = None if server is None else server.fresh()
        self._key = seal.load_or_make(folder / "reception.key", folder / "none.db")
        self._over = False

    async def run(self) -> Outcome:
        """Let it all fail for the given time, heal it, wait until the kiosks are empty, and count."""
        proxies = [FaultyProxy(port, self._chance) for port in self._ports]
        urls = [f"http://127.0.0.1:{await proxy.open()}" for proxy in proxies]
        keepers = [asyncio.create_task(self._keep_node(place)) for place in range(len(self._nodes))]
        keepers += [asyncio.create_task(self._keep_kiosk(name, urls)) for name in self._names]
        try:
            await self._fail(proxies)
            healed = time.monotonic()
            for proxy in proxies:
                proxy.mood = "pass"
            self._over = True
            while len(self._drained) < len(self._names) and time.monotonic() < healed + DRAIN_S:
                _raise_of(keepers)
                await asyncio.sleep(0.05)
            after = time.monotonic() - healed
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)
            for process in (*self._kiosks.values(), *self._nodes):
                if process is not None and process.returncode is None:
                    process.kill()
                    await process.wait()
            for proxy in proxies:
                proxy.close()
        for proxy in proxies:
            self._events.update({f"met_{mood}": times for mood, times in proxy.seen.items()})
        outcome = self._count()
        outcome.drained_after_s = round(after, 1)
        return outcome

    async def _fail(self, proxies: list[FaultyProxy]) -> None:
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            for proxy in proxies:
                proxy.next_mood()
            await asyncio.sleep(self._chance.uniform(0.1, 0.6))
            if self._chance.random() < 0.25:
                self._kill(self._kiosks.get(self._chance.choice(self._names)), "kiosk_killed")
            if self._chance.random() < 0.12:
                self._kill(self._chance.choice(self._nodes), "reception_killed")
            if self._server is not None and self._chance.random() < 0.03:
                self._events["database_crashed"] += 1
                await asyncio.to_thread(self._server.crash)

    def _kill(self, process: asyncio.subprocess.Process | None, event: str) -> None:
        if process is not None and process.returncode is None:
            self._events[event] += 1
            process.kill()

    async def _keep_node(self, place: int) -> None:
        settings = self._folder / f"reception-{place}.yaml"
        settings.write_text(_settings(self._ports[place], self._database), encoding="utf-8")
        while True:
            with (self._folder / f"reception-{place}.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-c", RECEPTION, "reception", "--config", str(settings)),
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            self._nodes[place] = process
            self._events["reception_started"] += 1
            await process.wait()
            await asyncio.sleep(0.05)

    async def _keep_kiosk(self, name: str, urls: list[str]) -> None:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        key = base64.b64decode(self._key.public_key).hex()
        letter = LETTERS[self._names.index(name) % len(LETTERS)]
        while name not in self._drained:
            with (folder / "kiosk.log").open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, str(KIOSK), str(folder), name, letter, str(self._checkins), key, *urls),
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=KIOSK.parents[2],
                )
            self._kiosks[name] = process
            self._events["kiosk_started"] += 1
            assert process.stdout is not None
            while line := await process.stdout.readline():
                self._heard(name, line)
            await process.wait()

    def _heard(self, name: str, line: bytes) -> None:
        """A promise counts once its whole line was said."""
        if line == b"drained\n":
            self._drained.add(name)
        elif line.endswith(b"\n"):
            checkin_id, number, seconds = line.decode().split()
            self._promised[name].append((checkin_id, number))
            self._puts.append(float(seconds))

    # -- the books -----------------------------------------------------------------------------------------------------

    def _count(self) -> Outcome:
        outcome = Outcome(not_drained=len(self._names) - len(self._drained), events=dict(sorted(self._events.items())))
        stored: dict[str, list[tuple[int, str, str]]] = {name: [] for name in self._names}
        for kiosk_id, seq, checkin_id, record in self._rows():
            stored[kiosk_id].append((seq, checkin_id, json.loads(bytes(record))["queue_number"]))
        for name, promised in self._promised.items():
            numbers = {checkin_id: number for _, checkin_id, number in stored[name]}
            outcome.promised += len(promised)
            outcome.lost += sum(checkin_id not in numbers for checkin_id, _ in promised)
            outcome.other_number += sum(numbers.get(checkin_id, number) != number for checkin_id, number in promised)
            known = dict(promised)
            # A put whose promise was not heard to its end, because the kiosk died in it, is no promise: it may be there.
            outcome.stored += sum(checkin_id in known for checkin_id in numbers)
            outcome.twice += len(stored[name]) - len(numbers)
            seqs = [seq for seq, _, _ in stored[name]]
            outcome.out_of_order += sum(after < before for before, after in pairwise(seqs))
            left, parked = self._left(name)
            outcome.bodies_left += left
            outcome.parked += parked
        self._puts.sort()
        if self._puts:
            outcome.put_p50_ms = round(self._puts[len(self._puts) // 2] * 1000, 2)
            outcome.put_p99_ms = round(self._puts[int(len(self._puts) * 0.99)] * 1000, 2)
        return outcome

    def _left(self, name: str) -> tuple[int, int]:
        with contextlib.closing(sqlite3.connect(self._folder / name / "outbox.db")) as outbox:
            (left,) = outbox.execute("SELECT count(*) FROM outbox WHERE sealed IS NOT NULL").fetchone()
            (parked,) = outbox.execute("SELECT count(*) FROM outbox WHERE state = 'parked'").fetchone()
        return left, parked

    def _rows(self) -> list[Any]:
        asked = "SELECT kiosk_id, kiosk_seq, checkin_id, record FROM checkin ORDER BY receipt"
        if self._database is not None:
            import psycopg
            from psycopg.conninfo import make_conninfo

            with psycopg.connect(make_conninfo("", **self._database.parameters())) as connection:
                return connection.execute(asked).fetchall()
        with contextlib.closing(sqlite3.connect(self._folder / "reception.db")) as connection:
            return connection.execute(asked).fetchall()


def _settings(kiosk_port: int, database: PostgresqlSettings | None) -> str:
    kept = (
        "database: reception.db\n"
        if database is None
        else f"postgresql: {{database: {database.database}, host: {database.host}, port: {database.port}, user: {database.user}}}\n"
    )
    return (
        f"site: test\nclinic: みほん内科クリニック\n{kept}key_file: reception.key\n"
        f"kiosk_door: {{host: 127.0.0.1, port: {kiosk_port}}}\nstaff_door: {{host: 127.0.0.1, port: 0}}\n"
    )


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _raise_of(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


@contextlib.contextmanager
def _server(wanted: bool) -> Iterator[postgresql.Server | None]:
    if not wanted:
        yield None
        return
    with postgresql.server() as running:
        yield running


def run(
    folder: Path, server: postgresql.Server | None, kiosks: int, checkins: int, seconds: float, seed: int
) -> Outcome:
    """A whole run."""
    return asyncio.run(Chaos(folder, server, kiosks, checkins, seconds, seed).run())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kiosks", type=int, default=4)
    parser.add_argument("--checkins", type=int, default=400, help="of each kiosk")
    parser.add_argument("--seconds", type=float, default=60.0, help="for which everything fails")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--postgresql", action="store_true", help="two reception nodes on one PostgreSQL")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kiosk-chaos-") as folder, _server(args.postgresql) as server:
        outcome = run(Path(folder), server, args.kiosks, args.checkins, args.seconds, args.seed)
    print(json.dumps(asdict(outcome) | {"balanced": outcome.balanced}, indent=2))
    return 0 if outcome.balanced else 1


if __name__ == "__main__":
    raise SystemExit(main())
