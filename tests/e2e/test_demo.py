"""The README's demo, as a newcomer runs it: each way once, and somebody who is not the card's holder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def demo(out: Path, *words: str) -> tuple[int, dict[str, object], str]:
    command = [sys.executable, "-m", "kiosk", "demo", "--headless", "--json", "--out", str(out), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    lines = done.stdout.strip().splitlines()
    assert len(lines) == 1, done.stdout + done.stderr
    return done.returncode, json.loads(lines[0]), done.stderr


@pytest.mark.parametrize("method", ["pin", "face", "visual"])
def test_a_patient_checks_in_and_the_board_shows_it(method: str, tmp_path: Path) -> None:
    code, told, words = demo(tmp_path, "--method", method)
    assert code == 0, words
    assert told["method"] == method
    assert told["validity"] == "valid"
    assert told["reception_seen"] is True
    assert str(told["checkin_id"]).count("-") == 4
    assert isinstance(told["card_to_reception_ms"], float)
    screens = told["screens"]
    assert isinstance(screens, list)
    assert screens[:3] == ["P00", "P01", "P02"]
    assert screens[-1] == "P00"
    pictures = {path.name.split("-")[1].removesuffix(".png") for path in tmp_path.glob("[0-9]*-*.png")}
    assert pictures == set(screens)
    assert (tmp_path / "board.png").stat().st_size > 10_000


@pytest.mark.parametrize("who", [("--impostor",), ("--scene", "photograph")], ids=" ".join)
def test_who_is_not_the_holder_is_not_checked_in_and_the_desk_is_told(who: tuple[str, ...], tmp_path: Path) -> None:
    code, told, words = demo(tmp_path, *who)
    assert code == 4, words
    assert told["checkin_id"] is None
    assert told["reception_seen"] is False
    helps = told["help_rows"]
    assert isinstance(helps, int)
    assert helps >= 1


@pytest.mark.parametrize(
    ("answer", "validity", "through"),
    [
        ("lost", "invalid", "P16"),
        ("unregistered", "valid", "P07"),
        ("late_elderly", "valid", "P08"),
        ("maintenance", "unconfirmed", "P16"),
    ],
)
def test_an_answer_of_the_centre_can_be_named(answer: str, validity: str, through: str, tmp_path: Path) -> None:
    code, told, words = demo(tmp_path, "--answer", answer)
    assert code == 0, words
    assert told["validity"] == validity
    screens = told["screens"]
    assert isinstance(screens, list)
    assert through in screens
    assert ("P08" in screens) == (validity == "valid")


def test_a_card_that_the_centre_refuses_does_not_check_in(tmp_path: Path) -> None:
    code, told, _ = demo(tmp_path, "--answer", "revoked")
    assert code == 4
    assert told["checkin_id"] is None
    screens = told["screens"]
    assert isinstance(screens, list)
    assert screens[-1] == "E06"
