"""What holds whatever happens: late, doubled and swapped answers, a pulled card, a dead line, nobody there."""

from __future__ import annotations

import dataclasses
import itertools
import typing
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.door import REFUSALS
from kiosk.record.eligibility import EligibilityResult, Validity
from kiosk.record.identity import Certificate, Challenge, Method, PinProof
from kiosk.record.ids import VisitId, new_visit_id
from kiosk.visit import appliance as ap
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit import stage as stages
from kiosk.visit import vocabulary as vo
from kiosk.visit.flow import step
from kiosk.visit.profiles import ELIGIBILITY_ONLY, FLOW_2025_03, Facility, Limit, Profile, looked_up, profile_of
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, CHALLENGE, MORNING, OTHER_CERTIFICATE, QUEUE_NUMBER, Story

ACTIONS = [
    "choose_face",
    "choose_pin",
    "last_try",
    "number_typed",
    "agree_all",
    "refuse_all",
    "choose_items",
    "agree_item",
    "refuse_item",
    "register",
    "register_not",
    "limit_yes",
    "limit_no",
    "prescription_electronic",
    "prescription_paper",
    "stop",
    "call_staff",
    "staff",
    "staff_back",
    "visual_confirm",
    "visual_refuse",
    *(f"visual_because:{why}" for why in REFUSALS),
    "nonsense",
]
STAFF = ("s01", "s02")
SITES = (
    FLOW_2025_03,
    profile_of("flow_2023", Facility.HOSPITAL, on_screen=True, prescription=True),
    profile_of("flow_2025_03", Facility.CLINIC, on_screen=False, prescription=True),
    ELIGIBILITY_ONLY,
    looked_up(FLOW_2025_03),
)
HOLDS_CERTIFICATE = replace(told.PERSON, specific_disease=True, limit_category="A03")

Make = Callable[[ap.Ask], ev.Answer]
SESSIONS = (CHALLENGE, Challenge("session-2", bytes(32)))

ANSWERS: dict[type[fx.Request], tuple[Make, ...]] = {
    fx.ReadCard: (
        lambda a: ev.CardRead(a, CERTIFICATE, MORNING + timedelta(days=800), 3, vo.ChipPhoto.READABLE, simulated=True),
        lambda a: ev.CardRead(
            a, OTHER_CERTIFICATE, MORNING + timedelta(days=800), 1, vo.ChipPhoto.ABSENT, simulated=True
        ),
        lambda a: ev.CardRead(
            a, CERTIFICATE, MORNING - timedelta(days=20), None, vo.ChipPhoto.READABLE, simulated=True
        ),
        lambda a: ev.CardRefused(a, vo.CardProblem.OTHER_CARD),
    ),
    fx.VerifyPin: (ev.PinRight, lambda a: ev.PinWrong(a, 2), lambda a: ev.PinWrong(a, 1), lambda a: ev.PinWrong(a, 0)),
    fx.SignChallenge: (lambda a: ev.ChallengeSigned(a, PinProof(CERTIFICATE, bytes(256))),),
    fx.SendPhoto: (
        ev.PhotoSent,
        ev.PhotoRefused,
        lambda a: ev.PhotoRefused(a, again=True),
        lambda a: ev.PhotoRefused(a, absent=True),
    ),
    fx.ReadHolder: (lambda a: ev.HolderRead(a, "試験　花子", date(1980, 2, 17)), ev.HolderUnread),
    fx.ReadFront: (
        lambda a: ev.FrontSeen(a, vo.FrontAdvice.GLARE, 0.3),
        ev.FrontRead,
        ev.FrontRead,
        ev.FrontUnreadable,
        ev.FaceUnavailable,
    ),
    fx.LookAtFace: (
        lambda a: ev.FaceSeen(a, vo.Advice.COME_CLOSER, 0.3),
        lambda a: ev.FaceSeen(a, None, 0.6, vo.FacePrompt.TURN_LEFT),
        lambda a: ev.FaceMatched(a, simulated=True),
        ev.FaceNotMatched,
        ev.FaceUnavailable,
    ),
    fx.ShowComparison: (lambda a: ev.ComparisonShown(a, with_photo=True, simulated=True), ev.FaceUnavailable),
    fx.OpenSession: (
        lambda a: ev.SessionOpened(a, SESSIONS[0]),
        lambda a: ev.SessionOpened(a, SESSIONS[1]),
        ev.NotAnswered,
    ),
    fx.VerifyIdentity: (
        lambda a: ev.Answered(a, told.answer()),
        lambda a: ev.Answered(a, told.answer(Validity.INVALID, session="session-2")),
        lambda a: ev.Answered(a, told.answer(certificate=OTHER_CERTIFICATE)),
        lambda a: ev.Answered(a, told.unregistered()),
        lambda a: ev.Answered(a, told.answer(person=HOLDS_CERTIFICATE)),
        ev.NotAnswered,
        ev.ProofRefused,
    ),
    fx.Register: (
        lambda a: ev.Answered(a, told.answer()),
        lambda a: ev.Answered(a, told.unregistered()),
        lambda a: ev.Answered(a, told.answer(certificate=OTHER_CERTIFICATE)),
        ev.NotAnswered,
        ev.ProofRefused,
    ),
    fx.Conclude: (
        lambda a: ev.Concluded(a, told.recorded(tuple(ConsentItem))),
        lambda a: ev.Concluded(a, told.recorded((ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.CHECKUP))),
        lambda a: ev.Concluded(a, told.recorded(())),
        ev.NotConcluded,
    ),
    fx.Commit: (lambda a: ev.Committed(a, QUEUE_NUMBER), ev.NotCommitted),
    fx.VerifyStaff: (
        lambda a: ev.StaffVerified(a, "check-1", STAFF[0], 180.0),
        lambda a: ev.StaffVerified(a, "check-2", STAFF[1], 600.0),
        lambda a: ev.StaffVerified(a, "check-3", STAFF[1], -1.0),
        lambda a: ev.StaffNotVerified(a, vo.StaffTrouble.WRONG),
        lambda a: ev.StaffNotVerified(a, vo.StaffTrouble.UNREACHABLE),
    ),
}


