"""APDUs and status words: everything above `CardConnection.transmit` is pure protocol, nothing below it is known here.

    select_application(connection, aid)
    select_file(connection, 0x000A)
    der = read_file(connection, 0x30)

Layouts: ISO 7816-4 as domain/mynumber-card.md section 3 has them, short form only. Card answers are untrusted input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from kiosk.card.errors import CardError, CardFormatError

Apdu = bytes | bytearray
"""A command; a `bytearray` where its maker overwrites it afterwards (VERIFY)."""

MAX_FILE = 0x8000
"""Bytes of a file that READ BINARY can address with its 15-bit offset; the face record is about 17 KB (section 1)."""

_CHUNK = 256
"""Le = 00: short reads work with every reader (section 1)."""

_MAX_READS = 2 * MAX_FILE // _CHUNK
_MAX_RESPONSES = 64
_MAX_FILLER = 4
"""Some cards of about 2023 are reported to put 2 bytes before the outer tag of a text file (section 3)."""


class CardConnection(Protocol):
    """The one seam to hardware."""

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """The card's answer to one command: data and status word. Raises `CardGoneError`: then the dialogue is over."""
        ...


class StatusWord(IntEnum):
    """What the card says about a command (domain/mynumber-card.md section 3, status words)."""

    OK = 0x9000
    END_OF_FILE = 0x6282
    WRONG_NO_LIMIT = 0x6300
    WRONG_LENGTH = 0x6700
    NOT_VERIFIED = 0x6982
    BLOCKED = 0x6983
    BLOCKED_FILE = 0x6984
    CONDITIONS = 0x6985
    NO_CURRENT_FILE = 0x6986
    WRONG_DATA = 0x6A80
    NOT_FOUND = 0x6A82
    WRONG_PARAMETERS = 0x6A86
    NO_REFERENCE = 0x6A88
    PAST_END = 0x6B00
    NO_INSTRUCTION = 0x6D00
    NO_CLASS = 0x6E00


def named(status_word: int) -> str:
    """`status_word` as people write it, with its name where it has one: "6982 NOT_VERIFIED"."""
    try:
        return f"{status_word:04X} {StatusWord(status_word).name}"
    except ValueError:
        return f"{status_word:04X}"


def counter_of(status_word: int) -> int | None:
    """The tries left that `status_word` tells: x of 63Cx, 0 where the reference is blocked, else None."""
    if status_word & 0xFFF0 == 0x63C0:
        return status_word & 0x0F
    return 0 if status_word in {StatusWord.BLOCKED, StatusWord.BLOCKED_FILE} else None


class ApduError(CardError):
    """The card refused a command: `status_word` says why, the sentence names it and what was asked."""

    def __init__(self, asked: str, status_word: int) -> None:
        super().__init__(f"the card refused {asked} with {named(status_word)}", "apdu")
        self.status_word = status_word


def exchange(connection: CardConnection, apdu: Apdu) -> tuple[bytes, int]:
    """Send one command and give data and status word, following 61xx (GET RESPONSE) and 6Cxx (right Le, once).

    Only a command with an Le is ever sent a second time: a VERIFY has none and so reaches the card exactly once.
    """
    answer, status_word = connection.transmit(apdu)
    if status_word & 0xFF00 == 0x6C00 and _has_le(apdu):
        answer, status_word = connection.transmit(bytes(apdu[:-1]) + bytes([status_word & 0xFF]))
    if status_word & 0xFF00 != 0x6100:
        return answer, status_word
    collected = bytearray(answer)
    for _ in range(_MAX_RESPONSES):
        answer, status_word = connection.transmit(bytes([0x00, 0xC0, 0x00, 0x00, status_word & 0xFF]))
        collected += answer
        if status_word & 0xFF00 != 0x6100:
            return bytes(collected), status_word
    raise CardFormatError("the card never ends its answer (61xx)")


def send(connection: CardConnection, apdu: Apdu, asked: str) -> bytes:
    """The card's data for a command that must be answered 9000; `asked` names it. Raises `ApduError`."""
    answer, status_word = exchange(connection, apdu)
    if status_word != StatusWord.OK:
        raise ApduError(asked, status_word)
    return answer


def _has_le(apdu: Apdu) -> bool:
    return len(apdu) == 5 or (len(apdu) > 5 and len(apdu) == 6 + apdu[4])


def select_application(connection: CardConnection, aid: bytes) -> None:
    """SELECT by AID; the card returns no FCI (P2 = 0C). Raises `ApduError`."""
    send(connection, bytes([0x00, 0xA4, 0x04, 0x0C, len(aid)]) + aid, "SELECT of an application")


def select_file(connection: CardConnection, file: int) -> None:
    """SELECT of an EF under the current application. Raises `ApduError`."""
    send(connection, bytes([0x00, 0xA4, 0x02, 0x0C, 0x02]) + file.to_bytes(2, "big"), f"SELECT of file {file:04X}")


