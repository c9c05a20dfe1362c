"""Everything that can be wrong with a camera, done to a simulated one while it films: a word and one sentence each."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from kiosk.configuration import KioskSettings
from kiosk.face.camera import FilmingCamera, camera_state, open_camera
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import camera_settings
from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.messages import Unavailable, Why
from kiosk.face.preview import PreviewBlock, PreviewWriter
from kiosk.face.pump import Pump
from kiosk.face.settings import FaceSettings
from kiosk.face.sources import source
from kiosk.health import selfcheck
from kiosk.simulation.people import Sitter, photo_jp2
from tests.face.parts import CameraProcess, StudioRoom, wait_for

Start = Callable[..., CameraProcess]
Rooms = Callable[..., StudioRoom]

SENTENCES = {
    Fault.NOT_THERE: "is not there; check its cable, and its name in the settings",
    Fault.BUSY: "is taken by another program (cheese); end that program",
    Fault.NO_PERMISSION: "may not be opened by this user; add the user to the group `video`",
    Fault.NOT_A_CAMERA: "is not a camera that gives pictures; take a name of /dev/v4l/by-id that ends in -index0",
    Fault.SILENT: "gives no pictures; unplug it and plug it in again",
    Fault.FROZEN: "gives one and the same picture over and over; unplug it and plug it in again",
    Fault.BLACK: "sees nothing but black; take the cover off its lens and see that there is light",
    Fault.UNPLUGGED: "was unplugged while it filmed; plug it in again",
}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times of a watchdog, so short that a test need not wait for them (frames come every 0.067 s)."""
    monkeypatch.setattr("kiosk.face.camera._PAUSE", 0.02)
    for room in ("camera_watch", "camera"):
        monkeypatch.setattr(f"kiosk.face.{room}.FROZEN", 0.5)
        monkeypatch.setattr(f"kiosk.face.{room}.BLACK", 0.5)


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_is_one_sentence_that_says_what_to_do(fault: Fault) -> None:
    error = CameraFaultError(fault, "/dev/video0", "cheese" if fault is Fault.BUSY else "")
    assert error.sentence == f"camera /dev/video0: {SENTENCES[fault]}"
    assert isinstance(error, CameraError)
    assert error.again().sentence == error.sentence
    simulated = CameraFaultError(fault, "socket:/run/camera").sentence
    assert simulated.startswith("camera socket:/run/camera: ")
    assert not {"{", "}", "(", "\n", "."} & set(simulated.removeprefix("camera socket:/run/camera: "))


def fault_of(camera: str) -> Fault:
    with pytest.raises(CameraFaultError) as error:
        camera_state(camera)
    return error.value.fault


@pytest.mark.parametrize(
    ("trouble", "fault"),
    [
        ("freeze", Fault.FROZEN),
        ("black", Fault.BLACK),
        ("hang", Fault.SILENT),
        ("busy", Fault.BUSY),
        ("gone", Fault.NOT_THERE),
    ],
)
def test_the_check_names_what_is_wrong(camera_process: Start, trouble: str, fault: Fault) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    filming = open_camera(camera.spec)  # the last picture a frozen camera keeps showing is from here
    assert filming.newest(after=0, seconds=5) is not None
    filming.close()
    assert camera.tell(trouble) == {"camera": trouble}
    assert fault_of(camera.spec) is fault
    assert camera.tell("ok") == {"camera": "ok"}
    assert "640 x 480" in camera_state(camera.spec)


def test_a_simulated_camera_that_is_none_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert fault_of(f"socket:{tmp_path}/file") is Fault.NOT_A_CAMERA
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(tmp_path / "left"))
        assert fault_of(f"socket:{tmp_path}/left") is Fault.NOT_THERE
    assert fault_of(f"socket:{tmp_path}/none") is Fault.NOT_THERE


