"""How a head turns: which place of a frontal portrait is seen where, once the head behind it has turned.

The model: at every height the head is an ellipse, as wide as the portrait's outline there and as deep as heads are; on it
is a face's relief: a nose that stands out, eyes that lie deep. So the nose moves against the eyes as it does on a real
head, and hides the cheek behind it; a turned photograph shows neither (domain/face-stack.md section 3).

Lengths are in eye distances, the origin is the middle of the eyes, x goes to the picture's right, y down, z towards the
camera. Angles are radians; a positive yaw turns to the person's own left, which is the picture's right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_grid import Field

_CHIN: Final = 1.75
_TRUNK: Final = 2.7
"""Between these heights the neck twists; above it is the head, below it the trunk, which stays."""
_NECK: Final = 2.4
"""The height the head tilts about."""
_DEPTH: Final = 1.6
"""From the ears to the face: 100 mm."""
_SKULL: Final = 1.2
"""Half the width of a head at the cheekbones; the crown, where it is narrower, is less deep as well."""
_HAIR: Final = 0.2
"""How far what stands off the skull (hair, ears, a cap) comes to the front, as a share of the skull's depth."""
_WIDEST: Final = 1.9
_NECK_WIDTH: Final = 0.95
"""Half the width of what turns below the jaw; the outline there is the shoulders' already."""
_EDGE: Final = 0.5
"""What lies outside the ellipse (a shoulder, hair that stands off) follows it over this length."""
_MIRRORED: Final = 0.3
"""What the portrait does not show, beyond the ear, is its edge mirrored, drawn out by one over this."""
_NARROW: Final = 0.5
"""What is narrower than this in the portrait, of what it is in the turned head, was seen from the side there."""
_CAMERA: Final = 6.0
"""From the middle of the neck to the camera: 38 cm, which a face has that fills 0.30 of the usual lens' frame."""

_NOSE_HEIGHT: Final = 0.45
_HILLS: Final = (
    # x, y, half width, half height, how far it stands out: the sockets, the lips, the chin, the brow
    (-0.52, 0.02, 0.30, 0.24, -0.18),
    (0.52, 0.02, 0.30, 0.24, -0.18),
    (0.00, 1.08, 0.42, 0.30, 0.20),
    (0.00, 1.62, 0.36, 0.25, 0.12),
    (0.00, -0.40, 0.80, 0.22, 0.05),
)
"""A profile of usual measures (eyes 63 mm apart): against the root of the nose its tip stands 28 mm out, the lips 13, the
chin 8, and the eyes lie 15 mm deep."""

_STEP: Final = 0.05
_ROWS: Final = 0.1
"""Between two places of the table a turn is read from, across and down."""
_REACH: Final = 2.6
_ROUND: Final = 121
"""Places round the head from ear to ear that are turned."""


@dataclass(frozen=True, eq=False)
class Head:
    """One person's head: at the heights `y`, where its middle is and half its width; and the nose's tip."""

    y: Field
    middle: Field
    half: Field
    nose: tuple[float, float]


@dataclass(frozen=True)
class Turn:
    """How the head is held, and `breath`, from -1 (out) to 1 (in)."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    breath: float = 0.0


def measured(outline: NDArray[np.uint8], unit: float, above: float, left: float, nose: tuple[float, float]) -> Head:
    """The head in an upright figure's outline, with `unit` pixels an eye distance and the eyes at `left` and `above`."""
    rows = np.arange(-above, _TRUNK + _ROWS, _ROWS, dtype=np.float32)
    at = np.clip(np.round((rows + above) * unit).astype(int), 0, outline.shape[0] - 1)
    ends = np.array([_ends(row, round(left * unit)) for row in outline[at] > 127], np.float32)
    ends = ends / np.float32(unit) - np.float32(left)
    allowed = np.where(rows > 1.2, _NECK_WIDTH, _WIDEST).astype(np.float32)
    edges = np.stack([-np.clip(ends[:, 0], -allowed, -0.4), np.clip(ends[:, 1], 0.4, allowed)])
    # A narrow place between two locks of hair counts for its neighbours too, so that no wall shows through.
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(edges, ((0, 0), (2, 2)), "edge"), 5, axis=1)
    begin, end = cv2.GaussianBlur(windows.min(axis=2), (5, 1), 0, borderType=cv2.BORDER_REPLICATE)
    return Head(rows, (end - begin) / 2, (begin + end) / 2 * np.float32(0.97), nose)


