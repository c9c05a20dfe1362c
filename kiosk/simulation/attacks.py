"""Presentation attacks: a picture of somebody held before the camera, on paper or on a screen.

What they have in common is that they are flat, or bent like a sheet: whatever the person on them does, their geometry is
the sheet's, seen through the camera's perspective. Lengths are eye distances, as if the picture were life-size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_grid import Field, drawn_out, pixels
from kiosk.simulation.people_head import Turn
from kiosk.simulation.people_portraits import Layer, Picture

FOCUS: Final = 554.0
"""The camera's focal length in pixels: 640 pixels show 60 degrees."""

_GRID: Final = 8
_NOWHERE: Final = -1e4
_GLARE_WIDTH: Final = 0.9
_SKIN: Final = (126, 160, 208)
_WHITE: Final = (1.06, 0.99, 0.92)
_GREY: Final = (9.0, 7.0, 6.0)
"""A screen's white and its black, blue, green and red, beside the world's."""
_PITCH: Final = 173.0
"""Pixels of a tablet per eye distance shown on it: two of them to a pixel of the camera, which beat with its own."""
_GRID_LINES: Final = 0.07
_BAND: Final = 0.06
"""How much light the grid between a screen's pixels, and its refresh against the camera's shutter, take away."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """Something flat with a picture on it: `unit` pixels an eye distance, the middle of the eyes at `eyes`."""

    picture: Picture
    unit: float
    eyes: tuple[float, float]
    bend: float | None = None
    """The radius it is bent to, backwards round an upright axis."""
    gloss: float = 70.0
    """How bright its glare is, of 255."""


@dataclass(frozen=True)
class Held:
    """How a sheet is held: the middle of the eyes at `x`, `y` in the picture, `unit` pixels an eye distance there."""

    x: float
    y: float
    unit: float
    turn: Turn


def print_of(
    picture: Picture, eyes: tuple[float, float], unit: float, margin: float, crop: NDArray[np.float64]
) -> Sheet:
    """A paper print of a portrait whose eyes' middle is at `eyes`, `unit` pixels apart.

    `crop` is how far the paper goes from there to the left, up, right and down, `margin` how wide its white border is (eye
    distances). Inks reach neither the black nor the white of a face.
    """
    pixels = [round(float(v)) for v in crop * unit]
    left, top = round(eyes[0]) - pixels[0], round(eyes[1]) - pixels[1]
    size = (pixels[0] + pixels[2], pixels[1] + pixels[3])
    place = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]])
    image = cv2.warpAffine(picture, place, size, borderMode=cv2.BORDER_REPLICATE)
    inked = cv2.GaussianBlur(image, (0, 0), max(0.5, 0.008 * unit)).astype(np.float32) * 0.84 + 22.0
    border = max(0, round(margin * unit))
    paper = cv2.copyMakeBorder(
        inked.astype(np.uint8), border, border, border, border, cv2.BORDER_CONSTANT, value=(232, 236, 238)
    )
    sheet = paper.astype(np.uint8, copy=False)
    _thumbs(sheet, unit)
    return Sheet(sheet, unit, (eyes[0] - left + border, eyes[1] - top + border))


def screen_of(film: Picture, eyes: tuple[float, float], unit: float, brightness: float) -> Sheet:
    """A phone or tablet that shows one frame of a film: bluish, its blacks grey, within a dark frame."""
    height, width = film.shape[:2]
    side, end = round(0.03 * width), round(0.06 * height)
    tables = np.arange(256)[:, None] * np.array(_WHITE) * brightness + np.array(_GREY)
    glass = cv2.LUT(film, np.clip(tables, 0, 255).astype(np.uint8)[:, None])
    framed = cv2.copyMakeBorder(glass, end, end, side, side, cv2.BORDER_CONSTANT, value=(20, 18, 18))
    return Sheet(framed.astype(np.uint8, copy=False), unit, (eyes[0] + side, eyes[1] + end), gloss=45.0)


def presented(sheet: Sheet, held: Held, size: tuple[int, int]) -> Layer:
    """The sheet as the camera sees it, in a picture of `size` (width, height)."""
    u, v = _met(sheet, held, size)
    columns = drawn_out(u * np.float32(sheet.unit) + np.float32(sheet.eyes[0]), size, _GRID)
    rows = drawn_out(v * np.float32(sheet.unit) + np.float32(sheet.eyes[1]), size, _GRID)
    colours = cv2.remap(sheet.picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    colours = cv2.add(colours, _glare(sheet, held, u, v, size))
    return Layer(colours.astype(np.uint8, copy=False), _cover(sheet, columns, rows))


class Glass:
    """What a screen's own pixels and refresh add before a camera: moire, and a dark band that wanders."""

    def __init__(self, chance: np.random.Generator) -> None:
        side = 1440
        x, y = np.arange(side), np.arange(side)[:, None]
        lines = 1.0 - _GRID_LINES * ((x % 2 == 0).astype(np.float32) + (y % 2 == 0)) / 2
        self._grid = np.clip(255 * lines / (1.0 - _GRID_LINES / 2), 0, 255).astype(np.uint8)
        self._speed = float(chance.uniform(0.4, 1.6))
        self._pitch = _PITCH * float(chance.uniform(0.93, 1.07))

    def over(self, layer: Layer, sheet: Sheet, held: Held, now: float) -> Layer:
        """The presented screen with its moire at `now` (seconds)."""
        height, width = layer.cover.shape
        u, v = _met(sheet, held, (width, height))
        middle = np.float32(self._grid.shape[0] / 2)
        columns = drawn_out(u * np.float32(self._pitch) + middle, (width, height), _GRID)
        rows = drawn_out(v * np.float32(self._pitch) + middle, (width, height), _GRID)
        grid = cv2.remap(self._grid, columns, rows, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
        down = np.linspace(0.0, 1.0, height, dtype=np.float32)[:, None]
        band = 1.0 - _BAND * np.clip(np.sin(2 * np.pi * (1.3 * down + self._speed * now)), 0.0, 1.0)
        grid = (grid * band).astype(np.uint8)
        colours = cv2.multiply(layer.colours, cv2.merge([grid] * 3), scale=1 / 240)
        return Layer(colours.astype(np.uint8, copy=False), layer.cover)


def _met(sheet: Sheet, held: Held, size: tuple[int, int]) -> tuple[Field, Field]:
    """Where on the sheet the lines of sight through every eighth pixel (and one more all round) end."""
    x, y = (at.astype(np.float64) - length / 2 for at, length in zip(pixels(size, _GRID), size, strict=True))
    sight = np.stack([x / FOCUS, y / FOCUS, np.ones_like(x)])
    away = FOCUS / held.unit
    middle = np.array([(held.x - size[0] / 2) / held.unit, (held.y - size[1] / 2) / held.unit, away])
    turn = _rotation(held.turn)
    begin, along_sight = -turn.T @ middle, np.tensordot(turn.T, sight, axes=1)
    if sheet.bend is None:
        reach = -begin[2] / np.where(np.abs(along_sight[2]) < 1e-6, 1e-6, along_sight[2])
        met, there = begin[:, None, None] + reach * along_sight, reach > 0
        return _or_nowhere(met[0], there), _or_nowhere(met[1], there)
    # The cylinder's axis lies `bend` behind the sheet's middle line.
    aside, behind = begin[0], begin[2] - sheet.bend
    square = along_sight[0] ** 2 + along_sight[2] ** 2
    half = aside * along_sight[0] + behind * along_sight[2]
    under = half**2 - square * (aside**2 + behind**2 - sheet.bend**2)
    reach = (-half - np.sqrt(np.maximum(under, 0.0))) / square
    met = begin[:, None, None] + reach * along_sight
    there = (under > 0) & (reach > 0)
    return _or_nowhere(sheet.bend * np.arctan2(met[0], sheet.bend - met[2]), there), _or_nowhere(met[1], there)


def _cover(sheet: Sheet, columns: Field, rows: Field) -> NDArray[np.uint8]:
    """Where the sheet is: 255 on it, 0 beside it, its edge as soft as a camera shows one."""
    height, width = sheet.picture.shape[:2]
    shape = np.zeros((height + 4, width + 4), np.uint8)
    shape[2:-2, 2:-2] = 255
    moved = cv2.remap(
        shape, columns + np.float32(2), rows + np.float32(2), cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT
    )
    return moved.astype(np.uint8, copy=False)


def _rotation(turn: Turn) -> NDArray[np.float64]:
    """A yaw to the picture's right, then the others; z goes away from the camera here."""
    yaw, pitch, roll = turn.yaw, turn.pitch, turn.roll
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned: NDArray[np.float64] = about_z @ about_y @ about_x
    return turned


def _glare(sheet: Sheet, held: Held, u: Field, v: Field, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A lamp mirrored in the gloss: it wanders over the sheet as it is tilted."""
    at_x, at_y = 1.6 + 4.0 * held.turn.yaw, -1.4 + 5.0 * held.turn.pitch
    spot = np.exp(-((u - at_x) ** 2 + 0.6 * (v - at_y) ** 2) / (2 * _GLARE_WIDTH**2)).astype(np.float32)
    bright = drawn_out(sheet.gloss * spot, size, _GRID).astype(np.uint8)
    return cv2.merge([bright] * 3).astype(np.uint8, copy=False)


def _thumbs(sheet: Picture, unit: float) -> None:
    """What holds the sheet: a thumb at each lower corner."""
    height, width = sheet.shape[:2]
    for x, tilt in ((0, -35), (width - 1, 35)):
        at, size = (x, round(height - 0.7 * unit)), (round(0.16 * unit), round(0.42 * unit))
        cv2.ellipse(sheet, at, size, tilt + 90, 0, 360, _SKIN, cv2.FILLED, cv2.LINE_AA)


def _or_nowhere(field: NDArray[np.float64], there: NDArray[np.bool_]) -> Field:
    return np.where(there, field, _NOWHERE).astype(np.float32)
