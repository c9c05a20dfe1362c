"""P02: how to be confirmed. Only what can work is offered; a visual check comes from staff and needs no button here."""

from __future__ import annotations

from kiosk.visit.endings import stop
from kiosk.visit.events import Event, Tapped, Tick
from kiosk.visit.outcome import Outcome, Scene
from kiosk.visit.stage import ChoosingMethod, EndReason
from kiosk.visit.stages.ways import choose_face, choose_pin


def react(scene: Scene, stage: ChoosingMethod, event: Event) -> Outcome:
    """Face, PIN, or after a minute of nothing the end."""
    match event:
        case Tapped(action="choose_face"):
            return choose_face(scene)
        case Tapped(action="choose_pin"):
            return choose_pin(scene)
        case Tick() if scene.idle:
            return stop(scene, EndReason.TIMED_OUT)
        case _:
            return None
