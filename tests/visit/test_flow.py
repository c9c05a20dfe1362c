"""The visit as sequences of steps: what the patient does, what the kiosk asks for, where it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kiosk.record.checkin import CardSeen, Identity
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity
from kiosk.record.identity import Method, PinProof
from kiosk.record.ids import new_visit_id
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import FarewellKind, Service, ServiceState
from kiosk.visit.profiles import FLOW_2025_03
from kiosk.visit.stage import (
    CheckedIn,
    ChoosingMethod,
    Committing,
    Comparing,
    Concluding,
    Consenting,
    EndReason,
    LookingAtFace,
    Nudge,
    OfferingLastTry,
    PuttingBack,
    Refused,
    Step,
    TakingCard,
    TypingPin,
    Verifying,
)
from kiosk.visit.vocabulary import CameraTrouble, CardProblem, ChipPhoto
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, OTHER_CERTIFICATE, QUEUE_NUMBER, Story


def committed(story: Story) -> fx.Commit:
    (commit,) = story.wanted(fx.Commit)
    assert isinstance(commit, fx.Commit)
    return commit


def help_reasons(story: Story) -> list[HelpReason]:
    return [call.reason for call in story.effects if isinstance(call, fx.CallDesk)]


# -- the PIN way -----------------------------------------------------------------------------------------------------


def test_a_patient_checks_in_with_the_pin() -> None:
    story = told.checked_in()
    assert isinstance(story.stage, CheckedIn)
    checkin = story.stage.checkin
    assert checkin.identity == Identity(Method.PIN)
    assert checkin.eligibility.validity is Validity.VALID
    assert checkin.complete
    assert checkin.simulated
    assert checkin.queue_number == QUEUE_NUMBER
    assert {item for item, c in checkin.consents.items() if c.state is ConsentState.GIVEN} == set(FLOW_2025_03.items)
    visit_id = story.visit.visit_id
    story.happens(ev.Delivered(visit_id), ev.CardRemoved())
    assert story.now.visit is None
    assert story.last == (fx.Wipe(visit_id),)
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.CHECKED_IN
    story.passes(9)
    assert story.now.farewell is None


def test_the_visit_is_opened_by_the_card_under_the_id_the_event_brought() -> None:
    visit_id = new_visit_id()
    story = told.placed(visit_id)
    assert story.visit.visit_id == visit_id
    assert story.visit.today.isoformat() == "2026-10-05"


def test_verify_is_asked_once_after_the_fourth_digit() -> None:
    story = told.typing_pin()
    story.happens(*[ev.DigitTyped()] * 3)
    assert not story.wanted(fx.VerifyPin)
    story.happens(ev.DigitTyped(), ev.DigitTyped(), ev.DigitTyped())
    assert len(story.wanted(fx.VerifyPin)) == 1
    assert isinstance(story.stage, TypingPin)
    assert story.stage.checking


def test_an_erased_digit_can_be_typed_again() -> None:
    story = told.typing_pin().happens(ev.DigitTyped(), ev.DigitErased(), ev.DigitErased(), *[ev.DigitTyped()] * 3)
    assert isinstance(story.stage, TypingPin)
    assert story.stage.digits == 3


def test_a_wrong_pin_says_how_many_tries_are_left() -> None:
    story = told.pin_typed()
    story.happens(ev.PinWrong(story.asked(fx.VerifyPin), 2))
    assert story.stage == TypingPin(tries_left=2, wrong=True)
    assert fx.ForgetDigits() in story.last


def test_the_last_try_is_spent_only_on_an_explicit_wish() -> None:
    story = told.pin_typed(pin_tries=2)
    story.happens(ev.PinWrong(story.asked(fx.VerifyPin), 1))
    assert story.stage == OfferingLastTry(wrong=True)
    story.happens(*[ev.DigitTyped()] * 4)
    assert len(story.wanted(fx.VerifyPin)) == 1
    story.happens(ev.Tapped("last_try"), *[ev.DigitTyped()] * 4)
    assert len(story.wanted(fx.VerifyPin)) == 2


def test_a_card_that_comes_with_one_try_left_asks_before_it_is_typed() -> None:
    assert told.typing_pin(pin_tries=1).stage == OfferingLastTry(wrong=False)


def test_a_lock_seen_in_this_visit_rings_the_desk_and_leaves_only_the_face() -> None:
    story = told.choosing(pin_tries=1).happens(ev.Tapped("choose_pin"), ev.Tapped("last_try"), *[ev.DigitTyped()] * 4)
    story.happens(ev.PinWrong(story.asked(fx.VerifyPin), 0))
    assert story.stage == ChoosingMethod(Nudge.PIN_LOCKED)
    assert help_reasons(story) == [HelpReason.PIN_LOCKED]
    story.happens(ev.Tapped("choose_pin"))
    assert isinstance(story.stage, ChoosingMethod)


def test_a_card_without_a_usable_pin_offers_none() -> None:
    story = told.choosing(pin_tries=None).happens(ev.Tapped("choose_pin"))
    assert isinstance(story.stage, ChoosingMethod)


# -- the face way ----------------------------------------------------------------------------------------------------


def looking() -> Story:
    story = told.choosing().happens(ev.Tapped("choose_face"))
    return story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))


def test_a_matched_face_is_vouched_for_with_the_same_certificate() -> None:
    story = looking()
    story.happens(ev.FaceSeen(story.asked(fx.LookAtFace), None, 0.5))
    story.happens(ev.FaceMatched(story.asked(fx.LookAtFace), simulated=True))
    assert fx.StopLooking() in story.last
    assert isinstance(story.stage, Verifying)
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), told.CHALLENGE))
    (verify,) = story.wanted(fx.VerifyIdentity)
    assert isinstance(verify, fx.VerifyIdentity)
    assert verify.claim.certificate == CERTIFICATE
    assert not story.wanted(fx.SignChallenge)


def test_three_misses_offer_the_pin_and_the_desk_was_rung_after_the_second() -> None:
    story = looking()
    for attempt in (1, 2, 3):
        assert isinstance(story.stage, LookingAtFace)
        assert story.stage.attempt == attempt
        story.happens(ev.FaceNotMatched(story.asked(fx.LookAtFace)))
        assert help_reasons(story) == ([HelpReason.FACE_FAILED] if attempt >= 2 else [])
    assert story.stage == ChoosingMethod(Nudge.FACE_FAILED)
    story.happens(ev.Tapped("choose_face"))
    assert isinstance(story.stage, ChoosingMethod)
    assert not story.wanted(fx.Commit)


def test_a_studio_that_dies_costs_one_attempt_and_the_photo_is_sent_again() -> None:
    story = looking()
    old = story.asked(fx.LookAtFace)
    story.happens(ev.StudioLost())
    assert isinstance(story.stage, LookingAtFace)
    assert story.stage.attempt == 2
    assert len(story.wanted(fx.SendPhoto)) == 2
    story.happens(ev.FaceMatched(old, simulated=True))
    assert isinstance(story.stage, LookingAtFace)


def test_no_photo_means_no_face_way() -> None:
    story = told.choosing().happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoRefused(story.asked(fx.SendPhoto)))
    assert story.stage == ChoosingMethod(Nudge.FACE_UNAVAILABLE)
    story.happens(ev.Tapped("choose_face"))
    assert isinstance(story.stage, ChoosingMethod)


# -- the visual check ------------------------------------------------------------------------------------------------


def comparing(staff: str = "s01") -> Story:
    story = told.choosing()
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, staff, 180.0))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    return story.happens(ev.ComparisonShown(story.asked(fx.ShowComparison), with_photo=True, simulated=True))


def test_staff_who_were_granted_confirm_on_the_board_and_the_record_names_them() -> None:
    story = comparing()
    assert fx.AnswerCommand("command-1", "comparing") in story.effects
    story.happens(ev.VisualConfirmed("command-2", story.visit.visit_id, "s01"))
    assert fx.AnswerCommand("command-2", "confirmed") in story.last
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), told.CHALLENGE))
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), told.answer(Validity.INVALID)))
    assert committed(story).checkin.identity == Identity(Method.VISUAL, "s01")


@pytest.mark.parametrize("trouble", CameraTrouble)
def test_a_camera_that_cannot_be_used_is_told_to_the_desk_in_its_own_words(trouble: CameraTrouble) -> None:
    story = told.choosing().happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto)))
    story.happens(ev.FaceUnavailable(story.asked(fx.LookAtFace), trouble))
    assert story.stage == ChoosingMethod(Nudge.FACE_UNAVAILABLE)
    (call,) = story.wanted(fx.CallDesk)
    assert isinstance(call, fx.CallDesk)
    assert call.reason is HelpReason(f"camera_{trouble}")


def test_without_the_chips_photo_nobody_is_filmed_and_the_print_is_compared() -> None:
    story = told.choosing(photo=ChipPhoto.SHUT)
    story.happens(ev.VisualGranted("command-1", story.visit.visit_id, "s01", 180.0))
    assert isinstance(story.stage, Comparing)
    assert story.stage.shown
    assert not story.stage.with_photo
    assert not story.wanted(fx.ShowComparison)
    assert fx.AnswerCommand("command-1", "comparing") in story.last


def test_nobody_else_can_confirm_a_visual_check() -> None:
    story = comparing()
    story.happens(ev.VisualConfirmed("command-2", story.visit.visit_id, "s02"))
    assert isinstance(story.stage, Comparing)
    assert fx.AnswerCommand("command-2", "not_possible") in story.last
    story.happens(ev.VisualConfirmed("command-3", new_visit_id(), "s01"))
    assert isinstance(story.stage, Comparing)


def test_no_touch_on_the_panel_confirms_a_visual_check() -> None:
    story = comparing()
    for action in ("confirm_visual", "agree_all", "choose_face", "choose_pin", "last_try"):
        story.happens(ev.Tapped(action))
        assert isinstance(story.stage, Comparing)


def test_a_grant_is_for_this_visit_and_for_three_minutes() -> None:
    story = told.choosing()
    story.happens(ev.VisualGranted("command-1", new_visit_id(), "s01", 180.0))
    assert isinstance(story.stage, ChoosingMethod)
    story = comparing().passes(181)
    assert isinstance(story.stage, ChoosingMethod | TakingCard)
    assert not story.wanted(fx.VerifyIdentity)


def test_a_grant_without_a_visit_is_not_possible() -> None:
    story = Story().happens(ev.VisualGranted("command-1", new_visit_id(), "s01", 180.0))
    assert story.last == (fx.AnswerCommand("command-1", "not_possible"),)


def test_a_refused_visual_check_goes_back_to_the_choice() -> None:
    story = comparing()
    story.happens(ev.VisualRefused("command-2", story.visit.visit_id, "s01"))
    assert story.stage == ChoosingMethod(Nudge.VISUAL_REFUSED)


# -- the card --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [CardProblem.OTHER_CARD, CardProblem.UNREADABLE, CardProblem.NO_CERTIFICATE])
def test_a_card_that_cannot_go_on_gets_one_sentence_until_it_is_taken(problem: CardProblem) -> None:
    story = told.placed()
    story.happens(ev.CardRefused(story.asked(fx.ReadCard), problem))
    assert story.stage == Refused(problem)
    story.happens(ev.CardRemoved())
    assert story.now.visit is None


def test_a_certificate_past_its_grace_is_sent_to_reception() -> None:
    story = told.choosing(not_after=told.MORNING - timedelta(days=200))
    assert story.stage == Refused(CardProblem.EXPIRED)
    assert help_reasons(story) == [HelpReason.CARD_UNUSABLE]


def test_within_its_grace_a_certificate_gives_eligibility_without_consents() -> None:
    ended = datetime(2026, 9, 20, 14, 59, 59, tzinfo=UTC)
    story = told.consenting(not_after=ended)
    assert not story.wanted(fx.Conclude)
    checkin = committed(story).checkin
    assert checkin.card == CardSeen(CERTIFICATE.fingerprint, Notice.GRACE)
    assert all(consent.state is ConsentState.NOT_ASKED for consent in checkin.consents.values())
    assert checkin.complete


BEFORE_IDENTITY: list[Callable[[], Story]] = [
    told.placed,
    told.choosing,
    told.typing_pin,
    told.pin_typed,
    looking,
    comparing,
]


@pytest.mark.parametrize("at", BEFORE_IDENTITY)
def test_a_pulled_card_ends_the_visit_from_any_stage_before_identity(at: Callable[[], Story]) -> None:
    story = at()
    visit_id = story.visit.visit_id
    story.happens(ev.CardRemoved())
    assert story.now.visit is None
    assert fx.Wipe(visit_id) in story.last
    assert help_reasons(story)[-1:] == [HelpReason.STOPPED]
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.CARD_GONE
    assert not story.wanted(fx.Commit)


def test_a_card_put_back_in_time_goes_on_where_it_was() -> None:
    story = told.consenting().happens(ev.CardRemoved())
    assert isinstance(story.stage, PuttingBack)
    story.passes(5).happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story))
    assert isinstance(story.stage, Consenting)
    story.happens(ev.Tapped("agree_all"))
    assert isinstance(story.stage, Concluding)


def test_another_card_put_back_ends_the_visit_with_what_was_said() -> None:
    story = told.consenting().happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story, certificate=OTHER_CERTIFICATE))
    checkin = committed(story).checkin
    assert not checkin.complete
    assert checkin.card == CardSeen(CERTIFICATE.fingerprint, Notice.NONE)
    assert all(consent.state is ConsentState.NOT_ASKED for consent in checkin.consents.values())


def test_a_card_that_stays_away_commits_what_there_is_and_gives_no_consent() -> None:
    story = told.consenting().happens(ev.CardRemoved()).passes(11)
    checkin = committed(story).checkin
    assert not checkin.complete
    story.happens(ev.Committed(story.asked(fx.Commit), QUEUE_NUMBER))
    assert story.now.visit is None
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.SEE_RECEPTION
    assert story.now.farewell.queue_number == QUEUE_NUMBER


def test_an_answer_that_comes_while_the_card_is_out_is_not_lost() -> None:
    story = told.signed().happens(ev.CardRemoved())
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), told.answer()))
    assert isinstance(story.stage, PuttingBack)
    assert isinstance(story.stage.inner, Consenting)
    story.passes(11)
    assert committed(story).checkin.eligibility.validity is Validity.VALID


def test_a_broken_dialogue_before_identity_says_so_and_tells_the_desk() -> None:
    story = told.typing_pin().happens(ev.CardLost())
    assert story.stage == TakingCard(EndReason.TROUBLE)
    assert help_reasons(story) == [HelpReason.TROUBLE]


def test_a_forgotten_card_calls_the_desk_once() -> None:
    story = told.checked_in().passes(60)
    assert help_reasons(story) == [HelpReason.CARD_LEFT]


# -- the centre ------------------------------------------------------------------------------------------------------


def test_a_dead_line_loses_nobody() -> None:
    story = told.verifying_pin()
    story.happens(ev.NotAnswered(story.asked(fx.OpenSession)))
    checkin = committed(story).checkin
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    assert checkin.identity == Identity(Method.PIN)


@pytest.mark.parametrize("at", [told.verifying_pin, told.signed])
def test_a_silent_centre_is_given_up_after_its_time(at: Callable[[], Story]) -> None:
    story = at().passes(26)
    assert committed(story).checkin.eligibility.validity is Validity.UNCONFIRMED


def test_an_answer_for_another_certificate_is_no_answer() -> None:
    story = told.signed()
    wrong = told.answer(certificate=OTHER_CERTIFICATE)
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), wrong))
    assert committed(story).checkin.eligibility.validity is Validity.UNCONFIRMED
    assert not committed(story).checkin.eligibility.results


def test_a_refused_proof_is_no_check_in() -> None:
    story = told.signed()
    story.happens(ev.ProofRefused(story.asked(fx.VerifyIdentity)))
    assert story.stage == Refused(CardProblem.NOT_ACCEPTED)
    assert not story.wanted(fx.Commit)


@pytest.mark.parametrize("validity", [Validity.INVALID, Validity.NOT_FOUND, Validity.MULTIPLE])
def test_whoever_is_not_valid_is_recorded_and_sent_to_reception(validity: Validity) -> None:
    story = told.consenting(validity)
    assert committed(story).checkin.eligibility.validity is validity
    story.happens(
        ev.Committed(story.asked(fx.Commit), QUEUE_NUMBER), ev.Delivered(story.visit.visit_id), ev.CardRemoved()
    )
    assert story.now.farewell is not None
    assert story.now.farewell.kind is FarewellKind.SEE_RECEPTION


# -- consents --------------------------------------------------------------------------------------------------------


def test_silence_is_no_consent() -> None:
    story = told.consenting().passes(81)
    checkin = committed(story).checkin
    assert not checkin.complete
    assert all(consent.state is ConsentState.NOT_ASKED for consent in checkin.consents.values())
    assert not story.wanted(fx.Conclude)


def test_items_are_asked_one_by_one_where_the_patient_wishes() -> None:
    story = told.consenting().happens(ev.Tapped("choose_items"))
    for item, action in zip(FLOW_2025_03.items, ("agree_item", "refuse_item", "agree_item"), strict=True):
        assert isinstance(story.stage, Consenting)
        assert story.stage.item is item
        story.happens(ev.Tapped(action))
    (conclude,) = story.wanted(fx.Conclude)
    assert isinstance(conclude, fx.Conclude)
    assert conclude.agreed == (ConsentItem.MEDICATION, ConsentItem.CHECKUP)
    assert conclude.refused == (ConsentItem.DIAGNOSIS,)


def test_a_blanket_button_means_nothing_on_an_item_screen() -> None:
    story = told.consenting().happens(ev.Tapped("choose_items"), ev.Tapped("agree_all"))
    assert isinstance(story.stage, Consenting)


def test_stop_takes_back_what_was_said_item_by_item() -> None:
    story = told.consenting().happens(ev.Tapped("choose_items"), ev.Tapped("agree_item"), ev.Tapped("stop"))
    checkin = committed(story).checkin
    assert not checkin.complete
    assert all(consent.state is ConsentState.NOT_ASKED for consent in checkin.consents.values())


def test_consents_that_did_not_reach_the_centre_do_not_count() -> None:
    story = told.consenting().happens(ev.Tapped("agree_all"))
    story.happens(ev.NotConcluded(story.asked(fx.Conclude)))
    assert all(c.state is ConsentState.NOT_ASKED for c in committed(story).checkin.consents.values())
    assert not committed(story).checkin.complete


def test_a_centre_that_grants_more_than_was_said_is_not_believed() -> None:
    story = told.consenting().happens(ev.Tapped("refuse_all"))
    story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded((ConsentItem.SURGERY,))))
    assert all(c.state is not ConsentState.GIVEN for c in committed(story).checkin.consents.values())


# -- the end ---------------------------------------------------------------------------------------------------------


def test_stop_before_an_answer_leaves_only_a_nameless_line() -> None:
    story = told.typing_pin().happens(ev.Tapped("stop"))
    assert story.stage == TakingCard(EndReason.STOPPED)
    assert fx.CallDesk(story.visit.visit_id, HelpReason.STOPPED, "typing_pin") in story.effects
    story.happens(ev.CardRemoved())
    assert story.now.visit is None
    assert not story.wanted(fx.Commit)


def test_a_minute_of_nothing_ends_the_visit() -> None:
    assert told.choosing().passes(81).stage == TakingCard(EndReason.TIMED_OUT)


def test_the_patient_reads_done_only_after_the_commit() -> None:
    story = told.committing()
    assert isinstance(story.stage, Committing)
    story.happens(ev.Delivered(story.visit.visit_id))
    assert isinstance(story.stage, Committing)
    after = story.happens(ev.NotCommitted(story.asked(fx.Commit)))
    assert after.stage == TakingCard(EndReason.TROUBLE)
    assert help_reasons(after) == [HelpReason.TROUBLE]


def test_without_an_acknowledgement_the_last_screen_sends_to_reception() -> None:
    story = told.checked_in().passes(4)
    assert isinstance(story.stage, CheckedIn)
    assert story.stage.late
    early = told.checked_in()
    visit_id = early.visit.visit_id
    early.happens(ev.CardRemoved())
    assert early.now.farewell is not None
    assert early.now.farewell.kind.value == "sending"
    early.happens(ev.Delivered(visit_id))
    assert early.now.farewell.kind.value == "checked_in"


def test_staff_can_be_called_from_the_idle_screen_and_once_in_a_visit() -> None:
    story = Story().happens(ev.Tapped("call_staff"), ev.Tapped("call_staff"))
    assert help_reasons(story) == [HelpReason.CALLED]
    story = told.choosing().happens(ev.Tapped("call_staff"), ev.Tapped("call_staff"))
    assert help_reasons(story) == [HelpReason.CALLED]
    assert isinstance(story.stage, ChoosingMethod)


def test_a_closed_kiosk_takes_no_card() -> None:
    story = Story().happens(ev.ServiceChanged(Service(ServiceState.CLOSED, "reader")), ev.CardPlaced(new_visit_id()))
    assert story.now.visit is None


def test_a_signature_under_another_certificate_ends_the_visit_and_is_never_sent() -> None:
    story = told.verifying_pin()
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), told.CHALLENGE))
    story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(OTHER_CERTIFICATE, bytes(256))))
    assert story.stage == TakingCard(EndReason.TROUBLE)
    assert not story.wanted(fx.VerifyIdentity)


def test_the_signature_step_needs_the_card() -> None:
    story = told.verifying_pin()
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), told.CHALLENGE))
    assert isinstance(story.stage, Verifying)
    assert story.stage.step is Step.SIGNATURE
    story.happens(ev.CardRemoved())
    assert story.now.visit is None
