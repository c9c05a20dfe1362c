"""P08: may what is known be provided? Three equal answers, none of them filled in beforehand, none of them pushed."""

from __future__ import annotations

from kiosk.record.consent import ConsentItem
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Label, Picture, Size, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import Consenting
from screens import frame, parts
from screens.parts import Action
from screens.where import standing

PICTURES = {
    ConsentItem.MEDICATION: "medicine",
    ConsentItem.DIAGNOSIS: "diagnosis",
    ConsentItem.SURGERY: "surgery",
    ConsentItem.CHECKUP: "checkup",
    ConsentItem.SPECIFIC_DISEASE: "papers",
}
_UNDER = (Size.BODY, Size.FRAME, Size.CAPTION, Size.KEY)
"""The sizes of words under pictures: the first in which all of them fit."""
_ANSWERS = ("agree_all", "choose_items", "refuse_all")


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The blanket consent screen: what (in pictures), to whom, for how long, and the three answers."""
    _, stage = standing(appliance, Consenting)
    around = frame.around(appliance, ui, step=frame.CONSENT, note=(ui.text("consent_free"),))
    answers = [Action(ui.text(key), key) for key in _ANSWERS]
    free, place = parts.foot(ui, around.content, len(answers), 20 if ui.portrait else 15.5)
    lines = (parts.title(ui.text("consent")), parts.support(ui.text("consent_means")))
    gap = ui.mm(6 if ui.portrait else 1)
    room = Rect(free.x, free.y, free.w, free.h - ui.line_height(Size.BODY) - 2 * gap)
    written = parts.written(ui, free, *parts.fitting(ui, room, *lines))
    top = written[-1].rect.bottom + gap
    shown = _items(ui, Rect(free.x, top, free.w, free.bottom - gap - top), stage.items)
    return [*around.widgets, *written, *shown, *parts.row(ui, place, answers)]


def _size(ui: Ui, rect: Rect, items: tuple[ConsentItem, ...]) -> Size:
    """One size for all the words that stand beside pictures."""
    size = Size.BODY if len(items) < 5 else Size.CAPTION
    longest = max(ui.text_width(ui.text(f"consent_{item}"), size) for item in items)
    room = (rect.w - ui.mm(3) * (len(items) - 1)) // len(items) - ui.mm(2) - ui.mm(8)
    return size if ui.line_height(size) <= rect.h and longest < room else parts.AS_USUAL[size]


def _items(ui: Ui, rect: Rect, items: tuple[ConsentItem, ...]) -> list[Widget]:
    """A picture and a word for each item: the word under the picture on portrait panels with room for it, else beside it."""
    words = [ui.text(f"consent_{item}") for item in items]
    cells = rect.columns(*[1.0] * len(items), gap=ui.mm(3))
    under = next((size for size in _UNDER if max(ui.text_width(word, size) for word in words) < cells[-1].w), Size.KEY)
    side = min(cells[-1].w, rect.h - ui.line_height(under) - ui.mm(2))
    placed = list(zip(items, words, cells, strict=True))
    if ui.portrait and side >= _least(ui):
        return [widget for item, word, cell in placed for widget in _above(ui, cell, item, word, under, side)]
    size, least = _size(ui, rect, items), _least(ui, 4 if len(items) == 5 else 8)
    return [widget for item, word, cell in placed for widget in _beside(ui, cell, item, word, size, least)]


def _least(ui: Ui, mm: float = 8) -> int:
    """No picture of an item is smaller; among five of them, half as large will do."""
    return ui.panel.mm(mm / ui.panel.scale)


def _above(ui: Ui, cell: Rect, item: ConsentItem, word: str, size: Size, side: int) -> list[Widget]:
    line, gap = ui.line_height(size), ui.mm(2)
    picture = Rect(cell.x + (cell.w - side) // 2, cell.y + (cell.h - side - gap - line) // 2, side, side)
    below = Rect(cell.x, picture.bottom + gap, cell.w, line)
    return [Picture(picture, PICTURES[item]), Label(below, word, size, align=Align.CENTRE)]


def _beside(ui: Ui, cell: Rect, item: ConsentItem, word: str, size: Size, least: int) -> list[Widget]:
    """The word, and before it the picture where it does not get smaller than `least`."""
    gap, word_w, word_h = ui.mm(2), ui.text_width(word, size) + 1, ui.line_height(size)
    side = min(cell.h, ui.mm(14), cell.w - gap - word_w)
    if side < least:
        side, gap = 0, 0
    x = cell.x + (cell.w - side - gap - word_w) // 2
    named = Label(Rect(x + side + gap, cell.y + (cell.h - word_h) // 2, word_w, word_h), word, size)
    return [Picture(Rect(x, cell.y + (cell.h - side) // 2, side, side), PICTURES[item]), named] if side else [named]
