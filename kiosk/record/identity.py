"""Who says that this is the card's holder, and with what proof.

A proof enters the kiosk process as an opaque value: certificate and signature, never a PIN, a photo or a frame. Its
`repr` shows nothing, since a certificate's subject and serial are personal data (domain/mynumber-card.md section 6).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """How the holder was confirmed: the official three ways (domain/flow-and-rules.md section 0.2)."""

    FACE = "face"
    PIN = "pin"
    VISUAL = "visual"


@dataclass(frozen=True, repr=False)
class Certificate:
    """The user-authentication certificate as read from the card (利用者証明用電子証明書), DER."""

    der: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, 64 hex digits: the handle one visit is bound to."""
        return hashlib.sha256(self.der).hexdigest()

    def __repr__(self) -> str:
        return "Certificate(...)"


@dataclass(frozen=True, repr=False)
class Challenge:
    """What the centre gives to sign: `session` names it, `nonce` is 32 bytes, good for 60 s."""

    session: str
    nonce: bytes

    def __repr__(self) -> str:
        return "Challenge(...)"


@dataclass(frozen=True, repr=False)
class PinProof:
    """The card's own RSASSA-PKCS1-v1_5 SHA-256 signature (256 bytes) over challenge nonce ‖ visit id (32 + 16 bytes)."""

    certificate: Certificate
    signature: bytes

    def __repr__(self) -> str:
        return "PinProof(...)"


@dataclass(frozen=True, repr=False)
class FaceClaim:
    """The studio matched the face: what the kiosk's key is about to vouch for."""

    certificate: Certificate

    def __repr__(self) -> str:
        return "FaceClaim(...)"


@dataclass(frozen=True, repr=False)
class VisualClaim:
    """A member of staff compared and confirmed: what the kiosk's key is about to vouch for."""

    certificate: Certificate
    staff_id: str

    def __repr__(self) -> str:
        return "VisualClaim(...)"


Claim = PinProof | FaceClaim | VisualClaim
"""What the heart hands to the eligibility station, which turns a face or visual claim into a signed proof."""


@dataclass(frozen=True, repr=False)
class FaceProof:
    """A face match vouched for by the kiosk: `assertion` is the signed text, `signature` ECDSA P-256 SHA-256 (DER)."""

    certificate: Certificate
    assertion: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "FaceProof(...)"


@dataclass(frozen=True, repr=False)
class VisualProof:
    """A visual check vouched for by the kiosk, naming the staff member inside `assertion`; signed as `FaceProof`."""

    certificate: Certificate
    staff_id: str
    assertion: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "VisualProof(...)"


IdentityProof = PinProof | FaceProof | VisualProof


def method_of(proof: Claim | IdentityProof) -> Method:
    """The method a proof or claim stands for."""
    if isinstance(proof, PinProof):
        return Method.PIN
    return Method.FACE if isinstance(proof, FaceClaim | FaceProof) else Method.VISUAL
