"""What people wear that hides a part of the face: a surgical mask, sunglasses. Drawn onto a figure, so it turns with it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_landmarks import Landmarks
from kiosk.simulation.people_portraits import Layer

Pixel = tuple[int, int]

_MASK_COLOUR: Final = (226, 219, 206)
_LENS_COLOUR: Final = (34, 30, 28)
_FRAME_COLOUR: Final = (24, 22, 22)
_PLEATS: Final = (0.82, 1.08, 1.34)

# Eye distances from the middle of the eyes, x to the picture's right, y down; the left half mirrors the right one.
_MASK_EDGE: Final = ((0.0, 0.30), (0.28, 0.36), (0.88, 0.50), (0.92, 0.95), (0.74, 1.45), (0.36, 1.86), (0.0, 1.93))
_LOOPS: Final = (((0.88, 0.54), (1.20, 0.20)), ((0.80, 1.32), (1.18, 0.72)))


def surgical_mask(worn_by: Layer, marks: Landmarks) -> None:
    """A mask from the bridge of the nose to under the chin, with its pleats and loops."""
    unit, middle = _frame(marks)
    for begin, end in _LOOPS:
        for side in (-1.0, 1.0):
            ends = _at(middle, unit, side * begin[0], begin[1]), _at(middle, unit, side * end[0], end[1])
            _line(worn_by, ends, _MASK_COLOUR, 0.04 * unit)
    half = [*_MASK_EDGE, *((-x, y) for x, y in reversed(_MASK_EDGE[1:-1]))]
    rows, columns = _places(worn_by, middle, unit)
    light = 1.0 - 0.16 * columns**2 - 0.08 * np.clip(rows - 1.0, -1.0, 1.0) ** 2
    for pleat in _PLEATS:
        light -= 0.10 * np.exp(-(((rows - pleat - 0.05 * columns**2) / 0.025) ** 2))
    _painted(worn_by, [_at(middle, unit, x, y) for x, y in half], 0.02 * unit, _MASK_COLOUR, light)


def sunglasses(worn_by: Layer, marks: Landmarks) -> None:
    """Dark glasses with a thin rim, a bridge and temples."""
    unit, middle = _frame(marks)
    bridge = _at(middle, unit, -0.2, -0.06), _at(middle, unit, 0.2, -0.06)
    _line(worn_by, bridge, _FRAME_COLOUR, 0.05 * unit)
    for side, eye in ((-1.0, marks.points[0]), (1.0, marks.points[1])):
        at = (round(float(eye[0]) + side * 0.03 * unit), round(float(eye[1]) + 0.04 * unit))
        temple = _at(middle, unit, side * 1.2, -0.05)
        _line(worn_by, ((at[0], at[1] - round(0.1 * unit)), temple), _FRAME_COLOUR, 0.05 * unit)
        ring = cv2.ellipse2Poly(at, (round(0.42 * unit), round(0.35 * unit)), 0, 0, 360, 6)
        rows, columns = _places(worn_by, np.array(at, np.float32), unit)
        light = 1.0 + 0.5 * np.clip(-rows - 0.05, 0.0, 0.3) + 0.0 * columns
        _painted(worn_by, [(int(x), int(y)) for x, y in ring], 0.015 * unit, _LENS_COLOUR, light)


def _frame(marks: Landmarks) -> tuple[float, NDArray[np.float32]]:
    return marks.eye_distance, marks.points[:2].mean(axis=0)


def _places(
    worn_by: Layer, middle: NDArray[np.float32], unit: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every row and column of the canvas in eye distances from `middle`."""
    height, width = worn_by.cover.shape
    rows, columns = np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]
    return (rows - middle[1]) / np.float32(unit), (columns - middle[0]) / np.float32(unit)


def _at(middle: NDArray[np.float32], unit: float, x: float, y: float) -> Pixel:
    return round(float(middle[0]) + x * unit), round(float(middle[1]) + y * unit)


def _line(worn_by: Layer, ends: tuple[Pixel, Pixel], colour: tuple[int, int, int], thick: float) -> None:
    width = max(1, round(thick))
    cv2.line(worn_by.colours, *ends, colour, width, cv2.LINE_AA)
    cv2.line(worn_by.cover, *ends, 255, width, cv2.LINE_AA)


def _painted(
    worn_by: Layer,
    corners: list[Pixel],
    soft: float,
    colour: tuple[int, int, int],
    light: NDArray[np.float32],
) -> None:
    filled = np.zeros(worn_by.cover.shape, np.uint8)
    cv2.fillPoly(filled, [np.array(corners, np.int32)], 255, cv2.LINE_AA)
    filled = cv2.GaussianBlur(filled, (0, 0), max(0.6, soft)).astype(np.uint8, copy=False)
    share = filled[..., None].astype(np.float32) / 255.0
    mixed = worn_by.colours + (np.array(colour, np.float32) * light[..., None] - worn_by.colours) * share
    worn_by.colours[:] = np.clip(mixed, 0, 255).astype(np.uint8)
    worn_by.cover[:] = np.maximum(worn_by.cover, filled)
