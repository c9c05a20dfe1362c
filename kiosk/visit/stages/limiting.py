"""P12: may the 限度額 (the ceiling of what a patient pays) be asked for? Only where a number is looked up; silence is no."""

from __future__ import annotations

from dataclasses import replace

from kiosk.visit.events import Event, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Scene
from kiosk.visit.stage import AskingLimit
from kiosk.visit.stages import verifying


def react(scene: Scene, stage: AskingLimit, event: Event) -> Outcome:
    """Yes or no, and then the look-up; whoever says nothing is looked up without it."""
    match event:
        case Tapped(action="limit_yes"):
            return _on(scene, stage, yes=True)
        case Tapped(action="limit_no"):
            return _on(scene, stage, yes=False)
        case Tick() if scene.idle:
            return _on(scene, stage, yes=False)
        case _:
            return None


def _on(scene: Scene, stage: AskingLimit, *, yes: bool) -> Next:
    said = Scene(scene.appliance, replace(scene.visit, limit_consent=yes))
    return verifying.begin(said, stage.method, stage.claim)
