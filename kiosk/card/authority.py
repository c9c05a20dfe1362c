"""The authorities that issue the cards' certificates: the roots of the settings, and the intermediates under them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.errors import SettingsError

MAX_DER = 8192
"""Bytes; a certificate is about 1.5 KB."""

MIN_KEY_BITS = 2048
PARSE_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What `cryptography` raises for a certificate that is none, at once or at the first look into a part of it."""

_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)

_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, repr=False)
class Authority:
    """One whose certificates are taken. `below`: how many more authorities may stand under it, None: any number."""

    public_key: rsa.RSAPublicKey
    key_identifier: bytes | None
    valid_from: datetime
    valid_to: datetime
    below: int | None
    simulated: bool


def read_root(file: Path, *, simulated: bool) -> Authority:
    """The root in `file` (PEM or DER); a self-signed one must be whole. Raises `SettingsError`."""
    certificate = _certificate(file)
    root = _authority(certificate, file, simulated=simulated)
    try:
        checks_itself = certificate.issuer == certificate.subject and _is_usable(certificate)
    except PARSE_ERRORS as error:
        raise SettingsError(f"{file}: is not a certificate in PEM or DER") from error
    if checks_itself and not is_signed_by(certificate, root):
        raise SettingsError(f"{file}: is damaged; its own signature does not fit it")
    return root


def with_intermediates(roots: tuple[Authority, ...], files: Sequence[Path]) -> tuple[Authority, ...]:
    """`roots` and every intermediate in `files` (PEM or DER, in any order) that chains to one of them.

    An intermediate is simulated as its issuer is. Raises `SettingsError` for one that chains nowhere.
    """
    known = roots
    waiting = [(file, _certificate(file)) for file in files]
    while waiting:
        placed = [(file, found, issuer) for file, found in waiting if (issuer := _issuer(found, known)) is not None]
        if not placed:
            raise SettingsError(f"{waiting[0][0]}: chains to no root that stands under trust")
        known += tuple(_below(issuer, found, file) for file, found, issuer in placed)
        done = {file for file, _, _ in placed}
        waiting = [(file, found) for file, found in waiting if file not in done]
    return known


def is_signed_by(certificate: x509.Certificate, issuer: Authority) -> bool:
    """Whether `issuer` made this certificate: its key identifier, where both tell one, and its signature."""
    try:
        named = extension(certificate, x509.AuthorityKeyIdentifier)
        usable = _is_usable(certificate)
        signature, body = certificate.signature, certificate.tbs_certificate_bytes
    except PARSE_ERRORS:
        return False
    identifier = None if named is None else named.key_identifier
    if identifier is not None and issuer.key_identifier is not None and identifier != issuer.key_identifier:
        return False
    algorithm = certificate.signature_hash_algorithm
    if not usable or algorithm is None:
        return False
    try:
        issuer.public_key.verify(signature, body, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _is_usable(certificate: x509.Certificate) -> bool:
    """Whether its signature is of a kind that is believed: RSASSA-PKCS1-v1_5 over SHA-2. Raises `PARSE_ERRORS`."""
    return isinstance(certificate.signature_hash_algorithm, _HASHES) and isinstance(
        certificate.signature_algorithm_parameters, padding.PKCS1v15
    )


def extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """The extension of this kind; None if there is none. Raises `PARSE_ERRORS`."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _certificate(file: Path) -> x509.Certificate:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_DER + 1)
        if len(raw) > MAX_DER:
            raise SettingsError(f"{file}: is longer than a certificate; expected one in PEM or DER")
        pem = raw.lstrip().startswith(b"-----BEGIN")
        return x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
    except OSError as error:
        raise SettingsError(f"{file}: the trusted certificate cannot be read ({error.strerror})") from error
    except PARSE_ERRORS as error:
        raise SettingsError(f"{file}: is not a certificate in PEM or DER") from error


def _authority(certificate: x509.Certificate, file: Path, *, simulated: bool) -> Authority:
    try:
        public_key = certificate.public_key()
        identifier = extension(certificate, x509.SubjectKeyIdentifier)
        constraints = extension(certificate, x509.BasicConstraints)
        usage = extension(certificate, x509.KeyUsage)
        valid_from, valid_to = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except PARSE_ERRORS as error:
        raise SettingsError(f"{file}: is not a certificate in PEM or DER") from error
    if not isinstance(public_key, rsa.RSAPublicKey) or public_key.key_size < MIN_KEY_BITS:
        raise SettingsError(f"{file}: holds no RSA key of 2048 bits or more; expected an issuer of cards' certificates")
    if constraints is None or not constraints.ca or (usage is not None and not usage.key_cert_sign):
        raise SettingsError(f"{file}: is not the certificate of a CA; expected an issuer of cards' certificates")
    digest = None if identifier is None else identifier.digest
    return Authority(public_key, digest, valid_from, valid_to, constraints.path_length, simulated)


def _issuer(certificate: x509.Certificate, known: tuple[Authority, ...]) -> Authority | None:
    return next((issuer for issuer in known if issuer.below != 0 and is_signed_by(certificate, issuer)), None)


def _below(issuer: Authority, certificate: x509.Certificate, file: Path) -> Authority:
    made = _authority(certificate, file, simulated=issuer.simulated)
    if not issuer.valid_from <= made.valid_from <= issuer.valid_to:
        raise SettingsError(f"{file}: was issued while its issuer's own certificate was not valid")
    limits = [limit for limit in (made.below, None if issuer.below is None else issuer.below - 1) if limit is not None]
    return Authority(
        made.public_key,
        made.key_identifier,
        made.valid_from,
        made.valid_to,
        min(limits, default=None),
        made.simulated,
    )
