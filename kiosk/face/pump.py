"""Frames on their way into the preview block, in a thread of their own, so that the picture stays fluent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Self

import cv2
import numpy as np

from kiosk.face.camera import Camera
from kiosk.face.camera_faults import CameraFaultError, Fault
from kiosk.face.errors import CameraError
from kiosk.face.matcher import Picture
from kiosk.face.preview import PreviewWriter

COARSE: Final = 64
"""Pixels of the longer side of a coarse picture: a card that fills the frame has names of two pixels on it."""

_WAIT = 0.1  # seconds one wait for a frame takes at most


def as_it_is(picture: Picture) -> Picture:
    """The frame itself: a face is shown as the camera sees it."""
    return picture


def coarse(picture: Picture) -> Picture:
    """The frame in so few pixels that a card in it can be aimed but nothing on it can be read."""
    height, width = picture.shape[:2]
    scale = COARSE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


class Pump:
    """Copies every frame into the preview block, changed by `shown_as`, for the length of a `with`."""

    def __init__(
        self, camera: Camera, preview: PreviewWriter, shown_as: Callable[[Picture], Picture] = as_it_is
    ) -> None:
        self._camera = camera
        self._preview = preview
        self._shown_as = shown_as
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self.shown = threading.Event()
        self.counter = 0
        """The last frame that was copied."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                frame = self._camera.newest(after=self.counter, seconds=_WAIT)
            except CameraFaultError as error:
                if error.fault is not Fault.BLACK:
                    return  # the attempt asks the same camera and tells
                self._over.wait(_WAIT)  # the lens may be uncovered again
                continue
            except CameraError:
                return  # closed
            if frame is not None:
                self._preview.live(self._shown_as(frame.picture), frame.mono)
                self.counter = frame.counter
                self.shown.set()
