"""The dock on a real X server, with a finger of the X server's own, moving a real virtual card."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.simulation import card_control, dock
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.pcsc import PrivateReader
from kiosk.ui.fit import misfits
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Weight, target

PROGRAM = """
import sys
from pathlib import Path
from kiosk.simulation.dock import run_dock
sys.exit(run_dock(Path(sys.argv[1]), "暗証番号 1234"))
"""
SCREEN = (800, 480)


@pytest.fixture(scope="module")
def ui() -> Ui:
    assert dock.WINDOW.width is not None
    assert dock.WINDOW.height is not None
    panel = Panel(dock.WINDOW.width, dock.WINDOW.height, dock.WINDOW.diagonal_inches)
    return Ui(panel, Catalogue("ja", {}), Lettering())


@pytest.fixture
def x_server() -> Iterator[str]:
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    told, tell = os.pipe()
    command = [xvfb, "-displayfd", str(tell), "-screen", "0", "800x480x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[tell], stderr=subprocess.DEVNULL) as running:
        os.close(tell)
        try:
            with os.fdopen(told) as line:
                yield ":" + line.readline().strip()
        finally:
            running.terminate()


@contextmanager
def docked(x_server: str, control: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "DISPLAY": x_server, "SDL_VIDEODRIVER": "x11"}
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(control)], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def await_that(true: Callable[[], bool], what: str, again: Callable[[], None] = lambda: None) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline, what
        again()
        select.select([], [], [], 0.3)


def tap(x_server: str, x: int, y: int) -> None:
    """A press and a release of the X server's pointer (XTEST)."""
    xlib, xtest = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
    xlib.XOpenDisplay.restype, xlib.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    xlib.XCloseDisplay.argtypes = [ctypes.c_void_p]
    xtest.XTestFakeMotionEvent.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_ulong]
    xtest.XTestFakeButtonEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]
    connection = xlib.XOpenDisplay(x_server.encode())
    xtest.XTestFakeMotionEvent(connection, -1, x, y, 0)
    xtest.XTestFakeButtonEvent(connection, 1, 1, 50)
    xtest.XTestFakeButtonEvent(connection, 1, 0, 50)
    xlib.XCloseDisplay(connection)


@pytest.mark.parametrize("placed", [True, False])
def test_its_words_fit_and_the_useful_button_is_filled(ui: Ui, placed: bool) -> None:
    widgets = dock.build(placed, "暗証番号 1234", ui)
    assert misfits(widgets, ui) == []
    filled = [one.action for one in widgets if isinstance(one, Button) and one.weight is Weight.PRIMARY]
    assert filled == [dock.PULL if placed else dock.PLACE]


def test_its_buttons_place_and_pull_the_card(x_server: str, issued_card: Path, ui: Ui) -> None:
    try:
        ctypes.CDLL("libXtst.so.6")
    except OSError:
        pytest.skip("libXtst is not installed: apt-get install libxtst6")
    left, top = (SCREEN[0] - ui.panel.width) // 2, (SCREEN[1] - ui.panel.height) // 2
    with PrivateReader(issued_card) as reader, docked(x_server, reader.control):
        for action, placed in ((dock.PLACE, True), (dock.PULL, False)):
            button = target(dock.build(not placed, "", ui), action)
            assert button is not None
            x, y = button.rect.centre
            await_that(
                lambda: card_control.ask(reader.control, "status")["placed"] is placed,  # noqa: B023
                f"{action} moves the card",
                lambda: tap(x_server, left + x, top + y),  # noqa: B023
            )


def test_it_ends_when_signalled(x_server: str, issued_card: Path) -> None:
    with PrivateReader(issued_card) as reader, docked(x_server, reader.control) as process:
        await_that(lambda: caught(process.pid, signal.SIGTERM), "the dock is up")
        process.terminate()
        assert process.wait(10) == 0


def test_it_ends_with_the_card(x_server: str, issued_card: Path) -> None:
    with PrivateReader(issued_card) as reader, docked(x_server, reader.control) as process:
        await_that(lambda: caught(process.pid, signal.SIGTERM), "the dock is up")
        reader.close()
        assert process.wait(10) == 0


def test_without_a_card_it_says_so_before_any_window_opens(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="does not answer"):
        dock.run_dock(tmp_path / "nobody", "")


def caught(pid: int, number: signal.Signals) -> bool:
    """Whether a process handles a signal by now."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = next(line for line in status if line.startswith("SigCgt:")).split()[1]
    return bool(int(mask, 16) >> (number - 1) & 1)
