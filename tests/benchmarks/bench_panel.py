"""The panel's frame time on the camera screen, with nobody filming and with the face studio at full load.

Run: python tests/benchmarks/bench_panel.py [--seconds 20] [--panel WIDTH HEIGHT DIAGONAL]. Starts an X server, a simulated
camera and a real face studio of its own; asserts nothing about time. The goal is a p99 below 33 ms: thirty pictures a
second, each on the panel before the next one is due.

The loop is the kiosk's: it sleeps in the display, builds P03 anew when the studio says something, draws what changed.
The camera gives 30 pictures a second, drawn before, so that it costs next to nothing itself. The studio looks for somebody
else than who is filmed, again and again: every frame it manages is searched for a face, good ones are described and
compared, and the preview gets all of them. A frame's time is what `show` took where it drew something; its
lateness, how long after it was due it was on the panel (the machine was busy with something else).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import queue
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pygame

from kiosk import secrecy
from kiosk.face.handle import Studio
from kiosk.face.messages import NotMatched, Seen, StudioMessage
from kiosk.face.preview import PreviewBlock
from kiosk.face.settings import FaceSettings
from kiosk.simulation.demo.glass import environment_of, glass
from kiosk.simulation.people import HEIGHT, WIDTH, Sitter, frames, photo_jp2
from kiosk.ui.display import Display
from kiosk.ui.live import Frame
from kiosk.ui.messages import Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.widgets import LiveSource, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import LookingAtFace
from kiosk.visit.vocabulary import Advice
from screens import build
from screens.examples import EXAMPLES

LONGEST_SLEEP = 0.25  # as the kiosk's own loop
GOAL_MS = 33.0
CAMERA_FPS = 30


@dataclass
class Frames:
    """What was measured: milliseconds of drawing, of lateness, and from one picture on the panel to the next."""

    drawn: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)


class Panel:
    """A display that shows P03 as the kiosk does; `picture` is where the live picture comes from."""

    def __init__(self, settings: DisplaySettings, picture: Callable[[LiveSource], tuple[int, Frame] | None]) -> None:
        self.display = Display(settings, picture=picture)
        self._catalogue = Catalogue.load("ja")
        self._appliance: Appliance = EXAMPLES["P03"]
        self._widgets: list[Widget] = []

    def hear(self, said: StudioMessage) -> None:
        """The studio said something: another advice, another share of the ring."""
        visit = self._appliance.visit
        if isinstance(said, Seen) and visit is not None and isinstance(visit.stage, LookingAtFace):
            advice = None if said.advice is None else Advice(said.advice)
            stage = replace(visit.stage, filming=True, advice=advice, progress=said.progress)
            self._appliance = replace(self._appliance, visit=replace(visit, stage=stage))
            self._widgets = []

    def run(self, seconds: float, heard: Callable[[], Iterator[StudioMessage]]) -> Frames:
        """Turn the loop for that long."""
        told = Frames()
        until, last = time.monotonic() + seconds, 0.0
        while (now := time.monotonic()) < until:
            due = self.display.next_redraw(now)
            self.display.wait(LONGEST_SLEEP if due is None else max(0.0, min(LONGEST_SLEEP, due - time.monotonic())))
            self.display.touches(lambda _: None)
            for said in heard():
                self.hear(said)
            began = time.monotonic()
            if not self._widgets:
                self._widgets = list(build(self._appliance, self.display.ui(self._catalogue, began)))
            with drawing() as drew:
                self.display.show(self._widgets, began)
            ended = time.monotonic()
            if drew:
                told.drawn.append((ended - began) * 1000)
                told.late.append(max(0.0, (ended - (due or began)) * 1000))
                told.apart += [(ended - last) * 1000] if last else []
                last = ended
        return told


@contextmanager
def drawing() -> Iterator[list[bool]]:
    """Whether anything was put on the panel meanwhile."""
    drew: list[bool] = []
    update = pygame.display.update

    def told(rects: Sequence[tuple[int, int, int, int]]) -> None:
        drew.append(True)
        update(rects)

    pygame.display.update = told  # type: ignore[assignment]
    try:
        yield drew
    finally:
        pygame.display.update = update


@contextmanager
def studio_at_work(folder: Path, block: PreviewBlock) -> Iterator[tuple[Studio, queue.SimpleQueue[StudioMessage]]]:
    """A real studio before a simulated camera, looking for somebody else; asked again whenever it has decided."""
    ours, theirs = socket.socketpair()
    with contextlib.ExitStack() as stack:
        path = folder / "camera"
        words = [sys.executable, __file__, "--be-the-camera", str(path)]
        camera = stack.enter_context(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        stack.callback(camera.terminate)
        if camera.stdout is None or not camera.stdout.readline():
            raise SystemExit("the camera did not start")
        stack.enter_context(ours)
        with theirs:
            # Many frames an attempt: it decides seldom and films nearly all the time.
            settings = FaceSettings(camera=f"socket:{path}", frames=15, attempt_seconds=60.0)
            studio = Studio.spawn(settings, theirs, block.fd)
        stack.callback(studio.kill)
        heard: queue.SimpleQueue[StudioMessage] = queue.SimpleQueue()
        jp2 = photo_jp2(Sitter.GRACE_HOPPER)
        ours.sendall(struct.pack(">4sI", b"PHO1", len(jp2)) + jp2)
        decided = iter(range(1, 1_000_000))

        def listen() -> None:
            for said in studio.messages():
                heard.put(said)
                if not isinstance(said, Seen):
                    with contextlib.suppress(OSError):
                        studio.look(next(decided))

        threading.Thread(target=listen, daemon=True).start()
        yield studio, heard


def be_the_camera(path: Path) -> None:
    """Thirty pictures a second to each client, until standard input ends."""
    pictures = [picture.tobytes() for picture in islice(frames(Sitter.ASTRONAUT, seed=1), 60)]

    def film(client: socket.socket) -> None:
        due = time.monotonic()
        with client, contextlib.suppress(OSError):
            for counter in count(1):
                client.sendall(struct.pack("!8sIIQd", b"KIOSKFRM", WIDTH, HEIGHT, counter, time.monotonic()))
                client.sendall(pictures[counter % len(pictures)])
                due = max(due + 1 / CAMERA_FPS, time.monotonic())
                time.sleep(due - time.monotonic() if due > time.monotonic() else 0)

    def serve(door: socket.socket) -> None:
        while True:
            threading.Thread(target=film, args=(door.accept()[0],), daemon=True).start()

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        door.bind(str(path))
        door.listen()
        threading.Thread(target=serve, args=(door,), daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()
        os._exit(0)


def processor_seconds(pid: int) -> float:
    """Seconds of processor time the process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def tell(name: str, told: Frames, seconds: float) -> None:
    """One line of figures."""

    def line(times: list[float]) -> str:
        ordered = sorted(times)
        p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        return f"p50 {statistics.median(ordered):5.1f}  p99 {p99:5.1f}  worst {ordered[-1]:5.1f} ms"

    print(f"{name:22} {len(told.drawn) / seconds:5.1f} pictures/s   frame {line(told.drawn)}")
    print(f"{'':22} {'':18} late  {line(told.late)}")
    print(f"{'':22} {'':18} apart {line(told.apart)}", flush=True)


