"""Whether the wall clock can be believed: what the kernel says of its synchronisation. A leaf: any room may ask."""

from __future__ import annotations

import ctypes
import time
from typing import Final

ASK_EVERY: Final = 30.0
"""Seconds between two looks: a time server needs minutes, a screen needs its time."""

_TIMEX_BYTES: Final = 208
"""`struct timex` on 64-bit Linux (adjtimex(2)); all zero means: change nothing, only tell."""
_TIME_ERROR: Final = 5
"""What adjtimex(2) returns while the clock is not synchronised (STA_UNSYNC), and on other errors of it."""


def synchronised() -> bool:
    """Whether a time server has set this machine's clock; a machine that cannot tell is not sure."""
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    return 0 <= state < _TIME_ERROR


class SystemClock:
    """The same for whoever asks at every turn of a loop: at most `ASK_EVERY` seconds old."""

    def __init__(self) -> None:
        self._sure = False
        self._asked: float | None = None

    def is_sure(self) -> bool:
        """Whether a time server had set the clock when it was last asked."""
        now = time.monotonic()
        if self._asked is None or now - self._asked >= ASK_EVERY:
            self._asked, self._sure = now, synchronised()
        return self._sure
