"""A blink: both eyes of one person shut and open again within a moment, while the head is fairly still and to the front.

How shut is shut depends on the person, so it is measured against the openness usual for this very face (its 70th
percentile, domain/face-stack.md section 3). No camera, no clock: moments go in, a word comes out.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from kiosk.face.eyes import Openness
from kiosk.face.faces import Face
from kiosk.face.quality import breadth, pose

SHUT: Final = 0.5
"""Shut: both eyes together are under this share of the usual openness (section 3)."""
SHUT_WIDER: Final = 0.6
"""And the more open one is under this: behind thick glasses one of two shut eyes is read as far as 0.52 open."""
REOPENED: Final = 0.75
"""Open again: both together are over this share of it."""
LONGEST: Final = 0.9
"""Seconds from the last moment with open eyes to the next one; longer is no blink."""
USUAL: Final = 70.0
"""Percentile of the openness seen so far that stands for "open" (all of section 3)."""
YAW: Final = 0.25
"""Beyond this the far eye cannot be judged (section 3)."""
ROLL: Final = 30.0
"""Degrees; beyond, the lid points of a photograph held askew begin to wander."""
LEAST_OPEN: Final = 0.12
"""A usual openness below this is no open eye (open ones of 9 people: 0.24 to 0.30; a photo of closed ones: under 0.10)."""

SHIFT: Final = 4.0
SCALE: Final = 2.0
SPIN: Final = 90.0
"""Eye distances, natural logarithms of the eye distance, degrees: per second. A head that moves faster is not judged:
waving a photograph about smears its eyes. Measured at the blinks of 9 people: 2.1, 1.1 and 70 at the 90th percentile."""

_REMEMBERED = 10.0  # seconds the usual openness is taken from
_ENOUGH = 8  # moments before it means anything
_GAP = 0.3  # seconds between two frames that still belong to one look


@dataclass(frozen=True)
class Moment:
    """One face in one frame: when (seconds), where it looks, how far its eyes are open; lengths in pixels."""

    mono: float
    yaw: float
    roll: float
    x: float
    y: float
    """The point between the eyes."""
    apart: float
    """The distance of the eyes."""
    breadth: float
    """See `quality.breadth`."""
    eyes: Openness | None

    @classmethod
    def of(cls, face: Face, mono: float, eyes: Openness | None) -> Moment:
        """What one found face amounts to."""
        yaw, roll = pose(face)
        right, left = face.points[0], face.points[1]
        middle = (right + left) / 2
        apart = max(float(np.linalg.norm(left - right)), 1.0)
        return cls(mono, yaw, roll, float(middle[0]), float(middle[1]), apart, breadth(face), eyes)

    def steady_since(self, before: Moment) -> bool:
        """Whether the head moved slowly enough between two moments for its eyes to be judged."""
        seconds = self.mono - before.mono
        if not 0.0 < seconds <= _GAP:
            return False
        shift = float(np.hypot(self.x - before.x, self.y - before.y)) / self.apart
        scale = abs(float(np.log(self.apart / before.apart)))
        spin = abs(self.roll - before.roll)
        return shift < SHIFT * seconds and scale < SCALE * seconds and spin < SPIN * seconds


class Lid(StrEnum):
    """What the eyes are doing."""

    UNKNOWN = "unknown"
    OPEN = "open"
    SHUT = "shut"
    BLINKED = "blinked"
    """Open again after a blink; said once, in the first such moment."""


class BlinkWatch:
    """Watches the eyes of one face. `began` is when the blink told last left the open eyes (seconds)."""

    def __init__(self) -> None:
        self.began = 0.0
        self._heard: deque[tuple[float, float]] = deque()
        self._last: Moment | None = None
        self._open_at: float | None = None
        self._shut = False

    def see(self, moment: Moment) -> Lid:
        """The next moment of the same face."""
        steady = self._last is not None and moment.steady_since(self._last)
        self._last = moment
        if moment.eyes is None or abs(moment.yaw) >= YAW or abs(moment.roll) >= ROLL:
            self._forget()
            return Lid.UNKNOWN
        usual = self._usual(moment.mono, moment.eyes.mean)
        if not steady or usual is None:
            self._forget()
            return Lid.UNKNOWN
        if moment.eyes.mean > REOPENED * usual:
            blinked = self._shut and self._open_at is not None and moment.mono - self._open_at <= LONGEST
            self.began = self._open_at if blinked and self._open_at is not None else self.began
            self._open_at, self._shut = moment.mono, False
            return Lid.BLINKED if blinked else Lid.OPEN
        if moment.eyes.mean < SHUT * usual and moment.eyes.wider < SHUT_WIDER * usual:
            self._shut = True
            return Lid.SHUT
        return Lid.UNKNOWN

    def _usual(self, mono: float, openness: float) -> float | None:
        self._heard.append((mono, openness))
        while self._heard[0][0] < mono - _REMEMBERED:
            self._heard.popleft()
        if len(self._heard) < _ENOUGH:
            return None
        usual = float(np.percentile([heard for _, heard in self._heard], USUAL))
        return usual if usual >= LEAST_OPEN else None

    def _forget(self) -> None:
        self._open_at, self._shut = None, False
