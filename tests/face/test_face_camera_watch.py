"""What a watch over a camera tells: silent, frozen, black. Times are given to it, nothing waits."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from kiosk.face.camera_faults import Fault
from kiosk.face.camera_watch import BLACK, FROZEN, SILENT, STARTING, Watch, black
from kiosk.face.matcher import Picture
from kiosk.simulation.people import Scene, Sitter, frames, scene_frames

FPS = 15


def wall(seed: int = 0, light: int = 120) -> Picture:
    """A plain wall as a sensor sees it: noise."""
    noise = np.random.default_rng(seed).integers(-3, 4, (480, 640, 3))
    return np.clip(light + noise, 0, 255).astype(np.uint8)


def filmed(watch: Watch, pictures: list[Picture], start: float) -> tuple[int, float, Fault | None]:
    """The pictures at 15 a second: how many were fresh, when the last came, and the first fault on the way."""
    fresh, now, told = 0, start, None
    for picture in pictures:
        now += 1 / FPS
        fresh += watch.see(picture, now)
        told = told or watch.fault(now)
    return fresh, now, told


def test_a_camera_that_films_is_well() -> None:
    watch = Watch()
    watch.opened(0.0)
    assert filmed(watch, [wall(seed) for seed in range(60)], 0.0)[::2] == (60, None)
    assert not watch.dark


def test_a_camera_is_given_longer_to_its_first_frame_than_to_the_next() -> None:
    watch = Watch()
    watch.opened(10.0)
    assert watch.fault(10.0 + STARTING - 0.01) is None
    assert watch.fault(10.0 + STARTING) is Fault.SILENT
    watch.see(wall(), 11.0)
    assert watch.fault(11.0 + SILENT - 0.01) is None
    assert watch.fault(11.0 + SILENT) is Fault.SILENT


def test_a_driver_that_repeats_its_last_buffer_is_frozen_after_two_seconds_and_gives_one_frame() -> None:
    watch = Watch()
    watch.opened(0.0)
    held = wall()
    fresh, now, told = filmed(watch, [held] * (int(FROZEN * FPS) - 1), 0.0)
    assert (fresh, told) == (1, None)
    fresh, _, told = filmed(watch, [held.copy()] * 3, now)
    assert (fresh, told) == (0, Fault.FROZEN)


def test_a_frozen_picture_stays_known_when_the_camera_is_opened_again() -> None:
    watch = Watch()
    watch.opened(0.0)
    watch.see(wall(), 0.1)
    watch.opened(5.0)
    assert filmed(watch, [wall()] * 40, 5.0)[::2] == (0, Fault.FROZEN)
    watch.opened(10.0)
    assert watch.see(wall(seed=1), 10.1)
    assert watch.fault(10.1) is None


def test_one_pixel_of_noise_is_enough_to_be_another_picture() -> None:
    watch = Watch()
    watch.opened(0.0)
    one = wall()
    other = one.copy()
    other[479, 639, 2] ^= 1
    assert watch.see(one, 0.1)
    assert watch.see(other, 0.2)


def test_black_is_told_after_three_seconds_and_not_as_frozen() -> None:
    """An electronic shutter gives zeros, all the same; a plastic one lets noise through."""
    for dark in ([np.zeros((480, 640, 3), np.uint8)] * 60, [wall(seed, light=3) for seed in range(60)]):
        watch = Watch()
        watch.opened(0.0)
        _, now, told = filmed(watch, dark[: int(BLACK * FPS) - 1], 0.0)
        assert (watch.dark, told) == (True, None)
        _, now, told = filmed(watch, dark[-4:], now)
        assert told is Fault.BLACK
        watch.see(wall(), now + 0.1)
        assert (watch.dark, watch.fault(now + 0.1)) == (False, None)


def test_a_finger_on_the_lens_is_black_too() -> None:
    finger = np.empty((480, 640, 3), np.uint8)
    finger[:] = (10, 12, 60)  # light that comes through is red
    finger += np.linspace(0, 8, 640).astype(np.uint8)[None, :, None]
    assert black(finger)


@pytest.mark.parametrize("scene", [Scene.DARK, Scene.BACK_LIT, Scene.TOO_CLOSE, Scene.LIVING])
def test_a_badly_lit_room_is_not_black(scene: Scene) -> None:
    assert not any(black(picture) for picture in islice(scene_frames(scene, Sitter.ASTRONAUT), 3))


@pytest.mark.parametrize("light", [1.0, 0.25, 0.1])
def test_somebody_who_could_still_be_recognised_is_not_behind_a_black_picture(light: float) -> None:
    """Down to a tenth of the light most are (face-stack.md section 5)."""
    assert not any(black(picture) for picture in islice(frames(Sitter.ASTRONAUT, light=light), 5))


def test_an_empty_wall_is_not_a_covered_lens() -> None:
    assert not black(wall(light=60))
