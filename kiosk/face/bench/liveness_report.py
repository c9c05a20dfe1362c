"""What `kiosk bench liveness` tells: a table, figures as JSON, a picture of the rates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.errors import UsageError
from kiosk.face.bench.clips import LIVING
from kiosk.face.bench.rates import Rate


@dataclass(frozen=True)
class Attempt:
    """One source at one level. `outcome`: accepted, held_up, not_decided, no_face or unreadable."""

    name: str
    kind: str
    level: str
    outcome: str
    seconds: float
    """From the first frame to the outcome."""
    frame_ms: tuple[float, ...]
    """What liveness cost, frame by frame, without finding the face."""
    why: str = ""


@dataclass(frozen=True)
class Findings:
    """Everything one run measured."""

    attempts: tuple[Attempt, ...]

    @property
    def rows(self) -> list[Row]:
        """Level by level, people first, then the attacks by name. Unreadable sources are in none."""
        told = [attempt for attempt in self.attempts if attempt.outcome != "unreadable"]
        keys = sorted({(attempt.level, attempt.kind not in LIVING, attempt.kind) for attempt in told})
        return [
            Row(kind, level, attack, tuple(one for one in told if (one.level, one.kind) == (level, kind)))
            for level, attack, kind in keys
        ]

    @property
    def unreadable(self) -> int:
        """How many sources could not be used."""
        return sum(attempt.outcome == "unreadable" for attempt in self.attempts)

    @property
    def frame_ms(self) -> list[float]:
        """What liveness cost, all frames of all attempts."""
        return [ms for attempt in self.attempts for ms in attempt.frame_ms]


@dataclass(frozen=True)
class Row:
    """One kind at one level."""

    kind: str
    level: str
    attack: bool
    attempts: tuple[Attempt, ...]

    @property
    def words(self) -> Counter[str]:
        """How the attempts ended."""
        return Counter(attempt.outcome for attempt in self.attempts)

    @property
    def measure(self) -> str:
        """What `rate` is called (ISO/IEC 30107-3)."""
        return "APCER" if self.attack else "BPCER"

    @property
    def rate(self) -> Rate:
        """Attacks accepted, or people not accepted for whatever reason."""
        accepted = self.words["accepted"]
        return Rate(accepted if self.attack else len(self.attempts) - accepted, len(self.attempts))

    @property
    def pass_seconds(self) -> list[float]:
        """How long those took who were accepted, shortest first."""
        return sorted(attempt.seconds for attempt in self.attempts if attempt.outcome == "accepted")


def table(found: Findings) -> str:
    """A page of text."""
    return "\n".join((*_rates(found.rows), "", *_worst(found.rows), *_footing(found)))


def as_json(found: Findings) -> dict[str, object]:
    """The same as an object, and every attempt."""
    spent = found.frame_ms
    return {
        "rows": [
            {
                "level": row.level,
                "kind": row.kind,
                "measure": row.measure,
                "attempts": row.rate.of,
                "errors": row.rate.errors,
                "rate": row.rate.value,
                "interval_95": row.rate.interval,
                "outcomes": dict(sorted(row.words.items())),
                "seconds_to_pass": row.pass_seconds,
            }
            for row in found.rows
        ],
        "unreadable": found.unreadable,
        "milliseconds_a_frame": [float(value) for value in np.percentile(spent, [50, 95])] if spent else None,
        "attempts": [
            {
                "name": attempt.name,
                "kind": attempt.kind,
                "level": attempt.level,
                "outcome": attempt.outcome,
                "seconds": round(attempt.seconds, 2),
                "milliseconds_a_frame": round(float(np.median(attempt.frame_ms)), 2) if attempt.frame_ms else None,
                "why": attempt.why,
            }
            for attempt in found.attempts
        ],
    }


def prepare(folder: Path) -> None:
    """Make the folder for the results before all the work. Raises `UsageError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made ({error.strerror}); --out names a folder for the results"
        ) from error


def write(found: Findings, folder: Path) -> None:
    """liveness.json and liveness.png. Raises `UsageError`."""
    try:
        (folder / "liveness.json").write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")
        (folder / "liveness.png").write_bytes(cv2.imencode(".png", _plot(found.rows))[1].tobytes())
    except OSError as error:
        raise UsageError(f"{folder}: the results cannot be written ({error.strerror})") from error


def _rates(rows: Sequence[Row]) -> Iterator[str]:
    wide = max([len(row.kind) for row in rows], default=4)
    yield f"{'level':9}  {'kind':{wide}}  tries  accepted  held up  undecided  no face  rate, 95 % interval           s to pass"
    for row in rows:
        words, (low, high) = row.words, row.rate.interval
        rate = f"{row.measure} {row.rate.value or 0.0:6.1%}  {low:.1%} to {high:.1%}"
        yield (
            f"{row.level:9}  {row.kind:{wide}}  {row.rate.of:5}  {words['accepted']:8}  {words['held_up']:7}"
            f"  {words['not_decided']:9}  {words['no_face']:7}  {rate:30} {_seconds(row.pass_seconds)}"
        )


def _worst(rows: Sequence[Row]) -> Iterator[str]:
    for level in sorted({row.level for row in rows}):
        attacks = [row for row in rows if row.level == level and row.attack]
        if attacks:
            worst = max(attacks, key=lambda row: (row.rate.value or 0.0, row.rate.of))
            every = Rate(sum(row.rate.errors for row in attacks), sum(row.rate.of for row in attacks))
            low, high = every.interval
            yield (
                f"{level}: {every.errors} of {every.of} attacks accepted ({low:.1%} to {high:.1%});"
                f" the worst kind, {worst.kind}: {worst.rate.value or 0.0:.1%}"
            )


def _footing(found: Findings) -> Iterator[str]:
    if spent := found.frame_ms:
        middle, late = np.percentile(spent, [50, 95])
        yield f"liveness alone: {middle:.1f} ms a frame (median), {late:.1f} ms (95th percentile), {len(spent):,} frames"
    if found.unreadable:
        yield f"not readable: {found.unreadable}"
    yield "People in films cannot be asked; they are judged by whether they blink. Intervals take all attempts as independent."


_LEFT: Final = 330
_WIDE: Final = 480
_ROW: Final = 26
_INK: Final = (40, 40, 40)
_PALE: Final = (205, 205, 205)
_BLUE: Final = (150, 110, 30)
_RED: Final = (40, 60, 190)


def _plot(rows: Sequence[Row]) -> NDArray[np.uint8]:
    """Rates with their intervals, one line a kind and level."""
    sheet = np.full((_ROW * (len(rows) + 3), _LEFT + _WIDE + 60, 3), 255, np.uint8)
    foot = _ROW * (len(rows) + 1) + 8
    for tenth in range(0, 11, 2):
        x = _LEFT + tenth * _WIDE // 10
        cv2.line(sheet, (x, _ROW), (x, foot), _PALE, 1)
        _text(sheet, f"{tenth * 10}%", (x - 12, foot + 18))
    _text(sheet, "attacks accepted (red), people not accepted (blue), 95 % intervals", (8, 17))
    for number, row in enumerate(rows):
        y = _ROW * (number + 2) - 6
        colour = _RED if row.attack else _BLUE
        _text(sheet, f"{row.level}: {row.kind} ({row.rate.of})", (8, y + 4))
        low, high = ((_LEFT + round(share * _WIDE), y) for share in row.rate.interval)
        cv2.line(sheet, low, high, colour, 2)
        cv2.circle(sheet, (_LEFT + round((row.rate.value or 0.0) * _WIDE), y), 5, colour, cv2.FILLED, cv2.LINE_AA)
    return sheet


def _text(sheet: NDArray[np.uint8], words: str, at: tuple[int, int]) -> None:
    cv2.putText(sheet, words, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)


def _seconds(passed: Sequence[float]) -> str:
    if not passed:
        return "-"
    return f"{float(np.median(passed)):.1f} (90 %: {float(np.percentile(passed, 90)):.1f})"
