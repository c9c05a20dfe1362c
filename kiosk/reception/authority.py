"""Reception's own small certificate authority: whom kiosks and browsers trust, and whom reception trusts.

P-256 throughout. The root's key lies sealed with the administrator's passphrase and is not needed from day to day; an
intermediate authority is online and signs the kiosks' certificates and reception's own
(domain/reception-and-reliability.md section 3.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.reception import certificates
from kiosk.reception.certificates import Key
from kiosk.reception.errors import RefusedError, StartError
from kiosk.reception.seal import RESTORE, write_durably
from kiosk.record import RecordError, ids, pairing
from kiosk.record.ids import KioskId

ROOT: Final = "root.pem"
ROOT_SEALED: Final = "root.sealed"
INTERMEDIATE: Final = "intermediate.pem"
SERVER: Final = "server.pem"
KEPT: Final = (ROOT, ROOT_SEALED, INTERMEDIATE)
"""What cannot be made again once it is gone; reception's own certificate can."""

RENEW: Final = "kiosk reception renew-authority --backup FILE"
"""What makes another intermediate."""

LEAF_LIFE: Final = timedelta(days=90)
"""Of kiosks' certificates (section 3.1) and of reception's own; both are renewed at half of it."""
_INTERMEDIATE_LIFE: Final = timedelta(days=3653)
_ROOT_LIFE: Final = timedelta(days=7305)
WARN_BEFORE: Final = timedelta(days=90)
"""Before the intermediate ends: the life of a kiosk's certificate, so that each is renewed once more under the new one."""


@dataclass(frozen=True, repr=False)
class AuthorityKeys:
    """A whole authority as PEM, private keys included: what is made once, and what the backup holds."""

    root: bytes
    root_key: bytes
    intermediate: bytes
    intermediate_key: bytes

    @property
    def online(self) -> bytes:
        """What stands in the intermediate's file."""
        return self.intermediate_key + self.intermediate


@dataclass(frozen=True, repr=False)
class Issued:
    """A kiosk's certificate with the chain it must show, and what the list of devices keeps of it."""

    chain: bytes
    key_hash: str
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, repr=False)
class Asked:
    """Who asks for a certificate: its public key, and the kiosk it says it is. The request is signed with that key."""

    kiosk_id: KioskId
    public_key: ec.EllipticCurvePublicKey

    @property
    def spki(self) -> bytes:
        """The public key as DER SubjectPublicKeyInfo."""
        return certificates.spki(self.public_key)


