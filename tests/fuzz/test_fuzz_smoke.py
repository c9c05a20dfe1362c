"""A few hundred fixed inputs for each fuzz target: that it runs, that its seeds are good, that it would find something."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.card import messages
from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError
from tests.fuzz import card_targets
from tests.fuzz.card_targets import TARGETS
from tests.fuzz.run import with_hypothesis


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_anything(name: str) -> None:
    outcome = with_hypothesis(TARGETS[name], cases=150, seconds=None)
    assert outcome.cases >= 150


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_a_target_pass(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for content in seeds:
        TARGETS[name].run(content)


def test_the_same_start_gives_the_same_inputs() -> None:
    def heard(start: int) -> list[bytes]:
        seen: list[bytes] = []
        target = card_targets.Target("ears", seen.append, TARGETS["tlv"].seeds)
        with_hypothesis(target, cases=20, seconds=None, start=start)
        return seen

    assert heard(1) == heard(1) != heard(2)


def test_a_parser_that_breaks_its_promise_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_: TrustStore, der: bytes) -> None:
        if len(der) > 100:
            raise KeyError("an error nobody promised")
        raise CardFormatError("no certificate")

    monkeypatch.setattr(TrustStore, "accept", careless)
    with pytest.raises(KeyError):
        with_hypothesis(TARGETS["certificate"], cases=50, seconds=None)


def test_every_packet_there_is_is_a_seed() -> None:
    kinds = {type(packet).__name__ for packet in (*card_targets.COMMANDS, *card_targets.MESSAGES)}
    bare = {"Watch", "Ready", "Removed", "Lost", "PinRight"}
    assert kinds | bare == {cls.__name__ for cls in (*messages.Command.__args__, *messages.BoothMessage.__args__)}


def test_the_command_says_what_it_did() -> None:
    script = Path(__file__).parent / "run.py"
    ran = subprocess.run(
        [sys.executable, str(script), "token", "--cases", "50", "--engine", "hypothesis"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "token" in ran.stdout
    assert "nothing but typed errors" in ran.stdout
