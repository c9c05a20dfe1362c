"""The loudspeaker: a click, a channel that is the voice's alone, and silence where there is none."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pygame
import pytest

from kiosk.ui.sound import VOICE_CHANNEL, Sound


@pytest.fixture
def sound(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sound]:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    opened = Sound()
    yield opened
    opened.close()


def test_a_click_is_played_but_never_on_the_voice_s_channel(sound: Sound) -> None:
    assert not sound.silent
    for _ in range(pygame.mixer.get_num_channels() + 1):
        sound.click()
    assert not pygame.mixer.Channel(VOICE_CHANNEL).get_busy()
    assert pygame.mixer.Channel(VOICE_CHANNEL + 1).get_busy()


def test_at_rest_the_device_is_given_back_and_the_next_click_opens_it_again(sound: Sound) -> None:
    assert not sound.is_quiet()
    assert sound.is_quiet(after_s=0.0)
    sound.rest()
    assert pygame.mixer.get_init() is None
    assert not sound.silent
    assert not sound.is_quiet(after_s=0.0)
    sound.click()
    for thread in threading.enumerate():
        if thread.name == "sound":
            thread.join(20)
    assert pygame.mixer.get_init() is not None


def test_a_device_that_is_gone_after_a_rest_is_tried_again(
    sound: Sound, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sound.rest()
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    with caplog.at_level(logging.WARNING):
        sound.wake()
    assert [record.msg for record in caplog.records] == ["no_sound_device"]
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sound.wake()
    assert pygame.mixer.get_init() is not None


def test_closed_is_closed(sound: Sound) -> None:
    sound.close()
    sound.click()
    sound.wake()
    assert sound.silent
    assert pygame.mixer.get_init() is None


def test_without_a_sound_device_it_is_silent_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    with caplog.at_level(logging.WARNING):
        sound = Sound()
        sound.click()
        sound.close()
    assert sound.silent
    assert [record.msg for record in caplog.records] == ["no_sound_device"]


def test_a_kiosk_nobody_sees_is_not_heard_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.delenv("SDL_AUDIODRIVER", raising=False)
    assert Sound().silent
