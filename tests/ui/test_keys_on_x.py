"""Real key strokes on a real X server without a window manager, as on the box: they reach the window, NumLock or not."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.ui.display import Display
from kiosk.ui.geometry import Rect
from kiosk.ui.keys import Key, Word
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.text import Lettering
from kiosk.ui.touch import Tap
from kiosk.ui.widgets import Button, SecretKey, Widget

XVFB = shutil.which("Xvfb")
pytestmark = pytest.mark.skipif(XVFB is None, reason="Xvfb is not installed: apt-get install xvfb")

PAD: list[Widget] = [SecretKey(Rect(400, 0, 100, 100), "7"), Button(Rect(0, 200, 100, 100), "1つ消す", "erase")]
NUM_LOCK, KP_7, KP_ADD, KP_ENTER, KP_DECIMAL = 77, 79, 86, 104, 91
"""X keycodes: those of the Linux kernel's input codes (KEY_KP7, ...) plus 8."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    told, tell = os.pipe()
    # -terminate: the server ends with its last client, so nothing outlives these tests however they end.
    arguments = [str(XVFB), "-displayfd", str(tell), "-screen", "0", "800x480x24", "-nolisten", "tcp", "-terminate"]
    running = subprocess.Popen(arguments, pass_fds=[tell], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    with os.fdopen(told) as line:
        name = ":" + line.readline().strip()
    with _keyboard(name):
        yield name
    running.wait(10)


@pytest.fixture
def window(server: str, monkeypatch: pytest.MonkeyPatch, lettering: Lettering) -> Iterator[Display]:
    monkeypatch.setenv("DISPLAY", server)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    opened = Display(DisplaySettings(diagonal_inches=7.0), picture=lambda _: None, lettering=lettering)
    yield opened
    opened.close()


@pytest.mark.parametrize("num_lock", [False, True])
def test_the_keys_of_a_ten_key_reach_the_kiosk(window: Display, server: str, num_lock: bool) -> None:
    digits: list[str] = []
    told: list[Tap | Key] = []
    window.show(PAD, 0.0)
    _settle(window)
    with _keyboard(server) as strike:
        if num_lock:
            strike(NUM_LOCK)
        for code in (KP_7, KP_DECIMAL, KP_ADD, KP_ENTER):
            strike(code)
        deadline = time.monotonic() + 20
        while len(told) < 4:
            assert time.monotonic() < deadline, told
            window.wait(0.1)
            told += [one for one in window.touches(digits.append) if isinstance(one, Tap)]
            told += window.keys()
        if num_lock:
            strike(NUM_LOCK)
    assert digits == ["7"]
    assert sorted(map(repr, told)) == sorted(map(repr, (Tap("digit"), Tap("erase"), Key(Word.LOUDER), Key(Word.ACT))))


def _settle(window: Display) -> None:
    """The server has mapped the window: what it says of that is read."""
    for _ in range(5):
        window.wait(0.05)
        window.touches(pytest.fail)


class _Strike:
    def __init__(self, x: ctypes.CDLL, display: int) -> None:
        self._x, self._display = x, display
        self._test = ctypes.CDLL("libXtst.so.6")
        self._test.XTestFakeKeyEvent.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong]

    def __call__(self, code: int) -> None:
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, code, down, 0)
        self._x.XSync(self._display, 0)


@contextmanager
def _keyboard(server: str) -> Iterator[_Strike]:
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
    x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
    x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    own = x.XOpenDisplay(server.encode())
    try:
        yield _Strike(x, own)
    finally:
        x.XCloseDisplay(own)
