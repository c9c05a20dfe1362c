"""The visual check at the kiosk: staff come in with code and PIN, decide within a minute, and reception hears how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kiosk.record.door import REFUSALS, HelpReason, StaffOutcome
from kiosk.record.identity import Method, VisualClaim
from kiosk.record.ids import new_visit_id
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import Appliance, FarewellKind, Service, ServiceState
from kiosk.visit.profiles import FLOW_2025_03
from kiosk.visit.stage import (
    ChoosingMethod,
    Comparing,
    Nudge,
    Reading,
    StaffEntrance,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
)
from kiosk.visit.stages import staff_entrance
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto, StaffTrouble
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, Story

BY_HAND = [ev.Tapped("visual_confirm"), ev.Tapped("visual_refuse"), ev.Tapped("staff_back")]


def called(source: CheckNumberSource = CheckNumberSource.KNOWN, **changes: Any) -> Story:
    return told.choosing(source, **changes).happens(ev.Tapped("call_staff"))


def at_entrance(source: CheckNumberSource = CheckNumberSource.KNOWN) -> Story:
    return called(source).happens(ev.Tapped("staff"))


def typed(source: CheckNumberSource = CheckNumberSource.KNOWN) -> Story:
    return at_entrance(source).happens(*[ev.DigitTyped()] * staff_entrance.STAFF_DIGITS)


def verified(source: CheckNumberSource = CheckNumberSource.KNOWN, lasts: float = 180.0) -> Story:
    story = typed(source)
    return story.happens(ev.StaffVerified(story.asked(fx.VerifyStaff), "check-1", "mori", lasts))


def comparing() -> Story:
    """The chip's photo beside the person."""
    story = verified()
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    return story.happens(ev.ComparisonShown(story.asked(fx.ShowComparison), with_photo=True, simulated=True))


def reports(story: Story) -> list[StaffOutcome]:
    return [effect.outcome for effect in story.effects if isinstance(effect, fx.ReportVisual)]


# -- the way in ------------------------------------------------------------------------------------------------------


def test_staff_come_in_where_they_were_called() -> None:
    assert at_entrance().stage == StaffEntrance()


def test_nobody_comes_in_where_staff_were_not_called() -> None:
    assert isinstance(told.choosing().happens(ev.Tapped("staff")).stage, ChoosingMethod)


def test_staff_come_in_after_two_failed_attempts_without_being_called() -> None:
    story = told.choosing().happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    for _ in range(2):
        story.happens(ev.FaceNotMatched(story.asked(fx.LookAtFace)))
    calls = [effect.reason for effect in story.effects if isinstance(effect, fx.CallDesk)]
    assert calls == [HelpReason.FACE_FAILED]
    assert story.visit.face_failures == 2
    story.happens(ev.Tapped("staff"))
    assert story.stage == StaffEntrance()
    assert fx.StopLooking() in story.last


@pytest.mark.parametrize(
    "here",
    [
        {"reception_reached": False},
        {"profile": replace(FLOW_2025_03, visual_check=False)},
    ],
    ids=["reception unreachable", "a site without visual checks"],
)
def test_there_is_no_way_in_where_nobody_could_tell_who_it_is(here: dict[str, Any]) -> None:
    story = called()
    story.now = replace(story.now, **here)
    assert isinstance(story.happens(ev.Tapped("staff")).stage, ChoosingMethod)


def test_a_card_without_a_photo_can_be_compared_with_nobody() -> None:
    story = called(photo=ChipPhoto.ABSENT).happens(ev.Tapped("staff"))
    assert story.stage == StaffEntrance(trouble=StaffTrouble.NO_PHOTO)
    story.happens(*[ev.DigitTyped()] * 10)
    assert story.stage == StaffEntrance(trouble=StaffTrouble.NO_PHOTO)
    assert not story.wanted(fx.VerifyStaff)
    assert isinstance(story.happens(ev.Tapped("staff_back")).stage, ChoosingMethod)


def test_a_photo_that_turns_out_not_to_be_there_ends_the_comparison() -> None:
    story = verified()
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), absent=True))
    assert story.stage == StaffEntrance(trouble=StaffTrouble.NO_PHOTO)
    assert reports(story) == [StaffOutcome.WITHDRAWN]


def test_and_the_board_is_told_so_where_it_armed_the_check() -> None:
    story = told.choosing()
    story.happens(ev.VisualGranted("c", story.visit.visit_id, "mori", 180.0))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), absent=True))
    assert isinstance(story.stage, ChoosingMethod)
    assert fx.AnswerCommand("c", "no_photo") in story.last


