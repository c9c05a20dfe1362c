"""P13: an electronic prescription or one on paper? Both in the same weight, neither filled in beforehand."""

from __future__ import annotations

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from screens import frame, parts
from screens.parts import Action

_FORMS = ("prescription_electronic", "prescription_paper")


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The choice of the prescription's form."""
    around = frame.around(appliance, ui, step=frame.CONSENT)
    say = parts.title(ui.text("prescription"))
    content = around.content
    words = Rect(content.x, content.y, content.w, parts.height_of(ui, content.w, say))
    free = Rect(words.x, words.bottom + ui.mm(2), words.w, content.bottom - words.bottom - ui.mm(2))
    place = parts.centred(free, free.w, min(free.h, ui.mm(130)))
    forms = [Action(ui.text(form), form, picture=form.replace("_", "-")) for form in _FORMS]
    return [*around.widgets, *parts.written(ui, words, say), *parts.row(ui, place, forms)]
