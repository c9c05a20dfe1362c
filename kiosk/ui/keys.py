"""Ways to press without looking: a USB ten-key, and the four corners of the glass. Pure: codes and positions in, words out.

Keys are told by their place (USB HID usage page 7, the numbers that SDL calls scancodes): what is printed on them, the
layout and NumLock do not matter. The middle key of a ten-key, 5, has a raised dot.

    7 8 9    8 4 previous     * next        while a pad of PIN keys is shown, the digits type and nothing else;
    4 5 6    6 2 next         / previous    . or backspace takes one back. The other keys are the same everywhere.
    1 2 3    5   act          Enter act
      0      0   repeat       + - loudness

A digit goes where a touched one goes, to the secret sink; nothing here is ever logged, and no `repr` tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from kiosk.ui.geometry import Panel
from kiosk.ui.touch import DOUBLE_STRIKE_S, Tap
from kiosk.ui.widgets import SecretKey, Widget, target


class Word(StrEnum):
    """What a press without looking means; none of them tells a digit."""

    BEGIN = "begin"
    """The corner of the glass was held: eyes-closed mode begins, or ends."""
    PREVIOUS = "previous"
    NEXT = "next"
    ACT = "act"
    REPEAT = "repeat"
    LOUDER = "louder"
    QUIETER = "quieter"


@dataclass(frozen=True)
class Key:
    """A press on the ten-key or in a corner of the glass. A typed digit is none: it is a `Tap`, as when it is touched."""

    word: Word


# -- the ten-key -----------------------------------------------------------------------------------------------------

_KEYPAD: Final[Mapping[int, str]] = {
    89: "1",
    90: "2",
    91: "3",
    92: "4",
    93: "5",
    94: "6",
    95: "7",
    96: "8",
    97: "9",
    98: "0",
}
_ROW: Final[Mapping[int, str]] = {
    30: "1",
    31: "2",
    32: "3",
    33: "4",
    34: "5",
    35: "6",
    36: "7",
    37: "8",
    38: "9",
    39: "0",
}
_DIGITS: Final[Mapping[int, str]] = {**_KEYPAD, **_ROW}
_STEERING: Final[Mapping[str, Word]] = {
    "8": Word.PREVIOUS,
    "4": Word.PREVIOUS,
    "6": Word.NEXT,
    "2": Word.NEXT,
    "5": Word.ACT,
    "0": Word.REPEAT,
}
_SLASH, _STAR, _MINUS, _PLUS, _ENTER, _PERIOD = 84, 85, 86, 87, 88, 99
_RETURN, _BACKSPACE, _SPACE = 40, 42, 44
_RIGHT, _LEFT, _DOWN, _UP = 79, 80, 81, 82
"""Keypads made for blind users often send arrows."""
_ALWAYS: Final[Mapping[int, Word]] = {
    **dict.fromkeys((_SLASH, _UP, _LEFT), Word.PREVIOUS),
    **dict.fromkeys((_STAR, _DOWN, _RIGHT), Word.NEXT),
    **dict.fromkeys((_ENTER, _RETURN, _SPACE), Word.ACT),
    _PLUS: Word.LOUDER,
    _MINUS: Word.QUIETER,
}
_TAKES_BACK: Final = frozenset({_PERIOD, _BACKSPACE})
_AT_ANY_PACE: Final = frozenset({Word.PREVIOUS, Word.NEXT, Word.LOUDER, Word.QUIETER})
"""Who knows the way walks it as fast as the fingers go; all else is guarded against an unsteady hand."""
ERASE: Final = "erase"
"""The action of the key that takes a digit back."""


class TenKey:
    """The keys of a USB ten-key (or of any keyboard)."""

    def __init__(self, double_strike_s: float = DOUBLE_STRIKE_S) -> None:
        self._double_strike_s = double_strike_s
        self._struck: tuple[int, float] | None = None

    def down(
        self, code: int, widgets: Iterable[Widget], now: float, secret_sink: Callable[[str], None]
    ) -> Key | Tap | None:
        """A key went down, at `now` (monotonic seconds), while `widgets` are shown: what that means, if it means something.

        A digit on a shown PIN pad goes to `secret_sink`; all that is told is the tap on one of its keys.
        """
        shown = list(widgets)
        typing = any(isinstance(widget, SecretKey) for widget in shown)
        if code not in _DIGITS and code not in _ALWAYS and code not in _TAKES_BACK:
            return None
        word = _ALWAYS.get(code) or (None if typing else _STEERING.get(_DIGITS.get(code, "")))
        if word not in _AT_ANY_PACE and self._struck_twice(code, now):
            return None
        if word is not None:
            return Key(word)
        if not typing:
            # Whatever else is pressed tells the patient that the key was heard, and where they are.
            return Key(Word.REPEAT)
        if code in _TAKES_BACK:
            return Tap(ERASE) if target(shown, ERASE) is not None else None
        return _type(_DIGITS[code], shown, secret_sink)

    def forget(self) -> None:
        """Drop which key was struck last; part of the wipe."""
        self._struck = None

    def _struck_twice(self, code: int, now: float) -> bool:
        before = self._struck
        twice = before is not None and before[0] == code and now - before[1] < self._double_strike_s
        if not twice:
            self._struck = code, now
        return twice


def _type(digit: str, widgets: Iterable[Widget], secret_sink: Callable[[str], None]) -> Tap | None:
    for widget in widgets:
        if isinstance(widget, SecretKey) and widget.secret == digit:
            secret_sink(digit)
            return Tap(widget.action)
    return None


# -- the corners of the glass ----------------------------------------------------------------------------------------

CORNER_MM: Final = 20.0
"""Side of a corner in real millimetres: found with a finger along the frame."""
HOLD_S: Final = 2.0
"""How long a finger rests in the upper left corner, where no screen has a button, to begin or end eyes-closed mode."""


@dataclass(frozen=True)
class Corner:
    """A corner of the glass by its sides, and what a tap there means."""

    right: bool
    low: bool
    word: Word


CORNERS: Final = (
    Corner(right=False, low=False, word=Word.REPEAT),
    Corner(right=True, low=False, word=Word.ACT),
    Corner(right=False, low=True, word=Word.PREVIOUS),
    Corner(right=True, low=True, word=Word.NEXT),
)


@dataclass
class _Rest:
    corner: Corner = field(repr=False)
    since: float
    spent: bool = False


class Corners:
    """Fingers in the corners of the panel.

    `on`: the corners are keys, and the rest of the glass does nothing: a hand that feels its way must not agree to
    anything. Off, only the rest in the upper left corner is looked for, and every touch goes on to the widgets.
    """

    def __init__(self, panel: Panel, hold_s: float = HOLD_S) -> None:
        self.on = False
        self._panel = panel
        self._hold_s = hold_s
        self._resting: dict[Hashable, _Rest] = {}

    def at(self, x: float, y: float) -> Corner | None:
        """The corner that holds this pixel."""
        side = CORNER_MM * self._panel.px_per_mm
        across, along = min(side, self._panel.width / 3), min(side, self._panel.height / 3)
        right, low = x >= self._panel.width - across, y >= self._panel.height - along
        if not (right or x < across) or not (low or y < along):
            return None
        return next(corner for corner in CORNERS if (corner.right, corner.low) == (right, low))

    def down(self, finger: Hashable, x: float, y: float, now: float) -> None:
        """A finger touches the panel."""
        self._resting.pop(finger, None)
        if (corner := self.at(x, y)) is not None:
            self._resting[finger] = _Rest(corner, now)

    def move(self, finger: Hashable, x: float, y: float) -> None:
        """A finger slides: out of its corner, it means nothing more."""
        if (rest := self._resting.get(finger)) is not None and self.at(x, y) is not rest.corner:
            del self._resting[finger]

    def up(self, finger: Hashable, x: float, y: float) -> Key | None:
        """A finger leaves the panel: the key it pressed, if the corners are keys and it has not been a long rest."""
        self.move(finger, x, y)
        rest = self._resting.pop(finger, None)
        return Key(rest.corner.word) if self.on and rest is not None and not rest.spent else None

    def held(self, now: float) -> Key | None:
        """That a finger has rested in the upper left corner long enough: told once. To be asked again and again."""
        for rest in self._resting.values():
            if rest.corner is CORNERS[0] and not rest.spent and now - rest.since >= self._hold_s:
                rest.spent = True
                return Key(Word.BEGIN)
        return None

    def lift_all(self) -> None:
        """Forget every finger; part of the wipe."""
        self._resting.clear()
