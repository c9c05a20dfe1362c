"""What the tests of the private PC/SC stack share: waiting for what must come, a client as a process, the processes below one."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from kiosk.simulation.pcsc import PrivateReader

READER = "Kiosk Card Reader 00 00"
SECOND_SLOT = "Kiosk Card Reader 00 01"
_CLIENT = Path(__file__).parent / "follow_reader.py"


def await_that(true: Callable[[], bool], what: str, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"did not come true within {within} s: {what}"
        select.select([], [], [], 0.01)


def line(stream: IO[str] | None, within: float = 5.0) -> str:
    """The next line of a process; empty if it has ended. Past the stream's buffer, which `select` does not see."""
    assert stream is not None
    deadline = time.monotonic() + within
    told = b""
    while not told.endswith(b"\n"):
        assert select.select([stream], [], [], max(0.0, deadline - time.monotonic()))[0], f"no line within {within} s"
        letter = os.read(stream.fileno(), 1)
        if not letter:
            break
        told += letter
    return told.decode().strip()


def environment(reader: PrivateReader) -> Mapping[str, str]:
    """The environment of a process that is to be a client of `reader`. This process' own is left alone."""
    return {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}


def run(reader: PrivateReader, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a client program to its end."""
    return subprocess.run(command, env=environment(reader), capture_output=True, text=True, timeout=30, check=False)


@contextlib.contextmanager
def client(task: str, reader: PrivateReader, name: str = READER) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(_CLIENT), task, name]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment(reader), stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


@contextlib.contextmanager
def dialogue(reader: PrivateReader, name: str = READER) -> Iterator[Callable[[str], str]]:
    """An open dialogue with the card: sends hex, gives the answer in hex or "lost"."""
    with client("dialogue", reader, name) as process:
        assert line(process.stdout) == "connected"

        def send(apdu: str) -> str:
            assert process.stdin is not None
            process.stdin.write(apdu + "\n")
            process.stdin.flush()
            return line(process.stdout)

        yield send


def descendants(pid: int) -> set[tuple[int, str]]:
    """Every process below `pid`, with its start time so that a number used again is not mistaken for it."""
    parents: dict[int, int] = {}
    started: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)], started[int(entry.name)] = int(fields[1]), fields[19]
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return {(child, started[child]) for child in found}


def alive(process: tuple[int, str]) -> bool:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
        return fields[19] == process[1] and fields[0] != "Z"
    return False


def program(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
