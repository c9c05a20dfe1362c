"""Space kept back, so that a full disk cannot stop the outbox from draining.

A full disk blocks acknowledgements as well as new check-ins, and the queue could then never empty. A file of reserved
blocks is given back the moment SQLite finds the disk full (domain/reception-and-reliability.md section 0, finding 3).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from kiosk.delivery.errors import OutboxError

SIZE = 1024 * 1024
"""Bytes: more than the log can grow to between two checkpoints (200 pages of 4 KiB)."""

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Ballast:
    """The reserved file at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = False

    def hold(self) -> bool:
        """Reserve the space if it is not reserved yet; False where the disk has no room for it.

        Raises `OutboxError` when the folder cannot be written to at all.
        """
        if self._held:
            return True
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, SIZE)
            finally:
                os.close(handle)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise OutboxError(f"{self._path}: cannot be written ({error.strerror})") from error
            self._path.unlink(missing_ok=True)
            return False
        self._held = True
        return True

    def give_back(self) -> bool:
        """Let the space go; False where there was none."""
        there = self._path.exists()
        self._path.unlink(missing_ok=True)
        self._held = False
        return there
