"""Writing BER-TLV as the card's records are laid out (domain/mynumber-card.md section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_SHA256_ALGORITHM = bytes.fromhex("300d06096086480165030402010500")
"""AlgorithmIdentifier of SHA-256 with its NULL parameters (RFC 8017, appendix B.1)."""


def tlv(tag: int, value: bytes) -> bytes:
    """One object: tag in as few bytes as it has, length in the short, 81 or 82 form. `value` is below 64 KiB."""
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + length + value


def record(outer: int, offsets_tag: int, objects: Sequence[bytes]) -> bytes:
    """A record `outer` that begins with the offset (u16, from the file's start) of each of its `objects`."""
    table = tlv(offsets_tag, bytes(2 * len(objects)))
    whole = len(tlv(outer, table + b"".join(objects)))
    position = whole - sum(map(len, objects))
    offsets = b""
    for part in objects:
        offsets += position.to_bytes(2, "big")
        position += len(part)
    return tlv(outer, tlv(offsets_tag, offsets) + b"".join(objects))


def digest_info(*parts: bytes) -> bytes:
    """A DigestInfo of SHA-256 whose octet string is the digest of each part, one after the other.

    With one part it is the usual one; the face record's signature uses three (domain/mynumber-card.md section 5.2).
    """
    return tlv(0x30, _SHA256_ALGORITHM + tlv(0x04, b"".join(sha256(part).digest() for part in parts)))
