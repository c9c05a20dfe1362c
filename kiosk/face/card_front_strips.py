"""The two lines of the card's front that are read, cut out of a picture and set upright; nothing else of it is.

A card's name and address are never set upright: only the boxes of `kiosk.face.card_front_layout` are taken out of the
picture, and of the line under the photo only its last group, so that the production number is not read either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.card_front_layout import (
    CODE,
    CODE_MIDDLE,
    CODE_SLACK,
    CODE_WIDTH,
    DATES,
    HEIGHT_MM,
    WIDTH_MM,
    Box,
    Line,
)
from kiosk.face.card_front_outline import Outline
from kiosk.face.matcher import Picture

PX_PER_MM: Final = 16
"""How fine strips are cut: a card 1370 pixels wide keeps all it has."""

GLARE: Final = 250.0
"""From this luma on nothing printed can be seen."""

_STOCK_MM = (
    2.0  # wider than any stroke, narrower than a shadow: what is darker than its surroundings by that measure is ink
)
_BLOCKS = 16  # pieces of a line whose ink is moved as one when its slope is looked for
_SLOPES = tuple(number / 400 for number in range(-12, 13))  # up to 1.7 degrees
_FAINT = 14.0  # of 255: less difference between ink and stock is no print


@dataclass(frozen=True, eq=False, repr=False)
class Strip:
    """A printed line, upright: (height, width, 3) uint8 BGR, cut close above and below its ink.

    `em` is the size of its type in pixels, as far as its height tells; `ink` how much darker it is than its stock (0 to
    255).
    """

    picture: Picture
    em: float
    ink: float

    def wipe(self) -> None:
        """Overwrite it."""
        self.picture[:] = 0


@dataclass(frozen=True, eq=False, repr=False)
class Strips:
    """What was cut out. A line that was not found is None; `glare` is the share of the boxes that is white."""

    dates: Strip | None
    code: Strip | None
    glare: float

    def wipe(self) -> None:
        """Overwrite both."""
        for strip in (self.dates, self.code):
            if strip is not None:
                strip.wipe()


def strips(picture: Picture, outline: Outline) -> Strips:
    """The two lines of the card at `outline`, taken for upright."""
    dates, code = cut(picture, outline, DATES.box), cut(picture, outline, CODE.box)
    glare = max(_white(dates), _white(code))
    try:
        return Strips(_dates(dates), _code(code), glare)
    finally:
        dates[:] = 0
        code[:] = 0


def cut(picture: Picture, outline: Outline, box: Box, px_per_mm: float = PX_PER_MM) -> Picture:
    """The part `box` of the card at `outline`, upright, `px_per_mm` fine."""
    corners = np.array([(0, 0), (WIDTH_MM, 0), (WIDTH_MM, HEIGHT_MM), (0, HEIGHT_MM)], np.float32)
    to_card = cv2.getPerspectiveTransform(outline.corners.astype(np.float32), corners)
    to_box = np.array([[px_per_mm, 0, -box.left * px_per_mm], [0, px_per_mm, -box.top * px_per_mm], [0, 0, 1]])
    size = (round((box.right - box.left) * px_per_mm), round((box.bottom - box.top) * px_per_mm))
    flags = cv2.INTER_LINEAR if outline.width > WIDTH_MM * px_per_mm else cv2.INTER_CUBIC
    seen = cv2.warpPerspective(picture, to_box @ to_card, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return seen.astype(np.uint8, copy=False)


def inked(picture: Picture) -> NDArray[np.float32]:
    """How much darker than its surroundings each pixel is. The brightest channel: a coloured pattern is no ink."""
    bright = cv2.GaussianBlur(picture.max(axis=2), (0, 0), 1.2)
    side = round(_STOCK_MM * PX_PER_MM) | 1
    stock = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (side, side)))
    stock = cv2.blur(stock, (side, side))
    return np.asarray(np.clip(stock.astype(np.float32) - bright, 0, None), np.float32)


def _dates(cutting: Picture) -> Strip | None:
    ink = inked(cutting)
    slope = _slope(ink)
    if slope:
        # An edge that was found a little aslant tilts a long line by half its height.
        level = np.array([[1.0, 0.0, 0.0], [-slope, 1.0, slope * cutting.shape[1] / 2]])
        size = (cutting.shape[1], cutting.shape[0])
        cutting[:] = cv2.warpAffine(cutting, level, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        ink = inked(cutting)
    rows = _rows(ink, DATES)
    if rows is None:
        return None
    top, bottom, strength = rows
    height = bottom - top
    margin = round(0.16 * height)
    line = cutting[max(0, top - margin) : bottom + margin].copy()
    return Strip(line, height / 0.92, strength)  # kanji fill 0.92 of their em


def _slope(ink: NDArray[np.float32]) -> float:
    """How much the line goes down to the right, as a share of its length: the slope that gathers its ink in fewest rows."""
    blocks = np.array([block.mean(axis=1) for block in np.array_split(ink, _BLOCKS, axis=1)])
    middles = (np.arange(_BLOCKS) + 0.5) / _BLOCKS - 0.5
    rows = np.arange(ink.shape[0])

    def gathered(slope: float) -> float:
        moved = [
            np.interp(rows + slope * ink.shape[1] * middle, rows, block)
            for middle, block in zip(middles, blocks, strict=True)
        ]
        return float((np.sum(moved, axis=0) ** 2).sum())

    level = gathered(0.0)
    best = max(_SLOPES, key=gathered)
    return float(best) if gathered(best) > 1.02 * level else 0.0


def _code(cutting: Picture) -> Strip | None:
    ink = inked(cutting)
    rows = _rows(ink, CODE)
    if rows is None:
        return None
    top, bottom, strength = rows
    height = bottom - top
    columns = ink[top:bottom].mean(axis=0)
    solid = columns > 0.22 * np.percentile(columns, 95)
    for left, right in _runs(solid, gap=round(0.66 * height)):
        middle = CODE.box.left + (left + right) / 2 / PX_PER_MM
        wide = (right - left) / PX_PER_MM
        if abs(middle - CODE_MIDDLE) < CODE_SLACK and CODE_WIDTH[0] < wide < CODE_WIDTH[1]:
            side, above = round(0.3 * height), round(0.2 * height)
            if left < side:
                continue  # it goes on beyond the box
            part = cutting[max(0, top - above) : bottom + above, left - side : right + side]
            return Strip(
                part.copy(), height / 0.90, strength
            )  # digits are three quarters of an em high, and blurred above and below
    return None


def _rows(ink: NDArray[np.float32], line: Line) -> tuple[int, int, float] | None:
    """First and last row of the line's ink in its box, and how dark it is; None where there is no line."""
    left, right = (round((x - line.box.left) * PX_PER_MM) for x in line.witness)
    witness = ink[:, left:right]
    strength = float(np.percentile(witness, 97))
    if strength < _FAINT:
        return None
    profile = cv2.GaussianBlur(np.minimum(witness, strength).mean(axis=1)[:, None], (1, 9), 1.5).ravel()
    best: tuple[float, int, int] | None = None
    for top, bottom in _runs(profile > 0.3 * np.percentile(profile, 95), gap=3):
        middle = line.box.top + (top + bottom) / 2 / PX_PER_MM
        off = abs(middle - line.middle)
        high = (bottom - top) / PX_PER_MM
        if off < line.slack and line.height[0] < high < line.height[1] and (best is None or off < best[0]):
            best = (off, top, bottom)
    return None if best is None else (best[1], best[2], strength)


def _runs(solid: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """Where `solid` holds, (first, one past the last); interruptions shorter than `gap` are bridged."""
    found: list[tuple[int, int]] = []
    for index in np.flatnonzero(solid):
        if found and index - found[-1][1] < gap:
            found[-1] = (found[-1][0], int(index) + 1)
        else:
            found.append((int(index), int(index) + 1))
    return found


def _white(cutting: Picture) -> float:
    return float((cutting.min(axis=2) > GLARE).mean())
