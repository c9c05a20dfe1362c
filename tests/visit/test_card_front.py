"""Check number B on its way to the card: over the tray, shown to the camera, typed; and what the card allows at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from kiosk.record.dates import JST, Notice
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity
from kiosk.record.ids import new_visit_id
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import FarewellKind
from kiosk.visit.flow import step
from kiosk.visit.stage import (
    CheckedIn,
    ChoosingMethod,
    Comparing,
    Concluding,
    Consenting,
    EndReason,
    LookingAtFace,
    Nudge,
    PlacingAgain,
    ReadingFront,
    Refused,
    Stage,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
)
from kiosk.visit.vocabulary import CardProblem, CheckNumberSource, ChipPhoto, FrontAdvice
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, MORNING, OTHER_CERTIFICATE, Story

TRAY, SHOW, TYPED = CheckNumberSource.TRAY, CheckNumberSource.SHOW, CheckNumberSource.TYPED


def begun(source: CheckNumberSource, **changes: object) -> Story:
    return told.choosing(source, **changes).happens(ev.Tapped("choose_face"))


def sends(story: Story) -> list[CheckNumberSource]:
    return [effect.source for effect in story.effects if isinstance(effect, fx.SendPhoto)]


def stage(story: Story) -> Stage:
    """Where it stands now, whatever was asserted before."""
    return story.visit.stage


def reasons(story: Story) -> list[HelpReason]:
    return [effect.reason for effect in story.effects if isinstance(effect, fx.CallDesk)]


# -- over the tray ---------------------------------------------------------------------------------------------------


def test_the_camera_over_the_tray_reads_the_front_and_then_the_face_is_looked_at() -> None:
    story = begun(TRAY)
    assert stage(story) == ReadingFront(TRAY)
    story.happens(ev.FrontSeen(story.asked(fx.ReadFront), FrontAdvice.GLARE, 0.3))
    assert stage(story) == ReadingFront(TRAY, filming=True, advice=FrontAdvice.GLARE, progress=0.3)
    story.happens(ev.FrontRead(story.asked(fx.ReadFront)))
    assert stage(story) == LookingAtFace(1)
    assert sends(story) == [TRAY]
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto), date(2035, 2, 17)))
    assert story.visit.card is not None
    assert story.visit.card.printed_expiry == date(2035, 2, 17)
    assert len(story.wanted(fx.LookAtFace)) == 1


def test_a_front_that_cannot_be_read_leaves_pin_and_one_more_look() -> None:
    story = begun(TRAY)
    story.happens(ev.FrontUnreadable(story.asked(fx.ReadFront)))
    assert stage(story) == ChoosingMethod(Nudge.FRONT_UNREADABLE)
    story.happens(ev.Tapped("choose_face"))
    assert isinstance(stage(story), ReadingFront)
    story.happens(ev.FrontUnreadable(story.asked(fx.ReadFront)))
    story.happens(ev.Tapped("choose_face"))
    assert stage(story) == ChoosingMethod(Nudge.FRONT_UNREADABLE)
    assert not sends(story)
    story.happens(ev.Tapped("choose_pin"))
    assert isinstance(stage(story), TypingPin)


def test_a_number_the_card_calls_wrong_is_read_once_more_and_never_a_third_time() -> None:
    story = begun(TRAY)
    story.happens(ev.FrontRead(story.asked(fx.ReadFront)))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), again=True))
    assert stage(story) == ReadingFront(TRAY)
    story.happens(ev.FrontRead(story.asked(fx.ReadFront)))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), again=True))
    assert stage(story) == ChoosingMethod(Nudge.FACE_UNAVAILABLE)
    story.happens(ev.Tapped("choose_face"))
    assert isinstance(stage(story), ChoosingMethod)
    assert len(sends(story)) == 2


def test_a_pulled_card_ends_the_visit_while_the_tray_is_looked_at() -> None:
    story = begun(TRAY).happens(ev.CardRemoved())
    assert story.now.visit is None


# -- shown to the one camera -----------------------------------------------------------------------------------------


def shown() -> Story:
    story = begun(SHOW).happens(ev.CardRemoved())
    assert isinstance(stage(story), ReadingFront)
    return story.happens(ev.FrontRead(story.asked(fx.ReadFront)))


def test_the_card_is_taken_shown_and_placed_again() -> None:
    story = shown()
    assert isinstance(stage(story), PlacingAgain)
    assert fx.StopLooking() in story.last
    story.happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story))
    assert stage(story) == LookingAtFace(1)
    assert sends(story) == [SHOW]


def test_another_card_placed_after_showing_ends_the_visit_and_nothing_is_sent_to_it() -> None:
    story = shown().happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story, certificate=OTHER_CERTIFICATE))
    assert stage(story) == TakingCard(EndReason.CARD_GONE)
    assert not sends(story)


def test_a_card_that_does_not_come_back_ends_the_visit() -> None:
    story = shown().passes(21)
    assert story.now.visit is None
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.CARD_GONE


def test_placed_again_before_it_was_read_the_same_card_may_choose_again() -> None:
    story = begun(SHOW).happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    assert isinstance(stage(story), PlacingAgain)
    story.happens(told.card_read(story))
    assert stage(story) == ChoosingMethod(Nudge.FRONT_UNREADABLE)
    story.happens(ev.Tapped("choose_face"))
    assert isinstance(stage(story), ReadingFront)


def test_stop_while_the_card_is_in_the_hand_ends_at_once() -> None:
    story = begun(SHOW).happens(ev.CardRemoved(), ev.Tapped("stop"))
    assert story.now.visit is None
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.STOPPED
    assert reasons(story) == [HelpReason.STOPPED]


def test_the_pin_needs_the_card_on_the_reader() -> None:
    story = begun(SHOW).happens(ev.CardRemoved(), ev.Tapped("choose_pin"))
    assert isinstance(stage(story), ReadingFront)
    story = begun(SHOW).happens(ev.Tapped("choose_pin"))
    assert isinstance(stage(story), TypingPin)


def test_a_visual_check_cannot_begin_while_the_card_is_in_the_hand() -> None:
    story = begun(SHOW).happens(ev.CardRemoved())
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, "s01", 180.0))
    assert story.last == (fx.AnswerCommand("command-1", "not_possible"),)


# -- typed -----------------------------------------------------------------------------------------------------------


def typed(digits: int = 14) -> Story:
    return begun(TYPED).happens(*[ev.DigitTyped()] * digits)


def test_fourteen_digits_are_sent_only_on_a_wish() -> None:
    story = typed()
    assert stage(story) == TypingCheckNumber(digits=14)
    assert not sends(story)
    story.happens(ev.Tapped("number_typed"))
    assert sends(story) == [TYPED]
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    assert stage(story) == LookingAtFace(1)
    assert story.wanted(fx.LookAtFace)


@pytest.mark.parametrize("digits", [0, 1, 12, 13])
def test_fewer_digits_are_never_sent(digits: int) -> None:
    story = typed(digits).happens(ev.Tapped("number_typed"))
    assert stage(story) == TypingCheckNumber(digits=digits)
    assert not sends(story)


def test_a_fifteenth_digit_is_none_and_the_last_can_be_taken_back() -> None:
    story = typed(15)
    assert stage(story) == TypingCheckNumber(digits=14)
    story.happens(ev.DigitErased())
    assert stage(story) == TypingCheckNumber(digits=13)


def test_a_wrong_number_is_typed_once_more_and_then_the_face_way_is_out() -> None:
    story = typed().happens(ev.Tapped("number_typed"))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), again=True))
    assert stage(story) == TypingCheckNumber(wrong=True)
    assert fx.ForgetDigits() in story.last
    story.happens(*[ev.DigitTyped()] * 14, ev.Tapped("number_typed"))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto), again=True))
    assert stage(story) == ChoosingMethod(Nudge.FACE_UNAVAILABLE)


def test_digits_of_a_number_left_behind_are_forgotten() -> None:
    story = typed(9).happens(ev.Tapped("choose_pin"))
    assert stage(story) == TypingPin(3)
    assert story.last.count(fx.ForgetDigits()) >= 1
    assert typed(9).passes(81).stage == TakingCard(EndReason.TIMED_OUT)


def test_the_card_may_be_taken_into_the_hand_to_read_its_small_print() -> None:
    story = typed(6).happens(ev.CardRemoved())
    assert stage(story) == TypingCheckNumber(digits=6)
    story.happens(*[ev.DigitTyped()] * 8, ev.Tapped("choose_pin"), ev.Tapped("number_typed"))
    assert isinstance(stage(story), PlacingAgain)
    assert fx.ForgetDigits() not in story.last
    assert not sends(story)
    story.happens(ev.CardPlaced(new_visit_id()), told.card_read(story))
    assert sends(story) == []
    story.happens(told.card_read(story))
    assert sends(story) == [TYPED]


def test_placed_again_while_typing_the_same_card_goes_on_and_another_ends_the_visit() -> None:
    story = typed(6).happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story))
    assert stage(story) == TypingCheckNumber(digits=6)
    assert story.visit.card_present
    other = typed(6).happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    other.happens(told.card_read(other, certificate=OTHER_CERTIFICATE))
    assert other.stage == TakingCard(EndReason.CARD_GONE)


# -- what the card allows --------------------------------------------------------------------------------------------


def offered(story: Story) -> set[str]:
    """What the choice would begin, by tapping each."""
    begins = set()
    for action in ("choose_face", "choose_pin"):
        after, _ = step(story.now, ev.Tapped(action))
        if after.visit is not None and type(after.visit.stage) is not ChoosingMethod:
            begins.add(action)
    return begins


@pytest.mark.parametrize(
    ("changes", "source", "begins"),
    [
        ({}, TRAY, {"choose_face", "choose_pin"}),
        ({"pin_tries": None}, TRAY, {"choose_face"}),
        ({"pin_tries": 0}, TYPED, {"choose_face"}),
        ({"photo": ChipPhoto.ABSENT}, TRAY, {"choose_pin"}),
        ({"photo": ChipPhoto.SHUT}, TYPED, {"choose_pin"}),
        ({}, CheckNumberSource.NONE, {"choose_pin"}),
        ({"pin_tries": None, "photo": ChipPhoto.ABSENT}, TRAY, set()),
    ],
)
def test_only_what_can_work_is_offered(changes: dict[str, object], source: CheckNumberSource, begins: set[str]) -> None:
    assert offered(told.choosing(source, **changes)) == begins


def test_where_nothing_can_work_staff_are_called_at_once_and_once() -> None:
    story = told.choosing(pin_tries=None, photo=ChipPhoto.SHUT)
    assert reasons(story) == [HelpReason.CARD_UNUSABLE]
    assert story.visit.help_called
    story.happens(ev.Tapped("call_staff"))
    assert reasons(story) == [HelpReason.CARD_UNUSABLE]


def test_a_card_without_any_photo_cannot_be_checked_visually_and_the_board_is_told() -> None:
    story = told.choosing(photo=ChipPhoto.ABSENT)
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, "s01", 180.0))
    assert story.last == (fx.AnswerCommand("command-1", "no_photo"),)
    assert isinstance(stage(story), ChoosingMethod)


def test_a_visual_check_over_the_tray_shows_the_chip_s_photo() -> None:
    story = told.choosing(TRAY)
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, "s01", 180.0))
    assert isinstance(stage(story), Comparing)
    assert story.stage.reading_front, "the screen says that the card is being filmed"
    story.happens(ev.FrontRead(story.asked(fx.ReadFront)))
    assert not story.stage.reading_front
    assert sends(story) == [TRAY]
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto), date(2035, 2, 17)))
    story.happens(ev.ComparisonShown(story.asked(fx.ShowComparison), with_photo=True, simulated=True))
    assert isinstance(stage(story), Comparing)
    assert story.stage.with_photo


@pytest.mark.parametrize("source", [SHOW, TYPED, CheckNumberSource.NONE])
def test_elsewhere_a_visual_check_goes_by_the_print(source: CheckNumberSource) -> None:
    story = told.choosing(source)
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, "s01", 180.0))
    assert isinstance(stage(story), Comparing)
    assert story.stage.shown
    assert not story.stage.with_photo
    assert not sends(story)


@pytest.mark.parametrize(
    "problem", [CardProblem.PHONE, CardProblem.RESIDENT_CARD, CardProblem.SEVERAL_CARDS, CardProblem.UNREADABLE]
)
def test_what_the_patient_can_mend_does_not_ring_the_desk(problem: CardProblem) -> None:
    story = told.placed()
    story.happens(ev.CardRefused(story.asked(fx.ReadCard), problem))
    assert stage(story) == Refused(problem)
    assert reasons(story) == []


def test_a_card_that_moves_while_it_is_read_is_asked_to_be_placed_again() -> None:
    story = told.placed().happens(ev.CardLost())
    assert stage(story) == Refused(CardProblem.UNREADABLE)
    story.happens(ev.CardRemoved())
    assert story.now.visit is None


# -- whose clock -----------------------------------------------------------------------------------------------------


def last_day(at: date) -> datetime:
    return datetime(at.year, at.month, at.day, 23, 59, 59, tzinfo=JST)


LONG_AGO = last_day(date(2020, 1, 31))


def unsure(story: Story) -> Story:
    return story.happens(ev.Tick(story.now.mono, story.now.wall, sure=False))


def test_an_unsynchronised_clock_refuses_nobody() -> None:
    story = unsure(told.placed())
    story.happens(told.card_read(story, not_after=LONG_AGO))
    assert isinstance(stage(story), ChoosingMethod)
    assert story.visit.card is not None
    assert story.visit.card.notice is Notice.GRACE
    sure = told.choosing(not_after=LONG_AGO)
    assert sure.stage == Refused(CardProblem.EXPIRED)


@pytest.mark.parametrize(
    ("not_after", "said", "kept", "asks"),
    [
        (MORNING + timedelta(days=800), Notice.GRACE, Notice.GRACE, False),
        (MORNING - timedelta(days=20), Notice.NONE, Notice.NONE, True),
        (MORNING - timedelta(days=20), Notice.EXPIRING, Notice.EXPIRING, True),
        (MORNING - timedelta(days=20), None, Notice.GRACE, False),
        (MORNING + timedelta(days=20), None, Notice.EXPIRING, True),
    ],
)
def test_the_centre_s_word_on_the_certificate_outranks_our_date(
    not_after: datetime, said: Notice | None, kept: Notice, asks: bool
) -> None:
    story = told.signed(not_after=not_after)
    answer = replace(told.answer(Validity.VALID), certificate_notice=said)
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), answer))
    assert story.visit.card is not None
    assert story.visit.card.notice is kept
    assert isinstance(stage(story), Consenting) is asks
    assert not isinstance(story.stage, CheckedIn | Concluding)
    assert story.visit.card.certificate == CERTIFICATE
