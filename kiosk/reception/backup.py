"""What a passphrase seals: the root's key on reception's own disk, and the one backup that alone brings reception back.

scrypt (N = 2^17, r = 8, p = 1: 128 MiB and about half a second) makes the key, AES-256-GCM seals. A file is one JSON
object: {"kiosk_sealed": 1, "holds": ..., "salt": ..., "nonce": ..., "sealed": ...}, the last three in base64.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kiosk.errors import SettingsError
from kiosk.reception.authority import AuthorityKeys
from kiosk.reception.errors import StartError

SHORTEST = 12
"""Characters of a passphrase: it stands between a stolen backup and every key of the house."""
LONGEST_BYTES = 1024
MAX_BYTES = 64 * 1024

_VERSION = 1
_BACKUP = "reception keys"
_ROOT = "root key"


@dataclass(frozen=True, repr=False)
class Backup:
    """Every key of one reception: its authority, and the key that check-ins are sealed to (PEM)."""

    authority: AuthorityKeys
    seal_key: bytes


def passphrase(text: str) -> bytes:
    """A passphrase that may be used. Raises `SettingsError`."""
    raw = text.encode()
    if len(text) < SHORTEST or len(raw) > LONGEST_BYTES:
        raise SettingsError(f"the passphrase: expected {SHORTEST} characters or more")
    return raw


def sealed_root(root_key: bytes, phrase: bytes) -> bytes:
    """The root's key as it lies on reception's own disk."""
    return _sealed(_ROOT, root_key, phrase)


def sealed(backup: Backup, phrase: bytes) -> bytes:
    """The backup as a file's content."""
    keys = backup.authority
    told = {
        "root": keys.root,
        "root_key": keys.root_key,
        "intermediate": keys.intermediate,
        "intermediate_key": keys.intermediate_key,
        "seal_key": backup.seal_key,
    }
    plain = json.dumps({name: pem.decode("ascii") for name, pem in told.items()}).encode()
    return _sealed(_BACKUP, plain, phrase)


def opened(path: Path, phrase: bytes) -> Backup:
    """The backup in the file at `path`. Raises `StartError` (not there, no backup, another passphrase)."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StartError(f"{path}: the backup cannot be read ({error.strerror})") from error
    try:
        plain = _opened(_BACKUP, content, phrase)
        told = {name: pem.encode("ascii") for name, pem in json.loads(plain).items()}
        seal_key = told.pop("seal_key")
        return Backup(AuthorityKeys(**told), seal_key)
    except InvalidTag as error:
        raise StartError(f"{path}: the passphrase does not open it, or the file was changed") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StartError(f"{path}: is not a backup of reception's keys") from error


def _sealed(holds: str, plain: bytes, phrase: bytes) -> bytes:
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    body = AESGCM(_key(phrase, salt)).encrypt(nonce, plain, _about(holds))
    parts = {"salt": salt, "nonce": nonce, "sealed": body}
    written = {name: base64.b64encode(part).decode("ascii") for name, part in parts.items()}
    return json.dumps({"kiosk_sealed": _VERSION, "holds": holds} | written, indent=1).encode() + b"\n"


def _opened(holds: str, content: bytes, phrase: bytes) -> bytes:
    """Raises `InvalidTag`, or `ValueError` and the like for what is no such file."""
    told = json.loads(content) if len(content) <= MAX_BYTES else None
    if not isinstance(told, dict) or told.get("kiosk_sealed") != _VERSION or told.get("holds") != holds:
        raise ValueError("not sealed by this program")
    try:
        salt, nonce, body = (base64.b64decode(told[name], validate=True) for name in ("salt", "nonce", "sealed"))
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(salt) != 16 or len(nonce) != 12:
        raise ValueError("not of this form")
    return AESGCM(_key(phrase, salt)).decrypt(nonce, body, _about(holds))


def _key(phrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**17, r=8, p=1).derive(phrase)


def _about(holds: str) -> bytes:
    return f"kiosk sealed {_VERSION} {holds}".encode("ascii")
