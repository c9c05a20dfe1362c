"""The looks: in which language, how large, in which colours and how loud. They stand before whatever screen was there."""

from __future__ import annotations

from collections.abc import Sequence

from kiosk.ui.geometry import Rect
from kiosk.ui.languages import name_of
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Size, Weight, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.looks import Choosing, Colours, TextSize, Volume
from screens import frame, parts
from screens.parts import Action

_COLUMNS, _PORTRAIT_COLUMNS = 5, 2
_LABEL_SHARE = 3
_ROWS = 3


def build(appliance: Appliance, ui: Ui) -> list[Widget]:
    """The page of languages, or the page of all else."""
    back = Action(ui.text("back"), "looks_back", Weight.PRIMARY)
    around = frame.around(appliance, ui, step=None, stop=False, corner=(), actions=(back,))
    page = _languages if appliance.choosing is Choosing.LANGUAGE else _looks
    return [*around.widgets, *page(appliance, ui, around.content)]


def _languages(appliance: Appliance, ui: Ui, rect: Rect) -> list[Widget]:
    """Each in its own script, no flags; the one that is shown now is filled."""
    say = parts.title(ui.text("language_question"))
    head, grid = _headed(ui, rect.inset(-ui.mm(3), 0), say)
    tags = appliance.offer.languages
    columns = _PORTRAIT_COLUMNS if ui.portrait else _COLUMNS
    rows = max(_ROWS, -(-len(tags) // columns))
    gap = ui.panel.mm(parts.GAP)
    places = [place for row in grid.rows(*[1.0] * rows, gap=gap) for place in row.columns(*[1.0] * columns, gap=gap)]
    buttons = [
        Button(place, name_of(tag), f"language:{tag}", _weight(tag == appliance.look.language), Size.CAPTION)
        for tag, place in zip(tags, places, strict=False)
    ]
    return [*head, *parts.alike(ui, buttons)]


def _looks(appliance: Appliance, ui: Ui, rect: Rect) -> list[Widget]:
    """A row for the text's size, for the colours, for the voice."""
    look, offer = appliance.look, appliance.offer
    rows = [("colours", [(f"colours:{one}", f"colours_{one}", one is look.colours) for one in Colours])]
    if len(offer.sizes) > 1:
        sizes = [(f"size:{size}", f"size_{size}", size is look.size) for size in TextSize if size in offer.sizes]
        rows.insert(0, ("text_size", sizes))
    if offer.voice:
        rows.append(("volume", [(f"volume:{one}", f"volume_{one}", one is look.volume) for one in Volume]))
    gap = ui.panel.mm(parts.GAP)
    widgets: list[Widget] = []
    places = rect.rows(*[1.0] * len(rows), gap=gap)
    for (name, choices), place in zip(rows, places, strict=True):
        widgets += _row(ui, place, name, choices)
    return widgets


def _row(ui: Ui, rect: Rect, name: str, choices: Sequence[tuple[str, str, bool]]) -> list[Widget]:
    gap = ui.panel.mm(parts.GAP)
    if ui.portrait:
        line = ui.line_height(Size.BODY)
        label, places = Rect(rect.x, rect.y, rect.w, line), Rect(rect.x, rect.y + line, rect.w, ui.mm(20))
    else:
        label, places = rect.columns(_LABEL_SHARE, 10, gap=gap)
    buttons = [
        Button(place, ui.text(words), action, _weight(now), Size.CAPTION)
        for (action, words, now), place in zip(choices, places.columns(*[1.0] * len(choices), gap=gap), strict=True)
    ]
    return [
        *parts.written(ui, label, parts.Line(ui.text(name), Size.CAPTION), middle=not ui.portrait),
        *parts.alike(ui, buttons),
    ]


def _headed(ui: Ui, rect: Rect, say: parts.Line) -> tuple[list[Widget], Rect]:
    """A title where there is room for one above the grid; a 7-inch panel needs all of it for the buttons."""
    if not ui.portrait:
        return [], rect
    height = parts.height_of(ui, rect.w, say)
    head = Rect(rect.x, rect.y, rect.w, height)
    below = head.bottom + ui.mm(6)
    return [*parts.written(ui, head, say)], Rect(rect.x, below, rect.w, rect.bottom - below)


def _weight(now: bool) -> Weight:
    return Weight.PRIMARY if now else Weight.PLAIN
