"""A panel without a desk: a real X server with a real touch device, and fingers on it.

Xorg with the `dummy` driver shows nothing to anybody but is a real display; its `inputtest` driver turns what is
written to a socket into real touch events (domain/kiosk-ui.md section 7.5). Where Xorg cannot start, Xvfb takes its
place, and a mouse through XTEST takes the finger's.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from kiosk.errors import MissingError

PRESS_SECONDS = 0.06
"""A finger rests about this long (domain/kiosk-ui.md section 7.5: real presses last 50 ms and more)."""

_START_SECONDS = 12.0

_CONFIGURATION = """
Section "ServerFlags"
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
 Identifier "monitor"
 HorizSync 5-1000
 VertRefresh 5-200
 Modeline "{width}x{height}" 83.5 {width} {w1} {w2} {w3} {height} {h1} {h2} {h3}
EndSection
Section "Screen"
 Identifier "screen"
 Device "card"
 Monitor "monitor"
 DefaultDepth 24
 SubSection "Display"
  Depth 24
  Modes "{width}x{height}"
  Virtual {width} {height}
 EndSubSection
EndSection
{devices}
Section "ServerLayout"
 Identifier "layout"
 Screen "screen"
 InputDevice "glass"
 InputDevice "pointer" "CorePointer"
 InputDevice "keys" "CoreKeyboard"
EndSection
"""

_DEVICE = """
Section "InputDevice"
 Identifier "{name}"
 Driver "inputtest"
 Option "SocketPath" "{socket}"
 Option "DeviceType" "{kind}"
 {more}
EndSection
"""


class Finger(Protocol):
    """Something that presses a point of the panel."""

    def tap(self, x: float, y: float) -> None:
        """Press and release at `x`, `y`: shares of the panel's width and height, 0 to 1."""
        ...


@dataclass(frozen=True)
class Glass:
    """A running panel: its DISPLAY, how it is touched, and what kind of display it is."""

    display: str
    finger: Finger
    kind: str


@contextlib.contextmanager
def glass(folder: Path, width: int, height: int) -> Iterator[Glass]:
    """A panel of that many pixels, until the block ends. Raises `MissingError` where no X server can be had."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        attempt = contextlib.ExitStack()
        try:
            with attempt:
                found = _xorg(attempt, folder, width, height)
                stack.push(attempt.pop_all())
        except (OSError, TimeoutError) as error:
            found = _xvfb(stack, width, height, why=str(error))
        yield found


# -- Xorg ------------------------------------------------------------------------------------------------------------


def _xorg(stack: contextlib.ExitStack, folder: Path, width: int, height: int) -> Glass:
    sockets = {name: folder / f"{name}.sock" for name in ("glass", "pointer", "keys")}
    kinds = {
        "glass": ("Touch", 'Option "TouchCount" "5"'),
        "pointer": ("PointerAbsolute", 'Option "CorePointer" "true"'),
        "keys": ("Keyboard", 'Option "CoreKeyboard" "true"'),
    }
    devices = "".join(
        _DEVICE.format(name=name, socket=sockets[name], kind=kind, more=more) for name, (kind, more) in kinds.items()
    )
    timing = {
        "w1": width + 72,
        "w2": width + 200,
        "w3": width + 400,
        "h1": height + 3,
        "h2": height + 9,
        "h3": height + 31,
    }
    configuration = folder / "xorg.conf"
    text = _CONFIGURATION.format(width=width, height=height, devices=devices, **timing)
    configuration.write_text(text, encoding="ascii")
    options = ["-config", str(configuration), "-configdir", str(folder), "-logfile", str(folder / "xorg.log")]
    display = _server(stack, ["Xorg", *options, "-novtswitch", "-sharevts", "-nocursor"])
    return Glass(
        display,
        stack.enter_context(contextlib.closing(TouchDevice(sockets["glass"]))),
        "Xorg, dummy display, touch device",
    )


class TouchDevice:
    """The `inputtest` driver's socket, version 1.1 of its protocol (xorg-server, hw/xfree86/drivers/inputtest)."""

    _HELLO, _TOUCH = 0, 6
    _BEGIN, _END = 18, 20

    def __init__(self, path: Path) -> None:
        self._finger = 0
        until = time.monotonic() + 5
        while True:
            try:
                self._socket = self._greet(path)
            except OSError:
                # The socket is there before the device is on: whoever comes too early is sent away.
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    def _greet(self, path: Path) -> socket.socket:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(2)
            line.connect(str(path))
            line.sendall(struct.pack("=IIHH", 12, self._HELLO, 1, 1))
            if not line.recv(64):
                raise ConnectionResetError("the touch device sent nothing")
        except OSError:
            line.close()
            raise
        return line

    def tap(self, x: float, y: float) -> None:
        """One finger, down and up."""
        self._finger += 1
        self._touch(self._BEGIN, x, y)
        time.sleep(PRESS_SECONDS)
        self._touch(self._END, x, y)

    def close(self) -> None:
        """Let go of the device."""
        self._socket.close()

    def _touch(self, phase: int, x: float, y: float) -> None:
        mask = bytes([3]) + bytes(7)
        values = [x * 65535, y * 65535] + [0.0] * 62
        valuators = struct.pack("=I8s4x64d64d", 0, mask, *values, *values)
        body = struct.pack("=II", self._finger, phase) + valuators
        self._socket.sendall(struct.pack("=II", 8 + len(body), self._TOUCH) + body)


