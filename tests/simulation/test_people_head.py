"""The turning head's geometry: lengths in eye distances from the middle of the eyes."""

from __future__ import annotations

from math import radians

import numpy as np
import pytest

from kiosk.simulation.people_grid import Field
from kiosk.simulation.people_head import Head, Turn, measured, seen

NOSE = (0.0, 0.6)
EYES = ((-0.5, 0.0), (0.5, 0.0))
X = np.linspace(-2.2, 2.2, 881, dtype=np.float32)


@pytest.fixture
def head() -> Head:
    """One in an outline of a head on shoulders, 50 pixels an eye distance."""
    y, x = np.mgrid[0:600, 0:500].astype(np.float32)
    skull = ((x - 250) / 70) ** 2 + ((y - 180) / 110) ** 2 < 1
    neck = (np.abs(x - 250) < 40) & (y > 180)
    return measured(np.where(skull | neck, 255, 0).astype(np.uint8), 50.0, 3.6, 5.0, NOSE)


def place(head: Head, yaw: float, point: tuple[float, float]) -> float:
    """Where a point of the face is seen after a turn (degrees), across."""
    u, _, _ = seen(head, Turn(yaw=radians(yaw)), X[None], np.full((1, X.size), point[1], np.float32))
    return float(X[int(np.argmin(np.abs(u[0] - point[0])))])


def yaw_proxy(head: Head, yaw: float) -> float:
    right, left = (place(head, yaw, eye) for eye in EYES)
    return (place(head, yaw, NOSE) - (right + left) / 2) / (left - right)


def grid(step: float = 0.1) -> tuple[Field, Field]:
    x, y = np.meshgrid(np.arange(-2, 2, step), np.arange(-2, 4, step))
    return x.astype(np.float32), y.astype(np.float32)


def test_a_head_to_the_front_is_the_portrait(head: Head) -> None:
    x, y = grid()
    u, v, unseen = seen(head, Turn(), x, y)
    inside = np.abs(x) < 1
    assert np.allclose(u[inside], x[inside], atol=0.05)
    assert np.allclose(v, y, atol=1e-3)
    assert not unseen.any()


def test_the_nose_moves_against_the_eyes_as_it_does_on_a_real_head(head: Head) -> None:
    proxies = {yaw: yaw_proxy(head, yaw) for yaw in (0, 20, 35, 45)}
    assert abs(proxies[0]) < 0.03
    assert 0.15 < proxies[20] < 0.40
    assert 0.40 < proxies[35] < 0.75
    assert proxies[35] < proxies[45]


def test_a_turn_to_the_other_side_is_the_mirror_image(head: Head) -> None:
    x, y = grid()
    left, down, _ = seen(head, Turn(yaw=0.6), x, y)
    right, other_down, _ = seen(head, Turn(yaw=-0.6), -x, y)
    assert np.allclose(left, -right, atol=0.02)
    assert np.allclose(down, other_down, atol=0.02)


def test_the_far_eye_comes_nearer_to_the_nose_and_the_cheek_behind_it_is_hidden(head: Head) -> None:
    right, nose, left = (place(head, 40, point) for point in (EYES[0], NOSE, EYES[1]))
    assert left - nose < 0.5 * (nose - right)
    u, _, _ = seen(head, Turn(yaw=radians(40)), X[None], np.full((1, X.size), NOSE[1], np.float32))
    assert np.diff(u[0]).max() > 0.15  # from the nose to what lies behind it, in one step


def test_what_the_portrait_saw_from_the_side_only_is_told(head: Head) -> None:
    y = np.zeros((1, X.size), np.float32)
    u, _, unseen = seen(head, Turn(yaw=radians(45)), X[None], y)
    face = np.abs(u[0]) < 0.7
    assert unseen[0][face].max() < 0.2
    assert unseen[0][place(head, 45, (-1.0, 0.0)) > X].max() > 0.9


def test_the_trunk_stays_while_the_head_turns(head: Head) -> None:
    x, _ = grid()
    below = np.full_like(x, 3.5)
    u, v, _ = seen(head, Turn(yaw=0.7, pitch=0.1, roll=0.1), x, below)
    assert np.allclose(u, x, atol=1e-3)
    assert np.allclose(v, below, atol=1e-3)
