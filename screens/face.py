"""P03: the live picture, one advice at a time, and the ring of good frames. It always says that nothing is kept."""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Live, Widget
from kiosk.visit.appliance import Appliance, LookingAtFace
from screens import filmed, parts
from screens.parts import Action, Line
from screens.where import standing, ways


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The face screen; until the camera films, that it is being got ready."""
    visit, stage = standing(appliance, LookingAtFace)
    actions = [Action(ui.text("to_pin"), "choose_pin")] if Method.PIN in ways(appliance) else []
    around = parts.frame(appliance, ui, step=parts.IDENTITY, actions=actions)
    if not stage.filming:
        return [*around.widgets, *filmed.preparing(ui, around.content, visit.since, "face_preparing_wait")]
    place, words = parts.halves(ui, around.content, filmed.PLACE)
    filming = parts.filming(ui, place)
    live = Rect(place.x, place.y, place.w, filming[0].rect.y - place.y - ui.mm(1))
    advice = Line(ui.text(f"advice_{stage.advice}" if stage.advice else "face_fine"), bold=stage.advice is not None)
    picture = str(stage.advice).replace("_", "-") if stage.advice else "face"
    say = parts.title(ui.text("face"))
    advised = filmed.advised(ui, words, say, advice, picture)
    return [*around.widgets, Live(live, progress=stage.progress), *filming, *advised]