def test_nobody_compares_with_a_card_that_is_not_there() -> None:
    story = called(CheckNumberSource.TYPED).happens(ev.Tapped("choose_face"), ev.CardRemoved(), ev.Tapped("staff"))
    assert isinstance(story.stage, TypingCheckNumber)


def test_while_a_pin_is_checked_nobody_comes_between() -> None:
    story = called().happens(ev.Tapped("choose_pin"), *[ev.DigitTyped()] * 4, ev.Tapped("staff"))
    assert isinstance(story.stage, TypingPin)
    assert story.stage.checking


def test_a_pulled_card_ends_the_visit_at_the_entrance() -> None:
    story = at_entrance().happens(ev.CardRemoved())
    assert story.now.visit is None
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.CARD_GONE


# -- code and PIN ----------------------------------------------------------------------------------------------------


def test_the_last_digit_asks_reception_and_no_other_does() -> None:
    story = at_entrance().happens(*[ev.DigitTyped()] * 9)
    assert story.stage == StaffEntrance(digits=9)
    assert not story.wanted(fx.VerifyStaff)
    story.happens(ev.DigitErased(), ev.DigitTyped(), ev.DigitTyped())
    assert story.stage == StaffEntrance(digits=10, checking=True)
    assert len(story.wanted(fx.VerifyStaff)) == 1
    assert story.happens(ev.DigitTyped(), ev.DigitErased()).stage == StaffEntrance(digits=10, checking=True)


@pytest.mark.parametrize("trouble", [StaffTrouble.WRONG, StaffTrouble.SLOW_DOWN, StaffTrouble.UNREACHABLE])
def test_what_is_not_right_is_typed_anew(trouble: StaffTrouble) -> None:
    story = typed()
    story.happens(ev.StaffNotVerified(story.asked(fx.VerifyStaff), trouble))
    assert story.stage == StaffEntrance(trouble=trouble)
    assert fx.ForgetStaffDigits() in story.last
    assert story.happens(ev.DigitTyped()).stage == StaffEntrance(digits=1)


def test_a_reception_that_does_not_answer_is_not_waited_for() -> None:
    story = typed().passes(staff_entrance.ANSWER_SECONDS + 1)
    assert story.stage == StaffEntrance(trouble=StaffTrouble.UNREACHABLE)
    late = ev.StaffVerified(story.asked(fx.VerifyStaff), "check-1", "mori", 180.0)
    assert story.happens(late).stage == StaffEntrance(trouble=StaffTrouble.UNREACHABLE)


def test_a_permission_that_is_over_already_is_none() -> None:
    assert verified(lasts=0.0).stage == StaffEntrance(trouble=StaffTrouble.UNREACHABLE)


@pytest.mark.parametrize("leave", ["back", "time"])
def test_leaving_the_entrance_forgets_the_digits_and_gives_the_patient_the_screen_back(leave: str) -> None:
    story = at_entrance().happens(ev.DigitTyped())
    if leave == "back":
        story.happens(ev.Tapped("staff_back"))
    else:
        story.passes(staff_entrance.ENTRANCE_SECONDS + 1)
    assert story.stage == ChoosingMethod()
    assert story.wanted(fx.ForgetStaffDigits)[-1] == fx.ForgetStaffDigits()
    assert len(story.wanted(fx.ForgetStaffDigits)) == 2


# -- comparing and deciding ------------------------------------------------------------------------------------------


def test_the_chip_s_photo_stands_beside_the_person_and_nothing_is_answered_to_the_board() -> None:
    story = comparing()
    assert isinstance(story.stage, Comparing)
    assert story.stage.with_photo
    assert not story.wanted(fx.AnswerCommand)


def test_without_check_number_b_the_printed_photo_is_compared() -> None:
    story = verified(CheckNumberSource.TYPED)
    assert story.stage.shown
    assert not story.stage.with_photo


def test_who_typed_the_pin_confirms_and_stands_in_the_record() -> None:
    story = comparing().passes(59).happens(ev.Tapped("visual_confirm"))
    assert story.visit.identity is Method.VISUAL
    assert story.visit.staff_id == "mori"
    assert isinstance(story.stage, Verifying)
    assert reports(story) == [StaffOutcome.CONFIRMED]
    assert isinstance(story.stage.claim, VisualClaim)
    assert story.stage.claim == VisualClaim(CERTIFICATE, "mori")


def test_nothing_is_confirmed_before_the_pictures_are_there() -> None:
    assert isinstance(verified().happens(ev.Tapped("visual_confirm")).stage, Comparing)


