"""The simulated root and the certificates of a virtual card, after the profile in domain/mynumber-card.md section 6.

The names follow the pattern of the real ones and say SIMULATED in every part that could be taken for real.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from kiosk.simulation.card_image import RsaKey

JST = timezone(timedelta(hours=9))

_NOBODYS_MUNICIPALITY = "99999"
"""Stands where a real subject carries its municipality's code."""

_POLICY = "1.2.392.999999.1"
"""A policy identifier of nobody: the real ones are not public."""


@dataclass(frozen=True)
class Authority:
    """One simulated certification authority."""

    name: x509.Name
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        """The self-signed certificate, as the card keeps it."""
        return self.certificate.public_bytes(Encoding.DER)


def fifth_birthday(birth_date: date, issued_on: date) -> date:
    """The fifth birthday after `issued_on`, when certificates end; 28 February where 29 does not exist."""
    years = issued_on.year + (5 if _birthday(birth_date, issued_on.year) <= issued_on else 4)
    return _birthday(birth_date, years)


def end_of(day: date) -> datetime:
    """23:59:59 of `day` in Japan."""
    return datetime.combine(day, time(23, 59, 59), JST)


def authority(purpose: str, issued_at: datetime) -> Authority:
    """A self-signed root for `purpose` ("user authentication", "digital signature"), good from six years before to ten years after."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "JPKI SIMULATED"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, f"JPKI SIMULATED for {purpose}"),
            x509.NameAttribute(
                NameOID.ORGANIZATIONAL_UNIT_NAME, "SIMULATED Agency for Local Authority Information Systems"
            ),
        ]
    )
    key = new_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(_serial())
        .not_valid_before(issued_at - timedelta(days=6 * 365))
        .not_valid_after(issued_at + timedelta(days=10 * 365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(issues=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(name, key, certificate)


def certify(
    issuer: Authority,
    key: rsa.RSAPrivateKey,
    *,
    not_before: datetime,
    not_after: datetime,
    for_signing: bool = False,
) -> bytes:
    """A certificate (DER) for `key`: for authentication, or for digital signatures if `for_signing`."""
    # 14 opaque characters, the municipality in 15 to 19, a running tail: as a test card showed it.
    opaque = secrets.token_hex(7).upper() + _NOBODYS_MUNICIPALITY + "003A"
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"), x509.NameAttribute(NameOID.COMMON_NAME, opaque)]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(key.public_key())
        .serial_number(_serial())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(_usage(authenticates=not for_signing, signs=for_signing), critical=True)
        .add_extension(
            x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(_POLICY), None)]), critical=True
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.DER)


def new_key() -> rsa.RSAPrivateKey:
    """A fresh RSA-2048 key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def card_key(key: rsa.RSAPrivateKey) -> RsaKey:
    """`key` as the card keeps it."""
    private = key.private_numbers()
    public = private.public_numbers
    return RsaKey(public.n, public.e, private.p, private.q, private.dmp1, private.dmq1, private.iqmp)


def now() -> datetime:
    """The present moment, to the second: certificates know no finer time."""
    return datetime.now(UTC).replace(microsecond=0)


def _birthday(birth_date: date, year: int) -> date:
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _serial() -> int:
    return 1 + secrets.randbits(31)


def _usage(*, authenticates: bool = False, signs: bool = False, issues: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=authenticates,
        content_commitment=signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=issues,
        crl_sign=issues,
        encipher_only=False,
        decipher_only=False,
    )
