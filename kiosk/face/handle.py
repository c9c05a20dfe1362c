"""The kiosk's handle on its face studio. No OpenCV here: the kiosk process imports this.

block = PreviewBlock.create()
to_studio, to_booth = socket.socketpair()
studio = Studio.spawn(settings, to_studio, block.fd)
to_studio.close()
for said in studio.messages():      # in a thread of its own; the first is Ready
    ...
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Final

from kiosk import journal
from kiosk.face.errors import StudioError
from kiosk.face.messages import (
    PACKET,
    Alive,
    Begin,
    Compare,
    Look,
    ReadFront,
    Ready,
    Seen,
    Shown,
    Stop,
    StudioCommand,
    StudioMessage,
    message,
    packet,
)
from kiosk.face.settings import FaceSettings

log = logging.getLogger("kiosk.face")

SILENT_SECONDS: Final = 5.0
"""A studio at work says something every second. Opening a camera and loading the readers of a card's front take the longest:
about two seconds on a slow box."""

WARM_SECONDS: Final = 15.0
"""The same until it is ready: a visit may begin while it still loads its models."""

_ENDS_WITHIN = 5.0  # seconds
_LISTENS = 1.0  # seconds of one wait for a message: how fast a silence is noticed


class Studio:
    """One studio process, for one visit. Every method may be called from any thread."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._ready = False
        self._busy_since: float | None = None

    @classmethod
    def spawn(cls, settings: FaceSettings, booth: socket.socket, preview_fd: int) -> Studio:
        """A new studio, warming up; `messages()` begins with `Ready`. Its camera stays closed until it is told.

        `booth` is the studio's end of the stream pair to the card booth; it is inherited, and the caller closes its own
        copy. `preview_fd` is `PreviewBlock.fd`. Raises `OSError` where no process can be made.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            handed = (theirs.fileno(), booth.fileno(), preview_fd)
            names = ("--control", "--booth", "--preview")
            words = [word for name, fd in zip(names, handed, strict=True) for word in (name, str(fd))]
            try:
                process = subprocess.Popen(
                    [sys.executable, "-m", "kiosk.face.studio", *words],
                    pass_fds=handed,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                )
            except OSError:
                ours.close()
                raise
        studio = cls(process, ours)
        with contextlib.suppress(StudioError):  # dead already: `messages` ends at once, as for any other death
            studio._say(Begin(settings))
        return studio

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def look(self, token: int) -> None:
        """One attempt: `Seen`*, then `Matched` | `NotMatched` | `Unavailable`. Raises `StudioError` if it is gone."""
        self._ask(Look(token))

    def compare(self, token: int) -> None:
        """Live picture, and the photo if one came, into the preview until `stop`: `Shown` | `Unavailable`. Raises `StudioError`."""
        self._ask(Compare(token))

    def read_front(self, token: int) -> None:
        """Check number B from the card's front to the booth: `Seen`*, then `FrontRead` | `FrontUnreadable` | `Unavailable`.

        Raises `StudioError` if it is gone.
        """
        self._ask(ReadFront(token))

    def stop(self) -> None:
        """End what runs, close the camera, zero the preview; nothing is answered. Raises `StudioError` if it is gone."""
        self._busy_since = None
        self._say(Stop())

    def messages(self) -> Iterator[StudioMessage]:
        """What the studio says, until it is gone: blocks.

        A studio that does not keep to the language is killed, and so is one that is at work and silent for `SILENT_SECONDS`.
        """
        try:
            # A descriptor of its own: `kill` may come from another thread and close the first one.
            ears = self._control.dup()
        except OSError:
            return
        with ears:
            while data := self._packet(ears):
                try:
                    said = message(data)
                except StudioError:
                    log.exception("studio_malformed")
                    self._end()
                    return
                self._note(said)
                yield said

    def kill(self) -> None:
        """End the process now and wait for its end: after this nothing writes to the preview. Safe to call again.

        Raises `StudioError` where the system does not end it within five seconds (a camera driver that hangs).
        """
        self._process.kill()
        try:
            code = self._process.wait(_ENDS_WITHIN)
        except subprocess.TimeoutExpired as error:
            raise StudioError("the face studio does not end: its camera may hang; unplug it") from error
        with contextlib.suppress(OSError):  # already closed, or the other side is
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        log.info("studio_ended", extra=journal.numbers(code=code))

    def __repr__(self) -> str:
        return f"Studio({self._process.pid})"

    def _ask(self, asked: Look | Compare | ReadFront) -> None:
        self._busy_since = time.monotonic()
        self._say(asked)

    def _packet(self, ears: socket.socket) -> bytes:
        """The next packet; empty once it is gone, or was killed for its silence."""
        waiting = select.poll()
        waiting.register(ears, select.POLLIN)
        while not waiting.poll(_LISTENS * 1000):
            busy_since, patience = self._busy_since, SILENT_SECONDS if self._ready else WARM_SECONDS
            if busy_since is not None and time.monotonic() - busy_since > patience:
                log.error("studio_silent")
                self._end()
                return b""
        return _packet(ears)

    def _note(self, said: StudioMessage) -> None:
        self._ready = True
        if isinstance(said, Alive | Seen | Shown):
            self._busy_since = None if self._busy_since is None else time.monotonic()
        elif not isinstance(said, Ready):
            self._busy_since = None

    def _end(self) -> None:
        try:
            self.kill()
        except StudioError:
            log.exception("studio_does_not_end")

    def _say(self, said: StudioCommand) -> None:
        try:
            self._control.send(packet(said), socket.MSG_NOSIGNAL)
        except OSError as error:
            raise StudioError("the face studio is gone") from error


def _packet(ears: socket.socket) -> bytes:
    try:
        return ears.recv(PACKET)
    except OSError:
        return b""  # a reset is an end like any other
