"""Processes the demo starts: each a command of our own, ended by its id, never left behind."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from kiosk.errors import MissingError

Line = Mapping[str, object]


def own_command(*words: str) -> list[str]:
    """A `kiosk` command in this environment, dying with the demo whatever happens to it."""
    setpriv = shutil.which("setpriv")
    dying = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    return [*dying, sys.executable, "-m", "kiosk", *words]


class Child:
    """One `kiosk` command. Its stdin stays open while it may live; its stderr is kept in `log`.

    `journal`: its journal is read too, into `lines`. `heard` is called with every line of it, in a thread of its own.
    """

    def __init__(
        self, words: Sequence[str], log: Path, *, journal: bool = False, heard: Callable[[Line], None] | None = None
    ) -> None:
        self.log = log
        self._log_file = log.open("wb")
        self.process = subprocess.Popen(
            own_command(*words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if journal or heard else self._log_file,
        )
        self.lines: queue.SimpleQueue[Line | None] = queue.SimpleQueue()
        self._keeper: threading.Thread | None = None
        self._reader: threading.Thread | None = None
        self._queued, self._heard = journal, heard
        if self.process.stderr is not None:
            self._keeper = threading.Thread(target=self._keep, args=(self.process.stderr,), daemon=True)
            self._keeper.start()

    def ready(self, seconds: float) -> Line:
        """The JSON object of its `ready` line; raises `MissingError` with the end of its log when it does not come."""
        answer: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        out = self.process.stdout
        if out is not None:
            self._reader = threading.Thread(target=_first_line, args=(out, answer), daemon=True)
            self._reader.start()
        try:
            line = answer.get(timeout=seconds)
            parsed = json.loads(line)
        except (queue.Empty, ValueError) as error:
            self.end()
            raise MissingError(f"{self.name} did not start; its last words: {self.last_words()}") from error
        return parsed if isinstance(parsed, dict) else {}

    def say(self, line: str) -> None:
        """One line to its standard input. Raises `MissingError` where it has ended."""
        if self.process.stdin is None:
            raise MissingError(f"{self.name} has ended; its last words: {self.last_words()}")
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except (OSError, ValueError) as error:
            raise MissingError(f"{self.name} has ended; its last words: {self.last_words()}") from error

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return self.log.stem

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace").strip()[-600:] or "(none)"

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def end(self, seconds: float = 5.0) -> None:
        """Close its stdin, ask it to end, and make sure."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._reader is not None:
            self._reader.join()
        if self.process.stdout is not None:
            self.process.stdout.close()
        if self._keeper is not None:
            self._keeper.join()
        self._log_file.close()

    def _pass_on(self, line: Line) -> None:
        if self._queued:
            self.lines.put(line)
        if self._heard is not None:
            self._heard(line)

    def _keep(self, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                self._log_file.write(raw)
                self._log_file.flush()
                with contextlib.suppress(ValueError):
                    line = json.loads(raw)
                    if isinstance(line, dict):
                        self._pass_on(line)
        self.lines.put(None)


def _first_line(out: IO[bytes], answer: queue.SimpleQueue[bytes]) -> None:
    """The first line is the answer; what comes later is read away, so that its pipe never fills."""
    answer.put(out.readline())
    for _ in out:
        pass


def wait_until(what: str, seconds: float, seen: queue.SimpleQueue[Line | None], **wanted: object) -> Line:
    """The next journal line with these fields; raises `TimeoutError` naming `what`."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        with contextlib.suppress(queue.Empty):
            line = seen.get(timeout=left)
            if line is None:
                raise TimeoutError(f"the kiosk ended while waiting for {what}")
            if all(line.get(key) == value for key, value in wanted.items()):
                return line
    raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
