"""A few hundred fixed inputs for each fuzz target: that it runs, that its seeds are good, that it would find something."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.card import messages
from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError
from kiosk.face import photo
from kiosk.face.errors import PhotoError
from tests.fuzz import card_targets, face_targets
from tests.fuzz.run import with_hypothesis
from tests.fuzz.shelter import Died, Shelter
from tests.fuzz.targets import TARGETS


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
    bare = {"Watch", "Ready", "Removed", "Lost", "PinRight", "NewStudio", "HolderUnread"}
    assert kinds | bare == {cls.__name__ for cls in (*messages.Command.__args__, *messages.BoothMessage.__args__)}


def _without_a_promise() -> None:
    raise KeyError("an error nobody promised")


@pytest.mark.parametrize(
    ("does", "told"),
    [
        (lambda _: ctypes.string_at(0), "SIGSEGV"),
        (lambda _: os.abort(), "SIGABRT"),
        (lambda _: threading.Event().wait(), "no answer"),
        (lambda _: bytes(bytearray(b"x") * (80 << 20)), "MB"),
        (lambda _: _without_a_promise(), "KeyError"),
    ],
    ids=["crash", "abort", "hang", "memory", "error"],
)
def test_what_kills_or_hurts_the_child_is_found_and_the_next_input_runs(
    does: Callable[[bytes], object], told: str
) -> None:
    def target(content: bytes) -> None:
        if content == b"hostile":
            does(content)

    with contextlib.closing(Shelter(target, seconds=0.25, megabytes=50)) as sheltered:
        sheltered(b"harmless")
        with pytest.raises(Died, match=told):
            sheltered(b"hostile")
        sheltered(b"harmless")


def test_what_would_cost_a_decoder_seconds_and_gigabytes_never_reaches_it() -> None:
    hostile = list(face_targets.beyond_bounds())
    assert len(hostile) == 11
    for content in hostile:
        with pytest.raises(PhotoError, match=r"laid out|too many pieces|larger than"):
            photo.size(content)


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
