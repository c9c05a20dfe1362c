"""What the camera's screens share: getting ready, and the one advice that would help now, with its picture."""

from __future__ import annotations

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Label, Picture, Waiting, Widget
from screens import parts
from screens.parts import Line

PLACE = 52
"""Width of the live picture's place on landscape panels, design millimetres."""
_ICON = 13


def preparing(ui: Ui, rect: Rect, since: float, key: str, *, first: str = "face_preparing") -> list[Widget]:
    """The camera is being got ready, since `since` (monotonic seconds); `first` is said large, `key` below it."""
    place, words = parts.halves(ui, rect, PLACE)
    lines = (parts.title(ui.text(first)), parts.support(ui.text(key)))
    ring = parts.centred(place, ui.mm(34), ui.mm(34))
    return [Waiting(ring, since), *parts.written(ui, words, *parts.fitting(ui, words, *lines), middle=not ui.portrait)]


def advised(ui: Ui, words: Rect, say: Line, advice: Line, picture: str) -> list[Widget]:
    """What to do in general, and under it the one thing that would help now, with its picture."""
    title_h, icon, gap = parts.height_of(ui, words.w, say), ui.mm(_ICON), ui.mm(3)
    text_w = words.w - icon - gap
    (advice,) = parts.fitting(ui, Rect(0, 0, text_w, words.h - title_h - gap), advice)
    line_h = max(icon, ui.text_height(advice.text, text_w, advice.size, advice.bold))
    free = words.h - title_h - gap - line_h
    top = words.y + (0 if ui.portrait else max(0, free // 2))
    widgets: list[Widget] = [*parts.written(ui, Rect(words.x, top, words.w, title_h), say)]
    text_w = min(text_w, ui.text_width(advice.text, advice.size, advice.bold) + 1)
    x = words.x + ((words.w - icon - gap - text_w) // 2 if ui.portrait else 0)
    y = top + title_h + gap
    widgets.append(Picture(Rect(x, y + (line_h - icon) // 2, icon, icon), picture))
    text_h = ui.text_height(advice.text, text_w, advice.size, advice.bold)
    place = Rect(x + icon + gap, y + (line_h - text_h) // 2, text_w, text_h)
    widgets.append(Label(place, advice.text, advice.size, bold=advice.bold))
    return widgets