def seen(head: Head, turn: Turn, x: Field, y: Field) -> tuple[Field, Field, Field]:
    """Where in the frontal portrait the points lie that are seen at x and y, and how little of them it shows.

    That is 0 where the portrait shows them as well as it shows the face, 1 where it saw them from the side only.
    """
    share = 1.0 - _smooth(y, _CHIN, _TRUNK)
    angle = (turn.roll * share).astype(np.float32)
    cosine, sine = np.cos(angle), np.sin(angle)
    from_neck = y - np.float32(_NECK)
    lifted = np.float32(0.03 * turn.breath) * _smooth(y, 1.5, 4.0)
    x, y = x * cosine + from_neck * sine, from_neck * cosine - x * sine + np.float32(_NECK) + lifted
    columns, rows = (x + np.float32(_REACH)) / np.float32(_STEP), (y - head.y[0]) / np.float32(_ROWS)
    # Outside of the tables nothing turns: their edges are zero.
    across, down, unseen = (
        np.asarray(cv2.remap(table, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
        for table in _turned(head, turn)
    )
    return x + across, y + down, unseen


def shade(turn: Turn, x: Field, y: Field) -> Field:
    """What turning does to the light on the head, as a factor: the cheek that turns away from the lamp is darker."""
    share = 1.0 - _smooth(y, _CHIN, _TRUNK)
    side = np.clip(x / _DEPTH * np.sign(turn.yaw) + 0.1, 0.0, 1.0)
    return np.asarray(1.0 - 0.35 * np.abs(np.sin(turn.yaw)) * share * side, np.float32)


def _turned(head: Head, turn: Turn) -> tuple[Field, Field, Field]:
    """How far what is seen at each place lies from there in the frontal portrait, across and down; how unseen it is there.

    Worked out for a turn to the picture's right; one to the left is the mirror image of the mirrored head's.
    """
    side = np.float32(-1.0 if turn.yaw < 0 else 1.0)
    y, middle, half = (column[:, None] for column in (head.y, side * head.middle, head.half))
    share = 1.0 - _smooth(y, _CHIN, _TRUNK)
    yaw, nod = np.abs(turn.yaw) * share, np.sin(turn.pitch) * share
    depth = _DEPTH * np.where(y < 0, np.minimum(half / _SKULL, 1.0), 1.0)
    lead = np.arctan2(depth * np.sin(yaw), half * np.cos(yaw))
    angle = np.linspace(0.0, 1.0, _ROUND) * (np.pi + lead) - np.pi / 2 - lead
    shown = np.where(angle < -np.pi / 2, -np.pi / 2 + _MIRRORED * (-np.pi / 2 - angle), angle)
    u = half * np.sin(shown) + middle
    out = _relief(head.nose[0] * float(side), head.nose[1], u, np.broadcast_to(y, u.shape)) * np.cos(shown)
    skull = np.sqrt(np.maximum(1.0 - (half * np.sin(angle) / np.minimum(half, _SKULL)) ** 2, 0.0))
    deep = depth * np.where(angle < -np.pi / 2, np.cos(angle), np.maximum(skull, _HAIR * np.cos(angle))) + out
    there = half * np.sin(angle) * np.cos(yaw) + deep * np.sin(yaw)
    there = _nape(there, y, half, depth, yaw)
    # What turns away from the camera becomes smaller, as the far eye does.
    smaller = (_CAMERA - deep) / (_CAMERA - deep * np.cos(yaw) + half * np.sin(angle) * np.sin(yaw))
    there = there * smaller + middle
    # From the near ear to the far one every place lies further on, or behind what stands out before it.
    there = np.maximum.accumulate(there, axis=1)
    near, far = there[:, :1] - _EDGE, there[:, -1:] + _EDGE
    ends = np.full_like(near, -10.0), np.full_like(near, 10.0)
    there, u = np.hstack([ends[0], near, there, far, ends[1]]), np.hstack([ends[0], near, u, far, ends[1]])
    lower = np.pad(y * (1.0 / smaller - 1.0) - np.maximum(deep, 0.0) * nod, ((0, 0), (2, 2)))
    x = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    across = np.array([np.interp(x, *row) for row in zip(there, u, strict=True)]) - x
    down = np.array([np.interp(x, *row) for row in zip(there, lower, strict=True)])
    wide = np.gradient(across, _STEP, axis=1) + 1.0
    unseen = np.clip((_NARROW - wide) / (0.6 * _NARROW), 0.0, 1.0) * (x < 0) * np.minimum(1.0, 4.0 * yaw)
    if side < 0:
        across, down, unseen = -across[:, ::-1], down[:, ::-1], unseen[:, ::-1]
    across, down, unseen = (np.ascontiguousarray(table, np.float32) for table in (across, down, unseen))
    return across, down, cv2.GaussianBlur(unseen, (5, 5), 0).astype(np.float32, copy=False)


def _nape(x: NDArray[np.float64], y: Field, half: Field, depth: NDArray[np.float64], yaw: Field) -> NDArray[np.float64]:
    """Below the ear there is no back of the head, only the neck: there the side that is turned away from ends sooner."""
    reach = np.hypot(half * np.cos(yaw), depth * np.sin(yaw))
    wanted = np.minimum(reach, (1.0 - 0.05 * np.minimum(1.0, 4.0 * yaw)) * half)
    more = np.maximum((reach / wanted - 1.0) / wanted * _smooth(y, 0.4, 1.3), 1e-6)
    away = np.maximum(-x, 0.0)
    return np.where(x < 0, (1.0 - np.sqrt(1.0 + 4.0 * more * away)) / (2.0 * more), x)


def _relief(nose_x: float, nose_y: float, u: NDArray[np.float64], v: Field) -> NDArray[np.float64]:
    """How far the face stands out of the ellipse."""
    x, y = u - nose_x, v / nose_y
    ridge = np.clip(0.2 + 0.8 * y, 0.0, 1.0) * (1.0 - _smooth(y, 1.05, 1.45)) * _smooth(y, -0.35, 0.2)
    width = 0.14 + 0.08 * np.clip(y, 0.0, 1.0)
    height: NDArray[np.float64] = _NOSE_HEIGHT * ridge * np.exp(-((x / width) ** 2))
    for centre_x, centre_y, half_width, half_height, out in _HILLS:
        height = height + out * np.exp(-(((u - centre_x) / half_width) ** 2) - ((v - centre_y) / half_height) ** 2)
    return height


def _smooth(value: Field, begin: float, end: float) -> Field:
    share = np.clip((value - begin) / (end - begin), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)


def _ends(row: NDArray[np.bool_], centre: int) -> tuple[int, int]:
    """Where the outline ends on both sides of the middle line; what does not hang together with it is not the head."""
    walls = np.flatnonzero(~row)
    before, after = walls[walls < centre], walls[walls > centre]
    return int(before[-1]) if before.size else 0, int(after[0]) if after.size else row.size
