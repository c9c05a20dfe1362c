"""Is this frame good enough to compare, and if not: what should the person do? The cheap checks that worked.

Measures and bounds: domain/face-stack.md section 6 (103 clean frontal faces, then degraded). Under a millisecond a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.advice import Advice
from kiosk.face.faces import Face, Picture

FAR: Final = 0.18
NEAR: Final = 0.60
"""Face width / frame width."""
MARGIN: Final = 0.03
"""How far inside the frame the face's box must lie, as a share of the frame."""
YAW: Final = 0.15
ROLL: Final = 25.0
"""Degrees. Advice only: a tilted head costs the recogniser nothing, and some people cannot hold it straight."""
DARK: Final = 60.0
BRIGHT: Final = 215.0
"""Mean luma of the face."""
BACK_LIT: Final = 0.55
"""Luma of the face / luma of what is behind it."""
LIT: Final = 108.0
"""Mean luma of the face from which it is as light as clean ones are: before a white wall it is not back-lit, only paler."""
SIDE_LIGHT: Final = 0.45
"""Difference of the face's two halves / the lighter one. Advice only: what it costs has not been measured."""
BLURRED: Final = 15.0
"""Variance of the Laplacian on the aligned face."""
BYSTANDER: Final = 0.5
"""Faces narrower than this share of the widest one are people further behind."""
NARROWED: Final = 0.70
"""Breadth, as a share of the same face's to the front, below which it is turned far away, wherever the nose seems to be: of
a head turned so far the detector guesses the hidden eye, and the yaw proxy falls back to that of a face to the front.
Measured: 20 people to the front 0.89 to 1.15, nine talking heads 0.84 to 1.12, a turn of one of them 0.77 at least, two side
views 0.45; a simulated head past 40 degrees, where the proxy fell back, 0.58 to 0.72. A second look (`kiosk.face.second_look`) mends most of these."""

_NIGHT = 30.0  # luma of a whole frame in which no face can be found for lack of light (x0.25 light: face 26 to 44)
_GLARE = 240.0  # the same for too much of it (face over 221 to 251)
_STEP = 4  # every fourth pixel is enough to tell how light a wall is


@dataclass(frozen=True)
class Look:
    """How a frame looks. `usable`: it may be compared; `advice`: the one most useful word, or none."""

    usable: bool
    advice: Advice | None


@dataclass(frozen=True)
class Measures:
    """The numbers of section 6 for one face: shares of the frame, lumas 0 to 255, degrees."""

    width: float
    inside: bool
    yaw: float
    roll: float
    breadth: float
    luma: float
    against_wall: float
    side_light: float
    sharpness: float


def nobody(picture: Picture) -> Advice:
    """What to say while no face is found."""
    luma = float(_grey(picture[::_STEP, ::_STEP]).mean())
    if luma < _NIGHT:
        return Advice.TOO_DARK
    return Advice.TOO_BRIGHT if luma > _GLARE else Advice.LOOK_HERE


def crowded(faces: Sequence[Face]) -> bool:
    """Whether a second person stands as near as the first.

    What is found in the middle of the widest face is that face once more, which happens while a head turns.
    """
    widest = max(faces, key=lambda face: face.width)
    near = [face for face in faces if face.width >= BYSTANDER * widest.width]
    return any(face is not widest and not _within(face, widest) for face in near)


def measures(picture: Picture, face: Face, upright: Picture) -> Measures:
    """The numbers for `face` in `picture`; `upright` is the same face (`kiosk.face.faces.upright`, (112, 112, 3))."""
    frame_height, frame_width = picture.shape[:2]
    yaw, roll = pose(face)
    small = _grey(picture[::_STEP, ::_STEP])
    x0, y0, x1, y1 = (round(v / _STEP) for v in (face.x, face.y, face.x + face.width, face.y + face.height))
    box = small[max(y0, 0) : y1, max(x0, 0) : x1]
    luma = float(box.mean()) if box.size else 0.0
    wall = np.ones(small.shape, np.bool_)
    wide, high = (x1 - x0) // 4, (y1 - y0) // 3  # hair and shoulders are not the wall
    wall[max(y0 - high, 0) : y1 + high, max(x0 - wide, 0) : x1 + wide] = False
    behind = float(small[wall].mean()) if int(wall.sum()) > 30 else luma
    grey = _grey(upright)
    half = grey.shape[1] // 2
    right, left = float(grey[:, :half].mean()), float(grey[:, half:].mean())
    return Measures(
        width=face.width / frame_width,
        inside=face.x >= MARGIN * frame_width
        and face.y >= MARGIN * frame_height
        and face.x + face.width <= (1 - MARGIN) * frame_width
        and face.y + face.height <= (1 - MARGIN) * frame_height,
        yaw=yaw,
        roll=roll,
        breadth=breadth(face),
        luma=luma,
        against_wall=luma / max(behind, 1.0),
        side_light=abs(right - left) / max(right, left, 1.0),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
    )


def pose(face: Face) -> tuple[float, float]:
    """(yaw, roll): how far the nose lies from the middle of the eyes, in eye distances; the eye line's slope in degrees."""
    right, left, nose = face.points[0], face.points[1], face.points[2]
    line = left - right
    distance = float(np.linalg.norm(line)) or 1.0
    yaw = float((nose - (right + left) / 2) @ line) / distance**2
    return yaw, float(np.degrees(np.arctan2(line[1], line[0])))


def breadth(face: Face) -> float:
    """The distance of the eyes / the distance from between them to between the mouth's corners: about 1 to the front."""
    right, left, _, mouth_right, mouth_left = face.points
    height = float(np.linalg.norm((right + left) / 2 - (mouth_right + mouth_left) / 2))
    return float(np.linalg.norm(left - right)) / max(height, 1.0)


def judged(seen: Measures) -> Look:
    """What the numbers of a live frame mean: where the person stands first, then what a still shows."""
    if seen.width < FAR:
        return Look(False, Advice.COME_CLOSER)
    if seen.width > NEAR:
        return Look(False, Advice.STEP_BACK)
    if not seen.inside:
        # A face that fills a good part of the frame leaves it because it is near, a small one because it is aside.
        return Look(False, Advice.STEP_BACK if seen.width > (FAR + NEAR) / 2 else Advice.LOOK_HERE)
    return judged_still(seen)


def judged_still(seen: Measures) -> Look:
    """The same of a picture somebody has cropped, which says nothing about where the person stood: light, head, blur."""
    if seen.against_wall < BACK_LIT and seen.luma < LIT:
        return Look(False, Advice.BACK_LIT)
    if seen.luma < DARK:
        return Look(False, Advice.TOO_DARK)
    if seen.luma > BRIGHT:
        return Look(False, Advice.TOO_BRIGHT)
    if abs(seen.yaw) >= YAW:
        return Look(False, Advice.FACE_FRONT)
    if seen.sharpness < BLURRED:
        return Look(False, Advice.HOLD_STILL)
    if abs(seen.roll) > ROLL:
        return Look(True, Advice.FACE_FRONT)
    # The screen's words for it are "face the light", which is what helps here.
    return Look(True, Advice.TOO_DARK if seen.side_light > SIDE_LIGHT else None)


def _within(face: Face, other: Face) -> bool:
    x, y = face.x + face.width / 2, face.y + face.height / 2
    return other.x <= x <= other.x + other.width and other.y <= y <= other.y + other.height


def _grey(picture: Picture) -> NDArray[np.uint8]:
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
