"""Nobody has touched anything for a while: is anybody there? It stands before the screen that asks something."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Weight, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.patience import seconds_left
from kiosk.visit.stage import Consenting
from screens import frame, parts
from screens.parts import Action


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The warning, with the seconds that are left; what silence means where a consent is open."""
    visit = appliance.visit
    if visit is None:
        raise TypeError("this screen belongs to a visit")
    go_on = Action(ui.text("go_on"), "go_on", Weight.PRIMARY)
    around = frame.around(appliance, ui, step=None, actions=(go_on,))
    lines = [
        parts.title(ui.text("still_there")),
        parts.support(ui.text("still_there_left", seconds=seconds_left(visit, appliance.mono))),
    ]
    if isinstance(visit.stage, Consenting):
        lines.append(parts.support(ui.text("still_there_consent")))
    return [*around.widgets, *parts.told(ui, around.content, "staff", *lines)]
