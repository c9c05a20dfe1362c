"""One living person of a scene: the figure, the behaviour, and where both stand before the camera."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np

from kiosk.simulation.people_figure import Place, Worn, drawn, figure_of
from kiosk.simulation.people_manners import Behaviour, Manner
from kiosk.simulation.people_portraits import FACE_IN_EYE_DISTANCES, Layer, Sitter
from kiosk.simulation.people_stagings import FPS

_FAR_SIDE: Final = 0.85
"""Where somebody who walks in comes from, in frame widths from the place before the camera."""


class Actor:
    """Somebody whose face takes `face_width` pixels. Raises `kiosk.errors.MissingError` as `figure_of` does."""

    def __init__(
        self,
        who: Sitter | Path,
        face_width: float,
        chance: Random,
        manner: Manner,
        *,
        worn: Worn | None = None,
        light: float = 1.0,
        walks: bool = False,
    ) -> None:
        self.unit = face_width / FACE_IN_EYE_DISTANCES
        """Pixels between the eyes."""
        self._figure = figure_of(who, self.unit, worn, light)
        self._behaviour = Behaviour(manner, Random(chance.random()))
        self._walk = _Walk(chance) if walks else None

    def seen(self, now: float, asked: str | None, eyes: tuple[float, float], size: tuple[int, int]) -> Layer:
        """The person at `now` (seconds) in a picture of `size`, the eyes' middle about `eyes` (pixels)."""
        there = self._walk is None or now >= self._walk.takes
        pose = self._behaviour.at(now, asked if there else None)
        turn, unit = pose.turn, self.unit * pose.near
        x, y = eyes[0] + pose.x * unit, eyes[1] + pose.y * unit
        if self._walk is None or there:
            return drawn(self._figure, Place(x, y, unit), turn, pose.lids, size)
        aside, near, yaw, speed = self._walk.at(now)
        turn = replace(turn, yaw=turn.yaw + yaw)
        layer = drawn(self._figure, Place(x + aside * size[0], y, unit * near), turn, pose.lids, size)
        # The shutter is open for half of the time between two frames.
        return _smeared(layer, round(speed * size[0] / FPS / 2))


class _Walk:
    """Comes in from one side and from further off, looking where to go, and stops before the camera."""

    def __init__(self, chance: Random) -> None:
        self.takes = chance.uniform(2.0, 3.2)
        self._side = chance.choice((-1.0, 1.0))

    def at(self, now: float) -> tuple[float, float, float, float]:
        """How far aside (frame widths), how near (1: there), the yaw (radians) and the speed (frame widths a second)."""
        share = now / self.takes
        left = 1.0 - share * share * (3.0 - 2.0 * share)
        speed = _FAR_SIDE * 6.0 * share * (1.0 - share) / self.takes
        return _FAR_SIDE * self._side * left, 1.0 - 0.5 * left, -self._side * 0.6 * min(1.0, 2.5 * left), speed


def _smeared(layer: Layer, length: int) -> Layer:
    if length < 2:
        return layer
    colours, cover = (cv2.blur(part, (length, 1)).astype(np.uint8, copy=False) for part in (layer.colours, layer.cover))
    return Layer(colours, cover)
