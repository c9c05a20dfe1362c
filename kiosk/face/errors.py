"""What can go wrong with a face: one plain sentence each, never a picture, a score or a name in it."""

from __future__ import annotations

from kiosk.errors import ExitCode, KioskError


class FaceError(KioskError):
    """The base of this room's errors."""


class PhotoError(FaceError):
    """The bytes from the card are not a photo this kiosk opens."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "bad_photo")


class CameraError(FaceError):
    """The camera cannot be used: missing, busy, not permitted, or silent."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "no_camera")


class StudioError(FaceError):
    """The face studio is gone or does not speak its language."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "studio")
