"""A photograph with holes for the eyes, and somebody else's eyes behind it: the oldest answer to "please blink"."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from kiosk.simulation.attacks import Sheet
from kiosk.simulation.people_figure import ABOVE, LEFT, LEVELS, Figure, figure_of, with_lids
from kiosk.simulation.people_landmarks import Eye, Points
from kiosk.simulation.people_portraits import Picture, Sitter

_WIDER: Final = np.array([1.45, 1.9])
"""How much wider and higher the holes are than the eyes that were cut out."""
_PAPER_EDGE: Final = (30, 34, 40)


def cut_eyes(paper: Sheet, who: Sitter | Path, behind: Sitter) -> list[Picture]:
    """The print of `who` with its eyes cut out, and those of `behind` looking through it: open, then more and more shut.

    Raises `kiosk.errors.MissingError` as `figure_of` does.
    """
    owner, looker = figure_of(who, paper.unit), figure_of(behind, paper.unit)
    # Paper and canvas have one scale; only the place of the eyes' middle differs.
    moved = np.array(paper.eyes) - np.array([LEFT, ABOVE]) * paper.unit
    holes = [(_contour(eye) + moved).astype(np.float32) for eye in (owner.marks.right, owner.marks.left)]
    return [_looked_through(paper.picture, holes, looker, level / LEVELS) for level in range(LEVELS + 1)]


def _looked_through(paper: Picture, holes: list[Points], looker: Figure, lids: float) -> Picture:
    face, sheet = with_lids(looker, lids), paper.copy()
    for hole, eye in zip(holes, (looker.marks.right, looker.marks.left), strict=True):
        middle = hole.mean(axis=0)
        edge = cv2.convexHull((middle + (hole - middle) * _WIDER).astype(np.int32))
        to = middle - _contour(eye).mean(axis=0)
        looked = cv2.warpAffine(face, np.array([[1.0, 0.0, to[0]], [0.0, 1.0, to[1]]]), sheet.shape[1::-1])
        cv2.fillConvexPoly(sheet, edge, _PAPER_EDGE, cv2.LINE_AA)
        inside = cv2.fillConvexPoly(np.zeros(sheet.shape[:2], np.uint8), edge, 255)
        seen = cv2.erode(inside, np.ones((3, 3), np.uint8)) > 127
        sheet[seen] = looked[seen]
    return sheet


def _contour(eye: Eye) -> Points:
    return np.vstack([eye.upper, eye.lower[::-1]]).astype(np.float32)
