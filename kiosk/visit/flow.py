"""`step`: what is true whatever the stage, then the stage.

Machine-wide: the clocks, asks that are not outstanding, a pulled card, "stop", "call staff", grants of a visual check,
the farewell after a visit, and the wipe that every path ends in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.record.door import HelpReason, StaffOutcome
from kiosk.visit import at_rest
from kiosk.visit.appliance import Appliance, Ask, FarewellKind, Visit
from kiosk.visit.effects import (
    AnswerCommand,
    CallDesk,
    Effect,
    ForgetDigits,
    ForgetStaffDigits,
    ReadCard,
    ReportVisual,
    Request,
    StopLooking,
    Wipe,
)
from kiosk.visit.endings import (
    commit_cardless,
    commit_unconfirmed,
    conclude,
    conclude_early,
    farewell_of,
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
    NumberAsked,
    Progress,
    ReceptionReached,
    ServiceChanged,
    Speaking,
    Tapped,
    Tick,
    VisualConfirmed,
    VisualGranted,
    VisualRefused,
)
from kiosk.visit.outcome import Next, Outcome, Over, Scene, go
from kiosk.visit.patience import warned
from kiosk.visit.stage import (
    AskingLimit,
    CheckedIn,
    ChoosingMethod,
    ChoosingPrescription,
    Committing,
    Comparing,
    Concluding,
    Consenting,
    EndReason,
    Grant,
    Interrupted,
    LookingAtFace,
    NotingArrival,
    OfferingLastTry,
    OfferingRegistration,
    PlacingAgain,
    ProvidingLimit,
    PuttingBack,
    Reading,
    ReadingFront,
    Refused,
    StaffEntrance,
    Stage,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
)
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
    providing_limit,
    putting_back,
    reading,
    registering,
    staff_entrance,
    verifying,
)
from kiosk.visit.vocabulary import CardProblem, CheckNumberSource, ChipPhoto
from kiosk.visit.waiting import waited

Effects = tuple[Effect, ...]


def step(appliance: Appliance, event: Event) -> tuple[Appliance, Effects]:
    """What the kiosk is after `event`, and what it now wants from outside. Pure, and total: no event is an error."""
    heard = 0.0
    match event:
        case Tick(mono=mono, wall=wall, sure=sure):
            heard = mono - appliance.mono if appliance.speaking else 0.0
            appliance = at_rest.time_passes(replace(appliance, mono=mono, wall=wall, clock_sure=sure))
        case ServiceChanged(service=service):
            return replace(appliance, service=service), ()
        case ReceptionReached(reachable=reachable):
            return replace(appliance, reception_reached=reachable), ()
        case Delivered(checkin_id=checkin_id):
            appliance = at_rest.farewell_hears(appliance, checkin_id)
        case Speaking(now=speaking):
            appliance = replace(appliance, speaking=speaking)
        case Tapped(action=action) if (looking := at_rest.looked(appliance, action)) is not None:
            return looking, ()
        case _ if (told := at_rest.told_by_staff(appliance, event)) is not None:
            return told
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
    elif heard:
        # Nobody's time runs while the voice speaks; the warning itself is spoken, and is not taken back by that.
        visit = replace(visit, touched=visit.touched + heard)
    visit = warned(waited(visit, appliance.mono), appliance.mono)
    choosing = None if visit.warned else appliance.choosing
    appliance = replace(appliance, visit=visit, choosing=choosing)
    return _apply(appliance, visit, _react(Scene(appliance, visit), event))


# -- without a visit -------------------------------------------------------------------------------------------------


def _without_visit(appliance: Appliance, event: Event) -> tuple[Appliance, Effects]:
    match event:
        case CardPlaced(visit_id=visit_id) if appliance.takes_patients:
            here, visit = at_rest.opened(appliance, visit_id, Reading())
            return _apply(here, visit, Next(visit, (ReadCard(),)))
        case NumberAsked(visit_id=visit_id) if appliance.no_card and appliance.takes_patients:
            here, visit = at_rest.opened(appliance, visit_id, Reading())
            visit = replace(visit, card_present=False)
            return _apply(here, visit, commit_cardless(Scene(here, visit)))
        case Tick():
            return appliance, at_rest.start_again(appliance)
        case Tapped(action=action):
            return at_rest.tapped(appliance, action)
        case VisualGranted(command_id=command_id) | VisualConfirmed(command_id=command_id):
            return appliance, (AnswerCommand(command_id, "not_possible"),)
        case VisualRefused(command_id=command_id):
            return appliance, (AnswerCommand(command_id, "not_possible"),)
        case _:
            return appliance, ()


# -- with a visit ----------------------------------------------------------------------------------------------------


def _react(scene: Scene, event: Event) -> Outcome:
    match event:
        case Tapped(action="call_staff"):
            return _call_staff(scene)
        case Tapped(action="stop"):
            return _stopped(scene)
        case Tapped(action="staff") if staff_entrance.offered(scene.appliance):
            return staff_entrance.begin(scene)
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
        case StaffEntrance():
            return staff_entrance.react(scene, stage, event)
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
        case ProvidingLimit():
            return providing_limit.react(scene, stage, event)
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
        case ProvidingLimit(then=then) | ChoosingPrescription(then=then):
            unsaid = Scene(scene.appliance, replace(scene.visit, limit_consent=None))
            return conclude(unsaid, replace(then, agreed=(), refused=(), complete=False))
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
        case (
            AskingLimit()
            | OfferingRegistration()
            | Consenting()
            | ProvidingLimit()
            | ChoosingPrescription()
            | Concluding()
        ):
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
    return comparing.begin(scene, Grant(event.command_id, event.staff_id, scene.now + event.lasts))


# -- carrying an outcome out -----------------------------------------------------------------------------------------


def _apply(appliance: Appliance, before: Visit, outcome: Outcome) -> tuple[Appliance, Effects]:
    match outcome:
        case None:
            return appliance, ()
        case Over(farewell=farewell, effects=effects):
            look = appliance.look if farewell is not None else appliance.usual
            ended = replace(appliance, visit=None, farewell=farewell, look=look, choosing=None, rest_until=0.0)
            return ended, (*_undecided(before, effects), *effects, Wipe(before.visit_id))
        case Next(visit=visit, effects=effects):
            visit = warned(waited(visit, appliance.mono), appliance.mono)
            if type(visit.stage) is not type(before.stage) or visit.warned:
                appliance = replace(appliance, choosing=None)
            if type(visit.stage) is not type(before.stage):
                effects = (*_undecided(before, effects), *effects)
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
    if isinstance(before, StaffEntrance):
        effects.append(ForgetStaffDigits())
    if isinstance(before, LookingAtFace | ReadingFront | Comparing):
        effects.append(StopLooking())
    kept = isinstance(before, TypingCheckNumber) and isinstance(after, PlacingAgain)
    if isinstance(before, TypingPin | TypingCheckNumber) and not kept:
        effects.append(ForgetDigits())
    return tuple(effects)


def _undecided(before: Visit, effects: Effects) -> Effects:
    """What reception is told where a check at the kiosk is left and nobody said how it ended."""
    stage = before.stage
    if not isinstance(stage, Comparing) or not stage.grant.at_kiosk:
        return ()
    if any(isinstance(effect, ReportVisual) for effect in effects):
        return ()
    return (ReportVisual(stage.grant.grant_id, before.visit_id, StaffOutcome.WITHDRAWN),)
