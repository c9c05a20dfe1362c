"""The second reader of a printed line: a small network that knows ten digits and everything else, window by window.

It shares nothing with the first reader (`kiosk.face.card_front_marks`): it was taught by `tests/benchmarks/teach_figures.py`
on printed lines of many typefaces, looks at one place at a time, and knows no dates. Two readers that are wrong in different
ways seldom agree on something that is not there.

Its weights stand beside this file (`card_front_figures.npz`, float16): three layers, taught by us, no licence but ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.errors import MissingError
from kiosk.face.card_front_strips import Strip

WEIGHTS: Final = Path(__file__).with_name("card_front_figures.npz")

EM: Final = 32
"""Pixels an em is made before looking."""
WINDOW: Final = (20, 28)
"""Width and height of what is looked at, in those pixels: a digit and the beginnings of its neighbours."""

STEP: Final = 2
"""Pixels between two windows, of those."""

_SCALES = (0.9, 1.0, 1.1)  # the type's size is only estimated
_FLAT = 12.0  # of 255: a window with less difference in it is empty
_FAINT = 0.35  # of the line's ink: a window with less contrast holds none of it
_APART = 0.30  # em between two digits, the least
_SEEN = 0.5  # from this share on a place counts as a digit
_NOTHING = 10  # the class of everything that is no digit

Grey = NDArray[np.float32]


@dataclass(frozen=True, eq=False, repr=False)
class Figures:
    """The digits of a line from left to right: which, where (pixels of the strip), how sure (0 to 1)."""

    digits: bytearray
    x: NDArray[np.float64]
    sure: NDArray[np.float64]

    def wipe(self) -> None:
        """Overwrite what was read."""
        self.digits[:] = bytes(len(self.digits))


class FigureReader:
    """The network. `weights` are (inputs, outputs) matrices, each followed by its bias."""

    def __init__(self, weights: list[NDArray[np.float32]]) -> None:
        self._weights = weights

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> FigureReader:
        """The taught network; raises `MissingError` where its file is not there or is another one."""
        try:
            with np.load(path, allow_pickle=False) as held:
                weights = [held[name].astype(np.float32) for name in sorted(held.files)]
        except (OSError, ValueError) as error:
            raise MissingError(f"{path.name}: cannot be read; install the kiosk again") from error
        if (
            len(weights) % 2
            or not weights
            or weights[0].shape[0] != WINDOW[0] * WINDOW[1]
            or weights[-1].shape != (11,)
        ):
            raise MissingError(f"{path.name}: holds another network than this kiosk expects")
        return cls(weights)

    def read(self, strip: Strip) -> Figures:
        """The digits in the line."""
        grey = cv2.cvtColor(strip.picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
        scale = EM / strip.em
        centres = np.arange(0, grey.shape[1] * scale, STEP) / scale
        looks = [windows(grey, centres, scale * more) for more in _SCALES]
        likely = np.mean([self.likely(levelled(look)) for look in looks], axis=0)
        contrast = np.min([look.max(axis=1) - look.min(axis=1) for look in looks], axis=0)
        grey[:] = 0
        for look in looks:
            look[:] = 0
        # Levelled, the card's pattern of fine lines would be as dark as print.
        seen = np.where(contrast < _FAINT * strip.ink, 0.0, 1.0 - likely[:, _NOTHING])
        digits, x, sure = bytearray(), [], []
        apart = round(_APART * EM / STEP)
        free = np.ones(len(seen), np.bool_)
        for index in np.argsort(-seen):
            if seen[index] < _SEEN:
                break
            if free[index]:
                free[max(0, index - apart) : index + apart + 1] = False
                near = likely[max(0, index - 1) : index + 2, :_NOTHING].sum(axis=0)
                digits.append(int(near.argmax()))
                x.append(float(centres[index]))
                sure.append(float(near.max() / near.sum()))
        order = np.argsort(x)
        return Figures(bytearray(digits[index] for index in order), np.array(x)[order], np.array(sure)[order])

    def likely(self, seen: Grey) -> Grey:
        """For each of n windows (n, 560) how likely each of the eleven classes is, (n, 11)."""
        for layer in range(0, len(self._weights), 2):
            # NumPy would share this small product among threads that wait by spinning: ten times dearer on a busy machine.
            bias = np.repeat(self._weights[layer + 1][None], len(seen), axis=0)
            seen = np.asarray(cv2.gemm(seen, self._weights[layer], 1.0, bias, 1.0), np.float32)
            if layer + 2 < len(self._weights):
                seen = np.maximum(seen, 0.0)
        seen = np.exp(seen - seen.max(axis=1, keepdims=True))
        return np.asarray(seen / seen.sum(axis=1, keepdims=True), np.float32)


def windows(grey: Grey, centres: NDArray[np.float64], scale: float) -> Grey:
    """What stands round each of `centres` (pixels of `grey`) on its middle line, (n, 560)."""
    width, height = WINDOW
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    line = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 0.9 else cv2.INTER_CUBIC)
    line = cv2.copyMakeBorder(line, height, height, width, width, cv2.BORDER_REPLICATE)
    middle = line.shape[0] // 2
    band = np.ascontiguousarray(line[middle - height // 2 : middle + height // 2])
    left = np.clip(np.rint(centres * size[0] / grey.shape[1] + width / 2).astype(int), 0, band.shape[1] - width)
    cut = np.lib.stride_tricks.sliding_window_view(band, (height, width))[0, left]
    return np.asarray(cut.reshape(len(left), -1), np.float32)


def levelled(cut: Grey) -> Grey:
    """Windows (n, 560) from grey to ink: the lightest of each becomes 0, the darkest 1."""
    light, dark = cut.max(axis=1, keepdims=True), cut.min(axis=1, keepdims=True)
    return np.asarray((light - cut) / np.maximum(light - dark, _FLAT), np.float32)
