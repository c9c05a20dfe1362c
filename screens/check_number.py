"""P03n: the numbers printed on the card's front, in three fields, beside the ten-key pad. Only dots are ever shown.

What to type next is said one step at a time: of the birth date first the year as it is printed (of a Japanese era, or the
last two digits of a Western one), then month and day, each as two digits (domain/mynumber-card.md section 2.4). Landscape
panels have no room for an alternative but above the pad, whose keys are a little lower here than for the PIN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.paint import BUTTON_PADDING_MM
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Dots, Label, Picture, Role, Size, Surface, Waiting, Weight, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import TypingCheckNumber
from kiosk.visit.stages.front import CHECK_NUMBER_DIGITS, FIELDS
from screens import frame, keypad, parts
from screens.parts import Action, Line
from screens.where import standing, ways

NAMES = ("number_birth", "number_expiry", "number_code")
"""Of each field."""
_WIDER = 10
"""So much of the steps' room the way to the PIN may take."""
_WORDS_EM = 10.26
"""Room for ten characters of a caption; the picture has the rest."""


@dataclass(frozen=True)
class _Step:
    """What is typed until `until` digits are in: its field, its words and the picture that marks it on the card."""

    until: int
    field: int
    word: str


_STEPS = (
    _Step(2, 0, "year"),
    _Step(4, 0, "month"),
    _Step(6, 0, "day"),
    _Step(10, 1, "expiry"),
    _Step(14, 2, "code"),
)


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The screen of check number B."""
    visit, stage = standing(appliance, TypingCheckNumber)
    to_pin = Action(ui.text("to_pin"), "choose_pin")
    switch_at, pad = _column(ui, to_pin)
    around = frame.around(appliance, ui, step=frame.IDENTITY, width=None if ui.portrait else switch_at.x)
    rect = around.content
    if ui.portrait:
        rect = Rect(rect.x, rect.y, rect.w, pad.y - ui.mm(6) - rect.y)
    elif switch_at.x < pad.x:
        top = max(rect.y, switch_at.bottom)
        rect = Rect(rect.x, top, rect.w + pad.x - switch_at.x, rect.bottom - top)
    upper, lower = _fields_place(ui, rect)
    switched = Method.PIN in ways(appliance) and not stage.checking
    switch = [parts.button(ui, to_pin, switch_at)] if switched else []
    return [
        *around.widgets,
        *_fields(ui, stage, lower),
        *_upper(ui, visit, stage, upper),
        *switch,
        *keypad.keys(ui, pad, gap=keypad.GAP if ui.portrait else parts.GAP),
    ]


def _column(ui: Ui, to_pin: Action) -> tuple[Rect, Rect]:
    """Where the way to the PIN stands, wider than the pad for larger words, and the pad: neither moves while digits are typed."""
    pad = keypad.place(ui)
    if ui.portrait:
        return keypad.below(ui), pad
    edge = ui.mm(frame.CORNER_TOP)
    height = max(ui.mm(frame.CORNER), ui.type_scale.button_line(Size.BODY) + ui.mm(BUTTON_PADDING_MM))
    wide = max(pad.w, min(parts.button_width(ui, to_pin, close=True), pad.w + ui.mm(_WIDER)))
    switch = Rect(pad.right - wide, edge, wide, height)
    top = switch.bottom + ui.panel.mm(parts.GAP)
    return switch, Rect(pad.x, top, pad.w, ui.area.h - ui.mm(1.2) - top)


# -- what to do now --------------------------------------------------------------------------------------------------


def _upper(ui: Ui, visit: Visit, stage: TypingCheckNumber, rect: Rect) -> list[Widget]:
    """What stands over the fields: the way on once all is typed, the ring while it is checked, else what to type now."""
    if stage.digits == CHECK_NUMBER_DIGITS and not stage.checking:
        return _typed(ui, rect)
    picture, words = _beside(ui, rect)
    if stage.checking:
        side = min(picture.w, picture.h, ui.mm(30))
        lines = (parts.title(ui.text("number_checking")), *parts.captions([ui.text("card_stays")]))
        return [Waiting(parts.centred(picture, side, side), visit.touched), *_left(ui, words, *lines)]
    step = next(step for step in _STEPS if stage.digits < step.until)
    lines = _wrong(ui) if stage.wrong else _asked(ui, step)
    return [Picture(picture, f"card-front-{step.word}"), *_left(ui, words, *lines)]


def _typed(ui: Ui, rect: Rect) -> list[Widget]:
    """All digits are in: the one thing to do next takes the picture's place."""
    say = parts.title(ui.text("number_typed"))
    title_h = parts.height_of(ui, rect.w, say)
    free = Rect(rect.x, rect.y + title_h, rect.w, rect.h - title_h)
    action = Action(ui.text("number_go"), "number_typed", Weight.PRIMARY)
    for height in (min(free.h, ui.mm(20)), free.h):
        button = parts.button(ui, action, parts.centred(free, free.w, height))
        if button.size is Size.BODY:
            break
    return [*parts.written(ui, rect, say), button]


