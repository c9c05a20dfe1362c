"""How people behave before a camera: they sway, breathe and blink, and do what they are asked to, in their own time.

Everything follows from the seed, the time and what was asked: the same seed and the same questions give the same film.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from math import radians
from random import Random
from typing import Final

import numpy as np

from kiosk.simulation.people_head import Turn


class Prompt(StrEnum):
    """What the kiosk may ask of a person; left and right are the person's own. `kiosk.face.liveness` uses these words."""

    BLINK = "blink"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    FACE_FRONT = "face_front"


Respond = Callable[[], str | None]
"""Asked before every frame: what the kiosk asks for at this moment (a `Prompt`'s word), or None."""


@dataclass(frozen=True)
class Manner:
    """How somebody is. Times are seconds, angles degrees."""

    blinks_a_minute: float = 12.0
    """Real talking heads: 11.9 (domain/face-stack.md section 3)."""
    heeds: bool = True
    """Does what is asked."""
    latency: tuple[float, float] = (0.3, 1.5)
    """From the question to the move."""
    turn: tuple[float, float] = (40.0, 46.0)
    """How far the head goes when a turn is asked."""
    wrong_side: float = 0.03
    too_little: float = 0.10
    half_blink: float = 0.08
    """How often the first try goes wrong like this; the next one is right."""
    sway: float = 1.0
    held: float = 0.0
    """The yaw the head is held at when nothing is asked."""


@dataclass(frozen=True)
class Pose:
    """One moment. `x` and `y` are eye distances away from where the person stands; `near` multiplies the size."""

    turn: Turn
    lids: float
    """0 open, 1 shut."""
    x: float
    y: float
    near: float


FURTHER: Final = 50.0
"""Degrees somebody turns to who has turned and is still asked."""

_TAKES: Final = (0.9, 1.3)
"""Seconds of a turn: heads move the nose by 0.16 eye distances at most from one frame to the next."""
_STILL_ASKED: Final = (0.7, 1.2)
_GIVES_UP: Final = (1.4, 2.2)
_PERIODS: Final = np.array([3.1, 2.3, 5.7, 4.3, 7.9, 1.7, 2.9])
_BREATH: Final = 3.8


@dataclass(frozen=True)
class _Move:
    """A turn of the head from one yaw to another, smooth at both ends as people's moves are (minimum jerk)."""

    begin: float = 0.0
    takes: float = 1.0
    start: float = 0.0
    end: float = 0.0

    def at(self, now: float) -> float:
        share = min(max((now - self.begin) / self.takes, 0.0), 1.0)
        return self.start + (self.end - self.start) * share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


@dataclass(frozen=True)
class _Blink:
    """Lids that fall, rest and rise: 0.15 to 0.4 s in all."""

    begin: float
    falls: float
    rests: float
    rises: float
    depth: float = 1.0

    def at(self, now: float) -> float:
        since = now - self.begin
        if since < 0 or since > self.falls + self.rests + self.rises:
            return 0.0
        if since < self.falls:
            return self.depth * since / self.falls
        return self.depth * min(1.0, (self.falls + self.rests + self.rises - since) / self.rises)


@dataclass
class _Task:
    """What is being asked, and what has been done about it."""

    asked: str | None = None
    due: float = 0.0
    tries: int = 0


