"""Every state of the appliance has a screen, and every screen offers only what the heart understands."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

import screens
from kiosk.record.consent import ConsentItem
from kiosk.record.door import REFUSALS
from kiosk.record.ids import new_visit_id
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Dots, Edge, Live, LiveSource, Picture, Role, SecretKey, View, Weight, targets
from kiosk.visit.appliance import Appliance, FarewellKind
from kiosk.visit.effects import CallDesk
from kiosk.visit.events import DigitErased, DigitTyped, Event, NumberAsked, Tapped
from kiosk.visit.flow import step
from kiosk.visit.stage import EndReason, Nudge, ReadingFront, StaffEntrance, Stage, TypingCheckNumber
from kiosk.visit.vocabulary import (
    Advice,
    CardProblem,
    CheckNumberSource,
    ChipPhoto,
    FaceHint,
    FacePrompt,
    FrontAdvice,
    StaffTrouble,
)
from screens.examples import EXAMPLES

every_example = pytest.mark.parametrize("key", EXAMPLES)


@every_example
def test_an_example_is_named_after_its_screen(key: str) -> None:
    assert screens.screen_of(EXAMPLES[key]) == key.partition("-")[0]


def test_every_screen_and_every_stage_has_an_example() -> None:
    assert {screens.screen_of(appliance) for appliance in EXAMPLES.values()} == set(screens.SCREENS)
    shown = {type(appliance.visit.stage) for appliance in EXAMPLES.values() if appliance.visit}
    assert shown == set(get_args(Stage))


def test_every_word_a_stage_can_carry_has_an_example() -> None:
    stages = [appliance.visit.stage for appliance in EXAMPLES.values() if appliance.visit]

    def carried(name: str) -> set[object]:
        return {getattr(stage, name) for stage in stages if hasattr(stage, name)} - {None}

    assert carried("problem") == set(CardProblem)
    assert carried("nudge") == set(Nudge)
    assert carried("advice") == set(Advice) | set(FrontAdvice)
    assert carried("prompt") == set(FacePrompt)
    assert carried("hint") == set(FaceHint)
    assert carried("trouble") == set(StaffTrouble)
    assert carried("reason") == set(EndReason)
    assert carried("item") == set(ConsentItem)
    assert {a.farewell.kind for a in EXAMPLES.values() if a.farewell} == set(FarewellKind)


def test_every_advice_for_the_front_has_an_example_in_the_tray_and_in_the_hand() -> None:
    stages = [appliance.visit.stage for appliance in EXAMPLES.values() if appliance.visit]
    told = {(stage.source, stage.advice) for stage in stages if isinstance(stage, ReadingFront)}
    sources = (CheckNumberSource.TRAY, CheckNumberSource.SHOW)
    assert told == {(source, advice) for source in sources for advice in (None, *FrontAdvice)}


def test_every_photo_a_chip_can_have_has_an_example() -> None:
    cards = [appliance.visit.card for appliance in EXAMPLES.values() if appliance.visit]
    assert {card.photo for card in cards if card} == set(ChipPhoto)


@every_example
def test_building_a_screen_changes_nothing_and_gives_the_same_again(key: str, ui: Ui) -> None:
    assert screens.build(EXAMPLES[key], ui) == screens.build(EXAMPLES[key], ui)


@every_example
def test_nothing_on_a_screen_is_dead(key: str, ui: Ui) -> None:
    appliance = EXAMPLES[key]
    called = appliance.visit.help_called if appliance.visit else appliance.help_called
    checking = getattr(appliance.visit and appliance.visit.stage, "checking", False)
    for target in targets(screens.build(appliance, ui)):
        if (checking or key == "P03n-full") and target.action in {"digit", "erase"}:
            continue
        if called and target.action == "call_staff":
            assert isinstance(target, Button)
            assert target.text == ui.text("staff_called")
            continue
        if isinstance(target, Button) and appliance.choosing is not None and target.weight is Weight.PRIMARY:
            continue  # what is chosen already
        if target.action == "listen":
            continue  # the panel's own doing
        after, effects = step(appliance, _event(target))
        if target.action == "call_staff":
            assert any(isinstance(effect, CallDesk) for effect in effects)
        elif target.action == "erase":
            continue
        else:
            assert _without_times(after) != _without_times(appliance) or effects, target.action


def _event(target: Button | SecretKey) -> Event:
    if isinstance(target, SecretKey):
        return DigitTyped()
    if target.action == "no_card_take":
        return NumberAsked(new_visit_id())
    return DigitErased() if target.action == "erase" else Tapped(target.action)


def _without_times(appliance: Appliance) -> Appliance:
    visit = None if appliance.visit is None else replace(appliance.visit, touched=0.0)
    return replace(appliance, visit=visit, rest_until=0.0)


@pytest.mark.parametrize(
    ("key", "offered"),
    [
        ("P00", {"languages", "no_card"}),
        ("P00-one-language", {"no_card"}),
        ("P00-called", {"languages"}),
        ("P90", {"stop", "no_card_take"}),
        ("P98", {"stop", "go_on"}),
        ("P14", {"understood"}),
        ("P99", set()),
        ("P01", {"stop"}),
        ("E01", set()),
        ("P02", {"stop", "choose_face", "choose_pin"}),
        ("P02-face-only", {"stop", "choose_face"}),
        ("P02-face-failed", {"stop", "choose_pin", "staff"}),
        ("P02-front-unreadable", {"stop", "choose_face", "choose_pin"}),
        ("P02-front-given-up", {"stop", "choose_pin"}),
        ("P02-pin-only", {"stop", "choose_pin"}),
        ("P02-infant", {"stop", "choose_pin"}),
        ("P02-no-face-here", {"stop", "choose_pin"}),
        ("P02-none", {"stop"}),
        ("P02-none-called", {"stop", "staff"}),
        ("P03", {"stop", "choose_pin"}),
        ("P03-no-pin", {"stop"}),
        ("P03f", {"stop", "choose_pin"}),
        ("P03f-preparing", {"stop", "choose_pin"}),
        ("P03f-no-pin", {"stop"}),
        ("P03f-show-take", {"stop", "choose_pin"}),
        ("P03f-show", {"stop"}),
        ("P03p", {"stop"}),
        ("P03p-reading", {"stop"}),
        ("P03n", {"stop", "digit", "erase", "choose_pin"}),
        ("P03n-no-pin", {"stop", "digit", "erase"}),
        ("P03n-code", {"stop", "digit", "erase", "choose_pin"}),
        ("P03n-full", {"stop", "digit", "erase", "choose_pin", "number_typed"}),
        ("P03n-checking", {"stop", "digit", "erase"}),
        ("E01-several-cards", set()),
        ("E20", set()),
        ("P04", {"stop", "digit", "erase", "choose_face"}),
        ("P04-pin-only", {"stop", "digit", "erase"}),
        ("P04l", {"stop", "last_try", "choose_face"}),
        ("P04l-no-face", {"stop", "last_try"}),
        ("P05", {"stop"}),
        ("P02-called", {"stop", "choose_face", "choose_pin", "staff"}),
        ("P04-called", {"stop", "digit", "erase", "choose_face", "staff"}),
        ("P04-called-checking", {"stop", "digit", "erase"}),
        ("P05s", {"stop", "digit", "erase", "staff_back"}),
        ("P05s-checking", {"stop", "digit", "erase"}),
        ("P05k", {"stop", "visual_confirm", "visual_refuse"}),
        ("P05k-printed", {"stop", "visual_confirm", "visual_refuse"}),
        ("P05p", {"stop", "staff_back"}),
        ("P05k-stale", {"stop", "staff_back", "staff"}),
        ("P05r", {"stop", "staff_back", *(f"visual_because:{why}" for why in REFUSALS)}),
        ("P99-paused", set()),
        ("P06", {"stop"}),
        ("P06-concluding", set()),
        ("P06-committing", set()),
        ("P08", {"stop", "agree_all", "choose_items", "refuse_all"}),
        ("P10", {"stop", "agree_item", "refuse_item"}),
        ("P16", set()),
        ("P17", set()),
        ("E10", {"stop"}),
    ],
)
def test_a_screen_offers_what_can_be_done_and_staff_always(key: str, offered: set[str], ui: Ui) -> None:
    actions = {target.action for target in targets(screens.build(EXAMPLES[key], ui))}
    assert actions - {"looks", "listen"} == offered | {"call_staff"}


@pytest.mark.parametrize("key", ["P00f", "P16", "P97"])
def test_where_nothing_is_read_on_no_looks_are_offered(key: str, ui: Ui) -> None:
    assert not {"looks", "listen"} & {target.action for target in targets(screens.build(EXAMPLES[key], ui))}


def test_the_looks_are_one_tap_away_from_every_other_screen(ui: Ui) -> None:
    """But where a pad takes the room: those who come to it had them on the screen before."""
    without = {screens.screen_of(EXAMPLES[key]) for key in EXAMPLES}
    for key in EXAMPLES:
        if "looks" in {target.action for target in targets(screens.build(EXAMPLES[key], ui))}:
            without.discard(screens.screen_of(EXAMPLES[key]))
    assert without <= {"P00f", "P16", "P97", "P04", "P03n", "P05s"}


def test_staff_stand_out_when_nothing_else_is_left(ui: Ui) -> None:
    def weight(key: str) -> Weight:
        return next(
            w.weight
            for w in targets(screens.build(EXAMPLES[key], ui))
            if isinstance(w, Button) and w.action == "call_staff"
        )

    assert weight("P02-none") is Weight.PRIMARY
    assert weight("P02-none-face-failed") is Weight.PRIMARY
    assert weight("P02-none-called") is Weight.PLAIN
    assert weight("P02") is Weight.PLAIN


def test_the_staff_frame_lies_around_the_whole_comparison_and_nowhere_else(ui: Ui) -> None:
    for key, appliance in EXAMPLES.items():
        edges = [w for w in screens.build(appliance, ui) if isinstance(w, Edge)]
        if screens.screen_of(appliance) in {"P05", "P05s", "P05p", "P05k", "P05r"}:
            assert [(edge.rect, edge.role) for edge in edges] == [(ui.area, Role.STAFF)], key
        else:
            assert not edges, key


@every_example
def test_no_field_takes_the_twelve_digits_of_a_my_number(key: str, ui: Ui) -> None:
    totals = [widget.total for widget in screens.build(EXAMPLES[key], ui) if isinstance(widget, Dots)]
    assert totals in ([], [4], [6, 4, 4], [4, 6])


@pytest.mark.parametrize("digits", range(15))
def test_fourteen_digits_fill_the_three_fields_one_after_another(digits: int, ui: Ui) -> None:
    widgets = screens.build(_typed(digits), ui)
    filled = [widget.filled for widget in widgets if isinstance(widget, Dots)]
    assert filled == [min(digits, 6), max(0, min(digits - 6, 4)), max(0, digits - 10)]
    primary = [w.action for w in widgets if isinstance(w, Button) and w.weight is Weight.PRIMARY]
    assert primary == (["number_typed"] if digits == 14 else [])


@pytest.mark.parametrize("digits", range(11))
def test_ten_digits_fill_the_two_fields_of_staff_one_after_another(digits: int, ui: Ui) -> None:
    visit = EXAMPLES["P05s"].visit
    assert visit is not None
    typed = replace(EXAMPLES["P05s"], visit=replace(visit, stage=StaffEntrance(digits)))
    filled = [widget.filled for widget in screens.build(typed, ui) if isinstance(widget, Dots)]
    assert filled == [min(digits, 4), max(0, digits - 4)]


def test_staff_are_let_in_only_where_they_were_called_or_rung(ui: Ui) -> None:
    for key, appliance in EXAMPLES.items():
        let_in = any(one.action == "staff" for one in targets(screens.build(appliance, ui)))
        visit = appliance.visit
        asked_for = visit is not None and (visit.help_called or visit.face_failures >= 2)
        assert asked_for or not let_in or key.endswith("-stale"), key
        unreached = screens.build(replace(appliance, reception_reached=False), ui)
        assert not any(one.action == "staff" for one in targets(unreached)) or key.endswith("-stale"), key


@pytest.mark.parametrize("digits", range(14))
def test_the_picture_marks_on_the_card_what_is_typed_now(digits: int, ui: Ui) -> None:
    marked = ["year"] * 2 + ["month"] * 2 + ["day"] * 2 + ["expiry"] * 4 + ["code"] * 4
    pictures = [widget.name for widget in screens.build(_typed(digits), ui) if isinstance(widget, Picture)]
    assert pictures == [f"card-front-{marked[digits]}"]


def _typed(digits: int) -> Appliance:
    visit = EXAMPLES["P03n"].visit
    assert visit is not None
    return replace(EXAMPLES["P03n"], visit=replace(visit, stage=TypingCheckNumber(digits)))


@pytest.mark.parametrize(
    ("key", "views"),
    [
        ("P03", [View.FACE]),
        ("P03f", [View.LAID]),
        ("P03f-show", [View.SHOWN]),
        ("P03f-show-take", []),
        ("P03f-preparing", []),
    ],
)
def test_the_camera_s_picture_is_cut_to_what_it_looks_at(key: str, views: list[View], ui: Ui) -> None:
    lives = [widget for widget in screens.build(EXAMPLES[key], ui) if isinstance(widget, Live)]
    assert [live.view for live in lives] == views
    assert all(live.source is LiveSource.CAMERA and live.progress is not None for live in lives)


@pytest.mark.parametrize("screen", ["P04", "P03n", "P05s"])
def test_a_key_shows_its_digit_to_nobody_who_logs_it(screen: str, ui: Ui) -> None:
    keys = [w for w in targets(screens.build(EXAMPLES[screen], ui)) if isinstance(w, SecretKey)]
    assert len(keys) == 10
    for key in keys:
        assert f"'{key.secret}'" not in repr(key)
        assert key.action == "digit"
