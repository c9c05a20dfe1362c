"""Whether a face is inside the straight edges of something held up: a print, a phone.

A living person's shoulders lie before whatever is behind, so no edge of a door or a window runs on straight beside the
face from the brow down past the chin, on both sides, as near as a print's or a phone's edges do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.detector import SIDE
from kiosk.face.faces import Face, Picture

NEAREST: Final = 0.55
FARTHEST: Final = 1.3
"""Where an edge may lie, in face widths from the middle of the face. Shoulders reach about 1.36."""
ABOVE: Final = 0.15
BELOW: Final = 0.25
"""The stretch begins this much of the face's height under its top and ends this much under its bottom."""

_STEEP = 0.36  # an edge leans by 20 degrees at most
_APART = 2.5  # pixels between pieces of one edge
_LEAN = 0.04  # difference of their slopes
_PARALLEL = 0.12  # difference of the two edges' slopes: a rectangle seen a little from the side
_INSIDE = 0.5  # of the face's width, from its middle: wrinkles, glasses and cheeks are no edges of anything
_CONTRAST = (40, 100)  # Canny's two thresholds


def framed(picture: Picture, face: Face) -> float:
    """How much of the stretch beside `face` straight edges cover, 0 to 1, on the worse of its two sides."""
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    edges = cv2.Canny(smooth, *_CONTRAST)
    width, height = face.width * scale, face.height * scale
    middle, top = (face.x + face.width / 2) * scale, face.y * scale
    first = max(int(top + ABOVE * height), 0)
    last = min(int(top + (1 + BELOW) * height), edges.shape[0] - 4)
    if last - first < height / 2:
        return 0.0
    edges[:, max(int(middle - _INSIDE * width), 0) : max(int(middle + _INSIDE * width), 0)] = 0
    found = cv2.HoughLinesP(
        edges, 1, np.pi / 180, max(int(0.3 * height), 1), minLineLength=0.35 * height, maxLineGap=0.08 * height
    )
    # OpenCV answers None, which its types do not say, where there is no line.
    if not isinstance(found, np.ndarray):
        return 0.0
    sides: list[list[_Piece]] = [[], []]
    for line in found.reshape(-1, 4).astype(np.float64):
        piece = _piece(line, top + height / 2)
        beside = 0.0 if piece is None else (piece.x - middle) / width
        if piece is not None and NEAREST < abs(beside) < FARTHEST:
            sides[beside > 0].append(piece)
    left, right = ([(_covered(piece, side, first, last), piece.lean) for piece in side] for side in sides)
    pairs = (min(one, other) for one, lean in left for other, slope in right if abs(lean - slope) < _PARALLEL)
    return max(pairs, default=0.0)


@dataclass(frozen=True)
class _Piece:
    """A piece of a steep edge: where it (or its continuation) passes beside the face, how it leans, its rows."""

    x: float
    lean: float
    upper: int
    lower: int


def _piece(line: NDArray[np.float64], row: float) -> _Piece | None:
    x1, y1, x2, y2 = line.tolist()
    if y1 == y2 or abs(x2 - x1) > _STEEP * abs(y2 - y1):
        return None
    lean = (x2 - x1) / (y2 - y1)
    return _Piece(x1 + lean * (row - y1), lean, int(min(y1, y2)), int(max(y1, y2)))


def _covered(one: _Piece, pieces: Sequence[_Piece], first: int, last: int) -> float:
    """How much of the rows the edge that `one` is a piece of covers."""
    rows = np.zeros(last - first, np.bool_)
    for piece in pieces:
        if abs(piece.x - one.x) < _APART and abs(piece.lean - one.lean) < _LEAN:
            rows[max(piece.upper - first, 0) : max(piece.lower + 1 - first, 0)] = True
    return float(rows.mean())
