"""The other side of the terminal's folders for tests: the simulated terminal as a process, changed while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.eligibility.terminal.settings import TerminalSettings

POLL = 0.03
"""Seconds between two looks in tests."""

_PROCESS = """
import argparse, sys
from kiosk.errors import KioskError
from kiosk.simulation import terminal
parser = argparse.ArgumentParser()
terminal.add_arguments(parser)
try:
    sys.exit(terminal.simulate_terminal(parser.parse_args()))
except KioskError as error:
    sys.exit(str(error))
"""


class Side:
    """A running simulated terminal."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.ready = self._heard()

    def tell(self, **wanted: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return self._heard()

    def settings(self, **other: Any) -> TerminalSettings:
        return settings(self.folder, **other)

    def section(self) -> str:
        """The `terminal:` section of a reception.yaml."""
        return (
            f"terminal: {{req: {self.folder}/req, res: {self.folder}/res, face: {self.folder}/face,"
            " institution_code: '1319999996',"
            " poll_seconds: 0.05, timeout_seconds: 5, test: true}\n"
        )

    def names(self, folder: str) -> set[str]:
        return {path.name for path in (self.folder / folder).iterdir()}

    def clear(self) -> None:
        """Back to the beginning, for the next test; what the last one left is taken away by hand."""
        self.tell(manner="ordinary", delay_seconds=0, pause_seconds=0.2, encoding="utf-8", zipped=False)
        for folder in ("req", "res", "face"):
            for path in (self.folder / folder).iterdir():
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink()

    def _heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the simulated terminal ended"
        told = json.loads(line)
        assert isinstance(told, dict)
        return told


@contextmanager
def side(folder: Path, *options: str) -> Iterator[Side]:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROCESS, "--folder", str(folder), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Side(process, folder)
    finally:
        process.kill()
        with process:  # waits, and closes the pipes
            pass


def settings(folder: Path, **other: Any) -> TerminalSettings:
    told: dict[str, Any] = {
        "req": folder / "req",
        "res": folder / "res",
        "face": folder / "face",
        "institution_code": "1319999996",
        "poll_seconds": POLL,
        "timeout_seconds": 10.0,
        "bulk_timeout_seconds": 20.0,
        "test": True,
    }
    return TerminalSettings(**(told | other))


def query(number: str = "67", **other: Any) -> NumberQuery:
    """Somebody of the simulated terminal's people; 67 is valid."""
    told: dict[str, Any] = {
        "insured": InsuredNumber(insurer="01139997", symbol="12340005", number=number),
        "birth_date": date(1980, 2, 17),
    }
    return NumberQuery(**(told | other))


def until(what: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `what` is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.01)
