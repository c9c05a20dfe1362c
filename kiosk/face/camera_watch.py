"""Is what a camera gives alive? Frames and times go in, a `Fault` comes out; no clock, no device, no picture is kept."""

from __future__ import annotations

import zlib
from typing import Final

import cv2
import numpy as np

from kiosk.face.camera_faults import Fault
from kiosk.face.faces import Picture

SILENT: Final = 1.0
"""Seconds without a frame after which a camera counts as stuck."""

STARTING: Final = 2.0
"""The same, from its opening to the first frame: USB cameras set up their exposure first."""

FROZEN: Final = 2.0
"""Seconds of nothing but the same bytes: a driver that repeats its last buffer. A sensor's noise never repeats."""

BLACK: Final = 3.0
"""Seconds of nothing but black: longer than a hand before the lens, or a camera that opens its eyes."""

DARK: Final = 12.0
"""Luma (0 to 255) no part of a black picture reaches. Talking heads at a tenth of their light reach 17, and are still
recognised (face-stack.md section 5, "ID photo and conditions")."""

FEATURELESS: Final = 10.0
COVERED: Final = 48.0
"""Behind a finger or a sticker no part of the picture is lighter than `COVERED`, nor `FEATURELESS` lighter than another."""

_STEP = 8  # every eighth pixel, of which `_PARTS` are averaged: neither noise nor one hot pixel counts
_PARTS = (16, 12)


class Watch:
    """What came from one camera, over all its openings. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._opened = 0.0
        self._came: float | None = None
        self._fresh = 0.0
        self._bytes: int | None = None
        self._dark_since: float | None = None

    @property
    def dark(self) -> bool:
        """The last frame was black."""
        return self._dark_since is not None

    def opened(self, mono: float) -> None:
        """The camera was opened, for the first time or again."""
        self._opened = self._fresh = mono
        self._came = None

    def see(self, picture: Picture, mono: float) -> bool:
        """A frame came; whether it is another one than the last."""
        before, self._bytes = self._bytes, zlib.crc32(np.ascontiguousarray(picture).data)
        fresh = self._bytes != before
        if black(picture):
            self._dark_since = mono if self._dark_since is None else self._dark_since
        else:
            self._dark_since = None
        self._came = mono
        if fresh or self.dark:  # behind a shutter there is no noise to tell frames apart by
            self._fresh = mono
        return fresh

    def fault(self, mono: float) -> Fault | None:
        """What is wrong at `mono`, if anything is: SILENT, FROZEN or BLACK."""
        if self._came is None:
            return Fault.SILENT if mono - self._opened >= STARTING else None
        if mono - self._came >= SILENT:
            return Fault.SILENT
        if mono - self._fresh >= FROZEN:
            return Fault.FROZEN
        if self._dark_since is not None and mono - self._dark_since >= BLACK:
            return Fault.BLACK
        return None


def black(picture: Picture) -> bool:
    """Whether nothing can be seen: no light at all, or a lens that is covered. Takes 0.1 ms."""
    parts = cv2.resize(picture[::_STEP, ::_STEP], _PARTS, interpolation=cv2.INTER_AREA)
    luma = cv2.cvtColor(parts, cv2.COLOR_BGR2GRAY)
    least, most = float(luma.min()), float(luma.max())
    return most < DARK or (most < COVERED and most - least < FEATURELESS)
