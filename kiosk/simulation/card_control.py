"""The control channel of the virtual cards: lines of a few words over a unix socket, each answered by one line of JSON.

    place [KIND] [SLOT]      lay the card in hand, or one of KIND, on a slot (first)     {"card": {...}}
    pull [SLOT]              take away what lies in a slot, or everywhere
    swap [KIND]              exchange the card on the first slot for another one (somebody else's) faster than pcscd
                             looks: nobody is told, the next command fails, later ones reach the new card  {"card": {...}}
    kind KIND                take a card of KIND into the hand; if one lies on the first slot, it is exchanged slowly
                             enough to be seen                                           {"card": {...}}
    second [KIND]            a second card (a transit card) into the reader's second slot
    other [KIND]             a card on the other reader, if there is one
    tear N                   let the first slot's card vanish in the middle of the Nth command from now, the answer lost; 0: no
    delay N                  add N milliseconds to every command from now on
    tries [PASSWORD N]       tries left of the card in hand, or set them: pin, signature, check_number_b
                                                                                         {"tries": {"pin": 3, ...}}
    status                   {"placed": first slot, "seen": by the reader, "lying": {SLOT: KIND}, "card": {in hand: kind,
                              pin, check_number_b, fingerprint}, "pcscd": running, "readers": [...], "delay_ms": 0,
                              "tear_in": 0, "commands": sent to all cards so far}
    audit                    what they must never be asked for                           {"audit": []}
    stop_pcscd, start_pcscd, restart_pcscd       the service, with cards left where they lie
    unplug SLOT, plug SLOT   the reader of a slot; pcscd is started again without it, since the driver knows no other way
    quit                     end everything

A card is laid on a reader that has been empty for 0.7 s, so that pcscd notices: placing waits for it.
SLOT is first, second or other; KIND is one of `kiosk.simulation.kinds`, issued when it is first asked for. Every answer has
"ok": true; what cannot be done is answered with {"ok": false, "sentence": ...}. Several clients may be connected at once.
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
_ANSWER_WITHIN = 10.0
"""Seconds a client waits for an answer. Placing waits at most 3 for the driver, stopping pcscd 3 for it to end; issuing a kind
takes less than one."""

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
