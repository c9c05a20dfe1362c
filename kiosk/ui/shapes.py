"""Smooth shapes: pygame draws hard edges, so coverage is computed from distances (numpy) and kept as small tiles."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pygame
from numpy.typing import NDArray

from kiosk.ui.geometry import Rect
from kiosk.ui.theme import Colour

Coverage = NDArray[np.float64]
"""How much of each pixel is inside, 0 to 1; indexed [x, y] as pygame's arrays are."""


def rounded(
    on: pygame.Surface, rect: Rect, radius: int, fill: Colour, *, edge: Colour | None = None, px: int = 0
) -> None:
    """A filled rectangle with round corners and, if `edge` is given, an edge of `px` pixels inside its outline."""
    radius = max(1, min(radius, rect.w // 2, rect.h // 2))
    disc = _disc(radius, fill, edge or fill, px if edge else 0)
    for column, x in ((0, rect.x), (radius, rect.right - radius)):
        for row, y in ((0, rect.y), (radius, rect.bottom - radius)):
            on.blit(disc, (x, y), (column, row, radius, radius))
    across = pygame.Rect(rect.x + radius, rect.y, rect.w - 2 * radius, rect.h)
    down = pygame.Rect(rect.x, rect.y + radius, rect.w, rect.h - 2 * radius)
    for band in (across, down):
        on.fill(fill, band)
    if edge and px:
        on.fill(edge, (across.x, rect.y, across.w, px))
        on.fill(edge, (across.x, rect.bottom - px, across.w, px))
        on.fill(edge, (rect.x, down.y, px, down.h))
        on.fill(edge, (rect.right - px, down.y, px, down.h))


def circle(
    on: pygame.Surface, centre: tuple[int, int], radius: int, fill: Colour, *, edge: Colour | None = None, px: int = 0
) -> None:
    """A filled circle and, if `edge` is given, an edge of `px` pixels inside its outline."""
    on.blit(_disc(max(1, radius), fill, edge or fill, px if edge else 0), (centre[0] - radius, centre[1] - radius))


def shadow(on: pygame.Surface, rect: Rect, radius: int, *, spread: int, colour: Colour, strength: float) -> None:
    """A soft shadow of a rounded rectangle that fades out over `spread` pixels around it; `strength` 0 to 1."""
    reach = radius + spread
    blur = _blur(radius, spread, colour, round(strength * 255))
    outer = Rect(rect.x - spread, rect.y - spread, rect.w + 2 * spread, rect.h + 2 * spread)
    right, bottom = outer.right - reach, outer.bottom - reach
    for column, x in ((0, outer.x), (reach, right)):
        for row, y in ((0, outer.y), (reach, bottom)):
            on.blit(blur, (x, y), (column, row, reach, reach))
    wide, high = outer.w - 2 * reach, outer.h - 2 * reach
    if wide > 0:
        for row, y in ((0, outer.y), (reach, bottom)):
            strip = blur.subsurface((reach - 1, row, 1, reach))
            on.blit(pygame.transform.scale(strip, (wide, reach)), (outer.x + reach, y))
    if high > 0:
        for column, x in ((0, outer.x), (reach, right)):
            strip = blur.subsurface((column, reach - 1, reach, 1))
            on.blit(pygame.transform.scale(strip, (reach, high)), (x, outer.y + reach))


def ring(
    size: tuple[int, int],
    px: float,
    done: tuple[float, float],
    colour: Colour,
    track: Colour,
    *,
    radius: int | None = None,
) -> pygame.Surface:
    """A ring of `px` pixels that just fits `size`: elliptic, or with `radius` a rounded rectangle.

    The arc `done` (from, to; turns clockwise from the top) is in `colour`, the rest in `track`.
    """
    band, turn = _band(size, px, radius)
    start, length = done[0] % 1.0, min(1.0, done[1] - done[0])
    soft = 1.0 / max(1.0, np.pi * min(size))
    inside = np.clip(0.5 + (length / 2 - np.abs((turn - start - length / 2 + 0.5) % 1.0 - 0.5)) / soft, 0, 1)
    share = np.ones_like(band) if length >= 1.0 else inside if length > 0 else np.zeros_like(band)
    surface = pygame.Surface(size, pygame.SRCALPHA)
    mixed = share[..., None] * np.array(colour) + (1 - share[..., None]) * np.array(track)
    pygame.surfarray.pixels3d(surface)[:] = mixed.round().astype(np.uint8)
    pygame.surfarray.pixels_alpha(surface)[:] = (band * 255).round().astype(np.uint8)
    return surface


@lru_cache(maxsize=8)
def check(size: int, colour: Colour) -> pygame.Surface:
    """A check mark that fills a square of `size` pixels about half."""
    x, y = np.ogrid[:size, :size]
    corners = [(size * across, size * down) for across, down in ((0.27, 0.51), (0.43, 0.67), (0.74, 0.34))]
    near = np.minimum(*(_from_segment(x, y, *ends) for ends in pairwise(corners)))
    return _tinted(np.clip(0.5 + size * 0.065 - near, 0, 1), colour)


def oval_mask(size: tuple[int, int]) -> pygame.Surface:
    """White where an ellipse that fits `size` is, clear outside: multiply a picture by it."""
    return _mask(_inside_ellipse(size, 0.0))


def rounded_mask(size: tuple[int, int], radius: int) -> pygame.Surface:
    """White inside a rounded rectangle of `size`, clear outside."""
    return _mask(_inside_rounded(size, radius, 0.0))


@lru_cache(maxsize=64)
def _disc(radius: int, fill: Colour, edge: Colour, px: int) -> pygame.Surface:
    distance = _from_centre(2 * radius) - radius
    outer = np.clip(0.5 - distance, 0, 1)
    inner = np.clip(0.5 - (distance + px), 0, 1) if px else outer
    share = np.divide(inner, outer, out=np.zeros_like(inner), where=outer > 0)[..., None]
    surface = pygame.Surface((2 * radius, 2 * radius), pygame.SRCALPHA)
    mixed = share * np.array(fill) + (1 - share) * np.array(edge)
    pygame.surfarray.pixels3d(surface)[:] = mixed.round().astype(np.uint8)
    pygame.surfarray.pixels_alpha(surface)[:] = (outer * 255).round().astype(np.uint8)
    return surface


@lru_cache(maxsize=16)
def _blur(radius: int, spread: int, colour: Colour, strength: int) -> pygame.Surface:
    size = 2 * (radius + spread)
    near = np.clip((radius + spread - _from_centre(size)) / (2 * spread), 0, 1)
    return _tinted(near * near * (3 - 2 * near) * strength / 255, colour)


@lru_cache(maxsize=8)
def _band(size: tuple[int, int], px: float, radius: int | None) -> tuple[Coverage, Coverage]:
    x, y = np.ogrid[: size[0], : size[1]]
    across, down = (x - (size[0] - 1) / 2) / (size[0] / 2), (y - (size[1] - 1) / 2) / (size[1] / 2)
    if radius is None:
        band = _inside_ellipse(size, 0.0) - _inside_ellipse(size, px)
    else:
        band = _inside_rounded(size, radius, 0.0) - _inside_rounded(size, radius, px)
    return np.clip(band, 0, 1), (np.arctan2(across, -down) / (2 * np.pi)) % 1.0


def _inside_rounded(size: tuple[int, int], radius: int, inset: float) -> Coverage:
    x, y = np.ogrid[: size[0], : size[1]]
    from_x = np.abs(x - (size[0] - 1) / 2) - (size[0] / 2 - radius)
    from_y = np.abs(y - (size[1] - 1) / 2) - (size[1] / 2 - radius)
    distance = np.hypot(np.maximum(from_x, 0), np.maximum(from_y, 0)) + np.minimum(0, np.maximum(from_x, from_y))
    inside: Coverage = np.clip(0.5 - (distance + inset - radius), 0, 1)
    return inside


def _inside_ellipse(size: tuple[int, int], inset: float) -> Coverage:
    # The distance to an ellipse has no closed form; f / |grad f| is exact to first order, all that an edge pixel needs.
    half_x, half_y = size[0] / 2 - inset, size[1] / 2 - inset
    x, y = np.ogrid[: size[0], : size[1]]
    across, down = x - (size[0] - 1) / 2, y - (size[1] - 1) / 2
    form = np.hypot(across / half_x, down / half_y)
    slope = np.hypot(across / half_x**2, down / half_y**2) / np.maximum(form, 1e-9)
    inside: Coverage = np.clip(0.5 - (form - 1) / np.maximum(slope, 1e-9), 0, 1)
    return inside


def _from_centre(size: int) -> Coverage:
    x, y = np.ogrid[:size, :size]
    distance: Coverage = np.hypot(x - (size - 1) / 2, y - (size - 1) / 2)
    return distance


def _mask(coverage: Coverage) -> pygame.Surface:
    return _tinted(coverage, (255, 255, 255))


def _from_segment(x: Coverage, y: Coverage, start: tuple[float, float], end: tuple[float, float]) -> Coverage:
    across, down = end[0] - start[0], end[1] - start[1]
    along = np.clip(((x - start[0]) * across + (y - start[1]) * down) / (across**2 + down**2), 0, 1)
    distance: Coverage = np.hypot(x - start[0] - along * across, y - start[1] - along * down)
    return distance


def _tinted(coverage: Coverage, colour: Colour) -> pygame.Surface:
    surface = pygame.Surface(coverage.shape, pygame.SRCALPHA)
    surface.fill((*colour, 0))
    pygame.surfarray.pixels_alpha(surface)[:] = (coverage * 255).round().astype(np.uint8)
    return surface
