"""Many visits in one kiosk process, and what it holds after them: memory, threads, files, surfaces.

Run: python tests/benchmarks/soak.py [--visits 1000] [--every 100] [--languages en,th] [--json]. Prints a line of figures every so many visits.

The loop, the heart, the screens, the display (on SDL's dummy driver), the voice, the stations, the handles on booth and studio
with their sockets, pipes, threads and preview blocks, the outbox and the courier are the kiosk's own; reception is a real one in
a process of its own. Below the ports `soak_others` answers at once; `soak_patients` comes, is confirmed by PIN or face, refuses,
takes the card too early, answers item by item, stops, chooses another language or other colours, calls staff, has no card.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pygame
import yaml

from kiosk import app as kiosk_app
from kiosk import configuration, secrecy
from kiosk.card import handle as card_handle
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.face import handle as face_handle
from kiosk.simulation import authority
from kiosk.simulation.demo.children import Child
from kiosk.stations import wiring
from tests.benchmarks.soak_others import Companion, Quick
from tests.benchmarks.soak_patients import PANEL, Panel, Patients

SETTLED_S = 0.6

# -- what the process holds ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held:
    """After `visits`: MB resident and of its own share, threads, open files, surfaces and their MB, objects of Python."""

    visits: int
    seconds: float
    rss: float
    pss: float
    threads: int
    files: int
    surfaces: int
    surface_mb: float
    objects: int

    @classmethod
    def read(cls, line: str) -> Held:
        """From a line of `--json`."""
        return cls(**json.loads(line))

    def __str__(self) -> str:
        return (
            f"{self.visits:6} visits {self.seconds:7.1f} s  RSS {self.rss:6.1f} MB  PSS {self.pss:6.1f} MB  "
            f"{self.threads:3} threads  {self.files:3} files  {self.surfaces:4} surfaces {self.surface_mb:5.1f} MB  "
            f"{self.objects:7} objects"
        )


def held(visits: int, began: float) -> Held:
    """What this process holds now, once nothing of the last visit is still on its way out."""
    found, since = (-1, -1), time.monotonic()
    until = since + 10
    while time.monotonic() < min(until, since + SETTLED_S):
        now = len([*Path("/proc/self/task").iterdir()]), len([*Path("/proc/self/fd").iterdir()])
        if now != found:
            found, since = now, time.monotonic()
        time.sleep(0.05)
    gc.collect()
    surfaces = _surfaces()
    told = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
    memory = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in told.splitlines() if line.endswith("kB")}
    return Held(
        visits=visits,
        seconds=time.monotonic() - began,
        rss=memory["Rss"],
        pss=memory["Pss"],
        threads=found[0],
        files=found[1],
        surfaces=len(surfaces),
        surface_mb=sum(surfaces) / 2**20,
        objects=len(gc.get_objects()),
    )


def _surfaces() -> list[int]:
    """Bytes of every surface that some container holds: the collector does not know surfaces themselves."""
    found: dict[int, int] = {}
    for container in gc.get_objects():
        for one in gc.get_referents(container):
            if isinstance(one, pygame.Surface) and id(one) not in found:
                found[id(one)] = one.get_width() * one.get_height() * one.get_bytesize()
    return list(found.values())


# -- all together --------------------------------------------------------------------------------------------------------


@contextmanager
def reception(folder: Path) -> Iterator[str]:
    """A real reception; the address of its kiosk door."""
    path = folder / "reception.yaml"
    settings = {
        "site": "test",
        "clinic": "みほん内科",
        "database": str(folder / "reception.db"),
        "key_file": str(folder / "reception.key"),
        "kiosk_door": {"host": "127.0.0.1", "port": 0},
        "staff_door": {"host": "127.0.0.1", "port": 0},
    }
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    child = Child(["reception", "--config", str(path)], folder / "reception.log")
    try:
        yield str(child.ready(30)["kiosk_door"])
    finally:
        child.end()


def _settings(folder: Path, door: str, languages: Sequence[str] | None) -> configuration.KioskSettings:
    made = authority.of_folder(folder, datetime.now(UTC))
    (folder / "root.pem").write_bytes(made.root_pem)
    KioskKey.create(folder / "kiosk.key")
    told = {
        "site": "test",
        "kiosk_id": "kiosk-a",
        "clinic": "みほん内科",
        "card": {"trust": [{"file": str(folder / "root.pem"), "simulated": True}]},
        "face": {"camera": f"socket:{folder / 'camera'}"},
        "eligibility": {
            "gateway": "centre",
            "key_file": str(folder / "kiosk.key"),
            "centre": {"url": "https://localhost", "ca_file": str(folder / "root.pem")},
        },
        "delivery": {"urls": [door], "folder": str(folder / "state")},
        "display": {"width": PANEL[0], "height": PANEL[1], "languages": languages or "all"},
        "simulation": {"check_number_b": "80021735021712"},
    }
    path = folder / "kiosk.yaml"
    path.write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return configuration.read(path)


def soak(visits: int, every: int, tell: Callable[[Held], None], languages: Sequence[str] | None = None) -> None:
    """Take that many visits in this process and tell what it holds every so many. On the main thread only.

    `languages`: those that patients may choose besides Japanese; nothing: all.

    Raises what the patient met, such as `TimeoutError` with the screens there were.
    """
    os.environ |= {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        door = stack.enter_context(reception(folder))
        companion = Companion()
        stack.callback(companion.close)
        stands_in = companion.in_place_of_subprocess()
        for handle in (card_handle, face_handle):
            stack.enter_context(mock.patch.object(handle, "subprocess", stands_in))
        stack.enter_context(mock.patch.object(wiring, "_gateway", return_value=Quick()))
        for ending in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, ending, signal.getsignal(ending))
        panel = Panel()
        kiosk = kiosk_app.App(_settings(folder, door, languages), panel.build, panel.name)
        patients = Patients(panel, companion)
        failed: list[BaseException] = []

        def play() -> None:
            began = time.monotonic()
            try:
                panel.until("P00")
                for number in range(visits):
                    patients.visit(number)
                    if (number + 1) % every == 0:
                        tell(held(number + 1, began))
            except BaseException as error:  # noqa: BLE001  (raised again below)
                failed.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=play, name="patients")
        thread.start()
        try:
            kiosk.run()
        finally:
            thread.join()
        if failed:
            raise failed[0]


def main() -> None:
    """As the kiosk's own command starts, then all visits."""
    parser = argparse.ArgumentParser(description="Many visits in one process.")
    parser.add_argument("--visits", type=int, default=1000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--languages", help="tags that patients may choose besides Japanese (all)")
    parser.add_argument("--json", action="store_true", help="figures as JSON objects, one a line")
    words = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    secrecy.keep()
    print(f"pygame {pygame.version.ver}, freed memory is overwritten: {secrecy.overwrite_what_is_freed()}", flush=True)

    def tell(one: Held) -> None:
        print(json.dumps(asdict(one)) if words.json else one, flush=True)

    soak(words.visits, words.every, tell, words.languages.split(",") if words.languages else None)


if __name__ == "__main__":
    main()
