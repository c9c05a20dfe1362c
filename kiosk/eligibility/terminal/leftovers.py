"""What is left of us in the folders, known by its name, and taken away once nobody can be waiting for it.

Three kinds: what a crash left (drafts, requests, answers, DEL files), what came after its question was over, what somebody
of ours still writes or reads. The first two go; a request that is found again is never carried out later.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from kiosk import journal
from kiosk.eligibility.terminal.errors import ShareError
from kiosk.eligibility.terminal.folder import Folder
from kiosk.eligibility.terminal.names import Mark
from kiosk.eligibility.terminal.settings import TerminalSettings

log = logging.getLogger("kiosk.eligibility.terminal")

SWEEP_SECONDS = 60.0
"""How often leftovers are looked for."""


class Leftovers:
    """Safe from any thread; only the folders' thread sweeps."""

    def __init__(
        self, settings: TerminalSettings, folders: tuple[Folder, ...], mark: Mark, clock: Callable[[], datetime]
    ) -> None:
        self._age = timedelta(seconds=settings.bulk_timeout_seconds + 60)
        self._folders = folders
        self._mark = mark
        self._clock = clock
        self._lock = threading.Lock()
        self._held: set[str] = set()
        self._over: set[str] = set()
        self._swept_at: float | None = None

    @contextlib.contextmanager
    def holding(self, tail: str) -> Iterator[None]:
        """While the block lasts, files of this tail are no leftovers."""
        self.hold(tail)
        try:
            yield
        finally:
            self.let_go(tail)

    def hold(self, tail: str) -> None:
        """Files of this tail are somebody's."""
        with self._lock:
            self._held.add(tail)

    def let_go(self, tail: str) -> None:
        """They are not any more."""
        with self._lock:
            self._held.discard(tail)

    def end(self, tail: str) -> None:
        """Nobody waits for this any more: whatever comes under it is taken away."""
        with self._lock:
            self._over.add(tail)

    def is_over(self, tail: str) -> bool:
        """Whether nobody waits for this any more."""
        with self._lock:
            return tail in self._over

    def due_at(self) -> float:
        """When to sweep next, in seconds of the steady clock: at once at first, for what a crash left."""
        return 0.0 if self._swept_at is None else self._swept_at + SWEEP_SECONDS

    def sweep(self, waiting: Collection[str]) -> None:
        """Take away what is ours and over, or too old to be waited for; not what is held or `waiting`."""
        self._swept_at = time.monotonic()
        oldest = self._clock() - self._age
        with self._lock:
            spared = self._held.union(waiting)
            self._over = {tail for tail in self._over if (self._mark.made_at(tail) or oldest) > oldest}
        removed = 0
        for folder in self._folders:
            try:
                names = folder.names()
            except ShareError as error:
                log.warning("share_gone", extra=journal.numbers(code=error.code))
                return
            for name in names:
                tail = self._mark.tail_of(name)
                made_at = None if tail is None else self._mark.made_at(tail)
                if tail is None or made_at is None or tail in spared:
                    continue
                if (made_at < oldest or self.is_over(tail)) and folder.remove(name):
                    removed += 1
        if removed:
            log.info("leftovers_removed", extra=journal.numbers(files=removed))