@pytest.mark.parametrize("why", REFUSALS)
def test_a_refusal_has_a_reason_and_the_patient_may_choose_again(why: StaffOutcome) -> None:
    story = comparing().happens(ev.Tapped("visual_refuse"))
    assert story.stage.refusing
    story.happens(ev.Tapped(f"visual_because:{why}"))
    assert story.stage == ChoosingMethod(Nudge.VISUAL_REFUSED)
    assert story.visit.identity is None
    assert reports(story) == [why]


@pytest.mark.parametrize("word", ["confirmed", "timed_out", "nonsense", ""])
def test_no_other_word_is_a_reason(word: str) -> None:
    story = comparing().happens(ev.Tapped("visual_refuse"), ev.Tapped(f"visual_because:{word}"))
    assert isinstance(story.stage, Comparing)
    assert reports(story) == []


def test_a_reason_without_a_refusal_is_nothing() -> None:
    story = comparing().happens(ev.Tapped("visual_because:other"))
    assert isinstance(story.stage, Comparing)


def test_a_refusal_can_be_taken_back() -> None:
    story = comparing().happens(ev.Tapped("visual_refuse"), ev.Tapped("staff_back"))
    assert isinstance(story.stage, Comparing)
    assert not story.stage.refusing


def test_after_a_minute_the_pin_is_asked_for_again_and_nothing_decides_before() -> None:
    story = comparing().passes(61)
    assert story.stage.stale
    story.happens(ev.Tapped("visual_confirm"), ev.Tapped("visual_refuse"), ev.Tapped("visual_because:other"))
    assert story.stage.stale
    assert story.visit.identity is None
    story.happens(ev.Tapped("staff"))
    assert story.stage == StaffEntrance(trouble=StaffTrouble.AGAIN)
    assert reports(story) == [StaffOutcome.TIMED_OUT]
    story.happens(*[ev.DigitTyped()] * 10)
    story.happens(ev.StaffVerified(story.asked(fx.VerifyStaff), "check-2", "tanaka", 180.0))
    story.happens(ev.ComparisonShown(story.asked(fx.ShowComparison), with_photo=True, simulated=True))
    story.happens(ev.Tapped("visual_confirm"))
    assert story.visit.staff_id == "tanaka"


def test_after_three_minutes_the_check_is_over() -> None:
    story = comparing().passes(181)
    assert isinstance(story.stage, ChoosingMethod)
    assert reports(story) == [StaffOutcome.TIMED_OUT]


def test_reception_s_own_limit_holds_where_it_is_shorter() -> None:
    story = verified(CheckNumberSource.TYPED, lasts=20.0).passes(21)
    assert isinstance(story.stage, ChoosingMethod)


def test_no_reception_gives_more_than_three_minutes() -> None:
    story = verified(CheckNumberSource.TYPED, lasts=600.0).passes(181)
    assert isinstance(story.stage, ChoosingMethod)
    assert reports(story) == [StaffOutcome.TIMED_OUT]


def test_it_is_for_one_visit_and_never_sticks() -> None:
    story = comparing().happens(ev.Tapped("visual_refuse"), ev.Tapped("visual_because:other"), ev.Tapped("staff"))
    assert story.stage == StaffEntrance()
    story.happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story), *BY_HAND, ev.Tapped("staff"))
    assert isinstance(story.stage, ChoosingMethod)


@pytest.mark.parametrize(
    ("event", "stage"),
    [
        (ev.Tapped("stop"), TakingCard),
        (ev.CardRemoved(), None),
        (ev.CardLost(), TakingCard),
        (ev.Tapped("staff_back"), ChoosingMethod),
    ],
    ids=["stop", "card taken", "dialogue broken", "back"],
)
def test_a_check_left_without_a_decision_is_told_as_that(event: ev.Event, stage: type | None) -> None:
    story = comparing().happens(event)
    assert reports(story) == [StaffOutcome.WITHDRAWN]
    assert story.now.visit is None if stage is None else isinstance(story.stage, stage)


# -- board and kiosk do not mix --------------------------------------------------------------------------------------


def test_the_board_decides_nothing_of_a_check_at_the_kiosk() -> None:
    story = comparing()
    visit_id = story.visit.visit_id
    for event in (ev.VisualConfirmed("c", visit_id, "mori"), ev.VisualRefused("c", visit_id, "mori")):
        story.happens(event)
        assert story.last == (fx.AnswerCommand("c", "not_possible"),)
        assert isinstance(story.stage, Comparing)


def test_no_touch_decides_a_check_that_was_armed_from_the_board() -> None:
    story = told.choosing()
    story.happens(ev.VisualGranted("c", story.visit.visit_id, "mori", 180.0))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    story.happens(ev.ComparisonShown(story.asked(fx.ShowComparison), with_photo=True, simulated=True))
    before = story.stage
    story.happens(ev.Tapped("call_staff"), ev.Tapped("staff"), *BY_HAND, ev.Tapped("visual_because:other"))
    assert story.stage == before
    assert story.visit.identity is None


