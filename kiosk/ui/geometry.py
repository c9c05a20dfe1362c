"""Rectangles in panel pixels and the panel's millimetres. No pygame here: screens may use all of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

MM_PER_INCH = 25.4
ACROSS_MM, UPRIGHT_MM = (150, 90), (130, 231)
"""What the two arrangements of a screen are drawn for, across and down: a 7-inch panel, and an upright one of 9:16."""
LEAST_ACROSS_MM, LEAST_UPRIGHT_MM = (150, 87), (130, 205)
"""And the smallest panels that they fit: 7 inches with 1280 x 720 pixels, 10.1 inches upright."""


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels, origin at the panel's upper left."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first column outside, at the right."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row outside, below."""
        return self.y + self.h

    @property
    def centre(self) -> tuple[int, int]:
        """The middle pixel."""
        return self.x + self.w // 2, self.y + self.h // 2

    def inset(self, dx: int, dy: int | None = None) -> Rect:
        """The rectangle smaller by `dx` at left and right and `dy` (or `dx`) above and below."""
        vertical = dx if dy is None else dy
        return Rect(self.x + dx, self.y + vertical, self.w - 2 * dx, self.h - 2 * vertical)

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def holds(self, other: Rect) -> bool:
        """Whether `other` lies wholly inside."""
        inside_across = self.x <= other.x and other.right <= self.right
        return inside_across and self.y <= other.y and other.bottom <= self.bottom

    def overlaps(self, other: Rect) -> bool:
        """Whether the two share a pixel."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def columns(self, *shares: float, gap: int = 0) -> tuple[Rect, ...]:
        """The rectangle cut into columns by `shares` (any numbers; their ratio counts), `gap` pixels between them."""
        return tuple(Rect(start, self.y, size, self.h) for start, size in _cut(self.x, self.w, shares, gap))

    def rows(self, *shares: float, gap: int = 0) -> tuple[Rect, ...]:
        """The rectangle cut into rows by `shares`, `gap` pixels between them."""
        return tuple(Rect(self.x, start, self.w, size) for start, size in _cut(self.y, self.h, shares, gap))


def _cut(start: int, length: int, shares: tuple[float, ...], gap: int) -> list[tuple[int, int]]:
    free, total = length - gap * (len(shares) - 1), sum(shares)
    edges = [round(free * sum(shares[:i]) / total) for i in range(len(shares) + 1)]
    return [(start + edges[i] + gap * i, edges[i + 1] - edges[i]) for i in range(len(shares))]


@dataclass(frozen=True)
class Panel:
    """A touch panel: pixels and the diagonal of the visible area in inches (a setting: EDID is often wrong)."""

    width: int
    height: int
    diagonal_inches: float

    @property
    def area(self) -> Rect:
        """The whole panel."""
        return Rect(0, 0, self.width, self.height)

    @property
    def portrait(self) -> bool:
        """Taller than wide: screens use their second arrangement."""
        return self.height > self.width

    @property
    def px_per_mm(self) -> float:
        """Pixels in a real millimetre."""
        return math.hypot(self.width, self.height) / self.diagonal_inches / MM_PER_INCH

    @property
    def scale(self) -> float:
        """Growth of the design (`ACROSS_MM`, `UPRIGHT_MM`) on larger panels: 1 to 2, and never more than fits both ways.

        domain/kiosk-ui.md section 4: without it a 15-inch screen looked empty with tiny text.
        """
        across, down = UPRIGHT_MM if self.portrait else ACROSS_MM
        grown = min(self.width / self.px_per_mm / across, self.height / self.px_per_mm / down)
        return min(2.0, max(1.0, grown))

    @property
    def why_too_small(self) -> str | None:
        """Why no screen of ours fits this panel, in one sentence; None: it does.

        Both arrangements were tried down to this (tests/screens/test_screens_panels.py): below it words are cut, and keys
        are smaller than a finger.
        """
        across, down = self.width / self.px_per_mm, self.height / self.px_per_mm
        least = LEAST_UPRIGHT_MM if self.portrait else LEAST_ACROSS_MM
        if across >= least[0] and down >= least[1]:
            return None
        how = "stands upright" if self.portrait else "lies"
        return (
            f"the panel is {across:.0f} x {down:.0f} mm (diagonal_inches: {self.diagonal_inches:g}); "
            f"one that {how} must be at least {least[0]} x {least[1]} mm"
        )

    def mm(self, design_mm: float) -> int:
        """Design millimetres (as drawn for a 7-inch panel) in pixels, rounded up so that a floor stays a floor."""
        return math.ceil(design_mm * self.scale * self.px_per_mm - 1e-9)
