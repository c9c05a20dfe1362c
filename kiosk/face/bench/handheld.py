"""A still picture moved before a camera as a hand moves a photograph, for measuring what a flat face gets away with.

The picture lies in a plane that turns, tilts, sways, comes nearer and is waved about, seen by a pinhole camera before a
cluttered wall; the light drifts, fast motion blurs, the sensor makes noise. domain/face-stack.md section 3 measured with
turns of 35 degrees and tilts of 20. It is geometry only: what ink, paper and a real lens do is not in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.faces import Face, Picture

FPS: Final = 15
WIDTH: Final = 640
HEIGHT: Final = 480

_FOCUS = 600.0  # pixels: an ordinary webcam of about 56 degrees
_FACE = 0.30  # of the frame's width
_PAPER = (243, 244, 245)
_MARGIN = 0.04  # of the sheet's longer side: the white edge of a print
_NOISES = 8
_EXPOSED = 0.4  # of a frame's time the shutter is open


@dataclass(frozen=True)
class Motion:
    """How far a hand goes: degrees of turn (about the upright axis) and tilt, and its pace, 1 for an ordinary one."""

    turn: float = 35.0
    tilt: float = 20.0
    pace: float = 1.0


def filmed(picture: Picture, face: Face, seed: int, seconds: float, motion: Motion) -> Iterator[Picture]:
    """`picture` with `face` in it, printed and held up: 640 x 480, meant for `FPS` a second. The same seed, the same film."""
    chance = np.random.default_rng(seed)
    edge = round(_MARGIN * max(picture.shape[:2]))
    sheet = cv2.copyMakeBorder(picture, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=_PAPER)
    centre = np.array([face.x + face.width / 2 + edge, face.y + face.height / 2 + edge])
    wall = _wall(chance)
    noise = [np.rint(chance.normal(0.0, 3.0, (HEIGHT, WIDTH, 3))).astype(np.int16) for _ in range(_NOISES)]
    count = round(seconds * FPS)
    turn, tilt, roll, right, down, nearer, light = _path(chance, count, motion)
    to_centre = np.array([[1.0, 0.0, -centre[0]], [0.0, 1.0, -centre[1]], [0.0, 0.0, 1.0]])
    last: NDArray[np.float64] | None = None
    for number in range(count):
        middle = np.array([WIDTH / 2 + right[number], 0.47 * HEIGHT + down[number]])
        lens = np.array([[_FOCUS, 0.0, middle[0]], [0.0, _FOCUS, middle[1]], [0.0, 0.0, 1.0]])
        away = _FOCUS * face.width / (_FACE * WIDTH * nearer[number])
        in_space = _turned(turn[number], tilt[number], roll[number])
        in_space[:, 2] = (0.0, 0.0, away)  # a sheet has no third direction: there is where it is
        place = lens @ in_space @ to_centre
        frame = wall.copy()
        cv2.warpPerspective(
            sheet, place, (WIDTH, HEIGHT), dst=frame, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        )
        if last is not None:
            frame = _smeared(frame, (middle - last) * _EXPOSED)
        last = middle
        lit = cv2.convertScaleAbs(frame, alpha=float(light[number]))
        yield cv2.add(lit, noise[number % _NOISES], dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _path(chance: np.random.Generator, count: int, motion: Motion) -> list[NDArray[np.float64]]:
    """Turn, tilt and roll (radians), right and down (pixels), nearness and light (factors), one number a frame each."""

    def sway(slow: float, quick: float, reach: float) -> NDArray[np.float64]:
        periods = chance.uniform(quick, slow, 2) / motion.pace
        phases = chance.uniform(0, 2 * np.pi, 2)
        return np.asarray(
            reach * np.sin(2 * np.pi * np.arange(count)[:, None] / FPS / periods + phases).mean(axis=1), np.float64
        )

    return [
        np.radians(np.clip(sway(5.0, 1.2, 1.5 * motion.turn), -motion.turn, motion.turn)),
        np.radians(np.clip(sway(5.0, 1.5, 1.3 * motion.tilt), -motion.tilt, motion.tilt)),
        np.radians(sway(4.0, 2.0, 8.0)),
        sway(4.0, 2.0, 35.0),
        sway(4.0, 2.0, 25.0),
        1 + sway(5.0, 3.0, 0.12),
        1 + sway(4.0, 1.5, 0.12),
    ]


def _turned(turn: float, tilt: float, roll: float) -> NDArray[np.float64]:
    axes = ((0.0, turn, 0.0), (tilt, 0.0, 0.0), (0.0, 0.0, roll))
    about_y, about_x, about_z = (cv2.Rodrigues(np.array(axis))[0].astype(np.float64) for axis in axes)
    return about_y @ about_x @ about_z


def _wall(chance: np.random.Generator) -> Picture:
    wall = np.full((HEIGHT, WIDTH, 3), chance.integers(90, 200, 3), np.uint8)
    for _ in range(int(chance.integers(2, 6))):
        x, y = int(chance.integers(0, WIDTH)), int(chance.integers(0, HEIGHT))
        wide, high = int(chance.integers(40, 300)), int(chance.integers(40, 300))
        wall[y : y + high, x : x + wide] = chance.integers(50, 230, 3)
    return cv2.GaussianBlur(wall, (0, 0), 3.0).astype(np.uint8, copy=False)


def _smeared(frame: Picture, motion: NDArray[np.float64]) -> Picture:
    length = int(np.hypot(*motion))
    if length < 2:
        return frame
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    ends = [(round(length - sign * motion[0] / 2), round(length - sign * motion[1] / 2)) for sign in (1, -1)]
    cv2.line(kernel, ends[0], ends[1], 1.0)
    return cv2.filter2D(frame, -1, kernel / kernel.sum()).astype(np.uint8, copy=False)
