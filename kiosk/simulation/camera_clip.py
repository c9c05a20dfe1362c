"""A video file before the simulated camera."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from kiosk.errors import MissingError
from kiosk.simulation.people import FPS, HEIGHT, WIDTH, Picture


def clip_frames(path: Path) -> Iterator[Picture]:
    """The frames of a video file, over and over, cut and scaled to 640 x 480, played at 15 a second.

    Raises `MissingError` where it is no video OpenCV can read.
    """
    while True:
        capture = cv2.VideoCapture(str(path))
        step = max(1.0, capture.get(cv2.CAP_PROP_FPS) / FPS)
        read, given = 0, 0
        try:
            while True:
                there, picture = capture.read()
                if not there:
                    break
                read += 1
                if read > given * step:
                    given += 1
                    yield filled(picture.astype(np.uint8, copy=False))
        finally:
            capture.release()
        if given == 0:
            raise MissingError(f"--clip {path}: is not there, or no video that can be read")


def filled(picture: Picture) -> Picture:
    """`picture` scaled until it covers 640 x 480, its middle cut out."""
    height, width = picture.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return scaled[top : top + HEIGHT, left : left + WIDTH].astype(np.uint8, copy=False)
