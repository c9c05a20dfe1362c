"""`kiosk simulate dock`: a small window of its own beside the kiosk's, to choose, place and pull virtual cards by hand."""

from __future__ import annotations

import argparse
import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kiosk.errors import ExitCode, UsageError
from kiosk.simulation import card_control, kinds
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.kinds import KINDS
from kiosk.ui.display import Display
from kiosk.ui.messages import Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.touch import Closed
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Role, Size, Weight, Widget

_log = logging.getLogger("kiosk.simulation.dock")

WINDOW = DisplaySettings(width=520, height=624, diagonal_inches=21.0, window=True)
"""Not a panel for fingers: the diagonal is one that makes type and gaps as small as a desktop's programs have them."""

TITLE = "仮想カード"

PLACE, PULL, SWAP, SECOND, KIND = "place", "pull", "swap", "second", "kind"
"""The buttons' actions are lines of the control channel."""

_COLUMNS = 3
_LOOK_EVERY = 1.0
"""Seconds; others may place and pull the card too, and its process may end."""


@dataclass(frozen=True, repr=False)
class Seen:
    """What the dock shows: the card in hand with its PIN and check number B, and where cards lie."""

    kind: str = kinds.ORDINARY.name
    pin: str | None = None
    check_number_b: str = ""
    placed: bool = False
    second: str | None = None
    refused: bool = False
    """The last thing that was asked for could not be done."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `kiosk simulate dock`."""
    parser.add_argument("--control", type=Path, required=True, metavar="SOCKET", help="the card's control channel")
    parser.add_argument("--hint", default="", metavar="TEXT", help="a line for the person at the demo")
    parser.add_argument("--corner", metavar="X,Y", help="where the window opens (the middle of the desktop)")


def simulate_dock(args: argparse.Namespace) -> int:
    """Run the dock until its window is closed, SIGTERM comes, or the card's process ends."""
    return run_dock(args.control, args.hint, corner=_corner(args.corner))


def run_dock(control: Path, hint: str, *, corner: tuple[int, int] | None = None) -> int:
    """Show the dock for the cards at `control`, with a line `hint`. Raises `ControlError` and `DisplayError` at the start."""
    seen = _look(control)
    display = Display(WINDOW, picture=lambda _: None, title=TITLE, corner=corner)
    ending = threading.Event()

    def end(_number: int, _frame: object) -> None:
        ending.set()
        display.wake()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        return _turn(display, control, hint, seen, ending.is_set)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        display.close()


def build(seen: Seen, hint: str, ui: Ui) -> list[Widget]:
    """The dock as it looks: the card in hand and what its holder knows, what can be done with it, and every kind there is."""
    gap = ui.mm(2.5)
    head, moves, title, grid = ui.area.inset(2 * gap).rows(1.45, 2.2, 0.42, 6.3, gap=gap)
    name, knows, where = head.rows(1.3, 1, 1, gap=0)
    widgets: list[Widget] = [
        Label(name, KINDS[seen.kind].label, Size.BODY, bold=True),
        Label(knows, _knows(seen, hint), Size.CAPTION),
        Label(where, _where(seen), Size.CAPTION, Role.TROUBLE if seen.refused else Role.MUTED),
    ]
    upper, lower = moves.rows(1, 1, gap=gap)
    place, pull = upper.columns(1, 1, gap=gap)
    swap, second = lower.columns(1, 1, gap=gap)
    widgets += [
        Button(place, "カードを置く", PLACE, Weight.PLAIN if seen.placed else Weight.PRIMARY),
        Button(pull, "カードを取る", PULL, Weight.PRIMARY if seen.placed else Weight.PLAIN),
        Button(swap, "別の人とすりかえる", SWAP, size=Size.CAPTION),
        Button(second, "交通系ICを重ねる", SECOND, size=Size.CAPTION),
        Label(title, "手に持つカード", Size.CAPTION, Role.MUTED),
    ]
    rows = -(-len(KINDS) // _COLUMNS)
    cells = [cell for row in grid.rows(*[1.0] * rows, gap=gap // 2) for cell in row.columns(*[1.0] * _COLUMNS, gap=gap)]
    for kind, cell in zip(KINDS.values(), cells, strict=False):
        weight = Weight.STAFF if kind.name == seen.kind else Weight.PLAIN
        widgets.append(Button(cell, kind.label, f"{KIND} {kind.name}", weight, Size.CAPTION))
    return widgets


def _knows(seen: Seen, hint: str) -> str:
    told = [f"暗証番号 {seen.pin}" if seen.pin else "暗証番号なし"]
    if seen.check_number_b:
        number = seen.check_number_b
        told.append(f"照合番号B {number[:6]} {number[6:10]} {number[10:]}")
    return "\u3000".join([*told, hint] if hint and hint not in told else told)


def _where(seen: Seen) -> str:
    if seen.refused:
        return "いまは できません"
    if seen.second is not None:
        return f"{'台の上に 2枚' if seen.placed else '台の上に ほかの1枚'}（{KINDS[seen.second].label}）"
    return "台の上にあります" if seen.placed else "手もとにあります"


def _turn(display: Display, control: Path, hint: str, seen: Seen, ending: Callable[[], bool]) -> int:
    words = Catalogue("ja", {})
    while True:
        now = time.monotonic()
        display.show(build(seen, hint, display.ui(words, now)), now)
        display.wait(_LOOK_EVERY)
        refused = seen.refused
        for touch in display.touches(_no_digits):
            if isinstance(touch, Closed):
                return ExitCode.DONE
            refused = not _done(control, touch.action)
        if ending():
            return ExitCode.DONE
        try:
            seen = replace(_look(control), refused=refused)
        except ControlError:
            _log.info("card_process_ended")
            return ExitCode.DONE


def _done(control: Path, action: str) -> bool:
    try:
        card_control.ask(control, action)
    except ControlError:
        # Whether the card is gone for good is asked right after; else the dock shows that it did not move.
        _log.warning("card_not_moved")
        return False
    return True


def _look(control: Path) -> Seen:
    status = card_control.ask(control, "status")
    card, lying = status.get("card"), status.get("lying")
    if not isinstance(card, dict) or not isinstance(lying, dict) or card.get("kind") not in KINDS:
        raise ControlError(f"the virtual card at {control} is not of this version")
    return Seen(card["kind"], card["pin"], card["check_number_b"], status.get("placed") is True, lying.get("second"))


def _corner(told: str | None) -> tuple[int, int] | None:
    if told is None:
        return None
    x, _, y = told.partition(",")
    if not x.isdecimal() or not y.isdecimal():
        raise UsageError("--corner: expected X,Y in pixels")
    return int(x), int(y)


def _no_digits(_: str) -> None:
    """There is no PIN key here."""
