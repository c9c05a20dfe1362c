"""P03p: the card was taken to be shown. It belongs back on the reader; nothing that was done so far is lost."""

from __future__ import annotations

import math

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import PlacingAgain
from screens import frame, parts
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The place-it-again screen, with whole seconds; once a card lies there, that it is being looked at."""
    _, stage = standing(appliance, PlacingAgain)
    around = frame.around(appliance, ui, step=frame.IDENTITY)
    if stage.reading:
        lines = (parts.title(ui.text("put_back_reading")), parts.support(ui.text("reading_how")))
        return [*around.widgets, *parts.told(ui, around.content, "reading", *lines)]
    left = max(0, math.ceil(stage.until - ui.now))
    key = "place_again_left" if stage.nudge is None else "place_again_unread_left"
    lines = (parts.title(ui.text("put_back")), parts.support(ui.text(key, seconds=left)))
    return [*around.widgets, *parts.told(ui, around.content, "place-card", *lines, moving=True)]