def _asked(ui: Ui, step: _Step) -> tuple[Line, ...]:
    how = Line(ui.text(f"number_{step.word}_how"), Size.CAPTION, bold=True)
    notes = parts.captions([ui.text(f"number_{step.word}_note"), ui.text("number_card")])
    return parts.title(ui.text(NAMES[step.field])), how, *notes


def _wrong(ui: Ui) -> tuple[Line, ...]:
    again = parts.captions([ui.text("number_wrong_how")])
    return parts.title(ui.text("number_wrong"), Role.TROUBLE), *again


def _beside(ui: Ui, rect: Rect) -> tuple[Rect, Rect]:
    """Picture and words side by side, on portrait panels too: the words are short."""
    words_w, gap = math.ceil(ui.cap(Size.CAPTION) * _WORDS_EM), ui.mm(6 if ui.portrait else 2)
    picture_w = min(rect.h, rect.w - gap - words_w)
    x = rect.x + ((rect.w - picture_w - gap - words_w) // 2 if ui.portrait else 0)
    return Rect(x, rect.y, picture_w, rect.h), Rect(x + picture_w + gap, rect.y, words_w, rect.h)


def _left(ui: Ui, rect: Rect, *lines: Line) -> list[Label]:
    return parts.written(ui, rect, *parts.fitting(ui, rect, *lines), middle=True, align=Align.LEFT)


# -- the three fields ------------------------------------------------------------------------------------------------


def _fields_place(ui: Ui, rect: Rect) -> tuple[Rect, Rect]:
    """What is above the fields, and the fields: a caption and a row of dots each."""
    height = ui.line_height(Size.KEY) + ui.mm(10 if ui.portrait else 6)
    top = rect.bottom - height
    above = Rect(rect.x, rect.y, rect.w, top - rect.y - ui.mm(4 if ui.portrait else 1))
    return above, Rect(rect.x, top, rect.w, height)


def _fields(ui: Ui, stage: TypingCheckNumber, rect: Rect) -> list[Widget]:
    """Each field's name over its dots, all dots alike; the field that is typed now lies on a sheet."""
    line, gap = ui.line_height(Size.KEY), ui.mm(4)
    before = (0, *accumulate(FIELDS))
    widgets: list[Widget] = []
    for number, place in enumerate(rect.columns(*FIELDS, gap=gap)):
        filled = max(0, min(FIELDS[number], stage.digits - before[number]))
        now = before[number] <= stage.digits < before[number + 1] and not stage.checking
        if now:
            widgets.append(Surface(place.inset(-ui.mm(1.8), -ui.mm(1))))
        role = Role.PRIMARY if now else Role.MUTED
        name = Rect(place.x, place.y, place.w, line)
        dots = Rect(place.x, name.bottom, place.w, place.h - line)
        text = ui.text(NAMES[number])
        widgets += [
            Label(name, text, Size.KEY, role, Align.CENTRE, bold=now),
            Dots(dots, filled, FIELDS[number]),
        ]
    return widgets
