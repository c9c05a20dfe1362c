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

from kiosk.simulation import dock
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.dock import Seen
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.pcsc import PrivateReader
from kiosk.ui.fit import misfits
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Weight, target

PROGRAM = """
import sys
from pathlib import Path
from kiosk.simulation.dock import run_dock
sys.exit(run_dock(Path(sys.argv[1]), ""))
"""
SCREEN = (1024, 768)


@pytest.fixture(scope="module")
def ui() -> Ui:
    assert dock.WINDOW.width is not None
    assert dock.WINDOW.height is not None
    panel = Panel(dock.WINDOW.width, dock.WINDOW.height, dock.WINDOW.diagonal_inches)
    return Ui(panel, Catalogue("ja", {}), Lettering())


@pytest.fixture(scope="module")
def x_server() -> Iterator[str]:
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    told, tell = os.pipe()
    command = [xvfb, "-displayfd", str(tell), "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"]
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


LOOKS = [
    Seen(placed=True, pin="1234", check_number_b="55021720352285"),
    Seen(placed=False),
    Seen(placed=True, second="resident_card"),
    Seen(placed=False, second="no_certificate", refused=True),
    *(Seen(kind=kind) for kind in KINDS),
]


@pytest.mark.parametrize("seen", LOOKS)
def test_its_words_fit_and_the_useful_button_is_filled(ui: Ui, seen: Seen) -> None:
    widgets = dock.build(seen, "", ui)
    assert misfits(widgets, ui) == []
    filled = [one.action for one in widgets if isinstance(one, Button) and one.weight is Weight.PRIMARY]
    assert filled == [dock.PULL if seen.placed else dock.PLACE]


def test_every_kind_has_a_button_and_the_one_in_hand_is_marked(ui: Ui) -> None:
    buttons = [one for one in dock.build(Seen(kind="grace"), "", ui) if isinstance(one, Button)]
    assert [one.action.split()[1] for one in buttons if one.action.startswith(dock.KIND)] == list(KINDS)
    assert [one.text for one in buttons if one.weight is Weight.STAFF] == [KINDS["grace"].label]
    assert len({one.text for one in buttons}) == len(buttons)


def test_nothing_lies_over_anything(ui: Ui) -> None:
    rects = [one.rect for one in dock.build(Seen(), "", ui) if isinstance(one, Button | Label)]
    assert all(ui.area.holds(rect) for rect in rects)
    assert not any(rect.overlaps(other) for at, rect in enumerate(rects) for other in rects[:at])


def test_its_buttons_place_pull_swap_stack_and_choose(x_server: str, issued_card: Path, ui: Ui) -> None:
    try:
        ctypes.CDLL("libXtst.so.6")
    except OSError:
        pytest.skip("libXtst is not installed: apt-get install libxtst6")
    left, top = (SCREEN[0] - ui.panel.width) // 2, (SCREEN[1] - ui.panel.height) // 2
    steps: list[tuple[str, dict[str, str], str]] = [
        (dock.PLACE, {"first": "ordinary"}, "ordinary"),
        (f"{dock.KIND} face_only", {"first": "face_only"}, "face_only"),
        (dock.SECOND, {"first": "face_only", "second": "transit"}, "face_only"),
        (dock.PULL, {}, "face_only"),
        (f"{dock.KIND} low_b", {}, "low_b"),
    ]
    with PrivateReader(issued_card) as reader, docked(x_server, reader.control):
        for action, lying, kind in steps:
            button = target(dock.build(Seen(), "", ui), action)
            assert button is not None
            x, y = button.rect.centre

            def done(lying: dict[str, str] = lying, kind: str = kind) -> bool:
                return reader.tell("status")["lying"] == lying and reader.card().kind == kind

            await_that(done, action, lambda x=x, y=y: tap(x_server, left + x, top + y))  # type: ignore[misc]
        reader.place()
        button = target(dock.build(Seen(), "", ui), dock.SWAP)
        assert button is not None
        x, y = button.rect.centre
        tap(x_server, left + x, top + y)
        await_that(lambda: reader.card().kind == "another", "the card is swapped")


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
