"""Language, text size, colours and loudness: one tap from anywhere, for one visit; and the warning before time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from kiosk.record.checkin import CheckIn
from kiosk.record.consent import ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import Validity
from kiosk.record.ids import new_visit_id
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import FarewellKind, Service, ServiceState
from kiosk.visit.looks import Choosing, Colours, Look, Offer, TextSize, Volume
from kiosk.visit.stage import CheckedIn, ChoosingMethod, Consenting, EndReason, TakingCard, TypingPin
from tests.visit import story as told
from tests.visit.story import QUEUE_NUMBER, Story

OFFER = Offer(("ja", "en", "vi"), tuple(TextSize), voice=True)
IN_ENGLISH = Look(language="en", size=TextSize.LARGE, colours=Colours.HIGH_CONTRAST, volume=Volume.LOUD)


def story() -> Story:
    return Story(now=replace(told.appliance(), offer=OFFER))


def dressed(story: Story) -> Story:
    taps = ("looks", "size:large", "colours:high_contrast", "volume:loud", "looks_back", "languages", "language:en")
    return story.happens(*(ev.Tapped(tap) for tap in taps))


def placed(story: Story) -> Story:
    return story.happens(ev.CardPlaced(new_visit_id()))


def choosing() -> Story:
    seen = placed(story())
    return seen.happens(told.card_read(seen))


def test_a_language_is_one_tap_and_the_page_is_gone() -> None:
    seen = story().happens(ev.Tapped("languages"))
    assert seen.now.choosing is Choosing.LANGUAGE
    seen.happens(ev.Tapped("language:vi"))
    assert seen.now.look.language == "vi"
    assert seen.now.choosing is None


def test_sizes_colours_and_loudness_can_be_tried_on_their_page() -> None:
    seen = story().happens(ev.Tapped("looks"), ev.Tapped("size:extra_large"), ev.Tapped("size:large"))
    assert (seen.now.look.size, seen.now.choosing) == (TextSize.LARGE, Choosing.LOOKS)
    seen.happens(ev.Tapped("looks_back"))
    assert seen.now.choosing is None


@pytest.mark.parametrize("tap", ["language:fr", "size:huge", "colours:pink", "volume:11", "language:", "look", ":"])
def test_what_is_not_offered_cannot_be_chosen(tap: str) -> None:
    assert story().happens(ev.Tapped(tap)).now.look == Look()


def test_a_look_chosen_before_the_card_is_kept_for_the_visit_and_its_farewell_and_no_longer() -> None:
    seen = dressed(story())
    placed(seen)
    assert seen.now.look == IN_ENGLISH
    seen.happens(ev.CardRemoved())
    assert seen.now.farewell is not None
    assert seen.now.look == IN_ENGLISH
    seen.passes(9)
    assert seen.now.farewell is None
    assert seen.now.look == Look()


def test_the_next_patient_does_not_inherit_the_look_of_whoever_has_just_gone() -> None:
    seen = dressed(story())
    placed(seen).happens(ev.CardRemoved())
    assert placed(seen).now.look == Look()


def test_who_chooses_while_a_farewell_still_stands_is_the_next_patient() -> None:
    seen = dressed(story())
    placed(seen).happens(ev.CardRemoved(), ev.Tapped("language:vi"))
    assert seen.now.look == Look(language="vi")
    assert seen.passes(9).now.look == Look(language="vi")
    assert placed(seen).now.look == Look(language="vi")


def test_who_chooses_a_look_and_goes_away_leaves_nothing_behind() -> None:
    seen = dressed(story()).happens(ev.Tapped("looks"))
    assert seen.passes(59).now.choosing is Choosing.LOOKS
    assert (seen.passes(2).now.choosing, seen.now.look) == (None, Look())


def test_a_site_that_stands_in_the_sun_goes_back_to_its_own_colours() -> None:
    bright = Look(colours=Colours.HIGH_CONTRAST)
    seen = Story(now=replace(told.appliance(), offer=OFFER, look=bright, usual=bright))
    seen.happens(ev.Tapped("colours:normal")).passes(61)
    assert seen.now.look == bright


def test_the_page_of_looks_does_not_stop_the_visit_and_goes_when_the_visit_goes_on() -> None:
    seen = choosing()
    seen.happens(ev.Tapped("looks"))
    assert isinstance(seen.stage, ChoosingMethod)
    seen.happens(ev.CardRemoved())
    assert (seen.now.choosing, seen.now.visit) == (None, None)


# Time


def test_who_does_nothing_is_asked_after_a_minute_and_has_twenty_seconds() -> None:
    seen = choosing()
    assert not seen.passes(60).visit.warned
    assert seen.passes(1).visit.warned
    assert isinstance(seen.passes(18).stage, ChoosingMethod)
    assert seen.passes(2).stage == TakingCard(EndReason.TIMED_OUT)


def test_one_tap_gives_another_minute_as_often_as_it_is_wanted() -> None:
    seen = choosing()
    for _ in range(5):
        seen.passes(75).happens(ev.Tapped("go_on"))
        assert not seen.visit.warned
    assert isinstance(seen.passes(59).stage, ChoosingMethod)


def test_a_look_or_a_digit_is_a_sign_of_life_too() -> None:
    seen = choosing()
    seen.passes(70).happens(ev.Tapped("looks"))
    assert not seen.visit.warned
    seen.happens(ev.Tapped("looks_back"), ev.Tapped("choose_pin"))
    assert isinstance(seen.stage, TypingPin)
    seen.passes(70).happens(ev.DigitTyped())
    assert not seen.passes(59).visit.warned


def test_nobodys_time_runs_while_the_voice_speaks() -> None:
    seen = choosing().happens(ev.Speaking(True)).passes(200)
    assert not seen.visit.warned
    seen.happens(ev.Speaking(False))
    assert not seen.passes(59).visit.warned
    assert seen.passes(2).visit.warned


def test_a_warning_that_is_spoken_stays_and_its_time_runs_once_it_is_said() -> None:
    seen = choosing().passes(61).happens(ev.Speaking(True))
    assert seen.visit.warned
    assert seen.passes(40).visit.warned
    seen.happens(ev.Speaking(False))
    assert isinstance(seen.passes(18).stage, ChoosingMethod)
    assert seen.passes(2).stage == TakingCard(EndReason.TIMED_OUT)


def test_the_warning_comes_before_a_page_of_looks() -> None:
    seen = choosing().happens(ev.Tapped("looks")).passes(61)
    assert (seen.visit.warned, seen.now.choosing) == (True, None)


def test_silence_at_a_consent_is_none_and_the_arrival_is_recorded() -> None:
    seen = told.consenting()
    assert seen.passes(61).visit.warned
    assert isinstance(seen.stage, Consenting)
    seen.passes(20)
    checkin = _committed(seen)
    assert {consent.state for consent in checkin.consents.values()} == {ConsentState.NOT_ASKED}


def test_while_others_are_waited_for_nobody_is_warned() -> None:
    seen = story()
    placed(seen)
    assert not seen.passes(14).visit.warned


# P14


@pytest.mark.parametrize("notice", [Notice.EXPIRING, Notice.GRACE])
def test_a_certificate_that_ends_is_told_of_once_the_arrival_is_on_disk(notice: Notice) -> None:
    seen = _checked_in(notice)
    assert isinstance(seen.stage, CheckedIn)
    assert seen.stage.tells_expiry
    seen.happens(ev.Tapped("understood"))
    assert isinstance(seen.stage, CheckedIn)
    assert not seen.stage.tells_expiry


def test_who_does_not_answer_it_is_asked_for_the_card_after_twenty_seconds_and_the_desk_called_later() -> None:
    seen = _checked_in(Notice.EXPIRING).passes(19)
    assert isinstance(seen.stage, CheckedIn)
    assert seen.stage.tells_expiry
    seen.passes(2)
    assert isinstance(seen.stage, CheckedIn)
    assert not seen.stage.tells_expiry
    calls = [effect for effect in seen.effects if isinstance(effect, fx.CallDesk)]
    assert calls == []
    seen.passes(16)
    assert [effect for effect in seen.effects if isinstance(effect, fx.CallDesk)] != []


def test_a_usual_card_hears_nothing_of_it() -> None:
    seen = _checked_in(Notice.NONE)
    assert isinstance(seen.stage, CheckedIn)
    assert not seen.stage.tells_expiry


# P90


def test_who_has_no_card_takes_a_number_and_the_arrival_is_recorded_without_a_name() -> None:
    seen = story().happens(ev.Tapped("no_card"))
    assert seen.now.no_card
    visit_id = new_visit_id()
    seen.happens(ev.NumberAsked(visit_id))
    checkin = _committed(seen)
    assert (checkin.checkin_id, checkin.identity, checkin.card) == (visit_id, None, None)
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    seen.happens(ev.Committed(seen.asked(fx.Commit), QUEUE_NUMBER))
    assert seen.now.visit is None
    assert seen.now.farewell is not None
    assert (seen.now.farewell.kind, seen.now.farewell.queue_number) == (FarewellKind.NO_CARD, QUEUE_NUMBER)


def test_a_number_that_could_not_be_counted_is_not_promised() -> None:
    seen = story().happens(ev.Tapped("no_card"), ev.NumberAsked(new_visit_id()))
    seen.happens(ev.NotCommitted(seen.asked(fx.Commit)))
    assert seen.now.visit is None
    assert seen.now.farewell is not None
    assert (seen.now.farewell.kind, seen.now.farewell.queue_number) == (FarewellKind.TROUBLE, None)


def test_no_number_without_the_question_nor_from_a_kiosk_out_of_service() -> None:
    assert story().happens(ev.NumberAsked(new_visit_id())).now.visit is None
    shut = story().happens(ev.ServiceChanged(Service(ServiceState.CLOSED, "outbox")), ev.Tapped("no_card"))
    assert not shut.now.no_card
    assert shut.happens(ev.NumberAsked(new_visit_id())).now.visit is None


def test_a_card_that_is_found_after_all_opens_a_visit() -> None:
    seen = story().happens(ev.Tapped("no_card"))
    placed(seen)
    assert not seen.now.no_card
    assert seen.now.visit is not None


@pytest.mark.parametrize("how", ["stop", "wait"])
def test_the_question_goes_by_itself_or_when_it_is_stopped(how: str) -> None:
    seen = story().happens(ev.Tapped("no_card"))
    seen = seen.passes(61) if how == "wait" else seen.happens(ev.Tapped("stop"))
    assert not seen.now.no_card


def _committed(story: Story) -> CheckIn:
    (commit,) = [effect for effect in story.effects if isinstance(effect, fx.Commit)]
    return commit.checkin


_ENDS = {Notice.NONE: 800, Notice.EXPIRING: 30, Notice.GRACE: -30}
"""Days from the story's morning."""


def _checked_in(notice: Notice) -> Story:
    seen = told.signed(not_after=told.MORNING + timedelta(days=_ENDS[notice]))
    seen.happens(ev.Answered(seen.asked(fx.VerifyIdentity), told.answer()))
    if isinstance(seen.stage, Consenting):
        items = seen.stage.items
        seen.happens(ev.Tapped("refuse_all"))
        seen.happens(ev.Concluded(seen.asked(fx.Conclude), told.recorded((), items)))
    return seen.happens(ev.Committed(seen.asked(fx.Commit), QUEUE_NUMBER))
