"""The display with a ten-key plugged in, and with the corners of its glass as keys."""

from __future__ import annotations

import time
from typing import Any

import pygame
import pytest

from kiosk.ui.display import Display
from kiosk.ui.geometry import Rect
from kiosk.ui.keys import HOLD_S, Key, Word
from kiosk.ui.touch import Tap
from kiosk.ui.widgets import Button, SecretKey, Widget

KP_5, KP_6, KP_PERIOD = 93, 94, 99
STOP = Button(Rect(0, 380, 150, 95), "やめる", "stop")
NEXT = Button(Rect(300, 200, 150, 95), "次へ", "next")
QUESTION: list[Widget] = [STOP, NEXT]
PAD: list[Widget] = [STOP, SecretKey(Rect(400, 0, 100, 100), "5"), Button(Rect(500, 0, 100, 100), "1つ消す", "erase")]


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    turned = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: turned.now)
    return turned


def press(code: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, scancode=code, key=0, mod=0, unicode=""))


def finger(kind: int, x: float, y: float) -> None:
    position: dict[str, Any] = {"x": x / 800, "y": y / 480, "dx": 0.0, "dy": 0.0}
    pygame.event.post(pygame.event.Event(kind, touch_id=1, finger_id=0, **position))


def tap(x: float, y: float) -> None:
    finger(pygame.FINGERDOWN, x, y)
    finger(pygame.FINGERUP, x, y)


def test_a_key_is_told_apart_from_the_taps_and_once(display: Display, clock: Clock) -> None:
    display.show(QUESTION, 0.0)
    press(KP_6)
    press(KP_5)
    assert display.touches(pytest.fail) == []
    assert display.keys() == [Key(Word.NEXT), Key(Word.ACT)]
    assert display.keys() == []


def test_keys_that_nobody_asks_for_do_not_pile_up(display: Display, clock: Clock) -> None:
    display.show(QUESTION, 0.0)
    press(KP_6)
    display.touches(pytest.fail)
    display.touches(pytest.fail)
    assert display.keys() == []


def test_a_digit_typed_on_the_ten_key_goes_where_a_touched_one_goes(display: Display, clock: Clock) -> None:
    digits: list[str] = []
    display.show(PAD, 0.0)
    press(KP_5)
    press(KP_PERIOD)
    assert display.touches(digits.append) == [Tap("digit"), Tap("erase")]
    assert digits == ["5"]
    assert display.keys() == []


def test_a_key_ends_the_sleep(display: Display) -> None:
    display.touches(pytest.fail)
    press(KP_5)
    display.wait(60)
    assert pygame.event.peek(pygame.KEYDOWN)


def test_resting_a_finger_in_the_upper_left_corner_begins_and_taps_nothing(display: Display, clock: Clock) -> None:
    under: list[Widget] = [Button(Rect(0, 0, 100, 100), "言語", "languages")]
    display.show(under, 0.0)
    finger(pygame.FINGERDOWN, 10, 10)
    display.touches(pytest.fail)
    clock.now += HOLD_S
    assert display.touches(pytest.fail) == []
    assert display.keys() == [Key(Word.BEGIN)]
    finger(pygame.FINGERUP, 10, 10)
    assert display.touches(pytest.fail) == []
    assert display.keys() == []


def test_while_the_corners_are_keys_the_rest_of_the_glass_does_nothing(display: Display, clock: Clock) -> None:
    display.show(QUESTION, 0.0)
    display.corners_are_keys = True
    tap(10, 470)
    clock.now += 1
    tap(350, 240)
    tap(790, 10)
    assert display.touches(pytest.fail) == []
    assert display.keys() == [Key(Word.PREVIOUS), Key(Word.ACT)]


def test_without_them_a_corner_is_glass_like_the_rest(display: Display, clock: Clock) -> None:
    display.show(QUESTION, 0.0)
    tap(10, 470)
    assert display.touches(pytest.fail) == [Tap("stop")]
    assert display.keys() == []


def test_a_finger_that_was_down_before_does_not_tap_when_the_corners_become_keys(
    display: Display, clock: Clock
) -> None:
    display.show(QUESTION, 0.0)
    finger(pygame.FINGERDOWN, 350, 240)
    display.touches(pytest.fail)
    display.corners_are_keys = True
    finger(pygame.FINGERUP, 350, 240)
    assert display.touches(pytest.fail) == []


def test_the_wipe_gives_the_glass_back(display: Display, clock: Clock) -> None:
    display.show(QUESTION, 0.0)
    display.corners_are_keys = True
    press(KP_6)
    display.touches(pytest.fail)
    display.forget()
    assert not display.corners_are_keys
    assert display.keys() == []
