"""The display without a screen: taps from posted fingers, and only what changed is drawn again."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pygame
import pytest

from kiosk.ui.display import Display
from kiosk.ui.errors import DisplayError
from kiosk.ui.geometry import Rect
from kiosk.ui.live import Frame
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.sound import Sound
from kiosk.ui.touch import Closed, Tap
from kiosk.ui.widgets import Button, Label, Live, LiveSource, Picture, SecretKey, Surface, Waiting, Widget

STOP = Button(Rect(0, 0, 200, 100), "やめる", "stop")
FIVE = SecretKey(Rect(400, 0, 100, 100), "5")
SCREEN: list[Widget] = [STOP, FIVE]


def finger(kind: int, x: float, y: float, number: int = 0) -> None:
    position: dict[str, Any] = {"x": x / 800, "y": y / 480, "dx": 0.0, "dy": 0.0}
    pygame.event.post(pygame.event.Event(kind, touch_id=1, finger_id=number, **position))


def tap(x: float, y: float, number: int = 0) -> None:
    finger(pygame.FINGERDOWN, x, y, number)
    finger(pygame.FINGERUP, x, y, number)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[int, int, int, int]]]:
    """The rectangles of each update of the panel."""
    updates: list[list[tuple[int, int, int, int]]] = []
    monkeypatch.setattr(pygame.display, "update", updates.append)
    return updates


def test_a_finger_s_tap_is_told(display: Display) -> None:
    display.show(SCREEN, 0.0)
    tap(100, 50)
    assert display.touches(pytest.fail) == [Tap("stop")]


def test_a_digit_goes_to_the_sink_and_only_there(display: Display) -> None:
    digits: list[str] = []
    display.show(SCREEN, 0.0)
    tap(450, 50)
    assert display.touches(digits.append) == [Tap("digit")]
    assert digits == ["5"]


def test_a_mouse_is_a_finger_but_the_mouse_that_sdl_makes_of_a_touch_is_not(display: Display) -> None:
    display.show(SCREEN, 0.0)
    for touch in (True, False):
        for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
            pygame.event.post(pygame.event.Event(kind, pos=(100, 50), button=1, touch=touch))
    assert display.touches(pytest.fail) == [Tap("stop")]


def test_the_right_mouse_button_does_nothing(display: Display) -> None:
    display.show(SCREEN, 0.0)
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.event.post(pygame.event.Event(kind, pos=(100, 50), button=3, touch=False))
    assert display.touches(pytest.fail) == []


def test_a_closed_window_is_told(display: Display) -> None:
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert display.touches(pytest.fail) == [Closed()]


def test_the_first_show_draws_everything_and_the_same_again_nothing(
    display: Display, drawn: list[list[tuple[int, int, int, int]]]
) -> None:
    display.show(SCREEN, 0.0)
    display.show(SCREEN, 0.1)
    assert drawn == [[(0, 0, 800, 480)]]


def test_a_pressed_button_is_drawn_alone(display: Display, drawn: list[list[tuple[int, int, int, int]]]) -> None:
    display.show(SCREEN, 0.0)
    finger(pygame.FINGERDOWN, 100, 50)
    finger(pygame.FINGERDOWN, 450, 50, number=1)
    display.touches(pytest.fail)
    display.show(SCREEN, 0.1)
    assert drawn[1:] == [[(0, 0, 200, 101)]]


def test_an_uncovered_window_is_drawn_whole(display: Display, drawn: list[list[tuple[int, int, int, int]]]) -> None:
    display.show(SCREEN, 0.0)
    pygame.event.post(pygame.event.Event(pygame.WINDOWEXPOSED))
    display.touches(pytest.fail)
    display.show(SCREEN, 0.1)
    assert drawn[1:] == [[(0, 0, 800, 480)]]


def test_what_is_drawn_in_pieces_is_the_same_as_drawn_whole(display: Display) -> None:
    before: list[Widget] = [Surface(Rect(50, 50, 600, 300)), Label(Rect(80, 80, 500, 60), "受付"), STOP]
    after: list[Widget] = [Surface(Rect(50, 50, 600, 300)), Label(Rect(80, 80, 500, 60), "受付しました"), FIVE]
    display.show(before, 0.0)
    display.show(after, 0.0)
    pieces = pygame.surfarray.array3d(pygame.display.get_surface())
    display.forget()
    display.show(after, 0.0)
    assert np.array_equal(pieces, pygame.surfarray.array3d(pygame.display.get_surface()))


def test_a_new_camera_frame_is_drawn_and_an_old_one_is_not(
    display: Display, preview: dict[LiveSource, tuple[int, Frame]], drawn: list[list[tuple[int, int, int, int]]]
) -> None:
    screen: list[Widget] = [STOP, Live(Rect(300, 100, 200, 300))]
    frame = np.zeros((480, 640, 3), np.uint8)
    preview[LiveSource.CAMERA] = (1, frame)
    display.show(screen, 0.0)
    display.show(screen, 0.1)
    preview[LiveSource.CAMERA] = (2, frame)
    display.show(screen, 0.2)
    assert drawn[1:] == [[(300, 100, 200, 300)]]
    assert display._frames == {}


def test_at_rest_nothing_will_change(display: Display) -> None:
    display.show(SCREEN, 0.0)
    assert display.next_redraw(0.0) is None


def test_the_next_redraw_is_the_first_that_something_needs(display: Display) -> None:
    display.show([Waiting(Rect(0, 0, 100, 100), since=0.0), Live(Rect(300, 100, 200, 300))], 0.0)
    assert display.next_redraw(0.0) == pytest.approx(1 / 30)


def test_a_moving_picture_comes_to_rest_and_a_touch_starts_it_again(display: Display) -> None:
    screen: list[Widget] = [Picture(Rect(300, 100, 200, 200), "place-card", moving=True)]
    display.show(screen, 10.0)
    assert display.next_redraw(10.0) == 11.0
    display.show(screen, 16.0)
    assert display.next_redraw(16.0) is None
    tap(700, 400)
    display.touches(pytest.fail)
    display.show(screen, 17.0)
    assert display.next_redraw(17.0) == 18.0


def test_the_wipe_leaves_nothing_drawn_and_ends_touches_begun(display: Display) -> None:
    display.show([STOP, Label(Rect(0, 200, 400, 60), "山田さん")], 0.0)
    finger(pygame.FINGERDOWN, 100, 50)
    display.touches(pytest.fail)
    display.forget()
    pixels = pygame.surfarray.array3d(pygame.display.get_surface()).reshape(-1, 3)
    assert len(np.unique(pixels, axis=0)) == 1
    display.show(SCREEN, 0.1)
    finger(pygame.FINGERUP, 100, 50)
    assert display.touches(pytest.fail) == []


def test_another_thread_ends_the_sleep(display: Display) -> None:
    display.touches(pytest.fail)
    waker = threading.Timer(0.05, display.wake)
    started = time.monotonic()
    waker.start()
    display.wait(20)
    waker.join()
    assert time.monotonic() - started < 10


def test_waking_before_the_sleep_is_not_lost_and_waking_often_does_not_block(display: Display) -> None:
    display.touches(pytest.fail)
    for _ in range(100_000):
        display.wake()
    started = time.monotonic()
    display.wait(20)
    assert time.monotonic() - started < 10


def test_a_station_that_wakes_a_closed_display_disturbs_nobody(display: Display) -> None:
    display.close()
    display.wake()
    display.close()


def test_an_event_that_waits_already_ends_the_sleep(display: Display) -> None:
    display.touches(pytest.fail)
    tap(1, 1)
    started = time.monotonic()
    display.wait(20)
    assert time.monotonic() - started < 10


def test_no_screen_to_open_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setenv("DISPLAY", "")
    with pytest.raises(DisplayError, match="is an X server running"):
        Display(DisplaySettings(), picture=lambda _: None)


def test_without_a_screen_there_is_no_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    sound = Sound()
    assert sound.silent
    sound.click()
    sound.close()


def test_without_a_sound_device_the_click_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing")
    sound = Sound()
    assert sound.silent
    sound.click()
    sound.close()


def test_a_click_is_played_where_there_is_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SDL_VIDEODRIVER", raising=False)
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sound = Sound()
    assert not sound.silent
    sound.click()
    assert pygame.mixer.get_busy()
    sound.close()