def read_counter(connection: CardConnection) -> int | None:
    """Tries left at the selected key file, asked with the empty VERIFY, which is free; None if the card tells none."""
    _, status_word = exchange(connection, b"\x00\x20\x00\x80")
    return counter_of(status_word)


@dataclass(frozen=True)
class Verification:
    """What a VERIFY came to: `tries_left` is what the card said with a wrong one, None with a right one or unsaid."""

    right: bool
    tries_left: int | None = None


def verify(connection: CardConnection, secret: Apdu) -> Verification:
    """VERIFY `secret` (ASCII digits) at the selected key file, once. Raises `ApduError` for an answer that is neither.

    The command's own copy of the secret is overwritten; the caller overwrites `secret`.
    """
    command = bytearray([0x00, 0x20, 0x00, 0x80, len(secret)])
    command += secret
    try:
        _, status_word = exchange(connection, command)
    finally:
        command[:] = bytes(len(command))
    if status_word == StatusWord.OK:
        return Verification(right=True)
    tries_left = counter_of(status_word)
    if tries_left is None and status_word != StatusWord.WRONG_NO_LIMIT:
        raise ApduError("VERIFY", status_word)
    return Verification(right=False, tries_left=tries_left)


@dataclass(frozen=True, repr=False)
class Tlv:
    """One BER-TLV object: `tag` with all its bytes (0xDF27), `value`, and where the next one would `end`."""

    tag: int
    value: bytes
    end: int

    def __repr__(self) -> str:
        return f"Tlv({self.tag:X}, {len(self.value)} bytes)"


def _header(content: bytes, at: int) -> tuple[int, int, int]:
    """Tag, place of the value, length. Tags of 1 or 2 bytes, lengths 1 / 81 / 82 (section 5). Raises `CardFormatError`."""
    head = content[at : at + 5]
    wide = 1 + (len(head) > 0 and head[0] & 0x1F == 0x1F)
    if len(head) < wide + 1 or (wide == 2 and head[1] & 0x80):
        raise CardFormatError(f"TLV: no tag of one or two bytes at {at}")
    first = head[wide]
    length_bytes = 0 if first < 0x80 else first & 0x7F
    if first == 0x80 or length_bytes > 2 or len(content) < at + wide + 1 + length_bytes:
        raise CardFormatError(f"TLV: no usable length at {at}")
    start = at + wide + 1
    length = first if first < 0x80 else int.from_bytes(content[start : start + length_bytes], "big")
    return int.from_bytes(head[:wide], "big"), start + length_bytes, length


def read_tlvs(content: bytes) -> Iterator[Tlv]:
    """The objects in `content`, one after the other; FF filler after the last is left out. Raises `CardFormatError`."""
    at, end = 0, len(content.rstrip(b"\xff"))
    while at < len(content):
        if at >= end:
            return
        tag, start, length = _header(content, at)
        if start + length > len(content):
            raise CardFormatError(f"TLV: object {tag:X} is longer than what holds it")
        yield Tlv(tag, content[start : start + length], start + length)
        at = start + length


def read_file(connection: CardConnection, tag: int, *, leading_filler: bool = False) -> bytes:
    """The whole object `tag` (header included) of the selected file, without what follows it.

    256 bytes at 0, the length from the object's header, the rest in short reads. With `leading_filler` up to four
    bytes before the tag are skipped. Raises `ApduError`, and `CardFormatError` if the object is not there or too long.
    """
    content = bytearray(_read(connection, 0, _CHUNK))
    start = _locate(bytes(content), tag, _MAX_FILLER if leading_filler else 0)
    _, value, length = _header(bytes(content), start)
    end = value + length
    if end > MAX_FILE:
        raise CardFormatError(f"file: object {tag:X} is longer than a file can be read")
    for _ in range(_MAX_READS):
        if len(content) >= end:
            return bytes(content[start:end])
        more = _read(connection, len(content), min(_CHUNK, end - len(content)))
        if not more:
            break
        content += more
    raise CardFormatError(f"file: object {tag:X} ends before its length says")


def _locate(content: bytes, tag: int, filler: int) -> int:
    wanted = tag.to_bytes(1 if tag < 0x100 else 2, "big")
    start = content.find(wanted, 0, filler + len(wanted))
    if start < 0:
        raise CardFormatError(f"file: object {tag:X} is not at its start")
    return start


def _read(connection: CardConnection, offset: int, length: int) -> bytes:
    command = bytes([0x00, 0xB0]) + offset.to_bytes(2, "big") + bytes([length & 0xFF])
    answer, status_word = exchange(connection, command)
    if offset and status_word == StatusWord.PAST_END:
        return b""
    if status_word not in {StatusWord.OK, StatusWord.END_OF_FILE}:
        raise ApduError("READ BINARY", status_word)
    if len(answer) > length:
        raise CardFormatError("file: the card gave more than was asked for")
    return answer
