"""P12 in the flows until 2024-10: the answer is there; may its 限度額 be passed on to the clinic? Silence is no."""

from __future__ import annotations

from dataclasses import replace

from kiosk.record.eligibility import Validity
from kiosk.visit.endings import conclude
from kiosk.visit.events import Event, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.profiles import Limit
from kiosk.visit.stage import Concluding, ProvidingLimit
from kiosk.visit.stages import prescribing


def begin(scene: Scene, stage: Concluding) -> Next:
    """The consents are said: ask for the limit where this flow does, then go on to the prescription."""
    if scene.appliance.profile.limit is Limit.AFTER_ANSWER and stage.answer.validity is Validity.VALID:
        return go(scene, ProvidingLimit(stage))
    return prescribing.begin(scene, stage)


def react(scene: Scene, stage: ProvidingLimit, event: Event) -> Outcome:
    """Yes or no, then the rest; whoever says nothing is asked nothing more."""
    match event:
        case Tapped(action="limit_yes"):
            return prescribing.begin(_said(scene, yes=True), stage.then)
        case Tapped(action="limit_no"):
            return prescribing.begin(_said(scene, yes=False), stage.then)
        case Tick() if scene.idle:
            return conclude(scene, replace(stage.then, complete=False))
        case _:
            return None


def _said(scene: Scene, *, yes: bool) -> Scene:
    return Scene(scene.appliance, replace(scene.visit, limit_consent=yes))
