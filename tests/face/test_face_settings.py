from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.face.camera_settings import CameraSettings, camera_settings
from kiosk.face.settings import FaceSettings

DEVICE = "/dev/v4l/by-id/usb-Example_Camera-video-index0"


@pytest.mark.parametrize("spec", [DEVICE, "/dev/video0", f"v4l2:{DEVICE}"])
def test_a_device_is_a_real_camera(spec: str) -> None:
    assert camera_settings(spec) == CameraSettings("v4l2", spec.removeprefix("v4l2:"))
    assert not FaceSettings(camera=spec).is_simulated


def test_a_second_camera_may_look_at_the_card() -> None:
    settings = FaceSettings(camera=DEVICE, card_camera="/dev/video2")
    assert settings.front_filming.path == "/dev/video2"
    assert not settings.is_simulated
    assert FaceSettings(camera=DEVICE).front_filming.path == DEVICE


def test_one_simulated_camera_of_two_makes_the_kiosk_a_simulated_one() -> None:
    assert FaceSettings(camera=DEVICE, card_camera="socket:/run/camera").is_simulated
    assert FaceSettings(camera="socket:/run/camera", card_camera=DEVICE).is_simulated


def test_a_card_camera_that_is_none_is_refused_by_its_own_name() -> None:
    with pytest.raises(ValueError, match=r"^card_camera: expected"):
        FaceSettings(camera=DEVICE, card_camera="0")


def test_a_frame_socket_is_a_simulated_camera() -> None:
    assert camera_settings("socket:/run/camera") == CameraSettings("socket", "/run/camera")
    assert FaceSettings(camera="socket:/run/camera").is_simulated


@pytest.mark.parametrize(
    "spec",
    ["", "0", "video0", "socket:", "http://camera/", "/dev/../etc/passwd", "/dev/video0\0", "socket:" + "x" * 108],
)
def test_anything_else_is_refused_with_a_sentence(spec: str) -> None:
    with pytest.raises(ValueError, match=r"^camera: "):
        FaceSettings(camera=spec)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"accept": 0.44}, "accept"),
        ({"accept": 0.0}, "accept"),
        ({"accept": float("nan")}, "accept"),
        ({"accept": 0.81}, "accept"),
        ({"frames": 2}, "frames"),
        ({"attempt_seconds": 1.0}, "attempt_seconds"),
        ({"attempt_seconds": float("inf")}, "attempt_seconds"),
    ],
)
def test_nobody_can_set_a_threshold_that_lets_strangers_in(values: dict[str, float], key: str) -> None:
    with pytest.raises(SettingsError, match=rf"kiosk.yaml: {key}: expected") as error:
        settings.from_mapping({"camera": DEVICE, **values}, FaceSettings, where="kiosk.yaml", base=Path())
    assert str(error.value).count("\n") == 0


def test_the_defaults_are_the_measured_ones() -> None:
    chosen = FaceSettings(camera=DEVICE)
    assert (chosen.accept, chosen.attempt_seconds, chosen.frames) == (0.50, 10.0, 3)


def test_what_the_kiosk_process_imports_brings_no_opencv_along() -> None:
    code = (
        "import sys, kiosk.face.handle, kiosk.face.preview, kiosk.face.settings, kiosk.face.messages\n"
        "assert 'cv2' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0


@pytest.mark.parametrize(
    ("written", "exposure"), [({}, "auto"), ({"camera_exposure": "auto"}, "auto"), ({"camera_exposure": 8}, 8.0)]
)
def test_each_camera_is_set_for_itself(written: dict[str, object], exposure: str | float) -> None:
    given = {"camera": DEVICE, "camera_rotation": 90, "card_camera": "/dev/video2", "card_camera_size": "1280x720"}
    read = settings.from_mapping({**given, **written}, FaceSettings, where="kiosk.yaml", base=Path())
    assert (read.filming.rotation, read.filming.exposure, read.filming.pixels) == (90, exposure, (640, 480))
    assert (read.front_filming.rotation, read.front_filming.pixels) == (0, (1280, 720))
    assert FaceSettings(camera=DEVICE, camera_rotation=180).front_filming.rotation == 180


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"camera_exposure": "bright"}, r"camera_exposure is not usable; expected one of: auto or a number$"),
        ({"camera_exposure": None}, r"camera_exposure is not usable; expected one of: auto or a number$"),
        ({"camera_exposure": 0}, r"face\.camera_exposure: expected auto, or 0\.1 to 1000 milliseconds"),
        ({"camera_rotation": 45}, r"camera_rotation is not usable; expected one of: 0, 90, 180, 270$"),
        ({"camera_size": "big"}, r"face\.camera_size: expected 320x240 to 1920x1080"),
        ({"card_camera": DEVICE, "card_camera_size": "big"}, r"face\.card_camera_size: expected"),
    ],
)
def test_a_camera_that_is_set_wrongly_is_one_sentence(written: dict[str, object], sentence: str) -> None:
    @dataclass(frozen=True)
    class File:
        face: FaceSettings

    with pytest.raises(SettingsError, match=sentence):
        settings.from_mapping({"face": {"camera": DEVICE, **written}}, File, where="kiosk.yaml", base=Path())
