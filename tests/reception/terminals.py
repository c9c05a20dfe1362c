"""The simulated eligibility terminal as a process of its own, changed while it runs."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk.eligibility.terminal.settings import TerminalSettings

TERMINAL = """
import argparse, sys
from kiosk.simulation import terminal
parser = argparse.ArgumentParser()
terminal.add_arguments(parser)
sys.exit(terminal.simulate_terminal(parser.parse_args()))
"""


class TerminalSide:
    """A running simulated terminal, changed while it runs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self._heard()

    def tell(self, **wanted: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return self._heard()

    def settings(self, **other: Any) -> TerminalSettings:
        told: dict[str, Any] = {
            "req": self.folder / "req",
            "res": self.folder / "res",
            "face": self.folder / "face",
            "institution_code": "1319999996",
            "poll_seconds": 0.03,
            "timeout_seconds": 10.0,
            "test": True,
        }
        return TerminalSettings(**(told | other))

    def section(self) -> str:
        """The `terminal:` section of a reception.yaml."""
        return (
            f"terminal: {{req: {self.folder}/req, res: {self.folder}/res, face: {self.folder}/face,"
            " institution_code: '1319999996',"
            " poll_seconds: 0.05, timeout_seconds: 5, test: true}\n"
        )

    def as_before(self) -> None:
        """As it should be, with empty folders."""
        self.tell(manner="ordinary", delay_seconds=0)
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


@contextlib.contextmanager
def running(folder: Path) -> Iterator[TerminalSide]:
    """Start one whose folders lie in `folder`, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINAL, "--folder", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield TerminalSide(process, folder)
    finally:
        process.kill()
        with process:
            pass
