"""`kiosk simulate card` as a process: one ready line, then there until told otherwise."""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk.errors import UsageError
from kiosk.simulation import card_command, card_control
from kiosk.simulation.card_image import CardImageError
from kiosk.simulation.pcsc import PrivateReaderError

PROGRAM = """
import argparse, sys
from kiosk.simulation import card_command
parser = argparse.ArgumentParser()
card_command.add_arguments(parser)
sys.exit(card_command.simulate_card(parser.parse_args()))
"""


@contextmanager
def simulated(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PROGRAM, *options]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 20)[0]
            yield process, json.loads(process.stdout.readline())
            process.wait(10)
        finally:
            process.kill()


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    card_command.add_arguments(parser)
    return parser.parse_args(options)


def test_it_issues_the_card_says_what_a_caller_needs_and_ends_with_its_input(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    with simulated("--folder", str(folder), "--issue", "--name", "見本\u3000太郎", "--inserted") as (process, ready):
        assert {"ready", "socket", "control", "pin", "check_number_b", "fingerprint"} == ready.keys()
        facts = json.loads((folder / "info.json").read_bytes())
        assert {name: ready[name] for name in facts} == facts
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(ready["socket"])}
        named = subprocess.run(
            ["opensc-tool", "-l"], env=environment, capture_output=True, text=True, check=True, timeout=20
        )
        assert "Yes" in named.stdout
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0
    assert not Path(str(ready["socket"])).exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_signalled(issued_card: Path, number: signal.Signals) -> None:
    with simulated("--folder", str(issued_card)) as (process, ready):
        process.send_signal(number)
    assert process.returncode == 0
    assert not Path(str(ready["socket"])).exists()


def test_it_ends_when_the_card_is_told_to_quit(issued_card: Path) -> None:
    with simulated("--folder", str(issued_card)) as (process, ready):
        card_control.ask(Path(str(ready["control"])), "quit")
    assert process.returncode == 0


def test_without_a_card_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises((CardImageError, PrivateReaderError), match="--issue"):
        card_command.simulate_card(parsed("--folder", str(tmp_path)))


@pytest.mark.parametrize(
    "options", [("--delay-ms", "-1"), ("--delay-ms", "1e9"), ("--name", "x"), ("--sitter", "grace_hopper")]
)
def test_options_that_make_no_sense_are_one_sentence(issued_card: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        card_command.simulate_card(parsed("--folder", str(issued_card), *options))
