"""Larger words: every offered size keeps the rules of design/visual.md on its panel, in every language, on every screen."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import pytest

import screens
from kiosk.ui import fonts, sizes
from kiosk.ui.fit import misfits
from kiosk.ui.focus import MARK_GAP_MM, MARK_MM
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import LANGUAGES
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, SecretKey, Size, Steps, Widget, targets
from kiosk.visit.appliance import Appliance
from screens import frame
from screens.examples import EXAMPLES
from screens.tour import PANELS
from tests.screens.test_screens_layout import (
    FIVE,
    assert_apart,
    assert_pictured,
    assert_titled,
    assert_touchable,
    assert_words_fit,
)

MakeForeignUi = Callable[[Panel, str], Ui]
LARGER = [(name, size) for name, panel in PANELS.items() for size in sizes.offered(panel) if size != sizes.STANDARD]
larger = pytest.mark.parametrize(("name", "size"), LARGER, ids=[f"{name}-{size}" for name, size in LARGER])
FRAME = {"stop", "call_staff", "looks", "listen", "languages", "erase"}
FOR_STAFF = ("staff", "visual_")
"""What staff press: sizes are chosen by patients."""
_ANSWERS = ("agree_all", "choose_items", "refuse_all")
NO_ROOM: Mapping[tuple[str, str], Mapping[str, set[str]]] = {
    ("7-inch", "large"): {
        **{answer: {"en", "id", "pt", "vi"} for answer in _ANSWERS},
        "number_typed": {"en", "tl", "vi"},
    },
    ("10-inch", "extra_large"): {
        **{answer: {"en", "id", "pt", "tl", "vi"} for answer in _ANSWERS},
        "choose_pin": {"ja", "tl"},
    },
}
"""Buttons whose words are too long for their size in these languages: three equal answers in a row, and what stands beside
"call staff", under a sentence over the three fields, or above the pad."""


def sized(ui: Ui, size: str) -> Ui:
    return replace(ui, capital_mm=sizes.capital_mm(ui.panel, size))


def real_mm(ui: Ui, size: Size) -> float:
    """The height of a capital in real millimetres."""
    return ui.cap(size) * fonts.CAP_EM / ui.panel.px_per_mm


@larger
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_keeps_the_rules_at_every_offered_size(
    language: str, name: str, size: str, make_foreign_ui: MakeForeignUi
) -> None:
    panel = PANELS[name]
    ui = sized(make_foreign_ui(panel, language), size)
    faults = []
    for key, appliance in EXAMPLES.items():
        widgets = screens.build(appliance, ui)
        rules = [partial(rule, widgets, ui) for rule in (assert_touchable, assert_apart, assert_titled)]
        rules.append(partial(assert_words_fit, widgets, ui))
        rules.append(partial(assert_pictured, widgets, ui, 4 if key == FIVE else 8))
        for rule in rules:
            try:
                rule()
            except AssertionError as fault:
                told = str(fault).partition("\nassert ")[0]
                faults.append(f"{key}: {rule.func.__name__}: {told}")
    assert not faults, "\n".join(faults)


def test_a_small_panel_offers_what_it_has_room_for() -> None:
    assert {name: sizes.offered(panel) for name, panel in PANELS.items()} == {
        "7-inch": ("standard", "large"),
        "10-inch": ("standard", "large", "extra_large"),
        "15-inch": ("standard", "large", "extra_large"),
        "portrait": ("standard", "large", "extra_large"),
    }


def carries_the_decision(widget: Widget) -> bool:
    """The sentence or question, a number, and what can be answered: all buttons but the frame's, the looks' and staff's."""
    if isinstance(widget, Label):
        return widget.size in {Size.TITLE, Size.NUMBER}
    if not isinstance(widget, Button) or widget.action.startswith(FOR_STAFF):
        return False
    return widget.action not in FRAME and ":" not in widget.action


@larger
def test_what_carries_the_decision_is_as_large_as_the_size_promises(
    name: str, size: str, make_foreign_ui: MakeForeignUi
) -> None:
    """Measured in real millimetres on every screen in every language; what is smaller is named, word by word."""
    small: dict[str, set[str]] = {}
    for language in LANGUAGES:
        ui = sized(make_foreign_ui(PANELS[name], language), size)
        for key, appliance in EXAMPLES.items():
            for widget in screens.build(appliance, ui):
                if carries_the_decision(widget) and real_mm(ui, widget.size) < sizes.CAPITALS[size] - 1e-9:  # type: ignore[union-attr]
                    assert isinstance(widget, Button), (key, widget)
                    small.setdefault(widget.action, set()).add(language)
    assert small == NO_ROOM.get((name, size), {})


