"""`kiosk bench face`: how often the right person fails and a stranger passes, on any pictures, by either engine.

    kiosk bench face --pairs pairs.csv --root faces
    kiosk bench face --root faces --all-impostors --rule shipped --engine face_recognition --out results

Nothing of a face is written anywhere: templates live in memory, and what is reported are counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO, get_args

import cv2

from kiosk.errors import ExitCode, MissingError, UsageError
from kiosk.face import matcher
from kiosk.face.bench import findings, listing, report
from kiosk.face.bench.findings import FRAMES, Findings
from kiosk.face.bench.gallery import enrol
from kiosk.face.bench.rules import Rule
from kiosk.face.verdict import Engine

DRAWN: Final = 20_000
"""Impostor pairs drawn from folders where not all are asked for."""

THREADS: Final = 2
"""Of OpenCV, as in the studio: the times are to be those of the kiosk."""

_NOTICES = 1000  # lines about single files or rows; what comes after is only counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.description = "Measure false matches and false non-matches of a face engine on pictures of your own."
    parser.epilog = (
        "Without --pairs every sub-folder of DIR is a person. The words are those of ISO/IEC 19795-1: FMR and FNMR count"
        " comparisons that were made; pictures without a face are failures to enrol and counted apart."
    )
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="the folder the pictures are in")
    parser.add_argument(
        "--pairs", type=Path, metavar="CSV", help="pairs, columns set, same_person, file_a, file_b (names under DIR)"
    )
    parser.add_argument("--engine", choices=get_args(Engine), default="sface", help="default: sface")
    parser.add_argument(
        "--rule",
        type=Rule,
        choices=tuple(Rule),
        default=Rule.SINGLE,
        metavar="single|shipped",
        help=f"single: one picture against one (default); shipped: the gate, and the mean of {FRAMES} frames",
    )
    parser.add_argument(
        "--all-impostors", action="store_true", help="compare everybody with everybody else of the same set"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write face-det.png and face.json there")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")


def run(args: argparse.Namespace, tell: Callable[[str], object] = print) -> int:
    """Measure and report; raises `kiosk.errors.UsageError` and `MissingError`, all else costs a line on stderr."""
    cv2.setNumThreads(THREADS)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    root: Path = args.root
    if not root.is_dir():
        raise UsageError(f"{root}: is not a folder; --root names the folder the pictures are in")
    if args.out is not None:
        _prepare(args.out)
    notices = Notices(sys.stderr)
    if args.pairs is not None:
        named = listing.from_csv(args.pairs, notices)
    else:
        named = listing.from_folders(root, None if args.all_impostors else DRAWN, notices)
    engine = matcher.load(args.engine)
    engine.warm()
    gallery = enrol(named, root, engine, notices, Progress(sys.stderr))
    notices.close()
    if not gallery.there.any():
        raise UsageError(f"{root}: none of the {len(named.files):,} pictures has a face; is --root the right folder?")
    found = findings.compare(named, gallery, engine, args.engine, args.rule, all_impostors=args.all_impostors)
    results = report.as_json(found)
    if args.out is not None:
        _write(args.out, found, results)
    tell(json.dumps(results) if args.json else report.table(found))
    return ExitCode.DONE


class Notices:
    """Lines on stderr about single files or rows, so many and no more."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._count = 0

    def __call__(self, line: str) -> None:
        """Say one line."""
        self._count += 1
        if self._count <= _NOTICES:
            self._stream.write(f"kiosk: {line}\n")

    def close(self) -> None:
        """Say how many were not said."""
        if self._count > _NOTICES:
            self._stream.write(f"kiosk: and {self._count - _NOTICES:,} more\n")


class Progress:
    """How far the pictures are, on one line of a terminal; silent elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream if stream.isatty() else None
        self._begun = time.monotonic()
        self._said = 0.0

    def __call__(self, done: int, of: int) -> None:
        """`done` of `of` pictures are through."""
        now = time.monotonic()
        if self._stream is None or (done < of and now - self._said < 0.2):
            return
        self._said = now
        left = (now - self._begun) * (of - done) / done if done else 0.0
        line = f"{done:,} of {of:,} pictures, about {left:.0f} s left" if done < of else ""
        self._stream.write(f"\r\x1b[K{line}")
        self._stream.flush()


def _prepare(folder: Path) -> None:
    """What would only fail after all the work is tried before it."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingError("the DET plot needs matplotlib: run ./deploy/test once, or leave --out away")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made ({error.strerror}); --out names a folder for the results"
        ) from error


def _write(folder: Path, found: Findings, results: dict[str, object]) -> None:
    from kiosk.face.bench import det  # noqa: PLC0415 - matplotlib takes a second, and only this needs it

    try:
        (folder / "face.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        det.draw(found, folder / "face-det.png")
    except OSError as error:
        raise UsageError(f"{folder}: the results cannot be written ({error.strerror})") from error
