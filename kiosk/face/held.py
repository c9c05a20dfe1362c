"""Whether what is before the camera is something held up: edges round the face, a screen's grid, a backdrop that moves.

On films of nine real people (267 looks) single looks found edges in none and a grid in none; with every frame compressed as
JPEG of quality 30, a grid in 2. What the backdrop showed is in `kiosk.face.backdrop`. There is no real recording of an attack:
what they tell of simulated ones is in liveness.py. A print or a screen that fills the frame has no edges, a fine screen far
away no grid, and on a stand it keeps its backdrop still.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from kiosk.face.backdrop import BackdropWatch
from kiosk.face.edges import framed
from kiosk.face.faces import Face, Picture
from kiosk.face.grid import regular

EVERY: Final = 0.3
"""Seconds between two looks: one costs 4 to 7 ms."""
STILL: Final = 1.0
"""Face widths a second; a face that moves faster is not looked at, because its blur has a pattern of its own."""
COVERED: Final = 0.8
"""Edges: how much of the stretch from brow to below the chin they cover, on the worse of the two sides."""
STANDS_OUT: Final = 6.5
"""Grid: the sharpest peak's height."""
LOOKS: Final = 6
LOOKS_AT_THE_END: Final = 3
"""So many looks before it is said; fewer are enough when a decision is due."""
SHARE: Final = 0.3
"""The share of the looks that must have found the same thing, and `TWICE` at least."""
TWICE: Final = 2


class HeldWatch:
    """Counts what single looks at one face found. `camera_stands`: the camera does not move, so that its backdrop may not."""

    def __init__(self, *, camera_stands: bool = True) -> None:
        self._backdrop = BackdropWatch() if camera_stands else None
        self._last: tuple[Face, float] | None = None
        self._looked: float | None = None
        self._looks = 0
        self._edges = 0
        self._grids = 0

    def see(self, picture: Picture, face: Face, mono: float) -> None:
        """One frame at `mono` (seconds); most are passed over."""
        if self._backdrop is not None:
            self._backdrop.see(picture, face, mono)
        before, self._last = self._last, (face, mono)
        if before is None or not _still(face, before[0], mono - before[1]):
            return
        if self._looked is not None and mono - self._looked < EVERY:
            return
        self._looked = mono
        self._looks += 1
        self._edges += framed(picture, face) >= COVERED
        self._grids += regular(picture, face) >= STANDS_OUT

    def held_up(self, *, deciding: bool = False) -> bool:
        """Whether the face is on something held up; `deciding` asks for an answer from fewer looks."""
        if self._backdrop is not None and self._backdrop.moves(deciding=deciding):
            return True
        enough = LOOKS_AT_THE_END if deciding else LOOKS
        return self._looks >= enough and max(self._edges, self._grids) >= max(TWICE, SHARE * self._looks)


def _still(face: Face, before: Face, seconds: float) -> bool:
    return seconds > 0 and float(np.hypot(face.x - before.x, face.y - before.y)) < STILL * face.width * seconds
