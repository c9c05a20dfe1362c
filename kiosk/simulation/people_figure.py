"""A person made from a portrait: cut out, stood upright, and drawn with a turned head and closed eyes.

A figure is drawn on its own canvas once, then every frame is one look at that canvas through the head's turn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation import people_head
from kiosk.simulation.people_eyes import closed, eye_box
from kiosk.simulation.people_grid import Field, drawn_out, pixels
from kiosk.simulation.people_head import Head, Turn
from kiosk.simulation.people_landmarks import Landmarks, landmarks
from kiosk.simulation.people_portraits import Layer, Outline, Picture, Sitter, cut_out, outlined, read

LEFT: Final = 5.0
ABOVE: Final = 3.6
BELOW: Final = 9.0
"""What a figure's canvas shows round the middle of the eyes, in eye distances."""

_FINEST: Final = 120.0
"""Pixels of a canvas' eye distance; the portraits themselves have 42 and 80."""
LEVELS: Final = 6
"""How many steps an eye takes to close; a blink is over in four frames."""
_GRID: Final = 4
"""The turn is worked out for every fourth pixel and drawn out between them."""
_CUT: Final = 3.0
"""A portrait that ends less than this many eye distances under the eyes shows no clothes."""
_PULLOVER: Final = (96, 84, 70)
_SOFT: Final = 4
"""A figure's colours without detail are this much smaller."""
_STILL: Final = 0.03
"""Turns smaller than this (radians) leave the outline and the light as they are."""

Worn = Callable[[Layer, Landmarks], None]
"""Draws something onto a figure's canvas: a mask, glasses."""


@dataclass(frozen=True, eq=False)
class Figure:
    """A person ready to be drawn. `unit` is pixels of the canvas per eye distance."""

    canvas: Layer
    soft: Picture
    """Its colours in little, without detail."""
    unit: float
    marks: Landmarks
    """On the canvas."""
    head: Head
    lids: tuple[tuple[tuple[slice, slice], tuple[Picture, ...]], ...]
    """For each eye: its place on the canvas, and what is there as it closes."""


@dataclass(frozen=True)
class Place:
    """Where a person is in a picture: the middle of the eyes in its pixels, and pixels per eye distance there."""

    x: float
    y: float
    unit: float


