"""Everything one run of the bench finds: the rule is carried out over a gallery, and scores are counted by set."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kiosk.face.bench import rules
from kiosk.face.bench.gallery import Gallery
from kiosk.face.bench.listing import Listing
from kiosk.face.bench.rates import Scores
from kiosk.face.bench.rules import Block, Rule
from kiosk.face.faces import Template, mean
from kiosk.face.matcher import Matcher
from kiosk.face.settings import FRAMES_FLOOR
from kiosk.face.verdict import Engine, Scale

FRAMES: Final = FRAMES_FLOOR
"""Frames the shipped rule averages."""

_TIMED = 300  # comparisons timed one by one


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found. `accept` is the threshold that ships, as likeness."""

    engine: Engine
    rule: Rule
    scale: Scale
    accept: float
    frames: int
    scores: Mapping[str, Scores]
    """By set."""
    gallery: Gallery
    persons: int
    persons_allowing: int
    """Persons with enough pictures for the shipped rule."""
    person_pairs: int
    """Different pairs of persons among the non-mated comparisons: closer to what is independent than their number."""
    left_out: int
    """Listed pairs that could not be compared, or would have been the same comparison again."""
    bad_rows: int
    compare_ms: NDArray[np.float64]

    @property
    def total(self) -> Scores:
        """All sets together."""
        together = Scores()
        for scores in self.scores.values():
            together.merge(scores)
        return together


def compare(
    listing: Listing, gallery: Gallery, matcher: Matcher, engine: Engine, rule: Rule, *, all_impostors: bool
) -> Findings:
    """Carry out the rule. `all_impostors`: mated pairs as listed, everybody against everybody else of the set."""
    measure = matcher.scale.measure
    tally = _Tally(listing)
    if rule is Rule.SINGLE:
        listed = tally.count(rules.single(listing, gallery, measure), mated_only=all_impostors)
        left_out = (int(listing.same.sum()) if all_impostors else len(listing.same)) - listed
        if all_impostors:
            tally.count(rules.single_impostors(listing, gallery, measure))
    elif all_impostors:
        tally.count(rules.shipped_all(listing, gallery, measure, FRAMES))
        left_out = 0
    else:
        left_out = len(listing.same) - tally.count(rules.shipped(listing, gallery, measure, FRAMES))
    return Findings(
        engine=engine,
        rule=rule,
        scale=matcher.scale,
        accept=matcher.scale.accept,
        frames=FRAMES,
        scores=tally.scores,
        gallery=gallery,
        persons=listing.persons,
        persons_allowing=rules.persons_allowing(listing, gallery, FRAMES),
        person_pairs=rules.person_pairs(listing, gallery, rule, all_impostors=all_impostors),
        left_out=left_out,
        bad_rows=listing.bad_rows,
        compare_ms=_timed(gallery, matcher, FRAMES if rule is Rule.SHIPPED else 1),
    )


class _Tally:
    def __init__(self, listing: Listing) -> None:
        self._names = listing.sets
        self.scores = {name: Scores() for name in listing.sets}

    def count(self, blocks: Iterable[Block], *, mated_only: bool = False) -> int:
        counted = 0
        for number, likeness, same in blocks:
            wanted = same if mated_only else np.ones(len(same), np.bool_)
            self.scores[self._names[number]].add(likeness[wanted], same[wanted])
            counted += int(np.count_nonzero(wanted))
        return counted


def _timed(gallery: Gallery, matcher: Matcher, frames: int) -> NDArray[np.float64]:
    """Milliseconds of single comparisons as the studio makes them: the mean of `frames` templates against one."""
    there = np.flatnonzero(gallery.there)[: frames + 1]
    if len(there) < 2:
        return np.zeros(0)
    photo, *lives = (Template(gallery.templates[file], matcher.scale.measure) for file in there)
    taken = []
    for _ in range(_TIMED):
        begun = time.perf_counter()
        matcher.scale.verdict((mean(lives) if frames > 1 else lives[0]).likeness(photo))
        taken.append(time.perf_counter() - begun)
    return 1000 * np.array(taken)
