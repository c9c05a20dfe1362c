"""The frame socket of the simulated camera, and what can be wrong with a camera.

The frame socket (AF_UNIX, stream; read by `kiosk.face.sources`, the same layout is documented there): for every frame a
header of 32 bytes in network byte order, then the pixels.

    0   8s   magic b"KIOSKFRM"
    8   u32  width, 1 to 640
   12   u32  height, 1 to 480
   16   u64  counter, from 1
   24   f64  time the frame was made (seconds, CLOCK_MONOTONIC)
   32   ...  height * width * 3 bytes, rows top down, BGR
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

import numpy as np

from kiosk import journal
from kiosk.errors import UsageError
from kiosk.simulation.people import FPS, HEIGHT, WIDTH, Picture

_log = logging.getLogger("kiosk.simulation.camera")

MAX_CLIENTS: Final = 4
"""One studio films at a time; a few more is a picture on a developer's screen."""

_HEADER = struct.Struct("!8sIIQd")
_MAGIC = b"KIOSKFRM"
_PATIENCE = 5.0  # seconds a client may take for one frame


class Trouble(StrEnum):
    """What is wrong with the simulated camera."""

    NONE = "ok"
    FREEZE = "freeze"
    """Sends its last picture over and over."""
    BLACK = "black"
    """Its lens is covered: nothing but a little noise."""
    HANG = "hang"
    """Keeps its connections and sends nothing."""
    BUSY = "busy"
    """Another program films: whoever connects is shown out."""
    GONE = "gone"
    """Unplugged: no connection, no socket."""


class FrameServer:
    """Listens at `path` and films for each client in a thread of its own; `film` begins a new clip. Use with `with`.

    Raises `UsageError` where something else is at `path`; a socket that nobody serves any more is replaced.
    """

    def __init__(self, path: Path, film: Callable[[], Iterator[Picture]]) -> None:
        self._path = path
        self._film = film
        self._over = threading.Event()
        self._clients: list[tuple[threading.Thread, socket.socket]] = []
        self._trouble = Trouble.NONE
        self._last: Picture | None = None
        self.listener = _listening(path)
        """Readable when a client waits for `accept`; another one after a `Trouble.GONE`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._unplug()

    @property
    def plugged_in(self) -> bool:
        """Whether it listens."""
        return self._trouble is not Trouble.GONE

    def suffer(self, trouble: Trouble) -> None:
        """Have this trouble from now on, and no other. Raises `UsageError` where it cannot listen again."""
        if not self.plugged_in and trouble is not Trouble.GONE:
            self.listener = _listening(self._path)
        elif self.plugged_in and trouble is Trouble.GONE:
            self._unplug()
        self._trouble = trouble

    def accept(self) -> None:
        """Take the client that waits at `listener`."""
        client, _ = self.listener.accept()
        self._clients = [(thread, other) for thread, other in self._clients if thread.is_alive()]
        if len(self._clients) >= MAX_CLIENTS or self._trouble is Trouble.BUSY:
            client.close()
            return
        client.settimeout(_PATIENCE)
        thread = threading.Thread(target=self._serve, args=(client,), name="film", daemon=True)
        self._clients.append((thread, client))
        thread.start()

    def _unplug(self) -> None:
        self.listener.close()
        self._path.unlink(missing_ok=True)
        clients, self._clients = self._clients, []
        for thread, client in clients:
            with contextlib.suppress(OSError):  # the client may have gone first
                client.shutdown(socket.SHUT_RDWR)
            thread.join()

    def _serve(self, client: socket.socket) -> None:
        _log.info("client_came")
        counter = 0
        due = time.monotonic()
        with client:
            for picture in self._troubled(self._film()):
                if picture is not None:
                    due = due if counter else time.monotonic()  # the first picture takes its time to be set up
                    counter += 1
                    height, width = picture.shape[:2]
                    try:
                        client.sendall(_HEADER.pack(_MAGIC, width, height, counter, time.monotonic()))
                        client.sendall(np.ascontiguousarray(picture).data)
                    except OSError:
                        break
                # A clip that cannot be drawn fast enough runs slower; it does not hurry afterwards.
                due = max(due + 1 / FPS, time.monotonic())
                if self._over.wait(max(0.0, due - time.monotonic())):
                    break
        _log.info("client_gone", extra=journal.numbers(frames=counter))

    def _troubled(self, film: Iterator[Picture]) -> Iterator[Picture | None]:
        """The film as a camera in its present trouble shows it; None where it shows nothing."""
        chance = np.random.default_rng()
        while True:
            if self._trouble is Trouble.HANG:
                yield None
            elif self._trouble is Trouble.BLACK:
                yield chance.integers(0, 4, (HEIGHT, WIDTH, 3), np.uint8)
            elif self._trouble is Trouble.FREEZE and self._last is not None:
                yield self._last
            else:
                picture = next(film, None)
                if picture is None:
                    return
                self._last = picture
                yield picture


def _listening(path: Path) -> socket.socket:
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o077)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(MAX_CLIENTS)
    except OSError as error:
        listener.close()
        raise UsageError(f"--socket {path}: cannot listen there ({error.strerror or error})") from error
    return listener


def _clear(path: Path) -> None:
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(f"--socket {path}: something else is there; expected a new path")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise UsageError(f"--socket {path}: another simulated camera is using it")
