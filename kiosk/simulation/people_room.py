"""The room behind simulated people, the light in it, and the camera's own noise."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_portraits import Layer, Picture

_WALL: Final = (138, 142, 140)
_DOOR: Final = (104, 124, 148)
_BOARD: Final = (168, 178, 176)
_SKY: Final = (255, 250, 244)
_PLACES: Final = 48
_NOISE: Final = 3.0
"""Standard deviation of a pixel's noise, of 255."""


def waiting_room(chance: np.random.Generator, size: tuple[int, int], *, window: bool = False) -> Picture:
    """A clinic's wall with a door and a notice board, out of focus, of `size` (width, height); or a bright window."""
    width, height = size
    tint = chance.uniform(-8, 8, 3)
    down = np.linspace(1.05, 0.92, height)[:, None, None]
    wall = np.broadcast_to((np.array(_WALL) + tint) * down, (height, width, 3)).astype(np.uint8).copy()
    shift = int(chance.integers(-width // 10, width // 10 + 1))
    things = [
        ((0.02, 0.12), (0.20, 1.0), _DOOR),
        ((0.74, 0.10), (0.95, 0.42), _BOARD),
        ((0.77, 0.15), (0.84, 0.3), _SKY),
    ]
    if window:
        things = [((0.08, -0.1), (0.92, 0.82), _SKY)]
    for begin, end, colour in things:
        corners = [(int(x * width) + shift, int(y * height)) for x, y in (begin, end)]
        cv2.rectangle(wall, corners[0], corners[1], colour, cv2.FILLED)
    return cv2.GaussianBlur(wall, (0, 0), width / 110).astype(np.uint8, copy=False)


def before(layer: Layer, behind: Picture) -> Picture:
    """`layer` laid over the picture behind it."""
    share = layer.cover.astype(np.float32) * np.float32(1 / 255)
    mixed = cv2.blendLinear(layer.colours, behind, share, np.float32(1.0) - share)
    return mixed.astype(np.uint8, copy=False)


def lit(picture: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """All of the picture brighter or darker."""
    table = np.clip(np.arange(256) * factor, 0, 255).astype(np.uint8)
    return cv2.LUT(picture, table).astype(np.uint8, copy=False)


class Sensor:
    """The camera's noise: drawn once, a little larger than a frame, and laid elsewhere over every frame."""

    def __init__(self, chance: np.random.Generator, size: tuple[int, int]) -> None:
        self._size = size
        shape = (size[1] + _PLACES, size[0] + _PLACES, 3)
        self._noise = np.rint(_NOISE * chance.standard_normal(shape, np.float32)).astype(np.int8)
        self._places = chance.permutation(_PLACES * _PLACES)

    def taken(self, picture: Picture, number: int) -> Picture:
        """The picture as frame `number` of a film."""
        top, left = divmod(int(self._places[number % self._places.size]), _PLACES)
        noise = self._noise[top : top + self._size[1], left : left + self._size[0]]
        return cv2.add(picture, noise, dtype=cv2.CV_8U).astype(np.uint8, copy=False)
