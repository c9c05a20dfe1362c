"""Reception's public key, kept on disk, so that a kiosk can seal while reception is away."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from kiosk import journal
from kiosk.delivery.database import sync_folder
from kiosk.delivery.errors import DeliveryError, NoKeyError, SealingError
from kiosk.delivery.sealing import Sealer, key_id

log = logging.getLogger("kiosk.delivery.keys")

MAX_BYTES = 4096


class KeyCache:
    """The key in the file at `path`: `{"key_id": ..., "public_key": base64 of 32 bytes}`, as `GET /k/v1/key` gives it.

    A file that cannot be used counts as none, and is logged: the key comes again from reception.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._sealer = self._load()

    def sealer(self) -> Sealer:
        """What seals to the key known last; raises `NoKeyError`."""
        with self._lock:
            if self._sealer is None:
                raise NoKeyError("reception's public key has never been fetched: connect the kiosk to reception once")
            return self._sealer

    def take(self, fields: Mapping[str, object]) -> None:
        """Take over the key that reception gave, on disk first.

        Raises `SealingError` for something that is no key, and `DeliveryError` when it cannot be kept.
        """
        public_key = _public_key(fields)
        sealer = Sealer(public_key)
        with self._lock:
            known = self._sealer
            if known is not None and known.key_id == sealer.key_id:
                return
            self._store(public_key)
            self._sealer = sealer
        log.warning("key_changed" if known is not None else "key_taken", extra=journal.numbers(key=sealer.key_id))

    def _load(self) -> Sealer | None:
        try:
            with self._path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DeliveryError(f"{self._path}: cannot be read ({error.strerror})", "key_file") from error
        try:
            fields = json.loads(raw) if len(raw) <= MAX_BYTES else None
            return Sealer(_public_key(fields if isinstance(fields, dict) else {}))
        except (ValueError, RecursionError, SealingError) as error:
            log.error("key_file_unusable", exc_info=error)  # noqa: TRY400  (its own words are not for a journal)
            return None

    def _store(self, public_key: bytes) -> None:
        text = json.dumps({"key_id": key_id(public_key), "public_key": base64.b64encode(public_key).decode()})
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new.open("w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise DeliveryError(f"{self._path}: cannot be written ({error.strerror})", "key_file") from error


def _public_key(fields: Mapping[str, object]) -> bytes:
    encoded, named = fields.get("public_key"), fields.get("key_id")
    if not isinstance(encoded, str) or len(encoded) > 64:
        raise SealingError("reception's public key is missing or too long")
    try:
        public_key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SealingError("reception's public key is not base64") from error
    if named != key_id(public_key):
        raise SealingError("reception's public key and its key_id do not belong together")
    return public_key
