"""Whether what is behind a face moves as one: the kiosk's camera stands still, a picture or a screen in a hand does not.

What lies beside the head, left and right of it, is laid over what lay there a moment before, once as it is and once moved,
turned and scaled for the best fit. Behind a person nothing moves, or something passes on one side. Where both sides fit far
better after one common motion, or both change most of the time, face and backdrop are on one thing that is held (motion
of the scene against motion of the face: Anjos and Marcel, IJCB 2011). A sheet or screen smaller than the frame has edges
instead (`kiosk.face.edges`). A plain backdrop, or a picture on a stand, tells nothing.

Measured: of two films of people whose camera was moved 46 of 49 looks found it, of people whose camera stood still none of
17 (five of seven films show too little beside the face to tell), of 20 simulated ones none of 341, people passing behind
them included.

Whatever moves a whole frame looks the same: a camera in a hand, one that follows faces by itself, a stand that goes on
shaking; so may people who walk on both sides before a plain wall all the while. The kiosk's camera has to be fixed, and such
a following switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.faces import Face, Picture

SIDE: Final = 160
"""Pixels of the longer side of what is compared."""
BESIDE: Final = 1.1
"""Face widths from the middle of the face, on both sides: hair ends before (a head of 0.9 was seen), and the backdrop begins."""
EVERY: Final = 0.2
"""Seconds between two looks; one costs 2 ms."""
SPEED: Final = 0.0125
"""Frame widths a second the backdrop moves by on both sides; a hand at rest moves a face that fills 0.3 of it by more."""
BETTER: Final = 0.5
"""Squared differences that are left on each side after the motion, as a share of those without it."""
SEEN: Final = 2.0
"""Mean squared difference (of 255) without the motion under which there is nothing to be seen in the noise."""

CHANGED: Final = 20.0
"""The same from which a side has changed; a camera's noise is below it, on one side at least, whoever passes on the other."""

LOOKS: Final = 15
LOOKS_AT_THE_END: Final = 8
"""So many looks before it is said; fewer are enough when a decision is due."""
SHARE: Final = 0.25
LEAST: Final = 6
"""The share of the looks that must have found it, and six at least: a knock against the kiosk is over within a second."""
SHARE_CHANGED: Final = 0.5
"""The share of looks in which both sides must have changed, whether as one or not: a screen that shows a film, turns and
leaves the frame on one side does not move as one."""

_LONGEST = 0.6  # seconds between two frames that are compared
_ENOUGH = 150  # pixels on each side
_BORDER = 3  # pixels at the frame's edge that are left out
_ROUNDS = (5, 3)  # of the fit, in little and at full size
_FARTHEST = 16.0  # pixels; a fit that goes beyond has failed

Grey = NDArray[np.float32]
"""(height, width), 0 to 255."""
_Fit = NDArray[np.float64]
"""Right and down in pixels; growth and turn as pixels half a frame's width from its middle."""


class Change(StrEnum):
    """What a look found behind a face."""

    NONE = "none"
    """Nothing, or on one side only."""
    BOTH = "both"
    """Both sides changed, and one of them at least by moving."""
    AS_ONE = "as_one"
    """Both sides moved together."""


@dataclass(frozen=True, eq=False)
class _Look:
    grey: Grey
    face: Face
    scale: float
    mono: float


class BackdropWatch:
    """Counts the looks at one face's backdrop."""

    def __init__(self) -> None:
        self._last: _Look | None = None
        self._looks = 0
        self._as_one = 0
        self._changed = 0

    def see(self, picture: Picture, face: Face, mono: float) -> None:
        """One frame at `mono` (seconds); some are passed over."""
        last = self._last
        if last is not None and EVERY > mono - last.mono >= 0.0:
            return
        scale = min(1.0, SIDE / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        now = _Look(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32), face, scale, mono)
        self._last = now
        if last is None or not 0.0 < mono - last.mono <= _LONGEST or last.grey.shape != now.grey.shape:
            return
        change = change_behind(last.grey, now.grey, last.face, last.scale, mono - last.mono)
        if change is not None:
            self._looks += 1
            self._as_one += change is Change.AS_ONE
            self._changed += change is not Change.NONE

    def moves(self, *, deciding: bool = False) -> bool:
        """Whether the backdrop moves as one; `deciding` asks for an answer from fewer looks."""
        enough = LOOKS_AT_THE_END if deciding else LOOKS
        if self._looks < enough or self._changed < LEAST:
            return False
        as_one = self._as_one >= max(LEAST, SHARE * self._looks)
        return as_one or self._changed >= SHARE_CHANGED * self._looks


