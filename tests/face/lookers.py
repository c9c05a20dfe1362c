"""Made-up faces for liveness: five points that turn, lids that fall. No picture is looked at."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kiosk.face.eyes import Openness
from kiosk.face.faces import Face, Picture
from kiosk.face.liveness import Level, Live, Liveness, Prompt

FPS = 15
BLANK: Picture = np.full((48, 64, 3), 128, np.uint8)
OPEN = 0.28
SHUT = 0.05


def face(
    yaw: float = 0.0, *, x: float = 320.0, y: float = 200.0, apart: float = 80.0, roll: float = 0.0, long: float = 1.0
) -> Face:
    """A face whose eyes' middle is at x, y; `apart` pixels between the eyes; `roll` in degrees; `long`: times as long."""
    shape = np.array([[-0.5, 0.0], [0.5, 0.0], [yaw, 0.6], [-0.4 + yaw / 2, 1.1 * long], [0.4 + yaw / 2, 1.1 * long]])
    turn = np.radians(roll)
    turned = shape @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = (turned * apart + [x, y]).astype(np.float32)
    box = (x - 1.2 * apart, y - 1.0 * apart, 2.4 * apart, 3.0 * apart)
    return Face(*box, points)


@dataclass
class Lids:
    """An eye reader that says what the test wants; the left eye is read as `more` open than the right one."""

    now: float = OPEN
    asked: int = 0
    more: float = 0.0

    def openness(self, _picture: Picture, _face: Face) -> Openness:
        self.asked += 1
        return Openness(self.now, self.now + self.more)


def liveness(level: Level, lids: Lids, seed: int = 1) -> Liveness:
    """An attempt whose challenge is drawn by `seed`."""
    return Liveness(level, random.Random(seed), lids)  # noqa: S311 - the same draws in every run


@dataclass(frozen=True)
class Look:
    """How the person looks in one frame; `there` False: no face is found."""

    yaw: float = 0.0
    lids: float = OPEN
    x: float = 320.0
    y: float = 200.0
    apart: float = 80.0
    roll: float = 0.0
    long: float = 1.0
    more: float = 0.0
    there: bool = True


Behave = Callable[[float, Prompt | None, float], Look]
"""What somebody does: at these seconds, asked this, which was first asked so many seconds ago."""


def seen(level: Level, behave: Behave, *, seed: int = 1, seconds: float = 20.0, fps: float = FPS) -> list[Live]:
    """One attempt, until there is an outcome or the seconds are over."""
    lids = Lids()
    attempt = liveness(level, lids, seed)
    told = [Live(None, 0.0)]
    since = 0.0
    for number in range(round(seconds * fps)):
        now = number / fps
        if len(told) > 1 and told[-1].prompt != told[-2].prompt:
            since = now
        look = behave(now, told[-1].prompt, now - since)
        lids.now, lids.more = look.lids, look.more
        found = face(look.yaw, x=look.x, y=look.y, apart=look.apart, roll=look.roll, long=look.long)
        told.append(attempt.see(BLANK, found if look.there else None, now))
        if told[-1].outcome is not None:
            break
    return told[1:]


@dataclass
class Willing:
    """Does what is asked, some seconds after it was asked; the head turns by `pace` a frame, as far as `turn`."""

    turn: float = 0.5
    pace: float = 0.06
    blinks: bool = True
    opposite: bool = False
    blinks_after: float = 0.5
    turns_after: float = 0.5
    _yaw: float = 0.0

    def __call__(self, _now: float, asked: Prompt | None, ago: float) -> Look:
        side = {Prompt.TURN_LEFT: 1.0, Prompt.TURN_RIGHT: -1.0}.get(asked, 0.0) if asked is not None else 0.0
        goal = (
            side * self.turn * (-1.0 if self.opposite else 1.0)
            if ago >= self.turns_after
            else self._yaw
            if side
            else 0.0
        )
        self._yaw += min(max(goal - self._yaw, -self.pace), self.pace)
        shut = self.blinks and asked is Prompt.BLINK and self.blinks_after <= ago < self.blinks_after + 0.2
        return Look(yaw=self._yaw, lids=SHUT if shut else OPEN)
