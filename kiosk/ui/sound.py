"""One soft click for every key, the same for all ten digits. Silent where there is no sound device."""

from __future__ import annotations

import logging
import os

import numpy as np
import pygame

log = logging.getLogger("kiosk.ui.sound")

RATE = 44_100
BUFFER = 1024
"""Samples: the click comes up to 23 ms late; a smaller buffer wakes the processor more often for nothing."""
CLICK_S = 0.018
CLICK_HZ = 1_100.0
LOUDNESS = 0.35


class Sound:
    """The kiosk's click. Never raises: a kiosk without a loudspeaker is a quiet kiosk."""

    def __init__(self) -> None:
        self._click: pygame.mixer.Sound | None = None
        if os.environ.get("SDL_VIDEODRIVER") == "dummy":
            return
        try:
            pygame.mixer.init(frequency=RATE, size=-16, channels=1, buffer=BUFFER)
            self._click = pygame.mixer.Sound(buffer=_click().tobytes())
        except (pygame.error, NotImplementedError):
            log.warning("no_sound_device")

    @property
    def silent(self) -> bool:
        """Whether nothing will be heard."""
        return self._click is None

    def click(self) -> None:
        """A key was pressed."""
        if self._click is not None:
            self._click.play()

    def close(self) -> None:
        """Give the device back."""
        self._click = None
        pygame.mixer.quit()


def _click() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    seconds = np.arange(int(RATE * CLICK_S)) / RATE
    wave = np.sin(2 * np.pi * CLICK_HZ * seconds) * np.exp(-seconds * 260) * np.minimum(1, seconds * 2000)
    return (wave * LOUDNESS * 32767).astype(np.int16)
