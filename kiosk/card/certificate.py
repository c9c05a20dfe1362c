"""The card's certificate and the roots this kiosk trusts.

Three generations of the national root carry the same name, so a root is found by key identifier and signature, never by
name (domain/mynumber-card.md section 6). Dates and revocation are not judged here: the visit looks at `not_after`, the
centre at the rest. Subject and serial are personal data and leave this module only inside the DER.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.settings import TrustedRoot
from kiosk.errors import SettingsError

MAX_DER = 8192
"""Bytes; a certificate of the card is about 1.5 KB."""

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)

_MIN_KEY_BITS = 2048
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_PARSE_ERRORS = (ValueError, TypeError, OverflowError, UnsupportedAlgorithm, x509.DuplicateExtension)


@dataclass(frozen=True, repr=False)
class Accepted:
    """A certificate under one of the trusted roots: `der` as read, `not_after` with its zone, `simulated` as its root."""

    der: bytes
    not_after: datetime
    simulated: bool
    public_key: rsa.RSAPublicKey

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (RSASSA-PKCS1-v1_5, SHA-256) over `message` was made with this certificate's key."""
        try:
            self.public_key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True

    def __repr__(self) -> str:
        return f"Accepted(..., simulated={self.simulated})"


@dataclass(frozen=True, repr=False)
class _Root:
    public_key: rsa.RSAPublicKey
    key_identifier: bytes | None
    simulated: bool


class TrustStore:
    """The roots whose certificates this kiosk takes."""

    def __init__(self, roots: tuple[_Root, ...]) -> None:
        self._roots = roots

    @classmethod
    def load(cls, trust: tuple[TrustedRoot, ...]) -> TrustStore:
        """The roots in the files of the settings (one certificate each, PEM or DER). Raises `SettingsError`."""
        return cls(tuple(_root(root.file, simulated=root.simulated) for root in trust))

    def accept(self, der: bytes) -> Accepted:
        """The certificate in `der`, if a trusted root signed it. Raises `CertificateError`, `CardFormatError`."""
        certificate, public_key = _parse(der)
        for root in self._roots:
            if _is_signed_by(certificate, root):
                return Accepted(der, certificate.not_valid_after_utc, root.simulated, public_key)
        raise CertificateError("the card's certificate is not signed by any root this kiosk trusts")


def _root(file: Path, *, simulated: bool) -> _Root:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_DER + 1)
        if len(raw) > MAX_DER:
            raise SettingsError(f"{file}: is longer than a certificate; expected one root in PEM or DER")
        pem = raw.lstrip().startswith(b"-----BEGIN")
        parsed = x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
        public_key = parsed.public_key()
        identifier = _extension(parsed, x509.SubjectKeyIdentifier)
    except OSError as error:
        raise SettingsError(f"{file}: the trusted root cannot be read ({error.strerror})") from error
    except _PARSE_ERRORS as error:
        raise SettingsError(f"{file}: is not a certificate in PEM or DER") from error
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise SettingsError(f"{file}: holds no RSA key; expected a root of the card's certificates")
    return _Root(public_key, None if identifier is None else identifier.digest, simulated)


def _parse(der: bytes) -> tuple[x509.Certificate, rsa.RSAPublicKey]:
    if len(der) > MAX_DER:
        raise CardFormatError("the card's certificate is longer than certificates are")
    try:
        certificate = x509.load_der_x509_certificate(der)
        public_key = certificate.public_key()
        constraints = _extension(certificate, x509.BasicConstraints)
    except _PARSE_ERRORS as error:
        raise CardFormatError("the card's certificate cannot be read") from error
    if not isinstance(public_key, rsa.RSAPublicKey) or public_key.key_size < _MIN_KEY_BITS:
        raise CertificateError("the card's certificate holds no RSA key of 2048 bits or more")
    if constraints is not None and constraints.ca:
        raise CertificateError("the card's certificate is that of a CA, not of a card")
    return certificate, public_key


def _is_signed_by(certificate: x509.Certificate, root: _Root) -> bool:
    try:
        authority = _extension(certificate, x509.AuthorityKeyIdentifier)
        algorithm = certificate.signature_hash_algorithm
    except _PARSE_ERRORS:
        return False
    named = None if authority is None else authority.key_identifier
    if named is not None and root.key_identifier is not None and named != root.key_identifier:
        return False
    if not isinstance(algorithm, _HASHES) or not isinstance(
        certificate.signature_algorithm_parameters, padding.PKCS1v15
    ):
        return False
    try:
        root.public_key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