def measure(seconds: float, settings: DisplaySettings, *, overwriting: bool) -> None:
    """Print all figures."""
    if overwriting:
        overwriting = secrecy.overwrite_what_is_freed()
    print(
        f"pygame {pygame.version.ver}, {platform.machine()}, {os.cpu_count()} cores, panel {settings.width} x "
        f"{settings.height}, load of the machine before: {os.getloadavg()[0]:.1f}; "
        f"freed memory is {'overwritten' if overwriting else 'left as it is'}"
    )
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(glass(folder / "panel", settings.width or 0, settings.height or 0))
        os.environ.update(environment_of(server.display))
        print(server.kind)
        block = PreviewBlock.create()
        stack.callback(block.close)
        with studio_at_work(folder, block) as (studio, heard):
            panel = Panel(settings, lambda _: block.live())
            stack.callback(panel.display.close)
            while not isinstance(heard.get(timeout=30), Seen | NotMatched):
                pass

            def said() -> Iterator[StudioMessage]:
                while not heard.empty():
                    yield heard.get()

            panel.run(2.0, said)
            before = processor_seconds(studio.pid), time.process_time()
            full = panel.run(seconds, said)
            used = processor_seconds(studio.pid) - before[0], time.process_time() - before[1]
        tell("studio at full load", full, seconds)
        print(f"{'':22} studio {used[0] / seconds * 100:.0f} % of a core, panel {used[1] / seconds * 100:.0f} %")

        def other(_: LiveSource) -> tuple[int, Frame]:
            return int(time.monotonic() * CAMERA_FPS), noise

        noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
        quiet = Panel(settings, other)
        stack.callback(quiet.display.close)
        quiet.run(1.0, lambda: iter(()))
        tell("nobody else at work", quiet.run(seconds, lambda: iter(())), seconds)
        p99 = sorted(full.drawn)[int(len(full.drawn) * 0.99)]
        print(f"goal: p99 of a frame under {GOAL_MS:.0f} ms with the studio at full load: {p99:.1f} ms")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--be-the-camera"]:
        be_the_camera(Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description="Frame times of the camera screen.")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--panel", nargs=3, type=float, default=(1280, 800, 10.1), metavar=("W", "H", "INCHES"))
    parser.add_argument("--plain", action="store_true", help="leave freed memory as it is, to see what wiping costs")
    given = parser.parse_args()
    width, height, inches = given.panel
    measure(given.seconds, DisplaySettings(int(width), int(height), inches), overwriting=not given.plain)
