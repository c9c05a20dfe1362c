from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk.errors import ExitCode
from kiosk.face.camera import FilmingCamera, camera_state, open_camera
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import Rotation
from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.sources import SocketSource, fitted, prepared
from kiosk.simulation.people import Sitter
from tests.face.parts import CameraProcess, wait_for

Start = Callable[..., CameraProcess]


def test_a_camera_always_holds_the_newest_frame(camera_process: Start) -> None:
    camera = open_camera(camera_process(Sitter.ASTRONAUT).spec)
    try:
        first = camera.newest(after=0, seconds=5)
        assert first is not None
        assert first.picture.shape == (480, 640, 3)
        assert abs(time.monotonic() - first.mono) < 1
        later = camera.newest(after=first.counter + 2, seconds=5)
        assert later is not None
        assert later.counter >= first.counter + 3
        assert later.mono > first.mono
        assert camera.newest(after=later.counter + 1000, seconds=0.01) is None
        assert repr(later) == f"Frame({later.counter})"
    finally:
        camera.close()
    with pytest.raises(CameraError):
        camera.newest(after=0, seconds=0)


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ("/dev/video63", "is not there"),
        ("v4l2:/dev/v4l/by-id/usb-Nothing-video-index0", "is not there"),
        ("/dev/null", "is not a camera"),
        ("/dev/shm", "is not a camera"),
        ("socket:/nonexistent/camera", "nobody answers"),
    ],
)
def test_a_camera_that_is_missing_or_none_says_so_in_one_sentence(spec: str, word: str) -> None:
    begun = time.monotonic()
    with pytest.raises(CameraError, match=word) as error:
        camera_state(spec)
    assert error.value.exit_code is ExitCode.MISSING
    assert "\n" not in error.value.sentence
    assert time.monotonic() - begun < 3


def test_the_check_tells_what_a_working_camera_gives(camera_process: Start) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    assert camera_state(camera.spec).startswith(f"simulated camera {camera.spec}: 640 x 480, first picture after ")


class Tap:
    """A frame socket that plays what a test tells it: one list of byte strings for each connection."""

    def __init__(self, path: Path, *plays: list[bytes]) -> None:
        self.accepted = 0
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, args=(plays,))
        self._thread.start()

    def _serve(self, plays: tuple[list[bytes], ...]) -> None:
        for play in plays:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(client)
            for piece in play:
                client.sendall(piece)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        for client in self._open:
            client.close()
        self._listener.close()


@pytest.fixture
def tap(tmp_path: Path) -> Iterator[Callable[..., tuple[str, Tap]]]:
    taps: list[Tap] = []

    def make(*plays: list[bytes]) -> tuple[str, Tap]:
        path = tmp_path / f"tap{len(taps)}"
        taps.append(Tap(path, *plays))
        return str(path), taps[-1]

    yield make
    for made in taps:
        made.end()


def one_frame(shade: int) -> bytes:
    return struct.pack("!8sIIQd", b"KIOSKFRM", 64, 48, 1, 0.0) + bytes([shade]) * (64 * 48 * 3)


def test_a_camera_that_falls_silent_is_opened_again(tap: Callable[..., tuple[str, Tap]]) -> None:
    path, played = tap([one_frame(101)], [one_frame(102)])
    camera = FilmingCamera(SocketSource(path), path)
    try:
        first = camera.newest(after=0, seconds=5)
        second = camera.newest(after=1, seconds=10)
    finally:
        camera.close()
    assert first is not None
    assert second is not None
    assert (first.picture.min(), second.picture.min()) == (101, 102)
    assert played.accepted == 2


def test_a_camera_that_stays_silent_is_gone(
    tap: Callable[..., tuple[str, Tap]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("camera_watch", "sources"):
        monkeypatch.setattr(f"kiosk.face.{room}.SILENT", 0.05)
    monkeypatch.setattr("kiosk.face.camera_watch.STARTING", 0.05)
    path, _ = tap([one_frame(100)], [], [], [])
    camera = FilmingCamera(SocketSource(path), f"socket:{path}")
    try:
        assert camera.newest(after=0, seconds=5) is not None
        with pytest.raises(CameraError, match="gives no pictures"):
            camera.newest(after=1, seconds=10)
    finally:
        camera.close()


@pytest.mark.parametrize(
    "header",
    [
        struct.pack("!8sIIQd", b"NOTAFRAM", 640, 480, 1, 0.0),
        struct.pack("!8sIIQd", b"KIOSKFRM", 4_000_000_000, 480, 1, 0.0),
        struct.pack("!8sIIQd", b"KIOSKFRM", 0, 480, 1, 0.0),
        struct.pack("!8sIIQd", b"KIOSKFRM", 640, 481, 1, 0.0),
    ],
)
def test_a_hostile_frame_header_is_a_typed_error(tap: Callable[..., tuple[str, Tap]], header: bytes) -> None:
    path, _ = tap([header])
    source = SocketSource(path)
    source.open()
    with pytest.raises(CameraFaultError, match="does not send frames") as error:
        source.read()
    assert error.value.fault is Fault.NOT_A_CAMERA
    source.close()


def test_closing_lets_go_of_the_camera(tap: Callable[..., tuple[str, Tap]]) -> None:
    path, _ = tap([one_frame(1)])
    before = threading.active_count()
    camera = FilmingCamera(SocketSource(path), path)
    assert camera.newest(after=0, seconds=5) is not None
    camera.close()
    camera.close()
    wait_for(lambda: threading.active_count() <= before)


@pytest.mark.parametrize(
    ("given", "shape"),
    [((480, 640), (480, 640)), ((1080, 1920), (360, 640)), ((240, 320), (240, 320)), ((960, 720), (480, 360))],
)
def test_a_camera_that_does_not_do_what_it_was_asked_is_shrunk(given: tuple[int, int], shape: tuple[int, int]) -> None:
    frame: Picture = np.zeros((*given, 3), np.uint8)
    assert fitted(frame).shape == (*shape, 3)


@pytest.mark.parametrize("rotation", [0, 90])
def test_what_a_frame_is_made_from_is_overwritten(rotation: Rotation) -> None:
    """A card's front may be on it; the frame itself is overwritten by whoever read it."""
    given: Picture = np.full((720, 1280, 3), 7, np.uint8)
    done = prepared(given, rotation)
    assert done.min() == 7
    assert given.max() == 0
    small: Picture = np.full((48, 64, 3), 7, np.uint8)
    assert prepared(small, 0) is small
    assert small.min() == 7
