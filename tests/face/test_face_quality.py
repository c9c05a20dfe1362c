from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from kiosk.face import quality
from kiosk.face.advice import Advice, SteadyAdvice
from kiosk.face.faces import Face, Picture, upright
from kiosk.face.matcher import Matcher
from kiosk.face.quality import Look, Measures
from kiosk.simulation.people import Sitter, frames

GOOD = Measures(
    width=0.3, inside=True, yaw=0.0, roll=0.0, breadth=1.0, luma=140, against_wall=1.2, side_light=0.1, sharpness=200
)


def look(matcher: Matcher, picture: Picture) -> Look:
    face = matcher.faces(picture)[0]
    return quality.judged(quality.measures(picture, face, upright(picture, face)))


def frame(sitter: Sitter = Sitter.ASTRONAUT, face_width: float = 0.3, light: float = 1.0) -> Picture:
    return next(frames(sitter, seed=1, face_width=face_width, light=light))


@pytest.mark.parametrize("sitter", Sitter)
def test_a_person_before_the_camera_is_good_enough(matcher: Matcher, sitter: Sitter) -> None:
    pictures = frames(sitter)
    assert all(look(matcher, next(pictures)) == Look(True, None) for _ in range(10))


def test_a_person_far_away_is_asked_to_come_closer(matcher: Matcher) -> None:
    assert look(matcher, frame(face_width=0.12)) == Look(False, Advice.COME_CLOSER)


def test_a_person_too_near_is_asked_to_step_back(matcher: Matcher) -> None:
    assert look(matcher, frame(face_width=0.68)) == Look(False, Advice.STEP_BACK)


def test_poor_light_is_named(matcher: Matcher) -> None:
    assert look(matcher, frame(light=0.3)) == Look(False, Advice.TOO_DARK)
    assert look(matcher, frame(light=1.9)) == Look(False, Advice.TOO_BRIGHT)


def test_a_window_behind_is_named(matcher: Matcher) -> None:
    picture = frame()
    face = matcher.faces(picture)[0]
    y, x = np.mgrid[:480, :640]
    away = np.hypot((x - face.x - face.width / 2) / face.width, (y - face.y - face.height / 2) / face.height)
    gain = np.where(away < 0.8, 0.6, 1.8)[..., None]
    assert look(matcher, np.clip(picture * gain, 0, 255).astype(np.uint8)) == Look(False, Advice.BACK_LIT)


def test_a_blurred_face_is_asked_to_hold_still(matcher: Matcher) -> None:
    blurred = cv2.GaussianBlur(frame(), (0, 0), 9.0).astype(np.uint8)
    assert look(matcher, blurred) == Look(False, Advice.HOLD_STILL)


def test_a_face_aside_is_asked_to_look_here(matcher: Matcher) -> None:
    aside = np.roll(frame(face_width=0.22), 270, axis=1)
    assert look(matcher, aside) == Look(False, Advice.LOOK_HERE)


def test_nobody_there_is_asked_to_look_here_and_a_dark_room_is_named() -> None:
    assert quality.nobody(np.full((480, 640, 3), 120, np.uint8)) is Advice.LOOK_HERE
    assert quality.nobody(np.full((480, 640, 3), 8, np.uint8)) is Advice.TOO_DARK
    assert quality.nobody(np.full((480, 640, 3), 252, np.uint8)) is Advice.TOO_BRIGHT


def test_two_people_side_by_side_are_a_crowd_and_one_far_behind_is_not(matcher: Matcher) -> None:
    astronaut, admiral = frame(face_width=0.18), frame(Sitter.GRACE_HOPPER, face_width=0.18)
    both = np.hstack([astronaut[:, 160:480], admiral[:, 160:480]])
    faces = matcher.faces(both)
    assert len(faces) == 2
    assert quality.crowded(faces)
    behind = Face(0, 0, faces[0].width * 0.4, 20, faces[0].points)
    assert not quality.crowded([faces[0], behind])


