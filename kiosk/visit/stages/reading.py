"""P01: a card lies on the reader; what is it? And where it cannot go on: one sentence, until it is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.dates import Notice, notice
from kiosk.record.door import HelpReason
from kiosk.visit.appliance import Card
from kiosk.visit.effects import CallDesk
from kiosk.visit.endings import stage_word
from kiosk.visit.events import CardRead, CardRefused, Event, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import ChoosingMethod, Reading, Refused
from kiosk.visit.stages import ways
from kiosk.visit.vocabulary import CardProblem

READING_SECONDS: Final = 15.0
"""domain/flow-and-rules.md section 2.3, P01."""


_PATIENT_MENDS: Final = (
    CardProblem.UNREADABLE,
    CardProblem.SEVERAL_CARDS,
    CardProblem.OTHER_CARD,
    CardProblem.RESIDENT_CARD,
    CardProblem.PHONE,
)
"""Another card, or the same one placed otherwise, helps: the desk need not be rung."""


def react(scene: Scene, stage: Reading, event: Event) -> Outcome:
    """Recognised: choose how to be confirmed. Not: say what it is. Nothing within 15 s: unreadable."""
    match event:
        case CardRead():
            return _recognised(scene, event)
        case CardRefused(problem=problem):
            return refuse(scene, problem)
        case Tick() if scene.now - scene.visit.since > READING_SECONDS:
            return refuse(scene, CardProblem.UNREADABLE)
        case _:
            return None


def refuse(scene: Scene, problem: CardProblem) -> Next:
    """Say that this card cannot go on; a holder of a My Number Card that cannot needs the desk, and the desk is told."""
    if problem in _PATIENT_MENDS:
        return go(scene, Refused(problem))
    call = CallDesk(scene.visit.visit_id, HelpReason.CARD_UNUSABLE, stage_word(scene.visit.stage))
    return go(scene, Refused(problem), call)


def _recognised(scene: Scene, event: CardRead) -> Next:
    judged = notice(event.not_after, scene.visit.today)
    if judged is Notice.BEYOND and scene.appliance.clock_sure:
        return refuse(scene, CardProblem.EXPIRED)
    if judged is Notice.BEYOND:
        # A clock that nobody set refuses nobody: as careful as in the grace, until the centre has answered.
        judged = Notice.GRACE
    card = Card(event.certificate, judged, event.pin_tries or None, event.photo, event.simulated)
    visit = replace(scene.visit, card=card, simulated=scene.visit.simulated or event.simulated)
    if ways.ways(scene.appliance, visit) or visit.help_called:
        return go(Scene(scene.appliance, visit), ChoosingMethod())
    # Nothing this card can do here: staff help, and are told at once.
    call = CallDesk(visit.visit_id, HelpReason.CARD_UNUSABLE, stage_word(visit.stage))
    return go(Scene(scene.appliance, replace(visit, help_called=True)), ChoosingMethod(), call)
