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
import socket
import subprocess
import sys
from collections.abc import Iterator

from kiosk import journal
from kiosk.face.errors import StudioError
from kiosk.face.messages import (
    PACKET,
    Begin,
    Compare,
    Look,
    ReadFront,
    Stop,
    StudioCommand,
    StudioMessage,
    message,
    packet,
)
from kiosk.face.settings import FaceSettings

log = logging.getLogger("kiosk.face")

_ENDS_WITHIN = 5.0  # seconds


class Studio:
    """One studio process, for one visit. Every method may be called from any thread."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control

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
        self._say(Look(token))

    def compare(self, token: int) -> None:
        """Live picture, and the photo if one came, into the preview until `stop`: `Shown` | `Unavailable`. Raises `StudioError`."""
        self._say(Compare(token))

    def read_front(self, token: int) -> None:
        """Check number B from the card's front to the booth: `Seen`*, then `FrontRead` | `FrontUnreadable` | `Unavailable`.

        Raises `StudioError` if it is gone.
        """
        self._say(ReadFront(token))

    def stop(self) -> None:
        """End what runs, close the camera, zero the preview; nothing is answered. Raises `StudioError` if it is gone."""
        self._say(Stop())

    def messages(self) -> Iterator[StudioMessage]:
        """What the studio says, until it is gone: blocks. A studio that does not keep to the language is killed."""
        try:
            # A descriptor of its own: `kill` may come from another thread and close the first one.
            ears = self._control.dup()
        except OSError:
            return
        with ears:
            while data := _packet(ears):
                try:
                    said = message(data)
                except StudioError:
                    log.exception("studio_malformed")
                    self.kill()
                    return
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
