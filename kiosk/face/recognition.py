"""One attempt, without camera, clock or process: frames go in, advice and in the end a decision come out.

The decision is one comparison: the mean of N good frames of one and the same face against the photo, accepted from the
settings' cosine on (domain/face-stack.md section 5). It is taken once an attempt. Trying again and again within one
attempt until something fits would be taking the maximum, which lets strangers in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from kiosk.face import quality
from kiosk.face.advice import Advice, SteadyAdvice
from kiosk.face.errors import PhotoError
from kiosk.face.matcher import Face, Matcher, Picture, Template, mean

SAME_PLACE: Final = 0.3
"""Overlap of two boxes, intersection over union, below which the face in them is taken for another one."""

SAME_FACE: Final = 0.50
"""Likeness of a frame to those gathered below which somebody else has taken the seat; real neighbours reach 0.9."""

LOST: Final = 0.5
"""Seconds without a face after which whoever appears counts as another person."""

APART: Final = 0.15
"""Seconds between two frames that count: neighbouring frames are nearly the same picture and average nothing out."""

_BORDER = 0.2  # of the longer side: a chip photo can be cut so close that the detector misses the face


@dataclass(frozen=True)
class Glimpse:
    """What is known after one frame. `advice` is steady; `progress` 0 to 1; `matched` None until it is decided."""

    advice: Advice | None
    progress: float
    matched: bool | None = None


def photo_template(matcher: Matcher, photo: Picture) -> Template:
    """The template of the chip's photo, its largest face; raises `PhotoError` where there is no face."""
    border = round(_BORDER * max(photo.shape[:2]))
    framed = cv2.copyMakeBorder(photo, border, border, border, border, cv2.BORDER_REPLICATE).astype(
        np.uint8, copy=False
    )
    faces = matcher.faces(framed)
    if not faces:
        raise PhotoError("there is no face on the card's photo")
    return matcher.template(matcher.aligned(framed, faces[0]))


class Recognition:
    """Gathers good frames of one face and decides. A jump to another place, or another face, starts it anew."""

    def __init__(self, matcher: Matcher, photo: Template, accept: float, frames: int) -> None:
        self._matcher = matcher
        self._photo = photo
        self._accept = accept
        self._frames = frames
        self._good: list[Template] = []
        self._advice = SteadyAdvice()
        self._last: tuple[Face, float] | None = None
        self._counted: float | None = None

    def see(self, picture: Picture, mono: float) -> Glimpse:
        """One frame, (height, width, 3) uint8 BGR, taken at `mono` (seconds). Call no more once it is decided."""
        advice = self._taken(picture, mono)
        progress = len(self._good) / self._frames
        if len(self._good) < self._frames:
            return Glimpse(self._advice.hear(advice, mono), progress)
        return Glimpse(None, progress, mean(self._good).likeness(self._photo) >= self._accept)

    def _taken(self, picture: Picture, mono: float) -> Advice | None:
        faces = self._matcher.faces(picture)
        if not faces:
            return quality.nobody(picture)
        if quality.crowded(faces):
            self._good.clear()
            return Advice.ONE_PERSON
        face = faces[0]
        if self._last is not None and (mono - self._last[1] > LOST or overlap(self._last[0], face) < SAME_PLACE):
            self._good.clear()
        self._last = (face, mono)
        aligned = self._matcher.aligned(picture, face)
        look = quality.judged(quality.measures(picture, face, aligned))
        if look.usable and (self._counted is None or mono - self._counted >= APART):
            self._counted = mono
            template = self._matcher.template(aligned)
            if self._good and mean(self._good).likeness(template) < SAME_FACE:
                self._good.clear()
            self._good.append(template)
        return look.advice


def overlap(one: Face, other: Face) -> float:
    """Intersection over union of two faces' boxes, 0 to 1."""
    wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    return shared / (one.width * one.height + other.width * other.height - shared)
