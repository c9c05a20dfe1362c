"""A printed card before a simulated camera: where it lies or is held, and everything that spoils the picture.

    card = card_print.front(person, style)
    for picture in film(card, View(card_width=540, glare=0.8), seed=7): ...

Pictures are (height, width, 3) uint8 BGR. The same card, view and seed film the same pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.simulation.card_press import PX_PER_MM
from kiosk.simulation.card_print import CORNER_MM, HEIGHT_MM, WIDTH_MM
from kiosk.simulation.people import Picture

DISTANCE_MM: Final = 220.0
"""From the lens to the middle of the card: what makes a tilted card a trapezium."""

Field = NDArray[np.float32]

_SKIN = ((122, 150, 196), (96, 122, 170), (140, 168, 210))  # BGR
_SLEEVE_MM = 2.4  # how far a sleeve stands out round the card


@dataclass(frozen=True)
class View:
    """One way to see a card. Shares are 0 to 1, angles degrees, blur and motion pixels of the frame."""

    width: int = 640
    height: int = 480
    card_width: float = 560.0
    """How wide the card is in the picture (pixels) when nothing tilts it."""
    place: tuple[float, float] = (0.5, 0.5)
    """Where its middle is, as shares of the frame."""
    turn: float = 0.0
    """In the picture's plane; 180 is upside down."""
    tilt: tuple[float, float] = (0.0, 0.0)
    """Out of it, about the card's long and its short middle line."""
    ground: Literal["tray", "desk", "room"] = "tray"
    held: bool = False
    """In a hand: it wanders a little from frame to frame. In a tray it lies still."""
    fingers: int = 0
    blur: float = 0.0
    motion: float = 0.0
    light: float = 1.0
    glare: float = 0.0
    """A lamp's reflection somewhere on the card; 1 is white."""
    sleeve: float = 0.0
    """A glossy plastic sleeve: haze and streaks, and an edge of its own round the card."""
    noise: float = 2.5
    """Standard deviation of the sensor's noise, of 255."""
    jpeg: int | None = 88
    """Quality of the camera's motion JPEG; None: as taken."""


def film(card: Picture, view: View, *, seed: int = 1) -> Iterator[Picture]:
    """`card` (a `card_print` picture) in `view`, without end."""
    chance = np.random.default_rng(seed)
    ground = _ground(view, chance)
    fingers = [_Finger.somewhere(chance) for _ in range(view.fingers)]
    lamp = chance.uniform((12.0, 10.0), (74.0, 46.0))
    lamp_size = chance.uniform((7.0, 5.0), (18.0, 11.0))
    sleeve = _sleeve(view, chance)
    # Whole millimetres to whole pixels: shrink once by area, the warp then has little left to do.
    scale = min(1.0, 1.4 * view.card_width / WIDTH_MM / PX_PER_MM)
    small = cv2.resize(card, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    phase = chance.uniform(0, 2 * np.pi, 8)
    for number in count():
        now = _wandered(view, number, phase, chance) if view.held else view
        to_frame = plane(now)
        picture = _laid(ground, small, PX_PER_MM * scale, to_frame, now, sleeve)
        for finger in fingers:
            finger.over(picture, to_frame, view.card_width / WIDTH_MM)
        if now.glare:
            drift = 4.0 * np.sin(number / 9.0 + phase[6:8]) if view.held else np.zeros(2)
            picture += _spot(now, to_frame, lamp + drift, lamp_size) * (255.0 * now.glare)
        yield _sensed(picture, now, chance)


def empty(view: View, *, seed: int = 1) -> Iterator[Picture]:
    """The same place without a card."""
    chance = np.random.default_rng(seed)
    ground = _ground(view, chance)
    while True:
        yield _sensed(ground.copy(), view, chance)


def plane(view: View) -> NDArray[np.float64]:
    """From millimetres on the card to pixels of the frame: a homography (3, 3)."""
    turn, across, along = np.radians((view.turn, *view.tilt))
    about_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, np.cos(across), -np.sin(across)], [0, np.sin(across), np.cos(across)]])
    about_y = np.array([[np.cos(along), 0, np.sin(along)], [0, 1, 0], [-np.sin(along), 0, np.cos(along)]])
    rotation = about_z @ about_x @ about_y
    focal = view.card_width / WIDTH_MM * DISTANCE_MM
    centre = np.array([view.place[0] * view.width, view.place[1] * view.height])
    lens = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]])
    middle = np.array([WIDTH_MM / 2, HEIGHT_MM / 2])
    placed = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, DISTANCE_MM]])
    placed[:, 2] -= rotation[:, :2] @ middle
    whole = lens @ placed
    return np.asarray(whole / whole[2, 2])


