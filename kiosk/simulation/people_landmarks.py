"""Where eyes, nose and mouth are in a portrait, by the two models at hand: YuNet's five points, iris_landmark's lids.

Written apart from `kiosk.face`, which measures the simulated people: two sides written twice catch each other's mistakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError
from kiosk.simulation.people_portraits import Picture

Points = NDArray[np.float32]
"""(n, 2) float32: x and y in the portrait's pixels."""

_DETECTOR: Final = "models/face_detection_yunet_2023mar_int8bq.onnx"
_LIDS: Final = "models/iris_landmark.tflite"

_SIDE = 320  # the detector is trained for faces of 10 to 300 pixels (domain/face-stack.md section 8, item 5)
_BORDER = 0.2  # of the longer side: a portrait can be cut so close that the detector misses the face
_CROP = 64  # pixels the lid model looks at, 0.85 eye distances wide (section 3)
_CROP_WIDTH = 0.85
_LOOKS = 4  # each look is centred on the iris the last one found: behind glasses the first one can be a lid too low
_STRAY = 0.25  # eye distances from where the detector saw the eye


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye's opening: (9, 2) points along each lid, from its outer to its inner corner (the corners are in both)."""

    upper: Points
    lower: Points


@dataclass(frozen=True, eq=False)
class Landmarks:
    """Right and left are the person's own. `points` is (5, 2): right eye, left eye, nose, right and left mouth corner.

    The two eye points are the irises' middles.
    """

    points: Points
    right: Eye
    left: Eye

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes."""
        return float(np.linalg.norm(self.points[1] - self.points[0]))

    def moved(self, place: NDArray[np.float64]) -> Landmarks:
        """The same landmarks after the affine `place`, (2, 3)."""

        def to(points: Points) -> Points:
            return (points @ place[:, :2].T + place[:, 2]).astype(np.float32)

        eyes = (Eye(to(eye.upper), to(eye.lower)) for eye in (self.right, self.left))
        return Landmarks(to(self.points), *eyes)


def landmarks(picture: Picture, name: str) -> Landmarks:
    """The landmarks of the largest face in `picture`; `name` is what the picture is called in errors.

    Raises `kiosk.errors.MissingError` where the models have not been fetched or there is no face.
    """
    border = round(_BORDER * max(picture.shape[:2]))
    framed = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)
    scale = min(1.0, _SIDE / max(framed.shape[:2]))
    small = cv2.resize(framed, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    size = (small.shape[1], small.shape[0])
    found = cv2.FaceDetectorYN.create(str(share.fetched(_DETECTOR)), "", size, 0.6).detect(small)[1]
    # OpenCV answers None, which its types do not say, where there is no face.
    if not isinstance(found, np.ndarray):
        raise MissingError(f"{name}: there is no face in this portrait")
    largest = max(found, key=lambda row: float(row[2] * row[3]))
    points = (largest[4:14].reshape(5, 2) / scale - border).astype(np.float32)
    net = cv2.dnn.readNetFromTFLite(str(share.fetched(_LIDS)))
    line = points[1] - points[0]
    distance, roll = float(np.linalg.norm(line)), float(np.degrees(np.arctan2(line[1], line[0])))
    middles, eyes = zip(
        *(_eye(net, picture, points[side], distance, roll, mirrored=side == 1) for side in (0, 1)), strict=True
    )
    return Landmarks(np.vstack([*middles, points[2:]]).astype(np.float32), *eyes)


def _eye(
    net: cv2.dnn.Net, picture: Picture, middle: Points, distance: float, roll: float, *, mirrored: bool
) -> tuple[Points, Eye]:
    """The iris' middle and the lids of the eye near `middle`. The model knows right eyes; a left one is mirrored for it."""
    iris, lids = middle, np.zeros((16, 2), np.float32)
    for _ in range(_LOOKS):
        place = cv2.getRotationMatrix2D((float(iris[0]), float(iris[1])), roll, _CROP / (_CROP_WIDTH * distance))
        place[:, 2] += (_CROP / 2 - iris).astype(np.float64)
        crop = cv2.warpAffine(picture, place, (_CROP, _CROP), borderMode=cv2.BORDER_REPLICATE)
        if mirrored:
            crop = np.ascontiguousarray(crop[:, ::-1])
        net.setInput(cv2.dnn.blobFromImage(crop, 1 / 255.0, swapRB=True))
        contour, ring = net.forward(["output_eyes_contours_and_brows", "output_iris"])
        seen = np.vstack([contour.reshape(-1, 3)[:16, :2], ring.reshape(-1, 3)[:1, :2]])
        if mirrored:
            seen[:, 0] = _CROP - 1 - seen[:, 0]
        back = cv2.invertAffineTransform(place)
        there = (seen @ back[:, :2].T + back[:, 2]).astype(np.float32)
        away = there[16] - middle
        lids, iris = there[:16], middle + away * min(1.0, _STRAY * distance / max(1.0, float(np.hypot(*away))))
    # Points 0 to 8 run along the lower lid, 9 to 15 along the upper one (section 3).
    return iris, Eye(upper=np.vstack([lids[:1], lids[9:16], lids[8:9]]), lower=lids[:9])
