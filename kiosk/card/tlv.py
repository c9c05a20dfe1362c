"""BER-TLV as the card's files use it: tags of one or two bytes, lengths 1 / 81 / 82, below 64 KiB.

Layouts: domain/mynumber-card.md section 5. Everything read here is untrusted: it is bounded, or it is a `CardFormatError`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.card.errors import CardFormatError

_LONGEST_HEADER = 5


@dataclass(frozen=True, repr=False)
class Tlv:
    """One object: `tag` with all its bytes (0xDF27), `value`, and where the next one would `end`."""

    tag: int
    value: bytes
    end: int

    def __repr__(self) -> str:
        return f"Tlv({self.tag:X}, {len(self.value)} bytes)"


@dataclass(frozen=True)
class Header:
    """What stands before a value: its `tag`, where it starts, and how long it says it is."""

    tag: int
    start: int
    length: int

    @property
    def end(self) -> int:
        """Where the object ends, by its own word."""
        return self.start + self.length


def header(content: bytes, at: int) -> Header:
    """The header that begins at `at`; the value may lie beyond `content`. Raises `CardFormatError`."""
    head = content[at : at + _LONGEST_HEADER]
    wide = 1 + (len(head) > 0 and head[0] & 0x1F == 0x1F)
    if len(head) < wide + 1 or (wide == 2 and head[1] & 0x80):
        raise CardFormatError(f"TLV: no tag of one or two bytes at {at}")
    first = head[wide]
    length_bytes = 0 if first < 0x80 else first & 0x7F
    if first == 0x80 or length_bytes > 2 or len(content) < at + wide + 1 + length_bytes:
        raise CardFormatError(f"TLV: no usable length at {at}")
    start = at + wide + 1
    length = first if first < 0x80 else int.from_bytes(content[start : start + length_bytes], "big")
    return Header(int.from_bytes(head[:wide], "big"), start + length_bytes, length)


def read_tlvs(content: bytes) -> Iterator[Tlv]:
    """The objects in `content`, one after the other; FF filler after the last is left out. Raises `CardFormatError`."""
    at, end = 0, len(content.rstrip(b"\xff"))
    while at < len(content):
        if at >= end:
            return
        head = header(content, at)
        if head.end > len(content):
            raise CardFormatError(f"TLV: object {head.tag:X} is longer than what holds it")
        yield Tlv(head.tag, content[head.start : head.end], head.end)
        at = head.end
