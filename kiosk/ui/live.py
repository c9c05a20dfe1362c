"""The two pictures of the preview: the live camera in an oval or a frame with its ring; the chip's photo, upright."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pygame
from numpy.typing import NDArray

from kiosk.ui import shapes
from kiosk.ui.geometry import Rect
from kiosk.ui.theme import Theme, rgb
from kiosk.ui.widgets import Live, LiveSource, View

Frame = NDArray[np.uint8]
"""Height x width x 3, blue green red (as OpenCV has it), C-contiguous."""
PictureSource = Callable[[LiveSource], tuple[int, Frame] | None]
"""The newest picture and its running number, or nothing yet."""

FACE_OVAL = 0.78
"""Width to height of the oval: a head with some room (design/visual.md: a rounded oval mask)."""
CAMERA_FRAME = 4 / 3
"""Width to height of the frame: the whole picture of an ordinary camera, so that nothing is out of sight for aiming."""
FRAME_RADIUS_MM = 6
RING_STEPS = 48

_oval_mask = lru_cache(maxsize=4)(shapes.oval_mask)
_rounded_mask = lru_cache(maxsize=4)(shapes.rounded_mask)
_ring = lru_cache(maxsize=16)(shapes.ring)


def oval(rect: Rect) -> Rect:
    """The largest upright oval of a face in the middle of `rect`."""
    return _middle(rect, FACE_OVAL)


def window(rect: Rect) -> Rect:
    """The largest frame of a whole camera picture in the middle of `rect`."""
    return _middle(rect, CAMERA_FRAME)


def paint(on: pygame.Surface, live: Live, frame: Frame | None, theme: Theme, mm: int) -> None:
    """Draw the picture (or an empty place while there is none yet); `mm`: pixels of a design millimetre."""
    if live.source is LiveSource.PHOTO:
        _paint_photo(on, live.rect, frame, theme, mm)
        return
    face = live.view is View.FACE
    around = oval(live.rect) if face else window(live.rect)
    thick = max(4, round(1.6 * mm))
    apart = thick + max(2, mm // 2)
    inner = around.inset(apart)
    size = inner.w, inner.h
    radius = FRAME_RADIUS_MM * mm
    if frame is None:
        empty = pygame.Surface(size, pygame.SRCALPHA)
        empty.fill(rgb(theme.track))
        picture = empty
    else:
        picture = _filled(frame, size, mirrored=live.view is not View.LAID)
    mask = _oval_mask(size) if face else _rounded_mask(size, radius - apart)
    picture.blit(mask, (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
    on.blit(picture, (inner.x, inner.y))
    turn = 0.0 if live.progress is None else round(max(0.0, min(1.0, live.progress)) * RING_STEPS) / RING_STEPS
    done, colours = (0.0, turn), (rgb(theme.primary), rgb(theme.track))
    ring = _ring((around.w, around.h), thick, done, *colours, radius=None if face else radius)
    on.blit(ring, (around.x, around.y))


def _middle(rect: Rect, aspect: float) -> Rect:
    height = min(rect.h, round(rect.w / aspect))
    width = min(rect.w, round(height * aspect))
    return Rect(rect.x + (rect.w - width) // 2, rect.y + (rect.h - height) // 2, width, height)


def _paint_photo(on: pygame.Surface, rect: Rect, frame: Frame | None, theme: Theme, mm: int) -> None:
    radius = 3 * mm
    if frame is None:
        shapes.rounded(on, rect, radius, rgb(theme.track))
        return
    height, width = frame.shape[:2]
    scale = min(rect.w / width, rect.h / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = _filled(frame, size, mirrored=False)
    picture.blit(_rounded_mask(size, radius), (0, 0), special_flags=pygame.BLEND_RGBA_MULT)
    on.blit(picture, (rect.x + (rect.w - size[0]) // 2, rect.y + (rect.h - size[1]) // 2))


def _filled(frame: Frame, size: tuple[int, int], *, mirrored: bool) -> pygame.Surface:
    height, width = frame.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    cut_w, cut_h = min(width, round(size[0] / scale)), min(height, round(size[1] / scale))
    whole = pygame.image.frombuffer(np.ascontiguousarray(frame).data.cast("B"), (width, height), "BGR")
    cut = whole.subsurface(((width - cut_w) // 2, (height - cut_h) // 2, cut_w, cut_h))
    scaled = pygame.transform.smoothscale(cut, size)
    picture = pygame.Surface(size, pygame.SRCALPHA)
    picture.blit(pygame.transform.flip(scaled, mirrored, False), (0, 0))
    return picture
