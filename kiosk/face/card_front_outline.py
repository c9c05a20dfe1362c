"""Where a card is in a picture: four corners of something with the proportions of an ID-1 card, however it is turned.

Contours fail as soon as a hand holds the card, because hand and card become one thing. So straight lines are looked for,
every four of them that could be a card's edges are tried, and the four with the most edge under them win: a finger over an
edge takes a part of it away, not the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.card_front_layout import HEIGHT_MM, WIDTH_MM
from kiosk.face.matcher import Picture

Points = NDArray[np.float64]

SIDE: Final = 400
"""Pixels of the longer side lines are looked for in: fine patterns vanish, edges stay."""

SMALLEST: Final = 0.08
"""Of the frame's area: a card smaller than that cannot be read anyway."""

SUPPORT: Final = 0.45
"""The share of a card's four edges that must show; below it a quadrilateral is an accident."""

_RATIO = WIDTH_MM / HEIGHT_MM
_SQUEEZE = 1.28  # how far a tilt may change the proportions
_TRAPEZIUM = 1.5  # how much longer than its opposite an edge may be, by perspective
_LINES = 18  # the longest lines that are combined
_SHORTEST = 0.07  # of the working picture's longer side
_PARALLEL = np.radians(22.0)
_SQUARE = np.radians(28.0)
_SAME = 0.015  # of a card's width: candidates nearer to one another are one card
_CLEARER = 0.02  # of its edges: what the better supported of the two must have more
_TRIED = 40  # candidates that are compared with one another
_SAMPLES = 48  # points along an edge
_NEAR = 2.0  # pixels of the working picture between a line and the edge that supports it
_REACH = 0.012  # of the frame's longer side: how far an edge is looked for when corners are made exact


@dataclass(frozen=True, eq=False, repr=False)
class Outline:
    """Four corners, (4, 2) in pixels: clockwise in the picture, beginning with the left end of a long edge.

    Whether that is the card's upper or lower long edge is not known here.
    """

    corners: Points
    support: float
    """The share of its edges that shows, 0 to 1."""

    @property
    def width(self) -> float:
        """How long the card's long side is in the picture (pixels)."""
        top, bottom = self.corners[1] - self.corners[0], self.corners[2] - self.corners[3]
        return float((np.linalg.norm(top) + np.linalg.norm(bottom)) / 2)

    def turned(self) -> Outline:
        """The same card taken for upside down."""
        return Outline(np.roll(self.corners, 2, axis=0), self.support)

    def moved(self, other: Outline) -> float:
        """How far the corners lie from those of `other`, the mean, as a share of the card's width."""
        straight = np.linalg.norm(self.corners - other.corners, axis=1).mean()
        turned = np.linalg.norm(self.corners - other.turned().corners, axis=1).mean()
        return float(min(straight, turned)) / max(self.width, 1.0)


def outlines(picture: Picture, most: int = 3) -> list[Outline]:
    """The best candidates for a card in `picture` ((height, width, 3) uint8 BGR), the best first; none where there is none."""
    scale = min(1.0, SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    grey = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (0, 0), 1.0).astype(np.uint8, copy=False)
    candidates = _quadrilaterals(_lines(grey), (grey.shape[1], grey.shape[0]))
    if not len(candidates):
        return []
    support = _support(candidates, grey)
    # Of two with the same support the larger one is the card, the other something printed on it.
    area = np.array([cv2.contourArea(corners.astype(np.float32)) for corners in candidates]) / grey.size
    order = np.argsort(-(support + 0.6 * np.sqrt(area)))[:_TRIED]
    found: list[Outline] = []
    for index in order:
        here = Outline(candidates[index], float(support[index]))
        same = [place for place, other in enumerate(found) if here.moved(other) < _SAME]
        if here.support < SUPPORT:
            continue
        if not same:
            found.append(here)
        elif here.support > found[same[0]].support + _CLEARER:
            found[same[0]] = here
    return [_exact(picture, Outline(one.corners / scale, one.support)) for one in found[:most]]


