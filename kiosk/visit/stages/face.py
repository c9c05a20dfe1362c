"""P03: the person before the camera against the photo on the chip. Three attempts, then PIN or staff."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.record.identity import FaceClaim, Method
from kiosk.visit.effects import CallDesk, LookAtFace, SendPhoto
from kiosk.visit.endings import stage_word, stop
from kiosk.visit.events import (
    Event,
    FaceMatched,
    FaceNotMatched,
    FaceSeen,
    FaceUnavailable,
    PhotoRefused,
    PhotoSent,
    StudioLost,
    Tapped,
    Tick,
)
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import ChoosingMethod, EndReason, LookingAtFace, Nudge
from kiosk.visit.stages import front, verifying, ways
from kiosk.visit.vocabulary import FaceHint

STAGE_SECONDS: Final = 90.0
"""Three attempts of at most 22 seconds, the photo, and the camera's start: past that something hangs."""

RING_AFTER: Final = 2
"""Failures after which the desk is rung, before the patient gives up (reception-and-reliability.md section 6.1)."""


def react(scene: Scene, stage: LookingAtFace, event: Event) -> Outcome:
    """Photo to the studio, look, matched: verify. Not matched: again, and the third time back to the choice."""
    match event:
        case PhotoSent():
            visit = ways.with_photo(scene.visit, event)
            return go(Scene(scene.appliance, visit), stage, LookAtFace())
        case PhotoRefused():
            return front.refused(scene, event)
        case FaceSeen(advice=advice, progress=progress, prompt=prompt):
            return go(scene, replace(stage, filming=True, advice=advice, progress=progress, prompt=prompt))
        case FaceMatched(simulated=simulated):
            return _matched(scene, simulated=simulated)
        case FaceNotMatched(hint=hint):
            return _failed(scene, hint)
        case StudioLost():
            return _failed(Scene(scene.appliance, replace(scene.visit, photo_sent=False, outstanding=frozenset())))
        case FaceUnavailable():
            visit = replace(scene.visit, face_failures=ways.FACE_ATTEMPTS)
            told = ways.camera_calls(scene, event)
            return go(Scene(scene.appliance, visit), ChoosingMethod(Nudge.FACE_UNAVAILABLE), *told)
        case Tapped(action="choose_pin"):
            return ways.choose_pin(scene)
        case Tick() if scene.now - scene.visit.since > STAGE_SECONDS:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def _matched(scene: Scene, *, simulated: bool) -> Outcome:
    card = scene.visit.card
    if card is None:
        return None
    visit = replace(scene.visit, identity=Method.FACE, simulated=scene.visit.simulated or simulated)
    return verifying.begin(Scene(scene.appliance, visit), Method.FACE, FaceClaim(card.certificate))


def _failed(scene: Scene, hint: FaceHint | None = None) -> Next:
    failures = scene.visit.face_failures + 1
    visit = replace(scene.visit, face_failures=failures)
    calls = (
        (CallDesk(visit.visit_id, HelpReason.FACE_FAILED, stage_word(visit.stage)),) if failures == RING_AFTER else ()
    )
    after = Scene(scene.appliance, visit)
    if failures >= ways.FACE_ATTEMPTS:
        return go(after, ChoosingMethod(Nudge.FACE_FAILED), *calls)
    again = LookAtFace() if visit.photo_sent else SendPhoto(scene.appliance.number_source)
    return go(after, LookingAtFace(attempt=failures + 1, hint=hint), *calls, again)
