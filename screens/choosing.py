"""P02: how to be confirmed. Only what can work is offered, in buttons of the same size."""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Weight, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import ChoosingMethod, Nudge
from kiosk.visit.vocabulary import ChipPhoto
from screens import parts
from screens.parts import Action, Line
from screens.where import standing, ways

_PICTURES = {Method.FACE: "face", Method.PIN: "pin"}


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The choice; where nothing is left to choose, the way to staff."""
    visit, stage = standing(appliance, ChoosingMethod)
    possible = ways(appliance)
    if not possible:
        return _nothing_left(appliance, ui, visit, stage)
    note = [ui.text("pin_reset")] if stage.nudge is Nudge.PIN_LOCKED else []
    around = parts.frame(appliance, ui, step=parts.IDENTITY, note=note)
    nudge = [parts.support(ui.text(f"nudge_{stage.nudge}"))] if stage.nudge else []
    say = parts.title(ui.text("choose" if len(possible) > 1 else "choose_one"))
    if len(possible) == 1:
        lacking = [] if stage.nudge else _lacking(appliance, ui, visit)
        return [*around.widgets, *_only(ui, around.content, possible[0], *nudge, say, *lacking)]
    gap, content = ui.mm(2), around.content
    lines = parts.fitting(ui, Rect(content.x, content.y, content.w, content.h - gap - ui.panel.mm(20)), *nudge, say)
    words = parts.written(ui, content, *lines)
    top = words[-1].rect.bottom + gap
    free = Rect(content.x, top, content.w, content.bottom - top)
    place = parts.centred(free, free.w, min(free.h, ui.mm(130)))
    offered = [Action(ui.text(f"choose_{way}"), f"choose_{way}", picture=_PICTURES[way]) for way in possible]
    return [*around.widgets, *words, *parts.row(ui, place, offered)]


def _nothing_left(appliance: Appliance, ui: Ui, visit: Visit, stage: ChoosingMethod) -> list[Widget]:
    """Staff help. Where this card could do nothing from the first look on, they have been called already."""
    call = Weight.PLAIN if visit.help_called else Weight.PRIMARY
    note = [ui.text("pin_reset")] if stage.nudge is Nudge.PIN_LOCKED else []
    around = parts.frame(appliance, ui, step=parts.IDENTITY, call=call, note=note)
    nudge = [parts.support(ui.text(f"nudge_{stage.nudge}"))] if stage.nudge else []
    how = parts.support(ui.text("choose_none_called" if visit.help_called else "choose_none_how"))
    lines = (parts.title(ui.text("choose_none")), *nudge, how)
    return [*around.widgets, *parts.told(ui, around.content, "staff-coming", *lines)]


def _lacking(appliance: Appliance, ui: Ui, visit: Visit) -> list[Line]:
    """Why only one way is offered, where that is the card's doing and was so at the first look."""
    card, methods = visit.card, appliance.profile.methods
    if card is None:
        return []
    if card.pin_tries is None and Method.PIN in methods:
        return parts.captions([ui.text("card_without_pin")])
    if card.photo is not ChipPhoto.READABLE and Method.FACE in methods:
        return parts.captions([ui.text("card_without_face")])
    return []


def _only(ui: Ui, rect: Rect, way: Method, *lines: Line) -> list[Widget]:
    """One way is left: there is nothing to choose, only the next thing to do."""
    free, place = parts.foot(ui, rect, 1, 20 if ui.portrait else 16)
    told = parts.told(ui, free, _PICTURES[way], *lines)
    x = place.x if ui.portrait else told[-1].rect.x
    here = Rect(x, place.y, place.right - x, place.h)
    action = Action(ui.text(f"choose_{way}"), f"choose_{way}", Weight.PRIMARY)
    return [*told, parts.button(ui, action, here)]
