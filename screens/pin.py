"""P04: four dots and a fixed ten-key pad. On landscape panels the pad runs through header and lowest band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Dots, Role, Size, Waiting, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import TypingPin
from screens import frame, keypad, parts
from screens.parts import Action, Line
from screens.where import standing, ways

DIGITS = 4


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The PIN screen."""
    visit, stage = standing(appliance, TypingPin)
    pad = keypad.place(ui)
    width = None if ui.portrait else pad.x
    to_face = [Action(ui.text("to_face"), "choose_face")] if Method.FACE in ways(appliance) else []
    around = frame.around(appliance, ui, step=frame.IDENTITY, width=width)
    switch_at, free = _switch_place(ui, pad, around.content, to_face)
    shown = [] if stage.checking else [parts.button(ui, action, switch_at) for action in to_face]
    return [*around.widgets, *_words(ui, visit, stage, free), *shown, *keypad.keys(ui, pad)]


def _switch_place(ui: Ui, pad: Rect, rect: Rect, to_face: Sequence[Action]) -> tuple[Rect, Rect]:
    """Where the way to the face stands, and what is left for the words: the same while the PIN is being checked."""
    if ui.portrait:
        return keypad.below(ui), Rect(rect.x, rect.y, rect.w, pad.y - rect.y)
    free, place = parts.foot(ui, rect, 1, 15.1) if to_face else (rect, Rect(rect.x, rect.bottom, 0, 0))
    width = max((parts.button_width(ui, action) for action in to_face), default=0)
    return Rect(place.x, place.y, width, place.h), free


def _words(ui: Ui, visit: Visit, stage: TypingPin, rect: Rect) -> list[Widget]:
    """The sentence, under it what there is to know (tries left, or that it is being checked), and the dots."""
    say, hint = _said(ui, stage)
    if not ui.portrait:  # the pad beside it keeps its size
        hint = replace(hint, size=Size.FRAME)
    title_h, hint_h = parts.height_of(ui, rect.w, say), parts.height_of(ui, rect.w, hint)
    below = Rect(rect.x, rect.y + title_h, rect.w, hint_h)
    dots_w, dots_h = min(rect.w, ui.mm(84 if ui.portrait else 58)), ui.mm(16 if ui.portrait else 9)
    gap = max(0, min(ui.mm(8), (rect.bottom - below.bottom - dots_h) // 2))
    dots_x = rect.x + (rect.w - dots_w) // 2 if ui.portrait else rect.x
    hinted = _checking(ui, visit, hint, below) if stage.checking else parts.written(ui, below, hint)
    dots = Dots(Rect(dots_x, below.bottom + gap, dots_w, dots_h), stage.digits, DIGITS)
    return [*parts.written(ui, rect, say), *hinted, dots]


def _checking(ui: Ui, visit: Visit, hint: Line, rect: Rect) -> list[Widget]:
    ring, gap = min(ui.mm(9), rect.h), ui.mm(3)
    words_w = ui.text_width(hint.text, hint.size, hint.bold) + 1
    x = rect.x + ((rect.w - ring - gap - words_w) // 2 if ui.portrait else 0)
    words = Rect(x + ring + gap, rect.y, words_w, rect.h)
    return [
        Waiting(Rect(x, rect.y + (rect.h - ring) // 2, ring, ring), visit.touched),
        *parts.written(ui, words, hint),
    ]


def _said(ui: Ui, stage: TypingPin) -> tuple[Line, Line]:
    """The sentence and the line under it: what to do, or how many tries are left."""
    if stage.checking:
        return parts.title(ui.text("pin")), parts.support(ui.text("pin_checking"))
    if stage.wrong:
        return parts.title(ui.text("pin_wrong"), Role.TROUBLE), Line(
            ui.text("pin_left", tries=stage.tries_left), bold=True
        )
    if stage.tries_left == 1:
        return parts.title(ui.text("pin")), Line(ui.text("pin_last"), bold=True)
    if stage.tries_left == 2:
        return parts.title(ui.text("pin")), Line(ui.text("pin_left", tries=stage.tries_left), bold=True)
    return parts.title(ui.text("pin")), parts.support(ui.text("pin_how"))