class Watched(Story):
    """A story that checks, at every step, what must never happen."""

    def __init__(self, source: vo.CheckNumberSource, profile: Profile = FLOW_2025_03) -> None:
        super().__init__(told.appliance(source, profile))
        self.committed: set[VisitId] = set()
        self.verifies = 0
        self.digits_since_forget = 0
        self.confirmed_by: dict[VisitId, str] = {}
        self.agreed_taps: dict[VisitId, int] = {}
        self.form_tapped: dict[VisitId, str] = {}
        self.limit_taps: set[VisitId] = set()
        self.verified: dict[VisitId, tuple[float, str]] = {}

    def happens(self, *events: ev.Event) -> Watched:
        for event in events:
            before = self.now.visit
            super().happens(event)
            self._check(before, event)
        return self

    def _check(self, before: ap.Visit | None, event: ev.Event) -> None:
        if isinstance(event, ev.StaffVerified) and before is not None and event.ask.number in before.outstanding:
            self.verified[before.visit_id] = (self.now.mono, event.staff_id)
        agrees = isinstance(event, ev.Tapped) and event.action.startswith("agree")
        if agrees and before is not None and isinstance(before.stage, stages.Consenting):
            self.agreed_taps[before.visit_id] = self.agreed_taps.get(before.visit_id, 0) + 1
        if isinstance(event, ev.Tapped) and event.action.startswith("prescription_") and before is not None:
            self.form_tapped[before.visit_id] = event.action.removeprefix("prescription_")
        if event == ev.Tapped("limit_yes") and before is not None:
            self.limit_taps.add(before.visit_id)
        for effect in self.last:
            if isinstance(effect, fx.Register):
                assert event == ev.Tapped("register")
            if isinstance(effect, fx.Request):
                assert self.now.visit is not None
                assert effect.ask.visit_id == self.now.visit.visit_id
            if isinstance(effect, fx.Commit):
                self._check_commit(effect, before, event)
            if isinstance(effect, fx.VerifyPin | fx.VerifyStaff):
                assert isinstance(event, ev.DigitTyped)
            if isinstance(effect, fx.SendPhoto):
                self._check_send(effect, before, event)
            if isinstance(effect, fx.VerifyIdentity) and effect.limit_consent:
                assert self.now.profile.limit is Limit.BEFORE_LOOK_UP
                assert before is not None
                assert before.visit_id in self.limit_taps
            if isinstance(effect, fx.VerifyIdentity):
                assert before is not None
                assert before.card is not None
                assert effect.claim.certificate == before.card.certificate
                assert before.identity is not None
        if before is not None and self.now.visit is None:
            assert fx.Wipe(before.visit_id) in self.last
        after = self.now.visit
        if before is not None and before.identity is None and after is not None and after.identity is not None:
            if after.identity is Method.VISUAL:
                self._check_visual(before, after, event)
            else:
                assert isinstance(event, ev.PinRight | ev.FaceMatched)

    def _check_visual(self, before: ap.Visit, after: ap.Visit, event: ev.Event) -> None:
        """By the board for a grant of the board, by a tap only within a minute of the right code and PIN at this kiosk."""
        stage = before.stage
        assert isinstance(stage, stages.Comparing)
        assert stage.shown
        assert after.staff_id == stage.grant.staff_id
        assert self.now.mono <= stage.grant.until
        if stage.grant.at_kiosk:
            assert event == ev.Tapped("visual_confirm")
            at, staff_id = self.verified[before.visit_id]
            assert self.now.mono - at <= 60
            assert after.staff_id == staff_id
        else:
            assert isinstance(event, ev.VisualConfirmed)
            assert (event.visit_id, event.staff_id) == (before.visit_id, after.staff_id)

    def _check_send(self, send: fx.SendPhoto, before: ap.Visit | None, event: ev.Event) -> None:
        """A number that was typed is sent only on a wish; one that was read only for the card that was read first."""
        visit = self.now.visit
        assert visit is not None
        assert before is not None
        assert visit.card_present
        assert send.source is self.now.number_source
        assert visit.card is not None
        assert visit.card.photo is vo.ChipPhoto.READABLE
        if send.source is vo.CheckNumberSource.TYPED:
            assert event == ev.Tapped("number_typed") or isinstance(event, ev.FaceNotMatched | ev.StudioLost)
        assert visit.front_failures < 2

    def _check_commit(self, commit: fx.Commit, before: ap.Visit | None, event: ev.Event) -> None:
        checkin = commit.checkin
        assert before is not None
        assert checkin.checkin_id == before.visit_id == commit.ask.visit_id
        assert checkin.checkin_id not in self.committed
        self.committed.add(checkin.checkin_id)
        given_items = [i for i, c in checkin.consents.items() if c.state is ConsentState.GIVEN]
        if given_items:
            assert self.agreed_taps.get(checkin.checkin_id, 0) >= 1
            asked = set(self.now.profile.items) | {ConsentItem.SPECIFIC_DISEASE}
            assert set(given_items) <= asked
            held = any(result.specific_disease for result in checkin.eligibility.results)
            assert held is (ConsentItem.SPECIFIC_DISEASE in given_items)
            assert isinstance(event, ev.Concluded)
        if checkin.prescription is not Prescription.NOT_ASKED:
            assert self.now.profile.prescription
            assert checkin.eligibility.validity is Validity.VALID
            assert checkin.prescription.value == self.form_tapped[checkin.checkin_id]
        for person in checkin.eligibility.results if checkin.eligibility.validity is Validity.UNCONFIRMED else ():
            assert before.photo_sent
            assert person == EligibilityResult(name=person.name, birth_date=person.birth_date)
        if checkin.eligibility.validity is not Validity.UNCONFIRMED:
            (person,) = checkin.eligibility.results
            assert replace(person, specific_disease=False, limit_category=None) == told.PERSON
            if person.specific_disease:
                assert ConsentItem.SPECIFIC_DISEASE in given_items
            if person.limit_category is not None:
                assert self.now.profile.limit is Limit.UNASKED or checkin.checkin_id in self.limit_taps


