"""P05k: a staff member whose code and PIN were right compares at the kiosk, and says here who it is.

P05p: the pictures are being got ready. P05r: why the holder was not confirmed. After a minute both want code and PIN again.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.record.door import REFUSALS
from kiosk.ui.geometry import Rect
from kiosk.ui.paint import BUTTON_PADDING_MM
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Live, LiveSource, Role, Size, Waiting, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import Comparing
from kiosk.visit.stages.comparing import BECAUSE
from screens import frame, parts, staff
from screens.parts import Action, Line
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The comparison with its decision."""
    visit, stage = standing(appliance, Comparing)
    around = frame.around(appliance, ui, step=frame.IDENTITY)
    rect, deciding = _room(ui, around.content)
    lines = (staff.title(ui), staff.said(ui, _how(stage)))
    if stage.with_photo:
        body = _pictures(ui, rect, visit, *lines)
    elif stage.shown:
        body = parts.told(ui, rect, "compare", *lines, kept=True)
    else:
        place, words = parts.halves(ui, rect)
        side = min(place.w, place.h, ui.mm(34))
        body = [
            Waiting(parts.centred(place, side, side), visit.since),
            *parts.written(ui, words, *parts.fitting(ui, words, *lines), middle=not ui.portrait),
        ]
    return [staff.edge(ui), *around.widgets, *body, *_row(ui, deciding, _decisions(ui, stage))]


def build_reasons(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The reasons for not confirming."""
    standing(appliance, Comparing)
    around = frame.around(appliance, ui, step=frame.IDENTITY)
    rect, below = _room(ui, around.content)
    say = staff.title(ui, "visual_why")
    title_h = parts.height_of(ui, rect.w, say)
    free = Rect(rect.x, rect.y + title_h, rect.w, rect.bottom - rect.y - title_h)
    reasons = [staff.action(ui, f"visual_{why}", f"{BECAUSE}{why}") for why in REFUSALS]
    back = [staff.action(ui, "staff_back", staff.BACK)]
    return [
        staff.edge(ui),
        *around.widgets,
        *parts.written(ui, rect, say),
        *_grid(ui, free, reasons),
        *_row(ui, below, back),
    ]


def _how(stage: Comparing) -> str:
    if stage.stale:
        return "visual_stale"
    if not stage.shown:
        return "visual_wait"
    return "visual_how" if stage.with_photo else "visual_how_printed"


def _decisions(ui: Ui, stage: Comparing) -> list[Action]:
    back = staff.action(ui, "staff_back", staff.BACK)
    if stage.stale:
        return [back, staff.action(ui, "staff_again_go", staff.ENTRANCE)]
    if not stage.shown:
        return [back]
    return [
        staff.action(ui, "visual_refuse", "visual_refuse"),
        staff.action(ui, "visual_confirm", "visual_confirm"),
    ]


def _room(ui: Ui, rect: Rect) -> tuple[Rect, Rect]:
    """What is shown, and where it is decided: beside "call staff", on portrait panels over the lowest band."""
    _, call = frame.bar(ui)
    gap = ui.panel.mm(parts.GAP)
    if ui.portrait:
        place = Rect(rect.x, call.y - gap - call.h, rect.w, call.h)
        return Rect(rect.x, rect.y, rect.w, place.y - ui.mm(4) - rect.y), place
    x = call.right + gap
    return rect, Rect(x, call.y, ui.area.w - ui.mm(frame.MARGIN) - x, call.h)


def _row(ui: Ui, place: Rect, actions: list[Action]) -> list[Widget]:
    """Two buttons' room. One alone stands away from where it is confirmed: nobody who is too quick presses the other."""
    cells = place.columns(1, 1, gap=ui.panel.mm(parts.GAP))[: len(actions)]
    pairs = zip(actions, cells, strict=True)
    return [*parts.alike(ui, [parts.button(ui, one, at) for one, at in pairs])]


def _grid(ui: Ui, rect: Rect, actions: list[Action]) -> list[Widget]:
    """All of the same size: beside one another, on portrait panels below."""
    rows = len(actions) if ui.portrait else 1
    one = max(ui.mm(24), 2 * ui.type_scale.button_line(Size.BODY) + 2 * ui.mm(BUTTON_PADDING_MM))
    high = min(rect.h, rows * one + (rows - 1) * ui.panel.mm(parts.GAP))
    return [*parts.row(ui, parts.centred(rect, rect.w, high), actions)]


def _pictures(ui: Ui, rect: Rect, visit: Visit, *lines: Line) -> list[Widget]:
    """The chip's photo and the person, as large as there is room for; words at the right, on portrait panels above."""
    gap = ui.mm(4)
    if ui.portrait:
        lines = parts.fitting(ui, rect, *lines)
        top = parts.height_of(ui, rect.w, *lines)
        free = Rect(rect.x, rect.y + top, rect.w, rect.h - top)
        words = Rect(rect.x, rect.y, rect.w, top)
    else:
        wide = [ui.text_width(part, one.size, one.bold) + 1 for one in lines for part in one.text.split("\n")]
        words_w = min(max(ui.mm(40), *wide), rect.w * 2 // 5)
        free = Rect(rect.x, rect.y, rect.w - words_w - gap, rect.h)
        words = Rect(free.right + gap, rect.y, words_w, rect.h)
        if not parts.holds(ui, words, *lines):
            lines = tuple(replace(one, size=Size.KEY) if one.size is Size.FRAME else one for one in lines)
    below = [_expiry(ui, visit), str(ui.text("comparing_camera"))]
    widgets: list[Widget] = []
    for source, told, cell in zip(
        (LiveSource.PHOTO, LiveSource.CAMERA), below, free.columns(1, 1, gap=gap), strict=True
    ):
        caption = Line(told, Size.KEY, Role.MUTED)
        caption_h = parts.height_of(ui, cell.w, caption)
        side = min(cell.w, cell.h - caption_h)
        widgets += [
            Live(Rect(cell.x + (cell.w - side) // 2, cell.y, side, side), source),
            *parts.written(ui, Rect(cell.x, cell.y + side, cell.w, caption_h), caption),
        ]
    return [*widgets, *parts.written(ui, words, *lines, middle=False)]


def _expiry(ui: Ui, visit: Visit) -> str:
    """The card's own last day, once the chip has said it, under its photo."""
    last = visit.card.printed_expiry if visit.card else None
    if last is None:
        return staff.words(ui, "comparing_photo")
    return ui.text("printed_expiry", year=last.year, month=last.month, day=last.day)
