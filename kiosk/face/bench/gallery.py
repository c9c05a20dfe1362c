"""All faces of a listing, found and described once. Templates live in memory only, 512 bytes a picture."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face import quality
from kiosk.face.advice import Advice
from kiosk.face.bench import pictures
from kiosk.face.bench.listing import Listing, Notice
from kiosk.face.bench.pictures import PictureError
from kiosk.face.enrolment import Found, found
from kiosk.face.faces import stacked, upright
from kiosk.face.matcher import Matcher

NUMBERS: Final = 128
"""Of a template."""

_NO_FACE = "no face is found"


class Enrolled(IntEnum):
    """What became of a file."""

    DONE = 0
    NO_FACE = 1
    """A failure to enrol (ISO/IEC 19795-1)."""
    UNREADABLE = 2


@dataclass(frozen=True, eq=False, repr=False)
class Gallery:
    """Arrays of one entry a file."""

    templates: NDArray[np.float32]
    """(files, 128); zeros where there is no face."""
    outcome: NDArray[np.uint8]
    """(files,) of `Enrolled`."""
    usable: NDArray[np.bool_]
    """(files,) whether the shipped gate lets the picture pass as a live frame."""
    refused: Counter[str]
    """Why the gate refused pictures, by advice."""
    detect_ms: NDArray[np.float64]
    describe_ms: NDArray[np.float64]

    @property
    def there(self) -> NDArray[np.bool_]:
        """(files,) whether the file has a template."""
        return np.asarray(self.outcome == Enrolled.DONE, np.bool_)

    def count(self, outcome: Enrolled) -> int:
        """How many files came to this."""
        return int(np.count_nonzero(self.outcome == outcome))


def enrol(
    listing: Listing, root: Path, matcher: Matcher, notice: Notice, progress: Callable[[int, int], object]
) -> Gallery:
    """Describe every file under `root`. One that cannot be used costs one notice. `progress` takes (done, of)."""
    count = len(listing.files)
    templates = np.zeros((count, NUMBERS), np.float32)
    outcome = np.full(count, Enrolled.UNREADABLE, np.uint8)
    usable = np.zeros(count, np.bool_)
    refused: Counter[str] = Counter()
    detect: list[float] = []
    describe: list[float] = []
    for place, name in enumerate(listing.files):
        progress(place, count)
        try:
            picture = pictures.read(root / name)
            begun = time.perf_counter()
            face = found(matcher, picture)
            detect.append(time.perf_counter() - begun)
            if face is None:
                outcome[place] = Enrolled.NO_FACE
                notice(f"{name}: {_NO_FACE}")
                continue
            begun = time.perf_counter()
            template = matcher.template(face.picture, face.face)
            describe.append(time.perf_counter() - begun)
            why = _refusal(face)
        except PictureError as error:
            notice(f"{name}: {error}")
            continue
        except (cv2.error, ValueError, MemoryError):
            notice(f"{name}: no engine can work on it")
            continue
        templates[place] = stacked([template])[0]
        outcome[place] = Enrolled.DONE
        usable[place] = why is None
        if why is not None:
            refused[why] += 1
    progress(count, count)
    return Gallery(templates, outcome, usable, refused, 1000 * np.array(detect), 1000 * np.array(describe))


def _refusal(face: Found) -> str | None:
    if face.crowded:
        return Advice.ONE_PERSON.value
    picture, bare = face.bare
    look = quality.judged_still(quality.measures(picture, bare, upright(face.picture, face.face)))
    if look.usable:
        return None
    return "refused" if look.advice is None else look.advice.value
