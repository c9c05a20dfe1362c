"""Is a living person before the camera, or a picture of one? Presentation-attack detection, without camera or clock.

A person is asked for something (`Level`) that a picture cannot do, and meanwhile it is looked, without a word, whether the
face is on something held up: edges round it, a screen's grid in it, a backdrop that moves as one (`kiosk.face.held`).

Measured with tests/benchmarks/bench_liveness.py on simulated scenes with seeds other than those the bounds were found with. The
attacks show 17 people: prints, flat, bent and with holes for the eyes; phone replays that are still, blink, move. The living
are 2 people. In brackets Wilson's 95 % intervals, as if all scenes were independent:

    level      attacks accepted (APCER)       people not accepted (BPCER)      seconds they need, median and 90 %
    blink      1 of 102, 1.0 % (0.2 to 5.3)   0 of 48, 0.0 % (0.0 to 7.4)      3.4, 3.9
    challenge  0 of 204, 0.0 % (0.0 to 1.8)   1 of 48, 2.1 % (0.4 to 10.9)     5.4, 6.1

So `challenge` is the default: 2 seconds more, for which a print with holes for somebody's eyes does not pass. 192 of the 204
were told by being held up, the others by what they did not do. None of the living was taken for a picture. Whole attempts,
where whoever turns is also compared with the photo: 98 of 100 matched, 2 were not seen to do what was asked, and may try
again. Of real material there is little: nine pictures moved by a hand, by turning
and tilting them, passed in 0 of 36 tries at either level; of nine films of people, six of whom blink, five passed at `blink`.
Two of the nine were made with a camera that moved, and were "held up": see `camera_stands`.

What it does not stop:

* a mask or a head made in somebody's likeness;
* a film, or a face made by a computer, that is put in the place of the camera's pictures (a virtual camera, a plug);
* somebody who plays for every question the film that answers it, or whose face is exchanged as he moves, on a screen that
  is not told by its edges, its grid or its backdrop: one that stands, fills the frame and is fine. Where none of the three
  tells, only the draw protects: a film that moves at random passed in 15 % of 1,000 made-up attempts, one made for it (a blink
  a second, one slow turn) in every second, because there are two sides. On a stand, 1 of 56 simulated replays passed.

Numbers of tries are limited elsewhere, and the staff sees who is there; this makes the cheap attack hard, not every attack.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from kiosk.face.advice import Prompt
from kiosk.face.blink import Moment
from kiosk.face.challenge import Challenge, Stand
from kiosk.face.eyes import Openness
from kiosk.face.faces import Face, Picture
from kiosk.face.held import HeldWatch
from kiosk.face.tracking import LOST, Track

UNASKED: Final = 1.5
"""Seconds the blink level waits for a blink that comes by itself before it asks for one."""


__all__ = ["Level", "Live", "Liveness", "Outcome", "Prompt"]


class Level(StrEnum):
    """How much is asked of a person."""

    OFF = "off"
    BLINK = "blink"
    CHALLENGE = "challenge"


class Outcome(StrEnum):
    """How an attempt ended. Neither `FAILED` nor `NOT_DECIDED` is held against anybody: PIN and staff stay open."""

    PASSED = "passed"
    FAILED = "failed"
    """The face is on something held up."""
    NOT_DECIDED = "not_decided"
    """What was asked was not seen in time, the head turned to the other side, or the face was lost after something was
    asked. A new attempt draws a new challenge; drawing within one until something fits would let recordings in."""


@dataclass(frozen=True)
class Live:
    """What is known after one frame.

    `progress` is 0 to 1. `match_here`: this frame's face must be compared with those gathered, even where it is turned
    away: it is in the middle of a move, or at the end of one. If it is somebody else's, somebody else did the move.
    """

    prompt: Prompt | None
    progress: float
    outcome: Outcome | None = None
    match_here: bool = False

    @property
    def passed(self) -> bool | None:
        """True or False once it is known; None while it is not, and where it could not be decided."""
        match self.outcome:
            case Outcome.PASSED:
                return True
            case Outcome.FAILED:
                return False
            case _:
                return None


class EyeReader(Protocol):
    """What reads how far the eyes are open: `kiosk.face.eyes.Eyes`."""

    def openness(self, picture: Picture, face: Face) -> Openness:
        """Both eyes of `face` in `picture`."""
        ...


class Liveness:
    """One attempt at one level. `chance` draws the challenge: `random.SystemRandom()` in the studio, a seeded one in tests.

    `unasked`: seconds the blink level waits before it asks. Films cannot be asked: the bench waits the whole attempt.
    `camera_stands`: what is behind a face may not move as one. False for a camera in somebody's hand.
    """

    def __init__(
        self,
        level: Level,
        chance: random.Random,
        eyes: EyeReader,
        *,
        unasked: float = UNASKED,
        camera_stands: bool = True,
    ) -> None:
        self._level = level
        self._unasked = unasked
        self._camera_stands = camera_stands
        self._chance = chance
        self._eyes = eyes
        self._track: Track | None = None
        self._number = 0
        self._final: Live | None = None
        self._said: Live
        self._held: HeldWatch
        self._challenge: Challenge
        self._begin()

    def see(self, picture: Picture, face: Face | None, mono: float, *, track: int = 0) -> Live:
        """One frame, (height, width, 3) uint8 BGR, and the face followed in it, taken at `mono` (seconds).

        `track`: the number of `recognition.Sighting`; a new one means that the face is known to be somebody else's.

        After `PASSED` go on as long as frames are compared: a face that is lost or jumps takes it back. `FAILED` and
        `NOT_DECIDED` are last words.
        """
        if self._level is Level.OFF:
            return Live(None, 1.0, Outcome.PASSED)
        if self._final is not None:
            return self._final
        if self._gone(face, mono, track):
            self._track = None
            if self._challenge.begun and self._level is Level.CHALLENGE:
                return self._ended(Outcome.NOT_DECIDED)
            self._begin()
        if face is None:
            return Live(self._said.prompt, self._said.progress)
        self._track, self._number = Track(face, mono), track
        self._said = self._judged(picture, face, mono)
        return self._said

    def _gone(self, face: Face | None, mono: float, number: int) -> bool:
        """Whether whoever was followed is gone, or somebody else is there."""
        if self._track is None:
            return False
        if face is None:
            return mono - self._track.mono > LOST
        return number != self._number or not self._track.holds(face, mono)

    def _judged(self, picture: Picture, face: Face, mono: float) -> Live:
        self._held.see(picture, face, mono)
        eyes = self._eyes.openness(picture, face) if self._challenge.reads_eyes else None
        seen = self._challenge.see(Moment.of(face, mono, eyes))
        if self._held.held_up(deciding=seen.stand is Stand.DONE):
            return self._ended(Outcome.FAILED)
        if seen.stand in {Stand.LATE, Stand.WRONG}:
            return self._ended(Outcome.NOT_DECIDED)
        outcome = Outcome.PASSED if seen.stand is Stand.DONE else None
        return Live(seen.prompt, seen.progress, outcome, seen.match_here)

    def _begin(self) -> None:
        """Whoever is there now: nothing asked, nothing seen."""
        self._said = Live(None, 0.0)
        self._held = HeldWatch(camera_stands=self._camera_stands)
        if self._level is Level.CHALLENGE:
            plan = [Prompt.BLINK, self._chance.choice([Prompt.TURN_LEFT, Prompt.TURN_RIGHT])]
            self._chance.shuffle(plan)
            self._challenge = Challenge(plan)
        else:
            self._challenge = Challenge([Prompt.BLINK], unasked=self._unasked)

    def _ended(self, outcome: Outcome) -> Live:
        self._final = Live(None, self._said.progress, outcome)
        return self._final
