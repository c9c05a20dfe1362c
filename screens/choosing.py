"""P02: how to be confirmed. Only what can work is offered, in buttons of the same size."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.paint import BUTTON_PADDING_MM, button_parts
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Size, Weight, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import ChoosingMethod, Nudge
from kiosk.visit.vocabulary import ChipPhoto
from screens import frame, parts
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
    around = frame.around(appliance, ui, step=frame.IDENTITY, note=note)
    nudge = [parts.support(ui.text(f"nudge_{stage.nudge}"))] if stage.nudge else []
    say = parts.title(ui.text("choose" if len(possible) > 1 else "choose_one"))
    if len(possible) == 1:
        lacking = [] if stage.nudge else _lacking(appliance, ui, visit)
        return [*around.widgets, *_only(ui, around.content, possible[0], *nudge, say, *lacking)]
    offered = [Action(ui.text(f"choose_{way}"), f"choose_{way}", picture=_PICTURES[way]) for way in possible]
    return [*around.widgets, *_choice(ui, around.content, offered, *nudge, say)]


def _choice(ui: Ui, rect: Rect, offered: Sequence[Action], *lines: Line) -> list[Widget]:
    """The ways as large as there is room for under the lines, which leave them at least two lines of their own words."""
    least = max(ui.panel.mm(20), 2 * ui.type_scale.button_line(Size.BODY) + ui.mm(BUTTON_PADDING_MM))
    for gap in (ui.mm(2), ui.mm(0.5)):
        words = parts.written(ui, rect, *parts.fitting(ui, Rect(rect.x, rect.y, rect.w, rect.h - gap - least), *lines))
        top = words[-1].rect.bottom + gap
        free = Rect(rect.x, top, rect.w, rect.bottom - top)
        row = parts.row(ui, parts.centred(free, free.w, min(free.h, ui.mm(130))), offered)
        if row[0].size is Size.BODY:
            break
    if len({_above(ui, button) for button in row}) > 1 and least <= free.h:
        row = parts.row(ui, parts.centred(free, free.w, least), offered)
    return [*words, *row]


def _above(ui: Ui, button: Button) -> bool:
    """Whether the button's picture stands over its words: of two ways of equal weight both or none."""
    padding = ui.mm(BUTTON_PADDING_MM)
    picture, words = button_parts(button, button.rect, padding, ui.type_scale, ui.lettering)
    return picture is not None and picture.bottom <= words.y


def _nothing_left(appliance: Appliance, ui: Ui, visit: Visit, stage: ChoosingMethod) -> list[Widget]:
    """Staff help. Where this card could do nothing from the first look on, they have been called already."""
    call = Weight.PLAIN if visit.help_called else Weight.PRIMARY
    note = [ui.text("pin_reset")] if stage.nudge is Nudge.PIN_LOCKED else []
    around = frame.around(appliance, ui, step=frame.IDENTITY, call=call, note=note)
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
