"""A turned head before the real detector: what it guesses in the small copy, and what a second look finds."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest

from kiosk.face import quality
from kiosk.face.faces import Face, Picture
from kiosk.face.matcher import Matcher
from kiosk.face.second_look import looked_again, worth_it
from kiosk.face.tracking import overlap
from kiosk.face.turning import FAR
from kiosk.simulation.people import Sitter
from kiosk.simulation.people_figure import Figure, Place, drawn, figure_of
from kiosk.simulation.people_head import Turn

APART = 78
"""Pixels between the eyes, of somebody at the usual distance."""


@pytest.fixture(scope="module")
def admiral() -> Figure:
    return figure_of(Sitter.GRACE_HOPPER, APART)


def turned(person: Figure, degrees: float) -> Picture:
    layer = drawn(person, Place(320, 210, APART), Turn(yaw=radians(degrees)), 0.0, (640, 480))
    share = layer.cover[..., None] / 255.0
    return np.asarray(layer.colours * share + 165 * (1 - share), np.uint8)


@pytest.mark.parametrize("degrees", [-42, -36, 36, 42])
def test_a_second_look_sees_how_far_a_head_is_turned(matcher: Matcher, admiral: Figure, degrees: float) -> None:
    picture = turned(admiral, degrees)
    (face,) = matcher.faces(picture)
    again = looked_again(matcher, picture, face)
    assert overlap(face, again) > 0.5
    assert quality.pose(again)[0] * np.sign(degrees) > FAR


def test_the_first_look_alone_does_not(matcher: Matcher, admiral: Figure) -> None:
    yaws = [abs(quality.pose(matcher.faces(turned(admiral, degrees))[0])[0]) for degrees in (-42, -39, -36)]
    assert max(yaws) < FAR


def test_a_face_to_the_front_needs_no_second_look_and_would_not_change_by_it(matcher: Matcher, admiral: Figure) -> None:
    picture = turned(admiral, 0)
    (face,) = matcher.faces(picture)
    assert not worth_it(face, None)
    assert not worth_it(face, quality.breadth(face))
    assert abs(quality.pose(looked_again(matcher, picture, face))[0]) < quality.YAW


def test_a_face_that_has_become_narrow_is_worth_a_second_look_whatever_the_nose_says(
    matcher: Matcher, admiral: Figure
) -> None:
    (face,) = matcher.faces(turned(admiral, 0))
    assert worth_it(face, quality.breadth(face) / 0.8)


def test_where_the_cut_out_shows_no_face_the_first_look_stands(matcher: Matcher) -> None:
    wall = np.full((480, 640, 3), 120, np.uint8)
    points = np.array([[300, 200], [340, 200], [320, 220], [305, 240], [335, 240]], np.float32)
    for box in ((280.0, 170.0, 80.0, 100.0), (-500.0, -500.0, 80.0, 100.0)):
        face = Face(*box, points)
        assert looked_again(matcher, wall, face) is face
