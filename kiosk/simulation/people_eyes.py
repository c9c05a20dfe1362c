"""How eyes close in a portrait: the skin above the lid is drawn down over the eye, lashes and all.

A closed eye then measures as one: the lids' distance falls from 0.20 to 0.32 of the eye's width to under half of that
(domain/face-stack.md section 3).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.people_landmarks import Eye, Points
from kiosk.simulation.people_portraits import Picture

_SKIN_ABOVE: Final = 0.85
_LASHES: Final = 0.4
"""The skin that is drawn down lies between these heights above the eye, in openings of it: no brow, no lashes."""
_DARKER: Final = 0.62
"""What is darker than the cheek by this is no skin but a brow or the rim of glasses, and is not drawn down."""
_CORNERS: Final = 0.35
_PAD: Final = 0.35
"""How much wider (in eye widths, at each corner) and higher (in openings, each lid) an eye is than the model's contour."""
_CHEEK: Final = 0.92
_LASH_LINE: Final = 0.7
"""How much of the skin's light a shut eye's line of lashes takes away."""


def eye_box(eye: Eye) -> tuple[slice, slice]:
    """The rows and columns of a picture that closing the eye can change."""
    upper, lower = _opened(eye)
    opening = _height(upper, lower)
    top, bottom = float(upper[:, 1].min()) - _SKIN_ABOVE * opening, float(lower[:, 1].max()) + 0.6 * opening
    left, right = float(upper[:, 0].min()), float(upper[:, 0].max())
    return slice(max(0, int(top) - 2), int(bottom) + 3), slice(max(0, int(left) - 3), int(right) + 4)


def closed(picture: Picture, eye: Eye, share: float) -> Picture:
    """What `eye_box(eye)` of `picture` looks like with the eye closed by `share`, 0 (as in the portrait) to 1."""
    rows, columns = eye_box(eye)
    x = np.arange(columns.start, columns.stop, dtype=np.float32)
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None]
    lids = _opened(eye)
    opening = _height(*lids)
    upper, lower = (_along(lid, x) for lid in lids)
    way = np.clip((lower - upper) / opening, 0.0, 1.0)
    edge = upper + share * (lower - upper)
    # The skin keeps its upper end; its lower end, and the lashes there, come down to the lid's edge.
    above = _skin_above(picture, lids)
    crease = upper - above * opening
    skin = upper - min(_LASHES, 0.55 * above) * opening * np.minimum(1.0, 2.5 * share) * np.minimum(1.0, 3.0 * way)
    drawn = crease + (y - crease) * (skin - crease) / np.maximum(edge - crease, 1e-3)
    source_y = np.where((y > crease) & (y < edge), drawn, y).astype(np.float32)
    source_x = np.broadcast_to(x, source_y.shape).astype(np.float32)
    moved = cv2.remap(picture, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    thick = max(0.9, 0.13 * opening)
    line = np.exp(-(((y - edge) / np.where(y < edge, thick, 0.7 * thick)) ** 2)) * np.minimum(1.0, 2.0 * way)
    lit = moved.astype(np.float32)
    # Where there is little skin above to draw down, the lid has the colour of the cheek below.
    below = cv2.remap(picture, x[None], (lower + 0.7 * opening)[None], cv2.INTER_LINEAR)
    cheek = cv2.GaussianBlur(below, (0, 0), opening, borderType=cv2.BORDER_REPLICATE).astype(np.float32)
    on_lid = np.clip((edge - y) / 1.5 + 0.5, 0.0, 1.0) * np.clip((y - skin) / (0.3 * opening), 0.0, 1.0)
    share_of_cheek = (1.0 - above / _SKIN_ABOVE) * on_lid * np.minimum(1.0, 3.0 * way)
    lit += (_CHEEK * cheek - lit) * share_of_cheek[..., None]
    lit *= (1.0 - _LASH_LINE * min(1.0, 2.0 * share) * line)[..., None]
    return np.clip(lit, 0, 255).astype(np.uint8)


def _skin_above(picture: Picture, lids: tuple[Points, Points]) -> float:
    """How much skin there is above the eye, in openings, up to `_SKIN_ABOVE`."""
    upper, lower = lids
    opening = _height(upper, lower)
    x = slice(int(upper[3:-3, 0].min()), int(upper[3:-3, 0].max()) + 1)

    def luma(y: float) -> float:
        rows = picture[max(0, round(y)) : max(0, round(y)) + 2, x]
        return float(rows.mean(axis=(0, 2)).min()) if rows.size else 0.0

    cheek = luma(float(lower[:, 1].max()) + 0.7 * opening)
    top = float(upper[:, 1].min())
    for share in np.arange(_LASHES, _SKIN_ABOVE, 0.05):
        if luma(top - float(share) * opening) < _DARKER * cheek:
            return max(0.2, float(share) - 0.15)
    return _SKIN_ABOVE


def _opened(eye: Eye) -> tuple[Points, Points]:
    """The lids as wide and as high as eyes are, (11, 2) each: the contour's points, and a corner more at both ends."""
    middle = (eye.upper[0] + eye.upper[-1]) / 2
    pad = np.float32(_PAD) * _height(eye.upper, eye.lower)
    corners = [middle + (end - middle) * np.float32(1 + 2 * _CORNERS) for end in (eye.upper[0], eye.upper[-1])]
    lids = []
    for lid, way in ((eye.upper, -pad), (eye.lower, pad)):
        lids.append(np.vstack([corners[0], lid + np.array([0.0, way], np.float32), corners[1]]).astype(np.float32))
    return lids[0], lids[1]


def _height(upper: Points, lower: Points) -> float:
    """The widest distance between the lids, in pixels."""
    return max(2.0, float((lower[:, 1] - upper[:, 1]).max()))


def _along(lid: Points, x: NDArray[np.float32]) -> NDArray[np.float32]:
    order = np.argsort(lid[:, 0])
    return np.asarray(np.interp(x, lid[order, 0], lid[order, 1]), np.float32)
