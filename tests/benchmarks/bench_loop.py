"""What the display loop costs: a finger on the glass to pixels on the panel, and the processor at rest.

Run: python tests/benchmarks/bench_loop.py [WIDTH HEIGHT DIAGONAL]. Starts an X server of its own and a small kiosk loop
as a child of its own; asserts nothing about time.

With Xorg, its dummy video driver and its inputtest driver (Debian: xserver-xorg-core, xserver-xorg-video-dummy; root) the
touches are real ones, through libinput's place in the server, XInput 2 and SDL. Pixels are read back from the server, so
a figure ends when anybody could see it. Without Xorg it falls back to Xvfb and measures the processor only.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pygame

from kiosk.ui.display import Display
from kiosk.ui.geometry import Rect
from kiosk.ui.live import Frame
from kiosk.ui.messages import Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.touch import Tap
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import (
    Button,
    Dots,
    Label,
    Live,
    LiveSource,
    Picture,
    SecretKey,
    Size,
    Steps,
    Surface,
    Waiting,
    Weight,
    Widget,
)

TOUCHES = 80
REST_S = 8.0

XORG = """Section "ServerFlags"
 Option "AutoAddDevices" "false"
 Option "AutoEnableDevices" "false"
 Option "DontVTSwitch" "true"
EndSection
Section "Device"
 Identifier "card"
 Driver "dummy"
 VideoRam 65536
EndSection
Section "Monitor"
 Identifier "panel"
 HorizSync 5-1000
 VertRefresh 5-200
 Modeline "{w}x{h}" 83.5 {w} {w1} {w2} {w3} {h} {h1} {h2} {h3}
EndSection
Section "Screen"
 Identifier "screen"
 Device "card"
 Monitor "panel"
 DefaultDepth 24
 SubSection "Display"
  Depth 24
  Modes "{w}x{h}"
  Virtual {w} {h}
 EndSubSection
EndSection
"""
DEVICE = """Section "InputDevice"
 Identifier "{name}"
 Driver "inputtest"
 Option "SocketPath" "{folder}/{name}.sock"
 Option "DeviceType" "{kind}"
{more}EndSection
"""
LAYOUT = """Section "ServerLayout"
 Identifier "layout"
 Screen "screen"
 InputDevice "glass"
 InputDevice "pointer" "CorePointer"
 InputDevice "keys" "CoreKeyboard"
