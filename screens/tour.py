"""`kiosk tour`: every screen in every language, size and theme on every panel, as pictures and a page to leaf through.

A sheet is one language, panel, size and theme; it holds one PNG for each of `screens.examples.EXAMPLES`, all of them invented
people. `--only` narrows it down: `--only language=ja,en --only panel=7-inch --only screen=P04,P16`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import screens
from kiosk.ui import assets, offscreen, sizes
from kiosk.ui import theme as themes
from kiosk.ui.geometry import Panel
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.live import PictureSource
from kiosk.ui.messages import LANGUAGES, Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from screens.examples import EXAMPLES, NOW

PANELS: Final[Mapping[str, Panel]] = {
    "7-inch": Panel(800, 480, 7.0),
    "10-inch": Panel(1280, 800, 10.1),
    "15-inch": Panel(1920, 1080, 15.6),
    "portrait": Panel(1080, 1920, 21.5),
}
"""The panels every screen is judged on (domain/kiosk-ui.md section 4)."""

THEMES: Final = ("normal", "high_contrast")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "panel": tuple(PANELS),
    "language": LANGUAGES,
    "size": tuple(sizes.CAPITALS),
    "theme": THEMES,
    "screen": tuple(EXAMPLES),
}


@dataclass(frozen=True)
class Sheet:
    """One look: where its pictures stand below the tour's folder."""

    panel: str
    language: str
    size: str
    theme: str

    @property
    def folder(self) -> str:
        """Below the tour's folder."""
        return f"{self.panel}/{self.size}-{self.theme}/{self.language}"


class OnlyError(ValueError):
    """`--only` names something that is not there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk tour`."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the pictures and index.html go")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="WHAT=A,B",
        help=f"only these; WHAT is one of {', '.join(CHOICES)}; may be given more than once",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="pictures drawn at a time")


def narrowed(only: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What of each thing is wanted; a screen may be named without what is special (`P04` means P04-wrong too).

    Raises `OnlyError` for a thing, or one of its values, that there is not.
    """
    wanted = dict(CHOICES)
    for told in only:
        what, _, values = told.partition("=")
        if what not in CHOICES or not values:
            raise OnlyError(f"--only {told}: expected one of {', '.join(f'{name}=...' for name in CHOICES)}")
        found: list[str] = []
        for value in values.split(","):
            fits = [one for one in CHOICES[what] if one == value or (what == "screen" and one.startswith(f"{value}-"))]
            if not fits:
                raise OnlyError(f"--only {told}: there is no {what} {value}; there are {', '.join(CHOICES[what])}")
            found += fits
        wanted[what] = tuple(found)
    return wanted


def sheets(wanted: Mapping[str, Sequence[str]]) -> list[Sheet]:
    """Every look that is wanted and that its panel has room for."""
    every = itertools.product(wanted["panel"], wanted["language"], wanted["size"], wanted["theme"])
    looks = [Sheet(*look) for look in every]
    return [look for look in looks if look.size in sizes.offered(PANELS[look.panel])]


def drawn(sheet: Sheet, examples: Sequence[str], out: Path, picture: PictureSource | None = None) -> int:
    """Draw one sheet's pictures below `out`; how many."""
    panel, theme = PANELS[sheet.panel], themes.load(sheet.theme)
    lettering, illustrations = Lettering(language=sheet.language), Illustrations()
    capital_mm = sizes.capital_mm(panel, sheet.size)
    ui = Ui(panel, Catalogue.load(sheet.language), lettering, NOW, capital_mm)
    folder = out / sheet.folder
    folder.mkdir(parents=True, exist_ok=True)
    for key in examples:
        surface = offscreen.render(
            screens.build(EXAMPLES[key], ui),
            panel,
            theme,
            lettering=lettering,
            illustrations=illustrations,
            picture=picture,
            now=NOW,
            capital_mm=capital_mm,
        )
        offscreen.save_png(surface, folder / f"{key}.png")
    return len(examples)


def write(
    out: Path, only: Sequence[str], jobs: int, tell: Callable[[str], object], make_picture: Callable[[], PictureSource]
) -> int:
    """Write the whole tour; how many pictures. `make_picture` is called in each process that draws. Raises `OnlyError`."""
    wanted = narrowed(only)
    looks, examples = sheets(wanted), wanted["screen"]
    out.mkdir(parents=True, exist_ok=True)
    done = 0
    with ProcessPoolExecutor(max(1, min(jobs, len(looks))), initializer=_begin, initargs=(make_picture,)) as pool:
        for number, made in enumerate(pool.map(_draw, looks, [examples] * len(looks), [out] * len(looks)), 1):
            done += made
            tell(f"{number} of {len(looks)} looks, {done} pictures")
    (out / "index.html").write_text(page(looks, examples), encoding="utf-8")
    return done


def page(looks: Sequence[Sheet], examples: Sequence[str]) -> str:
    """The page to leaf through: all screens of a look side by side, one of them large, arrow keys from one to the next."""
    told = {
        "looks": [asdict(look) | {"folder": look.folder} for look in looks],
        "screens": list(examples),
        "names": {tag: Catalogue.load(tag).name for tag in {look.language for look in looks}},
    }
    template = (assets.folder("tour") / "index.html").read_text(encoding="utf-8")
    return template.replace("/*TOUR*/", json.dumps(told, ensure_ascii=False).replace("</", "<\\/"))


_picture: list[PictureSource] = []


def _begin(make_picture: Callable[[], PictureSource]) -> None:
    _picture[:] = [make_picture()]


def _draw(sheet: Sheet, examples: Sequence[str], out: Path) -> int:
    return drawn(sheet, examples, out, _picture[0] if _picture else None)
