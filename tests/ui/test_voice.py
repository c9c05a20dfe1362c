"""The voice, on SDL's dummy loudspeaker, which plays in real time: what is said, in which order, and when it ends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pygame
import pytest

from kiosk.ui import assets, voice
from kiosk.ui.languages import name_of
from kiosk.ui.messages import Catalogue
from kiosk.ui.prompts import mark, name_key
from kiosk.ui.sound import RATE, VOICE_CHANNEL, Sound
from kiosk.ui.voice import VOLUMES, Voice, louder, quieter

WORDS = Catalogue(
    "ja", {"one": "いち", "two": "に", "three": "さん", "long": "ながい", "broken": "x", "left": "あと{n}回"}
)
ENGLISH = Catalogue("en", {"one": "one", "long": "long"})
NAME = name_of("en")
SECONDS = {"one": 0.12, "two": 0.1, "three": 0.14, "long": 20.0}
PATIENCE_S = 20.0


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sounds of known lengths for some Japanese words, one file that is no sound, and nothing in English."""
    japanese = tmp_path / "ja"
    japanese.mkdir()
    entries = ", ".join(
        f'"{key}": {{"text": "{mark(text)}", "said": "{mark(text)}"}}' for key, text in WORDS.texts.items()
    )
    (japanese / "manifest.json").write_text(f'{{"sounds": {{{entries}}}}}', encoding="utf-8")
    for key in WORDS.texts:
        (japanese / f"{key}.ogg").write_bytes(b"no sound" if key == "broken" else _wave(SECONDS.get(key, 0.1)))
    monkeypatch.setattr(assets, "folder", lambda _: tmp_path)
    return japanese


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were opened to be played, in order."""
    opened: list[Path] = []
    really = pygame.mixer.Sound

    def open_(path: Path | None = None, **buffer: bytes) -> pygame.mixer.Sound:
        if path is None:
            return really(**buffer)
        opened.append(path)
        return really(path)

    monkeypatch.setattr(pygame.mixer, "Sound", open_)
    return opened


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[Voice]:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sound = Sound()
    made = Voice(sound)
    yield made
    made.close()
    sound.close()
    assert not any(thread.name == "voice" for thread in threading.enumerate())


def test_a_language_is_named_in_its_own_language_by_its_own_sound(
    speaker: Voice, folder: Path, played: list[Path]
) -> None:
    english = folder.parent / "en"
    english.mkdir()
    (english / "manifest.json").write_text(
        f'{{"sounds": {{"language_name": {{"text": "{mark(NAME)}", "said": "{mark(NAME)}"}}}}}}', encoding="utf-8"
    )
    (english / "language_name.ogg").write_bytes(_wave(0.1))
    speaker.say(WORDS, ("one", name_key("en")))
    wait_until(lambda: not speaker.speaking)
    assert played == [folder / "one.ogg", english / "language_name.ogg"]


def test_prompts_are_said_one_after_another_and_then_it_is_quiet(speaker: Voice, played: list[Path]) -> None:
    assert not speaker.speaking
    started = time.monotonic()
    speaker.say(WORDS, ("one", "two", "three"))
    assert speaker.speaking
    wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in played] == ["one", "two", "three"]
    assert time.monotonic() - started >= SECONDS["one"] + SECONDS["two"] + SECONDS["three"] + 2 * voice.PAUSE_S


def test_it_stops_at_once_when_the_screen_goes(speaker: Voice) -> None:
    speaker.say(WORDS, ("long",))
    wait_until(_sounding)
    speaker.stop()
    assert not speaker.speaking
    assert not _sounding()
    speaker.repeat()
    assert not speaker.speaking


def test_another_screen_takes_the_place_of_what_is_being_said(speaker: Voice, played: list[Path]) -> None:
    speaker.say(WORDS, ("long", "two"))
    wait_until(_sounding)
    speaker.say(WORDS, ("three",))
    wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in played] == ["long", "three"]


def test_what_can_wait_does_and_only_the_newest_of_it_is_said(speaker: Voice, played: list[Path]) -> None:
    speaker.say(WORDS, ("three",))
    wait_until(_sounding)
    speaker.say(WORDS, ("one",), now=False)
    speaker.say(WORDS, ("two",), now=False)
    wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in played] == ["three", "two"]


def test_repeat_says_the_screen_again_not_what_was_new_on_it(speaker: Voice, played: list[Path]) -> None:
    speaker.say(WORDS, ("one",))
    speaker.say(WORDS, ("two",), now=False)
    wait_until(lambda: not speaker.speaking)
    wait_until(lambda: len(played) == 2)
    speaker.repeat()
    assert speaker.speaking
    wait_until(lambda: not speaker.speaking)
    # What was opened is kept: "one" is said twice and opened once.
    assert [path.stem for path in played] == ["one", "two"]


def test_a_language_without_sounds_is_silence_and_never_japanese(speaker: Voice, played: list[Path]) -> None:
    speaker.say(ENGLISH, ("one", "long"))
    assert not speaker.speaking
    assert played == []


def test_silence_for_another_screen_still_ends_what_was_being_said(speaker: Voice) -> None:
    speaker.say(WORDS, ("long",))
    wait_until(_sounding)
    speaker.say(ENGLISH, ("one",))
    assert not speaker.speaking
    assert not _sounding()


def test_a_text_that_was_changed_is_not_said_in_its_old_words(speaker: Voice, played: list[Path]) -> None:
    speaker.say(Catalogue("ja", {"one": "ひとつ"}), ("one",))
    assert not speaker.speaking
    assert played == []


def test_eyes_may_be_closed_only_where_everything_can_be_said(speaker: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    assert speaker.says_all(WORDS)
    assert not speaker.says_all(ENGLISH)
    assert not speaker.says_all(Catalogue("ja", {**WORDS.texts, "two": "ふたつ"}))
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    speaker._sound.close()
    assert not speaker.says_all(WORDS)


def test_words_with_slots_are_not_said(speaker: Voice) -> None:
    speaker.say(WORDS, ("left",))
    assert not speaker.speaking


def test_a_file_that_is_no_sound_is_left_out_and_told_once(
    speaker: Voice, played: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        speaker.say(WORDS, ("broken", "two"))
        wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in played] == ["broken", "two"]
    assert [record.msg for record in caplog.records] == ["sound_unusable"]


def test_a_list_of_sounds_that_cannot_be_read_is_silence_and_one_line(
    speaker: Voice, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        speaker.say(WORDS, ("one",))
        speaker.say(WORDS, ("two",))
    assert not speaker.speaking
    assert [record.msg for record in caplog.records] == ["sounds_unusable"]


def test_off_is_off_at_once_and_stays_so(speaker: Voice) -> None:
    speaker.say(WORDS, ("long",))
    wait_until(_sounding)
    speaker.volume = "off"
    assert not speaker.speaking
    speaker.say(WORDS, ("one",))
    assert not speaker.speaking
    speaker.volume = "loud"
    speaker.say(WORDS, ("long",))
    assert speaker.speaking


def test_a_change_of_loudness_is_heard_while_speaking(speaker: Voice) -> None:
    speaker.say(WORDS, ("long",))
    wait_until(_sounding)
    speaker.volume = "soft"
    playing = pygame.mixer.Channel(VOICE_CHANNEL).get_sound()
    assert playing.get_volume() == pytest.approx(VOLUMES["soft"], abs=0.01)


def test_the_steps_of_loudness_end_at_both_ends_and_never_at_off() -> None:
    assert [louder(step) for step in ("off", "soft", "normal", "loud")] == ["soft", "normal", "loud", "loud"]
    assert [quieter(step) for step in ("off", "soft", "normal", "loud")] == ["soft", "soft", "soft", "normal"]


def test_what_is_kept_of_opened_sounds_is_bounded(speaker: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "KEPT_BYTES", round(0.2 * voice.BYTES_A_SECOND))
    for key in ("one", "two", "three"):
        speaker.say(WORDS, (key,))
        wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in speaker._kept] == ["three"]


def test_when_nothing_was_heard_for_a_while_the_device_is_given_back_and_speech_opens_it_again(
    speaker: Voice, monkeypatch: pytest.MonkeyPatch, played: list[Path]
) -> None:
    speaker.say(WORDS, ("one",))
    monkeypatch.setattr(Sound.is_quiet, "__defaults__", (0.0,))
    speaker.rest()
    assert pygame.mixer.get_init() is not None
    wait_until(lambda: not speaker.speaking)
    speaker.rest()
    assert pygame.mixer.get_init() is None
    assert not speaker._kept
    speaker.stop()
    speaker.say(WORDS, ("two",))
    assert speaker.speaking
    wait_until(lambda: not speaker.speaking)
    assert [path.stem for path in played] == ["one", "two"]


def test_a_loudspeaker_that_fails_while_speaking_ends_the_speech_and_holds_no_time_out_back(
    speaker: Voice, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> pygame.mixer.Channel:
        raise pygame.error("mixer not initialized")

    with caplog.at_level(logging.ERROR), monkeypatch.context() as broken:
        broken.setattr(pygame.mixer, "Channel", fail)
        speaker.say(WORDS, ("one", "two"))
        wait_until(lambda: not speaker.speaking)
    assert [record.msg for record in caplog.records] == ["voice_failed"]
    speaker.say(WORDS, ("one",))
    assert speaker.speaking
    wait_until(lambda: not speaker.speaking)


def test_without_a_loudspeaker_nothing_is_ever_being_said(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    quiet = Voice(Sound())
    quiet.say(WORDS, ("one",))
    quiet.repeat()
    quiet.volume = "loud"
    quiet.stop()
    assert not quiet.speaking
    quiet.close()


def test_our_own_sounds_can_be_played(speaker: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for path in sorted((assets.folder("sounds") / "ja").glob("*.ogg")):
        opened = speaker._open(path)
        assert opened is not None, path.name
        assert 0.2 < opened.get_length() < 20, path.name


def _sounding() -> bool:
    return pygame.mixer.Channel(VOICE_CHANNEL).get_busy()


def _wave(seconds: float) -> bytes:
    """A RIFF file of silence: SDL knows a sound by its first bytes, not by its name."""
    samples = round(seconds * RATE) * 2
    head = b"fmt " + (16).to_bytes(4, "little") + b"\x01\0\x01\0" + RATE.to_bytes(4, "little")
    head += (RATE * 2).to_bytes(4, "little") + b"\x02\0\x10\0"
    return (
        b"RIFF"
        + (36 + samples).to_bytes(4, "little")
        + b"WAVE"
        + head
        + b"data"
        + samples.to_bytes(4, "little")
        + bytes(samples)
    )
