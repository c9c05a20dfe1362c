"""P06: something is being looked up or stored. A slow ring, seconds after three of them."""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Waiting, Widget
from kiosk.visit.appliance import Appliance, Committing, Concluding, NotingArrival, Verifying
from screens import parts


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The waiting screen of verifying, concluding and committing."""
    visit = appliance.visit
    if visit is None:
        raise TypeError("this screen shows a visit only")
    match visit.stage:
        case Verifying():
            key, step, stop = "verifying", parts.IDENTITY, True
        case Concluding():
            key, step, stop = "concluding", parts.CONSENT, False
        case NotingArrival() | Committing():
            key, step, stop = "committing", parts.DONE, False
        case _:
            raise TypeError("this screen shows what is waited for only")
    around = parts.frame(appliance, ui, step=step, stop=stop)
    place, words = parts.halves(ui, around.content)
    ring = parts.centred(place, ui.mm(34), ui.mm(34))
    lines = (parts.title(ui.text(key)), parts.support(ui.text("card_stays")))
    written = parts.written(ui, words, *lines, middle=not ui.portrait)
    return [*around.widgets, Waiting(ring, visit.since), *written]
