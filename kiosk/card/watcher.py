"""The presence watcher: looks at the readers through every restart of pcscd and every change of cable."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from kiosk import journal
from kiosk.card import pcsc, reader
from kiosk.card.errors import ReaderError
from kiosk.card.messages import ReaderState
from kiosk.card.pcsc import Context
from kiosk.card.presence import Presence, Sight
from kiosk.card.settings import CardSettings
from kiosk.card.slot import Slot

_log = logging.getLogger("kiosk.card.reader")

_WAIT_MS = 1000
"""Longest wait for a change: how soon a stop is noticed (virtual-reader.md section 6), and a reader that was plugged in
between two waits, of which pcscd tells nothing."""
_DOUBTFUL_MS = 200
_AGAIN_SECONDS = 0.3


class PresenceWatcher:
    """Tells of card and readers with SCardGetStatusChange: changes only, from the thread that runs `run`."""

    def __init__(self, settings: CardSettings, tell: Callable[[Sight], None]) -> None:
        self.presence = Presence()
        self._settings = settings
        self._tell = tell
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let `run` return; within about a second."""
        self._stopped.set()

    def run(self) -> None:
        """Watch until stopped. Any PC/SC error costs a new context, nothing else."""
        pcsc.use_socket(self._settings)
        while not self._stopped.is_set():
            try:
                context = Context()
            except ReaderError as error:
                self._unusable(error)
                self._stopped.wait(_AGAIN_SECONDS)
                continue
            try:
                self._watch(context)
            except ReaderError as error:
                self._unusable(error)
                self._stopped.wait(_AGAIN_SECONDS)
            finally:
                context.release()

    def _watch(self, context: Context) -> None:
        """Follow the readers of the settings until pcscd is of no more use. Raises `ReaderError`."""
        slots: dict[str, Slot] = {}
        while not self._stopped.is_set():
            try:
                names = reader.chosen(context, self._settings)
            except ReaderError as error:
                if error.word == "no_pcscd":
                    raise
                self._unusable(error)
                slots.clear()
                context.wait({}, _WAIT_MS)
                continue
            if all(name in slots and not slots[name].lost for name in names):
                milliseconds = _DOUBTFUL_MS if self.presence.doubtful else _WAIT_MS
                seen = context.wait({name: slots[name].flags for name in names}, milliseconds)
            else:
                seen = None
            # pcscd wakes nobody when a reader is taken or let go by another program: after a wait in vain look anew.
            slots = {slot.name: slot for slot in (context.look(names) if seen is None else seen)}
            self._say(self.presence.see(list(slots.values()), time.monotonic()))
            if all(slot.lost for slot in slots.values()):
                self._stopped.wait(_AGAIN_SECONDS)

    def _unusable(self, error: ReaderError) -> None:
        self._say(self.presence.unusable(error.word))

    def _say(self, sights: Iterable[Sight]) -> None:
        for sight in sights:
            if isinstance(sight, ReaderState):
                _log.info("reader", extra=journal.numbers(usable=sight.usable, word=sight.word))
            self._tell(sight)
