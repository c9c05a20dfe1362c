"""What a comparison means: three verdicts, and each engine's own scale for them. No OpenCV here: settings import this.

Scores are carried as *likeness*: more is nearer, whichever engine made them. A cosine is one already; a distance is
carried as its negative, so that 0.33 becomes -0.33 and nothing is rounded on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

Engine = Literal["sface", "face_recognition"]
"""The engines' names, as the settings spell them."""


class Verdict(StrEnum):
    """What the mean of several live frames against one photo means."""

    ACCEPT = "accept"
    RETRY = "retry"
    """Not enough, but near: better light, a bare face or a straight look may do it."""
    REFUSE = "refuse"


class Ending(StrEnum):
    """How an attempt ended."""

    MATCHED = "matched"
    UNLIKE = "unlike"
    """Enough good frames came, and they are not like the photo."""
    UNSEEN = "unseen"
    """Not enough good frames came in time."""
    UNANSWERED = "unanswered"
    """What was asked (a blink, a turn) was not seen in time, or the face was lost meanwhile."""
    HELD_UP = "held_up"
    """The face is on something held up before the camera."""


class Measure(StrEnum):
    """What an engine's comparison score is."""

    COSINE = "cosine"
    """-1 to 1, more is nearer."""
    DISTANCE = "distance"
    """Euclidean, 0 and more, less is nearer."""


@dataclass(frozen=True)
class Scale:
    """An engine's thresholds, all as likeness. `strictest` and `floor` bound what the settings may ask for."""

    measure: Measure
    accept: float
    floor: float
    strictest: float
    retry: float
    same: float
    """Of a frame to those gathered a moment ago, below which somebody else has taken the seat."""
    turned: float
    """The same while the head is turned away."""

    def verdict(self, likeness: float, accept: float | None = None) -> Verdict:
        """The verdict on `likeness`; `accept` where the settings ask for more than the default."""
        if likeness >= (self.accept if accept is None else accept):
            return Verdict.ACCEPT
        return Verdict.RETRY if likeness >= self.retry else Verdict.REFUSE

    def score(self, likeness: float) -> float:
        """The engine's own score: the cosine, or the distance. Its own inverse: scores become likeness by it, too."""
        return likeness if self.measure is Measure.COSINE else 0.0 - likeness


SFACE: Final = Scale(
    measure=Measure.COSINE,
    accept=0.50,
    # Below it the false match rate on pictures from a USB camera leaves 3e-4 (face-stack.md section 5).
    floor=0.45,
    # Above it genuine persons fail: their median is 0.79 against a grey chip photo (section 5).
    strictest=0.80,
    # "0.40-0.50 = try again with advice; below = no match" (section 5, "Threshold advice").
    retry=0.40,
    # Frames of one sitting reach 0.9, their lowest 0.54; two people 0.39 at most (measured: ORL, nine clips).
    same=0.50,
    # 0.58 and more at the far end of a turn, two people 0.32 at most (measured: the same; four pictures only).
    turned=0.36,
)

FACE_RECOGNITION: Final = Scale(
    measure=Measure.DISTANCE,
    # 1e-4 on East Asian faces is 0.337; the package's own default, 0.6, lets 66 % of impostors in (section 5).
    accept=-0.33,
    floor=-0.33,
    strictest=-0.20,
    # 1e-3 is 0.367, as 0.402 is for SFace (section 5).
    retry=-0.37,
    same=-0.40,
    turned=-0.45,
)

SCALES: Final[Mapping[Engine, Scale]] = MappingProxyType({"sface": SFACE, "face_recognition": FACE_RECOGNITION})
