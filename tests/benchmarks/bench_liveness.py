"""Liveness before simulated people and attacks: how many flat pictures pass, how many living people do not.

Run: python tests/benchmarks/bench_liveness.py [--attacks N] [--living N] [--portraits PATH ...] [--seed N] [--level L].
Compares in one run and asserts nothing. Attacks are a print, a bent print, a print with holes for somebody's eyes, and
phone replays of three kinds, portrait by portrait and kind by kind; who is there, or holds the picture, does what is asked
as well as possible. Accepted means that liveness alone passed: whose face it is was not looked at.

Without --portraits there are two people, both of public-domain portraits. A PATH is a picture, or a folder of which the
first picture is taken; it is read where it is, and nothing of it is written anywhere. What simulated people show is how it
works, not how well it does before people.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from kiosk.errors import KioskError
from kiosk.face.bench import liveness_report as report
from kiosk.face.bench.clips import Asked
from kiosk.face.bench.face import THREADS
from kiosk.face.bench.liveness import Bench
from kiosk.face.bench.pictures import SUFFIXES, PictureError
from kiosk.face.enrolment import photo_template
from kiosk.face.eyes import Eyes
from kiosk.face.faces import Picture
from kiosk.face.held import HeldWatch
from kiosk.face.liveness import Level, Liveness
from kiosk.face.matcher import load
from kiosk.face.photo import decoded
from kiosk.face.recognition import Recognition
from kiosk.face.verification import Verification
from kiosk.simulation.people import ATTACKS, FPS, Scene, Sitter, photo_jp2, scene_frames

ATTEMPT = 22.0
"""Seconds after which an attempt ends by itself."""


@dataclass(frozen=True)
class Staged:
    """One simulated scene, of somebody who answers."""

    scene: Scene
    who: Sitter | Path
    seed: int
    answers: bool = True

    @property
    def name(self) -> str:
        """Without whose portrait it is."""
        return f"{self.scene.value} #{self.seed}"

    @property
    def kind(self) -> str:
        """The kind of attack, or a person."""
        return self.scene.value if self.scene in ATTACKS else "living"

    def frames(self, seconds: float, asked: Asked) -> Iterator[tuple[float, Picture]]:
        """As the kiosk's camera would give them."""
        film = islice(scene_frames(self.scene, self.who, seed=self.seed, respond=asked), round(seconds * FPS))
        try:
            for number, picture in enumerate(film):
                yield number / FPS, picture
        except KioskError as error:
            raise PictureError(error.sentence) from error


def staged(scenes: Sequence[Scene], people: Sequence[Sitter | Path], count: int, seed: int) -> list[Staged]:
    """`count` scenes: everybody in the first one, everybody in the next, and again with another seed."""
    turns = [(scene, who) for scene in scenes for who in people]
    return [Staged(*turns[number % len(turns)], seed + number) for number in range(count)]


def whole(count: int, seed: int) -> str:
    """Attempts as the studio makes them, recognition and liveness over the same frames, of living people at the shipped level."""
    cv2.setNumThreads(THREADS)
    matcher, eyes = load("sface"), Eyes.load()
    ends: dict[str, int] = {}
    took: list[float] = []
    for number in range(count):
        who = list(Sitter)[number % len(Sitter)]
        photo = photo_template(matcher, decoded(photo_jp2(who)))
        chance = random.Random(seed + number)  # noqa: S311 - the same draws in every run
        attempt = Verification(Recognition(matcher, photo), Liveness(Level.CHALLENGE, chance, eyes))
        asked: list[str | None] = [None]
        ending, at = None, 0.0
        for frame, picture in enumerate(scene_frames(Scene.LIVING, who, seed=seed + number, respond=lambda: asked[0])):  # noqa: B023
            at = frame / FPS
            if at > ATTEMPT:
                ending = attempt.late()
                break
            standing = attempt.see(picture, at)
            asked[0], ending = standing.prompt, standing.ending
            if ending is not None:
                break
        word = "none" if ending is None else ending.value
        ends[word] = ends.get(word, 0) + 1
        if word == "matched":
            took.append(at)
        print(f"\r{number + 1} of {count} whole attempts", end="", file=sys.stderr)
    print(file=sys.stderr)
    told = ", ".join(f"{ends[word]} {word}" for word in sorted(ends))
    return f"{count} whole attempts of {len(Sitter)} living people: {told}; {np.median(took):.1f} s, 90 % {np.quantile(took, 0.9):.1f} s"


