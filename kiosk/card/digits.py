"""PIN digits on their way from the touch layer: one byte a key through a pipe into one small buffer, overwritten after use.

ASCII 0 to 9 is a digit, 08 erases the last one, 00 forgets all (hex). Anything else, and a digit after the
fourth, is passed over. Digits are read into place one by one, so no other copy of them is made here.
"""

from __future__ import annotations

import os
import select
import time

from kiosk.card.allowlist import PIN_DIGITS

ERASE = b"\x08"
FORGET = b"\x00"


class Digits:
    """The booth's end of the pipe `fd`. No repr shows what it holds."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._held = bytearray(PIN_DIGITS)
        self._count = 0
        self._key = bytearray(1)

    def fileno(self) -> int:
        """The pipe's descriptor, for waiting on it."""
        return self._fd

    @property
    def complete(self) -> bool:
        """Whether four digits are held."""
        return self._count == PIN_DIGITS

    def take(self) -> bool:
        """Take what waits in the pipe without blocking; False once nobody can type any more."""
        while self._poll.poll(0):
            if not self._take_key():
                return False
        return True

    def wait(self, seconds: float) -> bool:
        """Take keys until four digits are held, for `seconds` at most; False if they did not come."""
        deadline = time.monotonic() + seconds
        while not self.complete:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000) or not self._take_key():
                return False
        return True

    def held(self) -> bytearray:
        """The four digits themselves, not a copy: whoever asks for them calls `forget` when done. ASCII."""
        return self._held

    def forget(self) -> None:
        """Overwrite what is held, and drop what still waits in the pipe: it was typed before now."""
        self.take()
        self._overwrite()

    def _take_key(self) -> bool:
        if os.readv(self._fd, [self._key]) == 0:
            return False
        key, self._key[0] = self._key[0], 0
        if key == FORGET[0]:
            self._overwrite()
        elif key == ERASE[0] and self._count:
            self._count -= 1
            self._held[self._count] = 0
        elif 0x30 <= key <= 0x39 and not self.complete:
            self._held[self._count] = key
            self._count += 1
        return True

    def _overwrite(self) -> None:
        self._held[:] = bytes(PIN_DIGITS)
        self._count = 0
