"""P03: the live picture, one advice at a time, and the ring of good frames. It always says that nothing is kept."""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Live, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import LookingAtFace
from screens import filmed, frame, parts
from screens.parts import Action, Line
from screens.where import standing, ways


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The face screen; until the camera films, that it is being got ready."""
    visit, stage = standing(appliance, LookingAtFace)
    actions = [Action(ui.text("to_pin"), "choose_pin")] if Method.PIN in ways(appliance) else []
    around = frame.around(appliance, ui, step=frame.IDENTITY, actions=actions)
    if not stage.filming:
        first, below = _meanwhile(stage)
        return [*around.widgets, *filmed.preparing(ui, around.content, visit.since, below, first=first)]
    place, words = parts.halves(ui, around.content, filmed.PLACE)
    filming = parts.filming(ui, place)
    live = Rect(place.x, place.y, place.w, filming[0].rect.y - place.y - ui.mm(1))
    said, picture = _said(stage)
    advice = Line(ui.text(said), bold=said != "face_fine")
    advised = filmed.advised(ui, words, parts.title(ui.text(_wanted(stage))), advice, picture)
    return [*around.widgets, Live(live, progress=stage.progress), *filming, *advised]


def _meanwhile(stage: LookingAtFace) -> tuple[str, str]:
    """What to say while the camera is got ready: what would have helped the attempt before comes first."""
    if stage.hint is not None:
        return f"hint_{stage.hint}", "face_preparing"
    return "face_preparing", "face_preparing_wait"


def _wanted(stage: LookingAtFace) -> str:
    """What the person should do: what is asked now, or what would have helped the attempt before."""
    if stage.prompt is not None:
        return f"prompt_{stage.prompt}"
    if stage.hint is not None:
        return f"hint_{stage.hint}"
    return "face" if stage.attempt == 1 else "face_again"


def _said(stage: LookingAtFace) -> tuple[str, str]:
    """The line below, and its picture: the one thing to do better, else the picture of what is asked."""
    if stage.advice is not None:
        return f"advice_{stage.advice}", stage.advice.replace("_", "-")
    if stage.prompt is not None:
        return f"prompt_{stage.prompt}_how", stage.prompt.replace("_", "-")
    if stage.hint is not None:
        return f"hint_{stage.hint}_how", stage.hint.replace("_", "-")
    return "face_fine", "face"
