"""Every answer of the eligibility system, at every kind of site: where the visit goes, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kiosk.record.checkin import CardSeen, CheckIn, Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Validity
from kiosk.record.identity import PinProof
from kiosk.record.ids import new_visit_id
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.profiles import (
    ELIGIBILITY_ONLY,
    FLOW_2021,
    FLOW_2023,
    FLOW_2024_10,
    FLOW_2025_03,
    PROFILES,
    Facility,
    Profile,
    looked_up,
    profile_of,
)
from kiosk.visit.stage import (
    AskingLimit,
    ChoosingPrescription,
    Committing,
    Concluding,
    Consenting,
    NotingArrival,
    OfferingRegistration,
    ProvidingLimit,
    PuttingBack,
    Refused,
    Stage,
)
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, CHALLENGE, MORNING, PERSON, Story

HOLDS = replace(PERSON, specific_disease=True)
ASKS_FORM = profile_of("flow_2025_03", Facility.CLINIC, on_screen=True, prescription=True)
ON_PAPER = profile_of("flow_2025_03", Facility.CLINIC, on_screen=False, prescription=False)
PAPER_AND_FORM = profile_of("flow_2025_03", Facility.HOSPITAL, on_screen=False, prescription=True)


def signed(profile: Profile = FLOW_2025_03, **changes: object) -> Story:
    """Placed, PIN right, signed: the answer is awaited."""
    story = Story(told.appliance(profile=profile)).happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story, **changes), ev.Tapped("choose_pin"), *[ev.DigitTyped()] * 4)
    story.happens(ev.PinRight(story.asked(fx.VerifyPin)))
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), CHALLENGE))
    return story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(CERTIFICATE, bytes(256))))


def answered(answer: EligibilityAnswer, profile: Profile = FLOW_2025_03, **changes: object) -> Story:
    story = signed(profile, **changes)
    return story.happens(ev.Answered(story.asked(fx.VerifyIdentity), answer))


def stage(story: Story) -> Stage:
    return story.visit.stage


def committed(story: Story) -> CheckIn:
    commit = story.wanted(fx.Commit)[-1]
    assert isinstance(commit, fx.Commit)
    return commit.checkin


# -- answer x profile -> stage ---------------------------------------------------------------------------------------

ASKED = {Validity.VALID, Validity.VALID_UNREGISTERED}


@pytest.mark.parametrize("profile", [*PROFILES.values(), ON_PAPER], ids=lambda profile: profile.name)
@pytest.mark.parametrize("validity", [each for each in Validity if each is not Validity.UNCONFIRMED])
def test_consents_are_asked_exactly_of_a_valid_insurance_where_the_site_asks(
    validity: Validity, profile: Profile
) -> None:
    story = answered(told.answer(validity), profile)
    if validity in ASKED and profile.items:
        assert stage(story) == Consenting(
            told.answer(validity), profile.items, item=None if profile.blanket else profile.items[0]
        )
        return
    assert isinstance(stage(story), Committing)
    checkin = committed(story)
    assert checkin.eligibility.validity is validity
    assert checkin.complete
    assert {consent.state for consent in checkin.consents.values()} == {ConsentState.NOT_ASKED}
    assert checkin.prescription is Prescription.NOT_ASKED


@pytest.mark.parametrize(
    ("profile", "items"),
    [
        (FLOW_2021, (ConsentItem.MEDICATION, ConsentItem.CHECKUP)),
        (FLOW_2023, (ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.SURGERY, ConsentItem.CHECKUP)),
        (FLOW_2024_10, (ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.SURGERY, ConsentItem.CHECKUP)),
        (FLOW_2025_03, (ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.CHECKUP)),
        (ELIGIBILITY_ONLY, ()),
    ],
    ids=lambda value: value.name if isinstance(value, Profile) else "",
)
def test_each_flow_asks_for_its_items(profile: Profile, items: tuple[ConsentItem, ...]) -> None:
    assert profile.asked_of(told.answer()) == items


@pytest.mark.parametrize(
    ("person", "profile", "asked"),
    [
        (PERSON, FLOW_2025_03, False),
        (HOLDS, FLOW_2025_03, True),
        (HOLDS, ELIGIBILITY_ONLY, False),
        (HOLDS, ON_PAPER, False),
    ],
    ids=["not held", "held", "eligibility only", "on paper"],
)
def test_the_specific_disease_certificate_is_asked_for_only_where_it_is_held(
    person: EligibilityResult, profile: Profile, asked: bool
) -> None:
    story = answered(told.answer(person=person), profile)
    items = story.stage.items if isinstance(stage(story), Consenting) else ()
    assert (ConsentItem.SPECIFIC_DISEASE in items) is asked


def test_the_blanket_yes_covers_the_certificate_that_is_held() -> None:
    story = answered(told.answer(person=HOLDS)).happens(ev.Tapped("agree_all"))
    assert story.stage.agreed == (*FLOW_2025_03.items, ConsentItem.SPECIFIC_DISEASE)


# -- grace, refusals, no answer --------------------------------------------------------------------------------------


def test_in_the_grace_after_its_end_a_certificate_gives_eligibility_and_nothing_else() -> None:
    story = answered(told.answer(), PAPER_AND_FORM, not_after=MORNING - timedelta(days=20))
    assert isinstance(stage(story), Committing)
    assert committed(story).card == CardSeen(CERTIFICATE.fingerprint, Notice.GRACE)
    assert committed(story).prescription is Prescription.NOT_ASKED


def test_a_refused_proof_says_see_reception_and_nothing_more() -> None:
    story = signed()
    story.happens(ev.ProofRefused(story.asked(fx.VerifyIdentity)))
    assert isinstance(stage(story), Refused)
    assert not story.wanted(fx.Commit)


@pytest.mark.parametrize("profile", [FLOW_2025_03, ASKS_FORM, ELIGIBILITY_ONLY], ids=["usual", "form", "eligibility"])
def test_no_answer_records_the_arrival_and_asks_for_nothing(profile: Profile) -> None:
    story = signed(profile)
    story.happens(ev.NotAnswered(story.asked(fx.VerifyIdentity)))
    checkin = committed(story)
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    assert {consent.state for consent in checkin.consents.values()} == {ConsentState.NOT_ASKED}


@pytest.mark.parametrize(
    ("card", "answered_for", "believed"),
    [
        (date(1980, 2, 17), date(1980, 2, 17), True),
        (date(1980, 2, 17), date(1980, 2, 18), False),
        (None, date(1980, 2, 17), True),
        (date(1980, 2, 17), None, True),
    ],
    ids=["the same", "another", "the card's unknown", "the answer's unknown"],
)
def test_an_answer_for_somebody_of_another_age_is_none(
    card: date | None, answered_for: date | None, believed: bool
) -> None:
    story = told.choosing().happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto), None, card))
    story.happens(ev.FaceMatched(story.asked(fx.LookAtFace), simulated=True))
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), CHALLENGE))
    person = replace(PERSON, birth_date=answered_for)
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), told.answer(person=person)))
    if believed:
        assert isinstance(stage(story), Consenting)
    else:
        story.happens(ev.HolderUnread(story.asked(fx.ReadHolder)))
        assert committed(story).eligibility.validity is Validity.UNCONFIRMED
        assert committed(story).eligibility.results == ()


# -- who came, where nobody answered ---------------------------------------------------------------------------------


def unanswered() -> Story:
    """Confirmed by the face, so that check number B was right in this visit; and then no answer."""
    story = told.choosing().happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto), None, date(1980, 2, 17)))
    story.happens(ev.FaceMatched(story.asked(fx.LookAtFace), simulated=True))
    return story.happens(ev.NotAnswered(story.asked(fx.OpenSession)))


def test_where_nobody_answered_the_record_says_who_the_card_says_it_is() -> None:
    story = unanswered()
    assert isinstance(stage(story), NotingArrival)
    story.happens(ev.HolderRead(story.asked(fx.ReadHolder), "試験\u3000花子", date(1980, 2, 17)))
    checkin = committed(story)
    assert checkin.eligibility.validity is Validity.UNCONFIRMED
    assert checkin.eligibility.results == (EligibilityResult(name="試験\u3000花子", birth_date=date(1980, 2, 17)),)


@pytest.mark.parametrize("how", ["unread", "pulled", "lost", "late", "stop"])
def test_an_arrival_is_recorded_without_a_name_too(how: str) -> None:
    story = unanswered()
    match how:
        case "unread":
            story.happens(ev.HolderUnread(story.asked(fx.ReadHolder)))
        case "pulled":
            story.happens(ev.CardRemoved())
        case "lost":
            story.happens(ev.CardLost())
        case "stop":
            story.happens(ev.Tapped("stop")).passes(4)
        case _:
            story.passes(4)
    assert committed(story).eligibility.results == ()


def test_without_check_number_b_nobody_is_asked_for_a_name() -> None:
    story = signed()
    story.happens(ev.NotAnswered(story.asked(fx.VerifyIdentity)))
    assert not story.wanted(fx.ReadHolder)
    assert committed(story).eligibility.results == ()


# -- first-time registration -----------------------------------------------------------------------------------------


def test_an_unregistered_card_is_offered_registration_and_then_goes_on_as_any_other() -> None:
    story = answered(told.unregistered())
    assert stage(story) == OfferingRegistration(CHALLENGE)
    assert not story.wanted(fx.Register)
    story.happens(ev.Tapped("register"))
    assert story.last == (fx.Register(CHALLENGE.session, story.asked(fx.Register)),)
    story.happens(ev.Answered(story.asked(fx.Register), told.answer()))
    assert isinstance(stage(story), Consenting)


@pytest.mark.parametrize("how", ["no", "silence", "stop", "pulled"])
def test_nobody_is_registered_who_did_not_say_yes_and_nobody_who_came_is_lost(how: str) -> None:
    story = answered(told.unregistered())
    match how:
        case "no":
            story.happens(ev.Tapped("register_not"))
        case "silence":
            story.passes(81)
        case "stop":
            story.happens(ev.Tapped("stop"))
        case _:
            story.happens(ev.CardRemoved()).passes(11)
    assert not story.wanted(fx.Register)
    assert committed(story).eligibility.validity is Validity.UNCONFIRMED


@pytest.mark.parametrize("then", ["still", "nothing", "late"])
def test_a_registration_that_does_not_work_out_is_left_to_reception(then: str) -> None:
    story = answered(told.unregistered()).happens(ev.Tapped("register"))
    match then:
        case "still":
            story.happens(ev.Answered(story.asked(fx.Register), told.unregistered()))
        case "nothing":
            story.happens(ev.NotAnswered(story.asked(fx.Register)))
        case _:
            story.passes(26)
    assert committed(story).eligibility.validity is Validity.UNCONFIRMED
    assert len(story.wanted(fx.Register)) == 1


def test_a_second_tap_registers_once() -> None:
    story = answered(told.unregistered()).happens(ev.Tapped("register"), ev.Tapped("register"))
    assert len(story.wanted(fx.Register)) == 1


def test_a_card_put_back_during_the_question_finds_it_again() -> None:
    story = answered(told.unregistered()).happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    assert isinstance(stage(story), PuttingBack)
    story.happens(told.card_read(story))
    assert stage(story) == OfferingRegistration(CHALLENGE)


# -- the prescription's form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "form"),
    [("prescription_electronic", Prescription.ELECTRONIC), ("prescription_paper", Prescription.PAPER)],
)
def test_the_form_is_asked_after_the_consents_and_handed_over_with_them(action: str, form: Prescription) -> None:
    story = answered(told.answer(), ASKS_FORM).happens(ev.Tapped("agree_all"))
    assert isinstance(stage(story), ChoosingPrescription)
    assert not story.wanted(fx.Conclude)
    story.happens(ev.Tapped(action))
    (conclude,) = story.wanted(fx.Conclude)
    assert isinstance(conclude, fx.Conclude)
    assert conclude.prescription is form
    assert conclude.agreed == ASKS_FORM.items
    story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded(ASKS_FORM.items)))
    assert committed(story).prescription is form


def test_the_form_is_asked_even_where_no_consent_is() -> None:
    story = answered(told.answer(), PAPER_AND_FORM)
    assert isinstance(stage(story), ChoosingPrescription)
    story.happens(ev.Tapped("prescription_paper"))
    assert isinstance(stage(story), Concluding)
    story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded(())))
    assert committed(story).prescription is Prescription.PAPER


@pytest.mark.parametrize("validity", [each for each in Validity if each not in {Validity.VALID, Validity.UNCONFIRMED}])
def test_the_form_is_asked_of_a_valid_insurance_only(validity: Validity) -> None:
    story = answered(told.answer(validity), ASKS_FORM)
    if isinstance(stage(story), Consenting):
        story.happens(ev.Tapped("refuse_all"))
    assert not isinstance(stage(story), ChoosingPrescription)


@pytest.mark.parametrize("how", ["silence", "pulled", "stop"])
def test_silence_chooses_no_form_and_the_arrival_is_recorded(how: str) -> None:
    story = answered(told.answer(), ASKS_FORM).happens(ev.Tapped("agree_all"))
    match how:
        case "silence":
            story.passes(81)
        case "pulled":
            story.happens(ev.CardRemoved()).passes(11)
        case _:
            story.happens(ev.Tapped("stop"))
    if story.wanted(fx.Conclude):
        story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded(ASKS_FORM.items)))
    checkin = committed(story)
    assert checkin.prescription is Prescription.NOT_ASKED
    assert not checkin.complete
    given = {item for item, consent in checkin.consents.items() if consent.state is ConsentState.GIVEN}
    assert given == (set() if how == "stop" else set(ASKS_FORM.items))


# -- the limit, where a number is looked up --------------------------------------------------------------------------

LOOKED_UP = looked_up(FLOW_2025_03)


def identified(profile: Profile) -> Story:
    story = Story(told.appliance(profile=profile)).happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story), ev.Tapped("choose_pin"), *[ev.DigitTyped()] * 4)
    return story.happens(ev.PinRight(story.asked(fx.VerifyPin)))


@pytest.mark.parametrize(("how", "agreed"), [("limit_yes", True), ("limit_no", False), ("silence", False)])
def test_the_limit_is_asked_before_the_look_up_and_silence_is_no(how: str, agreed: bool) -> None:
    story = identified(LOOKED_UP)
    assert isinstance(stage(story), AskingLimit)
    assert not story.wanted(fx.OpenSession)
    story = story.passes(81) if how == "silence" else story.happens(ev.Tapped(how))
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), CHALLENGE))
    story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(CERTIFICATE, bytes(256))))
    (verify,) = story.wanted(fx.VerifyIdentity)
    assert isinstance(verify, fx.VerifyIdentity)
    assert verify.limit_consent is agreed
    story.happens(ev.Answered(verify.ask, told.answer(person=HOLDS)))
    assert isinstance(stage(story), Committing), "no medical information, so no consents"


def test_the_card_s_own_proof_needs_no_question_of_the_limit() -> None:
    assert not isinstance(stage(identified(FLOW_2025_03)), AskingLimit)


def test_a_look_up_cannot_hand_a_prescription_s_form_over() -> None:
    with pytest.raises(ValueError, match=r"^prescription: cannot be handed over by number look-up"):
        looked_up(ASKS_FORM)


# -- profiles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "facility", "sentence"),
    [
        ("flow_1999", Facility.CLINIC, "profile: expected one of"),
        ("flow_2025_03", Facility.PHARMACY, "prescription: a pharmacy dispenses"),
        ("eligibility_only", Facility.CLINIC, "prescription: a site with eligibility only"),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_a_sentence(name: str, facility: Facility, sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}"):
        profile_of(name, facility, on_screen=True, prescription=True)


# -- the limit, in the flows that ask for it behind the consents -------------------------------------------------------

LIMITED = replace(PERSON, limit_category="A03")


def at_the_limit() -> Story:
    story = answered(told.answer(person=LIMITED), FLOW_2021)
    return story.happens(ev.Tapped("agree_item"), ev.Tapped("refuse_item"))


def test_in_the_old_flows_the_limit_is_asked_behind_the_consents() -> None:
    story = at_the_limit()
    assert isinstance(stage(story), ProvidingLimit)
    assert not story.wanted(fx.Conclude)


def test_a_card_put_back_at_the_limit_finds_the_question_again() -> None:
    story = at_the_limit()
    asked = stage(story)
    story.happens(ev.CardRemoved(), ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story))
    assert stage(story) == asked


def test_stop_at_the_limit_gives_nothing_away() -> None:
    story = at_the_limit().happens(ev.Tapped("stop"))
    checkin = committed(story)
    assert not checkin.complete
    assert {consent.state for consent in checkin.consents.values()} == {ConsentState.NOT_ASKED}
    assert [result.limit_category for result in checkin.eligibility.results] == [None]


@pytest.mark.parametrize("validity", [each for each in Validity if each not in {Validity.VALID, Validity.UNCONFIRMED}])
def test_the_limit_is_asked_of_a_valid_insurance_only(validity: Validity) -> None:
    story = answered(told.answer(validity, person=LIMITED), FLOW_2021)
    if isinstance(stage(story), Consenting):
        story.happens(ev.Tapped("agree_item"), ev.Tapped("agree_item"))
        story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded(FLOW_2021.items)))
    assert [result.limit_category for result in committed(story).eligibility.results] == [None]


def test_since_2024_the_limit_comes_with_the_card_unasked() -> None:
    story = answered(told.answer(person=LIMITED)).happens(ev.Tapped("refuse_all"))
    story.happens(ev.Concluded(story.asked(fx.Conclude), told.recorded((), FLOW_2025_03.items)))
    assert [result.limit_category for result in committed(story).eligibility.results] == ["A03"]


@pytest.mark.parametrize("agrees", [True, False])
def test_a_certificate_that_may_not_be_passed_on_is_not_in_the_record(agrees: bool) -> None:
    story = answered(told.answer(person=HOLDS)).happens(ev.Tapped("agree_all" if agrees else "refuse_all"))
    items = (*FLOW_2025_03.items, ConsentItem.SPECIFIC_DISEASE)
    given = told.recorded(items) if agrees else told.recorded((), items)
    story.happens(ev.Concluded(story.asked(fx.Conclude), given))
    assert [result.specific_disease for result in committed(story).eligibility.results] == [agrees]
