"""Where the three fields stand on the card's front, in millimetres from its upper left corner.

From public descriptions and mock-ups of the card (domain/mynumber-card.md section 2.4 for what the fields are): date of
birth and expiry side by side to the right of the photo, the 16 characters of the production number and the 4-digit
security code under the photo. No card could be measured: the boxes are wide, the printed line is looked for inside them,
and this file is the one place to correct once a card can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WIDTH_MM: Final = 85.60
HEIGHT_MM: Final = 53.98
"""ID-1 (ISO/IEC 7810)."""


@dataclass(frozen=True)
class Box:
    """A part of the card, in millimetres."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Line:
    """A printed line: the box it is looked for in, and where in it most of its ink is expected.

    `witness` is where nothing else is printed above or below it: the line is found there. `middle` is the height of its
    middle, `slack` how far from it the line may be, `height` how high its ink may be; all in millimetres.
    """

    box: Box
    witness: tuple[float, float]
    middle: float
    slack: float
    height: tuple[float, float]


DATES: Final = Line(Box(28.4, 14.2, 69.5, 23.0), (30.0, 47.0), 18.4, 2.2, (1.3, 3.4))
"""Date of birth, then the expiry as far as its year. The line above holds the sex, the one below the mayor, both far right."""

CODE: Final = Line(Box(15.0, 43.4, 36.5, 50.0), (25.4, 31.0), 46.6, 1.9, (0.9, 2.9))
"""The security code, and the end of the production number at its left, which is cut off before anything is read."""

CODE_MIDDLE: Final = 27.2
CODE_SLACK: Final = 3.2
CODE_WIDTH: Final = (3.0, 9.4)
"""Where the middle of the four digits is, how far from there it may be, and how wide they are together."""

PHOTO: Final = Box(4.0, 17.0, 25.0, 44.0)
