"""When a file that another program writes may be believed: two looks that saw the same bytes, and its end.

Nobody knows how the terminal writes (domain/oqs-interface.md section 9, no. 5): directly, or beside and renamed. So a file
counts once two looks in a row saw the same size and the same bytes, and the bytes end as a file of its kind does. One that
does not end so may still grow: it is waited for a while, and then handed over for what it is, to be refused by its reader.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

TORN_SECONDS = 5.0
"""A file that does not change for so long, and has no end, will have none."""

_CHUNK = 256 * 1024
_ENDS = {"xml": (b"</XmlMsg>", 256), "pdf": (b"%%EOF", 1024), "zip": (b"PK\5\6", 22)}
"""What stands within how many bytes of the end. The same bytes in UTF-8 and code page 932."""


@dataclass(frozen=True)
class Sight:
    """What one look saw: how many bytes, their BLAKE2b, and whether they end as they should."""

    size: int
    digest: bytes
    whole: bool


def sight(message: bytes, extension: str) -> Sight:
    """The sight of a file in memory."""
    return Sight(len(message), hashlib.blake2b(message, digest_size=16).digest(), _ends(message, extension))


def sight_of_long(source: BinaryIO, extension: str, limit: int) -> Sight:
    """The sight of a file that is too long to hold, read to `limit` and one byte, in constant memory."""
    source.seek(0)
    seen = hashlib.blake2b(digest_size=16)
    size, tail = 0, b""
    while size <= limit and (piece := source.read(_CHUNK)):
        size += len(piece)
        seen.update(piece)
        tail = (tail + piece)[-1024:]
    source.seek(0)
    return Sight(size, seen.digest(), _ends(tail, extension))


def _ends(message: bytes, extension: str) -> bool:
    end, within = _ENDS[extension]
    return end in message[-within:]


class Watch:
    """Keeps one file in view. `saw` is told what each look saw (None: nothing) and says whether to believe it now.

    A file without its end is handed over after `torn_seconds` of no change.
    """

    def __init__(self, torn_seconds: float = TORN_SECONDS) -> None:
        self._torn_seconds = torn_seconds
        self._last: Sight | None = None
        self._since = 0.0
        self._settling = False

    @property
    def is_settling(self) -> bool:
        """Whether the last look saw a whole file for the first time: the next look decides."""
        return self._settling

    @property
    def seen(self) -> bool:
        """Whether the last look saw a file."""
        return self._last is not None

    def saw(self, now: Sight | None, at: float) -> bool:
        """Whether what this look saw, `at` this second of a steady clock, is the whole of it."""
        if now is None or now != self._last:
            self._last, self._since = now, at
            self._settling = now is not None and now.whole
            return False
        self._settling = False
        return now.whole or at - self._since >= self._torn_seconds
