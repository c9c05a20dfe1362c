"""Pictures for screens that are drawn without a kiosk: a simulated person before the camera, and the photo of the chip."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import cv2
import numpy as np

from kiosk.errors import MissingError
from kiosk.simulation.people import Picture, Sitter, frames, photo_jp2
from kiosk.ui.live import Frame
from kiosk.ui.widgets import LiveSource


def picture_source() -> Callable[[LiveSource], tuple[int, Frame] | None]:
    """What a screen's live places show; nothing where the portraits have not been fetched."""
    shown: dict[LiveSource, Picture] = {}
    try:
        shown[LiveSource.CAMERA] = next(islice(frames(Sitter.ASTRONAUT), 3, None))
        grey = cv2.imdecode(np.frombuffer(photo_jp2(Sitter.ASTRONAUT), np.uint8), cv2.IMREAD_COLOR)
        shown[LiveSource.PHOTO] = np.ascontiguousarray(grey, np.uint8)
    except MissingError:
        shown.clear()
    return lambda source: (1, shown[source]) if source in shown else None
