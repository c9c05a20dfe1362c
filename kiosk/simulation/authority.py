"""The simulated issuing authority: its roots and keys, made once for a folder and used for every card issued there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from kiosk.simulation import card_certificates as certificates
from kiosk.simulation.card_certificates import Authority
from kiosk.simulation.card_image import CardImageError, write_private

FILE_NAME = "authority.json"
_MAX_BYTES = 64 * 1024
_KEYS = ("certifier", "certifier_root", "signature_key", "surface_key", "text_key")
_AUTHENTICATION, _SIGNATURE = "user authentication", "digital signature"


@dataclass(frozen=True, repr=False)
class IssuingAuthority:
    """Who issues cards: a root for each kind of certificate, and the keys that certify what is printed on the card.

    Each card gets an authentication key of its own, and the same `signature_key`, `surface_key` and `text_key` as all
    others: keys are what issuing waits for, and nothing tells cards apart by these.
    """

    authentication: Authority
    signature: Authority
    certifier: rsa.RSAPrivateKey
    certifier_root: rsa.RSAPrivateKey
    signature_key: rsa.RSAPrivateKey
    surface_key: rsa.RSAPrivateKey
    text_key: rsa.RSAPrivateKey

    @property
    def root_pem(self) -> bytes:
        """The root of the authentication certificates, for a kiosk's trust store."""
        return self.authentication.certificate.public_bytes(Encoding.PEM)


def of_folder(folder: Path, issued_at: datetime) -> IssuingAuthority:
    """The authority of `folder`, made at `issued_at` if it has none yet. Raises `CardImageError`."""
    path = folder / FILE_NAME
    if not path.exists():
        made = new(issued_at)
        # Two may issue their first cards side by side: only one authority may become the folder's.
        with TemporaryDirectory(dir=folder, prefix=".authority-") as beside:
            own = Path(beside) / FILE_NAME
            write_private(own, json.dumps(_document(made)).encode())
            try:
                os.link(own, path)
            except FileExistsError:
                return _read(path)
        return made
    return _read(path)


def new(issued_at: datetime) -> IssuingAuthority:
    """An authority nobody has heard of; its roots have the names of every other."""
    with ThreadPoolExecutor() as pool:
        keys = [pool.submit(certificates.new_key) for _ in _KEYS]
        roots = [pool.submit(certificates.authority, purpose, issued_at) for purpose in (_AUTHENTICATION, _SIGNATURE)]
    authentication, signature = (root.result() for root in roots)
    return IssuingAuthority(authentication, signature, *(key.result() for key in keys))


def unknown_root(issued_at: datetime) -> Authority:
    """Another root for authentication certificates, with the same name and another key (section 6: names do not tell)."""
    return certificates.authority(_AUTHENTICATION, issued_at)


def _document(authority: IssuingAuthority) -> dict[str, str]:
    return {
        "authentication_key": _key_pem(authority.authentication.key),
        "authentication_root": authority.root_pem.decode("ascii"),
        "signature_key": _key_pem(authority.signature.key),
        "signature_root": authority.signature.certificate.public_bytes(Encoding.PEM).decode("ascii"),
        **{name: _key_pem(getattr(authority, name)) for name in _KEYS},
    }


def _read(path: Path) -> IssuingAuthority:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(_MAX_BYTES))
        return IssuingAuthority(
            _authority(document, "authentication"),
            _authority(document, "signature"),
            *(_key(document[name]) for name in _KEYS),
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CardImageError(f"{path}: is not an issuing authority of this version; use another folder") from error


def _authority(document: Mapping[str, str], purpose: str) -> Authority:
    certificate = x509.load_pem_x509_certificate(document[f"{purpose}_root"].encode("ascii"))
    return Authority(certificate.subject, _key(document[f"{purpose}_key"]), certificate)


def _key(pem: str) -> rsa.RSAPrivateKey:
    # Our own file: proving the primes again would take longer than issuing a card.
    key = load_pem_private_key(pem.encode("ascii"), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("expected an RSA key")
    return key


def _key_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
