"""Pressing without looking: the ten-key, and the corners of the glass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.keys import CORNER_MM, HOLD_S, Corners, Key, TenKey, Word
from kiosk.ui.touch import DOUBLE_STRIKE_S, Tap
from kiosk.ui.widgets import Button, SecretKey, Widget

KEYPAD = {digit: 88 + int(digit) for digit in "123456789"} | {"0": 98}
ROW = {digit: 29 + int(digit) for digit in "123456789"} | {"0": 39}
SLASH, STAR, MINUS, PLUS, ENTER, PERIOD, BACKSPACE, NUM_LOCK = 84, 85, 86, 87, 88, 99, 42, 83

STOP = Button(Rect(0, 400, 100, 80), "やめる", "stop")
ERASE = Button(Rect(200, 300, 100, 80), "1つ消す", "erase")
QUESTION: list[Widget] = [STOP, Button(Rect(200, 400, 100, 80), "同意する", "agree_all")]
PAD: list[Widget] = [STOP, ERASE, *(SecretKey(Rect(300 + 40 * n, 0, 40, 40), str(n)) for n in range(10))]


class Keypad:
    """A ten-key before a screen, with a clock the test turns."""

    def __init__(self, widgets: list[Widget]) -> None:
        self.widgets = widgets
        self.digits: list[str] = []
        self.keys = TenKey()
        self.now = 100.0

    def press(self, code: int, after: float = 1.0) -> Key | Tap | None:
        self.now += after
        return self.keys.down(code, self.widgets, self.now, self.digits.append)


@pytest.mark.parametrize("codes", [KEYPAD, ROW], ids=["keypad", "row above the letters"])
def test_every_digit_goes_to_the_secret_sink_and_nothing_else_tells_it(codes: dict[str, int]) -> None:
    pad = Keypad(PAD)
    told = [pad.press(codes[digit]) for digit in "0123456789"]
    assert told == [Tap("digit")] * 10
    assert pad.digits == list("0123456789")
    assert not any(character.isdigit() for character in repr(told))


def test_a_digit_that_is_not_on_the_pad_goes_nowhere() -> None:
    pad = Keypad([SecretKey(Rect(0, 0, 40, 40), "1")])
    assert pad.press(KEYPAD["2"]) is None
    assert pad.digits == []


@pytest.mark.parametrize("code", [PERIOD, BACKSPACE])
def test_the_last_digit_is_taken_back(code: int) -> None:
    assert Keypad(PAD).press(code) == Tap("erase")


def test_a_pad_that_takes_nothing_back_is_left_alone() -> None:
    assert Keypad([SecretKey(Rect(0, 0, 40, 40), "1")]).press(PERIOD) is None


def test_the_middle_key_acts_and_those_around_it_walk() -> None:
    pad = Keypad(QUESTION)
    walked = {digit: pad.press(KEYPAD[digit]) for digit in "1234567890"}
    assert walked["5"] == Key(Word.ACT)
    assert walked["6"] == walked["2"] == Key(Word.NEXT)
    assert walked["4"] == walked["8"] == Key(Word.PREVIOUS)
    assert {walked[digit] for digit in "13790"} == {Key(Word.REPEAT)}
    assert pad.digits == []


@pytest.mark.parametrize("widgets", [QUESTION, PAD], ids=["question", "pad"])
def test_the_other_keys_mean_the_same_on_every_screen(widgets: list[Widget]) -> None:
    pad = Keypad(widgets)
    words = {SLASH: Word.PREVIOUS, STAR: Word.NEXT, ENTER: Word.ACT, PLUS: Word.LOUDER, MINUS: Word.QUIETER}
    assert {code: pad.press(code) for code in words} == {code: Key(word) for code, word in words.items()}


def test_keys_that_are_none_of_ours_do_not_count() -> None:
    pad = Keypad(QUESTION)
    assert [pad.press(code) for code in (NUM_LOCK, 4, 41, 58, 224)] == [None] * 5


def test_a_double_strike_types_once_and_acts_once() -> None:
    pad = Keypad(PAD)
    pad.press(KEYPAD["7"])
    assert pad.press(KEYPAD["7"], after=DOUBLE_STRIKE_S * 0.9) is None
    assert pad.press(KEYPAD["7"], after=DOUBLE_STRIKE_S) == Tap("digit")
    assert pad.digits == ["7", "7"]
    question = Keypad(QUESTION)
    question.press(ENTER)
    assert question.press(ENTER, after=0.1) is None


def test_another_digit_may_follow_at_once() -> None:
    pad = Keypad(PAD)
    pad.press(KEYPAD["7"])
    pad.press(KEYPAD["8"], after=0.01)
    assert pad.digits == ["7", "8"]


def test_who_knows_the_way_walks_at_any_pace() -> None:
    pad = Keypad(QUESTION)
    assert [pad.press(KEYPAD["6"], after=0.01) for _ in range(3)] == [Key(Word.NEXT)] * 3


def test_the_wipe_forgets_which_key_was_struck_last() -> None:
    pad = Keypad(PAD)
    pad.press(KEYPAD["7"])
    pad.keys.forget()
    assert not any("95" in repr(value) for value in vars(pad.keys).values())


@given(st.lists(st.tuples(st.integers(0, 300), st.floats(0, 0.5), st.booleans()), max_size=40))
def test_whatever_is_pressed_a_tap_on_the_pad_is_one_digit_and_no_digit_is_told(
    presses: list[tuple[int, float, bool]],
) -> None:
    keypad, taps = Keypad(PAD), 0
    for code, after, typing in presses:
        keypad.widgets = PAD if typing else QUESTION
        told = keypad.press(code, after)
        assert told in {None, Tap("digit"), Tap("erase"), *map(Key, Word)}
        assert typing or not isinstance(told, Tap)
        taps += told == Tap("digit")
    assert len(keypad.digits) == taps


# -- the corners -----------------------------------------------------------------------------------------------------

SEVEN, LARGE = Panel(800, 480, 7.0), Panel(1080, 1920, 21.5)


def tap(corners: Corners, x: float, y: float, now: float = 0.0) -> Key | None:
    corners.down(1, x, y, now)
    return corners.up(1, x, y)


@pytest.mark.parametrize("panel", [SEVEN, LARGE], ids=["7 inch", "21.5 inch"])
def test_each_corner_is_a_key_of_20_mm(panel: Panel) -> None:
    corners = Corners(panel)
    corners.on = True
    inside = (CORNER_MM - 0.5) * panel.px_per_mm
    right, low = panel.width - 1 - inside, panel.height - 1 - inside
    assert tap(corners, inside, inside) == Key(Word.REPEAT)
    assert tap(corners, right, inside) == Key(Word.ACT)
    assert tap(corners, inside, low) == Key(Word.PREVIOUS)
    assert tap(corners, right, low) == Key(Word.NEXT)
    assert tap(corners, panel.width / 2, panel.height / 2) is None
    assert tap(corners, panel.width / 2, 1) is None


def test_the_corners_of_the_smallest_panel_do_not_meet() -> None:
    corners = Corners(Panel(320, 240, 5.0))
    assert corners.at(160, 120) is None


def test_corners_that_are_no_keys_press_nothing() -> None:
    assert tap(Corners(SEVEN), 5, 5) is None


def test_sliding_out_of_a_corner_cancels() -> None:
    corners = Corners(SEVEN)
    corners.on = True
    corners.down(1, 5, 5, 0.0)
    corners.move(1, 400, 240)
    corners.move(1, 5, 5)
    assert corners.up(1, 5, 5) is None


def test_a_finger_that_rests_in_the_upper_left_corner_begins_once() -> None:
    corners = Corners(SEVEN)
    corners.down(1, 5, 5, 10.0)
    assert corners.held(10.0 + HOLD_S * 0.99) is None
    assert corners.held(10.0 + HOLD_S) == Key(Word.BEGIN)
    assert corners.held(20.0) is None
    corners.on = True
    assert corners.up(1, 5, 5) is None


def test_a_tap_a_child_s_swipe_and_a_hand_in_another_corner_begin_nothing() -> None:
    corners = Corners(SEVEN)
    tap(corners, 5, 5)
    corners.down(2, 5, 5, 0.0)
    corners.move(2, 300, 5)
    corners.down(3, 795, 475, 0.0)
    corners.down(4, 400, 240, 0.0)
    assert corners.held(60.0) is None


def test_the_wipe_lifts_every_finger() -> None:
    corners = Corners(SEVEN)
    corners.down(1, 5, 5, 0.0)
    corners.lift_all()
    assert corners.held(60.0) is None
