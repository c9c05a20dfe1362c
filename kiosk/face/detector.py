"""Where faces are: YuNet, for every engine, so that all look at the same face by the same five points."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from kiosk import share
from kiosk.face.faces import Face, Picture

MODEL: Final = "models/face_detection_yunet_2023mar_int8bq.onnx"

SIDE: Final = 320
"""Pixels of the longer side faces are looked for in: YuNet is trained for faces of 10 to 300 (face-stack.md section 8, item 5)."""

_FOUND = 0.7  # the detector's own score (section 6)
_OVERLAP = 0.3  # of boxes that mean the same face (YuNet's sample value)
_MOST_FACES = 50


class Detector:
    """Finds faces. Used by one thread at a time."""

    def __init__(self, model: Path) -> None:
        self._net = cv2.FaceDetectorYN.create(str(model), "", (SIDE, SIDE), _FOUND, _OVERLAP, _MOST_FACES)

    @classmethod
    def load(cls) -> Detector:
        """The detector with the fetched model; raises `kiosk.errors.MissingError` where it has not been fetched."""
        return cls(share.fetched(MODEL))

    def faces(self, picture: Picture, side: int = SIDE) -> list[Face]:
        """All faces, largest first; looked for in a copy whose longer side is `side` pixels at most."""
        scale = min(1.0, side / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
        self._net.setInputSize((small.shape[1], small.shape[0]))
        found = self._net.detect(small)[1]
        # OpenCV answers None, which its types do not say, where there is no face.
        if not isinstance(found, np.ndarray):
            return []
        rows = found[np.isfinite(found).all(axis=1)].astype(np.float32)
        rows[:, :14] /= scale
        faces = [
            Face(float(row[0]), float(row[1]), float(row[2]), float(row[3]), row[4:14].reshape(5, 2)) for row in rows
        ]
        return sorted(
            (face for face in faces if face.width > 0 and face.height > 0), key=lambda face: -face.width * face.height
        )