def test_the_board_can_take_over_while_somebody_stands_at_the_entrance() -> None:
    story = at_entrance().happens(ev.DigitTyped())
    story.happens(ev.VisualGranted("c", story.visit.visit_id, "mori", 180.0))
    assert isinstance(story.stage, Comparing)
    assert not story.stage.grant.at_kiosk
    assert fx.ForgetStaffDigits() in story.last


# -- out of service from the board -----------------------------------------------------------------------------------


def test_a_paused_kiosk_takes_nobody_until_it_is_back() -> None:
    story = Story(told.appliance()).happens(ev.Paused("c-1"))
    assert story.last == (fx.AnswerCommand("c-1", "paused"),)
    assert not story.now.takes_patients
    story.happens(ev.CardPlaced(new_visit_id()))
    assert story.now.visit is None
    story.happens(ev.Tapped("no_card"), ev.NumberAsked(new_visit_id()))
    assert story.now.visit is None
    story.happens(ev.CardRemoved(), ev.Resumed("c-2"))
    assert story.last == (fx.AnswerCommand("c-2", "open"),)
    story.happens(ev.CardPlaced(new_visit_id()))
    assert story.stage == Reading()


def test_a_visit_that_runs_goes_on_to_its_end() -> None:
    story = told.choosing().happens(ev.Paused("c-1"), ev.Tapped("choose_pin"))
    assert isinstance(story.stage, TypingPin)
    story.happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    assert story.now.visit is None


def test_the_page_for_who_has_no_card_closes_with_it() -> None:
    story = Story(told.appliance()).happens(ev.Tapped("no_card"), ev.Paused("c-1"))
    assert not story.now.no_card


def test_a_fault_stands_whatever_staff_say() -> None:
    closed = ev.ServiceChanged(Service(ServiceState.CLOSED, "reader"))
    story = Story(told.appliance()).happens(closed, ev.Paused("c-1"), ev.Resumed("c-2"))
    assert not story.now.takes_patients


def test_a_new_start_is_in_service() -> None:
    assert Appliance.__dataclass_fields__["paused"].default is False


# -- a new start from the board ----------------------------------------------------------------------------------------


def test_a_kiosk_at_rest_starts_again_once_it_has_said_so() -> None:
    story = Story(told.appliance()).happens(ev.RestartAsked("c-1"))
    assert story.last == (fx.AnswerCommand("c-1", "restarting"),)
    assert story.now.service_word == "restarting"
    assert story.passes(0.25).wanted(fx.StartAgain) == [fx.StartAgain("c-1")]


def test_a_visit_that_runs_ends_and_its_farewell_is_read_before_the_new_start() -> None:
    story = told.checked_in().happens(ev.RestartAsked("c-1"))
    story.passes(2)
    story.happens(ev.CardRemoved())
    assert story.now.farewell is not None
    assert not story.wanted(fx.StartAgain)
    story.happens(ev.CardPlaced(new_visit_id()))
    assert story.now.visit is None, "nobody begins any more"
    while story.now.farewell is not None:
        story.passes(0.25)
    assert set(story.wanted(fx.StartAgain)) == {fx.StartAgain("c-1")}


def test_a_new_start_that_is_not_possible_leaves_the_kiosk_as_it_was() -> None:
    story = Story(told.appliance()).happens(ev.RestartAsked("c-1"), ev.RestartFailed())
    assert story.last == (fx.AnswerCommand("c-1", "not_possible"),)
    story.happens(ev.CardPlaced(new_visit_id()))
    assert story.stage == Reading()
    assert story.happens(ev.RestartFailed()).last == ()


def test_the_command_it_started_by_comes_again_and_is_only_answered() -> None:
    story = Story(told.appliance()).happens(ev.Started("c-1"))
    assert story.last == (fx.AnswerCommand("c-1", "open"),)
    story.happens(ev.RestartAsked("c-1"))
    assert story.last == (fx.AnswerCommand("c-1", "open"),)
    story.passes(1)
    assert not story.wanted(fx.StartAgain)
    assert story.happens(ev.RestartAsked("c-2")).last == (fx.AnswerCommand("c-2", "restarting"),)


def test_a_kiosk_that_is_closed_can_be_started_again() -> None:
    closed = ev.ServiceChanged(Service(ServiceState.CLOSED, "reader"))
    story = Story(told.appliance()).happens(closed, ev.RestartAsked("c-1"))
    story.passes(0.25)
    assert story.wanted(fx.StartAgain)
