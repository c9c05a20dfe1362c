"""What the liveness bench looks at: clips, and pictures moved as photographs. Any video OpenCV opens will do."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np

from kiosk.errors import UsageError
from kiosk.face.bench import pictures
from kiosk.face.bench.handheld import FPS, Motion, filmed
from kiosk.face.bench.pictures import PictureError
from kiosk.face.errors import FaceError
from kiosk.face.faces import Face, Picture
from kiosk.face.matcher import Matcher

LIVING: Final = frozenset({"live", "living", "bona_fide", "bonafide", "genuine", "real"})
"""Kinds that are people; every other kind is an attack."""

LIST: Final = "videos.csv"
VIDEOS: Final = frozenset({".avi", ".m4v", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv"})
LONGEST: Final = 640
"""Pixels of the longer side a frame is brought to: what the kiosk's camera gives."""

_FASTEST = 240.0  # frames a second; more is a clip that does not say
_UNKNOWN_RATE = 25.0  # frames a second of a clip that does not say
_NARROW = 0.0  # face widths of nothing round what is printed
_WIDE = 1.2  # the same, so that the print's edges lie outside the frame
_PRINTED = 240.0  # pixels of a printed face's width: finer than the camera sees it

Asked = Callable[[], str | None]
"""What is asked of whoever is filmed at this moment: a `kiosk.face.challenge.Prompt`, or nothing."""


class ClipError(FaceError):
    """A clip that cannot be used; costs one line, never the run."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "bad_clip")


class Source(Protocol):
    """One thing to look at. `answers`: whoever is in it does what is asked."""

    @property
    def name(self) -> str:
        """What to call it in a line."""
        ...

    @property
    def kind(self) -> str:
        """One of `LIVING`, or the kind of attack."""
        ...

    @property
    def answers(self) -> bool:
        """Whether what is asked reaches whoever is filmed."""
        ...

    def frames(self, seconds: float, asked: Asked) -> Iterator[tuple[float, Picture]]:
        """Seconds from the beginning and the picture, up to `FPS` a second; may raise `ClipError` or `PictureError`."""
        ...


@dataclass(frozen=True)
class Clip:
    """A recorded film: it goes on whatever is asked."""

    path: Path
    name: str
    kind: str
    answers: bool = False

    def frames(self, seconds: float, asked: Asked) -> Iterator[tuple[float, Picture]]:  # noqa: ARG002, D102
        film = cv2.VideoCapture(str(self.path))
        try:
            if not film.isOpened():
                raise ClipError("cannot be read as a video")
            rate = film.get(cv2.CAP_PROP_FPS)
            step = 1 / rate if math.isfinite(rate) and 1.0 <= rate <= _FASTEST else 1 / _UNKNOWN_RATE
            now, due, first = -step, 0.0, None
            while now < seconds:
                there, picture = film.read()
                if not there:
                    break
                stamp = film.get(cv2.CAP_PROP_POS_MSEC) / 1000
                first = stamp if first is None else first
                # Phones film at a rate that changes; where the stamps do not grow, the rate has to do.
                now = stamp - first if stamp - first > now else now + step
                if now >= due:
                    due = max(due + 1 / FPS, now)
                    yield now, _fitted(picture.astype(np.uint8, copy=False))
            if first is None:
                raise ClipError("has no frame that can be read")
        finally:
            film.release()


@dataclass(frozen=True)
class Photograph:
    """A picture moved before a camera as a hand would (`kiosk.face.bench.handheld`); whoever holds it ignores prompts.

    Of an odd seed the print fills the frame, of an even one its edges are seen.
    """

    path: Path
    name: str
    matcher: Matcher
    seed: int
    motion: Motion
    answers: bool = False

    @property
    def kind(self) -> str:  # noqa: D102
        return "print_filling_the_frame" if self.seed % 2 else "print"

    def frames(self, seconds: float, asked: Asked) -> Iterator[tuple[float, Picture]]:  # noqa: ARG002, D102
        picture, face = _sheet(pictures.read(self.path), self.matcher, _WIDE if self.seed % 2 else _NARROW)
        for number, frame in enumerate(filmed(picture, face, self.seed, seconds, self.motion)):
            yield number / FPS, frame


def _sheet(picture: Picture, matcher: Matcher, edge: float) -> tuple[Picture, Face]:
    """The largest face of `picture` with what is round it, continued by `edge` face widths on all sides.

    Brought to a size at which its own pixels are not seen.
    """
    close = round(0.3 * max(picture.shape[:2]))  # a face that fills its picture is found only with something round it
    wide = cv2.copyMakeBorder(picture, close, close, close, close, cv2.BORDER_REPLICATE)
    faces = matcher.faces(wide.astype(np.uint8, copy=False))
    if not faces:
        raise PictureError("has no face in it")
    face = faces[0]
    left, top = max(int(face.x - face.width), 0), max(int(face.y - face.width), 0)
    part = wide[top : int(face.y + face.height + face.width), left : int(face.x + 2 * face.width)]
    scale = _PRINTED / face.width
    part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)
    more = round(edge * _PRINTED)
    sheet = cv2.copyMakeBorder(part, more, more, more, more, cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    shift = np.array([left, top], np.float32)
    at = (np.array([face.x, face.y], np.float32) - shift) * scale + more
    points = ((face.points - shift) * scale + more).astype(np.float32)
    return sheet, Face(float(at[0]), float(at[1]), face.width * scale, face.height * scale, points)


def clips(folder: Path) -> list[Clip]:
    """The clips of a folder: by its videos.csv (columns file, kind), else one sub-folder a kind. Raises `UsageError`.

    A list without the column kind, and clips lying in the folder itself, are taken for living people.
    """
    if not folder.is_dir():
        raise UsageError(f"--clips: {folder} is not a folder")
    listed = folder / LIST
    found = _listed(folder, listed) if listed.is_file() else _by_folder(folder)
    if not found:
        raise UsageError(
            f"--clips: no video in {folder} (sub-folders named by kind, or {LIST} with columns file and kind)"
        )
    return found


def stills(folder: Path) -> list[Path]:
    """All pictures in a folder and below it, sorted. Raises `UsageError`."""
    if not folder.is_dir():
        raise UsageError(f"--stills: {folder} is not a folder")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in pictures.SUFFIXES and path.is_file())
    if not found:
        raise UsageError(f"--stills: no picture in {folder}")
    return found


def _listed(folder: Path, listed: Path) -> list[Clip]:
    try:
        with listed.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"--clips: {listed} is not a CSV file in UTF-8") from error
    if not rows or "file" not in rows[0]:
        raise UsageError(f"--clips: {listed} needs a line of column names with 'file' (and 'kind') in it")
    found = []
    for row in rows:
        name = (row["file"] or "").strip()
        path = folder / name
        if not path.is_file() and (folder / "video" / name).is_file():
            path = folder / "video" / name
        if name:
            found.append(Clip(path, name, _kind(row.get("kind") or "live")))
    return found


def _by_folder(folder: Path) -> list[Clip]:
    return [
        Clip(
            path,
            str(path.relative_to(folder)),
            "live" if path.parent == folder else _kind(path.relative_to(folder).parts[0]),
        )
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in VIDEOS and path.is_file()
    ]


def _kind(word: str) -> str:
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    return "live" if plain in LIVING else plain


def _fitted(picture: Picture) -> Picture:
    scale = LONGEST / max(picture.shape[:2])
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
