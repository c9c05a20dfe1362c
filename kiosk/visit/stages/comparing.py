"""P05: a staff member compares card and patient. No touch on the patient's panel confirms it."""

from __future__ import annotations

from dataclasses import replace

from kiosk.record.identity import Method, VisualClaim
from kiosk.visit.appliance import (
    ChoosingMethod,
    Comparing,
    Grant,
    LookingAtFace,
    Nudge,
    OfferingLastTry,
    Stage,
    TypingPin,
)
from kiosk.visit.effects import AnswerCommand, SendPhoto, ShowComparison
from kiosk.visit.events import (
    ComparisonShown,
    Event,
    FaceUnavailable,
    PhotoRefused,
    PhotoSent,
    StudioLost,
    Tick,
    VisualConfirmed,
    VisualGranted,
    VisualRefused,
)
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stages import choosing, verifying


def can_start(stage: Stage) -> bool:
    """A visual check can take over: the card has been read and nobody is confirmed yet."""
    return isinstance(stage, ChoosingMethod | LookingAtFace | TypingPin | OfferingLastTry)


def begin(scene: Scene, event: VisualGranted) -> Next:
    """Arm the check for this staff member; the photo goes to the studio if it is not there yet."""
    grant = Grant(event.command_id, event.staff_id, scene.now + event.lasts)
    visit = scene.visit
    needs_photo = not visit.photo_sent and visit.card is not None and visit.card.can_show_photo
    return go(scene, Comparing(grant), SendPhoto() if needs_photo else ShowComparison())


def react(scene: Scene, stage: Comparing, event: Event) -> Outcome:
    """Pictures up; then the same person confirms or refuses on the board, within the grant."""
    match event:
        case PhotoSent():
            visit = replace(scene.visit, photo_sent=True)
            return go(Scene(scene.appliance, visit), stage, ShowComparison())
        case PhotoRefused():
            visit = choosing.without_photo(scene.visit)
            return go(Scene(scene.appliance, visit), stage, ShowComparison())
        case ComparisonShown(with_photo=with_photo, simulated=simulated):
            visit = replace(scene.visit, simulated=scene.visit.simulated or simulated)
            shown = replace(stage, shown=True, with_photo=with_photo)
            return go(Scene(scene.appliance, visit), shown, AnswerCommand(stage.grant.command_id, "comparing"))
        case FaceUnavailable() | StudioLost():
            shown = replace(stage, shown=True, with_photo=False)
            lost = Scene(scene.appliance, replace(scene.visit, photo_sent=False, outstanding=frozenset()))
            return go(lost, shown, AnswerCommand(stage.grant.command_id, "comparing"))
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


def _confirmed(scene: Scene, stage: Comparing, command_id: str, staff_id: str) -> Outcome:
    card = scene.visit.card
    if card is None or not stage.shown or staff_id != stage.grant.staff_id:
        return go(scene, stage, AnswerCommand(command_id, "not_possible"))
    visit = replace(scene.visit, identity=Method.VISUAL, staff_id=staff_id)
    claim = VisualClaim(card.certificate, staff_id)
    begun = verifying.begin(Scene(scene.appliance, visit), Method.VISUAL, claim)
    return Next(begun.visit, (*begun.effects, AnswerCommand(command_id, "confirmed")))
