"""Error rates from scores: counted exactly, with intervals, and with what they can and cannot claim."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.face.bench.rates import Rate, Scores, needed, wilson
from kiosk.face.bench.report import curve_points


def scored(mated: list[float], others: list[float]) -> Scores:
    scores = Scores()
    likeness = np.array(mated + others, np.float32)
    scores.add(likeness, np.arange(len(likeness)) < len(mated))
    return scores


def test_a_score_on_the_threshold_is_a_match() -> None:
    point = scored([0.5, 0.4999, 0.8], [0.5, 0.1, 0.49999]).at(0.5)
    assert (point.fmr.errors, point.fmr.of) == (1, 3)
    assert (point.fnmr.errors, point.fnmr.of) == (1, 3)


def test_distances_are_counted_as_exactly_as_cosines() -> None:
    point = scored([-0.33, -0.3301, -0.2], [-0.33, -0.9, -1.7]).at(-0.33)
    # In single precision 0.33 is a hair more than 0.33 in double: what the kiosk compares is counted here.
    assert point.fnmr.errors == sum(float(np.float32(score)) < -0.33 for score in (-0.33, -0.3301, -0.2))
    assert point.fmr.errors == sum(float(np.float32(score)) >= -0.33 for score in (-0.33, -0.9, -1.7))


def test_counting_agrees_with_the_scores_themselves() -> None:
    chance = np.random.default_rng(1)
    mated, others = chance.normal(0.7, 0.1, 4000).clip(-1, 1), chance.normal(0.1, 0.1, 30_000).clip(-1, 1)
    scores = Scores()
    scores.add(mated.astype(np.float32), np.ones(4000, np.bool_))
    for part in np.split(others.astype(np.float32), 3):
        scores.add(part, np.zeros(10_000, np.bool_))
    for threshold in (0.3, 0.45, 0.5):
        point = scores.at(threshold)
        assert point.fmr.errors == int((others.astype(np.float32) >= threshold).sum())
        assert point.fnmr.errors == int((mated.astype(np.float32) < threshold).sum())


def test_the_threshold_for_a_false_match_rate_is_the_lowest_that_keeps_it() -> None:
    scores = scored([0.9], [number / 2000 for number in range(1000)])
    point = scores.at_fmr(0.01)
    assert point is not None
    assert point.fmr.errors == 10
    assert scores.at(round(point.threshold - 0.0001, 4)).fmr.errors == 11


def test_a_rate_finer_than_the_comparisons_is_not_reported() -> None:
    scores = scored([0.9], [0.1] * 999)
    assert scores.at_fmr(1e-3) is None
    assert scored([0.9], [0.1] * 1000).at_fmr(1e-3) is not None


def test_the_equal_error_rate_is_where_both_meet() -> None:
    scores = scored([0.2] * 10 + [0.8] * 90, [0.1] * 90 + [0.6] * 10)
    equal = scores.equal_error()
    assert equal is not None
    assert equal[0] == pytest.approx(0.1)
    assert 0.2 < equal[1] <= 0.6
    assert scored([], [0.1]).equal_error() is None


def test_wilsons_interval_is_the_published_one() -> None:
    # Face-stack.md section 5 states these of the same counts.
    low, high = wilson(5, 19_111)
    assert (low, high) == pytest.approx((1.1e-4, 6.1e-4), rel=0.03)
    assert wilson(0, 78_000) == pytest.approx((0.0, 4.9e-5), rel=0.01)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(7, 7)[1] == 1.0


def test_the_rule_of_three_says_how_many_comparisons_a_claim_needs() -> None:
    assert needed(0, 1e-4) == pytest.approx(30_000, rel=0.005)
    assert needed(0, 0.03) == 100
    assert needed(1, 1e-4) == pytest.approx(47_439, rel=0.001)  # Poisson, upper 95 % bound of one event: 4.7439
    assert needed(500, 1e-2) == pytest.approx(53_850, rel=0.01)


def test_no_comparison_is_no_rate() -> None:
    assert Rate(0, 0).value is None
    assert scored([], []).at(0.5).fmr.value is None


def test_a_threshold_between_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.0001"):
        scored([0.9], [0.1]).at(0.50005)


def test_the_drawn_curve_falls_as_the_threshold_rises_and_stays_small() -> None:
    chance = np.random.default_rng(2)
    scores = Scores()
    scores.add(chance.uniform(-1, 1, 50_000).astype(np.float32), np.zeros(50_000, np.bool_))
    scores.add(chance.uniform(-1, 1, 50_000).astype(np.float32), np.ones(50_000, np.bool_))
    fmr, fnmr, thresholds = curve_points(scores)
    assert len(fmr) <= 400
    assert np.all(np.diff(thresholds) > 0)
    assert np.all(np.diff(fmr) <= 0)
    assert np.all(np.diff(fnmr) >= 0)
