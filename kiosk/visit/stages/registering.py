"""P07: the card was never registered for use as an insurance card (初回登録). Asked once; silence registers nobody."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.effects import Register
from kiosk.visit.endings import commit_unconfirmed
from kiosk.visit.events import Answered, Event, NotAnswered, ProofRefused, Tapped, Tick
from kiosk.visit.outcome import Outcome, Scene, go
from kiosk.visit.stage import OfferingRegistration
from kiosk.visit.stages import reading, verifying
from kiosk.visit.vocabulary import CardProblem


def react(scene: Scene, stage: OfferingRegistration, event: Event) -> Outcome:
    """Yes: register, and the answer comes as any other. No, or nothing: the arrival is recorded, reception helps."""
    match event:
        case Tapped(action="register") if not stage.registering:
            return go(scene, replace(stage, registering=True, asked_at=scene.now), Register(stage.challenge.session))
        case Tapped(action="register_not") if not stage.registering:
            return commit_unconfirmed(scene)
        case Answered(answer=answer):
            return verifying.answered(scene, stage.challenge, answer)
        case NotAnswered():
            return commit_unconfirmed(scene)
        case ProofRefused():
            return reading.refuse(scene, CardProblem.NOT_ACCEPTED)
        case Tick() if stage.registering and scene.now - stage.asked_at > verifying.ANSWER_SECONDS:
            return commit_unconfirmed(scene)
        case Tick() if not stage.registering and scene.idle:
            return commit_unconfirmed(scene)
        case _:
            return None
