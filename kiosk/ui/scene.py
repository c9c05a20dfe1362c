"""What a screen looks like at a moment, and which pixels differ from the moment before. Pure: no pygame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kiosk.ui.geometry import Rect
from kiosk.ui.widgets import Live, LiveSource, Picture, SecretKey, Target, Waiting, Widget

TURN_S = 2.0
"""One turn of a waiting ring, one loop of a moving illustration (design/visual.md)."""
WAITING_PHASES = 30
"""Positions of the waiting ring in a turn: 15 a second."""
SECONDS_AFTER = 3.0
"""From here on a waiting ring says how long it has been (design/visual.md)."""
LOOPS = 3
"""How often a moving illustration is played before it rests."""
LIVE_S = 1 / 30
PHOTO_S = 0.25


@dataclass(frozen=True)
class Moment:
    """What of a widget's look is not in the widget itself.

    `pressed`: a finger is on it. `phase`: the frame of whatever moves in it. `seconds`: shown in a waiting ring.
    """

    pressed: bool = False
    phase: int = 0
    seconds: int | None = None


REST = Moment()


@dataclass(frozen=True)
class Appearance:
    """A widget and its moment: two equal ones look the same."""

    widget: Widget
    moment: Moment = REST


def appearance(
    widget: Widget, now: float, *, pressed: frozenset[Target] = frozenset(), began: float | None = None, frame: int = 0
) -> Appearance:
    """How the widget looks at `now`.

    `began`: when its loop was last started (None: at rest); `frame`: a live picture's running number.
    """
    if isinstance(widget, Waiting):
        waited = max(0.0, now - widget.since)
        phase = int(waited / TURN_S * WAITING_PHASES) % WAITING_PHASES
        return Appearance(widget, Moment(phase=phase, seconds=int(waited) if waited >= SECONDS_AFTER else None))
    if isinstance(widget, Picture):
        playing = widget.moving and began is not None and 0 <= now - began < LOOPS * TURN_S
        return Appearance(
            widget, Moment(phase=int((now - began) / (TURN_S / 2)) % 2 if playing and began is not None else 0)
        )
    if isinstance(widget, Live):
        return Appearance(widget, Moment(phase=frame))
    # A PIN key never shows that it is touched: it can be read from a distance (domain/kiosk-ui.md section 5).
    return Appearance(widget, Moment(pressed=not isinstance(widget, SecretKey) and widget in pressed))


def next_change(widget: Widget, now: float, *, began: float | None = None) -> float | None:
    """When (monotonic seconds) the widget will next look different by itself; None: never."""
    if isinstance(widget, Waiting):
        step = TURN_S / WAITING_PHASES
        return widget.since + (int(max(0.0, now - widget.since) / step) + 1) * step
    if isinstance(widget, Picture) and widget.moving and began is not None and now - began < LOOPS * TURN_S:
        step = TURN_S / 2
        return began + (int((now - began) / step) + 1) * step
    if isinstance(widget, Live):
        return now + (LIVE_S if widget.source is LiveSource.CAMERA else PHOTO_S)
    return None


def changed(before: Sequence[Appearance], after: Sequence[Appearance], reach: Callable[[Widget], Rect]) -> list[Rect]:
    """The rectangles that must be drawn again: what went, what came, what looks or stacks differently."""
    kept = _kept(before, after)
    rects = [reach(one.widget) for number, one in enumerate(before) if number not in kept]
    rects += [reach(one.widget) for number, one in enumerate(after) if number not in kept.values()]
    return merged(rects)


def merged(rects: Sequence[Rect]) -> list[Rect]:
    """The same pixels in rectangles that do not overlap one another."""
    done: list[Rect] = []
    for rect in rects:
        grown = rect
        while touching := [other for other in done if other.overlaps(grown)]:
            done = [other for other in done if other not in touching]
            for other in touching:
                grown = _around(grown, other)
        done.append(grown)
    return done


def _kept(before: Sequence[Appearance], after: Sequence[Appearance]) -> Mapping[int, int]:
    # Both lists are walked once: what is found again in the same order keeps its pixels.
    places: dict[Appearance, list[int]] = {}
    for number, one in enumerate(after):
        places.setdefault(one, []).append(number)
    kept: dict[int, int] = {}
    last = -1
    for number, one in enumerate(before):
        found = next((place for place in places.get(one, ()) if place > last), None)
        if found is not None:
            kept[number] = last = found
    return kept


def _around(one: Rect, other: Rect) -> Rect:
    x, y = min(one.x, other.x), min(one.y, other.y)
    return Rect(x, y, max(one.right, other.right) - x, max(one.bottom, other.bottom) - y)
