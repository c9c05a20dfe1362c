from __future__ import annotations

import pytest

from kiosk.face.tracking import LOST, SAME_PLACE, Track, overlap
from tests.face.lookers import face


def test_a_face_lies_over_itself_and_not_over_one_elsewhere() -> None:
    here = face()
    assert overlap(here, here) == pytest.approx(1.0)
    assert overlap(here, face(x=600)) == 0.0


def test_overlap_is_shared_by_both_faces() -> None:
    near, far = face(apart=100), face(apart=50)
    assert overlap(near, far) == pytest.approx(overlap(far, near))
    assert 0.0 < overlap(near, far) < 1.0


def test_a_head_that_sways_is_followed() -> None:
    track = Track(face(), 10.0)
    for step in range(1, 8):
        moved, mono = face(x=320 + 15 * step, apart=80 + 2 * step), 10.0 + 0.07 * step
        assert track.holds(moved, mono)
        track = Track(moved, mono)


def test_a_face_that_jumps_aside_is_another_one() -> None:
    track = Track(face(x=200), 10.0)
    assert overlap(track.face, face(x=400)) < SAME_PLACE
    assert not track.holds(face(x=400), 10.05)


def test_who_appears_after_a_pause_is_another_one() -> None:
    track = Track(face(), 10.0)
    assert track.holds(face(), 10.0 + LOST)
    assert not track.holds(face(), 10.0 + LOST + 0.01)


def test_a_time_that_runs_backwards_breaks_the_track() -> None:
    assert not Track(face(), 10.0).holds(face(), 9.9)
