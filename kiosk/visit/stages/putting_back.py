"""E10: the card was pulled after the holder was confirmed. Ten seconds to put the same one back; nothing is lost either way."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.visit.appliance import FarewellKind
from kiosk.visit.effects import ReadCard
from kiosk.visit.endings import commit_unconfirmed, conclude, conclude_early, over
from kiosk.visit.events import CardLost, CardPlaced, CardRead, CardRefused, CardRemoved, Event, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import (
    AskingLimit,
    ChoosingPrescription,
    Concluding,
    Consenting,
    Interrupted,
    OfferingRegistration,
    ProvidingLimit,
    PuttingBack,
    Verifying,
)

PUT_BACK_SECONDS: Final = 10.0
"""domain/flow-and-rules.md section 4, E10."""


def begin(scene: Scene, inner: Interrupted) -> Next:
    """The card is out; what was asked of the centre stays asked."""
    moved = go(scene, PuttingBack(inner, scene.now + PUT_BACK_SECONDS))
    return Next(replace(moved.visit, card_present=False))


def react(scene: Scene, stage: PuttingBack, event: Event) -> Outcome:
    """The same certificate read again: go on where it was. Another card, or time: the visit ends with what it has."""
    match event:
        case CardPlaced():
            return go(scene, replace(stage, reading=True), ReadCard())
        case CardRemoved() | CardLost():
            return go(scene, replace(stage, reading=False))
        case CardRead(certificate=certificate):
            card = scene.visit.card
            if card is None or certificate.fingerprint != card.certificate.fingerprint:
                return give_up(scene, stage)
            back = replace(scene.visit, card_present=True)
            return go(Scene(scene.appliance, back), stage.inner)
        case CardRefused():
            return give_up(scene, stage)
        case Tick() if scene.now > stage.until:
            return give_up(scene, stage)
        case _:
            return None


def give_up(scene: Scene, stage: PuttingBack) -> Outcome:
    """End with what there is: an answer is committed, before it there is only a nameless line."""
    match stage.inner:
        case Consenting():
            return conclude_early(scene, stage.inner, keep_said=True)
        case ProvidingLimit(then=then) | ChoosingPrescription(then=then):
            return conclude(scene, replace(then, complete=False))
        case Concluding():
            return go(scene, stage.inner)
        case OfferingRegistration():
            return commit_unconfirmed(scene)
        case AskingLimit() | Verifying():
            return over(scene, FarewellKind.CARD_GONE, HelpReason.STOPPED)
