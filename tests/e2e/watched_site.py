"""A site whose camera is the test's own, so that every frame the kiosk ever saw is known; and a player who takes no pictures."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from kiosk.simulation.camera import FrameServer
from kiosk.simulation.demo.children import Child
from kiosk.simulation.demo.glass import environment_of, glass
from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site, site
from kiosk.simulation.people import Picture, Sitter, frames
from kiosk.ui.geometry import Panel

PANEL = Panel(1280, 800, 10.1)
SITTER = Sitter.ASTRONAUT

TOO_FAR = 0.10
"""Share of the frame's width that a face takes which is asked to come closer for as long as it stays there."""


ATTEMPT_SECONDS = 45.0
"""Long enough for a test to look at everything while somebody is too far away."""


class Sitting:
    """Somebody before the camera who stays too far away until told to come. Remembers every frame that was sent."""

    def __init__(self) -> None:
        self.near = threading.Event()
        self.seen: list[Picture] = []

    def film(self) -> Iterator[Picture]:
        """What the camera shows to whoever opens it."""
        # Each opening is another clip: no frame of one visit is like one of another.
        seed = 1000 + len(self.seen)
        for far, near in zip(frames(SITTER, seed=seed, face_width=TOO_FAR), frames(SITTER, seed=seed), strict=False):
            picture = near if self.near.is_set() else far
            self.seen.append(picture)
            yield picture


@contextmanager
def camera(path: Path, film: Callable[[], Iterator[Picture]]) -> Iterator[str]:
    """Serve `film` at the frame socket `path`; what `camera:` in the settings says."""
    told, tell = socket.socketpair()
    with told, tell, FrameServer(path, film) as server:

        def serve() -> None:
            while told not in (heard := select.select([told, server.listener], [], [])[0]):
                if server.listener in heard:
                    server.accept()

        thread = threading.Thread(target=serve, name="camera-door")
        thread.start()
        try:
            yield f"socket:{path}"
        finally:
            tell.send(b"!")
            thread.join()


class Blind(Player):
    """A player who takes no pictures of the screen: the X server would keep pieces of them."""

    def picture(self, name: str) -> None:
        """Nothing is kept."""

    def film(self) -> None:
        """Nothing is kept."""


@dataclass
class Watched:
    """A running site with one panel; `start` a kiosk on it."""

    around: Site
    display: str
    start: Callable[[], Blind]


@contextmanager
def watched(folder: Path, camera_is: str | None, environment: dict[str, str]) -> Iterator[Watched]:
    """The site, its kiosk not yet started. `environment` goes to the kiosk and to nobody else."""

    def quiet(_: str) -> None:
        pass

    size = (PANEL.width, PANEL.height, PANEL.diagonal_inches)
    with contextlib.ExitStack() as stack:
        around = stack.enter_context(
            site(folder, quiet, sitter=SITTER.value, camera=camera_is, window=False, panel=size)
        )
        settings = yaml.safe_load(around.kiosk_yaml.read_text(encoding="utf-8"))
        settings["face"] |= {"attempt_seconds": ATTEMPT_SECONDS, "liveness": "off"}
        around.kiosk_yaml.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        panel = stack.enter_context(glass(folder / "panel", PANEL.width, PANEL.height))

        def start() -> Blind:
            added = {**environment_of(panel.display), **environment}
            before = {name: os.environ.get(name) for name in added}
            os.environ.update(added)
            try:
                child = Child(["run", "--config", str(around.kiosk_yaml)], folder / "kiosk.log", journal=True)
            finally:
                for name, value in before.items():
                    os.environ.pop(name, None) if value is None else os.environ.update({name: value})
            stack.callback(child.end)
            return Blind(around, child, panel.finger, PANEL, panel.display, folder)

        yield Watched(around, panel.display, start)


def children(pid: int) -> dict[int, str]:
    """Every process below `pid` there is now, with its command line."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parents[int(entry.name)] = (parent, words)
    below: dict[int, str] = {}
    found = True
    while found:
        found = False
        for one, (parent, words) in parents.items():
            if one not in below and (parent == pid or parent in below):
                below[one] = words
                found = True
    return below