def on_frame(to_frame: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Millimetres on the card, (n, 2), as pixels of the frame."""
    seen = np.column_stack([points, np.ones(len(points))]) @ to_frame.T
    return np.asarray(seen[:, :2] / seen[:, 2:])


def _wandered(view: View, number: int, phase: NDArray[np.float64], chance: np.random.Generator) -> View:
    sway = np.sin(number / np.array([7.1, 5.3, 11.7, 9.1, 6.7, 13.3]) + phase[:6])
    # A hand is never quite still: motion blur comes and goes.
    motion = view.motion * abs(np.sin(number / 2.3 + phase[5])) if view.motion else 0.0
    return replace(
        view,
        place=(
            view.place[0] + 0.008 * sway[0] + chance.normal(0, 0.001),
            view.place[1] + 0.008 * sway[1] + chance.normal(0, 0.001),
        ),
        turn=view.turn + 1.2 * sway[2],
        tilt=(view.tilt[0] + 2.0 * sway[3], view.tilt[1] + 2.0 * sway[4]),
        card_width=view.card_width * (1 + 0.01 * sway[5]),
        blur=view.blur * (1 + 0.25 * sway[3]),
        motion=motion,
    )


def _ground(view: View, chance: np.random.Generator) -> Field:
    height, width = view.height, view.width
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    if view.ground == "tray":
        shade = 46 + 26 * y + 10 * x
        picture = shade[..., None] * np.array((1.02, 1.0, 0.98), np.float32)
        edge = np.abs(y - 0.03) < 0.004
        picture[edge] += 40
        return np.asarray(picture, np.float32)
    if view.ground == "desk":
        grain = 10 * np.sin(160 * y + 6 * np.sin(9 * x + chance.uniform(0, 6)))
        shade = 120 + grain + 30 * (x - 0.5)
        return np.asarray(shade[..., None] * np.array((0.66, 0.86, 1.05), np.float32), np.float32)
    # A waiting room out of focus: soft shades of grey and brown, a few things with straight edges.
    coarse = (chance.uniform(60, 190, (6, 8, 1)) + chance.uniform(-14, 14, (6, 8, 3))).astype(np.float32)
    room = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    for _ in range(5):
        corner = chance.uniform(0, 1, 2) * (width, height)
        size = chance.uniform(0.1, 0.4, 2) * width
        colour = (chance.uniform(30, 220) + chance.uniform(-25, 25, 3)).tolist()
        far = tuple(int(v) for v in corner + size)
        cv2.rectangle(room, tuple(int(v) for v in corner), far, colour, -1)
    return cv2.GaussianBlur(room, (0, 0), width / 160).astype(np.float32)


def _rounded(px_per_mm: float, out_mm: float) -> Field:
    """1 where the card (or what stands out `out_mm` round it) is, in its own plane from (-out_mm, -out_mm)."""
    width, height = (round((side + 2 * out_mm) * px_per_mm) for side in (WIDTH_MM, HEIGHT_MM))
    radius = round(CORNER_MM * px_per_mm)
    mask = np.zeros((height, width), np.uint8)
    cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), 255, -1)
    for x in (radius, width - 1 - radius):
        for y in (radius, height - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    return np.asarray(mask, np.float32) / np.float32(255)


def _laid(
    ground: Field, card: Field, px_per_mm: float, to_frame: NDArray[np.float64], view: View, sleeve: Field | None
) -> Field:
    from_card = to_frame @ np.diag([1 / px_per_mm, 1 / px_per_mm, 1.0])
    size = (view.width, view.height)
    body = cv2.warpPerspective(_rounded(px_per_mm, 0.0), from_card, size, flags=cv2.INTER_LINEAR)
    shadow = cv2.GaussianBlur(np.roll(body, (4, 3), (0, 1)), (0, 0), 5.0)
    picture = ground * (1 - 0.35 * shadow[..., None])
    if sleeve is not None:
        out = from_card @ np.array([[1, 0, -_SLEEVE_MM * px_per_mm], [0, 1, -_SLEEVE_MM * px_per_mm], [0, 0, 1]])
        pocket = cv2.warpPerspective(_rounded(px_per_mm, _SLEEVE_MM), out, size, flags=cv2.INTER_LINEAR)
        picture = picture * (1 - 0.35 * pocket[..., None]) + 70 * pocket[..., None]
    seen = cv2.warpPerspective(card, from_card, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture = picture * (1 - body[..., None]) + seen * body[..., None]
    if sleeve is not None:
        gloss = cv2.warpPerspective(sleeve, to_frame @ np.diag([0.5, 0.5, 1.0]), size, flags=cv2.INTER_LINEAR)
        haze = 1 - 0.22 * view.sleeve * body[..., None]
        picture = picture * haze + (38 * body + 150 * gloss)[..., None] * view.sleeve
    return np.asarray(picture, np.float32)


def _sleeve(view: View, chance: np.random.Generator) -> Field | None:
    """Streaks of light on the plastic, 0 to 1, at two pixels a millimetre."""
    if not view.sleeve:
        return None
    y, x = np.mgrid[0 : round(HEIGHT_MM * 2), 0 : round(WIDTH_MM * 2)].astype(np.float32) / 2
    gloss = np.zeros(x.shape, np.float32)
    for _ in range(3):
        slope, at, wide = chance.uniform(-0.6, 0.6), chance.uniform(0, WIDTH_MM), chance.uniform(1.5, 6.0)
        wave = at + slope * y + 1.5 * np.sin(y / chance.uniform(4, 9) + chance.uniform(0, 6))
        gloss += chance.uniform(0.15, 0.5) * np.exp(-(((x - wave) / wide) ** 2))
    return np.clip(gloss, 0, 1).astype(np.float32)


def _spot(view: View, to_frame: NDArray[np.float64], at: NDArray[np.float64], size: NDArray[np.float64]) -> Field:
    """A soft ellipse of light round `at` (mm), half of it `size` (mm)."""
    from_frame = np.linalg.inv(to_frame)
    y, x = np.mgrid[0 : view.height : 4, 0 : view.width : 4].astype(np.float64)
    seen = np.stack([x, y, np.ones_like(x)], axis=-1) @ from_frame.T
    mm = seen[..., :2] / seen[..., 2:]
    far = (((mm - at) / size) ** 2).sum(axis=-1)
    spot = np.clip(1.25 * np.exp(-0.7 * far**1.3), 0, 1).astype(np.float32)
    spread = cv2.resize(spot, (view.width, view.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(spread[..., None], np.float32)


@dataclass(frozen=True)
class _Finger:
    """A finger that reaches over the card's edge, in millimetres of the card."""

    tip: tuple[float, float]
    away: tuple[float, float]
    wide: float
    skin: tuple[int, int, int]

    @classmethod
    def somewhere(cls, chance: np.random.Generator) -> _Finger:
        """At an edge, most often where nothing of use stands: people look at the card they hold up."""
        deep = chance.uniform(4.0, 11.0)
        edge = chance.integers(4)
        if edge == 0:
            tip, away = (deep, chance.uniform(3.0, 15.0)), (-1.0, chance.uniform(-0.3, 0.3))
        elif edge == 1:
            tip, away = (WIDTH_MM - deep, chance.uniform(24.0, 50.0)), (1.0, chance.uniform(-0.3, 0.3))
        elif edge == 2:
            tip, away = (chance.uniform(40.0, 80.0), HEIGHT_MM - deep), (chance.uniform(-0.3, 0.3), 1.0)
        else:
            tip, away = (chance.uniform(8.0, 78.0), deep), (chance.uniform(-0.3, 0.3), -1.0)
        skin = _SKIN[int(chance.integers(len(_SKIN)))]
        return cls(
            (float(tip[0]), float(tip[1])), (float(away[0]), float(away[1])), float(chance.uniform(13, 19)), skin
        )

    def over(self, picture: Field, to_frame: NDArray[np.float64], px_per_mm: float) -> None:
        tip = np.array(self.tip) + np.array(self.away) * self.wide / 2
        ends = on_frame(to_frame, np.array([tip, tip + 60 * np.array(self.away)]))
        mask = np.zeros(picture.shape[:2], np.uint8)
        thick = max(3, round(self.wide * px_per_mm))
        start, end = (tuple(int(v) for v in np.clip(point, -4000, 4000)) for point in ends)
        cv2.line(mask, start, end, 255, thick, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), 1.5).astype(np.float32)[..., None] / 255
        # Rounder at the edges: skin darkens where it turns away.
        round_off = cv2.GaussianBlur(mask, (0, 0), thick / 5).astype(np.float32)[..., None] / 255
        flesh = np.array(self.skin, np.float32) * (0.55 + 0.45 * round_off)
        picture[:] = picture * (1 - soft) + flesh * soft


