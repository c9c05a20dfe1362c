"""What can be wrong with a camera: a word for machines and one sentence for people. No OpenCV here.

The studio says the word to the kiosk (`kiosk.face.messages`); `kiosk check` says the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from kiosk.face.errors import CameraError


class Fault(StrEnum):
    """Why a camera gives nothing that can be used."""

    NOT_THERE = "not_there"
    BUSY = "busy"
    NO_PERMISSION = "no_permission"
    NOT_A_CAMERA = "not_a_camera"
    SILENT = "silent"
    FROZEN = "frozen"
    BLACK = "black"
    UNPLUGGED = "unplugged"


_SENTENCES: Final[Mapping[Fault, str]] = {
    Fault.NOT_THERE: "is not there; check its cable, and its name in the settings",
    Fault.BUSY: "is taken by another program{who}; end that program",
    Fault.NO_PERMISSION: "may not be opened by this user; add the user to the group `video`",
    Fault.NOT_A_CAMERA: "is not a camera that gives pictures; take a name of /dev/v4l/by-id that ends in -index0",
    Fault.SILENT: "gives no pictures; unplug it and plug it in again",
    Fault.FROZEN: "gives one and the same picture over and over; unplug it and plug it in again",
    Fault.BLACK: "sees nothing but black; take the cover off its lens and see that there is light",
    Fault.UNPLUGGED: "was unplugged while it filmed; plug it in again",
}

_SIMULATED: Final[Mapping[Fault, str]] = {
    Fault.NOT_THERE: "nobody answers; start `kiosk simulate camera`",
    Fault.NO_PERMISSION: "belongs to another user; start `kiosk simulate camera` as this one",
    Fault.NOT_A_CAMERA: "what is there does not send frames; start `kiosk simulate camera`",
}


class CameraFaultError(CameraError):
    """A camera that cannot be used, and which `Fault` it is."""

    def __init__(self, fault: Fault, camera: str, who: str = "") -> None:
        """`camera` is its name in the settings; `who` holds it, where that is known (`Fault.BUSY`)."""
        told = _SIMULATED.get(fault, _SENTENCES[fault]) if camera.startswith("socket:") else _SENTENCES[fault]
        super().__init__(f"camera {camera}: {told.format(who=f' ({who})' if who else '')}")
        self.fault = fault
        self.camera = camera
        self.who = who

    def again(self) -> CameraFaultError:
        """The same fault to be raised anew: one exception is not raised in two threads."""
        return CameraFaultError(self.fault, self.camera, self.who)
