"""P07: this card was never registered as an insurance card. Register now, or not: two equal answers."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import OfferingRegistration
from screens import frame, parts, waiting
from screens.parts import Action
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The question; once it was answered with yes, that it is being done."""
    visit, stage = standing(appliance, OfferingRegistration)
    if stage.registering:
        around = frame.around(appliance, ui, step=frame.IDENTITY)
        said = ui.text(waiting.later(visit.wait, "registering")), ui.text("card_stays")
        return [*around.widgets, *waiting.while_waiting(ui, around, stage.asked_at, *said)]
    around = frame.around(appliance, ui, step=frame.IDENTITY, note=(ui.text("register_free"),))
    answers = [Action(ui.text(key), key) for key in ("register", "register_not")]
    free, place = parts.foot(ui, around.content, len(answers), 20 if ui.portrait else 16)
    say = parts.title(ui.text("register_question"))
    return [*around.widgets, *parts.told(ui, free, "register", say, size=26), *parts.row(ui, place, answers)]
