"""The key that kiosks seal check-ins to: HPKE (RFC 9180), DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.

`info` is the check-in's id in ASCII: a body opens under its own id only (domain/reception-and-reliability.md 1.4).
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.reception.errors import SealError, StartError

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

RESTORE = "kiosk reception restore --backup FILE"
"""What brings back a key whose file is gone."""


class SealKey:
    """Reception's private key. `key_id`: the first 16 hex digits of SHA-256 of the raw public key."""

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private
        raw = private.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(raw).hexdigest()[:16]
        self.public_key = base64.b64encode(raw).decode("ascii")
        """The raw 32 bytes in base64."""

    def seal(self, plain: bytes, about: str) -> bytes:
        """`plain`, which only this key opens again, and only as what it is `about` (ASCII)."""
        return SUITE.encrypt(plain, self._private.public_key(), info=about.encode("ascii"))

    def mark(self, text: str) -> str:
        """A check sum of `text` that nobody without this key can make or try (BLAKE2b, keyed; 32 hex digits)."""
        return hashlib.blake2b(text.encode(), key=self.derived(b"kiosk mark"), digest_size=16).hexdigest()

    def derived(self, purpose: bytes) -> bytes:
        """32 bytes for another purpose (at most 16 bytes of words), which tell nothing of the key itself."""
        return hashlib.blake2b(self._private.private_bytes_raw(), digest_size=32, person=purpose).digest()

    def open(self, sealed: bytes, about: str) -> bytes:
        """What was sealed as `about`, for a check-in its id; raises `SealError`."""
        try:
            return SUITE.decrypt(sealed, self._private, info=about.encode("ascii"))
        except (InvalidTag, ValueError) as error:
            raise SealError("the body cannot be opened with this reception's key under this id") from error

    def pem(self) -> bytes:
        """The private key as its file holds it: for that file and the sealed backup only."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def __repr__(self) -> str:
        return f"SealKey({self.key_id})"


def load_or_make(key_file: Path, database: Path | None) -> SealKey:
    """The key in `key_file`, made on the very first start. Raises `StartError` or `SettingsError`.

    A database without its key means that the key was lost: what kiosks have already sealed could never be opened, and a
    new key would hide that. So it is said instead.
    """
    if key_file.exists():
        return _load(key_file)
    if database is None:
        raise StartError(f"{key_file}: there is no key; run: kiosk reception init, or on a further node: {RESTORE}")
    if database.exists() and database.stat().st_size > 0:
        raise StartError(
            f"{key_file}: the key is gone but the database is there; put it back: {RESTORE}, "
            f"or move {database.name} away to begin anew"
        )
    return make(key_file)


def make(key_file: Path) -> SealKey:
    """A new key, in a file where there is none yet. Raises `StartError`."""
    made = SealKey(X25519PrivateKey.generate())
    write_durably(key_file, made.pem())
    return made


def _load(key_file: Path) -> SealKey:
    return from_pem(settings.read_secret(key_file), str(key_file))


def from_pem(pem: bytes, where: str) -> SealKey:
    """The key in `pem`, which came from `where`. Raises `SettingsError`."""
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{where}: is not a private key in PEM") from error
    if not isinstance(private, X25519PrivateKey):
        raise SettingsError(f"{where}: is not an X25519 key")
    return SealKey(private)


def write_durably(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` at `path`, whole or not at all, and on the disk before this returns. Raises `StartError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StartError(f"{path}: the file cannot be written ({error.strerror})") from error
