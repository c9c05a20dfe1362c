"""What is behind a face: still before a camera that stands still, moving as one behind a picture in a hand."""

from __future__ import annotations

import math
import time
from itertools import islice

import cv2
import numpy as np
import pytest

from kiosk.face.backdrop import BESIDE, EVERY, LOOKS, BackdropWatch, Change, Grey, change_behind
from kiosk.face.faces import Face, Picture
from kiosk.face.held import HeldWatch
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import Scene, Sitter, scene_frames
from tests.face.lookers import face as somebody

SCALE = 0.25
FACE = somebody(x=320, y=190, apart=70)
"""In a frame of 640 x 480."""
NOISE = 1.5


def room(seed: int = 1) -> Grey:
    """A room out of focus, larger than a frame of 160 x 120 so that it can be moved."""
    chance = np.random.default_rng(seed)
    coarse = chance.uniform(60, 200, (14, 18)).astype(np.float32)
    return cv2.resize(coarse, (220, 170), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def shot(
    behind: Grey, right: float = 0.0, down: float = 0.0, *, turn: float = 0.0, grows: float = 1.0, seed: int = 0
) -> Grey:
    """160 x 120 of it, moved, with a sensor's noise."""
    place = cv2.getRotationMatrix2D((110, 85), turn, grows)
    place[:, 2] += np.array([right - 30, down - 25])
    seen = cv2.warpAffine(behind, place, (160, 120), flags=cv2.INTER_LINEAR)
    return (seen + np.random.default_rng(seed).normal(0, NOISE, seen.shape)).astype(np.float32)


def said(before: Grey, now: Grey, face: Face = FACE) -> Change | None:
    return change_behind(before, now, face, SCALE, EVERY)


def test_a_room_that_stands_still_is_still_whatever_the_noise() -> None:
    assert [said(shot(room(seed)), shot(room(seed), seed=9)) for seed in range(8)] == [Change.NONE] * 8


@pytest.mark.parametrize(
    "motion",
    [{"right": 1.0}, {"right": -3.5, "down": 1.0}, {"down": 2.0}, {"turn": 2.0}, {"grows": 1.03, "right": 1.0}],
)
def test_one_that_is_moved_turned_or_brought_nearer_is_seen_to_move(motion: dict[str, float]) -> None:
    assert {said(shot(room(seed)), shot(room(seed), **motion, seed=9)) for seed in range(8)} == {Change.AS_ONE}


def test_somebody_who_passes_on_one_side_moves_nothing_on_the_other() -> None:
    before, now = shot(room()), shot(room(), seed=9)
    for side in (slice(0, 55), slice(105, 160)):
        passing = now.copy()
        passing[:, side] = shot(room(5), 2.0)[:, side]
        with_them = before.copy()
        with_them[:, side] = shot(room(5))[:, side]
        assert said(with_them, passing) is Change.NONE


def test_one_side_that_moves_and_another_that_becomes_something_else_have_both_changed() -> None:
    before, now = shot(room()), shot(room(), 2.0, seed=9)
    before[:, 105:], now[:, 105:] = shot(100 + 0.2 * room(5))[:, 105:], shot(110 + 0.2 * room(6))[:, 105:]
    assert said(before, now) is Change.BOTH


def test_a_light_that_changes_moves_nothing() -> None:
    assert said(shot(room()), 0.8 * shot(room(), seed=9) + 12) is Change.NONE


def test_a_plain_wall_shows_no_motion() -> None:
    wall = np.full((170, 220), 140, np.float32)
    assert said(shot(wall), shot(wall, 2.0, seed=9)) is Change.NONE


def test_beside_a_face_that_fills_the_frame_nothing_can_be_told() -> None:
    near = somebody(x=320, y=190, apart=0.45 * 640 / BESIDE)
    assert said(shot(room()), shot(room(), 2.0), near) is None


def test_hair_that_moves_with_the_head_is_not_the_backdrop() -> None:
    before, now = shot(room()), shot(room(), seed=9)
    reach = round(0.95 * FACE.width * SCALE)
    middle = round((FACE.x + FACE.width / 2) * SCALE)
    head = slice(middle - reach, middle + reach)
    before[:, head], now[:, head] = shot(room(3))[:, head], shot(room(3), 2.0)[:, head]
    assert said(before, now) is Change.NONE


def watched(moves: list[float], *, camera_stands: bool = True) -> list[bool]:
    """What a watch says, frame by frame at 15 a second, while the whole room is moved aside by so many pixels."""
    watch, told = HeldWatch(camera_stands=camera_stands), []
    behind = room()
    for number, right in enumerate(moves):
        grey = np.clip(shot(behind, right, seed=number), 0, 255).astype(np.uint8)
        picture = cv2.cvtColor(cv2.resize(grey, (640, 480)), cv2.COLOR_GRAY2BGR).astype(np.uint8, copy=False)
        watch.see(picture, FACE, number / 15)
        told.append(watch.held_up(deciding=True))
    return told


def swaying(seconds: float) -> list[float]:
    """As a hand that holds something sways, in pixels of the copy."""
    return [4 * math.sin(2 * math.pi * number / 15 / 2.5) for number in range(round(15 * seconds))]


def test_a_hand_that_sways_is_told_within_three_seconds() -> None:
    assert any(watched(swaying(3.0)))


def test_a_knock_against_the_kiosk_is_over_too_soon_to_be_one() -> None:
    shaken = [0.0] * 15 + [2.5 * (-1) ** (number // 2) for number in range(12)] + [0.0] * 48
    assert not any(watched(shaken))


def test_before_a_camera_in_somebodys_hand_it_is_not_looked_at() -> None:
    assert not any(watched(swaying(3.0), camera_stands=False))


def test_it_is_not_said_before_enough_looks_unless_a_decision_is_due() -> None:
    picture: Picture = np.zeros((480, 640, 3), np.uint8)
    watch = BackdropWatch()
    for number in range(LOOKS):
        watch.see(picture, FACE, number * EVERY)
        assert not watch.moves(deciding=True)


def test_a_time_that_runs_backwards_and_pictures_of_another_size_begin_anew() -> None:
    watch = BackdropWatch()
    for size, mono in (((480, 640), 5.0), ((480, 640), 1.0), ((240, 352), 1.3), ((480, 640), 9.0)):
        watch.see(np.zeros((*size, 3), np.uint8), FACE, mono)
    assert not watch.moves(deciding=True)


@pytest.mark.parametrize(
    ("scene", "found"),
    [
        (Scene.LIVING, False),
        (Scene.BYSTANDER, False),
        (Scene.WALKS_IN, False),
        (Scene.PHONE_REPLAY, True),
        (Scene.PHOTOGRAPH, True),
    ],
)
def test_before_simulated_people_and_pictures_that_fill_the_frame(
    matcher: Matcher, scene: Scene, *, found: bool
) -> None:
    watch = BackdropWatch()
    for number, picture in enumerate(islice(scene_frames(scene, Sitter.ASTRONAUT, seed=12), 60)):
        if faces := matcher.faces(picture):
            watch.see(picture, faces[0], number / 15)
    assert watch.moves() is found


def test_a_look_costs_a_few_milliseconds() -> None:
    before, now = shot(room()), shot(room(), 2.0, seed=9)
    took = []
    for _ in range(20):
        begun = time.process_time()
        said(before, now)
        took.append(time.process_time() - begun)
    print(f"one look at the backdrop: {1000 * min(took):.1f} ms of processor time")
    assert min(took) < 0.05
