"""How a camera is named and set."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kiosk.face.camera_settings import CameraSettings, camera_settings

DEVICE = "/dev/v4l/by-id/usb-Example_Camera-video-index0"


def test_a_camera_films_upright_by_itself_at_640_x_480_unless_it_is_told_otherwise() -> None:
    plain = camera_settings(DEVICE)
    assert plain == CameraSettings("v4l2", DEVICE)
    assert (plain.pixels, plain.rotation, plain.exposure) == ((640, 480), 0, "auto")
    told = camera_settings(DEVICE, size="1280x720", rotation=270, exposure=8.5)
    assert (told.pixels, told.rotation, told.exposure) == ((1280, 720), 270, 8.5)


def test_a_camera_is_named_as_it_stands_in_the_settings() -> None:
    assert camera_settings(f"v4l2:{DEVICE}").name == DEVICE
    assert camera_settings("socket:/run/camera").name == "socket:/run/camera"
    assert camera_settings("socket:/run/camera").is_simulated
    assert not camera_settings(DEVICE).is_simulated


@pytest.mark.parametrize("rotation", [-90, 1, 45, 360])
def test_a_camera_is_turned_by_quarters_only(rotation: int) -> None:
    with pytest.raises(ValueError, match=r"^camera_rotation: expected 0, 90, 180 or 270"):
        camera_settings(DEVICE, rotation=rotation)


@pytest.mark.parametrize("exposure", ["", "manual", "10", 0, 0.05, -1, 1001, float("nan"), float("inf"), True])
def test_an_exposure_is_a_word_or_milliseconds(exposure: str | float) -> None:
    with pytest.raises(ValueError, match=r"^camera_exposure: expected auto, or 0.1 to 1000 milliseconds"):
        camera_settings(DEVICE, exposure=exposure)


@pytest.mark.parametrize(
    "size",
    ["", "640", "640x", "640 x 480", "319x240", "320x239", "1921x1080", "9" * 40 + "x480", "-640x480", "٦٤٠x٤٨٠"],
)
def test_a_size_is_width_and_height_within_what_can_be_looked_at(size: str) -> None:
    with pytest.raises(ValueError, match=r"^camera_size: expected 320x240 to 1920x1080"):
        camera_settings(DEVICE, size=size)


def test_what_the_kiosk_process_reads_of_cameras_needs_no_opencv() -> None:
    code = "import sys, kiosk.face.camera_settings, kiosk.face.camera_faults; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
