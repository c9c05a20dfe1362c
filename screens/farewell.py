"""P00f: the last sentence after a visit, for a few seconds. Never more than a queue number."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget
from kiosk.visit.appliance import Appliance, FarewellKind
from screens import frame, parts


@dataclass(frozen=True)
class _Words:
    picture: str
    title: str
    support: str | None


_WORDS = {
    FarewellKind.CHECKED_IN: _Words("done", "bye_checked_in", "bye_checked_in_wait_{facility}"),
    FarewellKind.SENDING: _Words("done", "bye_sending", "bye_sending_wait"),
    FarewellKind.SEE_RECEPTION: _Words("desk", "bye_see_reception", None),
    FarewellKind.RECORDED: _Words("desk", "bye_recorded", "bye_recorded_why"),
    FarewellKind.NO_CARD: _Words("papers", "bye_no_card", "bye_no_card_how"),
    FarewellKind.CARD_GONE: _Words("place-card", "bye_card_gone", "bye_card_gone_how"),
    FarewellKind.STOPPED: _Words("place-card", "bye_stopped", "bye_stopped_how"),
    FarewellKind.TROUBLE: _Words("desk", "bye_trouble", "bye_trouble_why"),
}


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The farewell screen."""
    farewell = appliance.farewell
    if farewell is None:
        raise TypeError("this screen shows a farewell only")
    words = _WORDS[farewell.kind]
    around = frame.around(appliance, ui, step=None, stop=False, corner=())
    lines = [parts.title(ui.text(words.title))]
    if farewell.queue_number is not None:
        lines += parts.numbered(ui, farewell.queue_number)
    if words.support is not None and not farewell.reference:
        lines.append(parts.support(ui.text(words.support.format(facility=appliance.profile.facility))))
    if farewell.reference:
        lines.append(parts.support(ui.text("bye_trouble_reference", reference=farewell.reference)))
    return [*around.widgets, *parts.told(ui, around.content, words.picture, *lines)]