def _lines(grey: NDArray[np.uint8]) -> Points:
    """The strongest straight lines, (n, 3): unit normal and distance from the origin."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    if not isinstance(found, np.ndarray):
        return np.empty((0, 3))
    ends = found.reshape(-1, 4).astype(np.float64)
    along = ends[:, 2:] - ends[:, :2]
    length = np.linalg.norm(along, axis=1)
    keep = length > _SHORTEST * max(grey.shape)
    ends, along, length = ends[keep], along[keep], length[keep]
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / length[:, None]
    distance = (normal * (ends[:, :2] + ends[:, 2:]) / 2).sum(axis=1)
    flip = distance < 0
    normal[flip], distance[flip] = -normal[flip], -distance[flip]
    merged: list[tuple[float, NDArray[np.float64]]] = []
    free = np.ones(len(length), np.bool_)
    for index in np.argsort(-length):
        if not free[index]:
            continue
        # Pieces of one edge, cut by a finger: both their ends lie near the longest piece's line.
        off = np.abs(ends.reshape(-1, 2, 2) @ normal[index] - distance[index]).max(axis=1)
        same = free & (off < 3.0)
        free &= ~same
        merged.append((float(length[same].sum()), np.array([*normal[index], distance[index]])))
    merged.sort(key=lambda line: -line[0])
    return np.array([line for _, line in merged[:_LINES]]).reshape(-1, 3)


def _quadrilaterals(lines: Points, size: tuple[int, int]) -> Points:
    """Every four lines that could be a card's edges, as corners (n, 4, 2), clockwise from the left end of a long edge."""
    first, second = np.triu_indices(len(lines), 1)
    angle = np.arctan2(lines[:, 1], lines[:, 0])
    parallel = _between(angle[first], angle[second]) < _PARALLEL
    first, second = first[parallel], second[parallel]
    one, other = np.triu_indices(len(first), 1)
    square = _between(angle[first[one]], angle[first[other]]) > np.pi / 2 - _SQUARE
    one, other = one[square], other[square]
    a, b, c, d = (lines[index] for index in (first[one], second[one], first[other], second[other]))
    corners = np.stack([_meet(a, c), _meet(c, b), _meet(b, d), _meet(d, a)], axis=1)
    room = 0.08 * np.array(size)
    inside = ((corners > -room) & (corners < np.array(size) + room)).all(axis=(1, 2))
    corners = corners[inside]
    x, y = corners[..., 0], corners[..., 1]
    area = (x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1) / 2
    corners = np.where((area < 0)[:, None, None], corners[:, ::-1], corners)
    corners = corners[np.abs(area) > SMALLEST * size[0] * size[1]]
    edges = np.roll(corners, -1, axis=1) - corners
    after = np.roll(edges, -1, axis=1)
    convex = (edges[..., 0] * after[..., 1] - edges[..., 1] * after[..., 0] > 0).all(axis=1)
    length = np.linalg.norm(edges, axis=2)
    across, down = (length[:, 0] + length[:, 2]) / 2, (length[:, 1] + length[:, 3]) / 2
    ratio = np.maximum(across, down) / np.minimum(across, down)
    even = (np.maximum(length, np.roll(length, 2, axis=1)) < _TRAPEZIUM * length).all(axis=1)
    keep = convex & even & (ratio > _RATIO / _SQUEEZE) & (ratio < _RATIO * _SQUEEZE)
    corners, long_first = corners[keep], (across > down)[keep]
    corners = np.where(long_first[:, None, None], corners, np.roll(corners, -1, axis=1))
    from_left = corners[:, 0, 0] <= corners[:, 1, 0]
    return np.asarray(np.where(from_left[:, None, None], corners, np.roll(corners, 2, axis=1)))


def _between(one: Points, other: Points) -> Points:
    """The angle between two lines each, 0 to pi / 2."""
    apart = np.abs(one - other) % np.pi
    return np.asarray(np.minimum(apart, np.pi - apart))


def _meet(one: Points, other: Points) -> Points:
    """Where two lines each meet, (n, 2); far away where they are parallel."""
    across = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
    across = np.where(np.abs(across) < 1e-9, 1e-9, across)
    x = one[..., 2] * other[..., 1] - one[..., 1] * other[..., 2]
    y = one[..., 0] * other[..., 2] - one[..., 2] * other[..., 0]
    return np.stack([x / across, y / across], axis=-1)


def _support(candidates: Points, grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """For each candidate the share of its four edges that lies on an edge of the picture."""
    edges = cv2.Canny(grey, 20, 50)
    far = cv2.distanceTransform(255 - edges, cv2.DIST_L2, 3)
    share = np.linspace(0.05, 0.95, _SAMPLES)[:, None]  # corners are round
    ends = np.roll(candidates, -1, axis=1)
    points = candidates[:, :, None] * (1 - share) + ends[:, :, None] * share
    x = np.clip(points[..., 0].round().astype(int), 0, grey.shape[1] - 1)
    y = np.clip(points[..., 1].round().astype(int), 0, grey.shape[0] - 1)
    near = far[y, x] < _NEAR
    inside = (points >= 0).all(axis=-1) & (points[..., 0] < grey.shape[1]) & (points[..., 1] < grey.shape[0])
    sides = (near & inside).mean(axis=2)
    # Three good edges and one that is hidden are a card; two are not.
    return np.asarray(np.where(np.sort(sides, axis=1)[:, 1] > 0.25, sides.mean(axis=1), 0.0))


def _exact(picture: Picture, outline: Outline) -> Outline:
    """The corners moved onto the edges of the picture itself, where those are clear."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    reach = max(3, round(_REACH * max(grey.shape)))
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    lines = []
    for start, end in zip(outline.corners, np.roll(outline.corners, -1, axis=0), strict=True):
        along = end - start
        normal = np.array([-along[1], along[0]]) / max(float(np.linalg.norm(along)), 1.0)
        base = start + np.linspace(0.06, 0.94, 64)[:, None] * along
        spots = (base[:, None] + offsets[:, None] * normal).astype(np.float32)
        profile = cv2.remap(grey, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        steep = np.abs(np.gradient(cv2.GaussianBlur(profile, (5, 1), 1.0), axis=1))
        best = steep.argmax(axis=1)
        clear = steep[np.arange(len(base)), best] > 4.0
        if clear.sum() < 12:
            lines.append(_through(start, normal))
            continue
        on_edge = base[clear] + offsets[best[clear], None] * normal
        direction = cv2.fitLine(on_edge.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel().astype(np.float64)
        lines.append(_through(direction[2:], np.array([-direction[1], direction[0]])))
    edges = np.array(lines)
    corners = _meet(np.roll(edges, 1, axis=0), edges)
    moved = np.linalg.norm(corners - outline.corners, axis=1)
    if not np.isfinite(corners).all() or moved.max() > 3 * reach:
        return outline
    return Outline(corners, outline.support)


def _through(point: NDArray[np.float64], normal: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([*normal, float(normal @ point)])
