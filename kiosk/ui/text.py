"""Text: how large, how wide, on how many lines, and the lines drawn. One `Lettering` a window holds the caches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pygame

from kiosk.ui import fonts
from kiosk.ui.geometry import Panel
from kiosk.ui.lines import break_lines
from kiosk.ui.theme import Colour
from kiosk.ui.widgets import Size

CAPITAL_MM = 4.8
"""Capital height H of the standard size in design millimetres: 3/16 inch (domain/kiosk-ui.md section 5)."""
SMALLEST_MM = 3.5
_OF_CAPITAL = {Size.NUMBER: 2.2, Size.TITLE: 1.6, Size.BODY: 1.0, Size.CAPTION: 0.75}
_LEADING = {Size.NUMBER: 1.1, Size.TITLE: 1.35, Size.BODY: 1.5, Size.CAPTION: 1.4}
BUTTON_LEADING = 1.3
"""Line height in em: 1.5 for body text, 1.3 in buttons (domain/kiosk-ui.md section 5)."""


def font_px(panel: Panel, cap_mm: float) -> int:
    """The font size (pixels an em) whose capitals are at least `cap_mm` design millimetres high."""
    return math.ceil(cap_mm * panel.scale * panel.px_per_mm / fonts.CAP_EM - 1e-9)


@dataclass(frozen=True)
class TypeScale:
    """The sizes of type on a panel, from the capital height `capital_mm` (design millimetres) of the chosen size."""

    panel: Panel
    capital_mm: float = CAPITAL_MM

    def px(self, size: Size) -> int:
        """Font size in pixels an em."""
        return font_px(self.panel, max(SMALLEST_MM, _OF_CAPITAL[size] * self.capital_mm))

    def line(self, size: Size) -> int:
        """Height of a line of a label in pixels."""
        return round(self.px(size) * _LEADING[size])

    def button_line(self, size: Size) -> int:
        """Height of a line in a button in pixels."""
        return round(self.px(size) * BUTTON_LEADING)


@dataclass(frozen=True)
class Ink:
    """How a line is drawn: pixels an em, the height of its line box, colour and weight."""

    px: int
    line: int
    colour: Colour
    bold: bool = False


class Lettering:
    """Measures and draws text with the faces of this machine; falls back from face to face, character by character.

    Widths and drawn lines are kept (bounded) until `forget`: the caller's wipe ends what they hold of a person.
    """

    def __init__(self, faces: fonts.Faces | None = None) -> None:
        if not pygame.font.get_init():
            pygame.font.init()
        self.faces = faces or fonts.find_faces()
        self._font = lru_cache(maxsize=64)(_open)
        self._width = lru_cache(maxsize=4096)(self._measure)
        self._broken = lru_cache(maxsize=512)(self._break)
        self._drawn = lru_cache(maxsize=128)(self._draw)

    def width(self, text: str, px: int, bold: bool = False) -> int:
        """Width of one line in pixels."""
        return self._width(text, px, bold)

    def lines(self, text: str, width: int, px: int, bold: bool = False) -> tuple[str, ...]:
        """The text in lines of at most `width` pixels (see `kiosk.ui.lines`)."""
        return self._broken(text, width, px, bold)

    def line_count(self, text: str, width: int, px: int, bold: bool = False) -> int:
        """How many lines the text takes in `width` pixels."""
        return len(self.lines(text, width, px, bold))

    def missing(self, text: str) -> str:
        """The characters that no face on this machine holds."""
        return fonts.missing(text, self.faces.of(bold=False))

    def draw(self, on: pygame.Surface, line: str, at: tuple[int, int], ink: Ink) -> None:
        """Draw one line from `at`, the upper left of its line box."""
        if not line:
            return
        drawn, ascent = self._drawn(line, ink)
        baseline = at[1] + round((ink.line - ink.px) / 2 + fonts.ASCENT_EM * ink.px)
        on.blit(drawn, (at[0], baseline - ascent))

    def forget(self) -> None:
        """Drop every kept text and drawn line."""
        self._width.cache_clear()
        self._broken.cache_clear()
        self._drawn.cache_clear()

    def _measure(self, text: str, px: int, bold: bool) -> int:
        return sum(self._font(path, px).size(run)[0] for path, run in fonts.runs(text, self.faces.of(bold)))

    def _break(self, text: str, width: int, px: int, bold: bool) -> tuple[str, ...]:
        return break_lines(text, width, lambda line: self._width(line, px, bold))

    def _draw(self, line: str, ink: Ink) -> tuple[pygame.Surface, int]:
        parts = [(self._font(path, ink.px), run) for path, run in fonts.runs(line, self.faces.of(ink.bold))]
        drawn = [(font.render(run, True, ink.colour), font.get_ascent()) for font, run in parts]
        ascent = max(above for _, above in drawn)
        height = max(ascent - above + piece.get_height() for piece, above in drawn)
        whole = pygame.Surface((sum(piece.get_width() for piece, _ in drawn), height), pygame.SRCALPHA)
        x = 0
        for piece, above in drawn:
            whole.blit(piece, (x, ascent - above))
            x += piece.get_width()
        return whole, ascent


def _open(path: Path, px: int) -> pygame.font.Font:
    return pygame.font.Font(path, px)
