"""The fixed ten-key pad, shared by all that is typed: digits are secret and show no touch; the last key takes one back."""

from __future__ import annotations

import math

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, SecretKey, Size, Widget
from screens import frame, parts

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "", "0", "erase")
"""Rows of three, the telephone's order; shuffled keys were slower and no safer (domain/kiosk-ui.md section 5)."""
GAP = 3.0
_TALL = 237
"""Height of an upright panel from which the keys have all their room."""
_KEY_W, _KEY_H, _LEAST_H = 26, 19, 15.1
"""Of a key on upright panels: as wide and as high as a thumb likes, and no lower than domain/kiosk-ui.md section 5 allows."""


def place(ui: Ui) -> Rect:
    """Where the pad stands: the right column, or between what is typed and the actions.

    On an upright panel that is less tall the keys are lower and nearer to what stands below, and what is typed has the
    room it has elsewhere.
    """
    if ui.portrait:
        lacking = max(0, ui.panel.mm(_TALL) - ui.area.h)
        high = max(ui.panel.mm(_LEAST_H), ui.panel.mm(_KEY_H) - math.ceil(lacking / 4))
        w, h = 3 * ui.panel.mm(_KEY_W) + 2 * ui.panel.mm(GAP), 4 * high + 3 * ui.panel.mm(GAP)
        away = ui.panel.mm(5.5 if lacking else 9)
        return Rect((ui.area.w - w) // 2, frame.bar(ui)[0].y - ui.panel.mm(20) - away - h, w, h)
    w = 3 * ui.panel.mm(16.7) + 2 * ui.panel.mm(GAP)
    edge = ui.panel.mm(3.5)
    return Rect(ui.area.w - ui.panel.mm(frame.MARGIN) - w, edge, w, ui.area.h - 2 * edge)


def below(ui: Ui) -> Rect:
    """On portrait panels, where another way stands: between the pad and the lowest band."""
    stop, call = frame.bar(ui)
    return Rect(stop.x, stop.y - ui.panel.mm(parts.GAP) - stop.h, call.right - stop.x, stop.h)


def keys(ui: Ui, pad: Rect, *, gap: float = GAP) -> list[Widget]:
    """The keys, `gap` design millimetres apart."""
    between = ui.panel.mm(gap)
    places = [cell for line in pad.rows(1, 1, 1, 1, gap=between) for cell in line.columns(1, 1, 1, gap=between)]
    made: list[Widget] = []
    for key, cell in zip(KEYS, places, strict=True):
        if key == "erase":
            made.append(Button(cell, ui.text("erase"), "erase", size=Size.KEY))
        elif key:
            made.append(SecretKey(cell, key))
    return made
