"""P06: something is being looked up or stored. A slow ring, seconds after three of them, and words that keep up with it."""

from __future__ import annotations

from collections.abc import Mapping

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Waiting, Widget
from kiosk.visit.appliance import Appliance, Wait
from kiosk.visit.stage import Committing, Concluding, NotingArrival, Verifying
from screens import frame, parts

_LATER: Mapping[Wait, str] = {Wait.USUAL: "waiting_usual", Wait.LONG: "waiting_long"}


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The waiting screen of verifying, concluding and committing."""
    visit = appliance.visit
    if visit is None:
        raise TypeError("this screen shows a visit only")
    means = "card_stays"
    match visit.stage:
        case Verifying():
            key, step, stop = "verifying", frame.IDENTITY, True
            means = "verifying_long_means" if visit.wait is Wait.LONG else means
        case Concluding():
            key, step, stop = "concluding", frame.CONSENT, False
        case NotingArrival() | Committing():
            key, step, stop = "committing", frame.DONE, False
        case _:
            raise TypeError("this screen shows what is waited for only")
    around = frame.around(appliance, ui, step=step, stop=stop)
    said = ui.text(later(visit.wait, key)), ui.text(means)
    return [*around.widgets, *while_waiting(ui, around, visit.since, *said)]


def while_waiting(ui: Ui, around: frame.Frame, since: float, title: str, support: str) -> list[Widget]:
    """A slow ring beside two sentences; `since` (monotonic seconds) is when the waiting began."""
    place, words = parts.halves(ui, around.content)
    ring = Waiting(parts.centred(place, ui.mm(34), ui.mm(34)), since)
    lines = (parts.title(title), parts.support(support))
    return [ring, *parts.written(ui, words, *parts.fitting(ui, words, *lines), middle=not ui.portrait)]


def later(wait: Wait, key: str) -> str:
    """The key of the sentence that stands in the place of `key` once the patient has waited that long."""
    return _LATER.get(wait, key)