def portrait(path: Path) -> Path:
    """The picture itself, or the first one of the folder."""
    if not path.is_dir():
        return path
    found = sorted(inside for inside in path.iterdir() if inside.suffix.lower() in SUFFIXES)
    if not found:
        raise SystemExit(f"--portraits: no picture in {path}")
    return found[0]


def cost(frames: int = 60) -> str:
    """What liveness takes of a frame, beside what recognising takes, on one living person who has not yet been asked."""
    cv2.setNumThreads(THREADS)
    matcher, eyes = load("sface"), Eyes.load()
    took: dict[str, list[float]] = {}

    def timed(what: str, act: Callable[[], object]) -> None:
        begun = time.perf_counter()
        act()
        took.setdefault(what, []).append(1000 * (time.perf_counter() - begun))

    held = HeldWatch()
    for number, picture in enumerate(islice(scene_frames(Scene.LIVING, Sitter.ASTRONAUT), frames)):
        timed("finding the face", lambda: matcher.faces(picture))  # noqa: B023 - called at once
        face = matcher.faces(picture)[0]
        timed("describing it", lambda: matcher.template(picture, face))  # noqa: B023
        timed("eyes", lambda: eyes.openness(picture, face))  # noqa: B023
        timed("held up?", lambda: held.see(picture, face, number / FPS))  # noqa: B023
    told = [f"{what} {np.median(ms):.1f} (mean {np.mean(ms):.1f})" for what, ms in took.items()]
    return f"ms a frame, median of {frames}, {THREADS} threads: {', '.join(told)}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Liveness before simulated people and attacks.")
    parser.add_argument("--attacks", type=int, default=60, metavar="N", help="how many attacks (default 60)")
    parser.add_argument("--living", type=int, default=12, metavar="N", help="how many living ones (default 12)")
    parser.add_argument("--portraits", type=Path, nargs="+", default=[], metavar="PATH", help="more people")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the first scene (default 0)")
    parser.add_argument(
        "--whole", type=int, default=0, metavar="N", help="N whole attempts, with recognition (default 0)"
    )
    parser.add_argument("--level", type=Level, choices=[Level.BLINK, Level.CHALLENGE], default=Level.CHALLENGE)
    parser.add_argument("--kinds", nargs="+", type=Scene, metavar="KIND", help="only these attacks")
    parser.add_argument("--alive", nargs="+", type=Scene, default=[Scene.LIVING], metavar="SCENE", help="who is alive")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write liveness.png and liveness.json there")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    args = parser.parse_args()
    people: list[Sitter | Path] = [*Sitter, *(portrait(path) for path in args.portraits)]
    attacks = staged(args.kinds or sorted(ATTACKS), people, args.attacks, args.seed)
    living = staged(args.alive, people, args.living, args.seed)
    if args.out is not None:
        report.prepare(args.out)
    found = Bench().findings([*attacks, *living], [args.level])
    if args.out is not None:
        report.write(found, args.out)
    if args.json:
        print(json.dumps(report.as_json(found)))
        return 0
    print(report.table(found))
    if args.whole:
        print(whole(args.whole, args.seed))
    print(cost())
    shown = len({scene.who for scene in attacks})
    print(f"Simulated; the attacks show {shown} people, the living ones are {len({scene.who for scene in living})}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
