"""`kiosk simulate terminal`: the real terminal's part on the folders, as a process.

It takes requests from `req` and answers into `res`, for the people it knows by number. While it runs, each line on its
standard input is a JSON object that changes it, answered by a JSON line:

    {"manner": "half_written", "delay_seconds": 0.5, "encoding": "shift_jis", "zipped": true}
    {"arrive": 0}            the first of its people was at the official reader: a result in `face`, as the manner says
    {}                       how many requests were taken, why some were refused since the last line
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from kiosk.errors import ExitCode, UsageError
from kiosk.simulation import patients
from kiosk.simulation.terminal_answers import System
from kiosk.simulation.terminal_folders import Behaviour, Folders
from kiosk.simulation.terminal_manners import Manner
from kiosk.simulation.terminal_people import People

_LINE = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate terminal`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "manners:\n" + "\n".join(f"  {manner:<17} {manner.sentence}" for manner in Manner)
    parser.add_argument(
        "--folder", type=Path, required=True, metavar="DIR", help="where req, res and face are (made if they are not)"
    )
    parser.add_argument("--patients", type=Path, metavar="FILE", help="the centre's directory (else a few of its own)")
    parser.add_argument("--manner", default="ordinary", metavar="M", help="how it behaves at first (ordinary)")
    parser.add_argument("--delay", type=float, default=0.0, metavar="S", help="seconds from a request to its answer")
    parser.add_argument(
        "--encoding", choices=("utf-8", "shift_jis"), default="utf-8", help="what answers are written in"
    )
    parser.add_argument(
        "--processing",
        type=int,
        default=0,
        metavar="N",
        help="a list is still processed the first N times it is fetched",
    )
    parser.add_argument(
        "--arrive",
        type=int,
        action="append",
        default=[],
        metavar="N",
        help="its person number N (from 0) was at the official reader a moment ago: a result in face (may be repeated)",
    )


def simulate_terminal(args: argparse.Namespace) -> int:
    """Run until standard input ends or SIGTERM or SIGINT comes.

    Prints one JSON line when it takes requests: {"ready", "req", "res", "face", "institution_code"}. Raises `UsageError`,
    `SettingsError`.
    """
    if args.patients is not None:
        patients.read(args.patients)
    behaviour = Behaviour()
    _change(behaviour, {"manner": args.manner, "delay_seconds": args.delay, "encoding": args.encoding})
    req, res, face = (_made(args.folder / name) for name in ("req", "res", "face"))
    people = People(args.patients)
    folders = Folders(req, res, face, System(people, processing_rounds=args.processing), behaviour)
    for number in args.arrive:
        _arrive(folders, people, number)
    told, tell = socket.socketpair()
    with contextlib.ExitStack() as stack:
        stack.enter_context(told)
        stack.enter_context(tell)
        tell.setblocking(False)
        for number in (signal.SIGTERM, signal.SIGINT):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: tell.send(b"!")))
        _say(
            {
                "ready": True,
                "req": str(req),
                "res": str(res),
                "face": str(face),
                "institution_code": "1319999996",
            }
        )
        return _run(folders, people, told)


def _run(folders: Folders, people: People, told: socket.socket) -> int:
    stdin, unread = sys.stdin.fileno(), b""
    while True:
        heard = select.select([stdin, told], [], [], folders.step())[0]
        if told in heard:
            return ExitCode.DONE
        if stdin in heard:
            piece = os.read(stdin, _LINE)
            if not piece:
                return ExitCode.DONE
            *lines, unread = (unread + piece)[-_LINE:].split(b"\n")
            for line in lines:
                _say(_obeyed(folders, people, line))


def _obeyed(folders: Folders, people: People, line: bytes) -> dict[str, Any]:
    """Do what one line says; gives how things stand, or what is wrong with the line."""
    try:
        wanted = json.loads(line)
        if not isinstance(wanted, dict):
            return {"error": "expected a JSON object"}
        if "arrive" in wanted:
            return {"arrived": _arrive(folders, people, int(wanted.pop("arrive")))}
        _change(folders.behaviour, wanted)
    except (ValueError, TypeError, IndexError, UsageError) as error:
        return {"error": str(error)}
    refused, folders.refused = folders.refused, []
    return {"manner": folders.behaviour.manner.value, "taken": folders.taken, "refused": refused}


def _arrive(folders: Folders, people: People, number: int) -> str:
    """The file's name; raises `UsageError` where there is no such person."""
    everybody = people.everybody()
    if not 0 <= number < len(everybody):
        raise UsageError(f"arrive: expected 0 to {len(everybody) - 1}, one of this terminal's people")
    encoding = "Shift_JIS" if folders.behaviour.encoding == "shift_jis" else "UTF-8"
    return folders.arrive(everybody[number], encoding=encoding)


def _change(behaviour: Behaviour, wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        match key:
            case "manner" if value in set(Manner):
                behaviour.manner = Manner._value2member_map_[value]  # type: ignore[assignment]
            case "delay_seconds" | "pause_seconds" if isinstance(value, int | float) and 0 <= value <= 600:
                setattr(behaviour, key, float(value))
            case "encoding" if value in {"utf-8", "shift_jis"}:
                behaviour.encoding = value
            case "zipped" if isinstance(value, bool):
                behaviour.zipped = value
            case _:
                raise UsageError(f"{key}: not something this terminal can do so; see --help")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
