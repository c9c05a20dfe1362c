"""How the certificates of reception's own authority are built: P-256, one day back, nothing in them but what is needed.

They begin one day back because a kiosk without a clock chip may be behind (domain/reception-and-reliability.md section 3.1).
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey

BACK: Final = timedelta(days=1)


def named(common_name: str) -> x509.Name:
    """A subject with nothing but a common name, of which 64 characters are kept (RFC 5280, ub-common-name)."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def of_authority(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, end: datetime, path_length: int
) -> x509.CertificateBuilder:
    """One that may sign others, `path_length` authorities deep."""
    return (
        _builder(subject, public_key, now, end)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )


def of_leaf(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    end: datetime,
    purpose: x509.ObjectIdentifier,
) -> x509.CertificateBuilder:
    """One that signs none: of a kiosk, or of reception's doors."""
    return (
        _builder(subject, public_key, now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )


def signed(builder: x509.CertificateBuilder, issuer: x509.Certificate, key: Key) -> x509.Certificate:
    """What the authority of `issuer` makes of it with its `key`."""
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.issuer_name(issuer.subject).add_extension(identifier, critical=False)
    return builder.sign(key, hashes.SHA256())


def end_of(now: datetime, life: timedelta) -> datetime:
    """When a life that begins `now` is over; certificates know whole seconds only."""
    return now.replace(microsecond=0) + life


def general(name: str) -> x509.GeneralName:
    """A host's name, or its address, as a certificate says it."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def key_pem(key: Key) -> bytes:
    """A private key as PEM, not encrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def spki(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as DER SubjectPublicKeyInfo."""
    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, in hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _builder(
    subject: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.replace(microsecond=0) - BACK)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
