"""The numbers of domain/face-stack.md taken from a picture by the real networks, apart from the code of `kiosk.face`."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.simulation.people import HEIGHT, WIDTH, Picture, Sitter, photo_jp2


@dataclass(frozen=True, eq=False)
class Found:
    row: NDArray[np.float32]

    @property
    def width(self) -> float:
        """Share of the frame's width."""
        return float(self.row[2]) / WIDTH

    @property
    def eye_distance(self) -> float:
        return float(np.linalg.norm(self.row[6:8] - self.row[4:6]))

    @property
    def yaw(self) -> float:
        """Section 3: how far the nose lies from the middle of the eyes, along their line, in eye distances."""
        right, left, nose = self.row[4:6], self.row[6:8], self.row[8:10]
        return float((nose - (right + left) / 2) @ (left - right)) / self.eye_distance**2


class Measures:
    def __init__(self) -> None:
        detector = share.fetched("models/face_detection_yunet_2023mar_int8bq.onnx")
        self._detector = cv2.FaceDetectorYN.create(str(detector), "", (320, 240), 0.7)
        recogniser = share.fetched("models/face_recognition_sface_2021dec_int8bq.onnx")
        self._recogniser = cv2.FaceRecognizerSF.create(str(recogniser), "")
        self._lids = cv2.dnn.readNetFromTFLite(str(share.fetched("models/iris_landmark.tflite")))

    def faces(self, picture: Picture) -> list[Found]:
        """Largest first."""
        scale = 320 / max(picture.shape[:2])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        self._detector.setInputSize((small.shape[1], small.shape[0]))
        rows = self._detector.detect(small)[1]
        if not isinstance(rows, np.ndarray):
            return []
        scales = np.array([scale] * 14 + [1.0])
        return sorted((Found((row / scales).astype(np.float32)) for row in rows), key=lambda face: -face.width)

    def openness(self, picture: Picture, face: Found) -> float:
        """Section 3: distance of the lids over the eye's width, of the more open eye."""
        line = face.row[6:8] - face.row[4:6]
        roll = float(np.degrees(np.arctan2(line[1], line[0])))
        opened = []
        for at, mirrored in ((face.row[4:6], False), (face.row[6:8], True)):
            turned = cv2.getRotationMatrix2D((float(at[0]), float(at[1])), roll, 64 / (0.85 * face.eye_distance))
            place = np.hstack([turned[:, :2], turned[:, 2:] + (32.0 - at)[:, None]])
            eye = cv2.warpAffine(picture, place, (64, 64))
            eye = np.ascontiguousarray(eye[:, ::-1]) if mirrored else eye
            self._lids.setInput(cv2.dnn.blobFromImage(eye, 1 / 255.0, swapRB=True))
            points = self._lids.forward("output_eyes_contours_and_brows").reshape(71, 3)[:, :2]
            lids = float(np.linalg.norm(points[9:16] - points[1:8], axis=1).mean())
            opened.append(lids / float(np.linalg.norm(points[0] - points[8])))
        return max(opened)

    def template(self, picture: Picture, face: Found) -> NDArray[np.float32]:
        numbers = self._recogniser.feature(self._recogniser.alignCrop(picture, face.row)).astype(np.float32).ravel()
        return np.asarray(numbers / np.linalg.norm(numbers), np.float32)

    def photo(self, sitter: Sitter) -> NDArray[np.float32]:
        """The template of the photo on the sitter's card."""
        photo = cv2.imdecode(np.frombuffer(photo_jp2(sitter), np.uint8), cv2.IMREAD_COLOR)
        assert photo is not None
        framed = cv2.copyMakeBorder(photo, 64, 64, 64, 64, cv2.BORDER_REPLICATE).astype(np.uint8)
        return self.template(framed, self.faces(framed)[0])


def luma(picture: Picture, left: float, top: float, right: float, bottom: float) -> float:
    """Mean brightness of a part of the frame, its edges as shares of it."""
    part = picture[int(top * HEIGHT) : int(bottom * HEIGHT), int(left * WIDTH) : int(right * WIDTH)]
    return float(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_BGR2GRAY).mean())
