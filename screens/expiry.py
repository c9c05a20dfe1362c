"""P14: the card's certificate ends soon, or has ended and is still good for a while."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Weight, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import CheckedIn
from screens import frame, parts
from screens.parts import Action
from screens.where import standing


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """What it is, where it is renewed, and that today is fine."""
    _, stage = standing(appliance, CheckedIn)
    if stage.checkin.card is None:
        raise TypeError("this screen is about a card")
    notice = stage.checkin.card.notice
    understood = Action(ui.text("understood"), "understood", Weight.PRIMARY)
    around = frame.around(appliance, ui, step=frame.CONSENT, stop=False, actions=(understood,))
    lines = (
        parts.title(ui.text(f"expiry_{notice}")),
        parts.support(ui.text(f"expiry_{notice}_how")),
    )
    return [*around.widgets, *parts.told(ui, around.content, "expired", *lines)]
