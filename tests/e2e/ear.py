"""An ear at the kiosk's loudspeaker: hears which of the rendered sentences are said, and nothing else of the kiosk.

SDL's `disk` driver writes what would be played into a file while it would be played (48 kHz, 16 bit, mono). A sentence is
heard where that file is like the sentence's own sound, however loud; a click within it does not matter.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pygame
from numpy.typing import NDArray

RATE: Final = 48_000
_COMPARED: Final = RATE
"""Samples of a sentence, from where it begins to be heard: a second tells all of them apart."""
_QUIET: Final = 60
_SAME: Final = 0.85

Samples = NDArray[np.float64]


def environment(heard: Path) -> Mapping[str, str]:
    """What a kiosk must be started with so that it can be listened to."""
    return {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(heard)}


class Ear:
    """Listens to the file `heard`; knows the sounds of `folder` by their keys."""

    def __init__(self, heard: Path, folder: Path) -> None:
        self._heard = heard
        self._at = 0
        before = os.environ.get("SDL_AUDIODRIVER")
        os.environ["SDL_AUDIODRIVER"] = "dummy"
        pygame.mixer.init(frequency=RATE, size=-16, channels=1, allowedchanges=0)
        try:
            self._sentences = {path.stem: _opened(path) for path in sorted(folder.glob("*.ogg"))}
        finally:
            pygame.mixer.quit()
            if before is None:
                del os.environ["SDL_AUDIODRIVER"]
            else:
                os.environ["SDL_AUDIODRIVER"] = before

    def until(self, *wanted: str, seconds: float = 40.0) -> str:
        """Listen on until one of these sentences is heard; which. Raises `AssertionError` if none is."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            samples = np.fromfile(self._heard, np.int16, offset=2 * self._at).astype(np.float64)
            found = {key: place for key in wanted if (place := _place(samples, self._sentences[key])) is not None}
            if found:
                first = min(found, key=lambda key: found[key])
                self._at += found[first] + RATE // 4
                return first
            self._at += max(0, samples.size - 2 * _COMPARED)
            time.sleep(0.15)
        raise AssertionError(f"listened {seconds:.0f} s for {wanted} in vain, to {self._at / RATE:.1f} s of sound")


def _opened(path: Path) -> Samples:
    samples = np.frombuffer(pygame.mixer.Sound(path).get_raw(), np.int16).astype(np.float64)
    begin = int(np.flatnonzero(np.abs(samples) > _QUIET)[0])
    return samples[begin : begin + _COMPARED]


def _place(samples: Samples, sentence: Samples) -> int | None:
    """Where the sentence begins in what was heard; None where it does not."""
    room = samples.size - sentence.size
    if room < 0:
        return None
    points = 1 << int(samples.size + sentence.size).bit_length()
    product = np.fft.rfft(samples, points) * np.conj(np.fft.rfft(sentence, points))
    alike = np.fft.irfft(product, points)[: room + 1]
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    sizes = np.sqrt(np.maximum(energy[sentence.size :] - energy[: room + 1], 1.0)) * float(np.linalg.norm(sentence))
    likeness = alike / sizes
    best = int(np.argmax(likeness))
    return best if likeness[best] >= _SAME else None
