"""P08: may what is known be provided? Three equal answers, none of them filled in beforehand, none of them pushed."""

from __future__ import annotations

from kiosk.record.consent import ConsentItem
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Label, Picture, Size, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import Consenting
from screens import parts
from screens.parts import Action
from screens.where import standing

PICTURES = {
    ConsentItem.MEDICATION: "medicine",
    ConsentItem.DIAGNOSIS: "diagnosis",
    ConsentItem.SURGERY: "surgery",
    ConsentItem.CHECKUP: "checkup",
    ConsentItem.SPECIFIC_DISEASE: "papers",
}
_ANSWERS = ("agree_all", "choose_items", "refuse_all")


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The blanket consent screen: what (in pictures), to whom, for how long, and the three answers."""
    _, stage = standing(appliance, Consenting)
    around = parts.frame(appliance, ui, step=parts.CONSENT, note=(ui.text("consent_free"),))
    answers = [Action(ui.text(key), key) for key in _ANSWERS]
    free, place = parts.foot(ui, around.content, len(answers), 20 if ui.portrait else 15.5)
    lines = (parts.title(ui.text("consent")), parts.support(ui.text("consent_means")))
    words_h = parts.height_of(ui, free.w, *lines)
    words = Rect(free.x, free.y, free.w, words_h)
    gap = ui.mm(6 if ui.portrait else 1)
    pictures = Rect(free.x, words.bottom + gap, free.w, free.bottom - words.bottom - 2 * gap)
    shown = _items(ui, pictures, stage.items)
    return [*around.widgets, *parts.written(ui, words, *lines), *shown, *parts.row(ui, place, answers)]


def _items(ui: Ui, rect: Rect, items: tuple[ConsentItem, ...]) -> list[Widget]:
    """A picture and a word for each item: beside one another, or the word under the picture on portrait panels."""
    widgets: list[Widget] = []
    line, gap = ui.line_height(Size.BODY), ui.mm(2)
    for item, cell in zip(items, rect.columns(*[1.0] * len(items), gap=ui.mm(3)), strict=True):
        word = ui.text(f"consent_{item}")
        if ui.portrait:
            side = min(cell.w, cell.h - line - gap)
            top = cell.y + (cell.h - side - gap - line) // 2
            picture = Rect(cell.x + (cell.w - side) // 2, top, side, side)
            below = Rect(cell.x, picture.bottom + gap, cell.w, line)
            widgets += [Picture(picture, PICTURES[item]), Label(below, word, align=Align.CENTRE)]
            continue
        size = Size.BODY if len(items) < 5 else Size.CAPTION
        word_w, word_h = ui.text_width(word, size) + 1, ui.line_height(size)
        side = min(cell.h, ui.mm(14), cell.w - gap - word_w)
        x = cell.x + (cell.w - side - gap - word_w) // 2
        widgets.append(Picture(Rect(x, cell.y + (cell.h - side) // 2, side, side), PICTURES[item]))
        widgets.append(Label(Rect(x + side + gap, cell.y + (cell.h - word_h) // 2, word_w, word_h), word, size))
    return widgets
