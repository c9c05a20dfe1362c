"""`kiosk bench liveness`: how often attacks get past, and how often people are turned away, kind by kind.

    kiosk bench liveness --clips films                   # sub-folders named by kind: live, and any kind of attack
    kiosk bench liveness --clips films --out results     # and a plot, and every attempt as JSON
    kiosk bench liveness --stills portraits --seeds 4    # pictures, each moved as a hand-held photograph

How a film is judged: nobody in it can be asked, so a person in it is judged at the level `blink` only, and a blink counts at
any time within the attempt. Attacks are judged at `blink` by the same rule, and at `challenge` as the kiosk would: a
recording passes only if it happens to show what was drawn. Whoever does answer (tests/benchmarks/bench_liveness.py has
simulated people and attacks that do) is judged at both levels as the kiosk would.

APCER and BPCER are ISO/IEC 30107-3's: the share of attacks accepted, the share of people not accepted. The worst kind of
attack counts. Intervals are Wilson's, 95 %, as if every film were of another person and another day, which they are not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import cv2

from kiosk.errors import ExitCode, UsageError
from kiosk.face import quality
from kiosk.face.bench import liveness_report as report
from kiosk.face.bench.clips import LIVING, ClipError, Photograph, Source, clips, stills
from kiosk.face.bench.face import THREADS, Notices, Progress
from kiosk.face.bench.handheld import Motion
from kiosk.face.bench.liveness_report import Attempt, Findings
from kiosk.face.bench.pictures import PictureError
from kiosk.face.eyes import Eyes
from kiosk.face.faces import Face
from kiosk.face.liveness import UNASKED, Level, Liveness, Outcome
from kiosk.face.matcher import Matcher, load
from kiosk.face.second_look import looked_again, worth_it

SECONDS: Final = 10.0
"""One attempt on a film. Whoever answers has as long as the steps allow, see `_LONG`."""

_LONG = 30.0  # seconds: three boxes of 5 s and the time it takes to settle end before


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.description = "Measure how often attacks pass for a living person, and how often people do not."
    parser.epilog = (
        "DIR of --clips has a folder for each kind (live, print, phone replay, ...) with films in it, or a videos.csv with the"
        " columns file and kind; films without a kind are taken for people. Nobody in a film can be asked anything: people in"
        " films are judged by whether they blink."
    )
    parser.add_argument("--clips", type=Path, metavar="DIR", help="films by kind, or with a videos.csv (file, kind)")
    parser.add_argument("--stills", type=Path, metavar="DIR", help="pictures to move as hand-held photographs")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="films made of each still (default 2)")
    parser.add_argument(
        "--level", choices=["blink", "challenge", "both"], default="both", help="what is asked (default both)"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help=f"one attempt on a film (default {SECONDS:.0f})"
    )
    parser.add_argument(
        "--camera-moves",
        action="store_true",
        help="the films were made with a camera in somebody's hand: that what is behind a face moves means nothing",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write liveness.png and liveness.json there")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")


def run(args: argparse.Namespace, tell: Callable[[str], object] = print) -> int:
    """Measure and report; raises `kiosk.errors.UsageError` and `MissingError`, all else costs a line on stderr."""
    if args.clips is None and args.stills is None:
        raise UsageError("nothing to look at: give --clips DIR or --stills DIR")
    if not 2.0 <= args.seconds <= 60.0:
        raise UsageError("--seconds: expected 2 to 60")
    if args.seeds < 1:
        raise UsageError("--seeds: expected 1 or more")
    if args.out is not None:
        report.prepare(args.out)
    levels = [Level.BLINK, Level.CHALLENGE] if args.level == "both" else [Level(args.level)]
    bench = Bench(args.seconds, camera_stands=not args.camera_moves)
    found = bench.findings(_sources(args, bench.matcher), levels)
    if args.out is not None:
        report.write(found, args.out)
    tell(json.dumps(report.as_json(found)) if args.json else report.table(found))
    return ExitCode.DONE


class Bench:
    """The networks, loaded once, and how long an attempt on a film is. Raises `kiosk.errors.MissingError`."""

    def __init__(self, seconds: float = SECONDS, *, camera_stands: bool = True) -> None:
        cv2.setNumThreads(THREADS)
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        os.environ.setdefault(
            "OPENCV_FFMPEG_LOGLEVEL", "-8"
        )  # FFmpeg's own lines about a bad film; ours says which it is
        self.matcher, self._eyes = load("sface"), Eyes.load()
        self._seconds = seconds
        self._camera_stands = camera_stands
        self.matcher.warm()
        self._eyes.warm()

    def findings(self, sources: Sequence[Source], levels: Sequence[Level]) -> Findings:
        """All sources at all levels, with the progress, and what could not be read, on stderr."""
        notices, progress = Notices(sys.stderr), Progress(sys.stderr)
        done: list[Attempt] = []
        for number, source in enumerate(sources):
            for level in levels:
                if level is Level.CHALLENGE and not source.answers and source.kind in LIVING:
                    continue  # nobody in a film can be asked to turn
                unasked = UNASKED if source.answers else self._seconds
                liveness = Liveness(
                    level,
                    random.Random(number),  # noqa: S311 - the same draws in every run
                    self._eyes,
                    unasked=unasked,
                    camera_stands=self._camera_stands,
                )
                one = attempt(source, level, _LONG if source.answers else self._seconds, self.matcher, liveness)
                done.append(one)
                if one.outcome == "unreadable":
                    notices(f"{one.name}: {one.why}")
                    break
            progress(number + 1, len(sources))
        notices.close()
        return Findings(tuple(done))


def attempt(source: Source, level: Level, seconds: float, matcher: Matcher, liveness: Liveness) -> Attempt:
    """One source judged once by `liveness`, which is at `level`; an unreadable one is an attempt that says so."""
    asked: list[str | None] = [None]
    took: list[float] = []
    found = 0
    last = 0.0
    breadths: list[float] = []
    try:
        for mono, picture in source.frames(seconds, lambda: asked[0]):
            face = _followed(matcher.faces(picture))
            found += face is not None
            if face is not None and worth_it(face, median(breadths) if breadths else None):
                face = looked_again(matcher, picture, face)  # as recognition does
            elif face is not None:
                breadths.append(quality.breadth(face))
            begun = time.perf_counter()
            live = liveness.see(picture, face, mono)
            took.append(1000 * (time.perf_counter() - begun))
            asked[0] = live.prompt
            last = mono
            if live.outcome is not None:
                return Attempt(source.name, source.kind, level.value, _WORDS[live.outcome], last, tuple(took))
    except (ClipError, PictureError) as error:
        return Attempt(source.name, source.kind, level.value, "unreadable", 0.0, (), error.sentence)
    return Attempt(source.name, source.kind, level.value, "not_decided" if found else "no_face", last, tuple(took))


_WORDS: Final = {Outcome.PASSED: "accepted", Outcome.FAILED: "held_up", Outcome.NOT_DECIDED: "not_decided"}


def _sources(args: argparse.Namespace, matcher: Matcher) -> list[Source]:
    sources: list[Source] = []
    if args.clips is not None:
        sources += clips(args.clips)
    if args.stills is not None:
        sources += [
            Photograph(path, f"{path.relative_to(args.stills)} #{seed}", matcher, seed, Motion())
            for path in stills(args.stills)
            for seed in range(args.seeds)
        ]
    return sources


def _followed(faces: Sequence[Face]) -> Face | None:
    """The face the kiosk would follow: the largest, unless a second person stands as near."""
    return faces[0] if faces and not quality.crowded(faces) else None
