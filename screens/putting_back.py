"""E10: the card was pulled before the end. Ten seconds to put it back."""

from __future__ import annotations

import math

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import (
    AskingLimit,
    ChoosingPrescription,
    Concluding,
    Consenting,
    OfferingRegistration,
    ProvidingLimit,
    PuttingBack,
    Verifying,
)
from screens import frame, parts
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The put-it-back screen, with whole seconds; once a card lies there again, that it is being looked at."""
    _, stage = standing(appliance, PuttingBack)
    match stage.inner:
        case Verifying() | OfferingRegistration():
            step = frame.IDENTITY
        case AskingLimit() | Consenting() | ProvidingLimit() | ChoosingPrescription() | Concluding():
            step = frame.CONSENT
    around = frame.around(appliance, ui, step=step)
    if stage.reading:
        lines = (parts.title(ui.text("put_back_reading")), parts.support(ui.text("reading_how")))
        return [*around.widgets, *parts.told(ui, around.content, "reading", *lines)]
    left = max(0, math.ceil(stage.until - ui.now))
    lines = (parts.title(ui.text("put_back")), parts.support(ui.text("put_back_left", seconds=left)))
    return [*around.widgets, *parts.told(ui, around.content, "place-card", *lines, moving=True)]
