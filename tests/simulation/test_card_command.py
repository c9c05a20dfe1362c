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
from dataclasses import asdict
from pathlib import Path

import pytest

from kiosk.errors import UsageError
from kiosk.simulation import card_command, card_control, card_folder, patients
from kiosk.simulation.card_image import CardImageError
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.patients import Patient
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError

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
        told = {"ready", "socket", "control", "root", "kind", "pin", "check_number_b", "fingerprint"}
        assert told == ready.keys()
        assert Path(str(ready["root"])) == folder / "trust" / "auth-ca.pem"
        facts = asdict(card_folder.facts(folder))
        assert {name: ready[name] for name in facts} == facts
        holder = card_folder.holder(folder)
        assert holder is not None
        assert holder.name == "見本\u3000太郎"
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(ready["socket"])}
        named = subprocess.run(
            ["opensc-tool", "-l"], env=environment, capture_output=True, text=True, check=True, timeout=20
        )
        assert "Yes" in named.stdout
        assert process.stdin is not None
        process.stdin.close()
    assert process.returncode == 0
    assert not Path(str(ready["socket"])).exists()


def test_without_a_folder_any_kind_comes_up_and_nothing_stays(tmp_path: Path) -> None:
    options = ("--kind", "face_only", "--tear-after", "2", "--delay-ms", "5", "--inserted")
    patients_file = tmp_path / "patients.json"
    with simulated(*options, "--patients", str(patients_file)) as (process, ready):
        assert (ready["kind"], ready["pin"]) == ("face_only", None)
        folder = Path(str(ready["root"])).parent.parent
        assert folder.exists()
        status = card_control.ask(Path(str(ready["control"])), "status")
        assert (status["tear_in"], status["delay_ms"], status["placed"]) == (2, 5, True)
        card_control.ask(Path(str(ready["control"])), "kind infant")
        directory = patients.read(patients_file)
        assert [patient.copay_ratio for patient in directory.values()] == [30, 20]
        assert ready["fingerprint"] in directory
        process.terminate()
    assert process.returncode == 0
    assert not folder.exists()


def test_the_directory_keeps_who_stands_in_it(issued_card: Path, tmp_path: Path) -> None:
    known = {
        "0" * 64: Patient(answer="multiple"),
        card_folder.facts(issued_card).fingerprint: Patient(answer="invalid"),
    }
    patients.write(tmp_path / "patients.json", known)
    with PrivateReader(issued_card, patients=tmp_path / "patients.json") as reader:
        reader.kind("bank")
        reader.kind("foreign")
        foreign = reader.card().fingerprint
    directory = patients.read(tmp_path / "patients.json")
    assert {fingerprint: directory[fingerprint].answer for fingerprint in known} == {
        fingerprint: patient.answer for fingerprint, patient in known.items()
    }
    assert directory.keys() == {*known, foreign}
    assert directory[foreign].name_kana == "ｻﾝﾌﾟﾙ ﾏﾘｱ"


def test_help_lists_every_kind_in_a_line_of_its_own() -> None:
    parser = argparse.ArgumentParser()
    card_command.add_arguments(parser)
    lines = parser.format_help().splitlines()
    for kind in KINDS.values():
        assert [line for line in lines if line.split()[:1] == [kind.name] and line.endswith(kind.sentence)]


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
    "options",
    [
        ("--delay-ms", "-1"),
        ("--delay-ms", "1e9"),
        ("--tear-after", "-1"),
        ("--kind", "library"),
        ("--name", "x"),
        ("--sitter", "grace_hopper"),
        ("--issue", "--kind", "bank", "--name", "x"),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(issued_card: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        card_command.simulate_card(parsed("--folder", str(issued_card), *options))