EndSection
"""


# -- the kiosk that is measured ----------------------------------------------------------------------------------------


def pin_pad(ui: Ui, typed: int) -> list[Widget]:
    """A PIN screen: twelve keys, dots, steps, two buttons."""
    key, gap, margin = ui.mm(15.5), ui.mm(2.5), ui.mm(4)
    left, top = ui.area.w - margin - 3 * key - 2 * gap, ui.mm(14)
    pad = [Rect(left + n % 3 * (key + gap), top + n // 3 * (key + gap), key, key) for n in range(12)]
    low = Rect(margin, ui.area.h - ui.mm(19), ui.mm(26), ui.mm(16))
    width = left - 2 * margin
    return [
        Steps(Rect(margin, ui.mm(1), ui.mm(76), ui.mm(12)), ("カード", "本人確認", "同意", "完了"), 1),
        Label(Rect(margin, ui.mm(18), width, ui.mm(30)), "4桁の暗証番号を押してください", Size.TITLE, bold=True),
        Dots(Rect(margin, ui.mm(50), ui.mm(60), ui.mm(12)), typed % 5, 4),
        *(SecretKey(pad[n], "123456789 0 "[n]) for n in range(11) if n != 9),
        Button(pad[11], "消す", "erase", size=Size.CAPTION),
        Button(low, "やめる", "stop", Weight.PRIMARY),
    ]


def scene(name: str, ui: Ui, typed: int) -> list[Widget]:
    """What the child shows: "rest", "camera", "waiting" or "moving"."""
    left = Rect(ui.mm(4), ui.mm(15), ui.mm(64), ui.area.h - ui.mm(38))
    if name == "camera":
        return [Live(left, progress=0.4), Label(Rect(left.right + 40, 100, 500, 400), "カメラを見てください")]
    if name == "waiting":
        return [Surface(left), Waiting(left.inset(left.w // 3), since=0.0)]
    if name == "moving":
        return [Surface(left), Picture(left, "place-card", moving=True)]
    return pin_pad(ui, typed)


def be_a_kiosk(name: str, settings: DisplaySettings) -> None:
    """The loop as the kiosk runs it; ends when the parent does."""
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)

    def camera(_: LiveSource) -> tuple[int, Frame]:
        return int(time.monotonic() * 30), noise

    display = Display(settings, picture=camera)
    catalogue = Catalogue("ja", {})
    typed = 0
    told = False
    parent = os.getppid()
    while os.getppid() == parent:
        now = time.monotonic()
        display.show(scene(name, display.ui(catalogue, now), typed), now)
        if not told:
            target = next((w for w in scene(name, display.ui(catalogue, now), 0) if isinstance(w, Button)), None)
            place = target.rect if target else Rect(0, 0, 1, 1)
            print(place.x + place.w // 2, place.y + ui_edge(place), flush=True)
            told = True
        due = display.next_redraw(now)
        display.wait(1.0 if due is None else max(0.0, due - time.monotonic()))
        typed += sum(isinstance(tap, Tap) and tap.action == "digit" for tap in display.touches(lambda _: None))


def ui_edge(place: Rect) -> int:
    """A row of the button where its words are not."""
    return max(1, place.h // 8)


# -- who measures ------------------------------------------------------------------------------------------------------


class Eye:
    """Reads single pixels from the X server."""

    def __init__(self, server: str) -> None:
        self._x = x = ctypes.CDLL("libX11.so.6")
        x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = ctypes.c_void_p, [ctypes.c_char_p]
        x.XDefaultRootWindow.restype, x.XDefaultRootWindow.argtypes = ctypes.c_ulong, [ctypes.c_void_p]
        numbers = [ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
        x.XGetImage.restype, x.XGetImage.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_ulong, *numbers]
        x.XGetPixel.restype, x.XGetPixel.argtypes = ctypes.c_ulong, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
        x.XDestroyImage.argtypes = [ctypes.c_void_p]
        self._own = x.XOpenDisplay(server.encode())
        self._root = x.XDefaultRootWindow(self._own)

    def pixel(self, at: tuple[int, int]) -> int:
        """The colour at a place, as the server has it now."""
        image = self._x.XGetImage(self._own, self._root, *at, 1, 1, ctypes.c_ulong(0xFFFFFFFF), 2)
        value = int(self._x.XGetPixel(image, 0, 0))
        self._x.XDestroyImage(image)
        return value

    def change(self, at: tuple[int, int], before: int, deadline_s: float = 2.0) -> float:
        """Seconds until the pixel is another one."""
        start = time.perf_counter()
        while self.pixel(at) == before:
            if time.perf_counter() - start > deadline_s:
                raise TimeoutError("the pixel did not change: no touch arrived")
            time.sleep(0.0002)
        return time.perf_counter() - start


class Glass:
    """Puts fingers on the touch panel of Xorg's inputtest driver (its socket protocol: domain/kiosk-ui.md section 7)."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._size = width, height
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._socket.settimeout(2)
        self._send(0, struct.pack("=HH", 1, 1))
        self._socket.recv(100)

    def touch(self, kind: int, x: float, y: float) -> None:
        """18 begins, 20 ends a touch at a pixel."""
        values = [x / self._size[0] * 65535, y / self._size[1] * 65535] + [0.0] * 62
        doubles = struct.pack("=64d", *values)
        self._send(6, struct.pack("=III8s4x", 1, kind, 0, bytes([3] + [0] * 7)) + doubles + doubles)

    def _send(self, kind: int, body: bytes) -> None:
        self._socket.sendall(struct.pack("=II", 8 + len(body), kind) + body)


