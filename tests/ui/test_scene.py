"""What changes by itself and when, and which pixels differ from the moment before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.geometry import Rect
from kiosk.ui.scene import Appearance, Moment, appearance, changed, merged, next_change
from kiosk.ui.widgets import Button, Label, Live, LiveSource, Picture, SecretKey, Surface, Waiting, Widget

TITLE = Label(Rect(0, 0, 100, 20), "受付")
OTHER = Label(Rect(0, 0, 100, 20), "完了")
STOP = Button(Rect(0, 50, 40, 20), "やめる", "stop")
KEY = SecretKey(Rect(60, 50, 20, 20), "5")
SHEET = Surface(Rect(0, 0, 200, 200))
PLACE = Picture(Rect(0, 100, 50, 50), "place-card", moving=True)


def plain(*widgets: Widget) -> list[Appearance]:
    return [Appearance(widget) for widget in widgets]


def reach(widget: Widget) -> Rect:
    return widget.rect


def test_nothing_changed_is_nothing_to_draw() -> None:
    assert changed(plain(SHEET, TITLE, STOP), plain(SHEET, TITLE, STOP), reach) == []


def test_a_new_text_is_drawn_in_its_place_only() -> None:
    assert changed(plain(SHEET, TITLE, STOP), plain(SHEET, OTHER, STOP), reach) == [TITLE.rect]


def test_what_went_is_cleared_and_what_came_is_drawn() -> None:
    assert changed(plain(TITLE), plain(STOP), reach) == [TITLE.rect, STOP.rect]


def test_a_pressed_button_is_drawn_again() -> None:
    after = [appearance(SHEET, 0), appearance(STOP, 0, pressed=frozenset({STOP}))]
    assert changed(plain(SHEET, STOP), after, reach) == [STOP.rect]


def test_a_touched_pin_key_looks_as_before() -> None:
    assert appearance(KEY, 0, pressed=frozenset({KEY})) == appearance(KEY, 0)


def test_a_changed_stacking_is_drawn_again() -> None:
    assert changed(plain(TITLE, SHEET), plain(SHEET, TITLE), reach) != []


def test_a_waiting_ring_turns_and_says_the_seconds_from_three_on() -> None:
    ring = Waiting(Rect(0, 0, 50, 50), since=10.0)
    assert appearance(ring, 10.0).moment == Moment(phase=0)
    assert appearance(ring, 12.9).moment.seconds is None
    assert appearance(ring, 13.1).moment.seconds == 3
    assert appearance(ring, 10.5).moment.phase != appearance(ring, 10.0).moment.phase


def test_a_waiting_ring_asks_to_be_drawn_fifteen_times_a_second() -> None:
    ring = Waiting(Rect(0, 0, 50, 50), since=10.0)
    assert next_change(ring, 10.0) == pytest.approx(10 + 1 / 15)


def test_a_moving_picture_plays_three_times_and_rests() -> None:
    phases = [appearance(PLACE, second + 0.5, began=0.0).moment.phase for second in range(9)]
    assert phases == [0, 1, 0, 1, 0, 1, 0, 0, 0]
    assert next_change(PLACE, 0.5, began=0.0) == 1.0
    assert next_change(PLACE, 6.5, began=0.0) is None


def test_a_picture_that_has_not_begun_rests() -> None:
    assert appearance(PLACE, 1.5).moment.phase == 0
    assert next_change(PLACE, 1.5) is None


def test_the_camera_is_drawn_thirty_times_a_second_and_only_for_a_new_frame() -> None:
    camera = Live(Rect(0, 0, 50, 50))
    assert next_change(camera, 5.0) == pytest.approx(5 + 1 / 30)
    assert appearance(camera, 5.0, frame=7) == appearance(camera, 5.1, frame=7)
    assert appearance(camera, 5.0, frame=7) != appearance(camera, 5.1, frame=8)
    photo = Live(Rect(0, 0, 50, 50), LiveSource.PHOTO)
    assert (next_change(photo, 5.0) or 0) > 5.1


def test_words_never_change_by_themselves() -> None:
    assert next_change(TITLE, 5.0) is None


_RECTS = st.lists(
    st.builds(Rect, st.integers(0, 30), st.integers(0, 30), st.integers(1, 10), st.integers(1, 10)), max_size=8
)


@given(_RECTS)
def test_merged_rectangles_cover_the_same_pixels_and_do_not_overlap(rects: list[Rect]) -> None:
    told = merged(rects)
    assert all(any(big.holds(small) for big in told) for small in rects)
    assert not any(one.overlaps(other) for n, one in enumerate(told) for other in told[n + 1 :])
