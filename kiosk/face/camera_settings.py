"""How a camera is named and set. No OpenCV here: the kiosk process imports this.

A camera's name is `/dev/v4l/by-id/...` (which stays the same whichever port it is plugged into), `/dev/videoN`, or
`socket:PATH` for the frame socket of a simulated camera.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, cast

Rotation = Literal[0, 90, 180, 270]
"""Degrees the picture is turned clockwise, for a camera that is not mounted upright."""

Exposure = Literal["auto"] | float
"""The camera's own choice, or milliseconds."""

SIZE: Final = "640x480"
"""What every frame is shrunk to fit into; a larger picture is worth it where a camera cuts its width off at 640."""

SMALLEST: Final = (320, 240)
LARGEST: Final = (1920, 1080)
"""Pixels: below, a face at arm's length has under 60 of them; above, USB 2 and a small computer fall behind."""

SHORTEST: Final = 0.1
LONGEST: Final = 1000.0
"""Milliseconds: one unit of V4L2_CID_EXPOSURE_ABSOLUTE is 0.1 ms; over a second counts as silence."""

_SOCKET_PATH_BYTES = 107  # sun_path without its closing zero, unix(7)
_EXPECTED = "camera: expected /dev/videoN, /dev/v4l/by-id/..., or socket:PATH (with site: test)"
_SIZE = re.compile(r"([0-9]{1,5})x([0-9]{1,5})", re.ASCII)


@dataclass(frozen=True)
class CameraSettings:
    """Where the pictures come from, a V4L2 device or the frame socket of a simulated camera, and how it films.

    Raises `ValueError("camera_...: what was expected")`.
    """

    kind: Literal["v4l2", "socket"]
    path: str
    size: str = SIZE
    rotation: Rotation = 0
    exposure: Exposure = "auto"

    def __post_init__(self) -> None:
        if not all(least <= given <= most for least, given, most in zip(SMALLEST, self.pixels, LARGEST, strict=True)):
            raise ValueError(
                f"camera_size: expected {SMALLEST[0]}x{SMALLEST[1]} to {LARGEST[0]}x{LARGEST[1]} (width x height)"
            )
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError("camera_rotation: expected 0, 90, 180 or 270 degrees clockwise")
        if not _is_exposure(self.exposure):
            raise ValueError(f"camera_exposure: expected auto, or {SHORTEST} to {LONGEST:.0f} milliseconds")

    @property
    def is_simulated(self) -> bool:
        """True unless this is a real device; accepted only with `site: test`."""
        return self.kind != "v4l2"

    @property
    def name(self) -> str:
        """The camera as it stands in the settings."""
        return f"socket:{self.path}" if self.kind == "socket" else self.path

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height that are asked for, before the picture is turned."""
        found = _SIZE.fullmatch(self.size)
        return (0, 0) if found is None else (int(found[1]), int(found[2]))


def _is_exposure(given: object) -> bool:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return SHORTEST <= given <= LONGEST
    return given == "auto"


def camera_settings(
    spec: str, *, size: str = SIZE, rotation: int = 0, exposure: str | float = "auto"
) -> CameraSettings:
    """The camera named by `spec`: `/dev/...`, `v4l2:/dev/...` or `socket:PATH`. Raises `ValueError("camera...: ...")`."""
    turned, lit = cast("Rotation", rotation), cast("Exposure", exposure)  # CameraSettings looks at both
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
        return CameraSettings("socket", path, size, turned, lit)
    device = spec.removeprefix("v4l2:")
    if not device.startswith("/dev/") or ".." in device.split("/"):
        raise ValueError(_EXPECTED)
    return CameraSettings("v4l2", device, size, turned, lit)
