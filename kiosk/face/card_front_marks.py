"""The first reader of a printed line: PP-OCRv4, a network for whole lines, of which only digits and 年月日元 are taken.

The network knows 6,600 characters. Of every place in the line only this is kept: which digit stands there, or that it is
one of the few characters that hold a date together, or that it is something else. What else it is, is never looked up, so
a name that found its way into the picture stays unread.

Model: ch_PP-OCRv4_rec of PaddleOCR as the wheel of rapidocr-onnxruntime carries it (Apache-2.0), run by onnxruntime (MIT),
which is imported when a reader is made: the studio is not slower or larger where nobody reads a card's front.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk import share
from kiosk.errors import MissingError
from kiosk.face.card_front_strips import Strip

if TYPE_CHECKING:
    import onnxruntime  # type: ignore[import-untyped]

MODEL: Final = "models/ch_PP-OCRv4_rec_infer.onnx"

THREADS: Final = 2

DIGIT: Final = ord("d")
YEAR: Final = ord("Y")
MONTH: Final = ord("M")
DAY: Final = ord("D")
FIRST: Final = ord("F")
"""元, the first year of an era."""
OTHER: Final = ord("o")

NO_DIGIT: Final = 255

_HEIGHT = 48  # pixels the network wants a line high
_WIDEST = 1200
_BLANK = 0  # CTC: nothing new here
_SIGNS = {"年": YEAR, "月": MONTH, "日": DAY, "元": FIRST}


@dataclass(frozen=True, eq=False, repr=False)
class Marks:
    """What stands in a line from left to right, n places: what kind each is, which digit, where, how sure.

    `kinds` are the letters above; `digits` 0 to 9, or `NO_DIGIT`; `x` pixels of the strip; `sure` 0 to 1.
    """

    kinds: bytearray
    digits: bytearray
    x: NDArray[np.float64]
    sure: NDArray[np.float64]

    def wipe(self) -> None:
        """Overwrite what was read."""
        self.kinds[:] = bytes(len(self.kinds))
        self.digits[:] = bytes(len(self.digits))


class MarkReader:
    """Runs the network. Used by one thread at a time."""

    def __init__(self, model: Path) -> None:
        import onnxruntime  # noqa: PLC0415 - see the module's text

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        # Its threads would otherwise spin between two frames and take the screen its time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name
        self._kinds, self._digits = _alphabet(self._session)

    @classmethod
    def load(cls) -> MarkReader:
        """The reader with the fetched model; raises `MissingError` where model or onnxruntime are not there."""
        model = share.fetched(MODEL)
        try:
            return cls(model)
        except ImportError as error:
            raise MissingError("onnxruntime is not installed: run ./deploy/demo or ./deploy/test once") from error

    def read(self, strip: Strip) -> Marks:
        """What stands in the line."""
        height, width = strip.picture.shape[:2]
        wide = int(np.clip(round(_HEIGHT * width / height), 16, _WIDEST))
        way = cv2.INTER_AREA if height > _HEIGHT else cv2.INTER_CUBIC
        line = cv2.resize(strip.picture, (wide, _HEIGHT), interpolation=way)
        given = (line.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        likely = np.asarray(self._session.run(None, {self._name: np.ascontiguousarray(given)})[0])[0]
        line[:] = 0
        given[:] = 0
        return self._marks(likely, width)

    def _marks(self, likely: NDArray[np.float32], width: int) -> Marks:
        """`likely` (steps, characters): for each step along the line how likely each character is."""
        best = likely.argmax(axis=1)
        kinds, digits = bytearray(), bytearray()
        x: list[float] = []
        sure: list[float] = []
        begun = 0
        for step in range(1, len(best) + 1):
            if step < len(best) and best[step] == best[begun]:
                continue
            character = int(best[begun])
            if character != _BLANK:
                digit = int(self._digits[character])
                # A digit has a half-width and a full-width form: which of them it is says nothing.
                same = [character] if digit == NO_DIGIT else np.flatnonzero(self._digits == digit)
                kinds.append(int(self._kinds[character]))
                digits.append(digit)
                sure.append(float(likely[begun:step][:, same].sum(axis=1).max()))
                x.append((begun + step) / 2 / len(best) * width)
            begun = step
        return Marks(kinds, digits, np.array(x), np.array(sure))


def _alphabet(session: onnxruntime.InferenceSession) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """For every character of the network its kind, and its digit or `NO_DIGIT`; raises `MissingError`."""
    listed = session.get_modelmeta().custom_metadata_map.get("character", "").splitlines()
    characters = ["", *listed, " "]
    kinds = np.full(len(characters), OTHER, np.uint8)
    digits = np.full(len(characters), NO_DIGIT, np.uint8)
    for number, character in enumerate(characters):
        if character in _SIGNS:
            kinds[number] = _SIGNS[character]
        elif len(character) == 1 and character in "0123456789０１２３４５６７８９":
            kinds[number], digits[number] = DIGIT, int(character)
    if set(digits) < {*range(10), NO_DIGIT} or not set(_SIGNS.values()) <= set(kinds):
        raise MissingError(f"{MODEL}: is not the model this kiosk expects; fetch it again")
    return kinds, digits
