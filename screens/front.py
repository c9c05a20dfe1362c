"""P03f: the camera reads the card's front. In the tray it stays where it is; else the patient holds it before the camera.

The preview is so coarse that no word on the card can be read in it: it is there for aiming.
"""

from __future__ import annotations

from kiosk.record.identity import Method
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Live, Picture, View, Widget
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stage import ReadingFront
from kiosk.visit.vocabulary import CheckNumberSource, FrontAdvice
from screens import filmed, frame, parts
from screens.parts import Action, Line
from screens.where import standing, ways

_HELPS_IN_TRAY = (FrontAdvice.NOT_SEEN, FrontAdvice.OTHER_SIDE, FrontAdvice.HOLD_STILL)
"""Nobody can bring a card in the tray closer, or turn it out of the light."""


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The screen of the card's front; until the camera films, that it is being got ready."""
    visit, stage = standing(appliance, ReadingFront)
    # Without the card there is no PIN to type: first it belongs back on the reader.
    can_pin = visit.card_present and Method.PIN in ways(appliance)
    actions = [Action(ui.text("to_pin"), "choose_pin")] if can_pin else []
    around = frame.around(appliance, ui, step=frame.IDENTITY, actions=actions)
    tray = stage.source is CheckNumberSource.TRAY
    if not stage.filming:
        meanwhile = "card_stays" if tray else "face_preparing_wait"
        return [*around.widgets, *filmed.preparing(ui, around.content, visit.since, meanwhile)]
    place, words = parts.halves(ui, around.content, filmed.PLACE)
    filming = parts.filming(ui, place)
    picture = Rect(place.x, place.y, place.w, filming[0].rect.y - place.y - ui.mm(1))
    return [*around.widgets, *filming, *(_laid if tray else _shown)(ui, visit, stage, picture, words)]


def _laid(ui: Ui, _: Visit, stage: ReadingFront, picture: Rect, words: Rect) -> list[Widget]:
    """A camera looks down at the tray: there is nothing to do but to leave the card alone."""
    helps = stage.advice if stage.advice in _HELPS_IN_TRAY else None
    advice = Line(ui.text(f"tray_{helps}"), bold=True) if helps else Line(ui.text("tray_fine"))
    say = parts.title(ui.text("front_tray"))
    live = Live(picture, progress=stage.progress, view=View.LAID)
    icon = "hand-away" if helps is FrontAdvice.NOT_SEEN else _icon(helps)
    return [live, *filmed.advised(ui, words, say, advice, icon)]


def _shown(ui: Ui, visit: Visit, stage: ReadingFront, picture: Rect, words: Rect) -> list[Widget]:
    """While the card still lies there, how to show it; then the picture to aim by."""
    if visit.card_present:
        lines = (parts.title(ui.text("front_take")), parts.support(ui.text("front_take_how")))
        shown = parts.written(ui, words, *parts.fitting(ui, words, *lines), middle=not ui.portrait)
        return [Picture(picture, "show-card", moving=True), *shown]
    advice = Line(ui.text(f"advice_{stage.advice}"), bold=True) if stage.advice else Line(ui.text("face_fine"))
    say = parts.title(ui.text("front_show"))
    live = Live(picture, progress=stage.progress, view=View.SHOWN)
    return [live, *filmed.advised(ui, words, say, advice, _icon(stage.advice))]


def _icon(advice: FrontAdvice | None) -> str:
    return str(advice).replace("_", "-") if advice else "card-in-view"
