"""The loudspeaker: one soft click for every key, the same for all ten digits, and a channel for the voice.

An open sound device costs 0.13 to 0.26 % of a core though nothing is heard: when nobody is there it is given back (`rest`),
and opened again, off the loop's thread, for the next sound. Silent where there is no sound device; a kiosk on SDL's `dummy`
display is not heard either, unless SDL_AUDIODRIVER is set.
"""

from __future__ import annotations

import logging
import os
import threading
import time

import numpy as np
import pygame

log = logging.getLogger("kiosk.ui.sound")

RATE = 48_000
"""What opus is decoded to: the voice needs no second conversion."""
BUFFER = 2048
"""Samples: the click comes up to 43 ms late; a smaller buffer wakes the processor more often for nothing."""
REST_S = 30.0
VOICE_CHANNEL = 0
CLICK_S = 0.018
CLICK_HZ = 1_100.0
LOUDNESS = 0.35


class Sound:
    """The kiosk's loudspeaker. Never raises: a kiosk without one is a quiet kiosk. Its methods are for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._click: pygame.mixer.Sound | None = None
        self._used_at = time.monotonic()
        self.silent = os.environ.get("SDL_VIDEODRIVER") == "dummy" and "SDL_AUDIODRIVER" not in os.environ
        """Whether nothing will be heard."""
        if not self.silent:
            self._open()
            self.silent = self._click is None

    def click(self) -> None:
        """A key was pressed."""
        if self.silent:
            return
        with self._lock:
            if self._click is not None:
                self._used_at = time.monotonic()
                self._click.play()
                return
        threading.Thread(target=self._wake_and_click, name="sound", daemon=True).start()

    def wake(self) -> None:
        """Have the device open: whoever plays something calls this first."""
        with self._lock:
            self._used_at = time.monotonic()
            if not self.silent and self._click is None:
                self._open()

    def is_quiet(self, after_s: float = REST_S) -> bool:
        """Whether the device is open and nothing was played for so long."""
        with self._lock:
            return self._click is not None and time.monotonic() - self._used_at >= after_s

    def rest(self) -> None:
        """Give the device back until the next sound. Nothing may be playing, nor be kept opened to be played later."""
        with self._lock:
            self._click = None
            pygame.mixer.quit()

    def close(self) -> None:
        """Give the device back for good."""
        with self._lock:
            self.silent = True
            self._click = None
            pygame.mixer.quit()

    def _wake_and_click(self) -> None:
        self.wake()
        with self._lock:
            if self._click is not None:
                self._click.play()

    def _open(self) -> None:
        try:
            pygame.mixer.init(frequency=RATE, size=-16, channels=1, buffer=BUFFER, allowedchanges=0)
            # A click takes any free channel but the voice's.
            pygame.mixer.set_reserved(VOICE_CHANNEL + 1)
            self._click = pygame.mixer.Sound(buffer=_click().tobytes())
        except (pygame.error, NotImplementedError):
            log.warning("no_sound_device")


def _click() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    seconds = np.arange(int(RATE * CLICK_S)) / RATE
    wave = np.sin(2 * np.pi * CLICK_HZ * seconds) * np.exp(-seconds * 260) * np.minimum(1, seconds * 2000)
    return (wave * LOUDNESS * 32767).astype(np.int16)
