"""The kiosk's own key: it vouches for a face match or a visual check, since the card cannot sign without its PIN.

The key is ECDSA on P-256, PKCS#8 PEM in a file of mode 0600. What it signs is the *assertion*, a canonical JSON text:
ASCII, keys sorted, no blanks, all values text but `v`:

    {"certificate": SHA-256 of the card's certificate (hex), "challenge": the centre's 32 bytes (hex), "kiosk_id": ...,
     "method": "face" | "visual", "session": ..., "staff_id": (visual only), "v": 1, "visit_id": ...}

The signature is ECDSA with SHA-256 over these bytes, DER. Whoever verifies must check the signature over the bytes as
received and every field: a proof is good for one card, one visit, one session and one method.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import overload

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from kiosk import settings
from kiosk.eligibility.errors import KioskKeyError
from kiosk.record.identity import Challenge, FaceClaim, FaceProof, Method, VisualClaim, VisualProof
from kiosk.record.ids import KioskId, VisitId

ASSERTION_VERSION = 1


class KioskKey:
    """The private key in memory. Its `repr` shows nothing."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise KioskKeyError("the kiosk's key is not on the curve P-256")
        self._private_key = private_key

    @classmethod
    def load(cls, path: Path) -> KioskKey:
        """The key in the file at `path`; raises `SettingsError` (cannot be read, others can) or `KioskKeyError`."""
        pem = settings.read_secret(path)
        try:
            private_key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KioskKeyError(f"{path}: is not a private key in PEM without a password") from error
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise KioskKeyError(f"{path}: is not an ECDSA key on P-256")
        return cls(private_key)

    @classmethod
    def create(cls, path: Path) -> KioskKey:
        """A new key, stored at `path` (0600) wholly or not at all; raises `KioskKeyError`, also if something is there."""
        key = cls(ec.generate_private_key(ec.SECP256R1()))
        pem = key._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            _write_once(path, pem)
        except FileExistsError as error:
            raise KioskKeyError(f"{path}: there is a file already; a key is never overwritten") from error
        except OSError as error:
            raise KioskKeyError(f"{path}: the kiosk's key cannot be stored ({error.strerror})") from error
        return key

    def public_pem(self) -> bytes:
        """The public key (SubjectPublicKeyInfo, PEM), to be registered with the centre."""
        return self._private_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @overload
    def vouch(self, claim: FaceClaim, challenge: Challenge, visit_id: VisitId, kiosk_id: KioskId) -> FaceProof: ...

    @overload
    def vouch(self, claim: VisualClaim, challenge: Challenge, visit_id: VisitId, kiosk_id: KioskId) -> VisualProof: ...

    def vouch(
        self, claim: FaceClaim | VisualClaim, challenge: Challenge, visit_id: VisitId, kiosk_id: KioskId
    ) -> FaceProof | VisualProof:
        """The claim as a signed proof for this challenge and this visit only."""
        assertion = _assertion(claim, challenge, visit_id, kiosk_id)
        signature = self._private_key.sign(assertion, ec.ECDSA(hashes.SHA256()))
        if isinstance(claim, FaceClaim):
            return FaceProof(claim.certificate, assertion, signature)
        return VisualProof(claim.certificate, claim.staff_id, assertion, signature)

    def __repr__(self) -> str:
        return "KioskKey(...)"


def _assertion(claim: FaceClaim | VisualClaim, challenge: Challenge, visit_id: VisitId, kiosk_id: KioskId) -> bytes:
    fields: dict[str, str | int] = {
        "v": ASSERTION_VERSION,
        "kiosk_id": kiosk_id,
        "visit_id": visit_id,
        "session": challenge.session,
        "challenge": challenge.nonce.hex(),
        "certificate": claim.certificate.fingerprint,
    }
    if isinstance(claim, VisualClaim):
        fields |= {"method": Method.VISUAL.value, "staff_id": claim.staff_id}
    else:
        fields["method"] = Method.FACE.value
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _write_once(path: Path, content: bytes) -> None:
    """Write beside `path`, then link: whatever happens, `path` is whole, or not there, and never replaced."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(beside, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
