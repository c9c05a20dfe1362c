"""P05s: a staff member's own number and PIN, in two fields beside the ten-key pad. Only dots are ever shown."""

from __future__ import annotations

from itertools import accumulate

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Button, Dots, Label, Role, Size, Surface, Weight, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import StaffEntrance
from kiosk.visit.stages.staff_entrance import FIELDS
from screens import frame, keypad, parts, staff
from screens.parts import Line
from screens.where import standing

NAMES = ("staff_number", "staff_pin")
"""Of each field."""


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The staff entrance."""
    _, stage = standing(appliance, StaffEntrance)
    if not stage.takes_digits and not stage.checking:
        return _nothing_to_compare(appliance, ui)
    pad = keypad.place(ui)
    around = frame.around(appliance, ui, step=None, width=None if ui.portrait else pad.x, corner=())
    rect = around.content
    if ui.portrait:
        rect, back_at = Rect(rect.x, rect.y, rect.w, pad.y - ui.mm(6) - rect.y), keypad.below(ui)
    else:
        rect, place = parts.foot(ui, rect, 1, 15.1)
        back_at = Rect(place.x, place.y, ui.mm(40), place.h)
    back = Button(back_at, staff.words(ui, "staff_back"), staff.BACK, Weight.STAFF, Size.FRAME)
    return [
        staff.edge(ui),
        *around.widgets,
        *_words(ui, stage, rect),
        *([] if stage.checking else [back]),
        *keypad.keys(ui, pad),
    ]


def _nothing_to_compare(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The card has no photo: there is nothing to type, only the way back."""
    back = staff.action(ui, "staff_back", staff.BACK)
    around = frame.around(appliance, ui, step=frame.IDENTITY, actions=[back])
    lines = (staff.title(ui), staff.said(ui, "staff_no_photo"))
    return [staff.edge(ui), *around.widgets, *parts.told(ui, around.content, "compare", *lines, kept=True)]


def _words(ui: Ui, stage: StaffEntrance, rect: Rect) -> list[Widget]:
    """Who this is for, what to do or what was wrong, and the two fields at the lower end."""
    line, dots_h = ui.line_height(Size.KEY), ui.mm(7)
    low = Rect(rect.x, rect.bottom - line - dots_h - ui.mm(1), rect.w, line + dots_h)
    free = Rect(rect.x, rect.y, rect.w, low.y - ui.mm(1) - rect.y)
    lines = parts.fitting(ui, free, staff.title(ui), _said(ui, stage))
    return [*parts.written(ui, free, *lines), *_fields(ui, stage, low, line)]


def _said(ui: Ui, stage: StaffEntrance) -> Line:
    if stage.checking:
        return Line(staff.words(ui, "staff_checking"), Size.CAPTION, Role.MUTED)
    if stage.trouble is not None:
        return Line(staff.words(ui, f"staff_{stage.trouble}"), Size.CAPTION, Role.TROUBLE, bold=True)
    return Line(staff.words(ui, "staff_how"), Size.CAPTION, Role.MUTED)


def _fields(ui: Ui, stage: StaffEntrance, rect: Rect, line: int) -> list[Widget]:
    """Each field's name over its dots; the one that is typed now lies on a sheet."""
    before = (0, *accumulate(FIELDS))
    widgets: list[Widget] = []
    for number, place in enumerate(rect.columns(*FIELDS, gap=ui.mm(5))):
        now = before[number] <= stage.digits < before[number + 1] and not stage.checking
        if now:
            widgets.append(Surface(place.inset(-ui.mm(1.8), -ui.mm(1))))
        role = Role.STAFF if now else Role.MUTED
        name = Rect(place.x, place.y, place.w, line)
        filled = max(0, min(FIELDS[number], stage.digits - before[number]))
        widgets += [
            Label(name, staff.words(ui, NAMES[number]), Size.KEY, role, Align.CENTRE, bold=now),
            Dots(Rect(place.x, name.bottom, place.w, place.h - line), filled, FIELDS[number]),
        ]
    return widgets
