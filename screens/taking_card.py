"""P17: the visit is over without a check-in; the card still lies there."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import TakingCard
from screens import frame, parts
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The take-your-card screen, with the reason in one kind sentence."""
    _, stage = standing(appliance, TakingCard)
    around = frame.around(appliance, ui, step=None, stop=False)
    lines = (parts.title(ui.text("take_card")), parts.support(ui.text(f"end_{stage.reason}")))
    return [*around.widgets, *parts.told(ui, around.content, "take-card", *lines, moving=True)]
