"""The iris network on simulated people: portraits with open eyes, and the same with the lids drawn shut."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from kiosk import share
from kiosk.errors import MissingError
from kiosk.face.eyes import Eyes, Openness
from kiosk.face.faces import Face, Picture
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import Sitter, frames


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    reader = Eyes.load()
    reader.warm()
    return reader


def pictured(matcher: Matcher, sitter: Sitter, count: int = 1) -> list[tuple[Picture, Face]]:
    return [(picture, matcher.faces(picture)[0]) for picture in islice(frames(sitter), count)]


def with_lids_shut(picture: Picture, face: Face) -> Picture:
    """Skin drawn over both eyes, and the line of the lashes."""
    shut = picture.copy()
    apart = float(np.linalg.norm(face.points[1] - face.points[0]))
    for x, y in face.points[:2]:
        skin = picture[int(y + 0.45 * apart), int(x)].tolist()
        at = (int(x), int(y))
        cv2.ellipse(shut, at, (int(0.24 * apart), int(0.13 * apart)), 0, 0, 360, skin, cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(shut, at, (int(0.2 * apart), int(0.06 * apart)), 0, 10, 170, (40, 40, 60), 2, cv2.LINE_AA)
    return cv2.GaussianBlur(shut, (5, 5), 0).astype(np.uint8)


@pytest.mark.parametrize("sitter", Sitter)
def test_open_eyes_read_as_open_through_glasses_too(eyes: Eyes, matcher: Matcher, sitter: Sitter) -> None:
    read = [eyes.openness(picture, face) for picture, face in pictured(matcher, sitter, 10)]
    assert all(0.14 < one.right < 0.40 and 0.14 < one.left < 0.40 for one in read)


def test_eyes_drawn_shut_read_as_less_than_half_as_open(eyes: Eyes, matcher: Matcher) -> None:
    (picture, face), *_ = pictured(matcher, Sitter.ASTRONAUT)
    assert eyes.openness(with_lids_shut(picture, face), face).wider < 0.5 * eyes.openness(picture, face).mean


def test_a_tilted_head_reads_as_an_upright_one(eyes: Eyes, matcher: Matcher) -> None:
    (picture, face), *_ = pictured(matcher, Sitter.ASTRONAUT)
    upright = eyes.openness(picture, face)
    turn = cv2.getRotationMatrix2D((320, 240), 20, 1.0)
    tilted = cv2.warpAffine(picture, turn, (640, 480)).astype(np.uint8)
    points = (face.points @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
    assert eyes.openness(tilted, replace(face, points=points)).mean == pytest.approx(upright.mean, rel=0.2)


def test_points_outside_the_picture_or_all_in_one_place_are_read_without_an_error(eyes: Eyes, matcher: Matcher) -> None:
    (picture, face), *_ = pictured(matcher, Sitter.ASTRONAUT)
    for points in (face.points + 5000, np.zeros((5, 2), np.float32)):
        read = eyes.openness(picture, replace(face, points=points.astype(np.float32)))
        assert np.isfinite([read.right, read.left]).all()


def test_the_wider_eye_decides_whether_both_are_shut() -> None:
    assert Openness(0.05, 0.30).wider == 0.30
    assert Openness(0.10, 0.30).mean == pytest.approx(0.20)


def test_both_eyes_cost_a_few_milliseconds_whatever_the_size_of_the_picture(eyes: Eyes, matcher: Matcher) -> None:
    (picture, face), *_ = pictured(matcher, Sitter.ASTRONAUT)
    large = cv2.resize(picture, None, fx=4, fy=4).astype(np.uint8)
    far = replace(face, points=face.points * 4)
    took: dict[int, float] = {}
    for width, (shown, found) in {640: (picture, face), 2560: (large, far)}.items():
        times = []
        for _ in range(15):
            begun = time.process_time()
            eyes.openness(shown, found)
            times.append(time.process_time() - begun)
        took[width] = 1000 * min(times)
    print(f"both eyes: {took[640]:.1f} ms of processor time at 640 x 480, {took[2560]:.1f} ms at 2560 x 1920")
    assert took[2560] < 3 * took[640] + 5


def test_without_the_network_one_sentence_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(share, "FOLDER", tmp_path)
    with pytest.raises(MissingError, match=r"iris_landmark\.tflite"):
        Eyes.load()
