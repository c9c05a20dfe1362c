"""How long to wait before trying again: full jitter, so that sixty kiosks never come back in one instant."""

from __future__ import annotations

import random

FIRST = 0.2
LONGEST = 30.0
"""Seconds; domain/reception-and-reliability.md section 0, "delivery"."""


class Backoff:
    """Waits that grow with each failure: evenly drawn from 0 to min(30 s, 0.2 s times 2 to the failures before)."""

    def __init__(self, rng: random.Random | None = None, *, longest: float = LONGEST) -> None:
        self._rng = rng or random.Random()  # noqa: S311  (jitter is no secret)
        self._longest = longest
        self._failures = 0

    def failed(self) -> float:
        """Count one more failure; the seconds to wait now."""
        ceiling = min(self._longest, FIRST * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._rng.uniform(0, ceiling)

    def reset(self) -> None:
        """It worked: the next failure starts from the shortest wait."""
        self._failures = 0
