"""Setting lines of type on an invented card, in any typeface.

The typeface is drawn by the panel's own lettering (kiosk.ui), which has FreeType and needs no display for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kiosk.errors import MissingError
from kiosk.simulation.people import Picture
from kiosk.ui import offscreen
from kiosk.ui import theme as themes
from kiosk.ui.fonts import Faces
from kiosk.ui.geometry import Panel
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.text import Ink, Lettering

PX_PER_MM: Final = 20
"""How fine a card is printed: 1712 x 1080 pixels."""

INK: Final = (52, 46, 44)
"""Blue, green, red."""


class Press:
    """Sets lines in one typeface. The typeface is drawn by the kiosk's own lettering (kiosk.ui), which has FreeType."""

    def __init__(self, font: Path, *behind: Path) -> None:
        """`behind`: typefaces for what `font` lacks. Raises `MissingError`."""
        for file in (font, *behind):
            if not file.is_file():
                raise MissingError(f"typeface {file.name}: is not there; run deploy/fetch.py")
        faces = (font, *behind)
        self._lettering = Lettering(Faces(faces, faces))
        self._theme = themes.load("normal")
        self._illustrations = Illustrations()

    def covers(self, text: str) -> bool:
        """Whether the typeface holds every character of `text`."""
        return not self._lettering.missing(text)

    def line(
        self,
        sheet: Picture,
        text: str,
        at: tuple[float, float],
        em: float,
        *,
        spacing: float = 0.0,
        ink: float = 1.0,
    ) -> float:
        """Print `text` on `sheet` with the upper left of its em box `at` (mm), `em` mm large; where it ends (mm)."""
        pieces = list(text) if spacing else [text]
        x = at[0]
        for piece in pieces:
            covered = self.covered(piece, round(em * PX_PER_MM))
            _inked(sheet, covered, (round(x * PX_PER_MM), round(at[1] * PX_PER_MM)), ink)
            x += covered.shape[1] / PX_PER_MM + spacing
        return x - spacing

    def fitted(
        self, sheet: Picture, text: str, at: tuple[float, float], em: float, width: float, *, ink: float = 1.0
    ) -> None:
        """Print `text` as `line` does, smaller where it would be wider than `width` mm."""
        wide = self._lettering.width(text, round(em * PX_PER_MM)) / PX_PER_MM
        self.line(sheet, text, at, em * min(1.0, width / wide), ink=ink)

    def covered(self, text: str, px: int) -> NDArray[np.float32]:
        """How much of each pixel the text covers, 0 to 1: one line, `px` an em, 1.5 em high, half an em above the middle."""
        width, height = max(1, self._lettering.width(text, px)), round(1.5 * px)
        panel = Panel(width, height, 10.0)
        surface = offscreen.render((), panel, self._theme, lettering=self._lettering, illustrations=self._illustrations)
        blank = _blue(surface.get_view("2"))
        self._lettering.draw(surface, text, (0, 0), Ink(px, px, (0, 0, 0)))
        return (1.0 - _blue(surface.get_view("2")) / blank).astype(np.float32)


def _blue(view: object) -> NDArray[np.float32]:
    """The blue channel of a 32-bit surface, (height, width)."""
    return (np.asarray(view).T & 0xFF).astype(np.float32)


def _inked(sheet: Picture, covered: NDArray[np.float32], at: tuple[int, int], ink: float) -> None:
    x, y = at
    height, width = covered.shape
    part = sheet[max(y, 0) : y + height, max(x, 0) : x + width]
    share_of = (covered[: part.shape[0], : part.shape[1]] * ink)[..., None]
    part[:] = (part * (1 - share_of) + np.array(INK, np.float32) * share_of).astype(np.uint8)
