"""The `face:` section of the settings. No OpenCV here: the kiosk process imports this.

face:
  camera: /dev/v4l/by-id/usb-Example_Camera-video-index0
  camera_rotation: 90
  camera_exposure: auto
  card_camera: /dev/v4l/by-id/usb-Second_Camera-video-index0
  card_camera_exposure: 10
  accept: 0.50
  liveness: challenge
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from kiosk.face.camera_settings import SIZE, CameraSettings, Exposure, Rotation, camera_settings
from kiosk.face.verdict import FACE_RECOGNITION, SFACE, Engine

FRAMES_FLOOR: Final = 3
"""The mean of three live frames let no impostor through at 0.45 (face-stack.md section 5, "Several frames")."""


@dataclass(frozen=True)
class FaceSettings:
    """How faces are looked at. `attempt_seconds` is what recognition may take, `frames` how many are averaged.

    `engine` compares; `accept` is the cosine from which `sface` says yes, `distance` the one up to which
    `face_recognition` does. `liveness`: what is asked of a person so that a picture does not pass;
    `camera_stands`: the camera is fixed, so that a backdrop that moves belongs to something held up.

    `card_camera` is a second camera over the tray that sees the card's front; without it the patient shows the front to
    `camera`. Of either camera: `size` is what it is asked for ("640x480"), `rotation` how many degrees its picture is
    turned clockwise, `exposure` milliseconds, or "auto" (`kiosk.face.camera_settings`).
    """

    camera: str
    engine: Engine = "sface"
    accept: float = SFACE.accept
    distance: float = -FACE_RECOGNITION.accept
    liveness: Literal["off", "blink", "challenge"] = "challenge"
    camera_stands: bool = True
    attempt_seconds: float = 10.0
    frames: int = FRAMES_FLOOR
    camera_size: str = SIZE
    camera_rotation: Rotation = 0
    camera_exposure: Exposure = "auto"
    card_camera: str | None = None
    card_camera_size: str = SIZE
    card_camera_rotation: Rotation = 0
    card_camera_exposure: Exposure = "auto"

    def __post_init__(self) -> None:
        _ = self.filming
        try:
            _ = self.front_filming
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
    def filming(self) -> CameraSettings:
        """The camera that sees the person."""
        return camera_settings(
            self.camera, size=self.camera_size, rotation=self.camera_rotation, exposure=self.camera_exposure
        )

    @property
    def front_filming(self) -> CameraSettings:
        """The camera that sees the card's front: the one over the tray, or else the only one."""
        if self.card_camera is None:
            return self.filming
        return camera_settings(
            self.card_camera,
            size=self.card_camera_size,
            rotation=self.card_camera_rotation,
            exposure=self.card_camera_exposure,
        )

    @property
    def is_simulated(self) -> bool:
        """True where a camera is not a real device: every check-in made with it is a simulated one."""
        return self.filming.is_simulated or self.front_filming.is_simulated
