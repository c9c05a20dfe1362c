"""A face out of a photo: the chip's, or any still picture. Nobody can be asked to come closer, so more is tried.

A photo can be cut so close that the detector misses the face, be smaller than a face it knows, or show a small face in
a large room. What is tried first is what the chip's photo needs; the rest is for pictures of the bench.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from kiosk.face import quality
from kiosk.face.detector import SIDE
from kiosk.face.errors import PhotoError
from kiosk.face.faces import Face, Picture, Template
from kiosk.face.matcher import Matcher

SMALLEST: Final = 224
"""Pixels of the longer side below which a photo is enlarged. ORL (92 x 112) at 0.50: FNMR 5.6 % as it is, 4.1 % enlarged."""

_BORDER = 0.2  # of the longer side, laid round the photo
_WIDE_BORDER = 0.5
_LARGER_SIDES = (640, 1280)  # a face of 30 pixels in a picture of 1600 is 6 at SIDE: below what YuNet knows


@dataclass(frozen=True, eq=False, repr=False)
class Found:
    """The largest face of a photo: `face` in the pixels of `picture`, which has a border of `border` pixels round it.

    `crowded`: there is another one of similar size.
    """

    picture: Picture
    face: Face
    border: int
    crowded: bool

    @property
    def bare(self) -> tuple[Picture, Face]:
        """The photo without the border, and the face in its pixels: what quality is measured on."""
        height, width = self.picture.shape[:2]
        inside = self.picture[self.border : height - self.border, self.border : width - self.border]
        at = np.float32(self.border)
        moved = replace(
            self.face, x=self.face.x - self.border, y=self.face.y - self.border, points=self.face.points - at
        )
        return inside, moved


def found(matcher: Matcher, photo: Picture) -> Found | None:
    """The largest face of `photo`, or None. `photo` is (height, width, 3) uint8 BGR of any size."""
    longer = max(photo.shape[:2])
    if longer < SMALLEST:
        photo = _resized(photo, SMALLEST / longer)
    for share, side in ((_BORDER, SIDE), (_WIDE_BORDER, SIDE), *((_BORDER, side) for side in _LARGER_SIDES)):
        if side > SIDE and side >= 2 * longer:
            break
        border = round(share * max(photo.shape[:2]))
        framed = cv2.copyMakeBorder(photo, border, border, border, border, cv2.BORDER_REPLICATE)
        picture = framed.astype(np.uint8, copy=False)
        faces = matcher.faces(picture, side)
        if faces:
            return Found(picture, faces[0], border, quality.crowded(faces))
    return None


def photo_template(matcher: Matcher, photo: Picture) -> Template:
    """The template of the chip's photo, its largest face; raises `PhotoError` where there is no face."""
    face = found(matcher, photo)
    if face is None:
        raise PhotoError("there is no face on the card's photo")
    return matcher.template(face.picture, face.face)


def _resized(photo: Picture, scale: float) -> Picture:
    return cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)
