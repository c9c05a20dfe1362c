"""From the patient's "done" on a kiosk to the event at every board: outbox, sealing, the line, reception's store, SSE.

    .venv/bin/python -m tests.benchmarks.bench_whole_path --kiosks 60 --boards 20 --rate 7      # --plain: without TLS

The kiosks' outboxes and couriers are the product's, as threads of one process (their clients share its interpreter: that is
in the figures), paired as one kiosk; reception is the product's process with SQLite, TLS at both doors. Boards are connections that read `/events` as a browser
does. A check-in's time runs from the call of `Outbox.put` to the moment its event has been read by a board.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import random
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from kiosk.delivery.courier import Courier
from kiosk.delivery.exchange import door_client
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.delivery.settings import DeliverySettings
from kiosk.reception import seal
from kiosk.record import ids
from tests.chaos.chaos_kiosk import new_checkin
from tests.chaos.run import RECEPTION, _free_port, _settings
from tests.reception import secured

KIOSK = ids.kiosk_id("kiosk-1")


class Boards:
    """Connections that wait for events; `seen` has the moments at which each check-in came."""

    def __init__(self) -> None:
        self.seen: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def watch(self, url: str, verify: ssl.SSLContext | bool, cookies: httpx.Cookies) -> None:
        """One board, on a thread of its own, until reception ends."""
        with httpx.Client(
            verify=verify, trust_env=False, timeout=httpx.Timeout(10.0, read=60.0), cookies=cookies
        ) as client:
            try:
                with client.stream("GET", f"{url}/events") as response:
                    assert response.status_code == 200, response.status_code
                    for line in response.iter_lines():
                        now = time.perf_counter()
                        if line.startswith("data: ") and '"new": true' in line:
                            with self._lock:
                                self.seen.setdefault(json.loads(line[6:])["checkin_id"], []).append(now)
            except httpx.HTTPError:
                return  # reception has ended


def paired(folder: Path) -> DeliverySettings:
    """Reception's authority, and a kiosk that was paired with it before the process begins."""
    secured.make_authority(folder / "trust")
    with secured.running(secured.reception_settings(folder)) as opened:
        return secured.paired(opened, folder / "paired", KIOSK)


@contextmanager
def reception(folder: Path, *, tls: bool) -> Iterator[dict[str, Any]]:
    """The product's process; gives its `ready` line."""
    settings = folder / "reception.yaml"
    people = "test_staff:\n  - {id: tanaka, name: 田中 みさき}\n" + ("trust_folder: trust\n" if tls else "")
    settings.write_text(_settings(_free_port(), None) + people, encoding="utf-8")
    with (folder / "reception.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RECEPTION, "reception", "--config", str(settings)],
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


def signed_in(ready: dict[str, Any], verify: ssl.SSLContext | bool) -> httpx.Cookies:
    """The cookies of somebody at the desk."""
    with httpx.Client(verify=verify, trust_env=False, follow_redirects=True) as client:
        client.get(ready["sign_in"]["tanaka"]).raise_for_status()
        assert client.cookies
        return client.cookies


def kiosk(
    place: int, folder: Path, url: str, key: seal.SealKey, arguments: argparse.Namespace, put_at: dict[str, float]
) -> None:
    """One kiosk: confirms a check-in now and then, and delivers."""
    settings = DeliverySettings((url,), folder / f"kiosk-{place}")
    settings.folder.mkdir()
    for file in (folder / "paired").glob("reception-*.pem"):
        shutil.copy(file, settings.folder)
    outbox = Outbox(settings.folder / "outbox.db", "A")
    sealer = Sealer(base64.b64decode(key.public_key))
    stop = threading.Event()
    chance = random.Random(place)  # noqa: S311
    with door_client(settings) as client:
        courier = Courier(outbox, client, settings.urls, KIOSK, lambda _: None)
        delivering = threading.Thread(target=courier.run, args=(stop,))
        delivering.start()
        end = time.monotonic() + arguments.seconds
        time.sleep(chance.uniform(0, arguments.kiosks / arguments.rate))
        while time.monotonic() < end:
            checkin = new_checkin(KIOSK)
            put_at[checkin.checkin_id] = time.perf_counter()
            outbox.put(checkin, sealer)
            courier.wake()
            time.sleep(min(chance.expovariate(arguments.rate / arguments.kiosks), max(0.0, end - time.monotonic())))
        while outbox.waiting().pending:
            time.sleep(0.05)
        stop.set()
        courier.wake()
        delivering.join()
    outbox.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kiosks", type=int, default=60)
    parser.add_argument("--boards", type=int, default=20)
    parser.add_argument("--rate", type=float, default=7.0, help="check-ins a second, of all kiosks together")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--plain", action="store_true", help="without TLS, as on one machine")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    boards = Boards()
    put_at: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="kiosk-bench-") as name:
        folder = Path(name)
        verify: ssl.SSLContext | bool = True
        if not arguments.plain:
            paired(folder)
            verify = ssl.create_default_context(cafile=str(folder / "trust" / "root.pem"))
        with reception(folder, tls=not arguments.plain) as ready:
            key = seal.load_or_make(folder / "reception.key", folder / "reception.db")
            cookies = signed_in(ready, verify)
            for _ in range(arguments.boards):
                threading.Thread(target=boards.watch, args=(ready["staff_door"], verify, cookies), daemon=True).start()
            time.sleep(1.0)
            kiosks = [
                threading.Thread(target=kiosk, args=(place, folder, ready["kiosk_door"], key, arguments, put_at))
                for place in range(arguments.kiosks)
            ]
            for one in kiosks:
                one.start()
            for one in kiosks:
                one.join()
            time.sleep(1.0)
        took = sorted(at - put_at[checkin_id] for checkin_id, times in boards.seen.items() for at in times)
    print(
        f"load {os.getloadavg()[0]:.1f}; {'plain' if arguments.plain else 'TLS'}; {arguments.kiosks} kiosks, {arguments.boards} boards, {len(put_at)} check-ins at "
        f"{arguments.rate:g}/s: {len(took)} of {len(put_at) * arguments.boards} events seen; "
        f"p50 {statistics.median(took) * 1000:.1f} ms, p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms, "
        f"worst {took[-1] * 1000:.1f} ms"
    )


if __name__ == "__main__":
    main()
