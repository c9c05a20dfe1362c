"""Our own files among others': every name of ours carries the time it was made, our mark, and eight random digits.

    OQSsiquc01req_20261005090005461041580347.xml      14 digits of Japan's time, 4 of the mark, 8 of chance

All digits, as every real name seen has them; longer than the 12 of the interface's example, so that no counter of another
program comes to the same (domain/oqs-interface.md section 1.5). The time in the name, not the share's clock, tells how old
a leftover is.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.file_names import LeftBehind, MessageName
from kiosk.eligibility.oqs.kinds import INSTANT

_DRAFT = re.compile(r"\.kiosk-(?P<tail>[0-9]{26})\.tmp", re.ASCII | re.IGNORECASE)
_TAILS = re.compile(r"(?<![0-9])[0-9]{26}(?![0-9])")


@dataclass(frozen=True)
class Mark:
    """The four digits by which a reception knows its own files."""

    digits: str

    def new_tail(self, at: datetime) -> str:
        """A tail nobody has: 26 digits."""
        return f"{INSTANT.write(at)}{self.digits}{secrets.randbelow(10**8):08d}"

    def made_at(self, tail: str) -> datetime | None:
        """When this tail was made; None where it is not of this mark."""
        if len(tail) != 26 or not (tail.isascii() and tail.isdigit()) or tail[14:18] != self.digits:
            return None
        try:
            return INSTANT.read(tail[:14])
        except ValueError:
            return None

    def tail_of(self, name: str) -> str | None:
        """The tail of ours that the file `name` belongs to: a request, an answer, a draft, a DEL file; None for all others."""
        if self.digits not in name:
            return None  # of thousands of others' files, nearly all
        if draft := _DRAFT.fullmatch(name):
            return self._ours(draft["tail"])
        match file_names.parse(name):
            case MessageName(tail=tail):
                return self._ours(tail)
            case LeftBehind():
                return next((tail for tail in _TAILS.findall(name) if self._ours(tail)), None)
            case _:
                return None

    def _ours(self, tail: str) -> str | None:
        return tail if self.made_at(tail) is not None else None


def draft_name(tail: str) -> str:
    """The name under which a request is written before it gets its own: no name of the interface, so nobody takes it."""
    return f".kiosk-{tail}.tmp"
