"""Maps of a whole picture, worked out for a few of its pixels and drawn out between them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""One number for every place of a grid, or for every pixel of a picture."""


def pixels(size: tuple[int, int], step: int) -> tuple[Field, Field]:
    """Where every `step`th pixel of a picture of `size` (width, height) is, x and y, with one more all round."""
    along = [np.arange(-1, length // step + 2, dtype=np.float32) * step + (step - 1) / 2 for length in size]
    x, y = np.meshgrid(*along)
    return x.astype(np.float32), y.astype(np.float32)


def drawn_out(field: Field, size: tuple[int, int], step: int) -> Field:
    """A field over `pixels(size, step)` for every pixel of the picture: (height, width)."""
    whole = (field.shape[1] * step, field.shape[0] * step)
    wide = cv2.resize(field, whole, interpolation=cv2.INTER_LINEAR)
    return wide[step : step + size[1], step : step + size[0]].astype(np.float32, copy=False)
