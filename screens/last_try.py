"""P04, one try left: what a mistake would mean, and the other ways beside it. Nothing pushes the last try."""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import OfferingLastTry
from screens import frame, parts
from screens.parts import Action, Line
from screens.where import standing, ways


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The question before the last try."""
    _, stage = standing(appliance, OfferingLastTry)
    around = frame.around(appliance, ui, step=frame.IDENTITY)
    say = parts.title(ui.text("last_try_wrong" if stage.wrong else "last_try"))
    means = Line(ui.text("last_try_means"))
    other = (
        Action(ui.text("to_face"), "choose_face", picture="face")
        if Method.FACE in ways(appliance)
        else Action(ui.text("last_try_staff"), "call_staff", picture="staff")
    )
    choices = [Action(ui.text("to_pin"), "last_try", picture="pin"), other]
    words, place = parts.foot(ui, around.content, len(choices), 24 if ui.portrait else 16)
    return [
        *around.widgets,
        *parts.written(ui, words, *parts.fitting(ui, words, say, means)),
        *parts.row(ui, place, choices),
    ]
