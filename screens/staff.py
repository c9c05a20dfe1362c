"""What the screens for staff share: the frame in their colour, words that are never said aloud, the way back.

Nobody is walked to their buttons by keys: they are for whoever sees the panel and types a code (`kiosk.ui.focus`).
"""

from __future__ import annotations

from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Edge, Role, Size, Weight
from screens.parts import Action, Line

EDGE_MM = 1.6
ENTRANCE = "staff"
BACK = "staff_back"


def edge(ui: Ui) -> Edge:
    """Around the whole panel: everybody sees that staff are at it."""
    return Edge(ui.area, Role.STAFF, mm=EDGE_MM)


def words(ui: Ui, key: str) -> str:
    """The words of `key`, for the eye alone."""
    return str(ui.text(key))


def title(ui: Ui, key: str = "staff") -> Line:
    """The one sentence of a screen for staff."""
    return Line(words(ui, key), Size.TITLE, Role.STAFF, bold=True)


def said(ui: Ui, key: str) -> Line:
    """What stands under it, as at the standard size: the pictures and keys need the room."""
    return Line(words(ui, key), Size.FRAME, Role.MUTED)


def action(ui: Ui, key: str, name: str, weight: Weight = Weight.STAFF) -> Action:
    """A button for staff before it has a place."""
    return Action(words(ui, key), name, weight)
