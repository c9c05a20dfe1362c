"""What is asked of a person, one thing after the other, and whether it was done. No camera, no clock.

First the face is seen looking to the front for a moment: that is where its own front is, and how far its eyes are usually
open. Then come the steps: a blink, a turn of the head to one side and back. The last word is a frame to the front.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Final

from kiosk.face.advice import Prompt
from kiosk.face.blink import BlinkWatch, Lid, Moment
from kiosk.face.quality import NARROWED
from kiosk.face.turning import ASTRAY, BACK, FAR, HALFWAY, TurnWatch, Way

STEP: Final = 5.0
"""Seconds a person has for a blink, for a turn, and for coming back from it (domain/face-stack.md section 3)."""

REACTION: Final = 0.2
"""Seconds nobody can have reacted in: what begins sooner was under way before it was asked, and does not count. Simple
reactions to something seen take 0.2 to 0.25 s, and a screen and a camera lie between."""

SETTLED: Final = 0.5
"""Seconds to the front before anything is asked."""

FRONT: Final = 0.15
"""Yaw that counts as looking to the front; the bound of `quality.YAW`, which lets such frames be compared."""

_SETTLED_FRAMES = 5


class Stand(StrEnum):
    """Where a challenge stands."""

    SETTLING = "settling"
    ASKING = "asking"
    DONE = "done"
    LATE = "late"
    WRONG = "wrong"
    """A turn to the side that was not asked for, or while no turn was."""


@dataclass(frozen=True)
class Seen:
    """One frame's word. `match_here`: see `kiosk.face.liveness.Live`."""

    stand: Stand
    prompt: Prompt | None
    progress: float
    match_here: bool = False


class Challenge:
    """One drawn sequence for one face. `unasked`: seconds a first blink may come by itself before it is asked for."""

    def __init__(self, plan: Sequence[Prompt], *, unasked: float = 0.0) -> None:
        self._plan = tuple(plan)
        self._turns_asked = any(prompt is not Prompt.BLINK for prompt in self._plan)
        self._unasked = unasked
        self._blinks = BlinkWatch()
        self._turn: TurnWatch | None = None
        self._settling: list[Moment] = []
        self._lately: deque[Moment] = deque(maxlen=3)
        self._front: float | None = None
        self._breadth = 0.0
        self._step = 0
        self._since = 0.0
        self._halfway = False
        self._ready = False
        self._home = False

    @property
    def reads_eyes(self) -> bool:
        """Whether the next moment should come with its eyes read: in a turn, and when all is done, it need not."""
        return self._front is None or self._asked is Prompt.BLINK

    @property
    def begun(self) -> bool:
        """Whether anything has been asked yet."""
        return self._front is not None

    @property
    def _asked(self) -> Prompt | None:
        return self._plan[self._step] if self._step < len(self._plan) else None

    def see(self, moment: Moment) -> Seen:
        """The next moment of the same face."""
        lid = self._blinks.see(moment)
        if self._front is None:
            return self._settle(moment)
        # The detector errs in single frames: the median of three keeps a turn as it was and drops those.
        self._lately.append(moment)
        yaw, breadth = median(one.yaw for one in self._lately), median(one.breadth for one in self._lately)
        aside = yaw - self._front
        if abs(aside) < FAR and breadth < NARROWED * self._breadth:
            # Turned so far that the nose seems to be on its way: it is not, and this is not where to look whose face it is.
            return self._word(self._waiting(moment), moment)
        halfway = False
        match self._asked:
            case Prompt.BLINK:
                if self._turns_asked and abs(aside) >= ASTRAY:
                    return self._word(Stand.WRONG, moment)
                if lid is Lid.BLINKED and self._blinks.began >= self._since + (0.0 if self._unasked else REACTION):
                    self._next(moment.mono)
            case Prompt.TURN_LEFT | Prompt.TURN_RIGHT if self._turn is not None:
                was_far = self._turn.far
                self._ready = self._ready or (abs(aside) < HALFWAY and moment.mono - self._since >= REACTION)
                way = self._turn.see(yaw, counts=self._ready)
                if way is Way.WRONG_SIDE:
                    return self._word(Stand.WRONG, moment)
                halfway = way is Way.HALFWAY
                if way is Way.DONE:
                    self._next(moment.mono)
                elif self._turn.far and not was_far:
                    self._since = moment.mono
        if self._waiting(moment) is Stand.LATE:
            return self._word(Stand.LATE, moment)
        # The moment a move ends, and the first in the middle of one on each way: whose face is it there?
        ended = self._since == moment.mono
        first, self._halfway = halfway and not self._halfway, halfway
        # When all that was asked is done it counts from the first frame that looks to the front.
        home = self._asked is None and abs(aside) < BACK and lid is not Lid.SHUT
        arrived = home and not self._home
        self._home = self._home or home
        return self._word(Stand.DONE if self._home else Stand.ASKING, moment, match=ended or first or arrived)

    def _waiting(self, moment: Moment) -> Stand:
        if self._home:
            return Stand.DONE
        return Stand.LATE if moment.mono - self._since > STEP + self._unasked else Stand.ASKING

    def _settle(self, moment: Moment) -> Seen:
        if abs(moment.yaw) >= FRONT:
            self._settling.clear()
            return Seen(Stand.SETTLING, Prompt.FACE_FRONT, 0.0)
        self._settling.append(moment)
        if len(self._settling) >= _SETTLED_FRAMES and moment.mono - self._settling[0].mono >= SETTLED:
            self._front = median(moment.yaw for moment in self._settling)
            self._breadth = median(moment.breadth for moment in self._settling)
            self._begin(moment.mono)
        return Seen(Stand.SETTLING, None, 0.0)

    def _next(self, mono: float) -> None:
        self._step += 1
        self._begin(mono)

    def _begin(self, mono: float) -> None:
        self._since = mono
        self._ready = False
        self._turn = None
        if self._front is not None and self._asked in (Prompt.TURN_LEFT, Prompt.TURN_RIGHT):
            self._turn = TurnWatch(1 if self._asked is Prompt.TURN_LEFT else -1, self._front)

    def _word(self, stand: Stand, moment: Moment, *, match: bool = False) -> Seen:
        half = 0.5 if self._turn is not None and self._turn.far else 0.0
        return Seen(stand, self._prompt(moment), (self._step + half) / len(self._plan), match)

    def _prompt(self, moment: Moment) -> Prompt | None:
        if self._home:
            return None
        if self._asked is None or (self._turn is not None and self._turn.far):
            return Prompt.FACE_FRONT
        return self._asked if moment.mono - self._since >= self._unasked else None
