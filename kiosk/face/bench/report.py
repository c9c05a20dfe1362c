"""What the bench found, as a table for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.bench.findings import Findings
from kiosk.face.bench.gallery import Enrolled
from kiosk.face.bench.rates import GRID, OperatingPoint, Rate, Scores, needed
from kiosk.face.bench.rules import Rule
from kiosk.face.verdict import Scale

FMRS: Final = (1e-3, 1e-4)
"""False match rates whose thresholds are looked for."""

CLAIMS: Final = (("FMR", 1e-4), ("FNMR", 0.03))
"""What the product wants to claim: a stranger less than once in ten thousand, the right person failing less than 3 %."""

_CURVE_POINTS = 400


def table(found: Findings) -> str:
    """A page of text."""
    return "\n".join((*_heading(found), "", *_rates(found), "", *_claims(found), "", *_times(found)))


def as_json(found: Findings) -> dict[str, object]:
    """The same as an object; scores are the engine's own, rates proportions."""
    total, gallery, scale = found.total, found.gallery, found.scale
    equal = total.equal_error()
    return {
        "engine": found.engine,
        "rule": found.rule.value,
        "measure": scale.measure.value,
        "frames": found.frames if found.rule is Rule.SHIPPED else 1,
        "opencv": cv2.__version__,
        "pictures": {
            "named": len(gallery.outcome),
            "enrolled": gallery.count(Enrolled.DONE),
            "failures_to_enrol": gallery.count(Enrolled.NO_FACE),
            "unreadable": gallery.count(Enrolled.UNREADABLE),
            "pass_the_gate": int(np.count_nonzero(gallery.usable)),
            "refused_by_the_gate": dict(gallery.refused.most_common()),
        },
        "pairs_left_out": found.left_out,
        "unusable_rows": found.bad_rows,
        "persons": found.persons,
        "persons_allowing_the_shipped_rule": found.persons_allowing,
        "pairs_of_persons": found.person_pairs,
        "sets": {name: _points(scores, found) for name, scores in found.scores.items()},
        "all": _points(total, found),
        "equal_error": None if equal is None else {"rate": equal[0], "threshold": scale.score(equal[1])},
        "to_claim": [
            {
                "rate": kind,
                "under": rate,
                "errors": errors,
                "independent_comparisons": needed(errors, rate),
                "here": here,
            }
            for kind, rate, errors, here in _to_claim(found)
        ],
        "milliseconds": {name: _spread(times) for name, times in _stages(found)},
        "det": _det(total, scale),
    }


