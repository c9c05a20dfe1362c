"""What single frames show of something held up: edges round the face, a screen's grid."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from kiosk.face.edges import framed
from kiosk.face.faces import Face, Picture
from kiosk.face.grid import regular
from kiosk.face.held import COVERED, EVERY, LOOKS, STANDS_OUT, HeldWatch
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import Sitter, frames


@pytest.fixture(scope="module")
def people(matcher: Matcher) -> list[tuple[Picture, Face]]:
    shown = [picture for sitter in Sitter for picture in islice(frames(sitter, face_width=0.25), 3)]
    return [(picture, matcher.faces(picture)[0]) for picture in shown]


def on_a_phone(picture: Picture, face: Face, *, lean: float = 0.0) -> Picture:
    """The picture on something with a dark edge round it, before a plain wall; `lean` in degrees."""
    x, wide = face.x + face.width / 2, 0.95 * face.width
    phone = np.zeros((480, 640), np.uint8)
    edge = phone.copy()
    cv2.rectangle(phone, (int(x - wide - 8), 10), (int(x + wide + 8), 475), 255, cv2.FILLED)
    cv2.rectangle(edge, (int(x - wide), 10), (int(x + wide), 475), 255, cv2.FILLED)
    turn = cv2.getRotationMatrix2D((x, 240), lean, 1.0)
    held = np.full_like(picture, 150)
    held[cv2.warpAffine(phone, turn, (640, 480)) > 0] = (20, 20, 22)
    glass = cv2.warpAffine(edge, turn, (640, 480)) > 0
    held[glass] = picture[glass]
    return held


def on_a_grid(picture: Picture, periods: float = 40.3) -> Picture:
    """The picture as a screen shows it whose pixels beat with the camera's: fine, faint, slanting stripes."""
    y, x = np.mgrid[0:480, 0:640].astype(np.float32)
    stripes = 1 + 0.06 * np.sin(2 * np.pi * periods / 128 * (x * 0.8 + y * 0.6))
    striped: Picture = np.clip(picture * stripes[..., None], 0, 255).astype(np.uint8)
    return striped


def test_people_are_inside_no_edges_and_on_no_grid(people: list[tuple[Picture, Face]]) -> None:
    for picture, face in people:
        assert framed(picture, face) < COVERED
        assert regular(picture, face) < STANDS_OUT


@pytest.mark.parametrize("lean", [0.0, 7.0, -12.0])
def test_the_edges_of_a_phone_are_seen_also_when_it_leans(people: list[tuple[Picture, Face]], lean: float) -> None:
    assert all(framed(on_a_phone(picture, face, lean=lean), face) >= COVERED for picture, face in people)


def test_a_door_beside_a_person_is_none_because_shoulders_hide_it(people: list[tuple[Picture, Face]]) -> None:
    for picture, face in people:
        door = on_a_phone(picture, face)
        chin = int(face.y + face.height)
        door[chin:] = picture[chin:]
        assert framed(door, face) < COVERED


def test_one_edge_alone_is_not_enough(people: list[tuple[Picture, Face]]) -> None:
    for picture, face in people:
        half = on_a_phone(picture, face)
        middle = int(face.x + face.width / 2)
        half[:, middle:] = picture[:, middle:]
        assert framed(half, face) < COVERED


def test_a_screens_grid_stands_out(people: list[tuple[Picture, Face]]) -> None:
    assert all(regular(on_a_grid(picture), face) >= STANDS_OUT for picture, face in people)


@pytest.mark.parametrize("quality", [90, 60, 30])
def test_the_blocks_of_a_compressed_picture_are_no_grid(people: list[tuple[Picture, Face]], quality: int) -> None:
    for picture, face in people:
        packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert unpacked is not None
        assert regular(unpacked.astype(np.uint8), face) < STANDS_OUT


def test_a_picture_smaller_than_a_patch_and_a_face_outside_it_are_no_error(people: list[tuple[Picture, Face]]) -> None:
    picture, face = people[0]
    assert regular(picture[:100, :100], face) == 0.0
    for x in (-3000.0, 3000.0):
        aside = Face(x, 10.0, 150.0, 200.0, face.points)
        assert np.isfinite([regular(picture, aside), framed(picture, aside)]).all()


def test_it_is_said_after_several_looks_and_they_are_not_taken_at_every_frame(
    people: list[tuple[Picture, Face]],
) -> None:
    picture, face = people[0]
    held, watch = on_a_phone(picture, face), HeldWatch()
    said = []
    for number in range(30):
        watch.see(held, face, number / 15)
        said.append(watch.held_up())
    assert said.index(True) / 15 == pytest.approx((LOOKS - 1) * EVERY, abs=0.4)


def test_of_a_living_person_it_is_never_said(people: list[tuple[Picture, Face]]) -> None:
    watch = HeldWatch()
    for number in range(60):
        picture, face = people[number % 3]
        watch.see(picture, face, number / 15)
        assert not watch.held_up(deciding=True)
