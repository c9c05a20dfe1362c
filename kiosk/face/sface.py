"""The default engine: YuNet finds faces, SFace describes them by 128 numbers whose cosine is compared.

Chosen by measurement (domain/face-stack.md sections 0 and 5).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from kiosk import share
from kiosk.face import verdict
from kiosk.face.detector import SIDE, Detector
from kiosk.face.faces import UPRIGHT, Face, Picture, Template, upright
from kiosk.face.verdict import Scale

MODEL: Final = "models/face_recognition_sface_2021dec_int8bq.onnx"


class SFaceMatcher:
    """`kiosk.face.matcher.Matcher` over OpenCV's own classes. Used by one thread at a time."""

    def __init__(self, detector: Detector, model: Path) -> None:
        self._detector = detector
        self._net = cv2.FaceRecognizerSF.create(str(model), "")

    @classmethod
    def load(cls) -> SFaceMatcher:
        """The engine with the fetched models; raises `kiosk.errors.MissingError` where they have not been fetched."""
        return cls(Detector.load(), share.fetched(MODEL))

    @property
    def scale(self) -> Scale:  # noqa: D102
        return verdict.SFACE

    def warm(self) -> None:  # noqa: D102
        self.faces(np.zeros((480, 640, 3), np.uint8))
        self._net.feature(np.zeros((UPRIGHT, UPRIGHT, 3), np.uint8))

    def faces(self, picture: Picture, side: int = SIDE) -> list[Face]:  # noqa: D102
        return self._detector.faces(picture, side)

    def template(self, picture: Picture, face: Face) -> Template:  # noqa: D102
        return Template(self._net.feature(upright(picture, face)).astype(np.float32), self.scale.measure)
