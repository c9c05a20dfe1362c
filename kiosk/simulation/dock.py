"""`kiosk simulate dock`: a small window of its own beside the kiosk's, to place and pull the virtual card by hand."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.errors import ExitCode
from kiosk.simulation import card_control
from kiosk.simulation.card_control import ControlError
from kiosk.ui.display import Display
from kiosk.ui.messages import Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.touch import Closed
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Button, Label, Role, Size, Weight, Widget

_log = logging.getLogger("kiosk.simulation.dock")

WINDOW = DisplaySettings(width=480, height=320, diagonal_inches=6.0, window=True)
"""A palm-sized window at the 96 pixels an inch of a desktop."""

PLACE, PULL = "place", "pull"
"""The buttons' actions, which are the control channel's words."""

_LOOK_EVERY = 1.0
"""Seconds; others may place and pull the card too, and its process may end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate dock`."""
    parser.add_argument("--control", type=Path, required=True, metavar="SOCKET", help="the card's control channel")
    parser.add_argument("--hint", default="", metavar="TEXT", help="a line for the person at the demo")


def simulate_dock(args: argparse.Namespace) -> int:
    """Run the dock until its window is closed, SIGTERM comes, or the card's process ends."""
    return run_dock(args.control, args.hint)


def run_dock(control: Path, hint: str) -> int:
    """Show the dock for the card at `control`, with a line `hint`. Raises `ControlError` and `DisplayError` at the start."""
    placed = _placed(control)
    display = Display(WINDOW, picture=lambda _: None)
    ending = threading.Event()

    def end(_number: int, _frame: object) -> None:
        ending.set()
        display.wake()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _turn(display, control, hint, placed, ending.is_set)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        display.close()


def build(placed: bool, hint: str, ui: Ui) -> list[Widget]:
    """The dock as it looks: the hint, where the card is, and two buttons of which the useful one is filled."""
    gap = ui.mm(4)
    area = ui.area.inset(gap)
    hint_row, where_row, buttons = area.rows(1, 1, 2, gap=gap // 2)
    left, right = buttons.columns(1, 1, gap=gap)
    where = "カードは置かれています" if placed else "カードは手もとにあります"
    return [
        Label(hint_row, hint, align=Align.CENTRE, bold=True),
        Label(where_row, where, Size.CAPTION, Role.MUTED, Align.CENTRE),
        Button(left, "カードを置く", PLACE, Weight.PLAIN if placed else Weight.PRIMARY),
        Button(right, "カードを取る", PULL, Weight.PRIMARY if placed else Weight.PLAIN),
    ]


def _turn(display: Display, control: Path, hint: str, placed: bool, ending: Callable[[], bool]) -> int:
    words = Catalogue("ja", {})
    while True:
        now = time.monotonic()
        display.show(build(placed, hint, display.ui(words, now)), now)
        display.wait(_LOOK_EVERY)
        for touch in display.touches(_no_digits):
            if isinstance(touch, Closed):
                return ExitCode.DONE
            _move(control, touch.action)
        if ending():
            return ExitCode.DONE
        try:
            placed = _placed(control)
        except ControlError:
            _log.info("card_process_ended")
            return ExitCode.DONE


def _move(control: Path, action: str) -> None:
    try:
        card_control.ask(control, action)
    except ControlError:
        # Whether the card is gone for good is asked right after; else the dock shows that it did not move.
        _log.warning("card_not_moved")


def _placed(control: Path) -> bool:
    return card_control.ask(control, "status").get("placed") is True


def _no_digits(_: str) -> None:
    """There is no PIN key here."""
