"""Which ways to be confirmed this card, this site and this visit still allow, and how each begins."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.record.identity import Method
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.effects import CallDesk, ForgetDigits, LookAtFace, ReadFront, SendPhoto
from kiosk.visit.endings import stage_word
from kiosk.visit.events import FaceUnavailable, PhotoSent
from kiosk.visit.outcome import Outcome, Scene, go
from kiosk.visit.stage import LookingAtFace, OfferingLastTry, ReadingFront, TypingCheckNumber, TypingPin
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto

FRONT_ATTEMPTS: Final = 2
"""At most two sends of check number B in a visit (domain/flow-and-rules.md section 1.2)."""

FACE_ATTEMPTS: Final = 3
"""Then PIN or staff (domain/face-stack.md section 5, threshold advice)."""


def ways(appliance: Appliance, visit: Visit) -> tuple[Method, ...]:
    """The ways the patient can choose now, face first."""
    possible = {
        Method.FACE: _can_face(appliance, visit),
        Method.PIN: visit.card is not None and bool(visit.card.pin_tries),
    }
    return tuple(
        method for method in (Method.FACE, Method.PIN) if possible[method] and method in appliance.profile.methods
    )


def choose_face(scene: Scene) -> Outcome:
    """Begin the face way, if it is possible: check number B first, where it is not known yet, then photo, then camera."""
    visit, source = scene.visit, scene.appliance.number_source
    if Method.FACE not in ways(scene.appliance, visit):
        return None
    attempt = LookingAtFace(visit.face_failures + 1)
    if visit.photo_sent:
        return go(scene, attempt, LookAtFace())
    match source:
        case CheckNumberSource.KNOWN:
            return go(scene, attempt, SendPhoto(source))
        case CheckNumberSource.TRAY | CheckNumberSource.SHOW:
            return go(scene, ReadingFront(source), ReadFront())
        case CheckNumberSource.TYPED:
            return go(scene, TypingCheckNumber(), ForgetDigits())
        case CheckNumberSource.NONE:
            return None


def choose_pin(scene: Scene) -> Outcome:
    """Start typing, if the PIN is possible; the last try is spent only after a question of its own."""
    card = scene.visit.card
    if card is None or card.pin_tries is None or Method.PIN not in ways(scene.appliance, scene.visit):
        return None
    if card.pin_tries == 1:
        return go(scene, OfferingLastTry(wrong=False))
    return go(scene, TypingPin(card.pin_tries), ForgetDigits())


def with_photo(visit: Visit, sent: PhotoSent) -> Visit:
    """The visit once the chip's photo is with the studio."""
    card = visit.card
    dated = card and replace(card, printed_expiry=sent.printed_expiry, birth_date=sent.birth_date)
    return replace(visit, photo_sent=True, card=dated)


def without_photo(visit: Visit, *, absent: bool) -> Visit:
    """The visit once it is known that the chip's photo cannot be had, or that there is none."""
    card = visit.card
    return replace(visit, card=card and replace(card, photo=ChipPhoto.ABSENT if absent else ChipPhoto.SHUT))


def camera_calls(scene: Scene, event: FaceUnavailable) -> tuple[CallDesk, ...]:
    """The line that tells the desk what is wrong with the camera, if anything is."""
    if event.trouble is None:
        return ()
    reason = HelpReason(f"camera_{event.trouble}")
    return (CallDesk(scene.visit.visit_id, reason, stage_word(scene.visit.stage)),)


def _can_face(appliance: Appliance, visit: Visit) -> bool:
    if visit.card is None or visit.card.photo is not ChipPhoto.READABLE or visit.face_failures >= FACE_ATTEMPTS:
        return False
    number_to_come = visit.front_failures < FRONT_ATTEMPTS and appliance.number_source is not CheckNumberSource.NONE
    return visit.photo_sent or number_to_come
