"""The allow-list: which commands may reach a card at all, by (application, file, instruction).

Whatever is not listed is refused before it reaches the reader, so no code of this product can come near the 12-digit
My Number: not the files that hold it, not the passwords that are it, not a hash of it (domain/mynumber-card.md
sections 0 and 4). The list is positive; the forbidden places stand nowhere in it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum, auto

from kiosk.card.apdu import Apdu, CardConnection, StatusWord
from kiosk.card.errors import ForbiddenCommandError

JPKI = bytes.fromhex("D392F000260100000001")
"""公的個人認証 AP (section 2)."""
SURFACE = bytes.fromhex("D3921000310001010402")
"""券面事項確認 AP (section 2)."""
TEXT = bytes.fromhex("D3921000310001010408")
"""券面事項入力補助 AP (section 2)."""

DIGEST_INFO_SHA256 = bytes.fromhex("3031300D060960864801650304020105000420")
"""What precedes the 32 bytes of a SHA-256 in the signed DigestInfo, NULL included (section 3)."""


class Use(Enum):
    """What a file may be used for."""

    READ = auto()
    VERIFY = auto()
    SIGN = auto()


@dataclass(frozen=True)
class Rule:
    """What one file allows: `digits` is a VERIFY's exact length, `after` the key file that must be verified before READ."""

    use: Use
    digits: int = 0
    after: int | None = None


PIN_DIGITS = 4
CHECK_NUMBER_B_DIGITS = 14

RULES: dict[tuple[bytes, int], Rule] = {
    (JPKI, 0x0006): Rule(Use.READ),
    (JPKI, 0x000A): Rule(Use.READ),
    (JPKI, 0x0018): Rule(Use.VERIFY, digits=PIN_DIGITS),
    (JPKI, 0x0017): Rule(Use.SIGN),
    (SURFACE, 0x0012): Rule(Use.VERIFY, digits=CHECK_NUMBER_B_DIGITS),
    (SURFACE, 0x0002): Rule(Use.READ, after=0x0012),
    (TEXT, 0x0015): Rule(Use.VERIFY, digits=CHECK_NUMBER_B_DIGITS),
    (TEXT, 0x0002): Rule(Use.READ, after=0x0015),
}
"""Sections 2.1 to 2.3, reduced to what a check-in does. Of the text application, which also keeps the number, only the file
with name and birth date can be selected, and only check number B opens it: with that the card itself keeps the number shut."""

_APPLICATIONS = frozenset(application for application, _ in RULES)


class AllowList:
    """A `CardConnection` that lets through what `RULES` says and raises `ForbiddenCommandError` for all the rest.

    It follows what is selected and verified by the card's own answers. Anything it cannot be sure of (a failed SELECT,
    a broken transport) counts as nothing selected. `passed` counts the commands it let through.
    """

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection
        self._application: bytes | None = None
        self._file: int | None = None
        self._verified: frozenset[int] = frozenset()
        self._more_waits = False
        self._one_at_a_time = threading.Lock()
        self.passed = 0

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """The card's answer, if the command is on the list. Raises `ForbiddenCommandError` before anything is sent."""
        # A bytearray is checked and sent as a copy of one moment: nobody can change it in between. VERIFY's copy is
        # overwritten here, as its maker overwrites the original.
        command = bytearray(apdu)
        try:
            # What was checked must still be selected when it is sent, whatever another thread does.
            with self._one_at_a_time:
                self._check(command)
                return self._transmit(command)
        finally:
            command[:] = bytes(len(command))

    def _transmit(self, command: bytearray) -> tuple[bytes, int]:
        before = self._application, self._file, self._verified
        self._application = self._file = None
        self._verified = frozenset()
        self._more_waits = False
        self.passed += 1
        answer, status_word = self._connection.transmit(command)
        self._more_waits = status_word & 0xFF00 == 0x6100
        self._application, self._file, self._verified = before
        self._follow(command, status_word)
        return answer, status_word

    def _check(self, command: bytearray) -> None:
        head = bytes(command[:4])
        if head == b"\x00\xa4\x04\x0c" and _data(command) in _APPLICATIONS:
            return
        if head == b"\x00\xc0\x00\x00" and len(command) == 5 and self._more_waits:
            return
        if self._application is not None:
            if head == b"\x00\xa4\x02\x0c" and (self._application, _file_id(command)) in RULES:
                return
            rule = RULES.get((self._application, self._file if self._file is not None else -1))
            if rule is not None and self._fits(rule, head, command):
                return
        raise ForbiddenCommandError("this command is not on the allow-list; it was not sent to the card")

    def _fits(self, rule: Rule, head: bytes, command: bytearray) -> bool:
        match rule.use:
            case Use.READ:
                opened = rule.after is None or rule.after in self._verified
                return opened and _is_le(command) and head[:2] == b"\x00\xb0" and head[2] < 0x80
            case Use.VERIFY:
                if head != b"\x00\x20\x00\x80":
                    return False
                return len(command) == 4 or _is_digits(command, rule.digits)
            case Use.SIGN:
                return head == b"\x80\x2a\x00\x80" and _is_digest_info(command)

    def _follow(self, command: bytearray, status_word: int) -> None:
        done = status_word == StatusWord.OK
        if command[1] == 0xA4 and command[2] == 0x04:
            self._application = bytes(command[5:]) if done else None
            self._file = None
            self._verified = frozenset()
        elif command[1] == 0xA4:
            self._file = _file_id(command) if done else None
        elif command[1] == 0x20 and len(command) > 4 and self._file is not None:
            kept = self._verified - {self._file}
            self._verified = kept | {self._file} if done else kept


def _data(command: bytearray) -> bytes | None:
    """The data of a command without Le, None if its length byte is not the truth."""
    return bytes(command[5:]) if len(command) > 5 and command[4] == len(command) - 5 else None


def _file_id(command: bytearray) -> int:
    data = _data(command)
    return int.from_bytes(data, "big") if data is not None and len(data) == 2 else -1


def _is_le(command: bytearray) -> bool:
    """Whether a short Le, or an extended one of less than 64 KiB, is all that follows the header."""
    return len(command) == 5 or (len(command) == 7 and command[4] == 0 and command[5:] != b"\x00\x00")


def _is_digits(command: bytearray, count: int) -> bool:
    # The secret is looked at in place: a slice would leave a copy of it behind.
    whole = len(command) == 5 + count and command[4] == count
    return whole and all(0x30 <= command[at] <= 0x39 for at in range(5, len(command)))


def _is_digest_info(command: bytearray) -> bool:
    length = len(DIGEST_INFO_SHA256) + 32
    whole = len(command) == 6 + length and command[4] == length and command[-1] == 0
    return whole and command.startswith(DIGEST_INFO_SHA256, 5)
