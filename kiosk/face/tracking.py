"""Is the face in this frame the one of the frame before? One person must not blink while another one is compared.

A face is followed by its place, not by its looks: boxes of neighbouring frames lie over each other, and whoever appears
elsewhere, or after a pause, is taken for somebody else (domain/face-stack.md section 8, item 9). Looks are compared where
templates are: a second face slipped into the same place within a moment is the recogniser's to notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kiosk.face.faces import Face

SAME_PLACE: Final = 0.3
"""Overlap of two boxes, intersection over union, below which the face in them is taken for another one."""

LOST: Final = 0.5
"""Seconds without a face after which whoever appears counts as another person."""


@dataclass(frozen=True, eq=False)
class Track:
    """Where the followed face was last seen, and when (`mono`, seconds). One track is one person."""

    face: Face
    mono: float

    def holds(self, face: Face, mono: float) -> bool:
        """Whether `face`, seen at `mono`, is still the followed one. A time that runs backwards breaks the track."""
        return 0.0 <= mono - self.mono <= LOST and overlap(self.face, face) >= SAME_PLACE


def overlap(one: Face, other: Face) -> float:
    """Intersection over union of two faces' boxes, 0 to 1."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (one.width * one.height + other.width * other.height - shared)