@larger
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_is_smaller_than_at_the_standard_size_or_left_out(
    language: str, name: str, size: str, make_foreign_ui: MakeForeignUi
) -> None:
    standard = make_foreign_ui(PANELS[name], language)
    larger = sized(standard, size)
    for key, appliance in EXAMPLES.items():
        small, large = said(appliance, standard), said(appliance, larger)
        gone = {text for text in small.keys() - large.keys() if not text.endswith("…")}  # of the clinic's name
        assert gone <= {appliance.clinic, standard.text("filming"), *map(standard.text, frame.STEPS)}, key
        assert not [text for text in small.keys() & large.keys() if large[text] < small[text]], key


def said(appliance: Appliance, ui: Ui) -> dict[str, int]:
    """Every word on the screen, and the least size it has there in pixels an em."""
    found: dict[str, int] = {}
    for widget in screens.build(appliance, ui):
        match widget:
            case Label() | Button():
                found[widget.text] = min(ui.cap(widget.size), found.get(widget.text, ui.cap(widget.size)))
            case Steps():
                found.update(dict.fromkeys(filter(None, widget.names), ui.cap(Size.CAPTION)))
            case _:
                pass
    return found


@pytest.mark.parametrize("name", PANELS)
def test_whoever_asks_for_larger_words_sees_larger_words(name: str, make_foreign_ui: MakeForeignUi) -> None:
    panel = PANELS[name]
    offered = [sized(make_foreign_ui(panel, "ja"), size) for size in sizes.offered(panel)]
    for smaller, larger in itertools.pairwise(offered):
        assert larger.cap(Size.BODY) >= 1.15 * smaller.cap(Size.BODY)
        assert larger.cap(Size.CAPTION) >= 1.15 * smaller.cap(Size.CAPTION)
        assert all(larger.cap(size) >= smaller.cap(size) for size in Size)
        assert larger.cap(Size.TITLE) >= larger.cap(Size.BODY)


@larger
def test_larger_words_move_neither_stop_nor_call_nor_the_pad(
    name: str, size: str, make_foreign_ui: MakeForeignUi
) -> None:
    standard = make_foreign_ui(PANELS[name], "ja")
    larger = sized(standard, size)
    assert frame.bar(larger) == frame.bar(standard)
    stop_at, call_at = frame.bar(standard)
    for key, appliance in EXAMPLES.items():
        buttons = {w.action: w for w in reversed(screens.build(appliance, larger)) if isinstance(w, Button)}
        assert buttons["call_staff"].rect == call_at, key
        assert "stop" not in buttons or buttons["stop"].rect == stop_at, key
        assert not [w for w in buttons.values() if w.action != "stop" and w.rect.overlaps(stop_at)], key
    for key in ("P04", "P03n"):
        first, second = (
            [w.rect.w for w in screens.build(EXAMPLES[key], ui) if isinstance(w, SecretKey)]
            for ui in (standard, larger)
        )
        assert first == second, key


@larger
def test_answers_of_equal_weight_stay_equal(name: str, size: str, make_foreign_ui: MakeForeignUi) -> None:
    answers = {"agree_all", "choose_items", "refuse_all", "agree_item", "refuse_item", "choose_face", "choose_pin"}
    for language in ("ja", "en", "tl"):
        ui = sized(make_foreign_ui(PANELS[name], language), size)
        for key in ("P02", "P08", "P09", "P11", "P11s"):
            equal = [w for w in targets(screens.build(EXAMPLES[key], ui)) if w.action in answers]
            assert len({w.size for w in equal if isinstance(w, Button)}) == 1, key
            for sides in ([w.rect.w for w in equal], [w.rect.h for w in equal]):
                assert max(sides) - min(sides) <= 1, key


@pytest.mark.parametrize("name", PANELS)
def test_the_frame_around_what_is_in_focus_reaches_no_other_target(name: str, make_foreign_ui: MakeForeignUi) -> None:
    panel = PANELS[name]
    reach = panel.mm(MARK_GAP_MM) + panel.mm(MARK_MM)
    for size in sizes.offered(panel):
        ui = sized(make_foreign_ui(panel, "ja"), size)
        for key, appliance in EXAMPLES.items():
            for one, other in itertools.permutations(targets(screens.build(appliance, ui)), 2):
                assert not one.rect.inset(-reach).overlaps(other.rect), (size, key, one, other)


@larger
def test_what_is_drawn_is_what_was_measured(name: str, size: str, make_foreign_ui: MakeForeignUi) -> None:
    """`kiosk.ui.fit` asks with the painter's own measures."""
    ui = sized(make_foreign_ui(PANELS[name], "ja"), size)
    for key in ("P00", "P02", "P04", "P08", "P16"):
        widgets = [w for w in screens.build(EXAMPLES[key], ui) if getattr(w, "action", "") != "erase"]
        assert misfits(widgets, ui) == [], key
