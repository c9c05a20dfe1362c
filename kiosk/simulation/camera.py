"""A camera that is a process: `kiosk simulate camera --socket PATH [--sitter NAME | --portrait FILE] [--scene S | --clip FILE]`.

Whoever connects to the socket is filmed at 15 frames a second, from the beginning of the clip; nothing is drawn while
nobody looks. On standard output it writes one line of JSON, `{"ready": true, "camera": "socket:PATH", "sitter": ...,
"showing": ...}`; it ends when its standard input does, or on SIGTERM, and takes its socket away.

`--scene` plays one of `kiosk.simulation.people.Scene`: somebody who breathes, blinks and answers, somebody with a mask or
with a friend, a photograph or a phone that is held up. `--card-front DIR` lays an issued card before it instead,
`--card-view tray|hand|sleeve` says how.

Lines on its standard input change what it shows while it films (`kiosk.simulation.camera_stage`), or give it trouble
(`kiosk.simulation.camera_server`, where the frame socket is documented too): freeze, black, hang, busy, gone, ok. Each is
answered with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import cv2

from kiosk.errors import ExitCode, KioskError
from kiosk.simulation.camera_cast import Cast
from kiosk.simulation.camera_server import FrameServer, Trouble
from kiosk.simulation.camera_stage import VIEWS, Stage
from kiosk.simulation.people import Scene, Sitter

__all__ = ["FrameServer", "add_arguments", "simulate_camera"]

_LONGEST_LINE = 8192  # bytes of one word and its folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate camera`."""
    parser.add_argument(
        "--socket", type=Path, required=True, metavar="PATH", help="where it listens (a new AF_UNIX socket)"
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--sitter", choices=[sitter.value for sitter in Sitter], default=Sitter.ASTRONAUT.value)
    who.add_argument("--portrait", type=Path, metavar="FILE", help="a person made from this picture of a face")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--scene",
        choices=[scene.value for scene in Scene],
        metavar="S",
        help="what happens before it (else the sitter only moves a little): " + ", ".join(Scene),
    )
    what.add_argument("--clip", type=Path, metavar="FILE", help="a video file instead of the sitter, over and over")
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
    who = Sitter(args.sitter) if args.portrait is None else args.portrait
    scene = None if args.scene is None else Scene(args.scene)
    cv2.setNumThreads(1)
    cast = Cast(who, scene=scene, clip=args.clip, seed=args.seed)
    stage = Stage(cast, view=args.card_view, seed=args.seed)
    if args.card_front is not None:
        stage.card(args.card_front)
        stage.show("front")
        next(stage.film())
    else:
        cast.rehearse()  # a missing portrait or clip is told now, not to the first client
    told, tell = socket.socketpair()
    told.setblocking(False)
    before = signal.signal(signal.SIGTERM, lambda *_: tell.send(b"!"))
    try:
        with told, tell, FrameServer(path, stage.film) as server:
            showing = "face" if args.card_front is None else "front"
            ready = {"ready": True, "camera": f"socket:{path}", "sitter": cast.name, "showing": showing}
            _say(ready if cast.scene is None else {**ready, "scene": cast.scene.value})
            words = b""
            while True:
                ears = [sys.stdin.fileno(), told, *([server.listener] if server.plugged_in else [])]
                heard = select.select(ears, [], [])[0]
                if server.listener in heard:
                    server.accept()
                if sys.stdin.fileno() in heard:
                    some = os.read(sys.stdin.fileno(), 1024)
                    if not some:
                        return ExitCode.DONE
                    *lines, words = (words + some)[-_LONGEST_LINE:].split(b"\n")
                    for line in lines:
                        _say(_answered(line.decode(errors="replace"), stage, server))
                if told in heard:
                    return ExitCode.DONE
    finally:
        signal.signal(signal.SIGTERM, before)


def _answered(line: str, stage: Stage, server: FrameServer) -> Mapping[str, object]:
    word = line.strip()
    if word not in set(Trouble):
        return stage.told(line)
    try:
        server.suffer(Trouble(word))
    except KioskError as error:
        return {"error": error.sentence}
    return {"camera": word}


def _say(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
