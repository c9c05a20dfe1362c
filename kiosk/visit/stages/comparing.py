"""P05: a staff member compares card and patient.

Granted from the board, it is decided on the board: no touch on the panel counts. Granted to a code and PIN typed here, it
is decided here by whoever typed them, within a minute; after that they are asked for again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.door import REFUSALS, StaffOutcome
from kiosk.record.identity import Method, VisualClaim
from kiosk.visit.effects import (
    AnswerCommand,
    ForgetStaffDigits,
    ReadFront,
    ReportVisual,
    SendPhoto,
    ShowComparison,
    StopLooking,
)
from kiosk.visit.events import (
    ComparisonShown,
    Event,
    FaceUnavailable,
    FrontRead,
    FrontUnreadable,
    PhotoRefused,
    PhotoSent,
    StudioLost,
    Tapped,
    Tick,
    VisualConfirmed,
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
    StaffEntrance,
    Stage,
    TypingCheckNumber,
    TypingPin,
)
from kiosk.visit.stages import verifying, ways
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto, StaffTrouble

FRESH_SECONDS: Final = 60.0
"""So long after code and PIN were right they decide."""
BECAUSE: Final = "visual_because:"
"""How the actions begin that refuse with a reason."""


def can_start(stage: Stage) -> bool:
    """A visual check can take over: the card has been read and nobody is confirmed yet."""
    return isinstance(
        stage,
        ChoosingMethod | ReadingFront | TypingCheckNumber | LookingAtFace | TypingPin | OfferingLastTry | StaffEntrance,
    )


def begin(scene: Scene, grant: Grant) -> Next:
    """Arm the check for this staff member; the photo goes to the studio if it is not there yet."""
    stage = Comparing(grant)
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
    """Pictures up; then the same person confirms or refuses, on the board or here, within the grant."""
    match event:
        case FrontRead():
            return go(scene, replace(stage, reading_front=False), SendPhoto(scene.appliance.number_source))
        case FrontUnreadable():
            failed = replace(scene.visit, front_failures=scene.visit.front_failures + 1)
            return _by_the_print(Scene(scene.appliance, failed), stage)
        case PhotoSent():
            visit = ways.with_photo(scene.visit, event)
            return go(Scene(scene.appliance, visit), stage, ShowComparison())
        case PhotoRefused(absent=True):
            return _without_photo(Scene(scene.appliance, ways.without_photo(scene.visit, absent=True)), stage)
        case PhotoRefused():
            return _by_the_print(Scene(scene.appliance, ways.without_photo(scene.visit, absent=False)), stage)
        case ComparisonShown(with_photo=False):
            return _by_the_print(scene, stage)
        case ComparisonShown(simulated=simulated):
            visit = replace(scene.visit, simulated=scene.visit.simulated or simulated)
            shown = replace(stage, shown=True, with_photo=True)
            return go(Scene(scene.appliance, visit), shown, *_answer(stage))
        case FaceUnavailable() | StudioLost():
            lost = replace(scene.visit, photo_sent=False, outstanding=frozenset())
            printed = _by_the_print(Scene(scene.appliance, lost), stage)
            calls = ways.camera_calls(scene, event) if isinstance(event, FaceUnavailable) else ()
            return Next(printed.visit, (*printed.effects, *calls))
        case Tapped(action=action) if stage.grant.at_kiosk:
            return _decided_here(scene, stage, action)
        case VisualConfirmed(command_id=command_id, staff_id=staff_id):
            return _confirmed_on_board(scene, stage, command_id, staff_id)
        case VisualRefused(command_id=command_id, staff_id=staff_id):
            if stage.grant.at_kiosk or staff_id != stage.grant.staff_id:
                return go(scene, stage, AnswerCommand(command_id, "not_possible"))
            return go(scene, ChoosingMethod(Nudge.VISUAL_REFUSED), AnswerCommand(command_id, "refused"))
        case Tick() if scene.now > stage.grant.until:
            told = _report(scene, stage, StaffOutcome.TIMED_OUT) if stage.grant.at_kiosk else ()
            return go(scene, ChoosingMethod(), *told)
        case Tick() if stage.grant.at_kiosk and not stage.stale and not _fresh(scene, stage):
            return go(scene, replace(stage, stale=True, refusing=False))
        case _:
            return None


def _by_the_print(scene: Scene, stage: Comparing) -> Next:
    """Without the chip's photo the printed one is compared: nobody needs to be filmed for that."""
    shown = replace(stage, shown=True, with_photo=False, reading_front=False)
    return go(scene, shown, StopLooking(), *_answer(stage))


