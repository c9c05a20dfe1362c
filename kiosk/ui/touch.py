"""Fingers on the glass -> what was tapped. Pure: positions in, taps out; no pygame, no clock.

Each finger is taken on its own, so a resting palm or a second hand blocks nothing. A widget acts on release, if the
finger went down on it and is still on it: sliding off cancels (WCAG 2.5.2). A second strike on the same place within
`DOUBLE_STRIKE_S` of a tap is an unsteady hand, not a wish. Nothing here is ever logged: positions on a PIN pad are the PIN.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from kiosk.ui.geometry import Rect
from kiosk.ui.widgets import SecretKey, Target, Widget, targets

DOUBLE_STRIKE_S = 0.25
"""EN 301 549 5.8; domain/kiosk-ui.md section 5."""


@dataclass(frozen=True)
class Tap:
    """A widget was tapped. For a PIN key this is all that is told: the digit went to the secret sink."""

    action: str


@dataclass(frozen=True)
class Closed:
    """The window was closed (development and demonstration only)."""


@dataclass
class _Finger:
    target: Target = field(repr=False)
    inside: bool = True


class Touch:
    """The fingers on the panel. `secret_sink` gets each digit of a tapped PIN key, and nobody else does."""

    def __init__(self, secret_sink: Callable[[str], None], double_strike_s: float = DOUBLE_STRIKE_S) -> None:
        self.secret_sink = secret_sink
        self._double_strike_s = double_strike_s
        self._fingers: dict[Hashable, _Finger] = {}
        self._struck: dict[Rect, float] = {}

    @property
    def pressed(self) -> frozenset[Target]:
        """What fingers rest on now."""
        return frozenset(finger.target for finger in self._fingers.values() if finger.inside)

    def down(self, finger: Hashable, x: float, y: float, widgets: Iterable[Widget], now: float) -> None:
        """A finger touches the panel at a pixel, at `now` (monotonic seconds), while `widgets` are shown."""
        self._fingers.pop(finger, None)
        target = _under(x, y, widgets)
        self._struck = {rect: at for rect, at in self._struck.items() if now - at < self._double_strike_s}
        # By place, not by widget: what a first strike brought to this place must not get the second one.
        if target is not None and not any(rect.contains(x, y) for rect in self._struck):
            self._fingers[finger] = _Finger(target)

    def move(self, finger: Hashable, x: float, y: float) -> None:
        """A finger slides."""
        if held := self._fingers.get(finger):
            held.inside = held.target.rect.contains(x, y)

    def up(self, finger: Hashable, x: float, y: float, widgets: Iterable[Widget], now: float) -> Tap | None:
        """A finger leaves the panel: the tap it made, if it made one."""
        held = self._fingers.pop(finger, None)
        target = _under(x, y, widgets)
        if held is None or target != held.target:
            return None
        self._struck[target.rect] = now
        if isinstance(target, SecretKey):
            self.secret_sink(target.secret)
        return Tap(target.action)

    def lift_all(self) -> None:
        """Forget every finger and every strike: what they began counts no more."""
        self._fingers.clear()
        self._struck.clear()


def _under(x: float, y: float, widgets: Iterable[Widget]) -> Target | None:
    return next((target for target in reversed(targets(widgets)) if target.rect.contains(x, y)), None)
