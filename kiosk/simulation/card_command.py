"""`kiosk simulate card`: issue a virtual card if asked, and keep it beside a private reader until told to end."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

from kiosk.errors import ExitCode, UsageError
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError

_SITTERS = ("astronaut", "grace_hopper")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate card`."""
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="where the card is issued")
    parser.add_argument("--issue", action="store_true", help="issue a new card into the folder first")
    parser.add_argument("--name", metavar="TEXT", help="the holder's name on a card that is issued")
    parser.add_argument("--sitter", choices=_SITTERS, help="whose photo a card that is issued carries (astronaut)")
    parser.add_argument("--delay-ms", type=float, default=0.0, metavar="N", help="slow every command down, like NFC")
    parser.add_argument("--inserted", action="store_true", help="the card lies on the reader from the start")


def simulate_card(args: argparse.Namespace) -> int:
    """Run until standard input ends, `quit` is asked on the control channel, or SIGTERM or SIGINT comes.

    Prints one JSON line when clients can connect: {"ready", "socket", "control", "pin", "check_number_b", "fingerprint"}.
    Raises `UsageError`, `MissingError`, `CardImageError`, `PrivateReaderError`.
    """
    folder: Path = args.folder
    if not 0 <= args.delay_ms <= 10_000:
        raise UsageError("--delay-ms: expected 0 to 10000")
    if args.issue:
        _issue(folder, args.name, args.sitter or _SITTERS[0])
    elif args.name is not None or args.sitter is not None:
        raise UsageError("--name and --sitter belong to a card that is issued: add --issue")
    told, tell = socket.socketpair()
    with told, tell:
        tell.setblocking(False)
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, lambda *_: tell.send(b"!")) for number in numbers}
        try:
            return _serve(folder, args.delay_ms, args.inserted, told)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _issue(folder: Path, name: str | None, sitter: str) -> None:
    # Issuing needs OpenCV and cryptography, lying on a reader does not: a card that is there comes up at once.
    from kiosk.simulation.issuing import Person, issue  # noqa: PLC0415
    from kiosk.simulation.people import Sitter, photo_jp2  # noqa: PLC0415

    issue(folder, Person() if name is None else Person(name=name), photo_jp2(Sitter(sitter)))


def _serve(folder: Path, delay_ms: float, inserted: bool, told: socket.socket) -> int:
    with PrivateReader(folder, delay_ms=delay_ms, inserted=inserted) as reader:
        facts = json.loads((folder / "info.json").read_bytes())
        ready = {"ready": True, "socket": str(reader.socket), "control": str(reader.control), **facts}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        stdin, ended = sys.stdin.fileno(), reader.ended()
        while True:
            heard = select.select([stdin, ended, told], [], [])[0]
            if told in heard or (stdin in heard and not os.read(stdin, 1024)):
                return ExitCode.DONE
            if ended in heard:
                failure = reader.failure()
                if failure is None:
                    return ExitCode.DONE
                raise PrivateReaderError(f"the private reader ended: {failure}")
