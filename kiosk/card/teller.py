"""The booth's voice: what both of its threads tell the kiosk, in one order."""

from __future__ import annotations

import logging
import os
import socket
import threading

from kiosk.card import messages
from kiosk.card.messages import BoothMessage
from kiosk.card.presence import Sight

_log = logging.getLogger("kiosk.card.booth")


class Teller:
    """Says everything to the kiosk, in one order for both threads: nothing of a dialogue is told after its `Removed`."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = threading.Lock()
        self._removals = 0
        self.woken = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        """Readable after a removal: the main thread lets go of the card."""

    @property
    def removals(self) -> int:
        """How many cards have left so far: what a dialogue belongs to."""
        with self._lock:
            return self._removals

    def sight(self, seen: Sight) -> None:
        """Tell what the watcher saw."""
        with self._lock:
            if isinstance(seen, messages.Removed):
                self._removals += 1
                os.eventfd_write(self.woken, 1)
            self._send(seen)

    def answer(self, message: BoothMessage, removals: int) -> None:
        """Tell an answer, unless a card has left since there had been `removals`: then `Removed` was the answer."""
        with self._lock:
            if removals == self._removals:
                self._send(message)

    def _send(self, message: BoothMessage) -> None:
        try:
            messages.send(self._control, message)
        except (BrokenPipeError, ConnectionResetError):
            _log.info("kiosk_is_gone")
