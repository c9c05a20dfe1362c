"""Asleep until something happens: poll() on the X connection and on a pipe that other threads write to.

`pygame.event.wait` polls a thousand times a second inside and costs more than all the rest (domain/kiosk-ui.md sections 0
and 1.4); here the kernel wakes us. Where there is no X connection (dummy driver, Wayland) short sleeps take its place.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Sequence

import pygame

BOUND_S = 0.25
"""Longest single sleep: SDL has small duties of its own (keeping the screen saver off) that only a pump carries out."""
WITHOUT_X_S = 0.015


class Bell:
    """Wakes one sleeper: by `ring` (from any thread) or when an event of one of the types `events` comes.

    `connection` is the X server's file descriptor.
    """

    def __init__(self, connection: int | None, events: Sequence[int]) -> None:
        # Named one by one: peeking for any event frees the fields of a posted one twice (pygame 2.6.1).
        self._events = list(events)
        self._open = True
        # Reentrant: a signal's handler may ring while the same thread does.
        self._lock = threading.RLock()
        self._out, self._in = os.pipe()
        os.set_blocking(self._out, False)
        os.set_blocking(self._in, False)
        self._nap_s = BOUND_S if connection is not None else WITHOUT_X_S
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        if connection is not None:
            self._poll.register(connection, select.POLLIN)

    def ring(self) -> None:
        """Wake the sleeper now, or at once when it next lies down; does nothing once closed."""
        with self._lock:
            if not self._open:
                return
            try:
                os.write(self._in, b"\0")
            except BlockingIOError:
                return  # The pipe is full: the sleeper is awake long since.

    def wait(self, timeout: float) -> None:
        """Sleep until `ring`, an event of the window, or `timeout` seconds have gone."""
        until = time.monotonic() + timeout
        # Peeking pumps: all that Xlib has read ahead is in SDL's queue, and what comes later wakes the poll.
        while not pygame.event.peek(self._events):
            left = until - time.monotonic()
            if left <= 0:
                return
            ready = self._poll.poll(min(left, self._nap_s) * 1000)
            if any(descriptor == self._out for descriptor, _ in ready):
                os.read(self._out, 4096)
                return

    def close(self) -> None:
        """Close the pipe."""
        with self._lock:
            if self._open:
                os.close(self._out)
                os.close(self._in)
            self._open = False
