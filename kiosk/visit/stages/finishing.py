"""P16 and P17: on disk, then "done", then "take your card"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.visit.appliance import FarewellKind
from kiosk.visit.effects import CallDesk
from kiosk.visit.endings import ACK_SECONDS, farewell_of, over, stage_word
from kiosk.visit.events import Committed, Delivered, Event, NotCommitted, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Over, Scene, go
from kiosk.visit.stage import CheckedIn, Committing, EndReason, Refused, TakingCard

CARD_LEFT_SECONDS: Final = 15.0
"""Then the desk is told that a card lies there (domain/flow-and-rules.md section 2.3, P17)."""


EXPIRY_SECONDS: Final = 20.0
"""P14's time (section 2.3); then the card is asked for."""


def react_committing(scene: Scene, stage: Committing, event: Event) -> Outcome:
    """On disk: say so. Not on disk: say that too, and call the desk."""
    match event:
        case Committed(queue_number=number):
            return _committed(scene, CheckedIn(stage.checkin.numbered(number)))
        case NotCommitted():
            if not scene.visit.card_present:
                return over(scene, FarewellKind.TROUBLE, HelpReason.TROUBLE)
            call = CallDesk(scene.visit.visit_id, HelpReason.TROUBLE, stage_word(stage))
            return go(scene, TakingCard(EndReason.TROUBLE), call)
        case _:
            return None


def react_checked_in(scene: Scene, stage: CheckedIn, event: Event) -> Outcome:
    """Reception's acknowledgement, or three seconds without it; a forgotten card calls the desk."""
    match event:
        case Delivered(checkin_id=checkin_id) if checkin_id == stage.checkin.checkin_id:
            return go(scene, replace(stage, delivered=True))
        case Tick() if not stage.delivered and not stage.late and scene.now - scene.visit.since > ACK_SECONDS:
            return go(scene, replace(stage, late=True))
        case Tapped(action="understood"):
            return go(scene, replace(stage, understood=True))
        case Tick() if stage.tells_expiry:
            waited = scene.now - scene.visit.since > EXPIRY_SECONDS
            return _told_to_take(scene, replace(stage, understood=True)) if waited else None
        case Tick() if not stage.called and scene.now - scene.visit.touched > CARD_LEFT_SECONDS:
            return go(scene, replace(stage, called=True), card_left(scene))
        case _:
            return None


def react_taking_card(scene: Scene, stage: TakingCard | Refused, event: Event) -> Outcome:
    """Nothing but waiting for the hand; a forgotten card calls the desk once."""
    left_long = scene.now - scene.visit.since > CARD_LEFT_SECONDS
    if isinstance(event, Tick) and left_long and not scene.visit.help_called:
        visit = replace(scene.visit, help_called=True)
        return Next(visit, (card_left(scene),))
    return None


def card_left(scene: Scene) -> CallDesk:
    """A card lies on the reader and nobody takes it."""
    return CallDesk(scene.visit.visit_id, HelpReason.CARD_LEFT, stage_word(scene.visit.stage))


def _told_to_take(scene: Scene, stage: CheckedIn) -> Next:
    """The card is asked for from now on."""
    return go(Scene(scene.appliance, replace(scene.visit, touched=scene.now)), stage)


def _committed(scene: Scene, stage: CheckedIn) -> Outcome:
    moved = go(scene, stage)
    if scene.visit.card_present:
        return moved
    return Over(farewell_of(Scene(scene.appliance, moved.visit), stage))
