"""The inside of a private reader: pcscd, the virtual reader's driver and the card, alone in their namespaces.

Started by `kiosk.simulation.pcsc` under `unshare` as the first process of a process, mount and network namespace of its
own: nobody outside can reach the driver, which listens unauthenticated on every interface, and when this process ends the
kernel ends everything it started. It ends when its standard input does.

    python -m kiosk.simulation.card_server --scratch DIR --card DIR --driver FILE --pcscd FILE --reader-name TEXT ...

On standard output it writes one line of JSON: `{"ready": true}`, or `{"failed": sentence}` before it exits with 1.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import select
import shutil
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from kiosk import journal
from kiosk.errors import ExitCode, KioskError
from kiosk.simulation import card_control, card_folder, card_words
from kiosk.simulation.card_hand import FIRST, OTHER, SECOND, Hand
from kiosk.simulation.link import PORT, CardLink
from kiosk.simulation.pcscd import Pcscd, Reader, usb_drivers

_PCSCD_FOLDER = Path("/run/pcscd")
"""Compiled into pcscd; inside the namespace it is the folder `run` in the scratch folder."""

_SEEN_WITHIN = 2.0
"""Seconds for the reader to see a card, which it looks for every 0.4 s (domain/virtual-reader.md section 6)."""

_OTHER_PORT = PORT + 16
"""Of the other reader, where there is one."""

_QUIT, _GONE = b"q", b"g"
"""Why it ends: it was asked to, or pcscd is gone."""

_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_MS_BIND = 0x1000
"""linux/sockios.h, linux/if.h, linux/mount.h."""


class CardServerError(KioskError):
    """The private reader cannot come up."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "card_server")


def main(argv: list[str]) -> int:
    """Run until standard input ends, `quit` is asked on the control channel, or pcscd is gone."""
    options = _parser().parse_args(argv)
    journal.start()
    try:
        ended = _told(options)
    except BrokenPipeError:
        # The owner was killed while everything came up: nobody is left to be told.
        ended = ExitCode.DONE
    if ended is ExitCode.DONE:
        # The parent removes the scratch folder too, once it has read why it failed; if it was killed, nobody else will.
        shutil.rmtree(options.scratch, ignore_errors=True)
    return ended


def _told(options: argparse.Namespace) -> ExitCode:
    try:
        _run(options)
    except KioskError as error:
        _tell({"failed": error.sentence})
        return ExitCode.MISSING
    return ExitCode.DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m kiosk.simulation.card_server")
    for name in ("--scratch", "--card", "--driver", "--pcscd"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--reader-name", required=True)
    parser.add_argument("--second-reader")
    parser.add_argument("--kind")
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--tear-after", type=int, default=0)
    parser.add_argument("--patients", type=Path)
    parser.add_argument("--inserted", action="store_true")
    return parser


def _run(options: argparse.Namespace) -> None:
    cards = _held(options.card)
    patients = None if options.patients is None else _held(options.patients.parent) / options.patients.name
    kind = options.kind or card_folder.facts(cards).kind
    _bring_loopback_up()
    _mount_scratch(options.scratch)
    if (drivers := usb_drivers(options.pcscd)) is not None:
        # Covered by an empty folder: real readers belong to the machine's own pcscd.
        _mount("tmpfs", str(drivers), "tmpfs", 0)
    end_asked, ask_end = os.pipe()
    pcscd = Pcscd(options.pcscd, _PCSCD_FOLDER, options.driver, gone=lambda: _end(ask_end, _GONE))
    readers = _readers(options)
    hand = Hand(cards, kind, readers, pcscd, patients=patients)

    def answer(command: str) -> card_control.Answer:
        if command == "quit":
            _end(ask_end, _QUIT)
            return {}
        return card_words.answer(hand, command)

    try:
        pcscd.start(list(readers))
        if options.inserted:
            _lay_first_card(hand, pcscd)
        if options.tear_after:
            hand.tear(options.tear_after)
        card_control.listen(_PCSCD_FOLDER / "control", answer)
        _tell({"ready": True})
        while True:
            told = select.select([sys.stdin.fileno(), end_asked], [], [])[0]
            if end_asked in told:
                if os.read(end_asked, 1) == _GONE:
                    raise CardServerError(f"pcscd ended on its own.{pcscd.log_tail()}")
                return
            if not os.read(sys.stdin.fileno(), 1024):
                return
    finally:
        hand.pull()
        pcscd.stop()


def _end(pipe: int, why: bytes) -> None:
    os.write(pipe, why)


def _readers(options: argparse.Namespace) -> dict[Reader, dict[str, CardLink]]:
    delay = options.delay_ms / 1000
    first = Reader(options.reader_name, PORT)
    readers = {first: {FIRST: CardLink(port=PORT, delay=delay), SECOND: CardLink(port=PORT + 1, delay=delay)}}
    if options.second_reader:
        readers[Reader(options.second_reader, _OTHER_PORT)] = {OTHER: CardLink(port=_OTHER_PORT, delay=delay)}
    return readers


def _lay_first_card(hand: Hand, pcscd: Pcscd) -> None:
    hand.place()
    deadline = time.monotonic() + _SEEN_WITHIN
    while not hand.status()["seen"]:
        if time.monotonic() > deadline:
            raise CardServerError(f"pcscd did not see the card within {_SEEN_WITHIN:.0f} s.{pcscd.log_tail()}")
        threading.Event().wait(0.005)


def _held(folder: Path) -> Path:
    """A path to the folder that stays good when /run is covered: by a descriptor if it lies there."""
    if _PCSCD_FOLDER.parent not in folder.parents:
        return folder
    try:
        return Path(f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY)}")
    except OSError as error:
        raise CardServerError(f"{folder}: cannot be opened ({error.strerror})") from error


def _bring_loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(sock, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def _mount_scratch(scratch: Path) -> None:
    """Give pcscd its folder, in a /run of its own: an ordinary user may not write the machine's."""
    # A folder inside the scratch folder, since pcscd opens its own to everybody. Held by a descriptor before /run is
    # covered, since the scratch folder may lie there.
    inside = scratch / "run"
    inside.mkdir(mode=0o700)
    folder = os.open(inside, os.O_PATH | os.O_DIRECTORY)
    _mount("tmpfs", "/run", "tmpfs", 0)
    _PCSCD_FOLDER.mkdir()
    _mount(f"/proc/self/fd/{folder}", str(_PCSCD_FOLDER), "", _MS_BIND)
    os.close(folder)


def _mount(source: str, target: str, kind: str, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), None) != 0:
        error = ctypes.get_errno()
        raise CardServerError(f"{target} cannot be mounted inside the namespace ({os.strerror(error)})")


def _tell(line: dict[str, object]) -> None:
    """Write a line to the parent. Raises `BrokenPipeError` when there is none any more."""
    os.write(sys.stdout.fileno(), json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
