"""P90: who has no card takes a number; the desk then looks at the documents (domain/flow-and-rules.md section 3.5)."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Weight, Widget
from kiosk.visit.appliance import Appliance
from screens import frame, parts
from screens.parts import Action


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The question whether to take a number."""
    take = Action(ui.text("no_card_take"), "no_card_take", Weight.PRIMARY)
    around = frame.around(appliance, ui, step=None, actions=(take,))
    lines = (parts.title(ui.text("no_card_question")), parts.support(ui.text("no_card_how")))
    return [*around.widgets, *parts.told(ui, around.content, "papers", *lines)]
