"""Check number B from the card's front: frames go in, advice comes out, and in the end fourteen digits.

Without camera, clock or process. A frame is looked at in this order, and left as soon as something is missing: no QR code
(the back has one, and the 12-digit number: such a frame is dropped), something with a card's outline, the photo of a face
where the front has it (the back has none; it also tells which way up the card is), the two lines, both readers' digits.

Nothing of a frame is kept but the last outline; the lines that were cut out and what was read of them are overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

import cv2

from kiosk.face.advice import Advice, SteadyAdvice
from kiosk.face.card_front_agreement import Agreement
from kiosk.face.card_front_fields import Reading, reading
from kiosk.face.card_front_figures import FigureReader
from kiosk.face.card_front_layout import HEIGHT_MM, PHOTO, WIDTH_MM, Box
from kiosk.face.card_front_marks import MarkReader
from kiosk.face.card_front_outline import Outline, outlines
from kiosk.face.card_front_strips import Strips, cut, strips
from kiosk.face.matcher import Face, Picture

CLOSE: Final = 400.0
"""Pixels a card must be wide to be tried; the smallest print has two pixels a stroke then."""

NEAR: Final = 520.0
"""Pixels from which on coming closer is no longer the advice, where a card cannot be read."""

STILL: Final = 0.012
"""How far a card may move between two frames, as a share of its width, before its print smears."""

GLARE: Final = 0.06
"""The share of white in the lines' boxes from which on a reflection is the reason."""

_BACK_SIDE = 640  # pixels of the longer side in which a QR code is looked for
_FACE_SIDE = 320  # pixels a card is made wide to look for its photo
_FACE_WIDTH = (5.5, 17.0)  # millimetres a face on the photo may be wide
_STRAY = 3.0  # millimetres the face's middle may lie outside the photo
_CARD = Box(0.0, 0.0, WIDTH_MM, HEIGHT_MM)


@dataclass(frozen=True)
class Glance:
    """What is known after one frame. `digits`: the fourteen of check number B, 0 to 9 each; the caller overwrites them."""

    advice: Advice | None
    progress: float
    digits: bytearray | None = field(default=None, compare=False, repr=False)


class FaceFinder(Protocol):
    """What finds the face on the card's photo: any of the room's face engines."""

    def faces(self, picture: Picture) -> list[Face]:
        """All faces in (height, width, 3) uint8 BGR."""
        ...


class FrontReader:
    """Looks at one card. Used by one thread at a time."""

    def __init__(
        self,
        finder: FaceFinder,
        marks: MarkReader,
        figures: FigureReader,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._finder = finder
        self._marks = marks
        self._figures = figures
        self._today = today
        self._codes = cv2.QRCodeDetectorAruco()
        self._agreement = Agreement()
        self._advice = SteadyAdvice()
        self._last: Outline | None = None
        self._upside_down = False

    def see(self, picture: Picture, mono: float) -> Glance:
        """One frame, (height, width, 3) uint8 BGR, taken at `mono` (seconds). Call no more once there are digits."""
        read, advice = self.read(picture)
        digits = None
        if read is not None:
            digits = self._agreement.hear(read, mono, self._today())
            read.wipe()
        shown = self._advice.hear(advice, mono)
        return Glance(None if digits is not None else shown, self._agreement.share, digits)

    def read(self, picture: Picture) -> tuple[Reading | None, Advice | None]:
        """What one frame alone says, and what would help."""
        if self._shows_code(picture):
            self.wipe()
            return None, Advice.CARD_OTHER_SIDE
        found = outlines(picture)
        if not found:
            self._last = None
            return None, Advice.CARD_NOT_SEEN
        moved = 0.0 if self._last is None else min(outline.moved(self._last) for outline in found)
        self._last = found[0]
        if found[0].width < CLOSE:
            return None, Advice.CARD_CLOSER
        tried: list[tuple[Outline, float]] = []
        for outline in found:
            upright = self._upright(picture, outline)
            if upright is None:
                continue
            lines = strips(picture, upright)
            try:
                read = self._lines(lines)
            finally:
                lines.wipe()
            tried.append((upright, lines.glare))
            if read is not None:
                self._last = upright
                return read, None if read.certain else _reason(upright, moved, lines.glare)
        if not tried:
            return None, Advice.CARD_HOLD_STILL if moved > STILL else Advice.CARD_OTHER_SIDE
        self._last = tried[0][0]
        return None, _reason(self._last, moved, max(glare for _, glare in tried))

    def wipe(self) -> None:
        """Forget the card."""
        self._agreement.wipe()
        self._last = None

    def _shows_code(self, picture: Picture) -> bool:
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        scale = min(1.0, _BACK_SIDE / max(grey.shape))
        small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
        return bool(self._codes.detect(small)[0])  # where it is, never what it says

    def _upright(self, picture: Picture, outline: Outline) -> Outline | None:
        """The outline the right way up, by the photo; None where no face is on the photo's place either way up."""
        ways = (outline.turned(), outline) if self._upside_down else (outline, outline.turned())
        for way in ways:
            card = cut(picture, way, _CARD, _FACE_SIDE / WIDTH_MM)
            try:
                there = any(_on_photo(face) for face in self._finder.faces(card))
            finally:
                card[:] = 0
            if there:
                self._upside_down = way is not outline
                return way
        return None

    def _lines(self, lines: Strips) -> Reading | None:
        if lines.dates is None or lines.code is None:
            return None
        on_code = self._marks.read(lines.code), self._figures.read(lines.code)
        on_dates = self._marks.read(lines.dates), self._figures.read(lines.dates)
        try:
            return reading(lines.dates, on_dates, lines.code, on_code)
        finally:
            for part in (*on_code, *on_dates):
                part.wipe()


def _on_photo(face: Face) -> bool:
    """Whether a face found on a card cut `_FACE_SIDE` wide stands upright where the photo is."""
    mm = WIDTH_MM / _FACE_SIDE
    x, y = (face.x + face.width / 2) * mm, (face.y + face.height / 2) * mm
    eyes, mouth = face.points[:2, 1].mean(), face.points[3:, 1].mean()
    inside = PHOTO.left - _STRAY < x < PHOTO.right + _STRAY and PHOTO.top - _STRAY < y < PHOTO.bottom + _STRAY
    return bool(inside and eyes < mouth and _FACE_WIDTH[0] < face.width * mm < _FACE_WIDTH[1])


def _reason(outline: Outline, moved: float, glare: float) -> Advice:
    """What most likely kept a card that was seen from being read."""
    if glare > GLARE:
        return Advice.CARD_GLARE
    if moved > STILL or outline.width >= NEAR:
        return Advice.CARD_HOLD_STILL
    return Advice.CARD_CLOSER
