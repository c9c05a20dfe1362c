"""A card is found however it is turned, with fingers on its edges; nothing is found where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.face.card_front_layout import HEIGHT_MM, WIDTH_MM
from kiosk.face.card_front_outline import outlines
from kiosk.simulation.card_scene import View, empty, on_frame, plane
from tests.face.front_parts import HANAKO, PrintedCards, frames_of

CORNERS = np.array([(0, 0), (WIDTH_MM, 0), (WIDTH_MM, HEIGHT_MM), (0, HEIGHT_MM)], np.float64)


def off_by(card: PrintedCards, view: View, seed: int = 1) -> float:
    """How far the best candidate's corners lie from the truth, millimetres on the card, the mean."""
    found = outlines(frames_of(card.front(HANAKO), view, 1, seed)[0])
    true = on_frame(plane(view), CORNERS)
    away = [min(np.linalg.norm(way.corners - true, axis=1).mean() for way in (one, one.turned())) for one in found]
    return min(float(off) for off in away) / view.card_width * WIDTH_MM


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(turn=180),
        View(turn=6, tilt=(18, -15), card_width=500),
        View(turn=86, card_width=420, ground="desk"),
        View(turn=-94, card_width=420, ground="room"),
        View(ground="desk", card_width=480),
        View(light=0.25, noise=6),
        View(glare=1.0),
        View(blur=2.0),
        View(card_width=380, place=(0.4, 0.6)),
        View(width=1280, height=720, card_width=900, tilt=(10, 10)),
    ],
    ids=repr,
)
def test_a_card_is_found_to_half_a_millimetre(cards: PrintedCards, view: View) -> None:
    assert off_by(cards, view) < 0.5


@pytest.mark.parametrize("seed", range(4))
def test_fingers_on_its_edges_hide_no_card(cards: PrintedCards, seed: int) -> None:
    assert off_by(cards, View(ground="room", fingers=3, card_width=500, tilt=(8, -6)), seed) < 0.8


def test_an_empty_tray_holds_no_card() -> None:
    assert outlines(next(empty(View()))) == []


def test_noise_is_no_card() -> None:
    assert outlines(np.random.default_rng(1).integers(0, 255, (480, 640, 3)).astype(np.uint8)) == []
    assert outlines(np.full((480, 640, 3), 128, np.uint8)) == []


def test_the_long_side_comes_first_and_the_corners_go_round(cards: PrintedCards) -> None:
    (best, *_) = outlines(frames_of(cards.front(HANAKO), View(turn=3), 1)[0])
    first, second, third, fourth = best.corners
    assert np.linalg.norm(second - first) > 1.3 * np.linalg.norm(third - second)
    assert first[0] < second[0]
    assert fourth[1] > first[1]
    assert best.width == pytest.approx(560, rel=0.02)
    assert best.moved(best.turned()) == 0
