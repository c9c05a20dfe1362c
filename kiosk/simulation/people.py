"""Two people who sit before a simulated camera, and the photos on their simulated cards.

Both come from public-domain portraits that are fetched, never kept here: `astronaut` (NASA, by way of scikit-image) and
`grace_hopper` (US Navy, by way of matplotlib). Portrait and chip photo are of one picture, so a match between them says
that the plumbing works; it says nothing about how well faces are told apart (domain/face-stack.md section 5 does).

Pictures are (height, width, 3) uint8 BGR. The same seed gives the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError

Picture = NDArray[np.uint8]

FPS: Final = 15
WIDTH: Final = 640
HEIGHT: Final = 480

PHOTO_WIDTH: Final = 240
PHOTO_HEIGHT: Final = 320
"""The chip's photo: grey JPEG 2000 (domain/mynumber-card.md, tag DF 27)."""

_PHOTO_RATIO = 195  # of the raw size, in thousandths: about 15 KB
_WALL = (138, 142, 140)
_BORDER = 260  # pixels of wall and shoulders round the portrait, so that no sway leaves the canvas


class Sitter(StrEnum):
    """Who sits there."""

    ASTRONAUT = "astronaut"
    GRACE_HOPPER = "grace_hopper"


@dataclass(frozen=True)
class _Portrait:
    """Where the person is in the fetched portrait, in its pixels."""

    file: str
    face: tuple[float, float, float]
    """Centre x and y of the face, and its width."""
    outline: tuple[tuple[int, int], ...]
    """Hair, neck and shoulders, drawn once by hand; what is outside becomes a plain wall."""


_PORTRAITS: Final = {
    Sitter.ASTRONAUT: _Portrait(
        "portraits/astronaut.png",
        (223.0, 119.0, 90.0),
        (
            *((0, 512), (22, 400), (48, 268), (104, 218), (112, 185), (142, 157), (184, 150), (180, 128)),
            *((158, 105), (152, 82), (166, 48), (196, 22), (230, 14), (266, 24), (292, 48), (302, 82)),
            *(
                (294, 110),
                (274, 134),
                (258, 150),
                (262, 172),
                (290, 196),
                (306, 236),
                (340, 270),
                (362, 352),
                (372, 512),
            ),
        ),
    ),
    Sitter.GRACE_HOPPER: _Portrait(
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


def photo_jp2(sitter: Sitter) -> bytes:
    """The photo on the sitter's card: grey, 240 x 320, a JP2 file of about 15 KB. Raises `kiosk.errors.MissingError`."""
    portrait = _PORTRAITS[sitter]
    x, y, width = portrait.face
    zoom = 0.50 * PHOTO_WIDTH / width
    place = np.array([[zoom, 0, PHOTO_WIDTH / 2 - zoom * x], [0, zoom, 0.48 * PHOTO_HEIGHT - zoom * y]])
    picture = _placed(_before_a_wall(portrait), place, PHOTO_WIDTH, PHOTO_HEIGHT)
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
    portrait = _PORTRAITS[sitter]
    wall = _before_a_wall(portrait)
    chance = np.random.default_rng(seed)
    phase = chance.uniform(0, 2 * np.pi, 5)
    noise = [_noise(chance) for _ in range(8)]
    x, y, width = portrait.face
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


def _before_a_wall(portrait: _Portrait) -> Picture:
    """The portrait with a plain wall for its background and `_BORDER` pixels of it all round."""
    path = share.fetched(portrait.file)
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if not isinstance(picture, np.ndarray):
        raise MissingError(f"{portrait.file}: is not a picture; fetch it again")
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.array(portrait.outline, np.int32)], 255)
    # Shoulders go on beyond the portrait's edges; above the hair there is wall.
    picture = cv2.copyMakeBorder(picture, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_REPLICATE)
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
