"""P03f, P03p, P03n: check number B, printed on the card's front, on its way to the booth. No digit of it is known here.

The camera over the tray reads it, or the patient shows the card to the one camera and places it again, or types it in
three fields (domain/mynumber-card.md section 2.4). The booth alone decides whether a number is sent to the card.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import HelpReason
from kiosk.record.identity import Certificate
from kiosk.visit.appliance import FarewellKind
from kiosk.visit.effects import ForgetDigits, LookAtFace, ReadCard, ReadFront, SendPhoto
from kiosk.visit.endings import over, stop
from kiosk.visit.events import (
    CardLost,
    CardPlaced,
    CardRead,
    CardRefused,
    CardRemoved,
    DigitErased,
    DigitTyped,
    Event,
    FaceUnavailable,
    FrontRead,
    FrontSeen,
    FrontUnreadable,
    PhotoRefused,
    PhotoSent,
    StudioLost,
    Tapped,
    Tick,
)
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import (
    ChoosingMethod,
    EndReason,
    LookingAtFace,
    Nudge,
    PlacingAgain,
    ReadingFront,
    TypingCheckNumber,
)
from kiosk.visit.stages import ways
from kiosk.visit.vocabulary import CardProblem, CheckNumberSource

FIELDS: Final = (6, 4, 4)
"""Birth date, year of expiry, security code. No field takes the twelve digits of the My Number."""

CHECK_NUMBER_DIGITS: Final = sum(FIELDS)

PLACE_AGAIN_SECONDS: Final = 20.0
"""Twice what a pulled card gets: here the patient was asked to take it (domain/flow-and-rules.md section 4, E10)."""

FRONT_SECONDS: Final = 45.0
"""The studio gives up before; past this it hangs."""


def react_reading(scene: Scene, stage: ReadingFront, event: Event) -> Outcome:
    """Read: the photo can be asked for, once the card is (back) on the reader. Not read: another way, or once more."""
    match event:
        case FrontSeen(advice=advice, progress=progress):
            return go(scene, replace(stage, filming=True, advice=advice, progress=progress))
        case FrontRead() if scene.visit.card_present:
            return _open_photo(scene, stage.source)
        case FrontRead():
            return go(scene, PlacingAgain(scene.now + PLACE_AGAIN_SECONDS, nudge=None))
        case FrontUnreadable():
            return _failed(scene, Nudge.FRONT_UNREADABLE)
        case StudioLost() | FaceUnavailable():
            visit = replace(scene.visit, face_failures=ways.FACE_ATTEMPTS, outstanding=frozenset())
            chosen = _failed(Scene(scene.appliance, visit), Nudge.FACE_UNAVAILABLE)
            calls = ways.camera_calls(scene, event) if isinstance(event, FaceUnavailable) else ()
            return Next(chosen.visit, (*chosen.effects, *calls))
        case CardPlaced():
            # Placed again before it could be read: first see that it is the same card, then choose again.
            failed = replace(scene.visit, front_failures=scene.visit.front_failures + 1)
            again = PlacingAgain(scene.now + PLACE_AGAIN_SECONDS, Nudge.FRONT_UNREADABLE, reading=True)
            return go(Scene(scene.appliance, failed), again, ReadCard())
        case Tapped(action="choose_pin") if scene.visit.card_present:
            return ways.choose_pin(scene)
        case Tick() if scene.now - scene.visit.since > FRONT_SECONDS:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def react_placing(scene: Scene, stage: PlacingAgain, event: Event) -> Outcome:
    """The same certificate read again: go on. Another card, or time: the visit is over, nobody was confirmed yet."""
    match event:
        case CardPlaced():
            return go(scene, replace(stage, reading=True), ReadCard())
        case CardRemoved() | CardLost():
            absent = Scene(scene.appliance, replace(scene.visit, card_present=False))
            return go(absent, replace(stage, reading=False))
        case CardRead(certificate=certificate):
            if (other := _back_in_place(scene, certificate)) is not None:
                return other
            if stage.nudge is None:
                return _open_photo(_present(scene), scene.appliance.number_source)
            return go(_present(scene), ChoosingMethod(stage.nudge))
        case CardRefused(problem=CardProblem.UNREADABLE):
            return go(scene, replace(stage, reading=False))
        case CardRefused():
            return stop(_present(scene), EndReason.CARD_GONE)
        case Tick() if scene.now > stage.until and not stage.reading:
            return over(scene, FarewellKind.CARD_GONE, HelpReason.STOPPED)
        case Tick() if scene.now > stage.until + PLACE_AGAIN_SECONDS:
            return stop(_present(scene), EndReason.TROUBLE)
        case _:
            return None


def react_typing(scene: Scene, stage: TypingCheckNumber, event: Event) -> Outcome:
    """Three fields, and a wish to go on: only then may the booth send the number."""
    match event:
        case DigitTyped() if not stage.checking and stage.digits < CHECK_NUMBER_DIGITS:
            return go(scene, replace(stage, digits=stage.digits + 1, wrong=False))
        case DigitErased() if not stage.checking and stage.digits:
            return go(scene, replace(stage, digits=stage.digits - 1))
        case Tapped(action="number_typed") if not stage.checking and stage.digits == CHECK_NUMBER_DIGITS:
            if not scene.visit.card_present:
                return go(scene, PlacingAgain(scene.now + PLACE_AGAIN_SECONDS, nudge=None))
            return go(scene, replace(stage, checking=True), SendPhoto(CheckNumberSource.TYPED))
        case CardPlaced():
            return go(scene, stage, ReadCard())
        case CardRead(certificate=certificate):
            return _back_in_place(scene, certificate) or go(_present(scene), stage)
        case PhotoSent():
            sent = ways.with_photo(scene.visit, event)
            return go(Scene(scene.appliance, sent), LookingAtFace(sent.face_failures + 1), LookAtFace())
        case PhotoRefused():
            return refused(scene, event)
        case Tapped(action="choose_pin") if not stage.checking and scene.visit.card_present:
            return ways.choose_pin(scene)
        case Tick() if scene.idle:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None


def refused(scene: Scene, event: PhotoRefused) -> Outcome:
    """The card gave no photo: once more where another number may be sent, else the face way is out in this visit."""
    failed = replace(scene.visit, front_failures=scene.visit.front_failures + 1)
    source = scene.appliance.number_source
    if event.again and failed.front_failures < ways.FRONT_ATTEMPTS and source is not CheckNumberSource.KNOWN:
        after = Scene(scene.appliance, failed)
        if source is CheckNumberSource.TYPED:
            return go(after, TypingCheckNumber(wrong=True), ForgetDigits())
        return go(after, ReadingFront(source), ReadFront())
    shut = ways.without_photo(failed, absent=event.absent)
    return go(Scene(scene.appliance, shut), ChoosingMethod(Nudge.FACE_UNAVAILABLE))


def _back_in_place(scene: Scene, certificate: Certificate) -> Outcome:
    """The end of the visit if another card than the first came back; None if it is the same."""
    card = scene.visit.card
    if card is None or certificate.fingerprint != card.certificate.fingerprint:
        return stop(_present(scene), EndReason.CARD_GONE)
    return None


def _present(scene: Scene) -> Scene:
    """With the card on the reader."""
    return Scene(scene.appliance, replace(scene.visit, card_present=True))


def _open_photo(scene: Scene, source: CheckNumberSource) -> Next:
    return go(scene, LookingAtFace(scene.visit.face_failures + 1), SendPhoto(source))


def _failed(scene: Scene, nudge: Nudge) -> Next:
    failed = Scene(scene.appliance, replace(scene.visit, front_failures=scene.visit.front_failures + 1))
    if scene.visit.card_present:
        return go(failed, ChoosingMethod(nudge))
    return go(failed, PlacingAgain(scene.now + PLACE_AGAIN_SECONDS, nudge))
