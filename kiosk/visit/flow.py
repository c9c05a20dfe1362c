"""`step`: what is true whatever the stage, then the stage.

Machine-wide: the clocks, asks that are not outstanding, a pulled card, "stop", "call staff", grants of a visual check,
the farewell after a visit, and the wipe that every path ends in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, assert_never

from kiosk.record.dates import japanese_day
from kiosk.record.door import HelpReason
from kiosk.record.ids import VisitId
from kiosk.visit.appliance import (
    Appliance,
    Ask,
    AskingLimit,
    CardProblem,
    CheckedIn,
    CheckNumberSource,
    ChipPhoto,
    ChoosingMethod,
    ChoosingPrescription,
    Committing,
    Comparing,
    Concluding,
    Consenting,
    EndReason,
    FarewellKind,
    Interrupted,
    LookingAtFace,
    NotingArrival,
    OfferingLastTry,
    OfferingRegistration,
    PlacingAgain,
    PuttingBack,
    Reading,
    ReadingFront,
    Refused,
    ServiceState,
    Stage,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
    Visit,
)
from kiosk.visit.effects import (
    AnswerCommand,
    CallDesk,
    Effect,
    ForgetDigits,
    ReadCard,
    Request,
    StopLooking,
    Wipe,
)
from kiosk.visit.endings import (
    commit_unconfirmed,
    conclude,
    conclude_early,
    farewell_of,
    heard_of,
    over,
    stage_word,
    stop,
)
from kiosk.visit.events import (
    Answer,
    CardLost,
    CardPlaced,
    CardRead,
    CardRefused,
    CardRemoved,
    Delivered,
    DigitErased,
    DigitTyped,
    Event,
    Progress,
    ServiceChanged,
    Tapped,
    Tick,
    VisualConfirmed,
    VisualGranted,
    VisualRefused,
)
from kiosk.visit.outcome import Next, Outcome, Over, Scene, go
from kiosk.visit.stages import (
    choosing,
    comparing,
    consenting,
    face,
    finishing,
    front,
    limiting,
    noting,
    pin,
    prescribing,
    putting_back,
    reading,
    registering,
    verifying,
)

HELP_SHOWN_SECONDS: Final = 20.0

Effects = tuple[Effect, ...]


def step(appliance: Appliance, event: Event) -> tuple[Appliance, Effects]:
    """What the kiosk is after `event`, and what it now wants from outside. Pure, and total: no event is an error."""
    match event:
        case Tick(mono=mono, wall=wall, sure=sure):
            appliance = _time_passes(replace(appliance, mono=mono, wall=wall, clock_sure=sure))
        case ServiceChanged(service=service):
            return replace(appliance, service=service), ()
        case Delivered(checkin_id=checkin_id):
            appliance = _farewell_hears(appliance, checkin_id)
        case _:
            pass
    visit = appliance.visit
    if visit is None:
        return _without_visit(appliance, event)
    if isinstance(event, Answer):
        if event.ask != Ask(visit.visit_id, event.ask.number) or event.ask.number not in visit.outstanding:
            return appliance, ()
        if not isinstance(event, Progress):
            visit = replace(visit, outstanding=visit.outstanding - {event.ask.number})
    if isinstance(event, Tapped | DigitTyped | DigitErased):
        visit = replace(visit, touched=appliance.mono)
    appliance = replace(appliance, visit=visit)
    return _apply(appliance, visit, _react(Scene(appliance, visit), event))


# -- without a visit -------------------------------------------------------------------------------------------------


def _without_visit(appliance: Appliance, event: Event) -> tuple[Appliance, Effects]:
    match event:
        case CardPlaced(visit_id=visit_id) if appliance.service.state is ServiceState.OPEN:
            return _open(appliance, visit_id)
        case Tapped(action="call_staff") if not appliance.help_called:
            called = replace(appliance, help_called=True, help_until=appliance.mono + HELP_SHOWN_SECONDS)
            return called, (CallDesk(None, HelpReason.CALLED, stage_word(None)),)
        case VisualGranted(command_id=command_id) | VisualConfirmed(command_id=command_id):
            return appliance, (AnswerCommand(command_id, "not_possible"),)
        case VisualRefused(command_id=command_id):
            return appliance, (AnswerCommand(command_id, "not_possible"),)
        case _:
            return appliance, ()


def _open(appliance: Appliance, visit_id: VisitId) -> tuple[Appliance, Effects]:
    now = appliance.mono
    visit = Visit(
        visit_id=visit_id,
        opened_at=appliance.wall,
        today=japanese_day(appliance.wall),
        stage=Reading(),
        since=now,
        touched=now,
    )
    opened = replace(appliance, visit=visit, farewell=None, help_called=False)
    return _apply(opened, visit, Next(visit, (ReadCard(),)))


def _time_passes(appliance: Appliance) -> Appliance:
    farewell = appliance.farewell
    if farewell is not None and farewell.checkin_id is not None and appliance.mono > farewell.late_from:
        farewell = heard_of(farewell, delivered=False, now=appliance.mono)
    if farewell is not None and appliance.mono > farewell.until:
        farewell = None
    help_called = appliance.help_called and appliance.mono <= appliance.help_until
    if farewell is appliance.farewell and help_called == appliance.help_called:
        return appliance
    return replace(appliance, farewell=farewell, help_called=help_called)


def _farewell_hears(appliance: Appliance, checkin_id: VisitId) -> Appliance:
    farewell = appliance.farewell
    if farewell is None or farewell.checkin_id != checkin_id:
        return appliance
    return replace(appliance, farewell=heard_of(farewell, delivered=True, now=appliance.mono))


# -- with a visit ----------------------------------------------------------------------------------------------------


def _react(scene: Scene, event: Event) -> Outcome:
    match event:
        case Tapped(action="call_staff"):
            return _call_staff(scene)
        case Tapped(action="stop"):
            return _stopped(scene)
        case CardRemoved():
            return _card_gone(scene, lost=False)
        case CardLost():
            return _card_gone(scene, lost=True)
        case VisualGranted():
            return _granted(scene, event)
        case VisualConfirmed(command_id=command_id) | VisualRefused(command_id=command_id) if (
            not isinstance(scene.visit.stage, Comparing) or event.visit_id != scene.visit.visit_id
        ):
            return Next(scene.visit, (AnswerCommand(command_id, "not_possible"),))
        case _:
            return _react_stage(scene, scene.visit.stage, event)


def _react_stage(scene: Scene, stage: Stage, event: Event) -> Outcome:
    match stage:
        case Reading():
            return reading.react(scene, stage, event)
        case ChoosingMethod():
            return choosing.react(scene, stage, event)
        case ReadingFront():
            return front.react_reading(scene, stage, event)
        case PlacingAgain():
            return front.react_placing(scene, stage, event)
        case TypingCheckNumber():
            return front.react_typing(scene, stage, event)
        case LookingAtFace():
            return face.react(scene, stage, event)
        case TypingPin():
            return pin.react(scene, stage, event)
        case OfferingLastTry():
            return pin.react_last_try(scene, stage, event)
        case Comparing():
            return comparing.react(scene, stage, event)
        case AskingLimit():
            return limiting.react(scene, stage, event)
        case Verifying():
            return verifying.react(scene, stage, event)
        case OfferingRegistration():
            return registering.react(scene, stage, event)
        case Consenting():
            return consenting.react(scene, stage, event)
        case ChoosingPrescription():
            return prescribing.react(scene, stage, event)
        case Concluding():
            return consenting.react_concluding(scene, stage, event)
        case NotingArrival():
            return noting.react(scene, stage, event)
        case Committing():
            return finishing.react_committing(scene, stage, event)
        case CheckedIn():
            return finishing.react_checked_in(scene, stage, event)
        case TakingCard() | Refused():
            return finishing.react_taking_card(scene, stage, event)
        case PuttingBack():
            return _react_putting_back(scene, stage, event)
        case _:
            assert_never(stage)


def _react_putting_back(scene: Scene, stage: PuttingBack, event: Event) -> Outcome:
    """What the centre answers meanwhile goes to the stage that waits for it; the rest is about the card."""
    if not isinstance(event, Answer) or isinstance(event, CardRead | CardRefused):
        return putting_back.react(scene, stage, event)
    inner_scene = Scene(scene.appliance, replace(scene.visit, stage=stage.inner))
    outcome = _react_stage(inner_scene, stage.inner, event)
    if isinstance(outcome, Next) and isinstance(outcome.visit.stage, Interrupted):
        waiting = replace(stage, inner=outcome.visit.stage)
        return Next(replace(outcome.visit, stage=waiting), outcome.effects)
    return outcome


def _call_staff(scene: Scene) -> Outcome:
    if scene.visit.help_called:
        return None
    call = CallDesk(scene.visit.visit_id, HelpReason.CALLED, stage_word(scene.visit.stage))
    return Next(replace(scene.visit, help_called=True), (call,))


def _stopped(scene: Scene) -> Outcome:
    match scene.visit.stage:
        case Consenting() as stage:
            return conclude_early(scene, stage, keep_said=False)
        case ChoosingPrescription(then=then):
            return conclude(scene, replace(then, agreed=(), refused=(), complete=False))
        case OfferingRegistration():
            return commit_unconfirmed(scene)
        case PuttingBack() as stage:
            return putting_back.give_up(scene, stage)
        case Concluding() | NotingArrival() | Committing() | CheckedIn() | TakingCard() | Refused():
            return None
        case _:
            return stop(scene, EndReason.STOPPED)


def _card_gone(scene: Scene, *, lost: bool) -> Outcome:
    """A pulled card, or a broken dialogue, which is treated alike: nothing read before it is mixed with anything after."""
    stage = scene.visit.stage
    match stage:
        case CheckedIn():
            return None if lost else Over(farewell_of(scene, stage))
        case TakingCard() | Refused():
            return None if lost else Over()
        case NotingArrival():
            return noting.nameless(Scene(scene.appliance, replace(scene.visit, card_present=False)))
        case Committing():
            return Next(replace(scene.visit, card_present=False))
        case AskingLimit() | OfferingRegistration() | Consenting() | ChoosingPrescription() | Concluding():
            return putting_back.begin(scene, stage)
        case Verifying() if stage.claim is not None:
            return putting_back.begin(scene, stage)
        case ReadingFront(source=CheckNumberSource.SHOW):
            # To show its front the card must leave the reader; it comes back, and is then looked at anew.
            return Next(replace(scene.visit, card_present=False))
        case TypingCheckNumber(checking=False):
            # Whoever has to read small print takes the card into the hand.
            return Next(replace(scene.visit, card_present=False))
        case PlacingAgain():
            return front.react_placing(scene, stage, CardLost() if lost else CardRemoved())
        case Reading() if lost:
            return reading.refuse(scene, CardProblem.UNREADABLE)
        case PuttingBack():
            return putting_back.react(scene, stage, CardLost() if lost else CardRemoved())
        case _ if lost:
            return _broken(scene)
        case _:
            return over(scene, FarewellKind.CARD_GONE, HelpReason.STOPPED)


def _broken(scene: Scene) -> Next:
    """The card may still lie there: say so until it is taken."""
    call = CallDesk(scene.visit.visit_id, HelpReason.TROUBLE, stage_word(scene.visit.stage))
    return go(scene, TakingCard(EndReason.TROUBLE), call)


def _granted(scene: Scene, event: VisualGranted) -> Outcome:
    visit = scene.visit
    ours = event.visit_id == visit.visit_id and event.lasts > 0 and visit.card_present
    if not ours or not scene.appliance.profile.visual_check or not comparing.can_start(visit.stage):
        return Next(visit, (AnswerCommand(event.command_id, "not_possible"),))
    if visit.card is not None and visit.card.photo is ChipPhoto.ABSENT:
        return Next(visit, (AnswerCommand(event.command_id, "no_photo"),))
    return comparing.begin(scene, event)


# -- carrying an outcome out -----------------------------------------------------------------------------------------


def _apply(appliance: Appliance, before: Visit, outcome: Outcome) -> tuple[Appliance, Effects]:
    match outcome:
        case None:
            return appliance, ()
        case Over(farewell=farewell, effects=effects):
            ended = replace(appliance, visit=None, farewell=farewell)
            return ended, (*effects, Wipe(before.visit_id))
        case Next(visit=visit, effects=effects):
            return _stamped(appliance, before, visit, (*_leaving(before.stage, visit.stage), *effects))


def _stamped(appliance: Appliance, before: Visit, visit: Visit, wanted: Effects) -> tuple[Appliance, Effects]:
    """Give every request its ask. A new kind of stage waits for nothing that the old one asked."""
    asked = appliance.asked
    effects: list[Effect] = []
    new: set[int] = set()
    for effect in wanted:
        if isinstance(effect, Request):
            asked += 1
            new.add(asked)
            effects.append(replace(effect, ask=Ask(visit.visit_id, asked)))
        else:
            effects.append(effect)
    kept = visit.outstanding if _waits_on(before.stage, visit.stage) else frozenset()
    visit = replace(visit, outstanding=kept | frozenset(new))
    return replace(appliance, visit=visit, asked=asked), tuple(effects)


def _waits_on(before: Stage, after: Stage) -> bool:
    return type(before) is type(after) or isinstance(before, PuttingBack) or isinstance(after, PuttingBack)


def _leaving(before: Stage, after: Stage) -> Effects:
    """What must stop whenever a kind of stage is left, wherever the visit goes."""
    if type(before) is type(after):
        return ()
    effects: list[Effect] = []
    if isinstance(before, LookingAtFace | ReadingFront | Comparing):
        effects.append(StopLooking())
    kept = isinstance(before, TypingCheckNumber) and isinstance(after, PlacingAgain)
    if isinstance(before, TypingPin | TypingCheckNumber) and not kept:
        effects.append(ForgetDigits())
    return tuple(effects)
