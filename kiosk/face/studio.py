"""The face studio, a process with the life of one visit: `python -m kiosk.face.studio --control FD --booth FD --preview FD`.

Control is the kiosk's SOCK_SEQPACKET pair (`kiosk.face.messages`). Booth is a stream the card booth writes the chip's
photo to: b"PHO1", length u32 big-endian (at most 64 KiB), JP2 bytes; a later photo replaces an earlier one. The other way
the studio writes check number B once it was read from a card's front: b"CNB1", fourteen ASCII digits. Preview is the
block of `kiosk.face.preview`. Models are loaded at the start (those that read print at `ReadFront`); the camera opens at
`Look`, `Compare` or `ReadFront` and closes after.

Nothing is written anywhere: photo, frames, templates and digits live in this process only, which cannot be dumped, swapped
out or traced by the same user, and it ends when the control socket does.
"""

from __future__ import annotations

import argparse
import logging
import os
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from typing import Final

import cv2

from kiosk import journal, secrecy
from kiosk.errors import ExitCode, MissingError
from kiosk.face import photo
from kiosk.face.attempt import Attempt, Looker
from kiosk.face.errors import StudioError
from kiosk.face.eyes import Eyes
from kiosk.face.matcher import load
from kiosk.face.messages import (
    PACKET,
    Begin,
    Compare,
    Look,
    ReadFront,
    Ready,
    Seen,
    Stop,
    StudioMessage,
    command,
    packet,
)
from kiosk.face.preview import PreviewWriter
from kiosk.face.settings import FaceSettings

log = logging.getLogger("kiosk.face.studio")

THREADS: Final = 2
"""Of OpenCV. More gains nothing on four cores and takes the screen its time (face-stack.md section 5, "Speed")."""

PHOTO_MAGIC: Final = b"PHO1"
NUMBER_MAGIC: Final = b"CNB1"

_PHOTO_HEADER = struct.Struct(">4sI")
_GULPS = 8  # a whole photo is three at most; a booth that never pauses must not keep the kiosk waiting
_END_WITHIN = 5.0  # seconds an attempt may take to end; a decoder that hangs beyond it costs the process


class PhotoInbox:
    """Bytes from the booth become photos. Anything malformed makes the photo unusable and closes this ear."""

    def __init__(self, booth: socket.socket) -> None:
        booth.setblocking(False)
        self._booth = booth
        self._bytes = bytearray()
        self.jp2: bytes | None = None

    def drain(self) -> bool:
        """Take what is there; False once the booth is gone or does not keep to the format."""
        for _ in range(_GULPS):
            try:
                some = self._booth.recv(photo.MAX_BYTES)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not some:
                return False
            self._bytes += some
            if not self._take():
                log.warning("booth_malformed")
                self.jp2 = b""  # came, and is none
                return False
        return True

    def _take(self) -> bool:
        while len(self._bytes) >= _PHOTO_HEADER.size:
            magic, length = _PHOTO_HEADER.unpack_from(self._bytes)
            if magic != PHOTO_MAGIC or length > photo.MAX_BYTES:
                return False
            end = _PHOTO_HEADER.size + length
            if len(self._bytes) < end:
                break
            self.jp2 = bytes(self._bytes[_PHOTO_HEADER.size : end])
            del self._bytes[:end]
            log.info("photo_came")
        return True


