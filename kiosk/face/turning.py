"""A turn of the head to one side and back, as the answer to a request.

The yaw proxy (how far the nose lies beside the middle of the eyes, in eye distances) is compared with where it was when
this face looked to the front: a photograph that was taken a little from the side starts from there and gains nothing by
it. A photograph of a face to the front, turned by 35 degrees, moved it by 0.29 at most, heads by 0.25 to 0.63
(domain/face-stack.md section 3).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

FAR: Final = 0.35
"""A turn goes past this (domain/face-stack.md section 3)."""
BACK: Final = 0.12
"""And comes back under this (section 3)."""
HALFWAY: Final = 0.15
"""From here to `FAR` the head is on its way and must have been seen there: pictures put one for another are not."""
ASTRAY: Final = 0.45
"""Past this a turn to the other side is one; a start in the wrong direction is forgiven."""
JUMP: Final = 0.30
"""Between two frames; real heads moved by 0.16 at most at 15 frames a second. Past `_FAR_ENOUGH` it is not looked at:
of a head turned that far the detector guesses the hidden eye."""
_FAR_ENOUGH = 0.5
_HOME = 2  # frames to the front that end a turn: one may be an error of the detector


class Way(StrEnum):
    """Where the head is on the asked turn."""

    FRONT = "front"
    HALFWAY = "halfway"
    FAR = "far"
    DONE = "done"
    WRONG_SIDE = "wrong_side"


class TurnWatch:
    """Watches one turn; `side` is 1 for the person's own left (the nose goes right in the picture), -1 for the right."""

    def __init__(self, side: int, front: float) -> None:
        self._side = side
        self._front = front
        self._last: float | None = None
        self._halfway = False
        self._home = 0
        self.far = False
        """Whether the far end has been reached: now the way leads back."""

    def see(self, yaw: float, *, counts: bool = True) -> Way:
        """The next yaw of the same face; one that does not count can be wrong, but brings the turn no further."""
        out = min(max(self._side * (yaw - self._front), -_FAR_ENOUGH), _FAR_ENOUGH)
        if self._last is not None and abs(out - self._last) > JUMP:
            self.far = self._halfway = False
        self._last = out
        if out <= -ASTRAY and not self.far:
            return Way.WRONG_SIDE
        if not counts:
            return Way.FRONT
        if HALFWAY <= out < FAR:
            self._halfway = True
            return Way.HALFWAY
        if out >= FAR:
            if self._halfway or self.far:
                self.far, self._halfway = True, False
            return Way.FAR
        self._home = self._home + 1 if abs(out) < BACK else 0
        if self.far and self._halfway and self._home >= _HOME:
            return Way.DONE
        return Way.FRONT
