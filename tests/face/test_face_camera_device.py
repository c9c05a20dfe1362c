"""A device's name, and what its capture is told: no machine that runs these tests has a camera, so OpenCV's capture is a
stand-in here, and all that comes before it (paths, permissions, device numbers, ioctls on what is no camera) is real.
`test_face_camera_v4l2.py` puts the stand-in one floor lower."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk.face import v4l2
from kiosk.face.camera import camera_state, open_camera
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.camera_settings import CameraSettings, Exposure, camera_settings
from kiosk.face.matcher import Picture
from kiosk.face.sources import DeviceSource, fitted

NULL_MAJOR = 1  # of /dev/null and /dev/zero: devices that open, and are no cameras


def refused(path: str | Path) -> CameraFaultError:
    with pytest.raises(CameraFaultError) as error:
        v4l2.looked_at(str(path))
    assert error.value.sentence.startswith(f"camera {path}: ")
    assert "\n" not in error.value.sentence
    return error.value


def test_a_path_that_leads_nowhere_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "by-id").symlink_to(tmp_path / "video0")
    assert refused("/dev/video63").fault is Fault.NOT_THERE
    assert refused(tmp_path / "by-id").fault is Fault.NOT_THERE
    assert refused(tmp_path / "by-id" / "below").fault is Fault.NOT_THERE


def test_a_file_a_folder_and_other_devices_are_no_cameras_and_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("a camera", encoding="utf-8")
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("it was opened"))
    for path in (tmp_path / "file", tmp_path, "/dev/null", "/dev/zero"):
        assert refused(path).fault is Fault.NOT_A_CAMERA


@pytest.mark.parametrize("path", ["/dev/null", "/dev/zero"])
def test_a_device_that_does_not_speak_v4l2_is_no_camera(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v4l2, "MAJOR", NULL_MAJOR)
    error = refused(path)
    assert error.fault is Fault.NOT_A_CAMERA
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno == errno.ENOTTY


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A video device's node behind which there is nothing, as a cable that was just pulled leaves it."""
    path = tmp_path / "video63"
    try:
        os.mknod(path, 0o20600, os.makedev(v4l2.MAJOR, 63))
    except PermissionError:
        pytest.skip("only root makes device nodes")
    return path


def test_a_node_without_a_device_behind_it_is_not_there(node: Path) -> None:
    assert refused(node).fault is Fault.NOT_THERE


def test_a_node_of_another_user_is_not_permitted(node: Path) -> None:
    node.parent.chmod(0o755)
    code = (
        "import os, sys\n"
        "from kiosk.face import v4l2\n"
        "from kiosk.face.camera_faults import CameraFaultError\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "try:\n    v4l2.looked_at(sys.argv[1])\n"
        "except CameraFaultError as error:\n    print(error.fault.value)\n"
    )
    # The folders above tmp_path belong to the test's user alone: the node is reached by its open parent folder.
    parent = os.open(node.parent, os.O_PATH)
    try:
        path = f"/proc/self/fd/{parent}/{node.name}"
        done = subprocess.run(
            [sys.executable, "-c", code, path],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            pass_fds=(parent,),
        )
    finally:
        os.close(parent)
    assert done.stdout.strip() == Fault.NO_PERMISSION.value, done.stderr


def answers(monkeypatch: pytest.MonkeyPatch, capabilities: int, device: int, taken: int = 0) -> list[int]:
    """A device that answers like a camera, behind /dev/null; `taken` is the error of setting its format."""
    asked: list[int] = []

    def ioctl(_: int, request: int, room: bytearray) -> int:
        asked.append(request)
        if request == v4l2.QUERYCAP:
            room[16:48] = b"HD Webcam\x07 C1".ljust(32, b"\0")
            room[84:88] = capabilities.to_bytes(4, "little")
            room[88:92] = device.to_bytes(4, "little")
        elif request == v4l2.S_FMT and taken:
            raise OSError(taken, os.strerror(taken))
        return 0

    monkeypatch.setattr(v4l2, "MAJOR", NULL_MAJOR)
    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    return asked


