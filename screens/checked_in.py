"""P16: checked in. The number, whether reception has it, and the card that still lies there. No name, no reason."""

from __future__ import annotations

from dataclasses import replace

from kiosk.record.dates import Notice
from kiosk.record.eligibility import Validity
from kiosk.record.ids import QueueNumber
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Label, Picture, Size, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import CheckedIn
from screens import frame, parts
from screens.parts import Line
from screens.where import standing

_SHOWN = 16
"""Less height than this, in real millimetres, and the picture needs room from the words above it."""


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The finish screen."""
    _, stage = standing(appliance, CheckedIn)
    around = frame.around(appliance, ui, step=frame.DONE, stop=False, note=_notes(ui, stage), corner=())
    state = _state(appliance, ui, stage)
    rect = around.content
    number = stage.checkin.queue_number
    say = parts.title(ui.text("checked_in"))
    said: list[Line] = [say, *(parts.numbered(ui, number) if number is not None else [])]
    full = Rect(rect.x, rect.y, rect.w, rect.h - parts.height_of(ui, rect.w, *said))
    (state,) = parts.fitting(ui, full, state)
    state_h = parts.height_of(ui, rect.w, state)
    below = Rect(rect.x, rect.bottom - state_h, rect.w, state_h)
    above = Rect(rect.x, rect.y, rect.w, below.y - rect.y - (ui.mm(8) if ui.portrait else 0))
    take = Line(ui.text("take_card"), bold=True)
    if ui.portrait:
        said_h = parts.height_of(ui, above.w, *said)
        top = Rect(above.x, above.y, above.w, said_h)
        lower = Rect(above.x, top.bottom + ui.mm(4), above.w, above.bottom - top.bottom - ui.mm(4))
    else:
        top, lower = above.columns(7, 8, gap=ui.mm(4))
    written = parts.written(ui, top, *said, middle=not ui.portrait)
    take_h = parts.height_of(ui, lower.w, take)
    if lower.h - take_h < ui.panel.mm(_SHOWN / ui.panel.scale):
        take = replace(take, size=Size.FRAME)
        take_h = parts.height_of(ui, lower.w, take)
    picture = Rect(lower.x, lower.y + take_h, lower.w, lower.h - take_h - ui.mm(1))
    return [
        *around.widgets,
        *(_close(ui, top, say, number) if number is not None and state_h > full.h else written),
        *parts.written(ui, Rect(lower.x, lower.y, lower.w, take_h), take, align=Align.CENTRE),
        Picture(picture, "take-card", moving=True),
        *parts.written(ui, below, state),
    ]


def _close(ui: Ui, rect: Rect, say: Line, number: QueueNumber) -> list[Label]:
    """The sentence, and the number beside its name instead of under it: where larger words leave no line for that."""
    named, told = parts.numbered(ui, number)
    number_w, gap = ui.text_width(told.text, told.size, told.bold) + 1, ui.mm(3)
    title = parts.written(ui, rect, say)
    row = Rect(rect.x, title[-1].rect.bottom, rect.w - number_w - gap, ui.line_height(told.size))
    name_w = min(row.w, ui.text_width(named.text, Size.KEY) + 1)
    name = parts.written(ui, Rect(row.x, row.y, name_w, row.h), replace(named, size=Size.KEY), middle=True)
    return [*title, *name, *parts.written(ui, Rect(row.x + name_w + gap, row.y, number_w, row.h), told)]


def _state(appliance: Appliance, ui: Ui, stage: CheckedIn) -> Line:
    """Whether to wait or to see reception: calm in both, and never why."""
    checkin = stage.checkin
    if checkin.eligibility.validity is not Validity.VALID or not checkin.complete:
        return parts.title(ui.text("checked_in_see_reception"))
    if stage.delivered:
        return Line(ui.text(f"checked_in_delivered_{appliance.profile.facility}"))
    if stage.late:
        return parts.title(ui.text("checked_in_see_reception"))
    return Line(ui.text("checked_in_sending"))


def _notes(ui: Ui, stage: CheckedIn) -> list[str]:
    """What else to bring to the desk, and a certificate that wants renewing; or that nobody could be asked."""
    checkin = stage.checkin
    results = checkin.eligibility.results
    if checkin.eligibility.validity is Validity.UNCONFIRMED:
        notes: list[str] = [ui.text("checked_in_unconfirmed")]
    elif results and not any(result.reference_number for result in results):
        notes = [ui.text("bring_papers"), ui.text("first_visit")]
    else:
        notes = [ui.text("bring_papers")]
    if checkin.card is not None and checkin.card.notice in (Notice.EXPIRING, Notice.GRACE):
        notes.append(ui.text(f"notice_{checkin.card.notice}"))
    return notes
