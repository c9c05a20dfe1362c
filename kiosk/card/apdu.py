"""APDUs and status words: everything above `CardConnection.transmit` is pure protocol, nothing below it is known here.

    select_application(connection, aid)
    select_file(connection, 0x0018)
    verify(connection, pin)

Layouts: ISO 7816-4 as domain/mynumber-card.md section 3 has them. Card answers are untrusted input. Files are read in
`kiosk.card.files`, what is in them in `kiosk.card.tlv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from kiosk.card.errors import CardError, CardFormatError

Apdu = bytes | bytearray
"""A command; a `bytearray` where its maker overwrites it afterwards (VERIFY)."""

_MAX_RESPONSES = 64
_MAX_ANSWER = 0x10000
"""Bytes of one answer, however many parts it comes in: more than an extended one can have (ISO 7816-4)."""


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
    if status_word & 0xFF00 == 0x6C00 and (bare := _without_le(apdu)) is not None:
        answer, status_word = connection.transmit(bare + bytes([status_word & 0xFF]))
    if status_word & 0xFF00 != 0x6100:
        return answer, status_word
    collected = bytearray(answer)
    for _ in range(_MAX_RESPONSES):
        answer, status_word = connection.transmit(bytes([0x00, 0xC0, 0x00, 0x00, status_word & 0xFF]))
        collected += answer
        if len(collected) > _MAX_ANSWER:
            break
        if status_word & 0xFF00 != 0x6100:
            return bytes(collected), status_word
    raise CardFormatError("the card never ends its answer (61xx)")


def send(connection: CardConnection, apdu: Apdu, asked: str) -> bytes:
    """The card's data for a command that must be answered 9000; `asked` names it. Raises `ApduError`."""
    answer, status_word = exchange(connection, apdu)
    if status_word != StatusWord.OK:
        raise ApduError(asked, status_word)
    return answer


def _without_le(apdu: Apdu) -> bytes | None:
    """The command up to its Le, so that a short one can follow; None if it has no Le.

    The forms of ISO 7816-3 section 12.1.3 that are used here: no data with a short or extended Le, data with a short Le.
    """
    if len(apdu) == 7 and apdu[4] == 0:
        return bytes(apdu[:4])
    if len(apdu) == 5 or (len(apdu) > 5 and len(apdu) == 6 + apdu[4]):
        return bytes(apdu[:-1])
    return None


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