# -- Xvfb ------------------------------------------------------------------------------------------------------------


def _xvfb(stack: contextlib.ExitStack, width: int, height: int, *, why: str) -> Glass:
    try:
        display = _server(stack, ["Xvfb", "-screen", "0", f"{width}x{height}x24", "-nocursor"])
    except (OSError, TimeoutError) as error:
        sentence = f"no X server starts here: Xorg ({why}), Xvfb ({error}); install xvfb and xserver-xorg-video-dummy"
        raise MissingError(sentence) from error
    mouse = stack.enter_context(contextlib.closing(Mouse(display, width, height)))
    return Glass(display, mouse, f"Xvfb with a mouse, since Xorg cannot start here ({why})")


class Mouse:
    """A pointer through the XTEST extension: where there is no touch device."""

    def __init__(self, display: str, width: int, height: int) -> None:
        self._size = width, height
        try:
            self._x11, self._xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        except OSError as error:
            raise MissingError("libXtst is missing: install libxtst6") from error
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        opened = self._x11.XOpenDisplay(display.encode())
        if not opened:
            raise MissingError(f"the X server {display} cannot be reached")
        self._display = ctypes.c_void_p(opened)

    def tap(self, x: float, y: float) -> None:
        """Move there, press, release."""
        self._xtst.XTestFakeMotionEvent(self._display, -1, int(x * self._size[0]), int(y * self._size[1]), 0)
        for down in (1, 0):
            self._xtst.XTestFakeButtonEvent(self._display, 1, down, 0)
            self._x11.XFlush(self._display)
            time.sleep(PRESS_SECONDS)

    def close(self) -> None:
        """Close the connection."""
        self._x11.XCloseDisplay(self._display)


def _server(stack: contextlib.ExitStack, command: list[str]) -> str:
    """Start an X server on a free display number; its DISPLAY. Ended with the stack."""
    out, into = os.pipe()
    try:
        server = subprocess.Popen(
            [*command, "-displayfd", str(into), "-noreset", "-nolisten", "tcp"],
            pass_fds=(into,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    finally:
        os.close(into)
    stack.callback(_end, server)
    try:
        return f":{_display_number(out, command[0])}"
    finally:
        os.close(out)


def _display_number(out: int, name: str) -> int:
    """The number a server writes when it is up. It comes in pieces, and the server dies if nobody reads the last one."""
    written, until = b"", time.monotonic() + _START_SECONDS
    while not written.endswith(b"\n"):
        ready, _, _ = select.select([out], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(out, 16) if ready else b""
        if not piece:
            raise TimeoutError(f"{name} did not come up")
        written += piece
    return int(written)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(5)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def environment_of(display: str) -> Mapping[str, str]:
    """What a program needs in its environment to appear on this panel, and to stay silent."""
    return {"DISPLAY": display, "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy"}
