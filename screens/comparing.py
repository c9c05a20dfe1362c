"""P05: a staff member compares. A frame in the staff colour around everything; nothing here confirms."""

from __future__ import annotations

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Edge, Live, LiveSource, Role, Size, Waiting, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import Comparing
from screens import frame, parts
from screens.parts import Line
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The comparison: both pictures where the chip's photo is there, else the printed photo's word."""
    visit, stage = standing(appliance, Comparing)
    around = frame.around(appliance, ui, step=frame.IDENTITY, note=_expiry(ui, visit))
    edge = Edge(ui.area, Role.STAFF, mm=1.6)
    say = parts.title(ui.text("comparing"), Role.STAFF)
    if stage.with_photo:
        return [edge, *around.widgets, *_pictures(ui, around.content, say)]
    if stage.shown:
        lines = (say, parts.support(ui.text("comparing_printed")))
        return [edge, *around.widgets, *parts.told(ui, around.content, "compare", *lines)]
    place, words = parts.halves(ui, around.content)
    ring = parts.centred(place, ui.mm(34), ui.mm(34))
    lines = (say, parts.support(ui.text("comparing_front" if stage.reading_front else "comparing_wait")))
    return [
        edge,
        *around.widgets,
        Waiting(ring, visit.since),
        *parts.written(ui, words, *parts.fitting(ui, words, *lines), middle=not ui.portrait),
    ]


def _expiry(ui: Ui, visit: Visit) -> list[str]:
    """The card's own last day, once the chip has said it: for the staff member to judge, small and beside the matter."""
    last = visit.card.printed_expiry if visit.card else None
    return [ui.text("printed_expiry", year=last.year, month=last.month, day=last.day)] if last else []


def _pictures(ui: Ui, rect: Rect, say: Line) -> list[Widget]:
    """Both pictures as large as the panel allows, each with its name: beside it, or below it on portrait panels."""
    title_h = parts.height_of(ui, rect.w, say)
    free = Rect(rect.x, rect.y + title_h, rect.w, rect.h - title_h)
    widgets: list[Widget] = [*parts.written(ui, Rect(rect.x, rect.y, rect.w, title_h), say)]
    named = ((LiveSource.PHOTO, "comparing_photo"), (LiveSource.CAMERA, "comparing_camera"))
    named_w = max(ui.mm(30), *(ui.longest_phrase(ui.text(key), Size.CAPTION) for _, key in named))
    for (source, key), cell in zip(named, free.columns(1, 1, gap=ui.mm(4)), strict=True):
        words = parts.captions([ui.text(key)])
        side = min(cell.w, ui.mm(70)) if ui.portrait else min(cell.h, cell.w - ui.mm(3) - named_w)
        picture = Rect(cell.x, cell.y + ui.mm(8 if ui.portrait else 0), side, side)
        below = Rect(cell.x, picture.bottom + ui.mm(2), side, parts.height_of(ui, side, *words))
        beside = Rect(picture.right + ui.mm(3), cell.y, cell.right - picture.right - ui.mm(3), side)
        widgets += [
            Live(picture, source),
            *parts.written(ui, below if ui.portrait else beside, *words, middle=not ui.portrait),
        ]
    return widgets