@st.composite
def happenings(draw: st.DrawFn) -> Watched:
    """Sixty things that happen, honest, late, doubled or from another visit."""
    story = Watched(draw(st.sampled_from(vo.CheckNumberSource)), draw(st.sampled_from(SITES)))
    asked: list[fx.Request] = []
    for _ in range(draw(st.integers(5, 60))):
        kind = draw(st.integers(0, 11))
        if kind <= 4 and asked:
            request = asked[-1] if draw(st.booleans()) else draw(st.sampled_from(asked))
            make = draw(st.sampled_from(ANSWERS[type(request)]))
            story.happens(make(request.ask))
        elif kind == 5:
            story.happens(ev.CardPlaced(new_visit_id()))
        elif kind == 6:
            lost: list[ev.Event] = [ev.CardRemoved(), ev.CardLost(), ev.StudioLost()]
            story.happens(draw(st.sampled_from(lost)))
        elif kind == 7:
            story.passes(draw(st.sampled_from([0.25, 1, 4, 11, 30, 70])))
        elif kind == 8:
            story.happens(*[ev.DigitTyped()] * draw(st.integers(1, 10)))
        elif kind == 9:
            visit_id = story.now.visit.visit_id if story.now.visit and draw(st.booleans()) else new_visit_id()
            staff = draw(st.sampled_from(STAFF))
            from_the_desk: list[ev.Event] = [
                ev.VisualGranted("c", visit_id, staff, 180.0),
                ev.VisualConfirmed("c", visit_id, staff),
                ev.VisualRefused("c", visit_id, staff),
                ev.Delivered(visit_id),
                ev.Paused("c"),
                ev.Resumed("c"),
                ev.RestartAsked("c"),
                ev.RestartFailed(),
                ev.ReceptionReached(reachable=draw(st.booleans())),
            ]
            story.happens(draw(st.sampled_from(from_the_desk)))
        else:
            story.happens(ev.Tapped(draw(st.sampled_from(ACTIONS))))
        asked.extend(e for e in story.effects[len(story.effects) - len(story.last) :] if isinstance(e, fx.Request))
    return story


