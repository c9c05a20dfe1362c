"""Which typeface draws a character: the language's own first, the others behind it for what it lacks.

pygame has no fallback of its own, and `pygame.font` cannot say what a font holds: only `pygame.freetype`'s metrics can
(domain/kiosk-ui.md section 1.2). It is asked here, and never draws: it does not shape.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pygame.font
import pygame.freetype

from kiosk import share
from kiosk.ui.errors import FontError
from kiosk.ui.lines import joins

CAP_EM = 0.765
"""Height of a capital of BIZ UDPGothic in em (OS/2 sCapHeight; domain/kiosk-ui.md section 2)."""
ASCENT_EM = 0.88
"""From the top of the em box to the baseline (BIZ UDPGothic); kanji stand in the middle of that box."""

REPLACEMENT = "〓"
"""Drawn for what no font holds: the geta mark that Japanese printing uses for a missing type."""

_DEBIAN = Path("/usr/share/fonts")


@dataclass(frozen=True)
class Typeface:
    """A typeface in two weights: where its files lie, and what drawing with it needs.

    `cap_em`: height of its capitals in em (OS/2 sCapHeight): it is drawn so much larger that they are as high as those of
    BIZ UDPGothic; for a script without capitals the figure at which its marks keep to their line. `lift_em`: how far its
    lines stand above where those of BIZ UDPGothic stand, for the same reason. `script` (ISO 15924): scripts whose letters
    change places, or carry marks over marks, are shaped only when they are named (domain/kiosk-ui.md section 1.2).
    """

    file: str
    package: str
    folder: str | None = None
    cap_em: float = CAP_EM
    script: str | None = None
    lift_em: float = 0.0

    def name(self, weight: str) -> str:
        """The file's name in a weight ("Regular", "Bold")."""
        return self.file.format(weight)


TYPEFACES: Mapping[str, Typeface] = {
    "biz": Typeface("BIZUDPGothic-{}.ttf", "fonts-morisawa-bizud-gothic", "truetype/bizud-gothic", CAP_EM),
    "cjk": Typeface("NotoSansCJK-{}.ttc", "fonts-noto-cjk", "opentype/noto", 0.733),
    "latin": Typeface("RobotoCondensed-{}.ttf", "fonts-roboto-unhinted", "truetype/roboto/unhinted", 0.711),
    "thai": Typeface("NotoSansThai-{}.ttf", "fonts-noto-core", "truetype/noto", 0.80, "Thai"),
    "devanagari": Typeface("NotoSansDevanagari-{}.ttf", "fonts-noto-core", "truetype/noto", 0.80, "Deva", 0.11),
    "myanmar": Typeface("NotoSansMyanmar-{}.ttf", "fonts-noto-core", "truetype/noto", 0.92, "Mymr", 0.16),
    "hans": Typeface("NotoSansCJKsc-{}.otf", "fonts-noto-cjk", None, 0.733),
    "hant": Typeface("NotoSansCJKtc-{}.otf", "fonts-noto-cjk", None, 0.733),
}
"""In the order in which Japanese asks them. A `.ttc` is opened at its first face, which is the Japanese one.

The Chinese ones are faces 2 and 3 of the same collection: `pygame.font` cannot open them there, so `deploy/fetch.py` takes
them out. Latin letters are narrow ones: what two kanji say takes a word, and a word of BIZ UDPGothic is a third wider. Scripts
without capitals are as large as their marks above and below leave room for in a line. (Debian's NotoLoopedThai, which older
people would read more easily, sets two marks over one letter on the same spot.)
"""

FIRST: Mapping[str, tuple[str, ...]] = {
    "zh-Hans": ("hans",),
    "zh-Hant": ("hant",),
    "ko": ("cjk",),
    "en": ("latin",),
    "vi": ("latin",),
    "pt": ("latin",),
    "es": ("latin",),
    "tl": ("latin",),
    "id": ("latin",),
    "th": ("thai", "latin"),
    "ne": ("devanagari", "latin"),
    "my": ("myanmar", "latin"),
}
"""What a language asks before all others; without the first of them it cannot be shown. Japanese is set in BIZ UDPGothic."""

