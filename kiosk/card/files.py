"""Reading a whole file of the card by the header of the object in it, in as few commands as card and reader take.

    reach = Reach(connection.longest_answer)
    select_file(connection, 0x000A)
    der = read_file(connection, 0x30, reach)

One READ BINARY gives 256 bytes with every reader there is. An extended one gives 4 KB where reader and card both can,
which nobody tells beforehand for sure: so it is tried once where it would save commands, and dropped at the first
refusal, in the middle of the same file if need be (domain/mynumber-card.md section 1; figures in
tests/benchmarks/bench_card.py).
"""

from __future__ import annotations

from kiosk.card import apdu, tlv
from kiosk.card.apdu import ApduError, CardConnection, StatusWord
from kiosk.card.errors import CardFormatError

MAX_FILE = 0x8000
"""Bytes of a file that can be read: READ BINARY's offset has 15 bits. The face record is about 17 KB; its own offset table
(u16) would allow 64 KB, of which the second half is out of reach for this command (sections 3 and 5.2)."""

SHORT = 256
"""Le = 00."""

EXTENDED = 4096
"""Bytes asked for in one extended READ: the face record takes 4 of them. More saves little and asks more of a reader."""

_WORTH = 2 * SHORT
"""What is left of a file must be more than this for an extended READ to be tried the first time."""

_MIN_ANSWER = 1024
"""A reader whose longest answer is below this is left with short reads."""

_MAX_READS = 2 * MAX_FILE // SHORT
_MAX_FILLER = 4
"""Some cards of about 2023 are reported to put 2 bytes before the outer tag of a file (section 3)."""


class Reach:
    """How much one READ BINARY may ask for on one connection. It learns from what the card and its reader answer.

    `longest_answer` is what the reader's driver says of itself, in bytes; None if it says nothing.
    """

    def __init__(self, longest_answer: int | None) -> None:
        told = EXTENDED + 2 if longest_answer is None else longest_answer
        self._most = min(EXTENDED, told - 2) if told >= _MIN_ANSWER else SHORT
        self._proven = 0
        self.trying = False
        """Whether a READ longer than any that has worked is on its way: a transport error may be its fault."""

    @classmethod
    def short(cls) -> Reach:
        """A reach that never tries."""
        return cls(SHORT)

    def settle(self) -> None:
        """Stay with short reads, unless an extended one has worked by now: later a broken connection costs more."""
        if not self._proven:
            self._most = SHORT

    def ask(self, left: int) -> int:
        """How many of the `left` bytes to ask for next."""
        if self._most == SHORT or (not self._proven and left <= _WORTH):
            return min(left, SHORT)
        return min(left, self._most)

    def read(self, connection: CardConnection, offset: int, length: int) -> bytes | None:
        """The card's answer to an extended READ; None if it, or its reader, does not take that: then never again."""
        command = bytes([0x00, 0xB0]) + offset.to_bytes(2, "big") + b"\x00" + length.to_bytes(2, "big")
        self.trying = length > self._proven
        answer, status_word = apdu.exchange(connection, command)
        self.trying = False
        if status_word not in {StatusWord.OK, StatusWord.END_OF_FILE} or len(answer) <= SHORT:
            # Also one that is only cut down to a short answer: asking for more gains nothing.
            self._most = SHORT
            return answer or None if status_word == StatusWord.OK else None
        self._proven = max(self._proven, len(answer))
        return answer


def read_file(connection: CardConnection, tag: int, reach: Reach, *, leading_filler: bool = False) -> bytes:
    """The whole object `tag` (header included) of the selected file, without what follows it.

    256 bytes at 0, the length from the object's header, then the rest as `reach` allows. With `leading_filler` up to four
    bytes before the tag are skipped. Raises `ApduError`, and `CardFormatError` if the object is not there, breaks off, or
    is longer than READ BINARY reaches (`MAX_FILE`).
    """
    content = bytearray(_read(connection, 0, SHORT))
    start = _locate(bytes(content), tag, _MAX_FILLER if leading_filler else 0)
    end = tlv.header(bytes(content), start).end
    if end > MAX_FILE:
        raise CardFormatError(f"file: object {tag:X} of {end - start} bytes is longer than a file can be read")
    for _ in range(_MAX_READS):
        if len(content) >= end:
            return bytes(content[start:end])
        more = _more(connection, reach, len(content), end - len(content))
        if not more:
            break
        content += more
    raise CardFormatError(f"file: object {tag:X} ends before its length says")


def _more(connection: CardConnection, reach: Reach, offset: int, left: int) -> bytes:
    length = reach.ask(left)
    if length > SHORT:
        answer = reach.read(connection, offset, length)
        if answer is not None:
            return _bounded(answer, length)
        length = SHORT
    return _read(connection, offset, length)


def _locate(content: bytes, tag: int, filler: int) -> int:
    wanted = tag.to_bytes(1 if tag < 0x100 else 2, "big")
    start = content.find(wanted, 0, filler + len(wanted))
    if start < 0:
        raise CardFormatError(f"file: object {tag:X} is not at its start")
    return start


def _read(connection: CardConnection, offset: int, length: int) -> bytes:
    command = bytes([0x00, 0xB0]) + offset.to_bytes(2, "big") + bytes([length & 0xFF])
    answer, status_word = apdu.exchange(connection, command)
    if offset and status_word == StatusWord.PAST_END:
        return b""
    if status_word not in {StatusWord.OK, StatusWord.END_OF_FILE}:
        raise ApduError("READ BINARY", status_word)
    return _bounded(answer, length)


def _bounded(answer: bytes, length: int) -> bytes:
    if len(answer) > length:
        raise CardFormatError("file: the card gave more than was asked for")
    return answer
