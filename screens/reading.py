"""P01: a card lies on the reader and is being recognised."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from screens import frame, parts


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The reading screen."""
    around = frame.around(appliance, ui, step=frame.CARD)
    lines = (parts.title(ui.text("reading")), parts.support(ui.text("reading_how")))
    return [*around.widgets, *parts.told(ui, around.content, "reading", *lines)]
