"""Who takes part: a root of cards, a card with its RSA key, a kiosk. Names and keys are invented for one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kiosk.record import ids
from kiosk.record.identity import Certificate, Challenge, PinProof
from kiosk.record.ids import VisitId

KIOSK = ids.kiosk_id("door-1")


@dataclass(frozen=True, repr=False)
class Card:
    key: rsa.RSAPrivateKey
    certificate: Certificate

    def sign(self, challenge: Challenge, visit_id: VisitId) -> PinProof:
        message = challenge.nonce + ids.visit_id_bytes(visit_id)
        return PinProof(self.certificate, self.key.sign(message, padding.PKCS1v15(), hashes.SHA256()))


@dataclass(frozen=True, repr=False)
class Root:
    """Issues cards. All roots have one name, as the real generations do."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def issue(
        self, *, not_after: datetime | None = None, authenticates: bool = True, key: rsa.RSAPrivateKey | None = None
    ) -> Card:
        key = key or rsa.generate_private_key(65537, 2048)
        not_after = not_after or datetime.now(UTC) + timedelta(days=1000)
        builder = _builder("INVENTED HOLDER", key.public_key(), not_after).add_extension(
            _usage(authenticates=authenticates), critical=True
        )
        certificate = builder.sign(self.key, hashes.SHA256())
        return Card(key, Certificate(certificate.public_bytes(Encoding.DER)))

    def store(self, path: Path) -> Path:
        path.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path


def root() -> Root:
    key = rsa.generate_private_key(65537, 2048)
    builder = _builder("INVENTED ROOT", key.public_key(), datetime.now(UTC) + timedelta(days=4000))
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return Root(key, certificate.sign(key, hashes.SHA256()))


def _builder(subject: str, key: rsa.RSAPublicKey, not_after: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "INVENTED ROOT")]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_after - timedelta(days=2000))
        .not_valid_after(not_after)
    )


def _usage(*, authenticates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=authenticates,
        content_commitment=not authenticates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