@dataclass
class Behaviour:
    """One person's behaviour through one film; ask it once a frame, in order."""

    manner: Manner
    chance: Random
    _phases: list[float] = field(init=False)
    _task: _Task = field(init=False, default_factory=_Task)
    _head: _Move = field(init=False)
    _blink: _Blink | None = field(init=False, default=None)
    _next_blink: float = field(init=False)

    def __post_init__(self) -> None:
        self._phases = [self.chance.uniform(0.0, 2 * np.pi) for _ in range(len(_PERIODS) + 1)]
        self._head = _Move(start=self.manner.held, end=self.manner.held)
        self._next_blink = self._gap()

    def at(self, now: float, asked: str | None) -> Pose:
        """How the person is held at `now` (seconds from the film's beginning) while `asked` is asked."""
        if self.manner.heeds:
            self._heed(now, asked)
        if now >= self._next_blink:
            if self._blink is None or self._blink.at(now) == 0.0:
                falls, rests, rises = (
                    self.chance.uniform(*span) for span in ((0.06, 0.09), (0.03, 0.09), (0.11, 0.17))
                )
                self._blink = _Blink(now, falls, rests, rises)
            self._next_blink = now + self._gap()
        sway = self.manner.sway * np.sin(2 * np.pi * now / _PERIODS + self._phases[:-1])
        breath = float(np.sin(2 * np.pi * now / _BREATH + self._phases[-1]))
        yaw = radians(self._head.at(now) + 2.5 * sway[5])
        turn = Turn(yaw=yaw, pitch=radians(1.5 * sway[6]), roll=radians(1.5 * sway[3]), breath=breath)
        lids = 0.0 if self._blink is None else self._blink.at(now)
        return Pose(
            turn, lids, 0.12 * float(sway[0]), 0.05 * float(sway[1]) + 0.01 * breath, 1.0 + 0.03 * float(sway[2])
        )

    def _gap(self) -> float:
        """Seconds to the next blink that comes by itself; never if this person does not blink."""
        if self.manner.blinks_a_minute <= 0:
            return float("inf")
        mean = 60.0 / self.manner.blinks_a_minute
        return min(0.9, 0.5 * mean) + self.chance.expovariate(1.0 / max(mean - 0.9, 0.5 * mean))

    def _heed(self, now: float, asked: str | None) -> None:
        if asked != self._task.asked:
            self._task = _Task(asked, now + self.chance.uniform(*self.manner.latency))
        if now < self._task.due:
            return
        task = self._task
        if task.asked == Prompt.BLINK:
            self._front(now)
            self._shut(now, task)
        elif task.asked in (Prompt.TURN_LEFT, Prompt.TURN_RIGHT):
            self._turn(now, task, 1.0 if task.asked == Prompt.TURN_LEFT else -1.0)
        else:
            self._front(now)
            task.due = float("inf")
        task.tries += 1

    def _shut(self, now: float, task: _Task) -> None:
        half = task.tries == 0 and self.chance.random() < self.manner.half_blink
        falls, rests, rises = (self.chance.uniform(*span) for span in ((0.08, 0.12), (0.07, 0.13), (0.12, 0.16)))
        self._blink = _Blink(now, falls, rests, rises, 0.45 if half else 1.0)
        self._next_blink = max(self._next_blink, now + 1.0)
        task.due = now + self.chance.uniform(1.1, 2.0)

    def _turn(self, now: float, task: _Task, side: float) -> None:
        fault = self.chance.random() if task.tries == 0 else 1.0
        if fault < self.manner.wrong_side:
            self._go(now, -side * self.chance.uniform(15.0, 25.0), self.chance.uniform(0.5, 0.8))
        elif fault < self.manner.wrong_side + self.manner.too_little:
            self._go(now, side * self.chance.uniform(20.0, 30.0), self.chance.uniform(0.5, 0.8))
        elif self._head.end * side < self.manner.turn[0]:
            self._go(now, side * self.chance.uniform(*self.manner.turn), self.chance.uniform(*_TAKES))
        elif self._head.end * side < FURTHER:
            self._go(now, side * FURTHER, self.chance.uniform(0.4, 0.6))
            task.due = now + self.chance.uniform(*_GIVES_UP)
            return
        else:
            self._front(now)
        task.due = self._head.begin + self._head.takes + self.chance.uniform(*_STILL_ASKED)

    def _front(self, now: float) -> None:
        if self._head.end != self.manner.held:
            self._go(now, self.manner.held, self.chance.uniform(*_TAKES))

    def _go(self, now: float, yaw: float, takes: float) -> None:
        self._head = _Move(now, takes, self._head.at(now), yaw)
