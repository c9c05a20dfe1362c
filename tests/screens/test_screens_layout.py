"""The numeric rules of design/visual.md and domain/kiosk-ui.md section 5, for every screen on every panel.

Japanese is judged screen by screen; every other language by the same rules, all screens of a panel at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

import screens
from kiosk.ui import fonts
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.lines import phrases
from kiosk.ui.messages import JAPANESE, LANGUAGES
from kiosk.ui.paint import BUTTON_PADDING_MM, button_parts
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import (
    Button,
    Dots,
    Edge,
    Label,
    Picture,
    SecretKey,
    Size,
    Steps,
    Surface,
    Weight,
    Widget,
    targets,
)
from screens import frame
from screens.examples import EXAMPLES

MakeForeignUi = Callable[[Panel, str], Ui]
every_example = pytest.mark.parametrize("key", EXAMPLES)


def built(key: str, ui: Ui) -> list[Widget]:
    return screens.build(EXAMPLES[key], ui)


def apart(one: Rect, other: Rect) -> int:
    """Pixels between two rectangles that do not overlap."""
    across = max(one.x - other.right, other.x - one.right)
    down = max(one.y - other.bottom, other.y - one.bottom)
    return max(across, down)


@every_example
def test_everything_that_can_be_touched_is_large_enough_and_apart(key: str, ui: Ui) -> None:
    assert_touchable(built(key, ui), ui)


def assert_touchable(widgets: list[Widget], ui: Ui) -> None:
    px = ui.panel.px_per_mm
    touchable = targets(widgets)
    for target in touchable:
        assert min(target.rect.w, target.rect.h) / px >= 14.99, target
    for one, other in itertools.combinations(touchable, 2):
        assert apart(one.rect, other.rect) / px >= 2.49, (one, other)


@every_example
def test_everything_lies_on_the_panel_and_nothing_on_anything_else(key: str, ui: Ui) -> None:
    assert_apart(built(key, ui), ui)


def assert_apart(widgets: list[Widget], ui: Ui) -> None:
    solid = [widget for widget in widgets if not isinstance(widget, Surface | Edge)]
    for widget in solid:
        assert widget.rect.w > 0, widget
        assert widget.rect.h > 0, widget
        assert ui.area.holds(widget.rect), widget
    for one, other in itertools.combinations(solid, 2):
        assert not one.rect.overlaps(other.rect), (one, other)


@every_example
def test_words_fit_where_they_stand(key: str, ui: Ui) -> None:
    assert_words_fit(built(key, ui), ui)


def assert_words_fit(widgets: list[Widget], ui: Ui) -> None:
    for widget in widgets:
        match widget:
            case Label():
                needed = ui.text_height(widget.text, widget.rect.w, widget.size, widget.bold)
                assert needed <= widget.rect.h, widget
                assert all_whole(ui, widget.text, widget.rect.w, widget.size, widget.bold), widget
            case Button():
                assert_button_fits(ui, widget)
            case Steps():
                assert widget.names[widget.now], widget
                alone = sum(map(bool, widget.names)) == 1  # beside unnamed marks a name may be wider than its own
                room = widget.rect.w if alone else widget.rect.w // len(widget.names)
                assert all(ui.text_width(name, Size.CAPTION, bold=True) <= room for name in widget.names), widget
            case _:
                pass


def all_whole(ui: Ui, text: str, width: int, size: Size, bold: bool) -> bool:
    """No phrase had to be cut inside: a label narrower than its longest phrase looks broken."""
    pieces = [piece.rstrip() for part in text.split("\n") for piece in phrases(part.strip(), ui.language)]
    return max(ui.text_width(piece, size, bold) for piece in pieces) <= width


def assert_button_fits(ui: Ui, button: Button) -> None:
    place, words = button_parts(button, button.rect, ui.mm(BUTTON_PADDING_MM), ui.type_scale, ui.lettering)
    lines = ui.lettering.lines(button.text, words.w, ui.cap(button.size), bold=True)
    assert len(lines) * ui.type_scale.button_line(button.size) <= button.rect.h, button
    assert max(ui.text_width(line, button.size, bold=True) for line in lines) <= words.w, button
    assert button.rect.holds(words), button
    assert place is None or (button.rect.holds(place) and not place.overlaps(words)), button
    if ui.language != JAPANESE:  # 1つ/消す is written as two lines on a key
        assert all_whole(ui, button.text, words.w, button.size, bold=True), button


@every_example
def test_no_title_takes_more_than_two_lines_and_nothing_is_larger(key: str, ui: Ui) -> None:
    assert_titled(built(key, ui), ui)


def assert_titled(widgets: list[Widget], ui: Ui) -> None:
    labels = [widget for widget in widgets if isinstance(widget, Label)]
    titles = [label for label in labels if label.size is Size.TITLE]
    for label in titles:
        assert label.rect.h <= 2 * ui.line_height(Size.TITLE), label
    assert all(label.rect.y >= titles[0].rect.y for label in titles)


@every_example
def test_every_screen_says_one_thing_largest_but_the_page_of_looks(key: str, ui: Ui) -> None:
    large = [widget for widget in built(key, ui) if isinstance(widget, Label) and widget.size is Size.TITLE]
    assert large or screens.screen_of(EXAMPLES[key]) == "P97"


# -- other languages -------------------------------------------------------------------------------------------------

RULES = (assert_touchable, assert_apart, assert_titled)
FIVE = "P08-every-item"
"""Five items beside one another: the pictures are small beside a longer word, which carries it."""
ANSWERS = {
    "P07": ("register", "register_not"),
    "P08": ("agree_all", "choose_items", "refuse_all"),
    "P09": ("agree_item", "refuse_item"),
    "P12": ("limit_yes", "limit_no"),
    "P13": ("prescription_electronic", "prescription_paper"),
}
foreign = pytest.mark.parametrize("language", [language for language in LANGUAGES if language != JAPANESE])


@foreign
def test_every_screen_keeps_the_rules_in_every_language(
    language: str, panel: Panel, make_foreign_ui: MakeForeignUi
) -> None:
    ui = make_foreign_ui(panel, language)
    faults = []
    for key in EXAMPLES:
        widgets = built(key, ui)
        rules = [partial(rule, widgets, ui) for rule in RULES]
        rules.append(partial(assert_words_fit, widgets, ui))
        rules.append(partial(assert_pictured, widgets, ui, 4 if key == FIVE else 8))
        for rule in rules:
            try:
                rule()
            except AssertionError as fault:
                told = str(fault).partition("\nassert ")[0]
                faults.append(f"{key}: {rule.func.__name__}: {told}")
    assert not faults, "\n".join(faults)


@foreign
def test_answers_are_as_large_as_one_another_in_every_language(
    language: str, panel: Panel, make_foreign_ui: MakeForeignUi
) -> None:
    ui = make_foreign_ui(panel, language)
    for key, actions in ANSWERS.items():
        answers = [target for target in targets(built(key, ui)) if target.action in actions]
        assert len(answers) == len(actions), key
        assert_equal_and_unfilled(answers)


def test_capitals_are_never_under_three_and_a_half_millimetres(ui: Ui) -> None:
    for size in Size:
        assert ui.cap(size) * fonts.CAP_EM / ui.panel.px_per_mm >= 3.5


def test_stop_and_call_stand_at_the_same_place_on_every_screen(ui: Ui) -> None:
    stop_at, call_at = frame.bar(ui)
    for key in EXAMPLES:
        buttons = {widget.action: widget for widget in reversed(built(key, ui)) if isinstance(widget, Button)}
        assert buttons["call_staff"].rect == call_at, key
        if "stop" in buttons:
            assert buttons["stop"].rect == stop_at, key


def test_an_action_of_a_screen_never_stands_where_stop_stands(ui: Ui) -> None:
    stop_at, _ = frame.bar(ui)
    for key in EXAMPLES:
        for target in targets(built(key, ui)):
            assert target.action == "stop" or not target.rect.overlaps(stop_at), key


@pytest.mark.parametrize("key", ["P08", "P08-every-item"])
def test_the_three_answers_to_the_blanket_question_are_equal(key: str, ui: Ui) -> None:
    answers = [w for w in targets(built(key, ui)) if w.action in {"agree_all", "choose_items", "refuse_all"}]
    assert len(answers) == 3
    assert_equal_and_unfilled(answers)


@pytest.mark.parametrize("key", ["P09", "P09-diagnosis", "P10", "P11", "P11s"])
def test_yes_and_no_to_an_item_are_equal(key: str, ui: Ui) -> None:
    answers = [w for w in targets(built(key, ui)) if w.action in {"agree_item", "refuse_item"}]
    assert len(answers) == 2
    assert_equal_and_unfilled(answers)


@pytest.mark.parametrize(
    "key", ["P02", "P02-visual-refused", "P02-front-unreadable", "P04l", "P04l-wrong", "P04l-no-face"]
)
def test_ways_to_be_confirmed_are_equal_and_none_is_pushed(key: str, ui: Ui) -> None:
    bar = set(frame.bar(ui))
    choices = [w for w in targets(built(key, ui)) if w.rect not in bar and w.action not in {"looks", "listen"}]
    assert len(choices) == 2
    assert_equal_and_unfilled(choices)


def assert_equal_and_unfilled(answers: list[Button | SecretKey]) -> None:
    buttons = [answer for answer in answers if isinstance(answer, Button)]
    assert len(buttons) == len(answers)
    assert all(button.weight is Weight.PLAIN for button in buttons)
    assert len({button.size for button in buttons}) == 1
    assert max(b.rect.w for b in buttons) - min(b.rect.w for b in buttons) <= 1
    assert max(b.rect.h for b in buttons) - min(b.rect.h for b in buttons) <= 1


def test_a_consent_screen_has_no_primary(ui: Ui) -> None:
    for key in EXAMPLES:
        if screens.screen_of(EXAMPLES[key]) in {"P08", "P09", "P10", "P11", "P11s"}:
            assert not [w for w in built(key, ui) if isinstance(w, Button) and w.weight is Weight.PRIMARY], key


NOTHING_TYPED = {"P05s-no-photo"}
"""A card without a photo: staff are told so, and there is nothing to type."""


@pytest.mark.parametrize("screen", ["P04", "P03n", "P05s"])
def test_the_pad_does_not_move_while_typing_or_checking(screen: str, ui: Ui) -> None:
    def keys(key: str) -> list[tuple[str, Rect]]:
        return [(w.secret, w.rect) for w in built(key, ui) if isinstance(w, SecretKey)]

    first = keys(screen)
    assert [secret for secret, _ in first] == list("1234567890")
    for key in EXAMPLES:
        if screens.screen_of(EXAMPLES[key]) == screen and key not in NOTHING_TYPED:
            assert keys(key) == first, key


def test_the_dots_stay_where_they_are_while_the_pin_is_checked(ui: Ui) -> None:
    def place(key: str) -> Rect:
        return next(widget.rect for widget in built(key, ui) if isinstance(widget, Dots))

    assert place("P04") == place("P04-typing") == place("P04-checking") == place("P04-wrong")


def test_the_three_fields_stand_in_one_row_and_stay_there(ui: Ui) -> None:
    def fields(key: str) -> list[tuple[int, Rect]]:
        return [(widget.total, widget.rect) for widget in built(key, ui) if isinstance(widget, Dots)]

    first = fields("P03n")
    assert [total for total, _ in first] == [6, 4, 4]
    assert len({rect.y for _, rect in first}) == 1
    assert [rect.x for _, rect in first] == sorted(rect.x for _, rect in first)
    for key in EXAMPLES:
        if screens.screen_of(EXAMPLES[key]) == "P03n":
            assert fields(key) == first, key


def test_a_dot_of_a_field_is_as_large_in_every_field(ui: Ui) -> None:
    pitches = [w.rect.w / w.total for w in built("P03n", ui) if isinstance(w, Dots)]
    assert max(pitches) - min(pitches) <= 1


def test_the_field_that_is_typed_lies_on_a_sheet_and_no_other(ui: Ui) -> None:
    for key, number in (("P03n", 0), ("P03n-day", 0), ("P03n-expiry", 1), ("P03n-code", 2)):
        widgets = built(key, ui)
        (sheet,) = [widget for widget in widgets if isinstance(widget, Surface)]
        dots = [widget for widget in widgets if isinstance(widget, Dots)]
        assert [sheet.rect.holds(field.rect) for field in dots] == [number == at for at in range(3)], key
    assert not [w for key in ("P03n-full", "P03n-checking") for w in built(key, ui) if isinstance(w, Surface)]


def test_a_long_clinic_name_is_shortened_and_moves_nothing(ui: Ui) -> None:
    for key in ("P00", "P02"):
        long = replace(EXAMPLES[key], clinic="医療法人社団あおば会 あおば台総合内科小児科クリニック 駅前診療所")
        widgets = screens.build(long, ui)
        assert [w.rect for w in widgets] == [w.rect for w in built(key, ui)]
        names = [w for w in widgets if isinstance(w, Label) and w.text.startswith("医療")]
        assert all(ui.line_count(name.text, name.rect.w, name.size) == 1 for name in names)
        assert names or key != "P00"


def test_a_picture_is_never_smaller_than_a_capital_letter_can_explain(ui: Ui) -> None:
    for key in EXAMPLES:
        assert_pictured(built(key, ui), ui, 8)


def assert_pictured(widgets: list[Widget], ui: Ui, smallest: float) -> None:
    for widget in widgets:
        if isinstance(widget, Picture) and widget.name != "camera":
            assert min(widget.rect.w, widget.rect.h) / ui.panel.px_per_mm >= smallest, widget
