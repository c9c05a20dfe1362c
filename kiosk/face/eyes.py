"""How far the eyes are open, from MediaPipe's iris landmark network through OpenCV.

Openness is the mean distance of the lids divided by the eye's width: 0.20 to 0.32 open, 0.03 to 0.10 closed, through
glasses too (domain/face-stack.md section 3). People differ: only the change in one person says anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.face.faces import Face, Picture

IRIS: Final = "models/iris_landmark.tflite"

_SIDE = 64  # pixels the network wants
_REACH = 0.85  # of the eye distance: side of the square round one eye (section 3)
_CONTOURS = (
    "output_eyes_contours_and_brows"  # per eye 71 points of x, y, z; 0 to 8 the lower lid, 9 to 15 the upper one
)
_POINTS = 71


@dataclass(frozen=True)
class Openness:
    """Lid distance / eye width of the person's right and left eye."""

    right: float
    left: float

    @property
    def wider(self) -> float:
        """The more open eye: both are shut only when this one is."""
        return max(self.right, self.left)

    @property
    def mean(self) -> float:
        """Both eyes together."""
        return (self.right + self.left) / 2


class Eyes:
    """The network, loaded once. Used by one thread at a time; every call costs the same, whatever the picture's size."""

    def __init__(self, model: Path) -> None:
        self._net = cv2.dnn.readNetFromTFLite(str(model))

    @classmethod
    def load(cls) -> Eyes:
        """The network as fetched; raises `kiosk.errors.MissingError` where it has not been."""
        return cls(share.fetched(IRIS))

    def warm(self) -> None:
        """Do everything once, so that the first patient does not wait for the network to be laid out."""
        self._contours([np.zeros((_SIDE, _SIDE, 3), np.uint8)] * 2)

    def openness(self, picture: Picture, face: Face) -> Openness:
        """How far the eyes of `face` are open in `picture`, (height, width, 3) uint8 BGR. Raises nothing for odd points."""
        right, left = self._contours(_crops(picture, face))
        return Openness(_open(right), _open(left))

    def _contours(self, crops: list[Picture]) -> NDArray[np.float32]:
        self._net.setInput(cv2.dnn.blobFromImages(crops, 1 / 255.0, swapRB=True))
        # Both eyes go through at once; the network lays their points one after the other.
        return self._net.forward(_CONTOURS).reshape(len(crops), _POINTS, 3)[..., :2].astype(np.float32)


def _crops(picture: Picture, face: Face) -> list[Picture]:
    """Right and left eye upright, 64 x 64, the left one mirrored: the network knows one kind of eye."""
    right, left = face.points[0].astype(np.float64), face.points[1].astype(np.float64)
    line = left - right
    distance = max(float(np.linalg.norm(line)), 1.0)
    slope = float(np.degrees(np.arctan2(line[1], line[0])))
    crops = []
    for x, y in (right, left):
        place = cv2.getRotationMatrix2D((float(x), float(y)), slope, _SIDE / (distance * _REACH))
        place[0, 2] += _SIDE / 2 - x
        place[1, 2] += _SIDE / 2 - y
        crops.append(cv2.warpAffine(picture, place, (_SIDE, _SIDE)).astype(np.uint8, copy=False))
    crops[1] = np.ascontiguousarray(crops[1][:, ::-1])
    return crops


def _open(points: NDArray[np.float32]) -> float:
    lids = float(np.linalg.norm(points[9:16] - points[1:8], axis=1).mean())
    width = float(np.linalg.norm(points[0] - points[8]))
    return lids / width if width > 0 else 0.0
