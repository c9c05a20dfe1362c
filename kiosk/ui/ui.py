"""What a screen is handed: the panel, the words, and how much room they take. Nothing to draw with."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.lines import phrases
from kiosk.ui.messages import Catalogue, Words
from kiosk.ui.text import CAPITAL_MM, Lettering, TypeScale
from kiosk.ui.widgets import Size


@dataclass(frozen=True)
class Ui:
    """One frame's view of the panel. `now`: monotonic seconds; `capital_mm`: capital height H of the chosen size."""

    panel: Panel
    catalogue: Catalogue
    lettering: Lettering
    now: float = 0.0
    capital_mm: float = CAPITAL_MM

    @property
    def area(self) -> Rect:
        """The whole panel in pixels."""
        return self.panel.area

    @property
    def portrait(self) -> bool:
        """Taller than wide: the second arrangement."""
        return self.panel.portrait

    @property
    def language(self) -> str:
        """The language of `text`."""
        return self.catalogue.language

    @property
    def type_scale(self) -> TypeScale:
        """The sizes of type on this panel."""
        return TypeScale(self.panel, self.capital_mm)

    def text(self, key: str, **slots: str | int) -> Words:
        """The words `key` in the visit's language; raises `UnknownMessageError` and `SlotError`."""
        return self.catalogue.text(key, **slots)

    def mm(self, design_mm: float) -> int:
        """Design millimetres in pixels: what stands around the words, closer together where these were chosen larger."""
        return self.type_scale.mm(design_mm)

    def cap(self, size: Size) -> int:
        """The font size of `size` in pixels an em."""
        return self.type_scale.px(size)

    def line_height(self, size: Size) -> int:
        """Height of one line of a label."""
        return self.type_scale.line(size)

    def line_count(self, text: str, width: int, size: Size, bold: bool = False) -> int:
        """How many lines a label of this text takes in `width` pixels."""
        return self.lettering.line_count(text, width, self.cap(size), bold)

    def text_height(self, text: str, width: int, size: Size, bold: bool = False) -> int:
        """Height in pixels of a label with this text, wrapped to `width` pixels: what stands below begins there."""
        return self.line_count(text, width, size, bold) * self.line_height(size)

    def longest_phrase(self, text: str, size: Size, bold: bool = False) -> int:
        """Width in pixels of what should not be cut: a label that is narrower looks broken."""
        pieces = (piece.rstrip() for part in text.split("\n") for piece in phrases(part.strip(), self.language))
        return max((self.text_width(piece, size, bold) for piece in pieces), default=0)

    def text_width(self, text: str, size: Size, bold: bool = False) -> int:
        """Width in pixels of the text on one line."""
        return self.lettering.width(text, self.cap(size), bold)
