"""`kiosk demo`: set everything up, let a person or the player check in, tell how it went."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from kiosk.errors import ExitCode, KioskError, UsageError
from kiosk.simulation.answers import ANSWERS
from kiosk.simulation.demo.board_page import Arrival, BoardPage, wait_for
from kiosk.simulation.demo.children import Child, own_command
from kiosk.simulation.demo.glass import environment_of, glass
from kiosk.simulation.demo.player import CardRefusedError, Player, PlayError
from kiosk.simulation.demo.site import STAFF, Site, site
from kiosk.simulation.people import ATTACKS, Scene
from kiosk.ui.geometry import Panel

PANEL = (1280, 800, 10.1)
HOLDER, STRANGER = "astronaut", "grace_hopper"
ROW_SECONDS = 10.0


@dataclass
class Outcome:
    """What the last line tells with `--json`."""

    method: str
    validity: str | None = None
    checkin_id: str | None = None
    queue_number: str | None = None
    reception_seen: bool = False
    help_rows: int = 0
    card_to_reception_ms: float | None = None
    screens: list[str] = field(default_factory=list)
    touch: str = ""
    error: str | None = None
    exit_code: ExitCode = ExitCode.BUG

    def line(self) -> str:
        """One JSON object."""
        told = {key: value for key, value in vars(self).items() if key != "exit_code"}
        return json.dumps({**told, "exit": int(self.exit_code)}, ensure_ascii=False)


def demo(args: argparse.Namespace) -> int:
    """Run the demo; the exit code says whether reception has the check-in (0), nobody was confirmed (4), or why not."""
    headless = args.headless or not os.environ.get("DISPLAY")
    if args.impostor and args.method != "face":
        args.method = "face"
    if _scene(args) is not Scene.LIVING:
        args.method = "face"
    if args.camera is not None:
        if args.impostor or _scene(args) is not Scene.LIVING:
            raise UsageError("--camera goes with neither --impostor nor --scene: those are simulated")
        _say("with your camera the face way will say no: the virtual card carries an astronaut's portrait, not yours")
    with _termination_unwinds(), tempfile.TemporaryDirectory(prefix="kiosk-demo-") as scratch:
        folder = Path(scratch)
        if headless:
            return _played(args, folder)
        return _by_hand(args, folder)


# -- a person at a window --------------------------------------------------------------------------------------------


def _by_hand(args: argparse.Namespace, folder: Path) -> int:
    sitter = STRANGER if args.impostor else HOLDER
    _say("starting (the first time takes a few seconds longer):")
    with site(
        folder,
        _step,
        sitter=sitter,
        scene=_scene(args).value,
        camera=args.camera,
        window=True,
        panel=PANEL,
        kind=_kind(args),
        card_front=args.card_front,
        answer=args.answer,
    ) as around:
        kiosk = Child(["run", "--config", str(around.kiosk_yaml)], folder / "kiosk.log", heard=around.hears)
        dock = subprocess.Popen(own_command("simulate", "dock", "--control", str(around.control), "--corner", "16,48"))
        try:
            _say("")
            _say(f"  the board at the desk:  {around.sign_in[STAFF[0]['id']]}")
            _say("                          (open it in your browser within ten minutes: the link signs you in, once)")
            _say(f"  the virtual card's PIN: {around.pin}")
            _say("  place the card with the dock's left button; close the kiosk's window, or press Ctrl-C here, to end")
            kiosk.process.wait()
        except KeyboardInterrupt:
            _say("ending")
        finally:
            dock.terminate()
            dock.wait()
            kiosk.end()
        if kiosk.process.returncode not in (0, -signal.SIGINT, -signal.SIGTERM):
            _say(f"the kiosk ended with {kiosk.process.returncode}; its last words: {kiosk.last_words()}")
            return ExitCode.BUG
    return ExitCode.DONE


# -- a player without one --------------------------------------------------------------------------------------------


def _played(args: argparse.Namespace, folder: Path) -> int:
    pictures = args.out if args.out is not None else Path("demo-pictures")
    try:
        pictures.mkdir(parents=True, exist_ok=True)
        for old in (*pictures.glob("[0-9][0-9]-*.png"), *pictures.glob("board*.png")):
            old.unlink()
    except OSError as error:
        raise UsageError(f"--out {pictures}: cannot be made ({error.strerror})") from error
    outcome = Outcome(args.method)
    try:
        _play(args, folder, pictures, outcome)
    except CardRefusedError as error:
        outcome.error, outcome.exit_code = str(error), ExitCode.NOT_CONFIRMED
        _say(str(error))
    except (PlayError, TimeoutError) as error:
        outcome.error, outcome.exit_code = str(error), ExitCode.BUG
        _say(f"the visit failed: {error}")
    except KioskError as error:
        outcome.error, outcome.exit_code = error.sentence, error.exit_code
        _say(error.sentence)
    _say(f"pictures: {pictures}")
    if args.json:
        print(outcome.line(), flush=True)
    elif outcome.exit_code is ExitCode.DONE:
        _say(f"reception has check-in {outcome.queue_number} after {outcome.card_to_reception_ms:.0f} ms")
    return outcome.exit_code


def _play(args: argparse.Namespace, folder: Path, pictures: Path, outcome: Outcome) -> None:
    sitter = STRANGER if args.impostor else HOLDER
    width, height, inches = PANEL
    with contextlib.ExitStack() as stack:
        _step("a panel")
        panel = stack.enter_context(glass(folder / "panel", width, height))
        outcome.touch = panel.kind
        _step(panel.kind)
        around = stack.enter_context(
            site(
                folder,
                _step,
                sitter=sitter,
                scene=_scene(args).value,
                camera=args.camera,
                window=False,
                panel=PANEL,
                kind=_kind(args),
                card_front=args.card_front,
                answer=args.answer,
            )
        )
        _step("the board in a browser")
        board = stack.enter_context(
            contextlib.closing(BoardPage(around.board_url + "/board", around.signed_in(STAFF[0]["id"])))
        )
        board.open()
        _step("the kiosk")
        os.environ.update(environment_of(panel.display))
        kiosk = Child(
            ["run", "--config", str(around.kiosk_yaml)], folder / "kiosk.log", journal=True, heard=around.hears
        )
        stack.callback(kiosk.end)
        player = Player(around, kiosk, panel.finger, Panel(width, height, inches), panel.display, pictures)
        try:
            player.screen("P00", seconds=40)
            _step("a visit" if not args.impostor else "a visit by somebody else")
            if _is_refused(args, player):
                _tell_refusal(board, outcome)
            else:
                if args.method != "face" or _scene(args) is Scene.LIVING:
                    player.identify(args.method, board)
                else:
                    player.screen("P08", "P16", seconds=45)
                player.finish()
                _tell_arrival(board, player, around, outcome)
        finally:
            outcome.screens = player.screens
            board.picture(pictures / "board.png")


def _scene(args: argparse.Namespace) -> Scene:
    """What happens before the simulated camera."""
    try:
        return Scene(args.scene)
    except ValueError as error:
        raise UsageError(f"--scene {args.scene}: expected one of: {', '.join(Scene)}") from error


def _kind(args: argparse.Namespace) -> str:
    """The card in hand: the one that was named, else the one that the answer belongs to."""
    named: str | None = args.kind
    return named or ("ordinary" if args.answer is None else ANSWERS[args.answer].kind)


def _is_refused(args: argparse.Namespace, player: Player) -> bool:
    """Whether the face way refused whoever is before the camera. Raises `PlayError` for a stranger or a picture it takes."""
    scene = _scene(args)
    if not args.impostor and (args.method != "face" or scene is Scene.LIVING):
        return False
    refused = player.is_refused()
    if not refused and (args.impostor or scene in ATTACKS or scene is Scene.IMPOSTOR):
        raise PlayError("a stranger, or a picture, was taken for the card's holder")
    return refused


def _tell_arrival(board: BoardPage, player: Player, around: Site, outcome: Outcome) -> None:
    arrival = wait_for(board.arrivals, ROW_SECONDS, lambda one: one.kind == "checkin")
    if arrival is None:
        outcome.exit_code = ExitCode.NOT_DELIVERED
        raise TimeoutError("no row came to the open board")
    outcome.checkin_id = arrival.id
    outcome.reception_seen = board.has_row(arrival.id)
    outcome.validity, outcome.queue_number = board.told_of(arrival.id)
    if player.placed_at is not None:
        outcome.card_to_reception_ms = round((arrival.mono - player.placed_at) * 1000, 1)
    touched = around.audit()
    if touched:
        raise PlayError(f"the card was asked for what must never be touched: {', '.join(touched)}")
    outcome.exit_code = ExitCode.DONE if outcome.reception_seen else ExitCode.NOT_DELIVERED


def _tell_refusal(board: BoardPage, outcome: Outcome) -> None:
    def is_help(one: Arrival) -> bool:
        return one.kind == "help"

    if wait_for(board.arrivals, ROW_SECONDS, is_help) is None:
        raise PlayError("the desk was not told that somebody needs help")
    outcome.help_rows = len(board.help_texts())
    time.sleep(0.5)
    if board.rows():
        raise PlayError("a stranger was checked in")
    outcome.exit_code = ExitCode.NOT_CONFIRMED


# -- the terminal ----------------------------------------------------------------------------------------------------


def _say(sentence: str) -> None:
    print(f"demo: {sentence}", file=sys.stderr, flush=True)


def _step(what: str) -> None:
    print(f"demo:   {what}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _termination_unwinds() -> Iterator[None]:
    """SIGTERM unwinds like Ctrl-C, so that everything that was started is ended."""

    def unwind(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, unwind)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
