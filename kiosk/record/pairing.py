"""Pairing by numeric comparison: what a kiosk and reception must both work out alike.

The kiosk commits to its nonce, reception tells its own, then the kiosk reveals. Both show six digits made of everything
that matters: the kiosk's public key, the certificate that reception was met with, and both nonces. Somebody in the middle
has another key or another certificate, and fixed what he adds before he knew the last nonce: his digits are the right ones
once in a million (domain/reception-and-reliability.md section 3.1).
"""

from __future__ import annotations

import hashlib
import hmac

from kiosk.record import RecordError

NONCE_BYTES = 32
LASTS_S = 600.0
"""Seconds from the kiosk's question to the administrator's answer (section 3.1)."""
MAX_CSR_BYTES = 4096

_COMMIT = b"kiosk pairing commitment 1\0"
_DIGITS = b"kiosk pairing digits 1\0"


def commitment(public_key: bytes, kiosk_nonce: bytes) -> str:
    """What the kiosk sends before it knows reception's nonce: SHA-256 in hex. `public_key`: DER SubjectPublicKeyInfo."""
    return _hash(_COMMIT, public_key, _nonce(kiosk_nonce)).hex()


def keeps_word(committed: str, public_key: bytes, kiosk_nonce: bytes) -> bool:
    """Whether the revealed nonce is the one that was committed to."""
    return hmac.compare_digest(committed.encode(), commitment(public_key, kiosk_nonce).encode())


def digits(public_key: bytes, server_certificate: bytes, kiosk_nonce: bytes, reception_nonce: bytes) -> str:
    """The six digits that a person compares. Key and certificate are DER."""
    made = _hash(_DIGITS, public_key, server_certificate, _nonce(kiosk_nonce), _nonce(reception_nonce))
    return f"{int.from_bytes(made) % 1_000_000:06}"


def shown(six: str) -> str:
    """The digits as both ends show them: two groups of three."""
    return f"{six[:3]} {six[3:]}"


def key_hash(public_key: bytes) -> str:
    """A kiosk's identity in reception's list: SHA-256 of its DER SubjectPublicKeyInfo, in hex."""
    return hashlib.sha256(public_key).hexdigest()


def nonce(text: object) -> bytes:
    """A nonce as it travels, 64 hex digits. Raises `RecordError`."""
    if isinstance(text, str) and len(text) == 2 * NONCE_BYTES and all(c in "0123456789abcdef" for c in text):
        return bytes.fromhex(text)
    raise RecordError(f"nonce: expected {2 * NONCE_BYTES} hex digits in lower case")


def _nonce(raw: bytes) -> bytes:
    if len(raw) != NONCE_BYTES:
        raise RecordError(f"nonce: expected {NONCE_BYTES} bytes")
    return raw


def _hash(label: bytes, *parts: bytes) -> bytes:
    """SHA-256 over parts that each say how long they are, so that no byte can move from one to the next."""
    made = hashlib.sha256(label)
    for part in parts:
        made.update(len(part).to_bytes(4))
        made.update(part)
    return made.digest()
