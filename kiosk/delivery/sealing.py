"""Sealing a check-in to reception's public key: the kiosk that sealed it cannot open it again.

HPKE (RFC 9180), base mode, single shot, no AAD: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; `info` is the
check-in's id in ASCII (36 bytes), which binds the body to its id. The sealed bytes are the 32-byte encapsulated key
followed by the ciphertext and its 16-byte tag: 48 bytes longer than the body
(domain/reception-and-reliability.md section 1.4). HPKE is randomised: a body is sealed once, at commit, and those bytes
are what is stored, hashed and sent.
"""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.delivery.errors import SealingError
from kiosk.record.ids import VisitId

OVERHEAD = 48
"""Bytes that sealing adds: encapsulated key 32, tag 16."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def key_id(public_key: bytes) -> str:
    """What a public key is called on the wire: the first 16 hex digits of SHA-256 over its 32 raw bytes."""
    return hashlib.sha256(public_key).hexdigest()[:16]


class Sealer:
    """Seals to one X25519 public key (32 raw bytes); raises `SealingError` if it is not one."""

    def __init__(self, public_key: bytes) -> None:
        try:
            self._key = X25519PublicKey.from_public_bytes(public_key)
            # An all-zero or other low-order point is accepted by the parser and refused only at the first use.
            _SUITE.encrypt(b"", self._key, info=b"")
        except ValueError as error:
            raise SealingError("reception's public key is not a usable X25519 key of 32 bytes") from error
        self.key_id = key_id(public_key)

    def seal(self, body: bytes, checkin_id: VisitId) -> bytes:
        """`body` sealed for the check-in `checkin_id`: `OVERHEAD` bytes longer, and different every time."""
        return _SUITE.encrypt(body, self._key, info=checkin_id.encode("ascii"))