class StudioProcess:
    """The studio's main thread: hears the kiosk and the booth, starts and ends attempts."""

    def __init__(self, control: socket.socket, booth: socket.socket, preview: PreviewWriter) -> None:
        self._control = control
        self._booth = booth
        self._inbox = PhotoInbox(booth)
        self._preview = preview
        self._telling = threading.Lock()
        self._wake, self._waker = socket.socketpair()
        self._settings: FaceSettings | None = None
        self._looker: Looker | None = None
        self._attempt: Attempt | None = None

    def serve(self) -> ExitCode:
        """Until the kiosk is gone (DONE), or something broke (BUG)."""
        with selectors.DefaultSelector() as ears:
            for ear in (self._control, self._booth, self._wake):
                ears.register(ear, selectors.EVENT_READ)
            listening = True
            while True:
                heard = {key.fileobj for key, _ in ears.select()}
                if self._wake in heard:
                    return ExitCode.BUG
                # The booth first: its photo was sent before the kiosk was told to say `Look`.
                if listening and not self._inbox.drain():
                    ears.unregister(self._booth)
                    listening = False
                if self._control in heard:
                    try:
                        data = self._control.recv(PACKET)
                    except ConnectionResetError:  # the kiosk died with something of ours unread
                        data = b""
                    if not data:
                        return ExitCode.DONE
                    self._do(data)

    def end(self) -> bool:
        """Close the camera and zero the preview; False if an attempt does not end."""
        attempt, self._attempt = self._attempt, None
        ended = attempt is None or attempt.end(_END_WITHIN)
        self._preview.zero()
        return ended

    def _do(self, data: bytes) -> None:
        match command(data):
            case Begin(settings):
                self._begin(settings)
            case Look() | Compare() | ReadFront() as asked:
                self._start(asked)
            case Stop():
                if not self.end():
                    raise StudioError("an attempt does not end")

    def _begin(self, settings: FaceSettings) -> None:
        begun = time.monotonic()
        self._settings = settings
        try:
            looker = Looker(load(settings.engine), Eyes.load())
            looker.matcher.warm()
            looker.eyes.warm()
            self._looker = looker
        except (MissingError, cv2.error):
            # The visual check needs no models, so the studio lives on and says so when it is asked to look.
            log.exception("models_missing")
            self._looker = None
        log.info("studio_ready", extra=journal.numbers(ms=round((time.monotonic() - begun) * 1000)))
        self._tell(Ready())

    def _start(self, asked: Look | Compare | ReadFront) -> None:
        if self._settings is None:
            raise StudioError("the face studio was asked to film before it had its settings")
        if not self.end():
            raise StudioError("an attempt does not end")
        self._attempt = Attempt(
            asked,
            settings=self._settings,
            looker=self._looker,
            jp2=self._inbox.jp2,
            preview=self._preview,
            tell=self._tell,
            send_number=self._send_number,
            crashed=self._crashed,
        )
        self._attempt.start()

    def _tell(self, said: StudioMessage) -> None:
        # Progress is dropped where the kiosk does not read; a decision waits for it.
        flags = socket.MSG_NOSIGNAL | (socket.MSG_DONTWAIT if isinstance(said, Seen) else 0)
        with self._telling:
            try:
                self._control.send(packet(said), flags)
            except BlockingIOError:
                log.warning("progress_dropped")
            except OSError:
                log.warning("kiosk_gone")  # the main thread sees the same as EOF and ends

    def _send_number(self, digits: bytearray) -> bool:
        """Check number B to the booth, before the kiosk hears of it; False where there is no booth to take it."""
        said = bytearray(NUMBER_MAGIC) + bytearray(ord("0") + digit for digit in digits)
        try:
            return self._booth.send(said, socket.MSG_NOSIGNAL) == len(said)
        except OSError:
            log.warning("booth_gone")
            return False
        finally:
            said[:] = bytes(len(said))

    def _crashed(self) -> None:
        self._waker.send(b"!")


def main(argv: Sequence[str] | None = None) -> int:
    """The process; its exit code says whether it ended because the kiosk did."""
    journal.start()
    secrecy.keep()
    parser = argparse.ArgumentParser(prog="kiosk.face.studio", description="The face studio; started by the kiosk.")
    for name in ("control", "booth", "preview"):
        parser.add_argument(f"--{name}", type=int, required=True, metavar="FD")
    args = parser.parse_args(argv)
    cv2.setNumThreads(THREADS)
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    preview = PreviewWriter(args.preview)
    os.close(args.preview)
    studio = StudioProcess(socket.socket(fileno=args.control), socket.socket(fileno=args.booth), preview)
    code = ExitCode.BUG
    try:
        code = studio.serve()
    except (StudioError, ValueError, OSError):
        log.exception("studio_failed")
    ended = studio.end()
    log.info("studio_over", extra=journal.numbers(code=int(code), ended=ended))
    if not ended:
        # A thread is inside native code that does not return: an ordinary exit could wait for it.
        os._exit(ExitCode.BUG)
    return code


if __name__ == "__main__":
    sys.exit(main())
