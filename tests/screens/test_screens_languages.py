"""What a screen must say it says in every language."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import screens
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import LANGUAGES
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Steps
from screens.examples import EXAMPLES

PANEL = Panel(800, 480, 7.0)
MakeForeignUi = Callable[[Panel, str], Ui]


@pytest.fixture(params=LANGUAGES)
def spoken(request: pytest.FixtureRequest, make_foreign_ui: MakeForeignUi) -> Ui:
    language: str = request.param
    return make_foreign_ui(PANEL, language)


def words(key: str, ui: Ui) -> Iterator[str]:
    for widget in screens.build(EXAMPLES[key], ui):
        match widget:
            case Label() | Button():
                yield widget.text
            case Steps():
                yield from widget.names
            case _:
                pass


def test_whoever_is_filmed_is_told_so(spoken: Ui) -> None:
    for key in EXAMPLES:
        if key.startswith("P03"):
            visit = EXAMPLES[key].visit
            filming = getattr(visit and visit.stage, "filming", False)
            assert (spoken.text("filming") in words(key, spoken)) == filming, key


def test_what_is_left_is_counted(spoken: Ui) -> None:
    for key, left in (("E10", "8"), ("P03p", "19"), ("P03p-unread", "19"), ("P04-two-left", "2"), ("P04-wrong", "2")):
        assert any(left in text for text in words(key, spoken)), key
    assert any("2035" in text and "17" in text for text in words("P05", spoken))


def test_the_answers_to_a_consent_are_the_catalogue_s_and_different(spoken: Ui) -> None:
    for key in ("P08", "P09", "P09-diagnosis", "P10", "P11", "P11s"):
        told = [widget.text for widget in screens.build(EXAMPLES[key], spoken) if isinstance(widget, Button)]
        assert len(set(told)) == len(told), key
        assert spoken.text("consent_free") in words(key, spoken), key


def test_no_slot_is_left_open(spoken: Ui) -> None:
    for key in EXAMPLES:
        assert not any("{" in text or "}" in text for text in words(key, spoken)), key
