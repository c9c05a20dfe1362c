"""Whether a face shows a fine regular pattern, as a screen does whose own pixels beat with the camera's (moire).

Skin, hair and noise spread over all frequencies; a grid stands out of its ring of equal frequency as a sharp peak. JPEG's
blocks of 8 are a grid too, and left out: real cameras send them.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.faces import Face, Picture

PATCH: Final = 128
"""Pixels a side of what is looked at, in the middle of the face, at the frame's own size."""

_LOWEST = 13  # periods in the patch: slower ones are features of a face
_HIGHEST = 61
_BLOCKS = PATCH // 8  # JPEG's blocks: multiples of this many periods along one axis
_FLAT = 0.05  # added to a ring's spread, so that a perfectly smooth one does not make everything stand out


def _rings() -> tuple[NDArray[np.float32], list[NDArray[np.intp]], NDArray[np.bool_]]:
    """The window laid over a patch; for each frequency the places of its ring in the flat half spectrum; the blocks'."""
    fade = np.hanning(PATCH)
    down, along = np.meshgrid(np.fft.fftfreq(PATCH, 1 / PATCH), np.fft.rfftfreq(PATCH, 1 / PATCH), indexing="ij")
    ring = np.hypot(down, along).astype(int).ravel()
    places = [np.flatnonzero(ring == number) for number in range(_LOWEST, _HIGHEST + 1)]
    off = [np.abs(((axis + _BLOCKS // 2) % _BLOCKS) - _BLOCKS // 2) <= 1 for axis in (down, along)]
    blocks = (off[0] & (np.abs(along) <= 2)) | (off[1] & (np.abs(down) <= 2))
    return np.outer(fade, fade).astype(np.float32), places, blocks.ravel()


_WINDOW, _PLACES, _JPEG = _rings()


def regular(picture: Picture, face: Face) -> float:
    """How far the sharpest peak in the spectrum of the face's middle stands out, in spreads (median absolute deviations).

    Real faces: 3 to 5.5, compressed hard 6.2 at most; 0 where the picture is smaller than a patch.
    """
    height, width = picture.shape[:2]
    if min(height, width) < PATCH:
        return 0.0
    x = int(np.clip(face.x + face.width / 2 - PATCH / 2, 0, width - PATCH))
    y = int(np.clip(face.y + face.height / 2 - PATCH / 2, 0, height - PATCH))
    grey = cv2.cvtColor(picture[y : y + PATCH, x : x + PATCH], cv2.COLOR_BGR2GRAY).astype(np.float32)
    spectrum = np.log(np.abs(np.fft.rfft2((grey - grey.mean()) * _WINDOW)) + 1.0).ravel()
    sharpest = 0.0
    for places in _PLACES:
        ring = spectrum[places]
        middle = np.median(ring)
        spread = np.median(np.abs(ring - middle)) + _FLAT
        peak = ring[~_JPEG[places]].max()
        sharpest = max(sharpest, float((peak - middle) / spread))
    return sharpest
