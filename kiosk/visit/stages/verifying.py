"""P06: the holder is confirmed here; now the centre is asked. No answer is an answer too: the arrival is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Challenge, Claim, Method, PinProof
from kiosk.visit.appliance import Card
from kiosk.visit.effects import OpenSession, SignChallenge, VerifyIdentity
from kiosk.visit.endings import commit_unconfirmed, conclude, stop
from kiosk.visit.events import Answered, ChallengeSigned, Event, NotAnswered, ProofRefused, SessionOpened, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.profiles import Limit
from kiosk.visit.stage import AskingLimit, Concluding, Consenting, EndReason, OfferingRegistration, Step, Verifying
from kiosk.visit.stages import providing_limit, reading
from kiosk.visit.vocabulary import CardProblem

ANSWER_SECONDS: Final = 20.0
"""For session, signature and answer together; then the arrival is recorded (domain/flow-and-rules.md section 4, E16)."""


def begin(scene: Scene, method: Method, claim: Claim | None = None) -> Next:
    """Open a session, once P12 is answered where it is asked. With the PIN the claim comes later, from the card's signature."""
    if scene.appliance.profile.limit is Limit.BEFORE_LOOK_UP and scene.visit.limit_consent is None:
        return go(scene, AskingLimit(method, claim))
    return go(scene, Verifying(method, Step.SESSION, scene.visit.staff_id, claim=claim), OpenSession())


def react(scene: Scene, stage: Verifying, event: Event) -> Outcome:
    """Session, (signature,) answer; then consents, or the commit at once where nothing may be asked."""
    match event:
        case SessionOpened(challenge=challenge):
            return _session(scene, stage, challenge)
        case ChallengeSigned(proof=proof) if not _of_this_card(scene, proof):
            return stop(scene, EndReason.TROUBLE)
        case ChallengeSigned(proof=proof) if stage.challenge is not None:
            return _ask(scene, replace(stage, claim=proof), stage.challenge, proof)
        case Answered(answer=answer) if stage.challenge is not None:
            return answered(scene, stage.challenge, answer)
        case NotAnswered():
            return commit_unconfirmed(scene)
        case ProofRefused():
            return reading.refuse(scene, CardProblem.NOT_ACCEPTED)
        case Tick() if scene.now - scene.visit.since > ANSWER_SECONDS:
            return commit_unconfirmed(scene)
        case _:
            return None


def _of_this_card(scene: Scene, proof: PinProof) -> bool:
    """One visit is bound to one certificate: what another one signed proves nothing here."""
    card = scene.visit.card
    return card is not None and proof.certificate == card.certificate


def _of_this_person(card: Card, answer: EligibilityAnswer) -> bool:
    """Where the face record and the answer both have a birth date, it is the same one."""
    return card.birth_date is None or all(result.birth_date in {None, card.birth_date} for result in answer.results)


def _session(scene: Scene, stage: Verifying, challenge: Challenge) -> Next:
    opened = replace(stage, challenge=challenge)
    if stage.claim is None:
        return go(scene, replace(opened, step=Step.SIGNATURE), SignChallenge(challenge))
    return _ask(scene, opened, challenge, stage.claim)


def _ask(scene: Scene, stage: Verifying, challenge: Challenge, claim: Claim) -> Next:
    return go(
        scene, replace(stage, step=Step.ANSWER), VerifyIdentity(challenge, claim, bool(scene.visit.limit_consent))
    )


def answered(scene: Scene, challenge: Challenge, answer: EligibilityAnswer) -> Outcome:
    """Where an answer to `challenge` leads; one for another session or card is none."""
    card = scene.visit.card
    if card is None:
        return None
    if answer.session != challenge.session or answer.fingerprint != card.certificate.fingerprint:
        return commit_unconfirmed(scene)
    if not _of_this_person(card, answer):
        return commit_unconfirmed(scene)
    # What the centre says of the certificate outranks what our own clock made of its date.
    notice = card.notice if answer.certificate_notice is None else answer.certificate_notice
    judged = replace(card, notice=notice)
    visit = replace(scene.visit, card=judged, simulated=scene.visit.simulated or answer.simulated)
    after = Scene(scene.appliance, visit)
    if answer.registration_needed:
        # Asked once: what was registered a moment ago and is still not, reception looks into.
        first = not isinstance(scene.visit.stage, OfferingRegistration)
        return go(after, OfferingRegistration(challenge)) if first else commit_unconfirmed(after)
    items = () if notice is Notice.GRACE else scene.appliance.profile.asked_of(answer)
    if not items:
        nothing = Concluding(answer, agreed=(), refused=(), complete=True)
        return conclude(after, nothing) if notice is Notice.GRACE else providing_limit.begin(after, nothing)
    return go(after, Consenting(answer, items, item=None if scene.appliance.profile.blanket else items[0]))
