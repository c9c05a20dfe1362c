"""Digits on their way from the touch layer: one byte a key through a pipe into one small buffer, overwritten after use.

ASCII 0 to 9 is a digit, 08 erases the last one, 00 forgets all (hex). Anything else, and a digit after the
fourteenth, is passed over. Four are a PIN, fourteen a check number B; any other count is sent nowhere. Digits are read
into place one by one, so no other copy of them is made here.
"""

from __future__ import annotations

import os
import select
import time

from kiosk.card.allowlist import CHECK_NUMBER_B_DIGITS

ERASE = b"\x08"
FORGET = b"\x00"

_CAPACITY = CHECK_NUMBER_B_DIGITS


class Digits:
    """The booth's end of the pipe `fd`. No repr shows what it holds."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)
        self._held = bytearray(_CAPACITY)
        self._count = 0
        self._outlived_a_card = False
        self._key = bytearray(1)

    def fileno(self) -> int:
        """The pipe's descriptor, for waiting on it."""
        return self._fd

    @property
    def count(self) -> int:
        """How many digits are held."""
        return self._count

    def take(self) -> bool:
        """Take what waits in the pipe without blocking; False once nobody can type any more."""
        while self._poll.poll(0):
            if not self._take_key():
                return False
        return True

    def wait(self, count: int, seconds: float) -> bytearray | None:
        """The digits, once exactly `count` are held and no more wait; None if that is not so within `seconds`.

        They are copied into a bytearray of their own, which the caller overwrites; `forget` overwrites these.
        """
        deadline = time.monotonic() + seconds
        while self._count < count:
            left = deadline - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000) or not self._take_key():
                return None
        self.take()
        if self._count != count or (self._outlived_a_card and count != CHECK_NUMBER_B_DIGITS):
            return None
        digits = bytearray(count)
        memoryview(digits)[:] = memoryview(self._held)[:count]
        return digits

    def outlive_the_card(self) -> None:
        """What is held was typed for a card that has gone: it may be the number printed on that card, never a PIN again."""
        self.take()
        self._outlived_a_card = self._count > 0

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
        elif 0x30 <= key <= 0x39 and self._count < _CAPACITY:
            self._held[self._count] = key
            self._count += 1
        return True

    def _overwrite(self) -> None:
        self._held[:] = bytes(_CAPACITY)
        self._count = 0
        self._outlived_a_card = False