def test_a_camera_tells_its_name_and_is_asked_whether_it_films_already(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answers(monkeypatch, 0x84A00001, 0x04200001)
    assert v4l2.looked_at("/dev/null") == "HD Webcam C1"
    assert asked == [v4l2.QUERYCAP, v4l2.G_FMT, v4l2.S_FMT]


def test_the_requests_are_those_of_the_kernels_header() -> None:
    """VIDIOC_QUERYCAP, VIDIOC_G_FMT, VIDIOC_S_FMT where pointers have eight bytes (linux/videodev2.h)."""
    if sys.maxsize < 2**32:
        pytest.skip("pointers have four bytes here")
    assert (v4l2.QUERYCAP, v4l2.G_FMT, v4l2.S_FMT) == (0x80685600, 0xC0D05604, 0xC0D05605)


def test_the_second_node_of_a_webcam_gives_no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole device captures, this node gives metadata only (V4L2_CAP_META_CAPTURE)."""
    answers(monkeypatch, 0x84A00001, 0x04A00000)
    error = refused("/dev/null")
    assert error.fault is Fault.NOT_A_CAMERA
    assert "-index0" in error.sentence


def test_a_camera_somebody_else_films_with_is_busy_and_says_who(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, 0x84A00001, 0x04200001, errno.EBUSY)
    monkeypatch.setattr(v4l2, "holders", lambda _: "cheese")
    error = refused("/dev/null")
    assert error.fault is Fault.BUSY
    assert "taken by another program (cheese)" in error.sentence


def test_a_driver_that_cannot_set_what_is_set_may_still_film(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, 0x84A00001, 0x04200001, errno.EINVAL)
    assert v4l2.looked_at("/dev/null") == "HD Webcam C1"


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.EACCES, Fault.NO_PERMISSION),
        (errno.EBUSY, Fault.BUSY),
        (errno.ENODEV, Fault.NOT_THERE),
        (errno.EIO, Fault.SILENT),
    ],
)
def test_what_the_system_says_at_opening_is_what_is_told(
    number: int, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(v4l2, "MAJOR", NULL_MAJOR)
    monkeypatch.setattr(v4l2, "holders", lambda _: "")
    monkeypatch.setattr(os, "open", refuse)
    assert refused("/dev/null").fault is fault


def test_who_holds_a_device_is_found_by_name(tmp_path: Path) -> None:
    held, link = tmp_path / "video0", tmp_path / "by-id"
    held.touch()
    link.symlink_to(held)
    assert v4l2.holders(str(link)) == ""
    names = {
        "import sys; f = open(sys.argv[1]); print(); sys.stdin.read()": Path(sys.executable).resolve().name,
        "import sys; f = open(sys.argv[1]); print(); sys.stdin.read()  # kiosk.face.studio": "the kiosk that runs here",
    }
    for code, name in names.items():
        with subprocess.Popen(
            [sys.executable, "-c", code, str(held)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            told = v4l2.holders(str(link))
            assert told == name or (name.startswith("python") and told.startswith("python"))
            holder.communicate()


class Capture:
    """Stands in for `cv2.VideoCapture`: a camera with a driver of moods."""

    formats = ("MJPG", "YUYV")
    opens = True
    shape = (480, 640, 3)
    exposes = True

    def __init__(self, path: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.path = path
        self.asked: dict[int, float] = {}
        self.released = False
        self.reads = 0
        made.append(self)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        if prop == cv2.CAP_PROP_EXPOSURE and not self.exposes:
            return False
        if prop == cv2.CAP_PROP_FOURCC and "MJPG" not in self.formats:
            value = cv2.VideoWriter.fourcc(*self.formats[0])
        self.asked[prop] = value
        return True

    def get(self, prop: int) -> float:
        return self.asked.get(prop, 0.0)

    def read(self) -> tuple[bool, Picture | None]:
        self.reads += 1
        picture = np.random.default_rng(self.reads).integers(0, 255, self.shape).astype(np.uint8)
        picture[0, 0] = (1, 2, 3)
        return True, picture

    def release(self) -> None:
        self.released = True


made: list[Capture] = []


@pytest.fixture
def webcam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """A camera behind a by-id link; its capture is a `Capture` with the given moods."""
    made.clear()
    (tmp_path / "video0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "video0")

    def make(**moods: object) -> str:
        monkeypatch.setattr(cv2, "VideoCapture", type("Moody", (Capture,), moods))
        monkeypatch.setattr(v4l2, "looked_at", lambda _: "HD Webcam")
        return str(tmp_path / "by-id")

    return make


def device(path: str, size: str = "640x480", exposure: Exposure = "auto") -> DeviceSource:
    return DeviceSource(CameraSettings("v4l2", path, size=size, exposure=exposure))


def test_a_webcam_is_asked_for_mjpg_in_the_size_that_was_chosen(webcam: Callable[..., str], tmp_path: Path) -> None:
    camera = device(webcam(), size="1280x720")
    assert camera.open() == "HD Webcam, MJPG"
    assert made[0].path == str(tmp_path / "video0")
    wanted = {cv2.CAP_PROP_FRAME_WIDTH: 1280, cv2.CAP_PROP_FRAME_HEIGHT: 720, cv2.CAP_PROP_AUTO_EXPOSURE: 3}
    assert wanted.items() <= made[0].asked.items()
    assert camera.read().shape == (480, 640, 3)
    camera.close()
    camera.close()
    assert made[0].released


def test_a_driver_that_takes_another_format_is_told_in_words(webcam: Callable[..., str]) -> None:
    camera = device(webcam(formats=("YUYV",)))
    assert camera.open().startswith("HD Webcam, YUYV instead of MJPG")
    assert camera.read().shape == (480, 640, 3)
    camera.close()


def test_an_exposure_is_set_in_the_drivers_own_unit(webcam: Callable[..., str]) -> None:
    camera = device(webcam(), exposure=8.3)
    assert camera.open() == "HD Webcam, MJPG"
    assert made[0].asked[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert made[0].asked[cv2.CAP_PROP_EXPOSURE] == 83
    camera.close()


def test_a_camera_that_does_not_take_an_exposure_says_so_and_films(webcam: Callable[..., str]) -> None:
    camera = device(webcam(exposes=False), exposure=8.0)
    assert camera.open().endswith("whose exposure cannot be set as camera_exposure wants it")
    assert camera.read().shape == (480, 640, 3)
    camera.close()


def test_a_camera_opencv_cannot_open_is_none_unless_somebody_was_quicker(
    webcam: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = device(webcam(opens=False))
    for who, fault in (("", Fault.NOT_A_CAMERA), ("cheese", Fault.BUSY)):
        monkeypatch.setattr(v4l2, "holders", lambda _, who=who: who)
        with pytest.raises(CameraFaultError) as error:
            camera.open()
        assert error.value.fault is fault
    assert all(capture.released for capture in made)


def test_a_read_that_fails_is_silence_while_the_link_is_there_and_else_a_pulled_cable(
    webcam: Callable[..., str], tmp_path: Path
) -> None:
    camera = device(webcam(read=lambda _: (False, None)))
    camera.open()
    for fault in (Fault.SILENT, Fault.UNPLUGGED):
        with pytest.raises(CameraFaultError) as error:
            camera.read()
        assert error.value.fault is fault
        (tmp_path / "video0").unlink(missing_ok=True)
    camera.close()


def test_a_broken_frame_is_silence_and_no_crash(webcam: Callable[..., str]) -> None:
    def broken(_: Capture) -> tuple[bool, Picture | None]:
        raise cv2.error("corrupt")

    camera = device(webcam(read=broken))
    camera.open()
    with pytest.raises(CameraFaultError):
        camera.read()
    camera.close()


@pytest.mark.parametrize(
    ("rotation", "shape", "corner"),
    [(0, (480, 640), (0, 0)), (90, (480, 360), (0, -1)), (180, (480, 640), (-1, -1)), (270, (480, 360), (-1, 0))],
)
def test_a_turned_camera_gives_upright_pictures_that_fit(
    webcam: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    rotation: int,
    shape: tuple[int, int],
    corner: tuple[int, int],
) -> None:
    """The picture's first corner goes where a clockwise turn takes it; it is never mirrored."""
    webcam()
    monkeypatch.setattr("kiosk.face.sources.fitted", lambda picture: picture)
    camera = open_camera(camera_settings("/dev/video0", rotation=rotation))
    try:
        frame = camera.newest(after=0, seconds=5)
    finally:
        camera.close()
    assert frame is not None
    assert tuple(frame.picture[corner]) == (1, 2, 3)
    assert fitted(frame.picture).shape == (*shape, 3)


def test_the_check_of_a_real_camera_tells_name_size_and_format(webcam: Callable[..., str]) -> None:
    webcam(shape=(720, 1280, 3))
    told = camera_state(camera_settings("/dev/video0", size="1280x720", rotation=90))
    assert told.startswith("camera /dev/video0: 270 x 480, first picture after ")
    assert told.endswith(" s, HD Webcam, MJPG")