def _without_photo(scene: Scene, stage: Comparing) -> Next:
    """The chip says that the card has no photo, and then none is printed on it: whoever compares is told so."""
    if stage.grant.at_kiosk:
        return go(scene, StaffEntrance(trouble=StaffTrouble.NO_PHOTO), ForgetStaffDigits())
    return go(scene, ChoosingMethod(), AnswerCommand(stage.grant.grant_id, "no_photo"))


def _answer(stage: Comparing) -> tuple[AnswerCommand, ...]:
    """What the board is told once the comparison stands, if the board asked for it."""
    return () if stage.grant.at_kiosk else (AnswerCommand(stage.grant.grant_id, "comparing"),)


def _report(scene: Scene, stage: Comparing, outcome: StaffOutcome) -> tuple[ReportVisual, ...]:
    return (ReportVisual(stage.grant.grant_id, scene.visit.visit_id, outcome),)


def _fresh(scene: Scene, stage: Comparing) -> bool:
    verified_at = stage.grant.verified_at
    return verified_at is not None and scene.now - verified_at <= FRESH_SECONDS


def _decided_here(scene: Scene, stage: Comparing, action: str) -> Outcome:
    """A tap under a grant of this kiosk's own."""
    match action:
        case "staff_back" if stage.refusing:
            return go(scene, replace(stage, refusing=False))
        case "staff_back":
            return go(scene, ChoosingMethod(), *_report(scene, stage, StaffOutcome.WITHDRAWN))
        case _ if scene.now > stage.grant.until:
            return None
        case "staff" if stage.stale:
            again = StaffEntrance(trouble=StaffTrouble.AGAIN)
            return go(scene, again, ForgetStaffDigits(), *_report(scene, stage, StaffOutcome.TIMED_OUT))
        case _ if not stage.shown or not _fresh(scene, stage):
            return None
        case "visual_confirm":
            confirmed = _confirmed(scene, stage)
            return confirmed and Next(
                confirmed.visit, (*confirmed.effects, *_report(scene, stage, StaffOutcome.CONFIRMED))
            )
        case "visual_refuse":
            return go(scene, replace(stage, refusing=True))
        case _ if stage.refusing and action.removeprefix(BECAUSE) in set(REFUSALS) and action.startswith(BECAUSE):
            because = StaffOutcome(action.removeprefix(BECAUSE))
            return go(scene, ChoosingMethod(Nudge.VISUAL_REFUSED), *_report(scene, stage, because))
        case _:
            return None


def _confirmed_on_board(scene: Scene, stage: Comparing, command_id: str, staff_id: str) -> Outcome:
    ours = stage.shown and not stage.grant.at_kiosk and staff_id == stage.grant.staff_id
    confirmed = _confirmed(scene, stage) if ours else None
    if confirmed is None:
        return go(scene, stage, AnswerCommand(command_id, "not_possible"))
    return Next(confirmed.visit, (*confirmed.effects, AnswerCommand(command_id, "confirmed")))


def _confirmed(scene: Scene, stage: Comparing) -> Next | None:
    card, staff_id = scene.visit.card, stage.grant.staff_id
    if card is None:
        return None
    visit = replace(scene.visit, identity=Method.VISUAL, staff_id=staff_id)
    claim = VisualClaim(card.certificate, staff_id)
    return verifying.begin(Scene(scene.appliance, visit), Method.VISUAL, claim)
