"""Verifying a proof of identity for real: the card's certificate, and the card's or the kiosk's signature.

Layout of what is signed: the wire format and the assertion as `kiosk.eligibility.centre` and `.kiosk_key` document them;
certificate profile and grace: domain/mynumber-card.md section 6, domain/flow-and-rules.md section 2.6.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from kiosk.errors import UsageError
from kiosk.record import dates
from kiosk.record.dates import Notice
from kiosk.simulation.centre.problems import RefusedError
from kiosk.simulation.centre.sessions import Session

_STAFF = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, repr=False)
class Proof:
    """What came to be verified. `assertion` is None exactly for `method` pin."""

    method: str
    certificate: bytes
    signature: bytes
    assertion: bytes | None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hex."""
        return hashlib.sha256(self.certificate).hexdigest()

    def __repr__(self) -> str:
        return f"Proof({self.method})"


@dataclass(frozen=True)
class Trust:
    """Whose cards count, and the one kiosk that is registered here."""

    card_roots: tuple[x509.Certificate, ...]
    kiosk_key: ec.EllipticCurvePublicKey


def trust(card_roots: Sequence[Path], kiosk_key: Path) -> Trust:
    """The roots of the cards (PEM, one or more in each file) and the kiosk's public key (PEM); raises `UsageError`."""
    roots: list[x509.Certificate] = []
    for path in card_roots:
        try:
            roots += x509.load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{path}: cannot be read as the root of the cards; expected certificates in PEM"
            ) from error
    try:
        key = load_pem_public_key(kiosk_key.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{kiosk_key}: cannot be read as the kiosk's public key; expected PEM") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise UsageError(f"{kiosk_key}: expected a public key on P-256")
    return Trust(tuple(roots), key)


def verify(proof: Proof, session: Session, trusted: Trust, at: datetime) -> Notice:
    """Check the proof against the session it was made for, at the instant `at`; gives what the certificate's end means.

    Raises `RefusedError`. Whether the certificate was revoked is not known here.
    """
    certificate = _certificate(proof.certificate)
    key = _card_key(certificate, trusted)
    notice = _in_time(certificate, at)
    if proof.method == "pin":
        _verify_card(key, proof, session)
    else:
        _verify_kiosk(proof, session, trusted)
    return notice


def _certificate(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise RefusedError("this is not a certificate", "bad_certificate") from error


def _card_key(certificate: x509.Certificate, trusted: Trust) -> rsa.RSAPublicKey:
    """The card's key, once the certificate is known to be issued by a root for user authentication."""
    if not any(_issued_by(certificate, root) for root in trusted.card_roots):
        raise RefusedError("no known authority issued this certificate", "untrusted_certificate")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        key = certificate.public_key()
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, UnsupportedAlgorithm) as error:
        raise RefusedError("this certificate does not say what it is for", "bad_certificate") from error
    if not usage.digital_signature or usage.content_commitment or usage.key_cert_sign:
        raise RefusedError("this certificate is not one for user authentication", "bad_certificate")
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise RefusedError("this certificate's key is not RSA of 2048 bits", "bad_certificate")
    return key


def _issued_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    """By signature, not by name alone: real roots of three generations share one name."""
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _in_time(certificate: x509.Certificate, at: datetime) -> Notice:
    if at < certificate.not_valid_before_utc:
        raise RefusedError("this certificate is not valid yet", "certificate_not_yet_valid")
    notice = dates.notice(certificate.not_valid_after_utc, dates.japanese_day(at))
    if notice is Notice.BEYOND:
        raise RefusedError("this certificate ended more than three months ago", "certificate_expired")
    return notice


def _verify_card(key: rsa.RSAPublicKey, proof: Proof, session: Session) -> None:
    signed = session.nonce + uuid.UUID(session.visit_id).bytes
    try:
        key.verify(proof.signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise RefusedError("the card did not sign this session's challenge", "bad_signature") from error


def _verify_kiosk(proof: Proof, session: Session, trusted: Trust) -> None:
    assertion = proof.assertion or b""
    try:
        trusted.kiosk_key.verify(proof.signature, assertion, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise RefusedError("the registered kiosk did not sign this", "bad_signature") from error
    try:
        told = json.loads(assertion)
    except (ValueError, RecursionError) as error:
        raise RefusedError("the kiosk's assertion is not JSON", "wrong_assertion") from error
    expected: dict[str, object] = {
        "v": 1,
        "kiosk_id": session.kiosk_id,
        "visit_id": session.visit_id,
        "session": session.name,
        "challenge": session.nonce.hex(),
        "certificate": proof.fingerprint,
        "method": proof.method,
    }
    if proof.method == "visual":
        staff_id = told.get("staff_id") if isinstance(told, dict) else None
        if not isinstance(staff_id, str) or not _STAFF.fullmatch(staff_id):
            raise RefusedError("a visual check must name the member of staff", "wrong_assertion")
        expected["staff_id"] = staff_id
    # Compared as the canonical text, so that neither a further field nor another spelling of one gets through.
    if assertion != json.dumps(expected, sort_keys=True, separators=(",", ":")).encode():
        raise RefusedError("the kiosk's assertion is about something else", "wrong_assertion")
