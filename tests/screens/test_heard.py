"""Every screen by ear: every button can be walked to and heard, and what the screen says in words of ours is said."""

from __future__ import annotations

import pytest

from kiosk.ui.focus import Reader, follow, press, read
from kiosk.ui.geometry import Panel
from kiosk.ui.keys import ERASE, Word
from kiosk.ui.languages import name_of
from kiosk.ui.messages import LANGUAGES, Catalogue
from kiosk.ui.prompts import STAFF_ONLY, SYMBOLS, Sounds, named
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Widget, targets
from screens import build
from screens.examples import EXAMPLES, NOW

JAPANESE = Catalogue.load("ja")
PANELS = (Panel(800, 480, 7.0), Panel(1080, 1920, 21.5))
FOR_STAFF = ("staff", "visual_")
LAST = ("listen", "looks", "call_staff", "stop")


@pytest.fixture(scope="module")
def lettering() -> Lettering:
    return Lettering()


@pytest.fixture(params=PANELS, ids=["7 inch", "21.5 inch"])
def ui(request: pytest.FixtureRequest, lettering: Lettering) -> Ui:
    return Ui(request.param, JAPANESE, lettering, NOW)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_button_can_be_walked_to_and_heard(example: str, ui: Ui) -> None:
    widgets = build(EXAMPLES[example], ui)
    reading, sounds = read(widgets, LAST), Sounds.load("ja")
    assert {stop.action for stop in reading.stops} == _to_be_walked(widgets, typed=reading.typed)
    for stop in reading.stops:
        heard = named(stop.key) is not None or sounds.find(JAPANESE, stop.key) is not None
        assert stop.key in SYMBOLS or heard, stop
    reader, _ = follow(Reader(), example, widgets, LAST)
    seen = []
    for _ in reading.stops:
        reader, pressed = press(reader, Word.NEXT)
        seen.append((press(reader, Word.ACT)[1].action, *pressed.say.keys))
    assert seen == [(stop.action, stop.key) for stop in reading.stops]


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_screen_shows_in_words_of_ours_is_said(example: str, ui: Ui) -> None:
    reading, sounds = read(build(EXAMPLES[example], ui)), Sounds.load("ja")
    for key in (*reading.labels, *reading.notes):
        assert key in STAFF_ONLY | SYMBOLS or sounds.find(JAPANESE, key) is not None, key


def _to_be_walked(widgets: list[Widget], *, typed: bool) -> set[str]:
    """All of them, but the name of a language that has no voice, and what is for staff: keys never lead there."""
    silent = {f"language:{tag}" for tag in LANGUAGES if name_of(tag).key is None}
    silent |= {one.action for one in targets(widgets) if one.action.startswith(FOR_STAFF)}
    buttons = {one.action for one in widgets if isinstance(one, Button)} - silent
    return buttons - {ERASE} if typed else buttons
