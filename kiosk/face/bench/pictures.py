"""Pictures of any kind for the bench: JPEG, PNG, JPEG 2000, BMP and what else OpenCV opens; grey or colour, any size."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from kiosk.face.errors import FaceError
from kiosk.face.faces import Picture

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_SIDE: Final = 1600
"""Larger pictures are shrunk: a face a tenth as wide is still larger than any engine looks at."""

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".jp2", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm"})
"""What counts as a picture in a folder; a file named in a list is opened whatever it is called."""


class PictureError(FaceError):
    """A file that is no picture; costs one line, never the run."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "bad_picture")


def read(path: Path) -> Picture:
    """The picture, (height, width, 3) uint8 BGR, its longer side `MAX_SIDE` at most. Raises `PictureError`."""
    if not path.is_file():
        raise PictureError("there is no such file")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise PictureError(f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
        raw = path.read_bytes()
    except OSError as error:
        raise PictureError(f"cannot be read ({error.strerror})") from error
    if not raw:
        raise PictureError("is empty")
    try:
        picture = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError) as error:
        raise PictureError("is not a picture that can be opened") from error
    # OpenCV answers None, which its types do not say, for what its decoders refuse.
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.dtype != np.uint8:
        raise PictureError("is not a picture that can be opened")
    height, width = picture.shape[:2]
    scale = MAX_SIDE / max(height, width)
    if scale < 1:
        size_now = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size_now, interpolation=cv2.INTER_AREA)
    return picture.astype(np.uint8, copy=False)
