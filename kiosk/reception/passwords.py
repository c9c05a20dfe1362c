"""Passwords and kiosk PINs: what is accepted as one, and their argon2id hashes.

Sizes: argon2-cffi's defaults (RFC 9106's second choice, 64 MiB) take a fifth of a second on a PC; on a Raspberry Pi OWASP's
minimum of 19 MiB and two passes is for it (domain/reception-and-reliability.md 3.2).
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kiosk.reception.errors import RefusedError

SHORTEST: Final = 12
LONGEST: Final = 128
_DIFFERENT: Final = 5
_AT_ONCE: Final = 2
"""Hashes made at the same time: each takes its memory, and a flood of sign-ins must not take all of it."""

_WORN: Final = (
    "password",
    "passw0rd",
    "qwerty",
    "asdfgh",
    "letmein",
    "welcome",
    "iloveyou",
    "sakura",
    "uketsuke",
    "reception",
    "clinic",
    "admin",
)
"""What guessing starts with: a password that is little more than one of these is refused."""


class Hasher:
    """Makes and checks hashes off the event loop's thread, a few at a time."""

    def __init__(self, size: Literal["ordinary", "small"]) -> None:
        self._argon2 = PasswordHasher() if size == "ordinary" else PasswordHasher(2, 19 * 1024, 1)
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hashed(self, secret: str) -> str:
        """The hash to keep."""
        async with self._turn:
            return await asyncio.to_thread(self._argon2.hash, _normal(secret))

    async def matches(self, kept: str | None, secret: str) -> bool:
        """Whether `secret` is what was `kept`. Without anything kept it takes the same time and is false."""
        async with self._turn:
            return await asyncio.to_thread(self._compared, kept, secret)

    def _compared(self, kept: str | None, secret: str) -> bool:
        if self._nobody is None:
            self._nobody = self._argon2.hash("nobody has this password")
        try:
            self._argon2.verify(kept or self._nobody, _normal(secret))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


def check_password(password: str, about: Sequence[str]) -> None:
    """Whether it may be somebody's password; `about`: what is known of that person. Raises `RefusedError` (422)."""
    plain = _normal(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise RefusedError(422, "password", f"パスワードは{SHORTEST}文字以上にしてください。長いほど安全です。")
    left = plain.lower()
    for word in (*_WORN, *(text.lower() for text in about if len(text) >= 3)):
        left = left.replace(word, "")
    steps = {ord(after) - ord(before) for before, after in pairwise(left)}
    if len(set(left)) < _DIFFERENT or len(left) < SHORTEST - 4 or len(steps) < 3:
        raise RefusedError(422, "password", "推測されやすいパスワードです。関係のない言葉をいくつか並べてください。")


def check_twice(secret: str, again: str) -> None:
    """Whether both say the same. Raises `RefusedError` (422)."""
    if secret != again:
        raise RefusedError(422, "again", "もう一度の入力と違います。")


def check_pin(pin: str) -> None:
    """Whether it may be somebody's PIN at the kiosk: six digits that are not the first to be tried. Raises `RefusedError`."""
    if not (len(pin) == 6 and pin.isascii() and pin.isdigit()):
        raise RefusedError(422, "pin", "暗証番号は6桁の数字です。")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(set(pin)) < 3 or steps <= {1} or steps <= {9}:
        raise RefusedError(422, "pin", "推測されやすい番号です。並びや同じ数字の繰り返しは使えません。")


def _normal(secret: str) -> str:
    """The same password from every keyboard."""
    return unicodedata.normalize("NFKC", secret)
