"""P99: out of service. Where to go, for patients; what to look at, in small letters, for staff."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance, ServiceState
from screens import frame, parts

REASONS = ("reader", "outbox", "key")
PAUSED = "paused"


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The out-of-service screen."""
    reason = appliance.service.reason if appliance.service.reason in REASONS else "other"
    if appliance.service.state is ServiceState.OPEN:
        reason = PAUSED
    note = ui.text("closed_staff", reason=ui.text(f"closed_{reason}"))
    around = frame.around(appliance, ui, step=None, stop=False, note=(note,))
    lines = (parts.title(ui.text("closed")), parts.support(ui.text("closed_why")))
    return [*around.widgets, *parts.told(ui, around.content, "desk", *lines)]
