"""P00: nobody is there. One sentence, one picture of what to do."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from screens import frame, parts
from screens.parts import Action


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The idle screen; for a while after a call, that staff are coming."""
    corner = frame.looks(appliance, ui)
    if len(appliance.offer.languages) > 1:
        corner.insert(0, Action(ui.text("languages"), "languages"))
    no_card = () if appliance.help_called else (Action(ui.text("no_card"), "no_card"),)
    around = frame.around(appliance, ui, step=None, stop=False, corner=corner, actions=no_card)
    if appliance.help_called:
        lines = (parts.title(ui.text("idle_called")), parts.support(ui.text("idle_called_wait")))
        return [*around.widgets, *parts.told(ui, around.content, "staff-coming", *lines)]
    lines = (parts.title(ui.text("idle")), parts.support(ui.text("idle_how")))
    return [*around.widgets, *parts.told(ui, around.content, "place-card", *lines, moving=True, size=36, kept=True)]