def _sensed(picture: Field, view: View, chance: np.random.Generator) -> Picture:
    """What the camera makes of the light: blurred, dim, noisy, compressed."""
    if view.motion >= 1.0:
        picture = cv2.filter2D(picture, -1, _streak(view.motion, chance.uniform(0, np.pi))).astype(np.float32)
    if view.blur:
        picture = cv2.GaussianBlur(picture, (0, 0), view.blur).astype(np.float32)
    picture = picture * view.light
    grain = np.empty(picture.shape, np.float32)
    cv2.setRNGSeed(int(chance.integers(2**31)))
    cv2.randn(grain, 0, view.noise)  # type: ignore[call-overload]
    shot = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return np.asarray(shot) if view.jpeg is None else compressed(shot, view.jpeg)


def compressed(shot: Picture, quality: int) -> Picture:
    """`shot`, grey or BGR, after motion JPEG of that quality."""
    packed = cv2.imencode(".jpg", shot, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    seen = cv2.imdecode(packed, cv2.IMREAD_UNCHANGED)
    if seen is None:
        raise RuntimeError("card_scene: OpenCV cannot read the JPEG it wrote")
    return seen.astype(np.uint8, copy=False)


def _streak(length: float, angle: float) -> Field:
    """A line of `length` pixels through the middle of a square, summing to one."""
    side = 2 * (int(length) // 2 + 1) + 1
    kernel = np.zeros((side, side), np.float32)
    middle = side // 2
    reach = np.array((np.cos(angle), np.sin(angle))) * length / 2
    for step in np.linspace(-1, 1, 4 * side):
        x, y = middle + reach * step
        kernel[round(y), round(x)] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)
