"""The `face:` section of the settings, and how a camera is named. No OpenCV here: the kiosk process imports this.

face:
  camera: /dev/v4l/by-id/usb-Example_Camera-video-index0
  card_camera: /dev/v4l/by-id/usb-Second_Camera-video-index0
  accept: 0.50
  liveness: challenge
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from kiosk.face.verdict import FACE_RECOGNITION, SFACE, Engine

FRAMES_FLOOR: Final = 3
"""The mean of three live frames let no impostor through at 0.45 (face-stack.md section 5, "Several frames")."""

_SOCKET_PATH_BYTES = 107  # sun_path without its closing zero, unix(7)
_EXPECTED = "camera: expected /dev/videoN, /dev/v4l/by-id/..., or socket:PATH (with site: test)"


@dataclass(frozen=True)
class CameraSettings:
    """Where the pictures come from: a V4L2 device, or the frame socket of a simulated camera."""

    kind: Literal["v4l2", "socket"]
    path: str

    @property
    def is_simulated(self) -> bool:
        """True unless this is a real device; accepted only with `site: test`."""
        return self.kind != "v4l2"


def camera_settings(spec: str) -> CameraSettings:
    """The camera named by `spec`: `/dev/...`, `v4l2:/dev/...` or `socket:PATH`. Raises `ValueError("camera: ...")`."""
    if "\0" in spec:
        raise ValueError(_EXPECTED)
    if spec.startswith("socket:"):
        path = spec.removeprefix("socket:")
        if not path:
            raise ValueError(_EXPECTED)
        if len(path.encode()) > _SOCKET_PATH_BYTES:
            raise ValueError(
                f"camera: the socket's path is longer than {_SOCKET_PATH_BYTES} bytes; choose a shorter one"
            )
        return CameraSettings("socket", path)
    device = spec.removeprefix("v4l2:")
    if not device.startswith("/dev/") or ".." in device.split("/"):
        raise ValueError(_EXPECTED)
    return CameraSettings("v4l2", device)


@dataclass(frozen=True)
class FaceSettings:
    """How faces are looked at. `attempt_seconds` is what recognition may take, `frames` how many are averaged.

    `engine` compares; `accept` is the cosine from which `sface` says yes, `distance` the one up to which
    `face_recognition` does. `liveness`: what is asked of a person so that a picture does not pass.

    `card_camera` is a second camera over the tray that sees the card's front; without it the patient shows the front to
    `camera`.
    """

    camera: str
    engine: Engine = "sface"
    accept: float = SFACE.accept
    distance: float = -FACE_RECOGNITION.accept
    liveness: Literal["off", "blink", "challenge"] = "challenge"
    attempt_seconds: float = 10.0
    frames: int = FRAMES_FLOOR
    card_camera: str | None = None

    def __post_init__(self) -> None:
        camera_settings(self.camera)
        try:
            camera_settings(self.front_camera)
        except ValueError as error:
            raise ValueError(f"card_{error}") from error
        if not SFACE.floor <= self.accept <= SFACE.strictest:
            raise ValueError(
                f"accept: expected {SFACE.floor:.2f} to {SFACE.strictest:.2f}; below it strangers would be let in, above it nobody"
            )
        nearest, farthest = -FACE_RECOGNITION.strictest, -FACE_RECOGNITION.floor
        if not nearest <= self.distance <= farthest:
            raise ValueError(
                f"distance: expected {nearest:.2f} to {farthest:.2f}; above it strangers would be let in, below it nobody"
            )
        if not 2.0 <= self.attempt_seconds <= 60.0:
            raise ValueError("attempt_seconds: expected 2 to 60 seconds")
        if not FRAMES_FLOOR <= self.frames <= 15:
            raise ValueError(f"frames: expected {FRAMES_FLOOR} to 15; fewer than {FRAMES_FLOOR} let strangers through")

    @property
    def accept_likeness(self) -> float:
        """From where the chosen engine says yes, as likeness (`kiosk.face.verdict`)."""
        return self.accept if self.engine == "sface" else -self.distance

    @property
    def front_camera(self) -> str:
        """The camera that sees the card's front."""
        return self.camera if self.card_camera is None else self.card_camera

    @property
    def is_simulated(self) -> bool:
        """True where a camera is not a real device: every check-in made with it is a simulated one."""
        return camera_settings(self.camera).is_simulated or camera_settings(self.front_camera).is_simulated
