"""Pieces of pictures as they could lie in some memory: of camera frames, of the chip's photo, of what the screen makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import pygame

from kiosk.face.enrolment import photo_template
from kiosk.face.faces import stacked
from kiosk.face.matcher import load
from kiosk.face.photo import decoded
from kiosk.simulation.people import Picture, photo_jp2
from kiosk.ui.live import paint
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.theme import load as load_theme
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Live, LiveSource
from screens import build
from screens.examples import EXAMPLES
from tests.e2e.memory_search import PIECE, pieces
from tests.e2e.watched_site import PANEL, SITTER

ROWS: Final = (0.3, 0.42, 0.55, 0.7)
"""Heights in a picture, as shares, from which pieces are taken: where a face is."""


def rows_of(picture: Picture) -> list[bytes]:
    """Pieces of a picture's rows, wherever the face is, as they lie in memory: in every order of bytes that OpenCV, NumPy,
    SDL and X know, and in the mirror."""
    rows = picture[[int(share * picture.shape[0]) for share in ROWS]]
    found = []
    for seen in (rows, rows[:, ::-1]):
        for order in ((0, 1, 2), (2, 1, 0)):
            three = seen[..., order]
            fillers = [np.full((*three.shape[:2], 1), filler, np.uint8) for filler in (0, 255)]
            fourths = [np.concatenate(pair, axis=2) for one in fillers for pair in ((three, one), (one, three))]
            for layout in (three, *fourths):
                middle = layout[:, layout.shape[1] // 4 : layout.shape[1] * 3 // 4]
                found += [piece for row in middle for piece in pieces(row.tobytes(), 1, least=12)]
    return found


class Screen:
    """Where a screen shows a picture, and how it looks there."""

    def __init__(self, example: str, source: LiveSource) -> None:
        widgets = build(EXAMPLES[example], Ui(PANEL, Catalogue.load("ja"), Lettering()))
        self._live = next(one for one in widgets if isinstance(one, Live) and one.source is source)
        self._theme = load_theme("normal")

    def shows(self, picture: Picture) -> Picture:
        """The pixels of the picture on the panel, (h, w, 3) BGR."""
        on = pygame.Surface((PANEL.width, PANEL.height), depth=32)
        paint(on, self._live, picture, self._theme, PANEL.mm(1))
        rect = self._live.rect
        return of_surface(on.subsurface((rect.x, rect.y, rect.w, rect.h)))


def of_frames(frames: Sequence[Picture], example: str) -> dict[str, list[bytes]]:
    screen = Screen(example, LiveSource.CAMERA)
    return {
        "frame": [piece for frame in frames for piece in rows_of(frame)],
        "frame as shown": [piece for frame in frames for piece in rows_of(screen.shows(frame))],
    }


def of_photo() -> dict[str, list[bytes]]:
    jp2 = photo_jp2(SITTER)
    picture = decoded(jp2)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(2)  # as the studio has it
    try:
        numbers = stacked([photo_template(load("sface"), picture)]).tobytes()
    finally:
        cv2.setNumThreads(threads)
    return {
        "jp2": pieces(jp2[len(jp2) // 8 :], 12),
        "photo": rows_of(picture) + [one for row in grey[::20] for one in pieces(row.tobytes(), 1, least=12)],
        "photo as shown": rows_of(Screen("P05", LiveSource.PHOTO).shows(picture)),
        "template": [numbers[at : at + PIECE] for at in range(0, len(numbers), PIECE)],
    }


def of_surface(surface: pygame.Surface) -> Picture:
    """The pixels of a surface, (h, w, 3) BGR."""
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).transpose(1, 0, 2)[..., ::-1])
