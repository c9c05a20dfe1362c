"""The second engine: the package `face_recognition` (dlib's ResNet), fed with the faces YuNet finds.

Not the default: on East Asian faces its own tolerance of 0.6 lets 66 % of impostors in, and at the distance that stops
them it refuses several times more genuine persons than SFace (domain/face-stack.md section 5). It is installed by
`./deploy/extras face-recognition` only, and this is the only file that imports it.

YuNet finds the face instead of the package's own detector: that one takes four times as long as all the rest, finds
fewer faces, and gives no points, while liveness and quality must look at the very face that is compared.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.errors import MissingError
from kiosk.face import verdict
from kiosk.face.detector import SIDE, Detector
from kiosk.face.faces import Face, Picture, Template
from kiosk.face.verdict import Scale

INSTALL: Final = "./deploy/extras face-recognition"

_BOX = 0.95  # of a YuNet box's longer side: the square dlib's own detector would have given (section 8, item 7)
_LOWER = 0.03  # of that square: its centre lies lower


class FaceRecognitionMatcher:
    """`kiosk.face.matcher.Matcher` over the package. Used by one thread at a time; a template holds Python's lock for its 0.1 s."""

    def __init__(self, detector: Detector, package: Package) -> None:
        self._detector = detector
        self._package = package

    @classmethod
    def load(cls) -> FaceRecognitionMatcher:
        """The engine, loaded within two seconds; raises `kiosk.errors.MissingError` where it is not installed whole."""
        return cls(Detector.load(), package())

    @property
    def scale(self) -> Scale:  # noqa: D102
        return verdict.FACE_RECOGNITION

    def warm(self) -> None:  # noqa: D102
        blank = np.zeros((480, 640, 3), np.uint8)
        self.faces(blank)
        self._package.face_encodings(blank, [(120, 440, 360, 200)], model="small")

    def faces(self, picture: Picture, side: int = SIDE) -> list[Face]:  # noqa: D102
        return self._detector.faces(picture, side)

    def template(self, picture: Picture, face: Face) -> Template:  # noqa: D102
        square = _BOX * max(face.width, face.height)
        left = round(face.x + face.width / 2 - square / 2)
        top = round(face.y + face.height / 2 + _LOWER * square - square / 2)
        place = (top, left + round(square), top + round(square), left)
        rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
        # "small" are the five points; the 68 of "large" come with a licence against commercial use (section 2).
        (numbers,) = self._package.face_encodings(rgb, [place], model="small")
        return Template(numbers, self.scale.measure)


class Package(Protocol):
    """`face_recognition`, which brings no types. The engine uses its encodings; the rest is for comparing with it."""

    def face_encodings(
        self,
        face_image: Picture,
        known_face_locations: Sequence[tuple[int, int, int, int]] | None = None,
        num_jitters: int = 1,
        model: str = "small",
    ) -> Sequence[NDArray[np.float64]]:
        """128 numbers for each location (top, right, bottom, left) of an RGB picture; locations are found if not given."""
        ...

    def face_locations(
        self, img: Picture, number_of_times_to_upsample: int = 1, model: str = "hog"
    ) -> Sequence[tuple[int, int, int, int]]:
        """The faces the package's own detector finds."""
        ...

    def compare_faces(
        self,
        known_face_encodings: Sequence[NDArray[np.float64]],
        face_encoding_to_check: NDArray[np.float64],
        tolerance: float = 0.6,
    ) -> Sequence[bool]:
        """Whether each distance is the tolerance or less."""
        ...


class _Models(Protocol):
    def face_recognition_model_location(self) -> str: ...

    def pose_predictor_five_point_model_location(self) -> str: ...


def package() -> Package:
    """The package, imported. Raises `kiosk.errors.MissingError` with one sentence where it, dlib or a model is missing."""
    try:
        # `face_recognition` answers an error here by printing an advice that does not work, closing stdin and quitting
        # with status 0: a service would look as if it had done its work (section 1). So the models are asked first.
        models = cast(_Models, importlib.import_module("face_recognition_models"))
        needed = (models.face_recognition_model_location(), models.pose_predictor_five_point_model_location())
        if lacking := [Path(name).name for name in needed if not Path(name).is_file()]:
            raise _missing(f"its model {lacking[0]} is not there")
        with contextlib.redirect_stdout(io.StringIO()):
            return cast(Package, importlib.import_module("face_recognition"))
    except ImportError as error:
        raise _missing(f"Python cannot import {error.name or 'its models'}") from error
    except (SystemExit, AttributeError, RuntimeError, OSError) as error:  # RuntimeError: a model dlib cannot read
        raise _missing("it does not start, its models may be broken") from error


def state() -> str:
    """One sentence on the engine, for `kiosk check`; raises `kiosk.errors.MissingError`."""
    package()
    names = ("face-recognition", "dlib-bin", "dlib")
    versions = [f"{name} {found}" for name in names if (found := _version(name)) is not None]
    return f"face engine face_recognition can be loaded: {', '.join(versions)}"


def _missing(what: str) -> MissingError:
    return MissingError(f"face engine face_recognition: {what}; run {INSTALL}, or set engine: sface")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
