"""The real window on a real X server (Xvfb, started here on a free display and ended by its pid)."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pygame
import pytest

from kiosk.ui import x11
from kiosk.ui.display import Display
from kiosk.ui.geometry import Rect
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.text import Lettering
from kiosk.ui.touch import Tap
from kiosk.ui.widgets import Button, SecretKey, Widget

XVFB = shutil.which("Xvfb")
pytestmark = pytest.mark.skipif(XVFB is None, reason="Xvfb is not installed: apt-get install xvfb")

SCREEN: list[Widget] = [Button(Rect(0, 0, 200, 100), "やめる", "stop"), SecretKey(Rect(400, 0, 100, 100), "7")]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    told, tell = os.pipe()
    # -terminate: the server ends with its last client, so nothing outlives these tests however they end.
    arguments = [str(XVFB), "-displayfd", str(tell), "-screen", "0", "800x480x24", "-nolisten", "tcp", "-terminate"]
    running = subprocess.Popen(arguments, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    with os.fdopen(told) as line:
        name = ":" + line.readline().strip()
    with _client(name):
        yield name
    running.wait(10)


@contextmanager
def _client(server: str) -> Iterator[tuple[ctypes.CDLL, int]]:
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    own = x.XOpenDisplay(server.encode())
    try:
        yield x, own
    finally:
        x.XCloseDisplay(own)


@pytest.fixture
def window(server: str, monkeypatch: pytest.MonkeyPatch, lettering: Lettering) -> Iterator[Display]:
    monkeypatch.setenv("DISPLAY", server)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    opened = Display(DisplaySettings(diagonal_inches=7.0), picture=lambda _: None, lettering=lettering)
    yield opened
    opened.close()


def test_the_window_covers_the_whole_desktop_and_hides_the_cursor(window: Display) -> None:
    assert (window.panel.width, window.panel.height) == (800, 480)
    assert not pygame.mouse.get_visible()
    assert x11.connection() is not None


def test_fingers_become_taps(window: Display) -> None:
    digits: list[str] = []
    window.show(SCREEN, 0.0)
    window.touches(pytest.fail)
    for number, x in enumerate((100, 450)):
        for kind in (pygame.FINGERDOWN, pygame.FINGERUP):
            place: dict[str, Any] = {"x": x / 800, "y": 50 / 480, "dx": 0.0, "dy": 0.0}
            pygame.event.post(pygame.event.Event(kind, touch_id=1, finger_id=number, **place))
    window.wait(10)
    assert window.touches(digits.append) == [Tap("stop"), Tap("digit")]
    assert digits == ["7"]


def test_an_event_of_the_x_server_ends_the_sleep_at_once(window: Display, server: str) -> None:
    window.show(SCREEN, 0.0)
    deadline = time.monotonic() + 10
    while window.touches(pytest.fail) or pygame.event.get():
        assert time.monotonic() < deadline
        window.wait(0.05)
    mover = threading.Timer(0.1, _move_pointer, (server,))
    started = time.monotonic()
    mover.start()
    window.wait(20)
    woken = time.monotonic() - started
    mover.join()
    assert woken < 10
    assert any(event.type == pygame.MOUSEMOTION for event in pygame.event.get())


def test_asleep_it_costs_next_to_nothing(window: Display) -> None:
    window.show(SCREEN, 0.0)
    window.touches(pytest.fail)
    before = time.process_time()
    window.wait(1.0)
    assert time.process_time() - before < 0.2


def _move_pointer(server: str) -> None:
    numbers = [ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_int, ctypes.c_int]
    with _client(server) as (x, own):
        x.XDefaultRootWindow.restype, x.XDefaultRootWindow.argtypes = ctypes.c_ulong, [ctypes.c_void_p]
        x.XWarpPointer.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong, *numbers]
        x.XWarpPointer(own, 0, x.XDefaultRootWindow(own), 0, 0, 0, 0, 321, 123)