@pytest.mark.skipif(os.getuid() == 0, reason="root may open every socket")
def test_a_socket_of_another_user_is_not_permitted(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as theirs:
        theirs.bind(str(tmp_path / "camera"))
        (tmp_path / "camera").chmod(0)
        assert fault_of(f"socket:{tmp_path}/camera") is Fault.NO_PERMISSION


@pytest.mark.parametrize(
    ("trouble", "fault"), [("freeze", Fault.FROZEN), ("hang", Fault.SILENT), ("gone", Fault.UNPLUGGED)]
)
def test_trouble_that_stays_ends_the_filming_with_its_name(
    camera_process: Start, monkeypatch: pytest.MonkeyPatch, trouble: str, fault: Fault
) -> None:
    monkeypatch.setattr("kiosk.face.camera.PLUGGED_AGAIN", 0.5)
    monkeypatch.setattr("kiosk.face.camera_watch.STARTING", 0.3)
    monkeypatch.setattr("kiosk.face.sources.SILENT", 0.2)
    monkeypatch.setattr("kiosk.face.camera_watch.SILENT", 0.3)
    camera = camera_process(Sitter.ASTRONAUT)
    filming = open_camera(camera.spec)
    try:
        first = filming.newest(after=0, seconds=5)
        assert first is not None
        camera.tell(trouble)
        with pytest.raises(CameraFaultError) as error:
            filming.newest(after=10**6, seconds=20)
        assert error.value.fault is fault
    finally:
        filming.close()


@pytest.mark.parametrize("trouble", ["freeze", "hang", "gone", "black"])
def test_trouble_that_passes_is_outlived(camera_process: Start, trouble: str) -> None:
    """Opened again as often as it takes, the by-id name found again when it comes back, the cover taken off."""
    camera = camera_process(Sitter.ASTRONAUT)
    filming = FilmingCamera(source(camera_settings(camera.spec)), camera.spec, reopenings=20)
    try:
        first = filming.newest(after=0, seconds=5)
        assert first is not None
        camera.tell(trouble)
        if trouble == "black":
            wait_for(lambda: filming.dark)
        else:
            after = first.counter
            while (frame := filming.newest(after=after, seconds=0.4)) is not None:
                after = frame.counter
        camera.tell("ok")
        wait_for(lambda: lit_frame(filming, first.counter))
    finally:
        filming.close()


def lit_frame(filming: FilmingCamera, after: int) -> bool:
    with contextlib.suppress(CameraFaultError):  # black still
        return filming.newest(after=after, seconds=0.1) is not None and not filming.dark
    return False


def test_a_black_camera_says_so_for_as_long_as_it_is_black(camera_process: Start) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    filming = FilmingCamera(source(camera_settings(camera.spec)), camera.spec)
    try:
        assert filming.newest(after=0, seconds=5) is not None
        camera.tell("black")
        with pytest.raises(CameraFaultError) as error:
            filming.newest(after=10**6, seconds=10)
        assert error.value.fault is Fault.BLACK
        camera.tell("ok")
        wait_for(lambda: lit_frame(filming, 0))
    finally:
        filming.close()


def test_the_preview_goes_on_when_the_lens_is_uncovered(camera_process: Start) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    filming = FilmingCamera(source(camera_settings(camera.spec)), camera.spec)
    block = PreviewBlock.create()
    preview = PreviewWriter(block.fd)
    try:
        with Pump(filming, preview):
            wait_for(lambda: block.live() is not None)
            camera.tell("black")
            with pytest.raises(CameraFaultError):
                filming.newest(after=10**6, seconds=10)
            camera.tell("ok")
            wait_for(lambda: (live := block.live()) is not None and live[1].mean() > 50)
    finally:
        filming.close()
        preview.zero()
        block.close()


class Stuck:
    """A source whose driver does not return from a read until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def open(self) -> str:
        return ""

    def read(self) -> Picture:
        self.let_go.wait(10)
        return np.zeros((480, 640, 3), np.uint8)

    def close(self) -> None:
        pass


def test_nobody_waits_for_a_driver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kiosk.face.camera.HANGS", 0.2)
    monkeypatch.setattr("kiosk.face.camera._CLOSING", 0.1)
    stuck = Stuck()
    filming = FilmingCamera(stuck, "/dev/video0")
    try:
        with pytest.raises(CameraFaultError, match="gives no pictures") as error:
            filming.newest(after=filming.newest(after=0, seconds=0.3) is not None, seconds=0.01)
        assert error.value.fault is Fault.SILENT
    finally:
        filming.close()
        stuck.let_go.set()


def test_a_studio_without_a_camera_is_ready_and_finds_it_once_it_is_there(
    studio_room: Rooms, camera_process: Start, tmp_path: Path
) -> None:
    """No camera at the start costs the face way, not the kiosk; it is looked for again at every attempt."""
    room = studio_room(f"socket:{tmp_path}/camera0")
    room.send_photo(photo_jp2(Sitter.ASTRONAUT))
    room.studio.look(1)
    assert room.until(Unavailable) == Unavailable(1, Why.NO_CAMERA.value, Fault.NOT_THERE.value)
    camera = camera_process(Sitter.ASTRONAUT)
    assert camera.spec == f"socket:{tmp_path}/camera0"
    room.studio.look(2)
    wait_for(lambda: room.block.live() is not None)
    room.studio.stop()


def test_a_cable_pulled_and_put_back_during_an_attempt_costs_a_moment(
    studio_room: Rooms, camera_process: Start
) -> None:
    camera = camera_process(Sitter.ASTRONAUT)
    room = studio_room(camera.spec, attempt_seconds=30.0)
    room.studio.compare(1)
    wait_for(lambda: room.block.live() is not None)
    camera.tell("gone")
    before = shown(room)
    camera.tell("ok")
    wait_for(lambda: shown(room) > before + 3)
    assert not [said for said in room.heard if isinstance(said, Unavailable)]


def shown(room: StudioRoom) -> int:
    live = room.block.live()
    return 0 if live is None else live[0]


def checked(settings: object) -> dict[str, str]:
    """The lines of `kiosk check` about cameras."""
    told: dict[str, str] = {}
    for part in selfcheck.PARTS:
        if part.name in {"camera", "tray"}:
            try:
                told[part.name] = part.look(cast("KioskSettings", settings))
            except CameraError as error:
                told[part.name] = error.sentence
    return told


def test_kiosk_check_says_one_sentence_on_each_camera(camera_process: Start, tmp_path: Path) -> None:
    camera, tray = camera_process(Sitter.ASTRONAUT), camera_process(Sitter.GRACE_HOPPER)
    alone = SimpleNamespace(face=FaceSettings(camera=camera.spec), card_front="typed")
    told = checked(alone)
    assert told["camera"].startswith(f"simulated camera {camera.spec}: 640 x 480, first picture after ")
    assert told["tray"] == "no camera looks down at the card, and none is needed: card_front is typed"
    both = SimpleNamespace(face=FaceSettings(camera=camera.spec, card_camera=tray.spec), card_front="tray")
    assert checked(both)["tray"].startswith(f"over the card: simulated camera {tray.spec}: 640 x 480")
    tray.tell("gone")
    told = checked(both)
    assert told["camera"].startswith("simulated camera")
    assert told["tray"] == f"camera {tray.spec}: nobody answers; start `kiosk simulate camera`"