def figure_of(who: Sitter | Path, unit: float, worn: Worn | None = None, light: float = 1.0) -> Figure:
    """The person of a fetched portrait, or of any portrait by its path, to be drawn at about `unit` pixels' eye distance.

    `light` is what its colours are multiplied by. Raises `kiosk.errors.MissingError` where portrait or models are missing or there is no face.
    """
    picture, found = _opened(who)
    if isinstance(who, Sitter):
        outline = cut_out(who)[1]
    else:
        middle = found.points[:2].mean(axis=0)
        outline = outlined(picture, (float(middle[0]), float(middle[1])), found.eye_distance)
    unit = min(unit, _FINEST)
    place = _upright(found, unit)
    canvas = _canvas(picture, outline, place, unit)
    marks = found.moved(place)
    if float((place @ np.array([0.0, picture.shape[0], 1.0]))[1]) < (ABOVE + _CUT) * unit:
        _dressed(canvas, unit)
    if worn is not None:
        worn(canvas, marks)
    canvas = replace(canvas, colours=cv2.convertScaleAbs(canvas.colours, alpha=light).astype(np.uint8, copy=False))
    head = _head(canvas, marks, unit)
    lids = tuple(
        (eye_box(eye), tuple(closed(canvas.colours, eye, (step + 1) / LEVELS) for step in range(LEVELS)))
        for eye in (marks.right, marks.left)
    )
    little = cv2.resize(canvas.colours, None, fx=1 / _SOFT, fy=1 / _SOFT, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(little, (0, 0), 0.12 * unit / _SOFT).astype(np.uint8, copy=False)
    return Figure(canvas, soft, unit, marks, head, lids)


def portrait_of(who: Sitter | Path, unit: float) -> tuple[Picture, tuple[float, float], float]:
    """The portrait as it hangs on the wall, its eyes level: the picture, the middle of the eyes, and their distance.

    Raises `kiosk.errors.MissingError` as `figure_of` does.
    """
    picture, found = _opened(who)
    unit = min(unit, _FINEST)
    place = _upright(found, unit)
    size = (round(2 * LEFT * unit), round((ABOVE + BELOW) * unit))
    shown = cv2.warpAffine(picture, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return shown.astype(np.uint8, copy=False), (LEFT * unit, ABOVE * unit), unit


def drawn(person: Figure, place: Place, turn: Turn, lids: float, size: tuple[int, int]) -> Layer:
    """The person as seen in a picture of `size` (width, height). `lids` 0 open, 1 shut."""
    columns, rows = pixels(size, _GRID)
    x, y = (columns - np.float32(place.x)) / place.unit, (rows - np.float32(place.y)) / place.unit
    u, v, unseen = people_head.seen(person.head, turn, x.astype(np.float32), y.astype(np.float32))
    columns = drawn_out((u + np.float32(LEFT)) * np.float32(person.unit), size, _GRID)
    rows = drawn_out((v + np.float32(ABOVE)) * np.float32(person.unit), size, _GRID)
    colours = _looked(with_lids(person, lids), columns, rows)
    if abs(turn.yaw) > _STILL:
        # What the portrait hardly shows has no detail that could be drawn out to the side.
        share = drawn_out(unseen, size, _GRID)
        soft = _looked(person.soft, columns * np.float32(1 / _SOFT), rows * np.float32(1 / _SOFT))
        colours = cv2.blendLinear(soft, colours, share, np.float32(1.0) - share).astype(np.uint8, copy=False)
        light = drawn_out(people_head.shade(turn, x, y) * np.float32(255.0), size, _GRID).astype(np.uint8)
        colours = cv2.multiply(colours, cv2.merge([light] * 3), scale=1 / 255).astype(np.uint8, copy=False)
    return Layer(colours, _looked(person.canvas.cover, columns, rows))


def with_lids(person: Figure, lids: float) -> Picture:
    """The colours of the person's canvas with the eyes closed by `lids`."""
    level = round(lids * LEVELS)
    if level == 0:
        return person.canvas.colours
    colours = person.canvas.colours.copy()
    for box, steps in person.lids:
        colours[box] = steps[level - 1]
    return colours


def _looked(picture: NDArray[np.uint8], columns: Field, rows: Field) -> NDArray[np.uint8]:
    seen = cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen.astype(np.uint8, copy=False)


def _canvas(picture: Picture, outline: Outline, place: NDArray[np.float64], unit: float) -> Layer:
    """The person cut out and upright."""
    size = (round(2 * LEFT * unit), round((ABOVE + BELOW) * unit))
    spread = _spread(picture, outline)
    colours = cv2.warpAffine(spread, place, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    # Whoever is cut off below goes on there; above and beside the portrait there is wall.
    longer = cv2.copyMakeBorder(outline, 0, 4 * max(outline.shape), 0, 0, cv2.BORDER_REPLICATE)
    shape = cv2.warpAffine(longer, place, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    # The outline has corners, people have not: rounded, then as sharp as the portrait is.
    shape = cv2.convertScaleAbs(cv2.addWeighted(cv2.GaussianBlur(shape, (0, 0), 0.1 * unit), 3.0, shape, 0.0, -255.0))
    shape[:, [0, -1]] = 0
    return Layer(colours.astype(np.uint8, copy=False), shape.astype(np.uint8, copy=False))


def _dressed(canvas: Layer, unit: float) -> None:
    """A plain pullover for somebody whose portrait ends under the face."""
    half = ((0.0, 2.55), (0.55, 2.45), (0.85, 2.25), (1.5, 2.6), (2.6, 3.0), (3.0, 3.6), (3.2, BELOW), (0.0, BELOW))
    corners = [*half, *((-x, y) for x, y in reversed(half))]
    shape = np.array([((x + LEFT) * unit, (y + ABOVE) * unit) for x, y in corners], np.int32)
    trunk = cv2.fillPoly(np.zeros(canvas.cover.shape, np.uint8), [shape], 255, cv2.LINE_AA)
    canvas.cover[round((2.4 + ABOVE) * unit) :] = 0
    np.maximum(canvas.cover, trunk, out=canvas.cover)
    canvas.colours[trunk > 127] = _PULLOVER


def _opened(who: Sitter | Path) -> tuple[Picture, Landmarks]:
    if isinstance(who, Sitter):
        picture = cut_out(who)[0]
        return picture, landmarks(picture, who.value)
    picture = read(who)
    return picture, landmarks(picture, str(who))


def _upright(found: Landmarks, unit: float) -> NDArray[np.float64]:
    """The affine from the portrait to the canvas: the eyes level, `unit` apart, their middle where it belongs."""
    right, left = (found.points[side].astype(np.float64) for side in (0, 1))
    line = left - right
    scale = unit / found.eye_distance
    a, b = scale * line[0] / found.eye_distance, scale * line[1] / found.eye_distance
    turn = np.array([[a, b], [-b, a]])
    to = np.array([LEFT * unit, ABOVE * unit]) - turn @ ((right + left) / 2)
    return np.hstack([turn, to[:, None]])


def _spread(picture: Picture, outline: Outline) -> Picture:
    """The person's colours carried on beyond the outline, so that no turn brings the portrait's wall to light."""
    size = 2 * max(1, round(0.007 * max(outline.shape))) + 1
    core = cv2.erode(outline, np.ones((size, size), np.uint8), borderType=cv2.BORDER_REPLICATE)
    outside = np.where(core > 127, 0, 255).astype(np.uint8)
    _, labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colour_of = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    inside = outside == 0
    colour_of[labels[inside]] = picture[inside]
    spread = colour_of[labels]
    soft = cv2.GaussianBlur(spread, (0, 0), 1.0 + size)
    return np.where(outside[..., None] > 0, soft, picture).astype(np.uint8)


def _head(canvas: Layer, marks: Landmarks, unit: float) -> Head:
    nose = (marks.points[2] - marks.points[:2].mean(axis=0)) / unit
    tip = (float(nose[0]), float(np.clip(nose[1], 0.35, 0.9)))
    return people_head.measured(canvas.cover, unit, ABOVE, LEFT, tip)