@settings(max_examples=400, deadline=None)
@given(happenings())
def test_whatever_happens_nothing_is_confirmed_consented_or_committed_that_was_not(story: Watched) -> None:
    commits = story.wanted(fx.Commit)
    assert len(commits) == len(story.committed)


@settings(max_examples=300, deadline=None)
@given(happenings())
def test_a_check_at_the_kiosk_that_stood_is_reported_once(story: Watched) -> None:
    stage = story.now.visit.stage if story.now.visit else None
    story.happens(ev.CardRemoved())
    reported = [effect for effect in story.effects if isinstance(effect, fx.ReportVisual)]
    if isinstance(stage, stages.Comparing) and stage.grant.at_kiosk:
        assert reported[-1].grant_id == stage.grant.grant_id
        assert isinstance(story.last[0], fx.ReportVisual)
    for report in reported:
        assert report.visit_id in story.verified


@st.composite
def touches(draw: st.DrawFn) -> Watched:
    """Whatever fingers can do on the panel, and time; staff never type a right code, and nobody presses on the board."""
    story = Watched(vo.CheckNumberSource.KNOWN)
    story.happens(ev.CardPlaced(new_visit_id()))
    story.happens(told.card_read(story), ev.Tapped("call_staff"))
    granted = draw(st.booleans())
    for _ in range(draw(st.integers(1, 80))):
        kind = draw(st.integers(0, 5))
        if kind == 0:
            story.happens(*[ev.DigitTyped()] * draw(st.integers(1, 10)))
        elif kind == 1:
            story.passes(draw(st.sampled_from([0.25, 1, 61])))
        elif kind == 2 and granted and story.now.visit is not None:
            story.happens(ev.VisualGranted("c", story.now.visit.visit_id, STAFF[0], 180.0))
        elif kind == 3 and story.effects and isinstance(story.effects[-1], fx.VerifyStaff):
            story.happens(ev.StaffNotVerified(story.effects[-1].ask, draw(st.sampled_from(vo.StaffTrouble))))
        elif kind == 4:
            for effect in story.last:
                if isinstance(effect, fx.ShowComparison):
                    story.happens(ev.ComparisonShown(effect.ask, with_photo=True, simulated=True))
                elif isinstance(effect, fx.SendPhoto):
                    story.happens(ev.PhotoSent(effect.ask))
        else:
            story.happens(ev.Tapped(draw(st.sampled_from(ACTIONS))))
    return story


@settings(max_examples=400, deadline=None)
@given(touches())
def test_no_touch_alone_ever_confirms_by_sight(story: Watched) -> None:
    assert not [e for e in story.effects if isinstance(e, fx.VerifyIdentity | fx.Commit)]
    assert story.now.visit is None or story.now.visit.identity is None
    assert not [e for e in story.effects if isinstance(e, fx.ReportVisual)]


@settings(max_examples=200, deadline=None)
@given(happenings())
def test_from_anywhere_the_kiosk_comes_to_rest_when_nobody_touches_it_again(story: Watched) -> None:
    story.passes(400)
    visit = story.now.visit
    if visit is not None:
        assert isinstance(visit.stage, stages.CheckedIn | stages.TakingCard | stages.Refused | stages.Committing)
    story.happens(ev.CardRemoved())
    if story.now.visit is not None:
        assert isinstance(story.now.visit.stage, stages.Committing)
        commit = story.wanted(fx.Commit)[-1]
        assert isinstance(commit, fx.Commit)
        story.happens(ev.Committed(commit.ask, QUEUE_NUMBER))
    assert story.now.visit is None
    story.passes(30)
    assert story.now.farewell is None