class Authority:
    """The authority that lies in `folder`, able to sign."""

    def __init__(self, folder: Path, root: x509.Certificate, intermediate: x509.Certificate, key: Key) -> None:
        self.folder = folder
        self._root = root
        self._intermediate = intermediate
        self._key = key

    @property
    def root_pem(self) -> bytes:
        """What kiosks and browsers must trust."""
        return self._root.public_bytes(Encoding.PEM)

    @property
    def anchors(self) -> str:
        """Root and intermediate as PEM: what a kiosk's certificate must lead to."""
        return (self.root_pem + self._intermediate.public_bytes(Encoding.PEM)).decode("ascii")

    @property
    def id(self) -> str:
        """SHA-256 of the root's certificate, in hex: which authority this is."""
        return certificates.fingerprint(self._root)

    @property
    def not_after(self) -> datetime:
        """Until when the online part may sign."""
        return self._intermediate.not_valid_after_utc

    @property
    def online_id(self) -> str:
        """SHA-256 of the online part's certificate, in hex: which intermediate this is."""
        return certificates.fingerprint(self._intermediate)

    def issue(self, asked: Asked, now: datetime) -> Issued:
        """A certificate for a kiosk that may come in from now on. Raises `RefusedError` (503) once the authority has ended."""
        if now >= self.not_after:
            raise RefusedError(503, "authority_over", "認証局の期限が切れています。管理者に知らせてください。")
        subject = certificates.named(asked.kiosk_id)
        builder = self._leaf(subject, asked.public_key, now, ExtendedKeyUsageOID.CLIENT_AUTH)
        certificate = self._signed(builder)
        return Issued(
            self._chain(certificate),
            pairing.key_hash(asked.spki),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )

    def server_certificate(self, names: Sequence[str], now: datetime) -> bytes:
        """Reception's own certificate in DER, for `names`; its file (key and chain) is made anew where it must be.

        That is: at half its life, when the names have changed, or when it is of another authority. Raises `StartError`.
        """
        path = self.folder / SERVER
        present = _server_at(path)
        if present is None or not self._still_good(present, names, now):
            key = ec.generate_private_key(ec.SECP256R1())
            subject = certificates.named(names[0])
            builder = self._leaf(subject, key.public_key(), now, ExtendedKeyUsageOID.SERVER_AUTH)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([certificates.general(name) for name in names]), False
            )
            present = self._signed(builder)
            write_durably(path, certificates.key_pem(key) + self._chain(present))
        return present.public_bytes(Encoding.DER)

    def shown_certificate(self) -> bytes:
        """The certificate that reception shows now, in DER. Raises `StartError` where it has none yet."""
        present = _server_at(self.folder / SERVER)
        if present is None:
            raise StartError(f"{self.folder / SERVER}: reception has no certificate of its own yet: start it")
        return present.public_bytes(Encoding.DER)

    def shown_until(self) -> datetime | None:
        """When the certificate that reception shows now ends; None where there is none yet."""
        present = _server_at(self.folder / SERVER)
        return None if present is None else present.not_valid_after_utc

    def _still_good(self, present: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
        begin, end = present.not_valid_before_utc, present.not_valid_after_utc
        try:
            present.verify_directly_issued_by(self._intermediate)
            written = present.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return (
            set(written) == {certificates.general(name) for name in names} and begin <= now < begin + (end - begin) / 2
        )

    def _leaf(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime, purpose: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        """None outlives its issuer: who has one renews it in time, and so is under the next issuer before this one ends.

        Raises `StartError` once the issuer has ended, which a reception that runs on may live to see.
        """
        if now >= self.not_after:
            raise StartError(f"{self.folder / INTERMEDIATE}: the certificate authority is out of date; run: {RENEW}")
        end = min(certificates.end_of(now, LEAF_LIFE), self.not_after)
        return certificates.of_leaf(subject, public_key, now, end, purpose)

    def _signed(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        return certificates.signed(builder, self._intermediate, self._key)

    def _chain(self, certificate: x509.Certificate) -> bytes:
        return certificate.public_bytes(Encoding.PEM) + self._intermediate.public_bytes(Encoding.PEM)


def make(now: datetime) -> AuthorityKeys:
    """A new authority, nowhere but in memory yet."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    subject = certificates.named(f"Check-in reception {secrets.token_hex(3)} root")
    builder = certificates.of_authority(
        subject, root_key.public_key(), now, certificates.end_of(now, _ROOT_LIFE), path_length=1
    )
    root = builder.issuer_name(subject).sign(root_key, hashes.SHA256())
    return _with_intermediate(root, root_key, now)


def renewed(keys: AuthorityKeys, now: datetime) -> AuthorityKeys:
    """The same root with another intermediate and its key. Raises `ValueError` where the root is not one, or ends too soon.

    It gets a name of its own: two issuers of one name would be told apart by their keys' identifiers only.
    """
    root, root_key = x509.load_pem_x509_certificate(keys.root), serialization.load_pem_private_key(keys.root_key, None)
    if not isinstance(root_key, Key) or root_key.public_key() != root.public_key():
        raise ValueError("key and certificate of the root do not belong together")
    if root.not_valid_after_utc - now < WARN_BEFORE:
        raise ValueError(f"the root itself ends on {root.not_valid_after_utc:%Y-%m-%d}")
    return _with_intermediate(root, root_key, now)


def _with_intermediate(root: x509.Certificate, root_key: Key, now: datetime) -> AuthorityKeys:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = certificates.named(f"Check-in reception {secrets.token_hex(3)}")
    end = min(certificates.end_of(now, _INTERMEDIATE_LIFE), root.not_valid_after_utc)
    intermediate = certificates.signed(
        certificates.of_authority(subject, key.public_key(), now, end, path_length=0), root, root_key
    )
    return AuthorityKeys(
        root.public_bytes(Encoding.PEM),
        certificates.key_pem(root_key),
        intermediate.public_bytes(Encoding.PEM),
        certificates.key_pem(key),
    )


def missing(folder: Path) -> list[Path]:
    """The files of an authority that are not there."""
    return [folder / name for name in KEPT if not (folder / name).exists()]


def load(folder: Path, now: datetime) -> Authority:
    """The authority in `folder`. Raises `StartError` (not there, gone in part, out of date) or `SettingsError`."""
    gone = missing(folder)
    if len(gone) == len(KEPT):
        raise StartError(f"{folder}: there is no certificate authority; run: kiosk reception init, or: {RESTORE}")
    if gone:
        raise StartError(f"{gone[0]}: this file of the certificate authority is gone; put it back: {RESTORE}")
    online = folder / INTERMEDIATE
    pem = settings.read_secret(online)
    try:
        root = x509.load_pem_x509_certificate((folder / ROOT).read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{folder / ROOT}: is not a readable certificate in PEM") from error
    try:
        key = serialization.load_pem_private_key(pem, password=None)
        intermediate = x509.load_pem_x509_certificate(pem)
        intermediate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise SettingsError(f"{online}: is not the key and the certificate that {ROOT} has signed") from error
    if not isinstance(key, Key) or certificates.spki(key.public_key()) != intermediate.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    ):
        raise SettingsError(f"{online}: key and certificate in it do not belong together")
    if not intermediate.not_valid_before_utc <= now < intermediate.not_valid_after_utc:
        raise StartError(
            f"{online}: the certificate authority is out of date, or this machine's clock is wrong; if it ended: {RENEW}"
        )
    return Authority(folder, root, intermediate, key)


def asked(pem: object) -> Asked:
    """Who asks for a certificate with a signing request in PEM. Raises `RefusedError` (422)."""
    refused = RefusedError(422, "csr", "csr: expected a PEM certificate request, P-256, signed, its name a kiosk id")
    if not isinstance(pem, str) or len(pem) > pairing.MAX_CSR_BYTES or not pem.isascii():
        raise refused
    try:
        request = x509.load_pem_x509_csr(pem.encode("ascii"))
        public_key = request.public_key()
        sound = request.is_signature_valid
        (name,) = request.subject
        kiosk_id = ids.kiosk_id(name.value if name.oid == NameOID.COMMON_NAME else None)
    except (ValueError, TypeError, UnsupportedAlgorithm, RecordError) as error:
        raise refused from error
    if not (sound and isinstance(public_key, ec.EllipticCurvePublicKey)):
        raise refused
    if not isinstance(public_key.curve, ec.SECP256R1):
        raise refused
    return Asked(kiosk_id, public_key)


def _server_at(path: Path) -> x509.Certificate | None:
    """The certificate in reception's own file; None where there is none that can be used."""
    try:
        pem = settings.read_secret(path)
        key = serialization.load_pem_private_key(pem, password=None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (SettingsError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    belongs = isinstance(key, Key) and key.public_key() == certificate.public_key()
    return certificate if belongs else None
