"""`kiosk simulate centre`: the simulated eligibility centre as a process."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path

from kiosk import journal
from kiosk.errors import ExitCode, UsageError
from kiosk.simulation import answers, patients
from kiosk.simulation.centre import proofs
from kiosk.simulation.centre.manners import Manners, hours
from kiosk.simulation.centre.service import service
from kiosk.simulation.centre.serving import Serving, serving


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate centre`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = answers.told()
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR", help="where its certificates are made")
    parser.add_argument(
        "--card-root",
        type=Path,
        required=True,
        action="append",
        metavar="PEM",
        help="the root of the cards it accepts; may be given several times",
    )
    parser.add_argument("--kiosk-key", type=Path, required=True, metavar="PEM", help="the kiosk's public key")
    parser.add_argument("--patients", type=Path, required=True, metavar="JSON", help="who its patients are")
    parser.add_argument(
        "--answer", metavar="A", help="what every patient is answered, instead of what stands in --patients (see below)"
    )
    parser.add_argument(
        "--maintenance", metavar="HH:MM-HH:MM", help="when it is closed, each day in Japan's time: it opens no session"
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="port on 127.0.0.1 (any free one)")


def simulate_centre(args: argparse.Namespace) -> int:
    """Serve until standard input ends or SIGTERM or SIGINT comes.

    Prints one JSON line when the kiosk can connect: {"ready", "url", "ca_file"}. Raises `UsageError`, `SettingsError`.
    """
    if not 0 <= args.port <= 65535:
        raise UsageError("--port: expected 0 to 65535")
    manners = Manners(
        answer=None if args.answer is None else answers.named(args.answer),
        maintenance=None if args.maintenance is None else hours(args.maintenance),
    )
    journal.start()
    trusted = proofs.trust(args.card_root, args.kiosk_key)
    directory: Path = args.patients
    patients.read(directory)
    told, tell = socket.socketpair()
    with told, tell:
        tell.setblocking(False)
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, lambda *_: tell.send(b"!")) for number in numbers}
        try:
            with serving(service(trusted, directory, manners), args.folder, args.port) as served:
                sys.stdout.write(json.dumps({"ready": True, "url": served.url, "ca_file": str(served.ca_file)}) + "\n")
                sys.stdout.flush()
                return _wait(served, told)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _wait(served: Serving, told: socket.socket) -> int:
    stdin = sys.stdin.fileno()
    while True:
        heard = select.select([stdin, told, served.ended], [], [])[0]
        if told in heard or (stdin in heard and not os.read(stdin, 1024)):
            return ExitCode.DONE
        if served.ended in heard:
            return ExitCode.BUG