@settings(max_examples=200, deadline=None)
@given(happenings(), st.booleans())
def test_the_card_is_the_same_from_the_first_look_to_the_last(story: Watched, pulled: bool) -> None:
    before = story.now.visit
    story.happens(ev.CardRemoved() if pulled else ev.Tapped("stop"))
    after = story.now.visit
    if before is not None and after is not None and before.visit_id == after.visit_id and before.card is not None:
        assert after.card is not None
        assert after.card.certificate == before.card.certificate


@settings(max_examples=200, deadline=None)
@given(happenings(), st.booleans())
def test_once_there_is_an_answer_every_end_commits(story: Watched, pulled: bool) -> None:
    visit = story.now.visit
    stage = visit.stage if visit is not None else None
    inner = stage.inner if isinstance(stage, stages.PuttingBack) else stage
    if visit is None or not isinstance(inner, stages.Consenting | stages.ChoosingPrescription | stages.Concluding):
        return
    story.happens(ev.CardRemoved() if pulled else ev.Tapped("stop")).passes(120)
    assert visit.visit_id in story.committed


def test_answers_swapped_between_two_visits_change_nothing() -> None:
    first, second = told.signed(), told.signed()
    stolen = ev.Answered(first.asked(fx.VerifyIdentity), told.answer())
    before = second.now
    second.happens(stolen)
    assert second.now == before
    assert second.last == ()


def test_a_doubled_answer_is_heard_once() -> None:
    story = told.signed()
    answered = ev.Answered(story.asked(fx.VerifyIdentity), told.answer())
    once = story.happens(answered).now
    assert story.happens(answered).now == once
    assert story.last == ()


# -- what the heart can hold -----------------------------------------------------------------------------------------

SECRET_WORDS = ("pin_digits", "digit_value", "code", "photo_bytes", "frame", "image", "template", "check_number")
ALLOWED_BYTES = {(Certificate, "der"), (Challenge, "nonce"), (PinProof, "signature")}


def _walk(kind: object, seen: set[object]) -> list[tuple[type, str, object]]:
    """Every field of every dataclass reachable from a type."""
    if kind in seen:
        return []
    seen.add(kind)
    found: list[tuple[type, str, object]] = []
    for argument in typing.get_args(kind):
        found += _walk(argument, seen)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        for field in dataclasses.fields(kind):
            found.append((kind, field.name, hints[field.name]))
            found += _walk(hints[field.name], seen)
    return found


def test_no_event_effect_or_visit_can_hold_a_digit_a_photo_or_a_frame() -> None:
    fields = list(itertools.chain.from_iterable(_walk(kind, set()) for kind in (ev.Event, fx.Effect, ap.Appliance)))
    assert len(fields) > 100
    for owner, name, hint in fields:
        assert not any(word in name for word in SECRET_WORDS), (owner, name)
        if hint is bytes or (hint is bytearray) or "ndarray" in str(hint):
            holder = (owner, name)
            proofs = ("FaceProof", "VisualProof")
            assert holder in ALLOWED_BYTES or owner.__name__ in proofs, holder
    typed = {f.name for f in dataclasses.fields(ev.DigitTyped)}
    assert typed == set()
    assert {f.name: f.type for f in dataclasses.fields(stages.TypingPin)}["digits"] == "int"


@pytest.mark.parametrize(
    "make", [told.checked_in, told.consenting, told.signed, told.committing, told.choosing], ids=lambda m: m.__name__
)
def test_no_repr_shows_a_person_or_a_certificate(make: Callable[[], Story]) -> None:
    story = make()
    shown = repr(story.now) + repr(story.effects)
    for secret in ("試験", "ｼｹﾝ", "01139997", "invented person", repr(bytes(32)), CERTIFICATE.fingerprint):
        assert secret not in shown


def test_the_heart_is_pure_and_repeats_itself() -> None:
    story = told.consenting()
    before = story.now
    assert step(before, ev.Tapped("agree_all")) == step(before, ev.Tapped("agree_all"))
    assert replace(before) == before
