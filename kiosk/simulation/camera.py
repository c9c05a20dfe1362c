"""A camera that is a process: `kiosk simulate camera --socket PATH --sitter astronaut|grace_hopper [--clip FILE]`.

Whoever connects to the socket is filmed at 15 frames a second, from the beginning of the clip; nothing is drawn while
nobody looks. On standard output it writes one line of JSON, `{"ready": true, "camera": "socket:PATH", "sitter": ...,
"showing": ...}`; it ends when its standard input does, or on SIGTERM, and takes its socket away.

`--card-front DIR` lays an issued card before it instead, `--card-view tray|hand|sleeve` says how; lines on its standard
input change what it shows while it films (`kiosk.simulation.camera_stage`).

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

import argparse
import contextlib
import json
import logging
import os
import select
import signal
import socket
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import cv2
import numpy as np

from kiosk import journal
from kiosk.errors import ExitCode, MissingError, UsageError
from kiosk.simulation.camera_stage import VIEWS, Stage
from kiosk.simulation.people import FPS, HEIGHT, WIDTH, Picture, Sitter, frames

_log = logging.getLogger("kiosk.simulation.camera")

MAX_CLIENTS: Final = 4
"""One studio films at a time; a few more is a picture on a developer's screen."""

_HEADER = struct.Struct("!8sIIQd")
_MAGIC = b"KIOSKFRM"
_LONGEST_LINE = 8192  # bytes of one word and its folder
_PATIENCE = 5.0  # seconds a client may take for one frame


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate camera`."""
    parser.add_argument(
        "--socket", type=Path, required=True, metavar="PATH", help="where it listens (a new AF_UNIX socket)"
    )
    parser.add_argument("--sitter", choices=[sitter.value for sitter in Sitter], default=Sitter.ASTRONAUT.value)
    parser.add_argument("--clip", type=Path, metavar="FILE", help="a video file instead of the sitter, over and over")
    parser.add_argument(
        "--card-front",
        type=Path,
        metavar="DIR",
        help="show the front of the card issued into this folder (its info.json) instead of the sitter",
    )
    parser.add_argument(
        "--card-view", choices=VIEWS, default=VIEWS[0], help="the card lies in a tray, is held up, lies in a sleeve"
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed films the same movements")


def simulate_camera(args: argparse.Namespace) -> int:
    """Film until standard input ends or SIGTERM comes. Raises `UsageError`, `MissingError`."""
    path: Path = args.socket
    sitter = Sitter(args.sitter)
    clip: Path | None = args.clip
    seed: int = args.seed

    def faces() -> Iterator[Picture]:
        return frames(sitter, seed=seed) if clip is None else clip_frames(clip)

    cv2.setNumThreads(1)
    stage = Stage(faces, view=args.card_view, seed=seed)
    if args.card_front is not None:
        stage.card(args.card_front)
        stage.show("front")
    next(stage.film())  # a missing portrait or clip is told now, not to the first client
    told, tell = socket.socketpair()
    told.setblocking(False)
    before = signal.signal(signal.SIGTERM, lambda *_: tell.send(b"!"))
    try:
        with told, tell, FrameServer(path, stage.film) as server:
            name = "clip" if clip is not None else sitter.value
            showing = "face" if args.card_front is None else "front"
            _say({"ready": True, "camera": f"socket:{path}", "sitter": name, "showing": showing})
            words = b""
            while True:
                heard = select.select([sys.stdin.fileno(), told, server.listener], [], [])[0]
                if server.listener in heard:
                    server.accept()
                if sys.stdin.fileno() in heard:
                    some = os.read(sys.stdin.fileno(), 1024)
                    if not some:
                        return ExitCode.DONE
                    *lines, words = (words + some)[-_LONGEST_LINE:].split(b"\n")
                    for line in lines:
                        _say(stage.told(line.decode(errors="replace")))
                if told in heard:
                    return ExitCode.DONE
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class FrameServer:
    """Listens at `path` and films for each client in a thread of its own; `film` begins a new clip. Use with `with`.

    Raises `UsageError` where something else is at `path`; a socket that nobody serves any more is replaced.
    """

    def __init__(self, path: Path, film: Callable[[], Iterator[Picture]]) -> None:
        self._path = path
        self._film = film
        self._over = threading.Event()
        self._clients: list[tuple[threading.Thread, socket.socket]] = []
        _clear(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            before = os.umask(0o077)
            try:
                self.listener.bind(str(path))
            finally:
                os.umask(before)
            self.listener.listen(MAX_CLIENTS)
        except OSError as error:
            self.listener.close()
            raise UsageError(f"--socket {path}: cannot listen there ({error.strerror or error})") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.listener.close()
        self._path.unlink(missing_ok=True)
        for thread, client in self._clients:
            with contextlib.suppress(OSError):  # the client may have gone first
                client.shutdown(socket.SHUT_RDWR)
            thread.join()

    def accept(self) -> None:
        """Take the client that waits at `listener`."""
        client, _ = self.listener.accept()
        self._clients = [(thread, other) for thread, other in self._clients if thread.is_alive()]
        if len(self._clients) >= MAX_CLIENTS:
            client.close()
            return
        client.settimeout(_PATIENCE)
        thread = threading.Thread(target=self._serve, args=(client,), name="film", daemon=True)
        self._clients.append((thread, client))
        thread.start()

    def _serve(self, client: socket.socket) -> None:
        _log.info("client_came")
        counter = 0
        due = 0.0
        with client:
            for picture in self._film():
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


def clip_frames(path: Path) -> Iterator[Picture]:
    """The frames of a video file, over and over, cut and scaled to 640 x 480, played at 15 a second.

    Raises `MissingError` where it is no video OpenCV can read.
    """
    while True:
        capture = cv2.VideoCapture(str(path))
        step = max(1.0, capture.get(cv2.CAP_PROP_FPS) / FPS)
        read, given = 0, 0
        try:
            while True:
                there, picture = capture.read()
                if not there:
                    break
                read += 1
                if read > given * step:
                    given += 1
                    yield filled(picture.astype(np.uint8, copy=False))
        finally:
            capture.release()
        if given == 0:
            raise MissingError(f"--clip {path}: is not there, or no video that can be read")


def filled(picture: Picture) -> Picture:
    """`picture` scaled until it covers 640 x 480, its middle cut out."""
    height, width = picture.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return scaled[top : top + HEIGHT, left : left + WIDTH].astype(np.uint8, copy=False)


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