def test_a_face_found_twice_is_one_person(matcher: Matcher) -> None:
    (face,) = matcher.faces(frame())
    share = 0.65
    once_more = Face(face.x + 10, face.y + 10, face.width * share, face.height * share, face.points)
    assert not quality.crowded([face, once_more])
    assert not quality.crowded([once_more, face])


def test_the_eyes_of_a_turned_head_stand_closer_together(matcher: Matcher) -> None:
    (front,) = matcher.faces(frame())
    assert 0.85 < quality.breadth(front) < 1.25
    squeezed = Face(front.x, front.y, front.width, front.height, front.points * np.array([0.6, 1.0], np.float32))
    assert quality.breadth(squeezed) < quality.NARROWED * quality.breadth(front)


def test_the_most_useful_word_comes_first() -> None:
    assert quality.judged(GOOD) == Look(True, None)
    worse = [
        (Advice.HOLD_STILL, {"sharpness": 3.0}),
        (Advice.FACE_FRONT, {"yaw": -0.3}),
        (Advice.TOO_DARK, {"luma": 30.0}),
        (Advice.BACK_LIT, {"against_wall": 0.3}),
        (Advice.COME_CLOSER, {"width": 0.1}),
    ]
    seen: dict[str, float] = {}
    for word, numbers in worse:
        seen |= numbers
        assert quality.judged(Measures(**{**vars(GOOD), **seen})) == Look(False, word)


def test_a_tilted_head_is_told_but_never_a_reason_to_refuse() -> None:
    assert quality.judged(Measures(**{**vars(GOOD), "roll": 30.0})) == Look(True, Advice.FACE_FRONT)


def test_light_from_one_side_is_told_but_never_a_reason_to_refuse(matcher: Matcher) -> None:
    picture = frame()
    assert look(matcher, picture).advice is None
    face = matcher.faces(picture)[0]
    middle = face.points[2, 0]
    shade = np.where(np.arange(640) < middle, 1.0, 0.5)[None, :, None]
    half = (picture * shade).astype(np.uint8)
    assert quality.measures(half, face, upright(half, face)).side_light > quality.SIDE_LIGHT
    assert quality.judged(Measures(**{**vars(GOOD), "side_light": 0.6})) == Look(True, Advice.TOO_DARK)


def test_a_cropped_still_is_judged_without_asking_where_the_person_stood() -> None:
    cropped = Measures(**{**vars(GOOD), "width": 0.9, "inside": False})
    assert quality.judged(cropped).advice is Advice.STEP_BACK
    assert quality.judged_still(cropped) == Look(True, None)
    assert quality.judged_still(Measures(**{**vars(GOOD), "yaw": 0.2})) == Look(False, Advice.FACE_FRONT)


def test_pose_is_measured_along_the_eyes() -> None:
    points = np.array([[100, 100], [160, 100], [148, 130], [110, 160], [150, 160]], np.float32)
    yaw, roll = quality.pose(Face(80, 60, 100, 130, points))
    assert yaw == pytest.approx(18 / 60)
    assert roll == pytest.approx(0.0)


def test_advice_flickers_in_single_frames_but_not_on_the_screen() -> None:
    steady = SteadyAdvice()
    shown = []
    for number in range(30):
        said = Advice.HOLD_STILL if number % 4 == 0 else Advice.COME_CLOSER
        shown.append(steady.hear(said, number / 15))
    assert set(shown[:6]) == {None}
    assert set(shown[7:]) == {Advice.COME_CLOSER}


def test_an_advice_stands_for_its_time_before_another_takes_its_place() -> None:
    steady = SteadyAdvice()
    words = [Advice.LOOK_HERE] * 15 + [Advice.STEP_BACK] * 15 + [None] * 15
    shown = [steady.hear(word, number / 15) for number, word in enumerate(words)]
    changes = [number for number in range(1, 45) if shown[number] != shown[number - 1]]
    assert [shown[number] for number in changes] == [Advice.LOOK_HERE, Advice.STEP_BACK, None]
    assert all(later - earlier >= 6 for earlier, later in pairwise(changes))
    assert changes[1] - 15 <= 6  # and a new one is not slow in coming
