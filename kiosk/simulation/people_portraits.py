"""The portraits simulated people are made from: who is in them, and where the person ends and the wall begins.

Both come from public-domain portraits that are fetched, never kept here: `astronaut` (NASA, by way of scikit-image) and
`grace_hopper` (US Navy, by way of matplotlib). Any other portrait can be given by its path, for measuring; it is read
and nothing of it is written anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 BGR."""

Outline = NDArray[np.uint8]
"""(height, width) uint8: 255 where the person is, 0 where the wall is."""


@dataclass(frozen=True, eq=False)
class Layer:
    """Something that can be laid over a picture: its colours everywhere, and where it is."""

    colours: Picture
    cover: Outline


FACE_IN_EYE_DISTANCES: Final = 2.15
"""Width of a face's box over the distance of the eyes, as the detector draws it on the two portraits (2.12 and 2.16)."""

_LONGEST = 720  # pixels of a portrait given by path: more than any frame shows
_CUT_AT = 240  # pixels of the copy in which its person is cut out of the background
_CUTS = 4


class Sitter(StrEnum):
    """Who sits there."""

    ASTRONAUT = "astronaut"
    GRACE_HOPPER = "grace_hopper"


@dataclass(frozen=True)
class Portrait:
    """Where the person is in a fetched portrait, in its pixels."""

    file: str
    face: tuple[float, float, float]
    """Centre x and y of the face, and its width."""
    outline: tuple[tuple[int, int], ...]
    """Hair, neck and shoulders, drawn once by hand; what is outside becomes a plain wall."""


PORTRAITS: Final = {
    Sitter.ASTRONAUT: Portrait(
        "portraits/astronaut.png",
        (223.0, 119.0, 90.0),
        (
            *((0, 512), (22, 400), (48, 268), (104, 218), (112, 185), (142, 157), (184, 150), (180, 128)),
            *((158, 105), (152, 82), (166, 48), (196, 22), (230, 14), (266, 24), (292, 48), (302, 82)),
            *((294, 110), (274, 134), (258, 150), (262, 172), (290, 196), (306, 236), (340, 270), (362, 352)),
            (372, 512),
        ),
    ),
    Sitter.GRACE_HOPPER: Portrait(
        "portraits/grace_hopper.jpg",
        (267.0, 226.0, 170.0),
        (
            *((18, 600), (26, 440), (60, 384), (150, 354), (206, 326), (190, 298), (168, 252), (152, 190)),
            *((150, 112), (180, 84), (187, 52), (228, 22), (300, 24), (346, 57), (364, 88), (367, 150)),
            *((378, 182), (372, 216), (362, 252), (354, 286), (342, 318), (352, 332), (400, 354), (468, 394)),
            *((502, 444), (512, 600)),
        ),
    ),
}


def other_than(sitter: Sitter | Path) -> Sitter:
    """Somebody who is not the sitter."""
    return Sitter.GRACE_HOPPER if sitter == Sitter.ASTRONAUT else Sitter.ASTRONAUT


def cut_out(sitter: Sitter) -> tuple[Picture, Outline]:
    """The fetched portrait and the person's outline in it. Raises `kiosk.errors.MissingError`."""
    portrait = PORTRAITS[sitter]
    picture = cv2.imread(str(share.fetched(portrait.file)), cv2.IMREAD_COLOR)
    if not isinstance(picture, np.ndarray):
        raise MissingError(f"{portrait.file}: is not a picture; fetch it again")
    outline = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(outline, [np.array(portrait.outline, np.int32)], 255)
    return picture.astype(np.uint8, copy=False), outline


def read(path: Path) -> Picture:
    """A portrait given by its path, made small enough. Raises `kiosk.errors.MissingError` where it cannot be read."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if not isinstance(picture, np.ndarray):
        raise MissingError(f"{path}: is not there, or no picture that can be read")
    scale = _LONGEST / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return picture.astype(np.uint8, copy=False)


def outlined(picture: Picture, middle: tuple[float, float], eye_distance: float) -> Outline:
    """The outline of the one person in `picture`, whose eyes' middle is at `middle`, found by cutting the background off.

    As good as its background is plain; what it takes for the wall inside the head or the trunk is given back to them.
    """
    scale = min(1.0, _CUT_AT / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x, y, unit = middle[0] * scale, middle[1] * scale, eye_distance * scale
    marks = np.full(small.shape[:2], cv2.GC_PR_BGD, np.uint8)
    shapes = (
        (cv2.GC_PR_FGD, (x, y + 0.2 * unit), (1.7 * unit, 2.3 * unit)),
        (cv2.GC_PR_FGD, (x, y + 5.2 * unit), (3.2 * unit, 3.4 * unit)),
        (cv2.GC_FGD, (x, y + 0.4 * unit), (0.95 * unit, 1.45 * unit)),
        (cv2.GC_FGD, (x, y + 5.0 * unit), (1.3 * unit, 3.0 * unit)),
    )
    for mark, centre, radii in shapes:
        _ellipse(marks, centre, radii, int(mark))
    marks[0, :] = cv2.GC_BGD
    marks[: max(1, round(y - 2.4 * unit)), :] = cv2.GC_BGD
    cv2.grabCut(small, marks, None, np.zeros((1, 65)), np.zeros((1, 65)), _CUTS, cv2.GC_INIT_WITH_MASK)  # type: ignore[call-overload]
    found = np.where((marks == cv2.GC_FGD) | (marks == cv2.GC_PR_FGD), 255, 0).astype(np.uint8)
    _ellipse(found, (x, y + 0.2 * unit), (1.15 * unit, 1.7 * unit), 255)
    round_ = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    closed = cv2.morphologyEx(cv2.morphologyEx(found, cv2.MORPH_CLOSE, round_), cv2.MORPH_OPEN, round_).astype(np.uint8)
    # Where the portrait's side cuts the head it is made round: heads have no straight edges.
    head = np.zeros_like(found)
    _ellipse(head, (x, y), (min(1.75 * unit, x, small.shape[1] - x), 2.6 * unit), 255)
    shoulders = max(0, round(y + 1.5 * unit))
    closed[:shoulders] = np.minimum(closed[:shoulders], head[:shoulders])
    whole = cv2.resize(closed, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.where(whole > 127, 255, 0).astype(np.uint8)


def _ellipse(picture: Outline, centre: tuple[float, float], radii: tuple[float, float], value: int) -> None:
    at, size = (round(centre[0]), round(centre[1])), (round(radii[0]), round(radii[1]))
    cv2.ellipse(picture, at, size, 0, 0, 360, value, cv2.FILLED)
