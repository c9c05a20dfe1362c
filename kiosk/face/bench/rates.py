"""Error rates from counted comparison scores, in the words of ISO/IEC 19795-1: FMR, FNMR, EER, and what they can claim.

Scores are likeness (`kiosk.face.verdict`), counted on a grid of 1e-4. Counts at a threshold on the grid, as every shipped
one is, are exact however many comparisons there were, and memory stays the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = 10_000
"""Grid steps from 0 to 1."""

Z95: Final = 1.959963984540054
"""Standard normal deviate of a two-sided 95 % interval."""

GRID: Final[NDArray[np.float64]] = np.arange(-2 * STEPS, STEPS + 1) / STEPS
"""Thresholds: -2 (a distance of 2) to 1 (a cosine of 1)."""

_DOUBT = 0.05  # 1 - confidence, one-sided


@dataclass(frozen=True)
class Rate:
    """`errors` of `of` comparisons; `value` None where there was none."""

    errors: int
    of: int

    @property
    def value(self) -> float | None:
        """The proportion, 0 to 1."""
        return self.errors / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the proportion, as if all comparisons were independent."""
        return wilson(self.errors, self.of)


@dataclass(frozen=True)
class OperatingPoint:
    """Both error rates at one threshold (likeness)."""

    threshold: float
    fmr: Rate
    fnmr: Rate


class Scores:
    """Counted scores of mated (genuine) and non-mated (impostor) comparisons."""

    def __init__(self) -> None:
        self._mated = np.zeros(len(GRID), np.int64)
        self._others = np.zeros(len(GRID), np.int64)

    def add(self, likeness: NDArray[np.floating], same: NDArray[np.bool_]) -> None:
        """Count (n,) scores; `same` says which are mated."""
        places = np.clip(np.searchsorted(GRID, likeness.astype(np.float64), side="right") - 1, 0, len(GRID) - 1)
        self._mated += np.bincount(places[same], minlength=len(GRID))
        self._others += np.bincount(places[~same], minlength=len(GRID))

    def merge(self, other: Scores) -> None:
        """Count another's scores too."""
        self._mated += other._mated
        self._others += other._others

    @property
    def mated(self) -> int:
        """How many genuine comparisons."""
        return int(self._mated.sum())

    @property
    def non_mated(self) -> int:
        """How many impostor comparisons."""
        return int(self._others.sum())

    def at(self, threshold: float) -> OperatingPoint:
        """The error rates of accepting a likeness >= `threshold`, which must lie on the grid."""
        place = int(np.searchsorted(GRID, threshold))
        if place >= len(GRID) or GRID[place] != threshold:
            raise ValueError("threshold: expected a multiple of 0.0001")
        return self._at(place)

    def at_fmr(self, rate: float) -> OperatingPoint | None:
        """The lowest threshold whose FMR is at most `rate`; None with fewer than 1 / `rate` impostor comparisons."""
        if self.non_mated * rate < 1 - 1e-9:
            return None
        fitting = self._false_matches() <= self.non_mated * rate
        return self._at(int(np.argmax(fitting)))

    def equal_error(self) -> tuple[float, float] | None:
        """(rate, threshold) where FMR and FNMR meet; None where one kind of comparison is missing."""
        if not self.mated or not self.non_mated:
            return None
        fmr, fnmr = self.curve()
        place = int(np.argmax(fnmr >= fmr))
        return float((fmr[place] + fnmr[place]) / 2), float(GRID[place])

    def curve(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(FMR, FNMR) at every threshold of the grid."""
        fmr = self._false_matches() / max(self.non_mated, 1)
        fnmr = (np.cumsum(self._mated) - self._mated) / max(self.mated, 1)
        return fmr, fnmr

    def _false_matches(self) -> NDArray[np.int64]:
        return np.cumsum(self._others[::-1])[::-1]

    def _at(self, place: int) -> OperatingPoint:
        fmr = Rate(int(self._others[place:].sum()), self.non_mated)
        fnmr = Rate(int(self._mated[:place].sum()), self.mated)
        return OperatingPoint(float(GRID[place]), fmr, fnmr)


def wilson(errors: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % score interval of a proportion; (0, 1) of nothing."""
    if of == 0:
        return 0.0, 1.0
    share = errors / of
    scale = 1 + Z95**2 / of
    middle = (share + Z95**2 / (2 * of)) / scale
    half = Z95 / scale * math.sqrt(share * (1 - share) / of + Z95**2 / (4 * of**2))
    return (0.0 if errors == 0 else max(0.0, middle - half)), (1.0 if errors == of else min(1.0, middle + half))


def needed(errors: int, rate: float) -> int:
    """How many independent comparisons with `errors` errors show with 95 % confidence that the true rate is under `rate`.

    With none it is the rule of three, 3 / rate (ISO/IEC 19795-1); with some, the exact Poisson bound.
    """
    low, high = 0.0, 10.0 + 10.0 * errors
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if _poisson_at_most(errors, middle) > _DOUBT:
            low = middle
        else:
            high = middle
    return math.ceil(high / rate)


def _poisson_at_most(count: int, expected: float) -> float:
    if expected == 0.0:
        return 1.0
    term = -expected
    total = math.exp(term)
    for number in range(1, count + 1):
        term += math.log(expected / number)
        total += math.exp(term)
    return total
