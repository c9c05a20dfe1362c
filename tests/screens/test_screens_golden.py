"""What every screen looks like, exactly: one SHA-256 of its pixels each in tests/golden, no pictures in the repository.

Japanese on four panels and every language on the smallest, standard size and colours. A change that is wanted is looked at in
`kiosk tour`, then written down, first on pygame and then on pygame-ce; the difference of the files says what it touched:

    .venv/bin/python -m pytest tests/screens/test_screens_golden.py --update-golden
    PYTHONPATH=.venv/pygame-ce .venv/bin/python -m pytest tests/screens/test_screens_golden.py --update-golden

The two draw the same but for marks above and below letters (Español, Vietnamese, Nepali, Thai, Burmese), which their versions
of FreeType put to different fractions of a pixel: only what differs so stands in tests/golden/pygame-ce.

The files hold for one set of typefaces (deploy/fetch.py) and one kind of processor, x86-64 (domain/kiosk-ui.md section 9). An
illustration counts by its file, its place and its size.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

import screens
from kiosk.ui import offscreen
from kiosk.ui import theme as themes
from kiosk.ui.geometry import Panel
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.messages import JAPANESE, LANGUAGES
from kiosk.ui.ui import Ui
from screens.examples import EXAMPLES, NOW
from screens.tour import PANELS

GOLDEN = Path(__file__).parents[1] / "golden"
MakeForeignUi = Callable[[Panel, str], Ui]
WHAT = [(JAPANESE, panel) for panel in PANELS] + [(tag, "7-inch") for tag in LANGUAGES if tag != JAPANESE]
ON_CE = bool(getattr(pygame, "IS_CE", False))
TOLD = 5
"""So many pictures of a failure are kept."""

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the golden files were made on x86-64")


class Plates(Illustrations):
    """A plate for each illustration, coloured by the bytes of its file: SDL_image's versions draw an SVG's edges not quite
    alike, and processors do not halve them alike."""

    def fitted(self, name: str, width: int, height: int) -> pygame.Surface:
        side = min(width, height)
        plate = pygame.Surface((side, side), pygame.SRCALPHA)
        plate.fill(tuple(hashlib.sha256((self.folder / f"{name}.svg").read_bytes()).digest()[:3]))
        return plate


def pictures(ui: Ui) -> Iterator[tuple[str, pygame.Surface]]:
    theme, illustrations = themes.load("normal"), Plates()
    for key, appliance in EXAMPLES.items():
        widgets = screens.build(appliance, ui)
        yield (
            key,
            offscreen.render(widgets, ui.panel, theme, lettering=ui.lettering, illustrations=illustrations, now=NOW),
        )


def read(file: Path) -> dict[str, str]:
    golden: dict[str, str] = json.loads(file.read_text(encoding="ascii")) if file.exists() else {}
    return golden


def write(file: Path, golden: dict[str, str]) -> None:
    """No file where there is nothing to say."""
    file.unlink(missing_ok=True)
    if golden:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(golden, indent=1) + "\n", encoding="ascii")


def digest(surface: pygame.Surface) -> str:
    return hashlib.sha256(pygame.image.tobytes(surface, "RGB")).hexdigest()


@pytest.mark.parametrize(("language", "name"), WHAT, ids=[f"{language}-{name}" for language, name in WHAT])
def test_every_screen_looks_as_it_did(
    language: str, name: str, make_foreign_ui: MakeForeignUi, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ui = make_foreign_ui(PANELS[name], language)
    if lacking := ui.lettering.faces.lacking(language):
        pytest.skip(f"{lacking.name('*')} is not here")
    file = GOLDEN / f"{language}-{name}.json"
    own = GOLDEN / "pygame-ce" / file.name
    if request.config.getoption("--update-golden", default=False):
        drawn = {key: digest(surface) for key, surface in pictures(ui)}
        if ON_CE:
            write(own, {key: value for key, value in drawn.items() if read(file).get(key) != value})
        else:
            write(file, drawn)
        return
    golden = read(file) | (read(own) if ON_CE else {})
    changed = []
    for key, surface in pictures(ui):
        if golden.get(key) != digest(surface):
            changed.append(key)
            if len(changed) <= TOLD:
                offscreen.save_png(surface, tmp_path / f"{key}.png")
    gone = sorted(golden.keys() - EXAMPLES.keys())
    assert not changed and not gone, f"look at {tmp_path}: {len(changed)} screens differ: {changed}; gone: {gone}"  # noqa: PT018


def test_japanese_looks_the_same_on_both_pygames() -> None:
    """All but the page of languages, each of which stands there in its own script."""
    for name in PANELS:
        assert read(GOLDEN / "pygame-ce" / f"{JAPANESE}-{name}.json").keys() <= {"P97"}, name
