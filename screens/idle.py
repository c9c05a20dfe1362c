"""P00: nobody is there. One sentence, one picture of what to do."""

from __future__ import annotations

from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Picture, Widget
from kiosk.visit.appliance import Appliance
from screens import parts


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The idle screen; for a while after a call, that staff are coming."""
    around = parts.frame(appliance, ui, step=None, stop=False)
    if appliance.help_called:
        lines = (parts.title(ui.text("idle_called")), parts.support(ui.text("idle_called_wait")))
        return [*around.widgets, *parts.told(ui, around.content, "staff-coming", *lines)]
    return [*around.widgets, *_invitation(ui, around.content)]


def _invitation(ui: Ui, rect: Rect) -> list[Widget]:
    """The sentence over the whole width; on landscape panels the picture fills the corner beside "call staff"."""
    say, how = parts.title(ui.text("idle")), parts.support(ui.text("idle_how"))
    if ui.portrait:
        return parts.told(ui, rect, "place-card", say, how, moving=True)
    title = Rect(rect.x, rect.y + ui.mm(2), rect.w, parts.height_of(ui, rect.w, say))
    _, call = parts.bar(ui)
    picture = Rect(call.right + ui.mm(4), title.bottom, rect.right - call.right - ui.mm(4), call.bottom - title.bottom)
    below = Rect(rect.x, title.bottom + ui.mm(2), call.right - rect.x, rect.bottom - title.bottom - ui.mm(2))
    written = [*parts.written(ui, title, say), *parts.written(ui, below, how)]
    return [*written, Picture(picture, "place-card", moving=True)]
