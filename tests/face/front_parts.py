"""Printed cards for tests, each printed once, and the frames of a view."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kiosk import share
from kiosk.face.card_front import FrontReader
from kiosk.face.card_front_figures import FigureReader
from kiosk.face.card_front_marks import MarkReader
from kiosk.face.faces import Picture
from kiosk.face.sface import SFaceMatcher
from kiosk.simulation import card_print
from kiosk.simulation.card_print import Person, Style
from kiosk.simulation.card_scene import View, film

TODAY = date(2026, 11, 22)

HANAKO = Person(date(1980, 2, 17), date(2035, 2, 17), "2285")
"""照合番号B 55021720352285, the example of domain/mynumber-card.md section 2.4."""
MARIA = Person(date(1985, 12, 3), date(2031, 5, 9), "0917", name="SAMPLE MARIA", western=True)
"""A foreign resident: the Western year is printed."""
TARO = Person(date(2019, 10, 8), date(2029, 10, 8), "6043")
"""Born in the first year of an era: 令和元年."""
NOBODY = replace(HANAKO, sitter=None)
"""No photo, as on an infant's card."""


class PrintedCards:
    """Fronts and backs, printed when they are first asked for."""

    def __init__(self) -> None:
        self._printed: dict[tuple[Person, Style, str], Picture] = {}

    def front(self, person: Person, *, bold: bool = False, padded: bool = False, full_width: bool = False) -> Picture:
        weight = "Bold" if bold else "Regular"
        font = share.fetched(f"fonts/BIZUDPGothic-{weight}.ttf")
        return self._side("front", person, Style(font, padded=padded, full_width=full_width))

    def back(self, person: Person) -> Picture:
        return self._side("back", person, card_print.plain_style())

    def _side(self, side: str, person: Person, style: Style) -> Picture:
        key = (person, style, side)
        if key not in self._printed:
            self._printed[key] = (card_print.front if side == "front" else card_print.back)(person, style)
        return self._printed[key]


def reader_of(matcher: SFaceMatcher, marks: MarkReader, figures: FigureReader) -> FrontReader:
    return FrontReader(matcher, marks, figures, lambda: TODAY)


def digits_of(person: Person) -> bytearray:
    return bytearray(int(digit) for digit in person.check_number_b)


def frames_of(card: Picture, view: View, count: int = 4, seed: int = 1) -> list[Picture]:
    return [picture for picture, _ in zip(film(card, view, seed=seed), range(count), strict=False)]


def read_through(reader: FrontReader, card: Picture, view: View, frames: int = 5, seed: int = 1) -> bytearray | None:
    """What the reader makes of at most `frames` frames, 0.15 s apart."""
    for number, picture in enumerate(frames_of(card, view, frames, seed)):
        glance = reader.see(picture, number * 0.15)
        if glance.digits is not None:
            return glance.digits
    return None
