"""What this kiosk was last told of reception's audit log, kept so that reception can be held to it after any restart.

Only a number and a hash; a kiosk that says an older one is a witness all the same, so the disk is written rarely.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from kiosk import journal
from kiosk.delivery.database import sync_folder
from kiosk.record import RecordError, door
from kiosk.record.door import AuditSeen

log = logging.getLogger("kiosk.delivery.witness")

KEPT_EVERY: Final = 300.0
"""Seconds between writes to disk: 300 a day instead of 8,600, for the sake of SD cards."""

_MOST_BYTES: Final = 1024


class Witness:
    """The place in the log, in the file at `path`. A file that cannot be used counts as none, and is logged."""

    def __init__(self, path: Path, *, mono: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._mono = mono
        self._lock = threading.Lock()
        self._seen = self._load()
        self._kept_at: float | None = None

    @property
    def seen(self) -> AuditSeen | None:
        """What reception told last, also before a restart."""
        with self._lock:
            return self._seen

    def take(self, answer: Mapping[str, object]) -> None:
        """Take over what the answer to a heartbeat tells, if it tells anything. A disk that fails is logged only."""
        try:
            told = None if answer.get("audit") is None else door.audit_seen_from_json(answer["audit"])
        except RecordError:
            log.warning("audit_head_unusable")
            return
        if told is None:
            return
        with self._lock:
            self._seen = told
            now = self._mono()
            if self._kept_at is None or now - self._kept_at >= KEPT_EVERY:
                self._store(told)
                self._kept_at = now

    def _load(self) -> AuditSeen | None:
        try:
            with self._path.open("rb") as file:
                return door.audit_seen_from_json(json.loads(file.read(_MOST_BYTES)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            log.warning("witness_file_unusable")
            return None

    def _store(self, told: AuditSeen) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            with new.open("w", encoding="ascii") as file:
                file.write(json.dumps(door.audit_seen_json(told)))
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            log.warning("witness_not_kept", extra=journal.numbers(errno=error.errno))