@contextmanager
def x_server(width: int, height: int, folder: Path) -> Iterator[tuple[str, bool]]:
    """A server's name, and whether it has a touch panel."""
    told, tell = os.pipe()
    common = ["-displayfd", str(tell), "-nolisten", "tcp", "-terminate"]
    xorg, xvfb = shutil.which("Xorg"), shutil.which("Xvfb")
    glass = xorg is not None and os.geteuid() == 0
    if glass:
        sizes = {"w": width, "w1": width + 72, "w2": width + 200, "w3": width + 400}
        sizes |= {"h": height, "h1": height + 3, "h2": height + 9, "h3": height + 31}
        devices = (
            ("glass", "Touch", ' Option "TouchCount" "5"\n'),
            ("pointer", "PointerAbsolute", ' Option "CorePointer" "true"\n'),
            ("keys", "Keyboard", ' Option "CoreKeyboard" "true"\n'),
        )
        parts = [DEVICE.format(name=name, folder=folder, kind=kind, more=more) for name, kind, more in devices]
        (folder / "x.conf").write_text(XORG.format(**sizes) + "".join(parts) + LAYOUT)
        own = [
            str(xorg),
            "-config",
            str(folder / "x.conf"),
            "-novtswitch",
            "-sharevts",
            "-logfile",
            str(folder / "log"),
        ]
    elif xvfb is not None:
        own = [xvfb, "-screen", "0", f"{width}x{height}x24"]
    else:
        raise SystemExit("Neither Xorg nor Xvfb is installed.")
    running = subprocess.Popen(own + common, pass_fds=[tell], stderr=subprocess.DEVNULL)
    os.close(tell)
    try:
        with os.fdopen(told) as line:
            yield ":" + line.readline().strip(), glass
    finally:
        running.terminate()
        running.wait(10)


@contextmanager
def kiosk(server: str, name: str, panel: list[str]) -> Iterator[tuple[int, tuple[int, int]]]:
    """A child that shows `name`: its process id and where its button is."""
    environment = os.environ | {"DISPLAY": server, "SDL_VIDEODRIVER": "x11"}
    arguments = [sys.executable, __file__, "--kiosk", name, *panel]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            words = next(line for line in child.stdout if line.split()[0].isdigit()).split()
            yield child.pid, (int(words[0]), int(words[1]))
        finally:
            child.kill()


def processor(pid: int, seconds: float) -> tuple[float, float, float]:
    """Percent of one core, wake-ups a second and resident MB of a process over `seconds`."""

    def ticks() -> tuple[int, int]:
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        status = Path(f"/proc/{pid}/status").read_text()
        switches = int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
        return int(stat[11]) + int(stat[12]), switches

    first, start = ticks(), time.monotonic()
    time.sleep(seconds)
    last, spent = ticks(), time.monotonic() - start
    resident = int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
    hertz = os.sysconf("SC_CLK_TCK")
    return (last[0] - first[0]) / hertz / spent * 100, (last[1] - first[1]) / spent, resident


def measure(panel: list[str]) -> None:
    """Print all figures."""
    width, height = int(panel[0]), int(panel[1])
    print(f"pygame {pygame.version.ver}, {platform.machine()}, {os.cpu_count()} cores, panel {width}x{height}")
    with tempfile.TemporaryDirectory() as folder, x_server(width, height, Path(folder)) as (server, glass):
        eye = Eye(server)
        for name in ("rest", "waiting", "moving", "camera"):
            with kiosk(server, name, panel) as (pid, _):
                time.sleep(7 if name == "moving" else 1)
                percent, wakes, resident = processor(pid, REST_S)
                print(f"{name:8s} {percent:6.2f} % of a core, {wakes:6.1f} wake-ups/s, {resident:5.0f} MB resident")
        if not glass:
            print("no Xorg with a touch panel here (root needed): touch to pixels was not measured")
            return
        with kiosk(server, "rest", panel) as (_, at):
            time.sleep(1)
            fingers = Glass(Path(folder) / "glass.sock", width, height)
            down, up = [], []
            for number in range(TOUCHES):
                time.sleep(0.05 + number * 37 % 31 / 100)
                before = eye.pixel(at)
                fingers.touch(18, *at)
                down.append(eye.change(at, before) * 1000)
                time.sleep(0.06)
                before = eye.pixel(at)
                fingers.touch(20, *at)
                up.append(eye.change(at, before) * 1000)
                time.sleep(0.26)
        for what, times in (("press", down), ("release", up)):
            ordered = sorted(times)
            p90 = ordered[int(len(ordered) * 0.9)]
            print(f"{what} to pixels: p50 {statistics.median(times):.1f} ms, p90 {p90:.1f}, worst {ordered[-1]:.1f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--kiosk"]:
        be_a_kiosk(sys.argv[2], DisplaySettings(int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])))
    else:
        measure(sys.argv[1:4] or ["1280", "800", "10.1"])
