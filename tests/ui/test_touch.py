"""Fingers: act on release over the same widget, slide off cancels, palms block nobody, unsteady hands strike once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.geometry import Rect
from kiosk.ui.touch import DOUBLE_STRIKE_S, Tap, Touch
from kiosk.ui.widgets import Button, SecretKey, Surface, Widget

STOP = Button(Rect(0, 0, 100, 100), "やめる", "stop")
NEXT = Button(Rect(200, 0, 100, 100), "次へ", "next")
FIVE = SecretKey(Rect(0, 200, 100, 100), "5")
SIX = SecretKey(Rect(110, 200, 100, 100), "6")
SCREEN: list[Widget] = [Surface(Rect(0, 0, 400, 400)), STOP, NEXT, FIVE, SIX]


class Glass:
    """A panel showing `widgets`, with a clock the test turns."""

    def __init__(self, widgets: list[Widget] | None = None) -> None:
        self.digits: list[str] = []
        self.touch = Touch(self.digits.append)
        self.widgets = SCREEN if widgets is None else widgets
        self.now = 100.0

    def down(self, x: float, y: float, finger: int = 1) -> None:
        self.touch.down(finger, x, y, self.widgets, self.now)

    def up(self, x: float, y: float, finger: int = 1) -> Tap | None:
        return self.touch.up(finger, x, y, self.widgets, self.now)

    def tap(self, x: float, y: float, finger: int = 1) -> Tap | None:
        self.down(x, y, finger)
        return self.up(x, y, finger)


def test_a_button_acts_on_release_and_not_before() -> None:
    glass = Glass()
    glass.down(50, 50)
    assert glass.touch.pressed == {STOP}
    assert glass.up(60, 60) == Tap("stop")
    assert glass.touch.pressed == set()


def test_sliding_off_cancels() -> None:
    glass = Glass()
    glass.down(50, 50)
    glass.touch.move(1, 250, 50)
    assert glass.touch.pressed == set()
    assert glass.up(250, 50) is None


def test_sliding_off_and_back_acts() -> None:
    glass = Glass()
    glass.down(50, 50)
    glass.touch.move(1, 150, 50)
    glass.touch.move(1, 50, 50)
    assert glass.touch.pressed == {STOP}
    assert glass.up(50, 50) == Tap("stop")


def test_sliding_onto_a_button_does_nothing() -> None:
    glass = Glass()
    glass.down(150, 50)
    assert glass.up(50, 50) is None


def test_a_resting_palm_does_not_block_another_finger() -> None:
    glass = Glass()
    glass.down(50, 50, finger=1)
    assert glass.tap(250, 50, finger=2) == Tap("next")
    assert glass.touch.pressed == {STOP}


def test_a_release_on_another_screen_than_the_press_does_nothing() -> None:
    glass = Glass()
    glass.down(50, 50)
    glass.widgets = [Button(STOP.rect, "同意する", "agree")]
    assert glass.up(50, 50) is None


def test_a_release_nobody_pressed_for_does_nothing() -> None:
    assert Glass().up(50, 50) is None


def test_the_widget_drawn_last_is_on_top() -> None:
    over = Button(Rect(0, 0, 100, 100), "上", "over")
    assert Glass([STOP, over]).tap(50, 50) == Tap("over")


def test_a_digit_goes_to_the_secret_sink_alone() -> None:
    glass = Glass()
    told = glass.tap(50, 250)
    assert told == Tap("digit")
    assert glass.digits == ["5"]
    assert "5" not in repr(told)


def test_a_cancelled_digit_goes_nowhere() -> None:
    glass = Glass()
    glass.down(50, 250)
    assert glass.up(160, 250) is None
    assert glass.digits == []


def test_a_double_strike_counts_once() -> None:
    glass = Glass()
    assert glass.tap(50, 250) == Tap("digit")
    glass.now += DOUBLE_STRIKE_S * 0.9
    assert glass.tap(50, 250) is None
    assert glass.digits == ["5"]


def test_a_second_strike_after_the_guard_counts() -> None:
    glass = Glass()
    glass.tap(50, 250)
    glass.now += DOUBLE_STRIKE_S
    assert glass.tap(50, 250) == Tap("digit")
    assert glass.digits == ["5", "5"]


def test_another_key_may_follow_at_once() -> None:
    glass = Glass()
    glass.tap(50, 250)
    assert glass.tap(160, 250) == Tap("digit")
    assert glass.digits == ["5", "6"]


def test_a_double_strike_does_not_hit_what_the_first_strike_brought_there() -> None:
    glass = Glass()
    glass.tap(50, 50)
    glass.now += 0.1
    glass.widgets = [Button(STOP.rect, "同意する", "agree")]
    assert glass.tap(50, 50) is None
    glass.now += DOUBLE_STRIKE_S
    assert glass.tap(50, 50) == Tap("agree")


def test_after_lift_all_a_finger_must_come_down_again() -> None:
    glass = Glass()
    glass.down(50, 50)
    glass.touch.lift_all()
    assert glass.up(50, 50) is None
    assert glass.tap(50, 50) == Tap("stop")


_POINTS = st.sampled_from([(50.0, 50.0), (250.0, 50.0), (50.0, 250.0), (160.0, 250.0), (105.0, 250.0), (399.0, 399.0)])
_STROKES = st.lists(
    st.tuples(st.sampled_from(["down", "move", "up"]), st.integers(1, 3), _POINTS, st.floats(0, 0.5)), max_size=40
)


@given(_STROKES)
def test_whatever_the_fingers_do_every_tap_was_pressed_and_released_on_one_widget(
    strokes: list[tuple[str, int, tuple[float, float], float]],
) -> None:
    glass = Glass()
    began: dict[int, tuple[float, float]] = {}
    digits = 0
    for kind, finger, (x, y), later in strokes:
        glass.now += later
        if kind == "down":
            began[finger] = (x, y)
            glass.down(x, y, finger)
        elif kind == "move":
            glass.touch.move(finger, x, y)
        else:
            tap = glass.up(x, y, finger)
            start = began.pop(finger, None)
            if tap is not None:
                assert start is not None
                on = [w for w in (STOP, NEXT, FIVE, SIX) if w.rect.contains(x, y) and w.rect.contains(*start)]
                assert [w.action for w in on] == [tap.action]
                digits += tap.action == "digit"
        assert len(glass.touch.pressed) <= 3
    assert len(glass.digits) == digits
