"""A whole site on this machine: real pcscd and virtual card, centre, camera, reception, a real panel, a kiosk."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.simulation.demo.children import Child
from kiosk.simulation.demo.glass import environment_of, glass
from kiosk.simulation.demo.player import Player
from kiosk.simulation.demo.site import Site, site
from kiosk.ui.geometry import Panel

PANEL = (1280, 800, 10.1)

StartKiosk = Callable[[], Player]


@pytest.fixture(autouse=True)
def what_it_needs() -> None:
    missing = [name for name in ("pcscd", "unshare", "Xvfb") if shutil.which(name) is None and not _sbin(name)]
    if missing:
        pytest.skip(f"not on this machine: {', '.join(missing)} (./deploy/test installs them)")


def _sbin(name: str) -> bool:
    return Path("/usr/sbin", name).exists()


@pytest.fixture
def around(tmp_path: Path) -> Iterator[Site]:
    def quiet(_: str) -> None:
        pass

    with site(tmp_path, quiet, sitter="astronaut", camera=None, window=False, panel=PANEL) as started:
        yield started


@pytest.fixture
def start_kiosk(around: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartKiosk]:
    """Start the kiosk on a panel of its own (again and again, if the test kills it)."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with contextlib.ExitStack() as stack:
        panel = stack.enter_context(glass(tmp_path / "panel", PANEL[0], PANEL[1]))
        for name, value in environment_of(panel.display).items():
            monkeypatch.setitem(os.environ, name, value)
        started: list[Child] = []

        def start() -> Player:
            log = tmp_path / f"kiosk-{len(started)}.log"
            child = Child(["run", "--config", str(around.kiosk_yaml)], log, journal=True, heard=around.hears)
            started.append(child)
            stack.callback(child.end)
            return Player(around, child, panel.finger, Panel(*PANEL), panel.display, pictures)

        yield start
