"""The kiosk's own key and certificate: how they are asked for, what reception may give, and how they lie on disk."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from kiosk.delivery.database import sync_folder
from kiosk.delivery.errors import EnrolmentError, ReceptionError
from kiosk.delivery.settings import DeliverySettings
from kiosk.errors import SettingsError
from kiosk.record.ids import KioskId


@dataclass(frozen=True, repr=False)
class Given:
    """What reception gave: this kiosk's certificate with its chain, and the authority to trust (PEM)."""

    certificate: bytes
    authority: bytes
    issuer: x509.Certificate


class Asking:
    """A fresh key, and the request for a certificate that is signed with it."""

    def __init__(self, kiosk_id: KioskId) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, kiosk_id)])
        request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(self._key, hashes.SHA256())
        self.csr = request.public_bytes(Encoding.PEM).decode("ascii")
        self.spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def given(self, fields: Mapping[str, object]) -> Given:
        """What reception's answer gives. Raises `ReceptionError` unless it is for this key, and one chain to its root."""
        wrong = ReceptionError("reception gave a certificate that is not usable", "certificate")
        chain, root = fields.get("certificate"), fields.get("authority")
        if not isinstance(chain, str) or not isinstance(root, str):
            raise wrong
        try:
            mine, issuer = x509.load_pem_x509_certificates(chain.encode("ascii"))
            authority = x509.load_pem_x509_certificate(root.encode("ascii"))
            mine.verify_directly_issued_by(issuer)
            issuer.verify_directly_issued_by(authority)
            public = mine.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
            raise wrong from error
        if public != self.spki:
            raise wrong
        return Given(chain.encode("ascii"), root.encode("ascii"), issuer)

    def client_pem(self, given: Given) -> bytes:
        """Key and chain in one file: they change together."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + given.certificate


@dataclass(frozen=True)
class CertificateTime:
    """When this kiosk's certificate began and ends."""

    not_before: datetime
    not_after: datetime

    def is_due(self, now: datetime) -> bool:
        """Whether half of its life is over."""
        return now >= self.not_before + (self.not_after - self.not_before) / 2

    def days_left(self, now: datetime) -> int:
        """Whole days until it ends; negative once it has."""
        return (self.not_after - now) // timedelta(days=1)


def certificate_time(settings: DeliverySettings) -> CertificateTime | None:
    """Of the certificate this kiosk shows; None where it is not paired. Raises `SettingsError`."""
    if not settings.client_file.exists():
        return None
    try:
        certificate = x509.load_pem_x509_certificate(settings.client_file.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"{settings.client_file}: is not this kiosk's key and certificate; run: kiosk enrol"
        ) from error
    return CertificateTime(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def write(path: Path, content: bytes) -> None:
    """Put a file there whole or not at all, for this user only, and on the disk before this returns."""
    fresh = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise EnrolmentError(f"{path}: cannot be written ({error.strerror})") from error
