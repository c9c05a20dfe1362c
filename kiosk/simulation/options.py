"""The command lines of `kiosk demo` and `kiosk simulate`. Only the thing that is named is imported: some are heavy."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kiosk.simulation.answers import ANSWERS
from kiosk.simulation.kinds import KINDS

THINGS: Final = {
    "card": ("kiosk.simulation.card_command", "simulate_card", "a virtual My Number Card in a reader of its own"),
    "centre": ("kiosk.simulation.centre.command", "simulate_centre", "an eligibility centre that verifies and answers"),
    "camera": ("kiosk.simulation.camera", "simulate_camera", "a camera with a person before it"),
    "terminal": ("kiosk.simulation.terminal", "simulate_terminal", "an eligibility terminal behind its folders"),
    "dock": ("kiosk.simulation.dock", "simulate_dock", "a window to choose, place and pull virtual cards"),
}


def add_things(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """`card`, `centre`, `camera`, `terminal` and `dock` under `kiosk simulate`; `words` is the whole command line."""
    things = parser.add_subparsers(title="what", required=True, metavar="THING")
    for name, (module, command, help_line) in THINGS.items():
        thing = things.add_parser(name, help=help_line, description=f"Simulate {help_line}.")
        if name in words:
            room = importlib.import_module(module)
            room.add_arguments(thing)
            thing.set_defaults(command=getattr(room, command))


def add_demo_options(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk demo`."""
    parser.add_argument("--headless", action="store_true", help="no window: a player checks in and pictures are made")
    parser.add_argument(
        "--method", choices=("pin", "face", "visual"), default="pin", help="how the player is confirmed"
    )
    parser.add_argument(
        "--kind",
        choices=tuple(KINDS),
        metavar="K",
        help="the card in hand (ordinary, or whose the answer is): " + ", ".join(KINDS),
    )
    parser.add_argument(
        "--answer",
        choices=tuple(ANSWERS),
        metavar="A",
        help="what the eligibility centre answers (`kiosk simulate centre --help` tells what each is): "
        + ", ".join(ANSWERS),
    )
    parser.add_argument(
        "--card-front",
        choices=("known", "tray", "show", "typed"),
        default="known",
        help="how the kiosk gets what is printed on the card (check number B)",
    )
    parser.add_argument("--impostor", action="store_true", help="another person before the camera: must not check in")
    parser.add_argument(
        "--scene",
        default="living",
        metavar="S",
        help="what happens before the camera, with the face way: living, photograph, phone_replay, mask, friend, ... "
        "(`kiosk simulate camera --help` lists them)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the player's pictures go (./demo-pictures)")
    parser.add_argument("--json", action="store_true", help="the last line is a JSON object that tells how it went")
    parser.add_argument("--camera", metavar="DEVICE", help="your own camera (/dev/video0) instead of the clip")
