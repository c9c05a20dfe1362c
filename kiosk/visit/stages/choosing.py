"""P02: how to be confirmed. Only what can work is offered; a visual check comes from staff and needs no button here."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.identity import Method
from kiosk.visit.appliance import ChoosingMethod, EndReason, LookingAtFace, OfferingLastTry, TypingPin, Visit
from kiosk.visit.effects import ForgetDigits, LookAtFace, SendPhoto
from kiosk.visit.endings import stop
from kiosk.visit.events import Event, Tapped, Tick
from kiosk.visit.outcome import Outcome, Scene, go

IDLE_SECONDS: Final = 60.0
"""Without a touch (domain/flow-and-rules.md section 2.3, P02 and P04)."""

FACE_ATTEMPTS: Final = 3
"""Then PIN or staff (domain/face-stack.md section 5, threshold advice)."""


def react(scene: Scene, stage: ChoosingMethod, event: Event) -> Outcome:
    """Face, PIN, or after a minute of nothing the end."""
    match event:
        case Tapped(action="choose_face"):
            return choose_face(scene)
        case Tapped(action="choose_pin"):
            return choose_pin(scene)
        case Tick() if scene.now - scene.visit.touched > IDLE_SECONDS:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def can_face(scene: Scene) -> bool:
    """The face way is possible for this card, at this site, in this visit."""
    visit = scene.visit
    photo = visit.card is not None and visit.card.can_show_photo
    return photo and Method.FACE in scene.appliance.profile.methods and visit.face_failures < FACE_ATTEMPTS


def pin_tries(scene: Scene) -> int:
    """How often the PIN may still be tried; 0 where it is not possible."""
    visit = scene.visit
    if visit.card is None or Method.PIN not in scene.appliance.profile.methods:
        return 0
    return visit.card.pin_tries or 0


def choose_face(scene: Scene) -> Outcome:
    """Start an attempt, if the face way is possible: first the photo goes to the studio, then it looks."""
    if not can_face(scene):
        return None
    stage = LookingAtFace(attempt=scene.visit.face_failures + 1)
    return go(scene, stage, LookAtFace() if scene.visit.photo_sent else SendPhoto())


def choose_pin(scene: Scene) -> Outcome:
    """Start typing, if the PIN is possible; the last try is spent only after a question of its own."""
    tries = pin_tries(scene)
    if tries == 0:
        return None
    if tries == 1:
        return go(scene, OfferingLastTry(wrong=False))
    return go(scene, TypingPin(tries), ForgetDigits())


def without_photo(visit: Visit) -> Visit:
    """The visit once it is known that the chip's photo cannot be had."""
    if visit.card is None:
        return visit
    return replace(visit, card=replace(visit.card, can_show_photo=False))
