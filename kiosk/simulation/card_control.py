"""The control channel of a virtual card: lines of one word over a unix socket, each answered by one line of JSON.

    place    lay the card on the reader           {"ok": true}
    pull     take it away                         {"ok": true}
    status   where it is                          {"ok": true, "placed": true, "seen": true}
    audit    what it must never be asked for      {"ok": true, "audit": []}
    quit     end the reader                       {"ok": true}

What cannot be done is answered with {"ok": false, "sentence": ...}. Several clients may be connected at once.
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from kiosk.errors import KioskError

_log = logging.getLogger("kiosk.simulation.card_control")

_LONGEST_LINE = 64
_LONGEST_ANSWER = 1024 * 1024
_CLIENTS = 32
_ANSWER_WITHIN = 5.0
"""Seconds a client waits for an answer; placing waits at most 3 for the driver."""

Answer = Mapping[str, object]


class ControlError(KioskError):
    """A virtual card that cannot be reached, or that could not do what it was told."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_control")


def ask(control: Path, command: str) -> Answer:
    """The card's answer to one command; raises `ControlError`."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_WITHIN)
            connection.connect(str(control))
            connection.sendall(command.encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline(_LONGEST_ANSWER))
    except (OSError, ValueError) as error:
        raise ControlError(f"the virtual card does not answer at {control}: is its process still running?") from error
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        sentence = answer.get("sentence") if isinstance(answer, dict) else None
        raise ControlError(sentence if isinstance(sentence, str) else f"the virtual card refused: {command}")
    return answer


def listen(path: Path, answer: Callable[[str], Answer]) -> None:
    """Answer clients on the unix socket `path`, each on a thread of its own, until the process ends.

    `answer` may be called from several threads; a `KioskError` it raises is told to the client.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen()
    threading.Thread(target=_accept, args=(listener, answer), name="card-control", daemon=True).start()


def _accept(listener: socket.socket, answer: Callable[[str], Answer]) -> None:
    places = threading.Semaphore(_CLIENTS)
    while True:
        places.acquire()
        connection, _ = listener.accept()
        threading.Thread(target=_serve, args=(connection, answer, places), name="card-client", daemon=True).start()


def _serve(connection: socket.socket, answer: Callable[[str], Answer], places: threading.Semaphore) -> None:
    try:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline(_LONGEST_LINE + 1):
                if len(line) > _LONGEST_LINE:
                    return
                connection.sendall(json.dumps(_answered(line, answer)).encode() + b"\n")
    except OSError:
        _log.info("control_client_left")
    finally:
        places.release()


def _answered(line: bytes, answer: Callable[[str], Answer]) -> Answer:
    try:
        return {"ok": True, **answer(line.decode("ascii", "replace").strip())}
    except KioskError as error:
        return {"ok": False, "sentence": error.sentence}