def curve_points(scores: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """(FMR, FNMR, threshold as likeness) where the curve changes, at most a few hundred points."""
    fmr, fnmr = scores.curve()
    changes = np.flatnonzero((np.diff(fmr, prepend=2) != 0) | (np.diff(fnmr, prepend=2) != 0))
    if len(changes) > _CURVE_POINTS:
        changes = changes[np.unique(np.linspace(0, len(changes) - 1, _CURVE_POINTS).astype(int))]
    return fmr[changes], fnmr[changes], GRID[changes]


def _heading(found: Findings) -> Iterator[str]:
    gallery = found.gallery
    if found.rule is Rule.SINGLE:
        yield f"engine {found.engine}, rule single: one picture against one; thresholds are a {found.scale.measure}"
    else:
        yield (
            f"engine {found.engine}, rule shipped: one picture as the photo against the mean of {found.frames} others, all"
            f" of which pass the gate; thresholds are a {found.scale.measure}"
        )
    yield (
        f"pictures     {len(gallery.outcome):,}: {gallery.count(Enrolled.DONE):,} enrolled,"
        f" {gallery.count(Enrolled.NO_FACE):,} failures to enrol (no face), {gallery.count(Enrolled.UNREADABLE):,} unreadable"
    )
    if found.rule is Rule.SHIPPED:
        why = ", ".join(f"{count:,} {word}" for word, count in gallery.refused.most_common())
        yield (
            f"gate         {np.count_nonzero(gallery.usable):,} pass; refused: {why or 'none'}"
            " (light, head, blur; not where the person stood, a cropped picture does not say)"
        )
        yield f"persons      {found.persons:,}, of whom {found.persons_allowing:,} have {found.frames} such pictures and one more"
    else:
        yield f"persons      {found.persons:,}"
    total = found.total
    yield (
        f"comparisons  {total.mated:,} mated, {total.non_mated:,} non-mated of {found.person_pairs:,} pairs of persons;"
        f" {found.left_out:,} listed pairs left out, {found.bad_rows:,} unusable rows"
    )


def _rates(found: Findings) -> Iterator[str]:
    total = found.total
    yield f"{'':15}{'threshold':>10}   {'FMR [95 % Wilson]':<40}FNMR [95 % Wilson]"
    for name, point in _operating(total, found):
        if isinstance(point, str):
            yield f"{name:15}{'':>10}   {point}"
        else:
            yield f"{name:15}{found.scale.score(point.threshold):>10.4f}   {_small(point.fmr):<40}{_percent(point.fnmr)}"
    equal = total.equal_error()
    if equal is not None:
        yield f"{'EER':15}{found.scale.score(equal[1]):>10.4f}   {equal[0]:.2%}"
    if total.mated:
        accepted, retried = total.at(found.accept).fnmr, total.at(found.scale.retry).fnmr
        yield (
            f"right persons: {accepted.of - accepted.errors:,} accepted, {accepted.errors - retried.errors:,} asked to try"
            f" again, {retried.errors:,} refused"
        )
    if len(found.scores) > 1:
        yield ""
        yield f"{'set, shipped':14}{'threshold':>10}"
        for name, scores in found.scores.items():
            point = scores.at(found.accept)
            yield f"{name[:24]:24}   {_small(point.fmr):<40}{_percent(point.fnmr)}"


def _operating(scores: Scores, found: Findings) -> Iterator[tuple[str, OperatingPoint | str]]:
    yield "shipped", scores.at(found.accept)
    if found.scale.floor != found.accept:
        yield "lowest allowed", scores.at(found.scale.floor)
    for rate in FMRS:
        point = scores.at_fmr(rate)
        yield f"FMR <= {rate:g}", point or f"needs {round(1 / rate):,} non-mated comparisons or more"


def _claims(found: Findings) -> Iterator[str]:
    for kind, rate, errors, here in _to_claim(found):
        so_many = f"{needed(0, rate):,} without an error"
        if errors:
            so_many += f", {needed(errors, rate):,} with the {errors:,} seen here"
        yield f"To claim {kind} under {rate:g} with 95 % confidence: {so_many}; here are {here:,}."
    yield (
        "These numbers want independent comparisons; those of the same few persons are not, and true intervals are wider:"
        f" {found.person_pairs:,} pairs of persons, {found.persons:,} persons."
    )


def _to_claim(found: Findings) -> Iterator[tuple[str, float, int, int]]:
    point = found.total.at(found.accept)
    for kind, rate in CLAIMS:
        seen = point.fmr if kind == "FMR" else point.fnmr
        yield kind, rate, seen.errors, seen.of


def _times(found: Findings) -> Iterator[str]:
    for name, times in _stages(found):
        if len(times):
            spread = _spread(times)
            yield f"{name:18}{spread['median']:8.3f} ms median {spread['p95']:8.3f} ms p95   (n = {spread['n']:,})"


def _stages(found: Findings) -> Iterator[tuple[str, NDArray[np.float64]]]:
    yield "detect", found.gallery.detect_ms
    yield "align_and_template", found.gallery.describe_ms
    yield "compare", found.compare_ms


def _spread(times: NDArray[np.float64]) -> dict[str, float | int | None]:
    if not len(times):
        return {"n": 0, "median": None, "p95": None}
    middle, high = np.percentile(times, [50, 95])
    return {"n": len(times), "median": round(float(middle), 4), "p95": round(float(high), 4)}


def _points(scores: Scores, found: Findings) -> dict[str, object]:
    return {
        name: point if isinstance(point, str) else _point(point, found.scale)
        for name, point in _operating(scores, found)
    } | {"mated": scores.mated, "non_mated": scores.non_mated}


def _point(point: OperatingPoint, scale: Scale) -> dict[str, object]:
    return {
        "threshold": scale.score(point.threshold),
        **{
            name: {"errors": rate.errors, "of": rate.of, "value": rate.value, "interval95": rate.interval}
            for name, rate in (("fmr", point.fmr), ("fnmr", point.fnmr))
        },
    }


def _det(scores: Scores, scale: Scale) -> list[dict[str, float]]:
    if not scores.mated or not scores.non_mated:
        return []
    points = zip(*curve_points(scores), strict=True)
    return [{"threshold": scale.score(float(at)), "fmr": float(fmr), "fnmr": float(fnmr)} for fmr, fnmr, at in points]


def _small(rate: Rate) -> str:
    if rate.value is None:
        return "no comparison"
    low, high = rate.interval
    return f"{rate.value:.1e} [{low:.1e}, {high:.1e}]  {rate.errors:,}"


def _percent(rate: Rate) -> str:
    if rate.value is None:
        return "no comparison"
    low, high = rate.interval
    return f"{rate.value:.2%} [{low:.1%}, {high:.1%}]  {rate.errors:,}"
