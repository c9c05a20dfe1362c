"""The card's certificate: whether it is one for authentication, and made by an authority this kiosk trusts.

Three generations of the national root carry the same name, so an issuer is found by key identifier and signature, never
by name (domain/mynumber-card.md section 6). Whether the certificate has ended or is revoked is not judged here: the visit
looks at `not_after`, the centre at the rest. Subject and serial are personal data and leave this module only inside the
DER.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.utils import CryptographyDeprecationWarning

from kiosk.card import authority
from kiosk.card.authority import MAX_DER, MIN_KEY_BITS, PARSE_ERRORS, Authority, extension, is_signed_by
from kiosk.card.errors import CardFormatError, CertificateError
from kiosk.card.settings import TrustedRoot


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


class TrustStore:
    """The authorities whose certificates this kiosk takes."""

    def __init__(self, authorities: tuple[Authority, ...]) -> None:
        self._authorities = authorities

    @classmethod
    def load(cls, trust: tuple[TrustedRoot, ...], intermediates: tuple[Path, ...] = ()) -> TrustStore:
        """The roots in the files of the settings, and the intermediates under them (one certificate each, PEM or DER).

        Raises `SettingsError`: a file that is no CA certificate, or an intermediate under no trusted root.
        """
        roots = tuple(authority.read_root(root.file, simulated=root.simulated) for root in trust)
        return cls(authority.with_intermediates(roots, intermediates))

    @property
    def only_simulated(self) -> bool:
        """Whether no real card can be taken: every authority is marked simulated."""
        return all(issuer.simulated for issuer in self._authorities)

    def accept(self, der: bytes) -> Accepted:
        """The certificate in `der`, if a trusted authority issued it, while that was valid itself, for authentication.

        Raises `CertificateError`, `CardFormatError`.
        """
        certificate, public_key = _parse(der)
        for issuer in self._authorities:
            if is_signed_by(certificate, issuer):
                if not issuer.valid_from <= certificate.not_valid_before_utc <= issuer.valid_to:
                    raise CertificateError("the card's certificate was issued while its issuer's own was not valid")
                return Accepted(der, certificate.not_valid_after_utc, issuer.simulated, public_key)
        raise CertificateError("the card's certificate is not signed by any authority this kiosk trusts")


def _parse(der: bytes) -> tuple[x509.Certificate, rsa.RSAPublicKey]:
    if len(der) > MAX_DER:
        raise CardFormatError("the card's certificate is longer than certificates are")
    try:
        with warnings.catch_warnings():
            # It warns of a serial that is not positive, which is refused below.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificate = x509.load_der_x509_certificate(der)
            unnumbered = certificate.serial_number <= 0
        public_key = certificate.public_key()
        constraints = extension(certificate, x509.BasicConstraints)
        usage = extension(certificate, x509.KeyUsage)
        ends_before_it_begins = certificate.not_valid_after_utc < certificate.not_valid_before_utc
    except PARSE_ERRORS as error:
        raise CardFormatError("the card's certificate cannot be read") from error
    if not isinstance(public_key, rsa.RSAPublicKey) or public_key.key_size < MIN_KEY_BITS:
        raise CertificateError("the card's certificate holds no RSA key of 2048 bits or more")
    if constraints is not None and constraints.ca:
        raise CertificateError("the card's certificate is that of a CA, not of a card")
    # That there is a keyUsage at all is not certain (section 6): what is absent forbids nothing.
    if usage is not None and not usage.digital_signature:
        raise CertificateError("the card's certificate is not one for authentication (keyUsage)")
    if unnumbered:
        raise CardFormatError("the card's certificate has no positive serial number")
    if ends_before_it_begins:
        raise CertificateError("the card's certificate ends before it begins")
    return certificate, public_key
