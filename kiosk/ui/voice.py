"""The voice: says message keys one after another from sounds rendered beforehand, and stops when it is told to.

    voice = Voice(Sound())
    voice.say(catalogue, ("consent", "consent_means"))     # a screen came: what was being said ends
    voice.say(catalogue, ("advice_come_closer",), now=False)  # something new on it: when what is being said is over
    voice.stop()                                            # the screen goes

A key without a sound in this language is silence, never another language; so is one whose text was changed after its sound
was rendered. A thread of its own opens the files and waits for their ends: the loop never does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pygame

from kiosk import journal
from kiosk.ui.errors import CatalogueError
from kiosk.ui.languages import name_of
from kiosk.ui.messages import Catalogue
from kiosk.ui.prompts import LANGUAGE_NAME, Sounds, named, spoken_texts
from kiosk.ui.sound import VOICE_CHANNEL, Sound

log = logging.getLogger("kiosk.ui.voice")

VOLUMES: Final = {"off": 0.0, "soft": 0.3, "normal": 0.6, "loud": 1.0}
"""Steps of loudness, as shares of the full one: 5 dB apart, then 6."""
NORMAL: Final = "normal"
PAUSE_S: Final = 0.25
"""Between two sentences."""
LONGEST_S: Final = 30.0
"""A sound file that is longer is none of ours."""
KEPT_BYTES: Final = 2 * 1024 * 1024
"""Of opened sounds, for those that are said again: 20 s of speech."""
BYTES_A_SECOND: Final = 48_000 * 2
_END_S: Final = 0.02


def louder(volume: str) -> str:
    """The next step up, or the same."""
    return _step(volume, 1)


def quieter(volume: str) -> str:
    """The next step down, or the same; never off: whoever does not see could not find back."""
    return _step(volume, -1)


def _step(volume: str, by: int) -> str:
    steps = [name for name in VOLUMES if VOLUMES[name] > 0]
    here = steps.index(volume) if volume in steps else -1
    return steps[max(0, min(len(steps) - 1, here + by))]


@dataclass(frozen=True)
class _Speech:
    """What is to be said, sound by sound."""

    files: tuple[Path, ...]


class Voice:
    """Says prompts on the channel of its own that `sound` keeps for it. All methods are quick and for any thread."""

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._volume = NORMAL
        self._sounds: dict[str, Sounds] = {}
        self._kept: OrderedDict[Path, pygame.mixer.Sound] = OrderedDict()
        self._changed = threading.Condition()
        self._saying: _Speech | None = None
        self._later: _Speech | None = None
        self._last: _Speech | None = None
        self._playing: pygame.mixer.Sound | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def speaking(self) -> bool:
        """Whether something is being said, or about to be: no time-out runs meanwhile (domain/kiosk-ui.md section 5)."""
        with self._changed:
            return self._saying is not None

    @property
    def volume(self) -> str:
        """The step of loudness, of `VOLUMES`."""
        return self._volume

    @volume.setter
    def volume(self, volume: str) -> None:
        share = VOLUMES[volume]
        with self._changed:
            self._volume = volume
            if self._playing is not None:
                self._playing.set_volume(share)
        if not share:
            self.stop()

    def says_all(self, catalogue: Catalogue) -> bool:
        """Whether all that a patient may hear can be said here in these words: only then may they close their eyes."""
        sounds = self._of(catalogue.language)
        known = [key for key in spoken_texts(catalogue) if key != LANGUAGE_NAME]
        return not self._sound.silent and all(sounds.find(catalogue, key) for key in known)

    def say(self, catalogue: Catalogue, keys: Sequence[str], *, now: bool = True) -> None:
        """Say these keys' words: at once, or (`now` False) after what is being said, in place of what else was waiting."""
        if self._sound.silent:
            return
        files = tuple(path for key in keys if (path := self._find(catalogue, key)) is not None)
        speech = _Speech(files)
        with self._changed:
            if now:
                self._hush()
                self._last = speech
            self._give(speech)

    def _find(self, catalogue: Catalogue, key: str) -> Path | None:
        tag = named(key)
        if tag is None:
            return self._of(catalogue.language).find(catalogue, key)
        return self._of(tag).find_name(name_of(tag))

    def repeat(self) -> None:
        """Say again what was last said at once."""
        with self._changed:
            self._hush()
            if self._last is not None:
                self._give(_Speech(self._last.files))

    def stop(self) -> None:
        """Fall silent, and forget what was to be said and repeated: the screen goes."""
        with self._changed:
            self._hush()
            self._last = None

    def rest(self) -> None:
        """Give the sound device back when nothing has been heard for a while. For every turn of the loop: it is quick."""
        with self._changed:
            if self._saying is None and self._sound.is_quiet():
                self._playing = None
                self._kept.clear()
                self._sound.rest()

    def close(self) -> None:
        """End the thread. To be called before the loudspeaker is closed."""
        with self._changed:
            self._hush()
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._kept.clear()

    # -- under the lock ----------------------------------------------------------------------------------------------

    def _give(self, speech: _Speech) -> None:
        if not speech.files or self._closed or not VOLUMES[self._volume]:
            return
        if self._saying is None:
            self._saying = speech
        else:
            self._later = speech
        if self._thread is None:
            self._thread = threading.Thread(target=self._speak, name="voice", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _hush(self) -> None:
        self._saying = self._later = None
        if self._playing is not None and not self._closed:
            self._playing.stop()
            self._playing = None
        self._changed.notify_all()

    def _of(self, language: str) -> Sounds:
        if language not in self._sounds:
            try:
                self._sounds[language] = Sounds.load(language)
            except CatalogueError:
                log.exception("sounds_unusable", extra=journal.numbers(language=language))
                self._sounds[language] = Sounds(Path(), {})
        return self._sounds[language]

    # -- the thread --------------------------------------------------------------------------------------------------

    def _speak(self) -> None:
        try:
            self._speak_on()
        finally:
            # However it ends: while something seems to be said, no time-out runs.
            with self._changed:
                self._closed, self._saying, self._later = True, None, None

    def _speak_on(self) -> None:
        pause = False
        while True:
            with self._changed:
                while self._saying is None and not self._closed:
                    self._changed.wait()
                    pause = False
                if self._closed or self._saying is None:
                    return
                speech = self._saying
            self._sound.wake()
            try:
                self._say(speech, pause=pause)
            except pygame.error:
                log.exception("voice_failed")
            with self._changed:
                pause = self._saying is speech
                if pause:
                    self._saying, self._later = self._later, None

    def _say(self, speech: _Speech, *, pause: bool) -> None:
        for path in speech.files:
            opened = self._open(path)
            if opened is not None and not self._play(speech, opened, pause=pause):
                return
            pause = True

    def _play(self, speech: _Speech, opened: pygame.mixer.Sound, *, pause: bool) -> bool:
        """Play one sound to its end; False as soon as something else is wanted."""
        with self._changed:
            if pause and self._interrupted(speech, PAUSE_S):
                return False
            if self._saying is not speech:
                return False
            channel = pygame.mixer.Channel(VOICE_CHANNEL)
            # The sound's own loudness: a channel that is played starts at full loudness, for a moment at least.
            opened.set_volume(VOLUMES[self._volume])
            self._playing = opened
            channel.play(opened)
            until = time.monotonic() + LONGEST_S
            left = opened.get_length()
            while not self._interrupted(speech, left):
                if not channel.get_busy() or time.monotonic() > until:
                    return True
                left = _END_S
            return False

    def _interrupted(self, speech: _Speech, seconds: float) -> bool:
        """Wait so long with the lock given back; True as soon as `speech` is no longer to be said."""
        return self._changed.wait_for(lambda: self._saying is not speech, seconds)

    def _open(self, path: Path) -> pygame.mixer.Sound | None:
        """The sound, opened now or kept from before; None (and a line in the journal) where the file is not what it should be."""
        with self._changed:
            if (known := self._kept.get(path)) is not None:
                self._kept.move_to_end(path)
                return known
        try:
            opened = pygame.mixer.Sound(path)
        except (pygame.error, OSError):
            log.warning("sound_unusable", extra=journal.numbers(sound=path.stem))
            return None
        if opened.get_length() > LONGEST_S:
            log.warning("sound_too_long", extra=journal.numbers(sound=path.stem))
            return None
        with self._changed:
            self._kept[path] = opened
            while sum(one.get_length() for one in self._kept.values()) * BYTES_A_SECOND > KEPT_BYTES:
                self._kept.popitem(last=False)
        return opened
