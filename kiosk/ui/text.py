"""Text: how large, how wide, on how many lines, and the lines drawn. One `Lettering` a window holds the caches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import pygame

from kiosk.ui import fonts
from kiosk.ui.geometry import Panel
from kiosk.ui.lines import break_lines
from kiosk.ui.theme import Colour
from kiosk.ui.widgets import Size

CAPITAL_MM = 4.8
"""Capital height H of the standard size in design millimetres: 3/16 inch (domain/kiosk-ui.md section 5)."""
SMALLEST_MM = 3.5
_STANDARD_MM = {
    Size.NUMBER: 2.2 * CAPITAL_MM,
    Size.TITLE: 1.6 * CAPITAL_MM,
    Size.BODY: CAPITAL_MM,
    Size.CAPTION: 0.75 * CAPITAL_MM,
    Size.FRAME: CAPITAL_MM,
    Size.KEY: 0.75 * CAPITAL_MM,
}
"""Capital heights of the standard size: what a larger one never goes below."""
_OF_CHOSEN = {Size.NUMBER: 1.0, Size.TITLE: 1.0, Size.BODY: 1.0, Size.CAPTION: 0.75, Size.FRAME: 0.75, Size.KEY: 0.0}
"""And of the chosen H: what is large already grows no more than it must to stay no smaller than body text."""
_LEADING = {
    Size.NUMBER: 1.1,
    Size.TITLE: 1.35,
    Size.BODY: 1.5,
    Size.CAPTION: 1.4,
    Size.FRAME: 1.4,
    Size.KEY: 1.4,
}
FACES_KEPT: Final = 12
"""Opened faces, each at one size and with tables of its own (0.4 MB, a Chinese one 2.3 MB): a screen needs 10 at most."""
LINES_KEPT: Final = 64
"""Drawn lines: a screen has 26 at most."""
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
        return font_px(self.panel, max(SMALLEST_MM, _STANDARD_MM[size], _OF_CHOSEN[size] * self.capital_mm))

    def mm(self, design_mm: float) -> int:
        """Design millimetres in pixels for all that is no text: larger words stand among smaller things.

        Never under what a 7-inch panel has: nothing to touch gets too small (domain/kiosk-ui.md section 5).
        """
        return self.panel.mm(design_mm * max(1 / self.panel.scale, min(1.0, CAPITAL_MM / self.capital_mm)))

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

    `language` decides which face is asked first (the same kanji look different in Chinese) and where lines may end; it may
    be set at any time. Opened faces, widths and drawn lines are kept (bounded) until `forget`: the caller's wipe ends what
    they hold of a person, and gives back what another language took.
    """

    def __init__(self, faces: fonts.Faces | None = None, language: str = "ja") -> None:
        if not pygame.font.get_init():
            pygame.font.init()
        self.faces = faces or fonts.find_faces()
        self._language = language
        self._font = lru_cache(maxsize=FACES_KEPT)(_open)
        self._width = lru_cache(maxsize=4096)(self._measure)
        self._broken = lru_cache(maxsize=512)(self._break)
        self._drawn = lru_cache(maxsize=LINES_KEPT)(self._draw)

    @property
    def language(self) -> str:
        """The language of what is measured and drawn."""
        return self._language

    @language.setter
    def language(self, language: str) -> None:
        if language != self._language:
            self._language = language
            self.forget()

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
        return fonts.missing(text, self._faces(bold=False))

    def draw(self, on: pygame.Surface, line: str, at: tuple[int, int], ink: Ink) -> None:
        """Draw one line from `at`, the upper left of its line box."""
        if not line:
            return
        drawn, above = self._drawn(line, ink)
        baseline = at[1] + round((ink.line - ink.px) / 2 + fonts.ASCENT_EM * ink.px)
        on.blit(drawn, (at[0], baseline - above))

    def forget(self) -> None:
        """Drop every kept text and drawn line, and the faces: to open those of a screen again takes some 5 ms."""
        self._font.cache_clear()
        fonts.close()
        self._width.cache_clear()
        self._broken.cache_clear()
        self._drawn.cache_clear()

    def _faces(self, bold: bool) -> tuple[Path, ...]:
        return self.faces.of(bold, self._language)

    def _measure(self, text: str, px: int, bold: bool) -> int:
        return sum(self._font(path, px).size(run)[0] for path, run in fonts.runs(text, self._faces(bold)))

    def _break(self, text: str, width: int, px: int, bold: bool) -> tuple[str, ...]:
        return break_lines(text, width, lambda line: self._width(line, px, bold), self._language)

    def _draw(self, line: str, ink: Ink) -> tuple[pygame.Surface, int]:
        """The line, and how far its upper edge stands above where the baseline of BIZ UDPGothic is."""
        cut = fonts.runs(line, self._faces(ink.bold))
        parts = [(self._font(path, ink.px), run) for path, run in cut]
        drawn = [(font.render(run, True, ink.colour), font.get_ascent()) for font, run in parts]
        ascent = max(above for _, above in drawn)
        height = max(ascent - above + piece.get_height() for piece, above in drawn)
        whole = pygame.Surface((sum(piece.get_width() for piece, _ in drawn), height), pygame.SRCALPHA)
        x = 0
        for piece, above in drawn:
            whole.blit(piece, (x, ascent - above))
            x += piece.get_width()
        lift = max(known.lift_em if (known := fonts.typeface(path)) else 0.0 for path, _ in cut)
        return whole, ascent + round(lift * ink.px)


def _open(path: Path, px: int) -> pygame.font.Font:
    """The face at the size at which its capitals are as high as those of BIZ UDPGothic at `px` pixels an em."""
    known = fonts.typeface(path)
    font = pygame.font.Font(path, math.ceil(px * fonts.CAP_EM / known.cap_em - 1e-9) if known else px)
    if known and known.script:
        font.set_script(known.script)
    return font
