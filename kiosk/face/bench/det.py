"""The DET plot (ISO/IEC 19795-1): FNMR over FMR, both axes by normal deviates, as a PNG. The only file that imports matplotlib."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kiosk.face.bench.findings import Findings
from kiosk.face.bench.rates import Scores
from kiosk.face.bench.report import curve_points

TICKS: Final = (1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5)
_LABELS = ("1e-5", "1e-4", "1e-3", "1 %", "5 %", "20 %", "50 %")
_LEAST = 5e-6


def draw(found: Findings, path: Path) -> None:
    """One curve a set, and one for all; the shipped threshold is a dot. Raises `OSError`."""
    figure = Figure(figsize=(7, 6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    total = found.total
    drawn = dict(found.scores) if 1 < len(found.scores) <= 8 else {}
    for name, scores in drawn.items():
        _curve(axes, scores, found.accept, name, 1.0)
    _curve(axes, total, found.accept, "all" if drawn else next(iter(found.scores), ""), 2.0)
    if total.non_mated and 3 / total.non_mated < TICKS[-1]:
        limit = _deviate(np.array([3 / total.non_mated]))[0]
        axes.axvline(limit, color="grey", linewidth=0.8, linestyle=":")
        axes.text(limit, _deviate(np.array([0.4]))[0], " 3 / comparisons", fontsize=8, color="grey")
    places = _deviate(np.array(TICKS))
    axes.set_xticks(places, _LABELS)
    axes.set_yticks(places, _LABELS)
    axes.set_xlim(_deviate(np.array([_LEAST]))[0], _deviate(np.array([0.6]))[0])
    axes.set_ylim(_deviate(np.array([_LEAST]))[0], _deviate(np.array([0.6]))[0])
    axes.grid(visible=True, linewidth=0.4)
    axes.set_xlabel("FMR (false match rate)")
    axes.set_ylabel("FNMR (false non-match rate)")
    axes.set_title(
        f"{found.engine}, rule {found.rule}: {total.mated:,} mated, {total.non_mated:,} non-mated"
        f" of {found.person_pairs:,} pairs of persons",
        fontsize=10,
    )
    axes.legend(fontsize=8, title=f"dot: shipped, {found.scale.measure} {found.scale.score(found.accept):.2f}")
    figure.savefig(path)


def _curve(axes: Axes, scores: Scores, accept: float, name: str, width: float) -> None:
    if not scores.mated or not scores.non_mated:
        return
    fmr, fnmr, _ = curve_points(scores)
    (line,) = axes.plot(_deviate(fmr), _deviate(fnmr), linewidth=width, label=name or "all", drawstyle="steps-post")
    shipped = scores.at(accept)
    at = np.array([shipped.fmr.value or 0.0]), np.array([shipped.fnmr.value or 0.0])
    axes.plot(_deviate(at[0]), _deviate(at[1]), "o", color=line.get_color(), clip_on=False)


def _deviate(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal deviates; rates that cannot be drawn, such as 0, lie on the edge."""
    normal = NormalDist()
    return np.array([normal.inv_cdf(rate) for rate in np.clip(rates, _LEAST, 1 - _LEAST).tolist()])
