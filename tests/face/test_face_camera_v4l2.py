"""OpenCV's own V4L2 code over a driver that is not there: a few system calls are answered by `v4l2_stand_in.c`.

No machine that runs these tests has a camera, nor a kernel module that plays one. So a small library, made by the C
compiler where there is one, stands between the process and libc; all above it (OpenCV, `kiosk.face`) is the real thing.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.face.camera_faults import Fault

SOURCE = Path(__file__).with_name("v4l2_stand_in.c")
NODE = "/dev/zero"
"""What the stand-in answers for: a device node everybody may open."""

BEGIN = """
import json, os, sys, threading, time
from pathlib import Path
from kiosk.face import camera, camera_watch, v4l2
from kiosk.face.camera_faults import CameraFaultError
from kiosk.face.camera_settings import CameraSettings
from kiosk.face.sources import DeviceSource

v4l2.MAJOR = 1  # that of the device node the stand-in answers for
camera_watch.FROZEN, camera_watch.STARTING, camera.PLUGGED_AGAIN, camera.HANGS = 0.5, 0.5, 5.0, 3.0
folder = Path(sys.argv[1])
link = folder / "usb-Stand-in-video-index0"
chosen = CameraSettings("v4l2", str(link), **json.loads(sys.argv[2]))

def mood(word):
    (folder / "mood").write_text(word)

def filming():
    return camera.FilmingCamera(DeviceSource(chosen), chosen.name)

def fault_of(film):
    try:
        while True:
            film.newest(after=10**9, seconds=0.1)
    except CameraFaultError as error:
        return error.fault.value
"""

CHECK = """
try:
    print(camera.camera_state(chosen))
except CameraFaultError as error:
    print(error.fault.value)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler: the stand-in for a driver cannot be made")
    path = tmp_path_factory.mktemp("stand-in") / "stand_in.so"
    made = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(path), str(SOURCE), "-ldl"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if made.returncode:
        pytest.skip(f"the stand-in for a driver cannot be made here: {made.stderr.splitlines()[0]}")
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    chance = np.random.default_rng(1)
    for width, height in ((640, 480), (1280, 720)):
        for number in range(30):
            picture = chance.integers(100, 140, (height, width, 3)).astype(np.uint8)
            assert cv2.imwrite(str(folder / f"{width}x{height}-{number}.jpg"), picture)
    return folder


class Machine:
    """A process with a camera plugged in."""

    def __init__(self, folder: Path, library: Path, pictures: Path) -> None:
        self.folder = folder
        self.library = library
        for picture in pictures.iterdir():
            (folder / picture.name).hardlink_to(picture)
        (folder / "node").write_text(NODE, encoding="utf-8")
        (folder / "usb-Stand-in-video-index0").symlink_to(NODE)

    def told(self, code: str, mood: str = "ok", chosen: dict[str, object] | None = None) -> str:
        """What `code`, after `BEGIN`, prints on standard output."""
        (self.folder / "mood").write_text(mood, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", BEGIN + code, str(self.folder), json.dumps(chosen or {})],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "LD_PRELOAD": str(self.library), "STAND_IN": str(self.folder)},
        )
        assert done.returncode == 0, done.stderr
        assert "VIDEOIO" not in done.stderr
        return done.stdout.strip()


@pytest.fixture
def machine(tmp_path: Path, library: Path, pictures: Path) -> Machine:
    return Machine(tmp_path, library, pictures)


@pytest.mark.parametrize(
    ("chosen", "size"),
    [
        ({}, "640 x 480"),
        ({"size": "1280x720"}, "640 x 360"),
        ({"size": "1280x720", "rotation": 270}, "270 x 480"),
        ({"exposure": 8.3}, "640 x 480"),
    ],
)
def test_the_check_tells_what_a_webcam_gives(machine: Machine, chosen: dict[str, object], size: str) -> None:
    told = machine.told(CHECK, chosen=chosen)
    assert f"usb-Stand-in-video-index0: {size}, first picture after " in told
    assert told.endswith(" s, Stand-in Camera, MJPG")


def test_a_driver_without_mjpg_films_all_the_same(machine: Machine) -> None:
    told = machine.told(CHECK, mood="yuyv")
    assert "640 x 480" in told
    assert "Stand-in Camera, YUYV instead of MJPG" in told


@pytest.mark.parametrize(
    ("mood", "fault"),
    [("busy", Fault.BUSY), ("freeze", Fault.FROZEN), ("silent", Fault.SILENT), ("unplugged", Fault.NOT_THERE)],
)
def test_the_check_names_what_is_wrong_with_a_webcam(machine: Machine, mood: str, fault: Fault) -> None:
    assert machine.told(CHECK, mood=mood) == fault.value


def test_a_webcam_gives_its_pace_and_lets_go_of_the_device(machine: Machine) -> None:
    code = """
film = filming()
first = film.newest(after=0, seconds=5)
last = film.newest(after=first.counter + 14, seconds=5)
film.close()
print(last.mono - first.mono < 2, v4l2.looked_at(str(link)))
"""
    assert machine.told(code) == "True Stand-in Camera"


@pytest.mark.parametrize("mood", ["freeze", "silent"])
def test_a_webcam_is_opened_again_and_films_on(machine: Machine, mood: str) -> None:
    code = f"""
film = filming()
first = film.newest(after=0, seconds=5)
mood("{mood}")
while film._failures == 0:
    time.sleep(0.01)
mood("ok")
print(film.newest(after=film._counter, seconds=10) is not None)
film.close()
"""
    assert machine.told(code) == "True"


def test_a_webcam_that_is_unplugged_and_plugged_in_again_is_found_by_its_name(machine: Machine) -> None:
    code = """
film = filming()
assert film.newest(after=0, seconds=5) is not None
mood("unplugged")
link.unlink()
while (frame := film.newest(after=film._counter, seconds=0.5)) is not None:
    pass
mood("ok")
link.symlink_to("/dev/zero")
print(film.newest(after=film._counter, seconds=5) is not None)
camera.PLUGGED_AGAIN = 0.3
mood("unplugged")
link.unlink()
print(fault_of(film))
film.close()
"""
    assert machine.told(code).split() == ["True", Fault.UNPLUGGED.value]


def test_nobody_waits_for_a_webcam_whose_driver_hangs(machine: Machine) -> None:
    code = """
film = filming()
assert film.newest(after=0, seconds=5) is not None
mood("hang")
print(fault_of(film))
mood("ok")
film.close()
"""
    assert machine.told(code) == Fault.SILENT.value
