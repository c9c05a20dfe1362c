"""P05: a staff member compares card and patient. No touch on the patient's panel confirms it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.record.identity import Method, VisualClaim
from kiosk.visit.effects import AnswerCommand, ReadFront, SendPhoto, ShowComparison, StopLooking
from kiosk.visit.events import (
    ComparisonShown,
    Event,
    FaceUnavailable,
    FrontRead,
    FrontUnreadable,
    PhotoRefused,
    PhotoSent,
    StudioLost,
    Tick,
    VisualConfirmed,
    VisualGranted,
    VisualRefused,
)
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import (
    ChoosingMethod,
    Comparing,
    Grant,
    LookingAtFace,
    Nudge,
    OfferingLastTry,
    ReadingFront,
    Stage,
    TypingCheckNumber,
    TypingPin,
)
from kiosk.visit.stages import verifying, ways
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto


def can_start(stage: Stage) -> bool:
    """A visual check can take over: the card has been read and nobody is confirmed yet."""
    return isinstance(
        stage, ChoosingMethod | ReadingFront | TypingCheckNumber | LookingAtFace | TypingPin | OfferingLastTry
    )


def begin(scene: Scene, event: VisualGranted) -> Next:
    """Arm the check for this staff member; the photo goes to the studio if it is not there yet."""
    stage = Comparing(Grant(event.command_id, event.staff_id, scene.now + event.lasts))
    visit = scene.visit
    if visit.photo_sent:
        return go(scene, stage, ShowComparison())
    if visit.card is not None and visit.card.photo is ChipPhoto.READABLE and visit.front_failures < ways.FRONT_ATTEMPTS:
        match scene.appliance.number_source:
            case CheckNumberSource.KNOWN as known:
                return go(scene, stage, SendPhoto(known))
            case CheckNumberSource.TRAY:
                return go(scene, replace(stage, reading_front=True), ReadFront())
            case _:
                pass
    return _by_the_print(scene, stage)


def react(scene: Scene, stage: Comparing, event: Event) -> Outcome:
    """Pictures up; then the same person confirms or refuses on the board, within the grant."""
    match event:
        case FrontRead():
            return go(scene, replace(stage, reading_front=False), SendPhoto(scene.appliance.number_source))
        case FrontUnreadable():
            failed = replace(scene.visit, front_failures=scene.visit.front_failures + 1)
            return _by_the_print(Scene(scene.appliance, failed), stage)
        case PhotoSent():
            visit = ways.with_photo(scene.visit, event)
            return go(Scene(scene.appliance, visit), stage, ShowComparison())
        case PhotoRefused(absent=absent):
            return _by_the_print(Scene(scene.appliance, ways.without_photo(scene.visit, absent=absent)), stage)
        case ComparisonShown(with_photo=False):
            return _by_the_print(scene, stage)
        case ComparisonShown(simulated=simulated):
            visit = replace(scene.visit, simulated=scene.visit.simulated or simulated)
            shown = replace(stage, shown=True, with_photo=True)
            return go(Scene(scene.appliance, visit), shown, AnswerCommand(stage.grant.command_id, "comparing"))
        case FaceUnavailable() | StudioLost():
            lost = replace(scene.visit, photo_sent=False, outstanding=frozenset())
            printed = _by_the_print(Scene(scene.appliance, lost), stage)
            calls = ways.camera_calls(scene, event) if isinstance(event, FaceUnavailable) else ()
            return Next(printed.visit, (*printed.effects, *calls))
        case VisualConfirmed(command_id=command_id, staff_id=staff_id):
            return _confirmed(scene, stage, command_id, staff_id)
        case VisualRefused(command_id=command_id, staff_id=staff_id):
            if staff_id != stage.grant.staff_id:
                return go(scene, stage, AnswerCommand(command_id, "not_possible"))
            return go(scene, ChoosingMethod(Nudge.VISUAL_REFUSED), AnswerCommand(command_id, "refused"))
        case Tick() if scene.now > stage.grant.until:
            return go(scene, ChoosingMethod())
        case _:
            return None


def _by_the_print(scene: Scene, stage: Comparing) -> Next:
    """Without the chip's photo the printed one is compared: nobody needs to be filmed for that."""
    shown = replace(stage, shown=True, with_photo=False, reading_front=False)
    return go(scene, shown, StopLooking(), AnswerCommand(stage.grant.command_id, "comparing"))


def _confirmed(scene: Scene, stage: Comparing, command_id: str, staff_id: str) -> Outcome:
    card = scene.visit.card
    if card is None or not stage.shown or staff_id != stage.grant.staff_id:
        return go(scene, stage, AnswerCommand(command_id, "not_possible"))
    visit = replace(scene.visit, identity=Method.VISUAL, staff_id=staff_id)
    claim = VisualClaim(card.certificate, staff_id)
    begun = verifying.begin(Scene(scene.appliance, visit), Method.VISUAL, claim)
    return Next(begun.visit, (*begun.effects, AnswerCommand(command_id, "confirmed")))
