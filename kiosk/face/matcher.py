"""Whose face it is: the port `Matcher`, and the engine behind it (YuNet finds faces, SFace describes them).

Chosen by measurement (domain/face-stack.md section 0). A face is described by 128 numbers of length one; two of them are
compared by their cosine. Several live frames are averaged, never the best one taken (section 5, "Several frames").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share

Picture = NDArray[np.uint8]
"""(height, width, 3) uint8 BGR."""

DETECTOR: Final = "models/face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER: Final = "models/face_recognition_sface_2021dec_int8bq.onnx"

SIDE: Final = 320
"""Pixels of the longer side faces are looked for in: YuNet is trained for faces of 10 to 300 (section 8, item 5)."""

_FOUND = 0.7  # the detector's own score (section 6)
_OVERLAP = 0.3  # of boxes that mean the same face (YuNet's sample value)
_MOST_FACES = 50


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one picture, in its pixels. `points` is (5, 2): right eye, left eye, nose, right and left mouth corner.

    Right is the person's own right, which is left in the picture.
    """

    x: float
    y: float
    width: float
    height: float
    points: NDArray[np.float32]
    row: NDArray[np.float32]
    """The detector's own line of 15 numbers, which the recogniser wants to align by."""


class Template:
    """128 numbers that describe a face (float32, length one). They are personal data: nothing here ever shows them."""

    __slots__ = ("_numbers",)

    def __init__(self, numbers: NDArray[np.float32]) -> None:
        length = float(np.linalg.norm(numbers))
        if not np.isfinite(length) or length == 0.0:
            raise ValueError("template: expected finite numbers that are not all zero")
        self._numbers = (numbers / length).astype(np.float32).ravel()

    def likeness(self, other: Template) -> float:
        """The cosine between two faces, -1 to 1."""
        return float(np.clip(self._numbers @ other._numbers, -1.0, 1.0))

    def __repr__(self) -> str:
        return "Template(...)"

    def __reduce__(self) -> str:
        raise TypeError("a face's template is not written anywhere")


def mean(templates: Sequence[Template]) -> Template:
    """The template in the middle of several of one person; at least one."""
    return Template(np.mean([template._numbers for template in templates], axis=0, dtype=np.float32))  # noqa: SLF001


class Matcher(Protocol):
    """What this room asks of a face engine. Pictures are `Picture`s; nothing is kept between two calls."""

    def faces(self, picture: Picture) -> list[Face]:
        """All faces, largest first."""
        ...

    def aligned(self, picture: Picture, face: Face) -> Picture:
        """The face upright, (112, 112, 3)."""
        ...

    def template(self, aligned: Picture) -> Template:
        """What describes the aligned face."""
        ...


class OpenCVMatcher:
    """YuNet and SFace through OpenCV's own classes. Used by one thread at a time."""

    def __init__(self, detector: Path, recogniser: Path) -> None:
        self._detector = cv2.FaceDetectorYN.create(str(detector), "", (SIDE, SIDE), _FOUND, _OVERLAP, _MOST_FACES)
        self._recogniser = cv2.FaceRecognizerSF.create(str(recogniser), "")

    @classmethod
    def load(cls) -> OpenCVMatcher:
        """The engine with the fetched models; raises `kiosk.errors.MissingError` where they have not been fetched."""
        return cls(share.fetched(DETECTOR), share.fetched(RECOGNISER))

    def warm(self) -> None:
        """Do everything once, so that the first patient does not wait for the networks to be laid out."""
        self.faces(np.zeros((480, 640, 3), np.uint8))
        self._recogniser.feature(np.zeros((112, 112, 3), np.uint8))

    def faces(self, picture: Picture) -> list[Face]:  # noqa: D102
        scale = min(1.0, SIDE / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
        self._detector.setInputSize((small.shape[1], small.shape[0]))
        found = self._detector.detect(small)[1]
        # OpenCV answers None, which its types do not say, where there is no face.
        if not isinstance(found, np.ndarray):
            return []
        rows = found[np.isfinite(found).all(axis=1)].astype(np.float32)
        rows[:, :14] /= scale
        faces = [
            Face(float(row[0]), float(row[1]), float(row[2]), float(row[3]), row[4:14].reshape(5, 2), row)
            for row in rows
        ]
        return sorted(
            (face for face in faces if face.width > 0 and face.height > 0), key=lambda face: -face.width * face.height
        )

    def aligned(self, picture: Picture, face: Face) -> Picture:  # noqa: D102
        return self._recogniser.alignCrop(picture, face.row).astype(np.uint8, copy=False)

    def template(self, aligned: Picture) -> Template:  # noqa: D102
        return Template(self._recogniser.feature(aligned).astype(np.float32))
