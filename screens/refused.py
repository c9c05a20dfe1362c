"""E01, E02, E06, E20: this card cannot go on. What to do with it, and no reason that others should not read."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import Refused
from kiosk.visit.vocabulary import CardProblem
from screens import frame, parts
from screens.where import standing

_PICTURES = {
    CardProblem.UNREADABLE: "take-out-of-case",
    CardProblem.SEVERAL_CARDS: "several-cards",
    CardProblem.OTHER_CARD: "other-card",
    CardProblem.RESIDENT_CARD: "other-card",
    CardProblem.PHONE: "phone",
    CardProblem.NO_CERTIFICATE: "desk",
    CardProblem.EXPIRED: "expired",
    CardProblem.NOT_ACCEPTED: "desk",
}


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The screen of a card that cannot go on; it stays until the card is taken."""
    _, stage = standing(appliance, Refused)
    around = frame.around(appliance, ui, step=frame.CARD, stop=False)
    key = f"refused_{stage.problem}"
    lines = (parts.title(ui.text(key)), parts.support(ui.text(f"{key}_how")))
    return [*around.widgets, *parts.told(ui, around.content, _PICTURES[stage.problem], *lines)]
