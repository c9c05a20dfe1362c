"""P04: four digits, of which only the count is known here. The last try is never spent unasked."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.record.identity import Method
from kiosk.visit.effects import CallDesk, ForgetDigits, VerifyPin
from kiosk.visit.endings import stage_word, stop
from kiosk.visit.events import DigitErased, DigitTyped, Event, PinRight, PinWrong, Tapped, Tick
from kiosk.visit.outcome import Outcome, Scene, go
from kiosk.visit.stage import ChoosingMethod, EndReason, Nudge, OfferingLastTry, TypingPin
from kiosk.visit.stages import verifying, ways

PIN_DIGITS: Final = 4


def react(scene: Scene, stage: TypingPin, event: Event) -> Outcome:
    """The fourth digit sends VERIFY; right: verify at the centre; wrong: how many tries are left, in words."""
    match event:
        case DigitTyped() if not stage.checking and stage.digits < PIN_DIGITS:
            full = stage.digits + 1 == PIN_DIGITS
            typed = replace(stage, digits=stage.digits + 1, wrong=False, checking=full)
            return go(scene, typed, VerifyPin()) if full else go(scene, typed)
        case DigitErased() if not stage.checking and stage.digits:
            return go(scene, replace(stage, digits=stage.digits - 1))
        case PinRight():
            visit = replace(scene.visit, identity=Method.PIN)
            return verifying.begin(Scene(scene.appliance, visit), Method.PIN)
        case PinWrong(tries_left=tries_left):
            return _wrong(scene, tries_left)
        case Tapped(action="choose_face"):
            return None if stage.checking else ways.choose_face(scene)
        case Tick() if scene.idle:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def react_last_try(scene: Scene, stage: OfferingLastTry, event: Event) -> Outcome:
    """One try is left: only an explicit wish spends it."""
    match event:
        case Tapped(action="last_try"):
            return go(scene, TypingPin(tries_left=1), ForgetDigits())
        case Tapped(action="choose_face"):
            return ways.choose_face(scene)
        case Tick() if scene.idle:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def _wrong(scene: Scene, tries_left: int) -> Outcome:
    card = scene.visit.card
    if card is None:
        return None
    visit = replace(scene.visit, card=replace(card, pin_tries=tries_left or None))
    after = Scene(scene.appliance, visit)
    if tries_left == 0:
        call = CallDesk(visit.visit_id, HelpReason.PIN_LOCKED, stage_word(visit.stage))
        return go(after, ChoosingMethod(Nudge.PIN_LOCKED), call)
    if tries_left == 1:
        return go(after, OfferingLastTry(wrong=True))
    return go(after, TypingPin(tries_left, wrong=True), ForgetDigits())
