"""P12: may the 限度額 be asked for? Two equal answers."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from screens import frame, parts
from screens.parts import Action


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The question of the limit."""
    around = frame.around(appliance, ui, step=frame.CONSENT, note=(ui.text("limit_free"),))
    answers = [Action(ui.text(key), key) for key in ("limit_yes", "limit_no")]
    free, place = parts.foot(ui, around.content, len(answers), 20 if ui.portrait else 16)
    say = parts.title(ui.text("limit"))
    return [*around.widgets, *parts.told(ui, free, "papers", say, size=26), *parts.row(ui, place, answers)]
