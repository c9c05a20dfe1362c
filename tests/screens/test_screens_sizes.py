"""Larger words: every offered size keeps the rules of design/visual.md on its panel, in every language, on every screen."""

from __future__ import annotations

import itertools
from collections.abc import Callable
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
from kiosk.ui.widgets import Button, SecretKey, Size, targets
from screens import parts
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
CAPTIONS = (Size.CAPTION, Size.KEY)


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
        if not (key == FIVE and panel.portrait):
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
        "7-inch": ("standard",),
        "10-inch": ("standard", "large"),
        "15-inch": ("standard", "large", "extra_large"),
        "portrait": ("standard", "large", "extra_large"),
    }


@pytest.mark.parametrize("name", PANELS)
def test_no_word_is_smaller_than_its_size_promises(name: str, make_foreign_ui: MakeForeignUi) -> None:
    panel = PANELS[name]
    for size in sizes.offered(panel):
        ui = sized(make_foreign_ui(panel, "ja"), size)
        for one in Size:
            least = sizes.CAPITALS[size] * (0.75 if one in CAPTIONS else 1.0)
            assert real_mm(ui, one) >= least - 1e-9, (size, one)


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
    assert parts.bar(larger) == parts.bar(standard)
    stop_at, call_at = parts.bar(standard)
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
