"""P09 to P11: one item, its own sentence, yes and no in the same weight."""

from __future__ import annotations

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import Consenting
from screens import consent, frame, parts
from screens.parts import Action
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The screen of one consent item."""
    _, stage = standing(appliance, Consenting)
    if stage.item is None:
        raise TypeError("this screen shows one item's consent only")
    around = frame.around(appliance, ui, step=frame.CONSENT, note=(ui.text("consent_free"),))
    answers = [Action(ui.text(key), key) for key in ("agree_item", "refuse_item")]
    free, place = parts.foot(ui, around.content, len(answers), 20 if ui.portrait else 16)
    count = ui.text("item_count", number=len(stage.said) + 1, total=len(stage.items))
    key = f"item_{stage.item}"
    say, means = parts.title(ui.text(key)), parts.support(ui.text(f"{key}_means"))
    more = parts.captions([f"{count}\u3000{ui.text('item_duration')}"])
    picture = consent.PICTURES[stage.item]
    if ui.portrait:
        shown = parts.told(ui, free, picture, say, means, *more)
    else:
        title_h = parts.height_of(ui, free.w, say)
        below = Rect(free.x, free.y + title_h, free.w, free.h - title_h - ui.mm(1))
        shown = [*parts.written(ui, free, say), *parts.told(ui, below, picture, means, *more, size=20)]
    return [*around.widgets, *shown, *parts.row(ui, place, answers)]
