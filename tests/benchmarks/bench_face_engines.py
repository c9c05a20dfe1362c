"""What one verified frame costs: both engines, and `face_recognition` used as its own guide shows, on the same frames.

Run: python tests/benchmarks/bench_face_engines.py [--frames N] [--clip FILE]. Compares in one run and asserts nothing
about time. A verified frame is all that is done with one: find the face, judge its quality, describe it, compare it.
Frames are of simulated people at 640 x 480; a clip of your own is brought to that size.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

import cv2
import numpy as np

from kiosk.errors import MissingError
from kiosk.face import dlib_engine, matcher, quality
from kiosk.face.faces import Picture, upright
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import Sitter, frames

Way = Literal["sface", "face_recognition", "plain"]
NAMES = {
    "sface": "YuNet + SFace (default)",
    "face_recognition": "YuNet + face_recognition (second engine)",
    "plain": "face_recognition alone: locations, encodings, compare",
}
THREADS = 2  # as in the studio

Verify = Callable[[Picture], bool]
"""One frame against a photo that was shown before; whether a face was found in it."""


def by_engine(engine: Matcher, photo: Picture) -> Verify:
    """As `kiosk.face.recognition` treats a frame that counts."""
    reference = engine.template(photo, engine.faces(photo)[0])

    def verify(picture: Picture) -> bool:
        faces = engine.faces(picture)
        if not faces:
            return False
        straight = upright(picture, faces[0])
        quality.judged(quality.measures(picture, faces[0], straight))
        engine.scale.verdict(engine.template(picture, faces[0]).likeness(reference))
        return True

    return verify


def plainly(photo: Picture) -> Verify:
    """As the package's README shows it, with all its defaults."""
    package = dlib_engine.package()
    rgb = np.ascontiguousarray(photo[:, :, ::-1])
    known = package.face_encodings(rgb)[:1]

    def verify(picture: Picture) -> bool:
        frame = np.ascontiguousarray(picture[:, :, ::-1])
        locations = package.face_locations(frame)
        encodings = package.face_encodings(frame, locations)
        for encoding in encodings[:1]:
            package.compare_faces(known, encoding)
        return bool(encodings)

    return verify


def verifier(way: Way, photo: Picture) -> Verify:
    """The pipeline, loaded; raises `MissingError`."""
    return plainly(photo) if way == "plain" else by_engine(matcher.load(way), photo)


def film(count: int, clip: Path | None) -> list[Picture]:
    """(480, 640, 3) frames; half of them of each sitter, or the first of the clip."""
    if clip is None:
        films = [frames(sitter) for sitter in Sitter]
        return [next(films[number * len(films) // count]) for number in range(count)]
    capture = cv2.VideoCapture(str(clip))
    taken: list[Picture] = []
    while len(taken) < count and (read := capture.read())[0]:
        picture = read[1]
        scale = min(640 / picture.shape[1], 480 / picture.shape[0])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        below, beside = 480 - small.shape[0], 640 - small.shape[1]
        taken.append(cv2.copyMakeBorder(small, 0, below, 0, beside, cv2.BORDER_REPLICATE).astype(np.uint8))
    capture.release()
    return taken


def resident_mb() -> float:
    """Memory of this process."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def started(way: Way) -> None:
    """Child process: everything from the interpreter's start to the first match, and what it holds then."""
    photo = film(1, None)[0]
    before = resident_mb()
    begun = time.perf_counter()
    verifier(way, photo)(photo)
    print(json.dumps({"load_s": time.perf_counter() - begun, "more_mb": resident_mb() - before, "mb": resident_mb()}))


def main() -> None:
    """Print what was measured, and on what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--start", choices=get_args(Way), help=argparse.SUPPRESS)
    args = parser.parse_args()
    cv2.setNumThreads(THREADS)
    if args.start is not None:
        return started(args.start)
    pictures = film(args.frames, args.clip)
    print(
        f"{len(pictures)} frames 640 x 480, Python {platform.python_version()}, OpenCV {cv2.__version__}, {THREADS} threads"
    )
    ways: dict[Way, Verify] = {}
    for way in get_args(Way):
        try:
            ways[way] = verifier(way, pictures[0])
        except MissingError as error:
            print(f"{NAMES[way]}: left out, {error}")
    taken: dict[Way, list[float]] = {way: [] for way in ways}
    worked: dict[Way, float] = dict.fromkeys(ways, 0.0)
    found = dict.fromkeys(ways, 0)
    for verify in ways.values():
        verify(pictures[0])
    # Turn by turn, so that whatever else the machine does falls on all of them alike.
    for picture in pictures:
        for way, verify in ways.items():
            begun, cpu = time.perf_counter(), time.process_time()
            found[way] += verify(picture)
            taken[way].append(1000 * (time.perf_counter() - begun))
            worked[way] += 1000 * (time.process_time() - cpu)
    print(f"{'ms per verified frame':55}{'median':>8}{'p95':>8}{'min':>8}{'CPU':>8}{'faces':>8}")
    for way, times in taken.items():
        middle, high = np.percentile(times, [50, 95])
        print(f"{NAMES[way]:55}{middle:8.1f}{high:8.1f}{min(times):8.1f}{worked[way] / len(times):8.1f}{found[way]:8d}")
    print(f"{'a process of its own, up to its first match':55}{'seconds':>8}{'+ MB':>8}{'MB':>8}")
    for way in ways:
        command = [sys.executable, __file__, "--start", way]
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        seconds = time.perf_counter() - begun
        told = json.loads(done.stdout)
        print(
            f"{NAMES[way]:55}{seconds:8.2f}{told['more_mb']:8.0f}{told['mb']:8.0f}   (loading {told['load_s']:.2f} s)"
        )
    return None


if __name__ == "__main__":
    main()
