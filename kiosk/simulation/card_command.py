"""`kiosk simulate card`: issue a virtual card if asked, and keep it beside a private reader until told to end."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from kiosk.errors import ExitCode, UsageError
from kiosk.simulation import card_folder, kinds
from kiosk.simulation.kinds import KINDS, Kind, SitterName
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError

_SITTERS = ("astronaut", "grace_hopper")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate card`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "kinds of cards:\n" + "\n".join(f"  {kind.name:<15} {kind.sentence}" for kind in KINDS.values())
    parser.add_argument("--folder", type=Path, metavar="DIR", help="where the cards are issued (else a passing one)")
    parser.add_argument("--issue", action="store_true", help="issue the folder's own card first, replacing it")
    parser.add_argument("--kind", metavar="K", help="the card in hand at first (the folder's own, else ordinary)")
    parser.add_argument("--name", metavar="TEXT", help="the holder's name on a card that is issued")
    parser.add_argument("--sitter", choices=_SITTERS, help="whose photo a card that is issued carries")
    parser.add_argument("--delay-ms", type=float, default=0.0, metavar="N", help="slow every command down, like NFC")
    parser.add_argument(
        "--tear-after", type=int, default=0, metavar="N", help="the card vanishes in the middle of the Nth command"
    )
    parser.add_argument(
        "--patients", type=Path, metavar="FILE", help="the centre's directory, to keep up with the cards' holders"
    )
    parser.add_argument("--inserted", action="store_true", help="the card lies on the reader from the start")


def simulate_card(args: argparse.Namespace) -> int:
    """Run until standard input ends, `quit` is asked on the control channel, or SIGTERM or SIGINT comes.

    Prints one JSON line when clients can connect: {"ready", "socket", "control", "root", "kind", "pin", "check_number_b",
    "fingerprint"}. Raises `UsageError`, `MissingError`, `CardImageError`, `PrivateReaderError`.
    """
    if not 0 <= args.delay_ms <= 10_000:
        raise UsageError("--delay-ms: expected 0 to 10000")
    if not 0 <= args.tear_after <= 100_000:
        raise UsageError("--tear-after: expected 0 to 100000")
    kind = None if args.kind is None else kinds.named(args.kind)
    issues = args.issue or args.folder is None
    if not issues and (args.name is not None or args.sitter is not None):
        raise UsageError("--name and --sitter belong to a card that is issued: add --issue")
    with contextlib.ExitStack() as stack:
        folder = args.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kiosk-cards-")))
        if issues:
            _issue(folder, kind or kinds.ORDINARY, args.name, args.sitter)
        told, tell = socket.socketpair()
        stack.enter_context(told)
        stack.enter_context(tell)
        tell.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: tell.send(b"!")))
        reader = PrivateReader(
            folder,
            kind=None if kind is None else kind.name,
            delay_ms=args.delay_ms,
            tear_after=args.tear_after,
            patients=args.patients,
            inserted=args.inserted,
        )
        return _serve(reader, folder, told)


def _issue(folder: Path, kind: Kind, name: str | None, sitter: SitterName | None) -> None:
    # Issuing needs OpenCV and cryptography, lying on a reader does not: a card that is there comes up at once.
    from kiosk.simulation.issuing import issue_kind  # noqa: PLC0415

    if kind.person is None and (name is not None or sitter is not None):
        raise UsageError(f"--name and --sitter: nobody's name or photo is on a card of the kind {kind.name}")
    if name is not None and kind.person is not None:
        kind = replace(kind, person=replace(kind.person, name=name))
    if sitter is not None:
        kind = replace(kind, sitter=sitter)
    issue_kind(folder, kind)


def _serve(reader: PrivateReader, folder: Path, told: socket.socket) -> int:
    with reader:
        ready = {
            "ready": True,
            "socket": str(reader.socket),
            "control": str(reader.control),
            "root": str(card_folder.root(folder)),
            **asdict(reader.card()),
        }
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
