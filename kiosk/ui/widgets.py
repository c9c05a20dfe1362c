"""Widgets are data: a rectangle, a look and, where a finger may do something, an action name. `paint` draws them.

No callbacks, no state, no pygame: a screen's `build` returns a list of these, tests measure them, the touch layer hits
them. A `SecretKey` is a PIN key: its digit goes from the touch layer straight to the card booth and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.ui.geometry import Rect


class Size(StrEnum):
    """Type sizes from the capital height H of the chosen text size: 2.2 H for a queue number, 1.6 H, 1 H, 0.75 H.

    design/visual.md, "Look"; the queue number is read from the waiting room's chairs.
    """

    NUMBER = "number"
    TITLE = "title"
    BODY = "body"
    CAPTION = "caption"
    FRAME = "frame"
    """What stands at the same place on every screen: as large as body text of the standard size, no smaller than a caption."""
    KEY = "key"
    """A caption of the standard size: on a pad's key, and where a larger one has no room."""


class Role(StrEnum):
    """Colour roles of a theme."""

    INK = "ink"
    MUTED = "muted"
    PRIMARY = "primary"
    DONE = "done"
    TROUBLE = "trouble"
    STAFF = "staff"
    EDGE = "edge"


class Align(StrEnum):
    """Where a line of text stands in its rectangle."""

    LEFT = "left"
    CENTRE = "centre"


class Weight(StrEnum):
    """How a button asks for attention."""

    PRIMARY = "primary"
    """Filled: the one thing to do next. A consent screen has none."""
    PLAIN = "plain"
    """Outlined, on the surface colour."""
    STAFF = "staff"
    """Outlined in the staff colour."""


@dataclass(frozen=True)
class Label:
    """Text, wrapped at phrases (budoux), from the top of `rect`."""

    rect: Rect
    text: str
    size: Size = Size.BODY
    role: Role = Role.INK
    align: Align = Align.LEFT
    bold: bool = False


@dataclass(frozen=True)
class Button:
    """Acts on release over the same button (WCAG 2.5.2). `picture` names an illustration shown before the words."""

    rect: Rect
    text: str
    action: str
    weight: Weight = Weight.PLAIN
    size: Size = Size.BODY
    picture: str | None = None


@dataclass(frozen=True)
class SecretKey:
    """A PIN key: no pressed highlight, one action name for all ten; `secret` (one digit) never leaves the touch layer.

    Its place is as good as its digit: neither stands in the `repr`.
    """

    rect: Rect = field(repr=False)
    secret: str = field(repr=False)
    action: str = "digit"


@dataclass(frozen=True)
class Dots:
    """How many of `total` digits are typed: filled and empty circles, nothing else."""

    rect: Rect
    filled: int
    total: int


@dataclass(frozen=True)
class Picture:
    """An illustration of ours (`assets/illustrations/<name>.svg`), fitted into `rect`; `moving` runs its gentle loop."""

    rect: Rect
    name: str
    moving: bool = False


class LiveSource(StrEnum):
    """Which of the preview's two pictures."""

    CAMERA = "camera"
    PHOTO = "photo"


class View(StrEnum):
    """What the camera looks at, and so how its picture is cut."""

    FACE = "face"
    """An upright oval, mirrored: whoever moves to the left moves to the left."""
    SHOWN = "shown"
    """What is held before the camera: the whole picture in a rounded frame, mirrored too."""
    LAID = "laid"
    """What lies under a camera that looks down: the same frame, not mirrored."""


@dataclass(frozen=True)
class Live:
    """The live camera picture as `view` cuts it, or the chip's photo upright; `progress` 0..1 is the ring around it."""

    rect: Rect
    source: LiveSource = LiveSource.CAMERA
    progress: float | None = None
    view: View = View.FACE


@dataclass(frozen=True)
class Steps:
    """Where am I: done, now and to come differ by shape, not by colour alone; `names` below the marks."""

    rect: Rect
    names: tuple[str, ...]
    now: int


@dataclass(frozen=True)
class Waiting:
    """A slow ring while something is looked up; from 3 s on the seconds stand in it. `since`: monotonic seconds."""

    rect: Rect
    since: float


@dataclass(frozen=True)
class Surface:
    """A white sheet with a soft one-step shadow, under other widgets."""

    rect: Rect


@dataclass(frozen=True)
class Edge:
    """A frame in a role's colour along the inside of `rect`: the staff mode's whole-screen frame."""

    rect: Rect
    role: Role
    mm: float = 2.5


Widget = Label | Button | SecretKey | Dots | Picture | Live | Steps | Waiting | Surface | Edge
Target = Button | SecretKey


def targets(widgets: Iterable[Widget]) -> list[Target]:
    """What can be touched, in order."""
    return [widget for widget in widgets if isinstance(widget, Button | SecretKey)]


def target(widgets: Iterable[Widget], action: str, secret: str | None = None) -> Target | None:
    """The first widget with this action (and, for a PIN key, this digit): how a player finds where to put a finger."""
    for widget in targets(widgets):
        if widget.action == action and (secret is None or (isinstance(widget, SecretKey) and widget.secret == secret)):
            return widget
    return None