def change_behind(before: Grey, now: Grey, face: Face, scale: float, seconds: float) -> Change | None:
    """What became of both sides of `face` (of the frame that `before` is a copy of, smaller by `scale`) in these seconds.

    None where there is not enough room beside the face to tell.
    """
    sides = _sides(before.shape, face, scale)
    if min(np.count_nonzero(side) for side in sides) < _ENOUGH:
        return None
    fit = _fitted(before, now, sides[0] | sides[1])
    if not np.isfinite(fit).all() or np.abs(fit).max() > _FARTHEST:
        return Change.NONE
    still, moved = now - before, _moved(now, fit) - before
    was = [float(still[side].var()) for side in sides]
    fits = [
        float(moved[side].var()) < BETTER * one and _travel(fit, side) >= SPEED * SIDE * seconds
        for side, one in zip(sides, was, strict=True)
    ]
    if all(fits) and min(was) >= SEEN:
        return Change.AS_ONE
    return Change.BOTH if any(fits) and min(was) >= CHANGED else Change.NONE


def _sides(shape: tuple[int, ...], face: Face, scale: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Left and right of the head, above the chin: shoulders and arms lie lower."""
    height, width = shape
    above = np.zeros((height, width), np.bool_)
    chin = int(np.clip((face.y + face.height) * scale, 0, height - _BORDER))
    above[_BORDER:chin, _BORDER : width - _BORDER] = True
    aside = np.arange(width) - (face.x + face.width / 2) * scale
    far = BESIDE * face.width * scale
    return above & (aside < -far), above & (aside > far)


def _fitted(before: Grey, now: Grey, where: NDArray[np.bool_]) -> _Fit:
    """The motion after which `now` looks most like `before` at `where`: Gauss and Newton, first in little."""
    height, width = (length // 2 for length in before.shape)
    first, then = (
        cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32, copy=False)
        for one in (before, now)
    )
    begin = _refined(first, then, where[::2, ::2][:height, :width], _ROUNDS[0])
    return _refined(before, now, where, _ROUNDS[1], 2 * begin)


def _refined(before: Grey, now: Grey, where: NDArray[np.bool_], rounds: int, fit: _Fit | None = None) -> _Fit:
    fit = np.zeros(4) if fit is None else fit
    along, down = (
        cv2.Sobel(before, cv2.CV_32F, *order, ksize=3, scale=1 / 8)[where].astype(np.float64)
        for order in ((1, 0), (0, 1))
    )
    x, y = _from_middle(where)
    light = before[where].astype(np.float64) / 100.0  # the lamp may have changed: a factor and a constant
    columns = np.stack([along, down, x * along + y * down, x * down - y * along, light, np.ones_like(light)])
    # A little weight on no motion at all keeps a plain wall where it is.
    weight = np.diag([*[1e-3 * x.size] * 4, 1e-6, 1e-6])
    solve = np.linalg.solve(columns @ columns.T + weight, columns)
    for _ in range(rounds):
        fit = fit - (solve @ (_moved(now, fit) - before)[where])[:4]
        if not np.isfinite(fit).all() or np.abs(fit).max() > 2 * _FARTHEST:
            break
    return fit


def _moved(picture: Grey, fit: _Fit) -> Grey:
    height, width = picture.shape
    x, y = width / 2, height / 2
    right, down, grows, turns = fit[0], fit[1], fit[2] / x, fit[3] / x
    place = np.array(
        [[1 + grows, -turns, right - grows * x + turns * y], [turns, 1 + grows, down - turns * x - grows * y]]
    )
    moved = cv2.warpAffine(
        picture, place, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return moved.astype(np.float32, copy=False)


def _travel(fit: _Fit, where: NDArray[np.bool_]) -> float:
    """How many pixels the middle of `where` moves by."""
    x, y = (float(place.mean()) for place in _from_middle(where))
    return float(np.hypot(fit[0] + fit[2] * x - fit[3] * y, fit[1] + fit[2] * y + fit[3] * x))


def _from_middle(where: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the pixels of `where` lie, x and y from the middle in halves of the width."""
    height, width = where.shape
    y, x = np.nonzero(where)
    return (x - width / 2) / (width / 2), (y - height / 2) / (width / 2)
