"""P03: the live picture, one advice at a time, and the ring of good frames. It always says that nothing is kept."""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Label, Live, Picture, Size, Waiting, Widget
from kiosk.visit.appliance import Appliance, LookingAtFace
from screens import parts
from screens.parts import Action, Line
from screens.where import standing, ways

_ICON = 13


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The face screen; until the camera films, that it is being got ready."""
    visit, stage = standing(appliance, LookingAtFace)
    actions = [Action(ui.text("to_pin"), "choose_pin")] if Method.PIN in ways(appliance) else []
    around = parts.frame(appliance, ui, step=parts.IDENTITY, actions=actions)
    place, words = parts.halves(ui, around.content, 52)
    if not stage.filming:
        lines = (parts.title(ui.text("face_preparing")), parts.support(ui.text("face_preparing_wait")))
        ring = parts.centred(place, ui.mm(34), ui.mm(34))
        return [*around.widgets, Waiting(ring, visit.since), *parts.written(ui, words, *lines, middle=not ui.portrait)]
    filming = parts.filming(ui, place)
    live = Rect(place.x, place.y, place.w, filming[0].rect.y - place.y - ui.mm(1))
    return [*around.widgets, Live(live, progress=stage.progress), *filming, *_advice(ui, words, stage)]


def _advice(ui: Ui, words: Rect, stage: LookingAtFace) -> list[Widget]:
    """What to do in general, and under it the one thing that would help now, with its picture."""
    say = parts.title(ui.text("face"))
    key = f"advice_{stage.advice}" if stage.advice else "face_fine"
    line = Line(ui.text(key), bold=stage.advice is not None)
    title_h, icon, gap = parts.height_of(ui, words.w, say), ui.mm(_ICON), ui.mm(3)
    text_w = words.w - icon - gap
    line_h = max(icon, ui.text_height(line.text, text_w, Size.BODY, line.bold))
    free = words.h - title_h - gap - line_h
    top = words.y + (0 if ui.portrait else max(0, free // 2))
    widgets: list[Widget] = [*parts.written(ui, Rect(words.x, top, words.w, title_h), say)]
    text_w = min(text_w, ui.text_width(line.text, Size.BODY, line.bold) + 1)
    x = words.x + ((words.w - icon - gap - text_w) // 2 if ui.portrait else 0)
    y = top + title_h + gap
    picture = str(stage.advice).replace("_", "-") if stage.advice else "face"
    widgets.append(Picture(Rect(x, y + (line_h - icon) // 2, icon, icon), picture))
    text_h = ui.text_height(line.text, text_w, Size.BODY, line.bold)
    place = Rect(x + icon + gap, y + (line_h - text_h) // 2, text_w, text_h)
    widgets.append(Label(place, line.text, Size.BODY, bold=line.bold))
    return widgets
