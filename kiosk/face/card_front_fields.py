"""From two readings of the two lines to the fourteen digits of check number B, or to nothing.

照合番号B is the last two digits of the year of birth as printed (of the era; of the Western year for foreign residents),
month, day, the four digits of the expiry's year, the security code (domain/mynumber-card.md section 2.4). A digit counts
only if both readers see it at the same place. What one of them sees and the other does not is a contradiction: a digit
that a reflection took away must not turn the 17th into the 7th.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kiosk.face.card_front_figures import Figures
from kiosk.face.card_front_marks import DAY, DIGIT, FIRST, MONTH, OTHER, YEAR, Marks
from kiosk.face.card_front_strips import Strip

DIGITS: Final = 14

SURE: Final = 0.80
"""Both readers must be at least that sure of every digit (tests/benchmarks/bench_card_front.py tells what it costs)."""

_D, _Y, _M, _A, _F = (bytes([kind]) for kind in (DIGIT, YEAR, MONTH, DAY, FIRST))
_LINE = re.compile(
    b"(?:^|[^%(d)b])(?P<year>%(d)b{1,2}|%(d)b{4}|%(f)b)%(y)b(?P<month>%(d)b{1,2})%(m)b(?P<day>%(d)b{1,2})%(a)b"
    b"[^%(d)b]*(?P<expiry>%(d)b{4})%(y)b" % {b"d": _D, b"y": _Y, b"m": _M, b"a": _A, b"f": _F}
)

_SAME = 0.45  # em between what the two readers take for the same digit
_MOST_NEAR = 9  # figures that are looked at where a group of at most four stands
_KANJI = 0.62  # em round a kanji in which the second reader's digits are strokes of it
_CLEARLY = 0.6  # from this share on a digit that only the second reader sees is a contradiction
_HOLE = 0.7  # of a digit's width: from there on something could have stood in between
_WIDEST_HOLE = 1.5
_LOST = 250  # of 255: brighter than that, print would not show
_LIT = 14  # of 255: this much brighter than the rest of the line there lies light on it, and print may be washed out


@dataclass(frozen=True, eq=False, repr=False)
class Reading:
    """Fourteen digits, 0 to 9 each, how sure the less sure reader was of each, and whether the year had four digits."""

    digits: bytearray
    sure: NDArray[np.float64]
    western: bool

    @property
    def certain(self) -> bool:
        """Every digit is sure enough to count."""
        return bool(self.sure.min() >= SURE)

    def wipe(self) -> None:
        """Overwrite the digits."""
        self.digits[:] = bytes(len(self.digits))


def reading(
    dates: Strip, on_dates: tuple[Marks, Figures], code: Strip, on_code: tuple[Marks, Figures]
) -> Reading | None:
    """What both lines say; None where a line says nothing whole, or the readers contradict each other."""
    first = _dates(dates, *on_dates)
    second = None if first is None else _code(code, *on_code)
    if first is None or second is None:
        return None
    digits = bytearray(first.digits)
    digits += second.digits
    for part in (first, second):
        part.wipe()
    return Reading(digits, np.concatenate([first.sure, second.sure]), first.western)


def _dates(strip: Strip, marks: Marks, figures: Figures) -> Reading | None:
    found = _LINE.search(marks.kinds)
    if found is None:
        return None
    groups = {name: range(*found.span(name)) for name in ("year", "month", "day", "expiry")}
    first_year = marks.kinds[groups["year"][0]] == FIRST
    read = [group for name, group in groups.items() if not (first_year and name == "year")]
    begun = groups["year"].start
    # Where an era ends and the digits begin; between the two dates there may stand whatever does.
    left = marks.x[begun - 1] + _KANJI * strip.em if begun else marks.x[0] - strip.em
    within = [(left, marks.x[groups["day"].stop]), (marks.x[groups["expiry"].start], marks.x[groups["expiry"].stop])]
    agreed = _agreed(strip, marks, figures, read, within)
    if agreed is None:
        return None
    sure, x = agreed
    if not _nothing_lost(strip, marks.kinds, x, groups):
        return None
    digits, shares = bytearray(), list[float]()
    for name, group in groups.items():
        # Of a Western year of birth the last two digits count; a month below ten gets its zero; 元 is the year 01.
        kept = group[-2:] if name == "year" else group
        read_here = [1] if first_year and name == "year" else [marks.digits[index] for index in kept]
        digits.extend([0, *read_here] if len(read_here) == 1 else read_here)
        least = min(sure.get(index, float(marks.sure[index])) for index in group)
        shares.extend([least] * max(2, len(read_here)))
    return Reading(digits, np.array(shares), western=len(groups["year"]) == 4)


def _code(strip: Strip, marks: Marks, figures: Figures) -> Reading | None:
    if bytes(marks.kinds) != 4 * _D or int((figures.sure >= _CLEARLY).sum()) != 4:
        return None
    apart = np.diff(marks.x)
    if apart.min() <= 0 or apart.max() > 1.8 * apart.min():
        return None
    agreed = _agreed(strip, marks, figures, [range(4)], [(0.0, float(strip.picture.shape[1]))])
    if agreed is None:
        return None
    sure, _ = agreed
    return Reading(bytearray(marks.digits), np.array([sure[index] for index in range(4)]), western=False)


def _agreed(
    strip: Strip, marks: Marks, figures: Figures, groups: Sequence[range], within: Sequence[tuple[float, float]]
) -> tuple[dict[int, float], NDArray[np.float64]] | None:
    """How sure both readers are of each of the marks in `groups`, and where all marks are; None for a contradiction.

    `within` are the parts of the line (pixels) in which no other digit may be.
    """
    sure: dict[int, float] = {}
    used: set[int] = set()
    x = marks.x.copy()
    for group in groups:
        pairs = _paired(strip.em, marks.x[group.start : group.stop], figures)
        if pairs is None:
            return None
        used.update(pairs)
        for index, figure in zip(group, pairs, strict=True):
            if marks.digits[index] != figures.digits[figure]:
                return None
            sure[index] = float(min(marks.sure[index], figures.sure[figure]))
            x[index] = figures.x[figure]  # the second reader sees more exactly where a digit is
    kanji = np.array([marks.x[index] for index in range(len(marks.kinds)) if marks.kinds[index] not in (DIGIT, OTHER)])
    inside = np.any([(figures.x > left) & (figures.x < right) for left, right in within], axis=0)
    for index in np.flatnonzero(inside & (figures.sure >= _CLEARLY)).tolist():
        near_kanji = len(kanji) and np.abs(kanji - figures.x[index]).min() < _KANJI * strip.em
        if index not in used and not near_kanji:
            return None
    return sure, x


def _paired(em: float, places: NDArray[np.float64], figures: Figures) -> tuple[int, ...] | None:
    """The second reader's figures that stand where the first saw a group of digits, from left to right; None if some lack.

    The first reader's places are rough and lean to one side in a long line, so the group is compared as a whole.
    """
    near = np.flatnonzero((figures.x > places[0] - _SAME * em) & (figures.x < places[-1] + _SAME * em)).tolist()
    off = {taken: np.abs(figures.x[list(taken)] - places) for taken in combinations(near[:_MOST_NEAR], len(places))}
    fitting = [taken for taken in off if off[taken].max() < _SAME * em]
    return min(fitting, key=lambda taken: float(off[taken].sum()), default=None)


def _nothing_lost(strip: Strip, kinds: bytearray, x: NDArray[np.float64], groups: dict[str, range]) -> bool:
    """Whether there is no hole in which a digit could have stood unseen.

    Before a single digit there may be one: 「 2月」 gives it the room of two. Then the stock must show there.
    """
    expiry = x[groups["expiry"].start : groups["expiry"].stop]
    pitch = float(expiry[-1] - expiry[0]) / 3
    begun = groups["year"].start - 1
    if begun < 0:
        begun = 0
        if len(groups["year"]) == 1 and kinds[0] == DIGIT:
            return False  # nothing shows where the year begins
    for index in range(begun, groups["expiry"].stop):
        if groups["day"].stop <= index < groups["expiry"].start:
            continue  # between the two dates there is room
        one, other = (0.5 * (pitch if kinds[at] == DIGIT else strip.em) for at in (index, index + 1))
        hole = (x[index + 1] - x[index] - one - other) / pitch
        if hole < _HOLE:
            continue
        single = any(index + 1 == group[0] and len(group) == 1 for group in groups.values())
        left, right = x[index] + one, x[index + 1] - other
        if hole > _WIDEST_HOLE or not single or not _shows_stock(strip, round(left), round(right)):
            return False
    return True


def _shows_stock(strip: Strip, left: int, right: int) -> bool:
    dimmest = strip.picture.min(axis=2)
    part = dimmest[:, max(0, left) : max(left + 1, right)]
    stock = float(np.percentile(dimmest, 75))  # ink covers less than a quarter of a line
    return bool((part >= _LOST).mean() < 0.1 and np.median(part) < stock + _LIT)
