"""`kiosk bench liveness`: how often attacks get past, and how often people are turned away, kind by kind.

Three sorts of material, any of them:
--clips DIR       films in sub-folders named by kind (`live`, and any kind of attack), or DIR/videos.csv (file, kind)
--stills DIR      pictures of faces, each moved as a hand-held photograph
--simulated N     simulated people and attacks, N seeds for each portrait and scene; they answer what is asked

How a film is judged: nobody in it can be asked, so a person in it is judged at the level `blink` only, and a blink counts at
any time within the attempt. Attacks are judged at `blink` by the same rule, and at `challenge` as the kiosk would: a
recording passes only if it happens to show what was drawn. Simulated people are judged at both levels as the kiosk would.

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
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
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

Simulated = Callable[[int], Iterable[Source]]
"""Simulated people and attacks, so many seeds of each; `kiosk.__main__` brings them, this room may not know them."""

SECONDS: Final = 10.0
"""One attempt on a film. Whoever answers has as long as the steps allow, see `_LONG`."""

_LONG = 30.0  # seconds: three boxes of 5 s and the time it takes to settle end before


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.description = "Measure how often attacks pass for a living person, and how often people do not."
    parser.add_argument("--clips", type=Path, metavar="DIR", help="films by kind, or with a videos.csv (file, kind)")
    parser.add_argument("--stills", type=Path, metavar="DIR", help="pictures to move as hand-held photographs")
    parser.add_argument("--simulated", type=int, default=0, metavar="N", help="seeds for each simulated scene")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="films made of each still (default 2)")
    parser.add_argument(
        "--level", choices=["blink", "challenge", "both"], default="both", help="what is asked (default both)"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help=f"one attempt on a film (default {SECONDS:.0f})"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write liveness.png and liveness.json there")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")


def run(args: argparse.Namespace, simulated: Simulated | None = None, tell: Callable[[str], object] = print) -> int:
    """Measure and report; raises `kiosk.errors.UsageError` and `MissingError`, all else costs a line on stderr."""
    if args.clips is None and args.stills is None and args.simulated <= 0:
        raise UsageError("nothing to look at: give --clips DIR, --stills DIR or --simulated N")
    if not 2.0 <= args.seconds <= 60.0:
        raise UsageError("--seconds: expected 2 to 60")
    if args.seeds < 1:
        raise UsageError("--seeds: expected 1 or more")
    cv2.setNumThreads(THREADS)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # FFmpeg's own lines about a bad film; ours says which it is
    if args.out is not None:
        report.prepare(args.out)
    matcher, eyes = load("sface"), Eyes.load()
    matcher.warm()
    eyes.warm()
    levels = [Level.BLINK, Level.CHALLENGE] if args.level == "both" else [Level(args.level)]
    found = Findings(_attempts(_sources(args, matcher, simulated), levels, args.seconds, matcher, eyes))
    if args.out is not None:
        report.write(found, args.out)
    tell(json.dumps(report.as_json(found)) if args.json else report.table(found))
    return ExitCode.DONE


def attempt(source: Source, level: Level, seconds: float, matcher: Matcher, eyes: Eyes, seed: int) -> Attempt:
    """One source judged once at one level; an unreadable one is an attempt that says so."""
    asked: list[str | None] = [None]
    unasked = UNASKED if source.answers else seconds
    liveness = Liveness(level, random.Random(seed), eyes, unasked=unasked)  # noqa: S311 - the same draws in every run
    took: list[float] = []
    found = 0
    last = 0.0
    try:
        for mono, picture in source.frames(_LONG if source.answers else seconds, lambda: asked[0]):
            face = _followed(matcher.faces(picture))
            found += face is not None
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


def _attempts(
    sources: Sequence[Source], levels: Sequence[Level], seconds: float, matcher: Matcher, eyes: Eyes
) -> tuple[Attempt, ...]:
    notices, progress = Notices(sys.stderr), Progress(sys.stderr)
    done: list[Attempt] = []
    for number, source in enumerate(sources):
        for level in levels:
            if level is Level.CHALLENGE and not source.answers and source.kind in LIVING:
                continue  # nobody in a film can be asked to turn
            one = attempt(source, level, seconds, matcher, eyes, seed=number)
            done.append(one)
            if one.outcome == "unreadable":
                notices(f"{one.name}: {one.why}")
                break
        progress(number + 1, len(sources))
    notices.close()
    return tuple(done)


def _sources(args: argparse.Namespace, matcher: Matcher, simulated: Simulated | None) -> list[Source]:
    sources: list[Source] = []
    if args.clips is not None:
        sources += clips(args.clips)
    if args.stills is not None:
        sources += [
            Photograph(path, f"{path.relative_to(args.stills)} #{seed}", matcher, seed, Motion())
            for path in stills(args.stills)
            for seed in range(args.seeds)
        ]
    if args.simulated > 0:
        if simulated is None:
            raise UsageError("--simulated: there are no simulated people here")
        sources += simulated(args.simulated)
    return sources


def _followed(faces: Sequence[Face]) -> Face | None:
    """The face the kiosk would follow: the largest, unless a second person stands as near."""
    return faces[0] if faces and not quality.crowded(faces) else None
