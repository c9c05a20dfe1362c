"""Two people who sit before a simulated camera, and the photos on their simulated cards.

`frames` is the sitter as a picture that moves: enough to be found and compared, but nobody alive. `scene_frames` is a
person (or an attack) with all that a liveness check looks at; `kiosk.simulation.people_scenes` says how.

Portrait and chip photo are of one picture, so a match between them says that the plumbing works; it says nothing about
how well faces are told apart (domain/face-stack.md section 5 does).

Pictures are (height, width, 3) uint8 BGR. The same seed gives the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_manners import Prompt, Respond
from kiosk.simulation.people_portraits import PORTRAITS, Picture, Sitter, cut_out
from kiosk.simulation.people_scenes import scene_frames
from kiosk.simulation.people_stagings import ATTACKS, FPS, HEIGHT, WIDTH, Scene

__all__ = [
    "ATTACKS",
    "FPS",
    "HEIGHT",
    "PHOTO_HEIGHT",
    "PHOTO_WIDTH",
    "WIDTH",
    "Picture",
    "Prompt",
    "Respond",
    "Scene",
    "Sitter",
    "frames",
    "photo_jp2",
    "scene_frames",
]

PHOTO_WIDTH: Final = 240
PHOTO_HEIGHT: Final = 320
"""The chip's photo: grey JPEG 2000 (domain/mynumber-card.md, tag DF 27)."""

_PHOTO_RATIO = 195  # of the raw size, in thousandths: about 15 KB
_WALL = (138, 142, 140)
_BORDER = 260  # pixels of wall and shoulders round the portrait, so that no sway leaves the canvas


def photo_jp2(sitter: Sitter) -> bytes:
    """The photo on the sitter's card: grey, 240 x 320, a JP2 file of about 15 KB. Raises `kiosk.errors.MissingError`."""
    x, y, width = PORTRAITS[sitter].face
    zoom = 0.50 * PHOTO_WIDTH / width
    place = np.array([[zoom, 0, PHOTO_WIDTH / 2 - zoom * x], [0, zoom, 0.48 * PHOTO_HEIGHT - zoom * y]])
    picture = _placed(_before_a_wall(sitter), place, PHOTO_WIDTH, PHOTO_HEIGHT)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    # A photo booth's light is not the kiosk's.
    lit = (255.0 * (grey / 255.0) ** 0.85).astype(np.uint8)
    done, encoded = cv2.imencode(".jp2", lit, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, _PHOTO_RATIO])
    if not done:
        raise RuntimeError("people: OpenCV cannot write JPEG 2000")
    return encoded.tobytes()


def frames(sitter: Sitter, *, seed: int = 1, face_width: float = 0.30, light: float = 1.0) -> Iterator[Picture]:
    """The sitter before the camera, without end: 640 x 480, meant for `FPS` a second. Raises `kiosk.errors.MissingError`.

    The head sways, comes nearer and goes back, the light drifts, the sensor makes noise. `face_width` is the face's share
    of the frame's width, `light` what all pixels are multiplied by.
    """
    wall = _before_a_wall(sitter)
    chance = np.random.default_rng(seed)
    phase = chance.uniform(0, 2 * np.pi, 5)
    noise = [_noise(chance) for _ in range(8)]
    x, y, width = PORTRAITS[sitter].face
    for number in count():
        sway = np.sin(2 * np.pi * number / FPS / np.array([3.1, 2.3, 5.7, 4.3, 7.9]) + phase)
        zoom = face_width * WIDTH / width * (1 + 0.03 * sway[2])
        turn = np.radians(2.0 * sway[3])
        a, b = zoom * np.cos(turn), zoom * np.sin(turn)
        to_x, to_y = WIDTH / 2 + 10 * sway[0], 0.47 * HEIGHT + 4 * sway[1]
        place = np.array([[a, b, to_x - a * x - b * y], [-b, a, to_y + b * x - a * y]])
        picture = _placed(wall, place, WIDTH, HEIGHT)
        brighter = cv2.convertScaleAbs(picture, alpha=light * (1 + 0.05 * sway[4]))
        yield cv2.add(brighter, noise[number % len(noise)], dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def _before_a_wall(sitter: Sitter) -> Picture:
    """The portrait with a plain wall for its background and `_BORDER` pixels of it all round."""
    picture, mask = cut_out(sitter)
    # Shoulders go on beyond the portrait's edges; above the hair there is wall.
    picture = cv2.copyMakeBorder(picture, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE).astype(np.uint8)
    mask = cv2.copyMakeBorder(mask, 0, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE).astype(np.uint8)
    mask = cv2.copyMakeBorder(mask, _BORDER, 0, 0, 0, cv2.BORDER_CONSTANT, value=0).astype(np.uint8)
    share_of = (cv2.GaussianBlur(mask, (0, 0), 2.0).astype(np.float32) / 255.0)[..., None]
    wall = np.full(picture.shape, _WALL, np.float32)
    return (picture * share_of + wall * (1 - share_of)).astype(np.uint8)


def _placed(wall: Picture, place: NDArray[np.float64], width: int, height: int) -> Picture:
    """The canvas seen through the affine `place`, which is given in the portrait's own pixels."""
    shifted = place.copy()
    shifted[:, 2] -= place[:, :2] @ np.array([_BORDER, _BORDER], np.float64)
    seen = cv2.warpAffine(wall, shifted, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen.astype(np.uint8, copy=False)


def _noise(chance: np.random.Generator) -> NDArray[np.int16]:
    return np.rint(chance.normal(0.0, 3.0, (HEIGHT, WIDTH, 3))).astype(np.int16)
