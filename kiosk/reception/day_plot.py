"""The day's arrivals by hour and method, drawn as SVG by the server: no script and no style in the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

WIDE, HIGH = 920, 250
"""Units of the drawing."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 22, 26
_TICKS: Final = 4


@dataclass(frozen=True)
class Bar:
    """One piece of a bar: its place, and which look (0, 1, ...) its method has."""

    x: float
    y: float
    width: float
    height: float
    look: int
    title: str


@dataclass(frozen=True)
class Label:
    """A text and where it stands."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    """What the template draws. `legend` names the looks in their order."""

    bars: tuple[Bar, ...]
    totals: tuple[Label, ...]
    hours: tuple[Label, ...]
    lines: tuple[Label, ...]
    legend: tuple[str, ...]
    spoken: str


def plot(hours: Mapping[int, Mapping[str, int]], methods: tuple[str, ...]) -> Plot:
    """Stacked bars, one an hour; a method's look is its place in `methods`."""
    whole = {hour: sum(counted.values()) for hour, counted in hours.items()}
    top = _round_up(max(whole.values(), default=0))
    unit = (HIGH - _TOP - _BOTTOM) / top
    step = (WIDE - _LEFT - _RIGHT) / max(1, len(hours))
    bars, totals, named = [], [], []
    for at, (hour, counted) in enumerate(hours.items()):
        x, y = _LEFT + at * step + step * 0.16, float(HIGH - _BOTTOM)
        for look, method in enumerate(methods):
            number = counted.get(method, 0)
            if number:
                y -= number * unit
                title = f"{hour}時台 {method} {number}人"
                bars.append(Bar(round(x, 1), round(y, 1), round(step * 0.68, 1), round(number * unit, 1), look, title))
        middle = round(_LEFT + (at + 0.5) * step, 1)
        named.append(Label(middle, HIGH - 8, str(hour)))
        if whole[hour]:
            totals.append(Label(middle, round(y - 5, 1), str(whole[hour])))
    lines = [
        Label(_LEFT, round(HIGH - _BOTTOM - value * unit, 1), str(value))
        for value in range(0, top + 1, max(1, top // _TICKS))
    ]
    busiest = max(whole, key=lambda hour: whole[hour], default=0)
    spoken = (
        f"時間帯ごとの来院数。最も多いのは{busiest}時台の{whole[busiest]}人。"
        if any(whole.values())
        else "来院はありません。"
    )
    return Plot(tuple(bars), tuple(totals), tuple(named), tuple(lines), methods, spoken)


def _round_up(most: int) -> int:
    """The top of the scale: the first of 4, 8, 20, 40, 80, 200, ... that is not below the highest bar."""
    scales = (head * power for power in (1, 10, 100, 1000, 10_000) for head in (4, 8, 20))
    return next(top for top in scales if top >= most)
