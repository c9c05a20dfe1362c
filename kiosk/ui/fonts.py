"""Which typeface file draws a character: BIZ UDPGothic first, others behind it for what it lacks.

pygame has no fallback of its own, and `pygame.font` cannot say what a font holds: only `pygame.freetype`'s metrics can
(domain/kiosk-ui.md section 1.2). It is asked here, and never draws: it does not shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pygame.font
import pygame.freetype

from kiosk import share
from kiosk.errors import MissingError
from kiosk.ui.errors import FontError
from kiosk.ui.lines import joins

CAP_EM = 0.765
"""Height of a capital of BIZ UDPGothic in em (OS/2 sCapHeight; domain/kiosk-ui.md section 2)."""
ASCENT_EM = 0.88
"""From the top of the em box to the baseline (BIZ UDPGothic); kanji stand in the middle of that box."""

REPLACEMENT = "〓"
"""Drawn for what no font holds: the geta mark that Japanese printing uses for a missing type."""

_DEBIAN = Path("/usr/share/fonts")
_BIZ = "truetype/bizud-gothic/BIZUDPGothic-{}.ttf"
_BEHIND = (
    "opentype/noto/NotoSansCJK-{}.ttc",
    "truetype/noto/NotoSans-{}.ttf",
    "truetype/noto/NotoSansThai-{}.ttf",
)


@dataclass(frozen=True)
class Faces:
    """Font files in the order in which they are asked for a character, for each weight."""

    regular: tuple[Path, ...]
    bold: tuple[Path, ...]

    def of(self, bold: bool) -> tuple[Path, ...]:
        """The files of a weight."""
        return self.bold if bold else self.regular


def find_faces(system: Path = _DEBIAN) -> Faces:
    """The faces on this machine: as fetched, else Debian's packages under `system`. Raises `FontError`."""
    return Faces(*(_weight(weight, system) for weight in ("Regular", "Bold")))


def _weight(weight: str, system: Path) -> tuple[Path, ...]:
    packaged = system / _BIZ.format(weight)
    try:
        first = packaged if packaged.is_file() else share.fetched(f"fonts/BIZUDPGothic-{weight}.ttf")
    except MissingError as error:
        raise FontError(
            "There is no Japanese typeface: run ./deploy/demo once, or: apt-get install fonts-morisawa-bizud-gothic"
        ) from error
    behind = (system / name.format(weight) for name in _BEHIND)
    return first, *(path for path in behind if path.is_file())


@lru_cache(maxsize=8192)
def covers(path: Path, character: str) -> bool:
    """Whether the font file holds a glyph for the character."""
    return _oracle(path).get_metrics(character)[0] is not None


@lru_cache(maxsize=16)
def _oracle(path: Path) -> pygame.freetype.Font:
    if not pygame.freetype.get_init():
        pygame.freetype.init()
    return pygame.freetype.Font(path, 16)


def runs(text: str, faces: tuple[Path, ...]) -> list[tuple[Path, str]]:
    """The text cut where the face changes. What no face holds becomes `REPLACEMENT`."""
    cut: list[tuple[Path, str]] = []
    for character in text:
        if cut and joins(character):
            path, drawn = cut[-1][0], character
        else:
            found = next((face for face in faces if covers(face, character)), None)
            path, drawn = (found, character) if found else (faces[0], REPLACEMENT)
        if cut and cut[-1][0] == path:
            cut[-1] = (path, cut[-1][1] + drawn)
        else:
            cut.append((path, drawn))
    return cut


def missing(text: str, faces: tuple[Path, ...]) -> str:
    """The characters of the text that no face holds."""
    return "".join(c for c in text if not c.isspace() and not joins(c) and not any(covers(f, c) for f in faces))