WEIGHTS = ("Regular", "Bold")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]{3,}")


@dataclass(frozen=True)
class Faces:
    """Font files in the order in which Japanese asks them for a character, for each weight."""

    regular: tuple[Path, ...]
    bold: tuple[Path, ...]

    def of(self, bold: bool, language: str = "ja") -> tuple[Path, ...]:
        """The files of a weight in the order in which the language asks them."""
        files = self.bold if bold else self.regular
        names = [TYPEFACES[key].name(WEIGHTS[bold]) for key in FIRST.get(language, ())]
        first = [path for name in names for path in files if path.name == name]
        return *first, *(path for path in files if path not in first)

    def lacking(self, language: str) -> Typeface | None:
        """The typeface without which the language cannot be shown, if it is not here in both weights."""
        own = next((TYPEFACES[key] for key in FIRST.get(language, ())), TYPEFACES["biz"])
        here = {path.name for path in (*self.regular, *self.bold)}
        return None if {own.name(weight) for weight in WEIGHTS} <= here else own


def find_faces(system: Path = _DEBIAN) -> Faces:
    """The faces on this machine: Debian's packages under `system`, else as fetched. Raises `FontError`."""
    faces = Faces(*(_weight(weight, system) for weight in WEIGHTS))
    if faces.lacking("ja"):
        raise FontError(
            "There is no Japanese typeface: run ./deploy/demo once, or: apt-get install fonts-morisawa-bizud-gothic"
        )
    return faces


def _weight(weight: str, system: Path) -> tuple[Path, ...]:
    found = (_find(typeface, weight, system) for typeface in TYPEFACES.values())
    return tuple(path for path in found if path is not None)


def _find(typeface: Typeface, weight: str, system: Path) -> Path | None:
    name = typeface.name(weight)
    places = [system / typeface.folder / name] if typeface.folder else []
    return next((path for path in (*places, share.FOLDER / "fonts" / name) if path.is_file()), None)


@lru_cache(maxsize=32)
def typeface(path: Path) -> Typeface | None:
    """The typeface whose file this is; None for a foreign one."""
    return next((one for one in TYPEFACES.values() for weight in WEIGHTS if one.name(weight) == path.name), None)


@lru_cache(maxsize=8192)
def covers(path: Path, character: str) -> bool:
    """Whether the font file holds a glyph for the character."""
    return _oracle(path).get_metrics(character)[0] is not None


def close() -> None:
    """Let go of the font files that were asked; what they said is kept, and a new question opens them again."""
    _oracle.cache_clear()


@lru_cache(maxsize=8)
def _oracle(path: Path) -> pygame.freetype.Font:
    if not pygame.freetype.get_init():
        pygame.freetype.init()
    return pygame.freetype.Font(path, 16)


def runs(text: str, faces: tuple[Path, ...]) -> list[tuple[Path, str]]:
    """The text cut where the face changes. What no face holds becomes `REPLACEMENT`.

    A Latin word is set in the narrow typeface in every language: in Japanese it is another language's name, and would not
    find room; a queue number (A012) is no word.
    """
    latin = next((face for face in faces if typeface(face) is TYPEFACES["latin"]), None)
    words = {at for word in _LATIN_WORD.finditer(text) for at in range(*word.span())} if latin else set()
    cut: list[tuple[Path, str]] = []
    for at, character in enumerate(text):
        if cut and (joins(character) or (character == " " and covers(cut[-1][0], character))):
            path, drawn = cut[-1][0], character
        else:
            asked = (latin, *faces) if latin and at in words else faces
            found = next((face for face in asked if covers(face, character)), None)
            path, drawn = (found, character) if found else (faces[0], REPLACEMENT)
        if cut and cut[-1][0] == path:
            cut[-1] = (path, cut[-1][1] + drawn)
        else:
            cut.append((path, drawn))
    return cut


def missing(text: str, faces: tuple[Path, ...]) -> str:
    """The characters of the text that no face holds."""
    return "".join(c for c in text if not c.isspace() and not joins(c) and not any(covers(f, c) for f in faces))
