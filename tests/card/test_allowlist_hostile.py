"""Hostile callers against the allow-list, with the virtual card's own audit as judge: nothing forbidden ever arrives.

The audit is written from domain/mynumber-card.md sections 0 and 4 in a room that never saw `kiosk.card`.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kiosk.card.allowlist import DIGEST_INFO_SHA256, AllowList
from kiosk.card.apdu import Apdu
from kiosk.card.errors import CardError, CardGoneError
from kiosk.simulation import card_image
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.card_image import CardImage
from kiosk.simulation.issuing import IssuedCard
from tests.card.table_card import COMMON, JPKI, JUKI, SURFACE, TEXT

NUMBER = b"123456789018"
"""What the virtual card keeps where a real one keeps the 12-digit number."""


@dataclass
class RealCard:
    """The virtual card under the allow-list; what it answers may be kept back, lied about, or lost on the way.

    `lie`: the status word told instead. `deaf`: the command never arrives. `gone`: it arrives and the line breaks.
    """

    card: VirtualCard
    lie: int | None = None
    deaf: bool = False
    gone: bool = False
    meddle: Callable[[], None] = lambda: None
    arrived: list[bytes] = field(default_factory=list)

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        self.meddle()
        if not self.deaf:
            self.arrived.append(bytes(apdu))
        answer = b"\x90\x00" if self.deaf else self.card.transmit(bytes(apdu))
        if self.gone:
            raise CardGoneError("pulled")
        told = int.from_bytes(answer[-2:], "big")
        return answer[:-2], told if self.lie is None else self.lie


@pytest.fixture(scope="session")
def image(issued: tuple[Path, IssuedCard]) -> CardImage:
    return card_image.read(issued[0])


LEGAL = [
    b"\x00\xa4\x04\x0c\x0a" + JPKI,
    b"\x00\xa4\x04\x0c\x0a" + SURFACE,
    *(b"\x00\xa4\x02\x0c\x02\x00" + bytes([file]) for file in (0x02, 0x06, 0x0A, 0x12, 0x17, 0x18)),
    b"\x00\xa4\x04\x0c\x0a" + TEXT,
    b"\x00\xa4\x02\x0c\x02\x00\x15",
    b"\x00\xb0\x00\x00\x00",
    b"\x00\xb0\x00\x00\x20",
    b"\x00\xb0\x01\x00\x00\x10\x00",
    b"\x00\x20\x00\x80",
    b"\x00\x20\x00\x80\x041234",
    b"\x00\x20\x00\x80\x0e55021720352285",
    b"\x80\x2a\x00\x80\x33" + DIGEST_INFO_SHA256 + bytes(32) + b"\x00",
    b"\x00\xc0\x00\x00\x10",
]
"""Every form of command the product sends."""

OPENINGS = [
    [LEGAL[0], LEGAL[4]],
    [LEGAL[0], LEGAL[7]],
    [LEGAL[0], LEGAL[7], b"\x00\x20\x00\x80\x041234", LEGAL[6]],
    [LEGAL[1], LEGAL[5]],
    [LEGAL[1], LEGAL[5], b"\x00\x20\x00\x80\x0e55021720352285", LEGAL[2]],
    [LEGAL[8], LEGAL[9]],
    [LEGAL[8], LEGAL[9], b"\x00\x20\x00\x80\x0e55021720352285"],
    [LEGAL[8], LEGAL[9], b"\x00\x20\x00\x80\x0e55021720352285", LEGAL[2]],
]
"""How far the product itself goes: the certificate, the PIN, the key behind it, check number B, photo and name behind it."""

GRAMMAR = re.compile(
    rb"\x00\xa4\x04\x0c\x0a(%b|%b|%b)|\x00\xa4\x02\x0c\x02\x00[\x02\x06\x0a\x12\x15\x17\x18]|"
    rb"\x00\xb0[\x00-\x7f].(.|\x00..)|\x00\x20\x00\x80(\x04[0-9]{4}|\x0e[0-9]{14})?|"
    rb"\x80\x2a\x00\x80\x33%b.{32}\x00|\x00\xc0\x00\x00."
    % (re.escape(JPKI), re.escape(SURFACE), re.escape(TEXT), re.escape(DIGEST_INFO_SHA256)),
    re.DOTALL,
)
"""All that may ever arrive, whatever is selected."""

HOSTILE = [
    *(b"\x00\xa4\x04\x0c" + bytes([len(aid)]) + aid for aid in (JUKI, COMMON, JPKI[:5], SURFACE[:9], TEXT[:9])),
    *(b"\x00\xa4\x02\x0c\x02\x00" + bytes([file]) for file in (0x01, 0x03, 0x05, 0x11, 0x13, 0x14, 0x1B, 0x1C)),
    *(bytes([0x00, 0xB0, 0x80 | file, 0x00, 0x00]) for file in range(0x20)),
    *(bytes([0x00, 0x20, 0x00, 0x80 | file]) for file in range(1, 0x20)),
    b"\x00\x20\x00\x80\x0c" + NUMBER,
    b"\x00\x20\x00\x93\x0c" + NUMBER,
    b"\x00\x20\x00\x94\x0c" + NUMBER,
    b"\x00\x20\x00\x80\x00\x00\x0c" + NUMBER,
    b"\x00\xa4\x02\x00\x02\x00\x13",
    b"\x00\xa4\x00\x00",
    b"\x0c\xa4\x02\x0c\x02\x00\x05",
]


def mutated(command: bytes, at: int, put: bytes, cut: int) -> bytes:
    """`command` with `cut` bytes at `at` replaced."""
    at %= len(command) + 1
    return command[:at] + put + command[at + cut :]


COMMANDS = st.one_of(
    st.sampled_from(LEGAL),
    st.sampled_from(HOSTILE),
    st.builds(
        mutated, st.sampled_from([*LEGAL, *HOSTILE]), st.integers(0, 60), st.binary(max_size=3), st.integers(0, 3)
    ),
    st.binary(max_size=30),
)
LIES = st.sampled_from([0x9000, 0x6100, 0x6110, 0x6A82, 0x6982, 0x63C1, 0x6C10, 0x6F00, 0x6283])


@pytest.fixture(scope="session")
def machine(image: CardImage) -> type[RuleBasedStateMachine]:
    class Caller(RuleBasedStateMachine):
        """Callers, cards that lie and lines that break, in any order."""

        @initialize()
        def begin(self) -> None:
            self.real = RealCard(VirtualCard(image))
            self.guarded = AllowList(self.real)

        def _send(self, command: Apdu) -> None:
            with contextlib.suppress(CardError):
                self.guarded.transmit(command)

        @rule(command=COMMANDS)
        def sends(self, command: bytes) -> None:
            self._send(command)

        @rule(opening=st.sampled_from(OPENINGS), then=st.lists(COMMANDS, min_size=1, max_size=4))
        def approaches(self, opening: list[bytes], then: list[bytes]) -> None:
            for command in [*opening, *then]:
                self._send(command)

        @rule(command=COMMANDS, lie=LIES)
        def hears_a_lie(self, command: bytes, lie: int) -> None:
            self.real.lie = lie
            self._send(command)
            self.real.lie = None

        @rule(command=COMMANDS)
        def is_not_heard(self, command: bytes) -> None:
            self.real.deaf = True
            self._send(command)
            self.real.deaf = False

        @rule(command=COMMANDS)
        def loses_the_line(self, command: bytes) -> None:
            self.real.gone = True
            self._send(command)
            self.real.gone = False

        @rule(command=COMMANDS, later=COMMANDS)
        def changes_the_command_while_it_is_on_its_way(self, command: bytes, later: bytes) -> None:
            mine = bytearray(command)

            def change() -> None:
                mine[:] = later

            self.real.meddle = change
            self._send(mine)
            self.real.meddle = lambda: None

        @rule()
        def the_card_loses_power(self) -> None:
            self.real.card.reset()

        @invariant()
        def nothing_forbidden_arrived(self) -> None:
            real = getattr(self, "real", None)
            if real is not None:
                assert real.card.audit == []
                assert [command for command in real.arrived if not GRAMMAR.fullmatch(command)] == []
                real.arrived.clear()

    Caller.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
    return Caller


def test_nothing_forbidden_ever_arrives(machine: type[RuleBasedStateMachine]) -> None:
    machine.TestCase("runTest").debug()


@settings(max_examples=300, deadline=None)
@given(commands=st.lists(COMMANDS, max_size=40))
def test_the_judge_is_awake(commands: list[bytes], image: CardImage) -> None:
    """Without the allow-list the same callers do reach what is forbidden; with it, never."""
    bare, guarded = VirtualCard(image), RealCard(VirtualCard(image))
    watched = AllowList(guarded)
    for command in commands:
        bare.transmit(command)
        with contextlib.suppress(CardError):
            watched.transmit(command)
    assert guarded.card.audit == []
    assert len(guarded.arrived) == watched.passed <= len(commands)


def test_every_hostile_command_is_noted_by_a_bare_card_and_stopped_by_the_list(image: CardImage) -> None:
    approaches = [
        [b"\x00\xa4\x04\x0c\x0a" + TEXT, b"\x00\xa4\x02\x0c\x02\x00\x01"],
        [b"\x00\xa4\x04\x0c\x0a" + TEXT, b"\x00\xb0\x83\x00\x00"],
        [b"\x00\xa4\x04\x0c\x0a" + SURFACE, b"\x00\xb0\x85\x00\x00"],
        [b"\x00\xa4\x04\x0c\x0a" + SURFACE, b"\x00\x20\x00\x93"],
        [b"\x00\xa4\x04\x0c\x0a" + JUKI],
        [b"\x00\xa4\x04\x0c\x0a" + COMMON],
        [b"\x00\x20\x00\x80\x0c" + NUMBER],
    ]
    for commands in approaches:
        bare, real = VirtualCard(image), RealCard(VirtualCard(image))
        guarded = AllowList(real)
        for command in commands:
            bare.transmit(command)
            with contextlib.suppress(CardError):
                guarded.transmit(command)
        assert len(bare.audit) == 1, commands
        assert real.card.audit == []


def test_a_command_that_another_thread_keeps_changing_is_checked_as_it_is_sent(image: CardImage) -> None:
    real = RealCard(VirtualCard(image))
    guarded = AllowList(real)
    mine, done = bytearray(LEGAL[1]), threading.Event()
    faces = [LEGAL[1], HOSTILE[0], HOSTILE[1], LEGAL[0]]

    def change() -> None:
        while not done.is_set():
            for face in faces:
                mine[-10:] = face[-10:]

    meddler = threading.Thread(target=change)
    meddler.start()
    try:
        for _ in range(3000):
            with contextlib.suppress(CardError):
                guarded.transmit(mine)
    finally:
        done.set()
        meddler.join()
    assert real.card.audit == []
    assert set(real.arrived) <= {LEGAL[0], LEGAL[1]}


def test_two_callers_are_never_on_the_line_at_once(image: CardImage) -> None:
    real = RealCard(VirtualCard(image))
    guarded = AllowList(real)
    on_the_line, second = threading.Event(), threading.Event()

    def wait_for_a_second() -> None:
        if not on_the_line.is_set():
            on_the_line.set()
            second.wait(0.1)
        else:
            second.set()

    real.meddle = wait_for_a_second
    first = threading.Thread(target=guarded.transmit, args=(LEGAL[0],))
    first.start()
    assert on_the_line.wait(5)
    guarded.transmit(LEGAL[1])
    first.join()
    # What another caller selects in between would be what a checked command finds selected.
    assert real.arrived == [LEGAL[0], LEGAL[1]]


def test_callers_on_several_threads_cost_no_try(image: CardImage) -> None:
    real = RealCard(VirtualCard(image))
    guarded = AllowList(real)
    left = real.card.tries(JPKI, 0x18), real.card.tries(SURFACE, 0x12)
    pin, check_number_b = b"\x00\x20\x00\x80\x041234", b"\x00\x20\x00\x80\x0e55021720352285"

    def call(*commands: bytes) -> None:
        for _ in range(300):
            for command in commands:
                with contextlib.suppress(CardError):
                    guarded.transmit(command)

    callers = [
        threading.Thread(target=call, args=(LEGAL[0], LEGAL[7], pin)),
        threading.Thread(target=call, args=(LEGAL[1], LEGAL[5], check_number_b)),
    ]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    finally:
        sys.setswitchinterval(interval)
    # Four digits at check number B, or fourteen at the PIN, would have cost one.
    assert left == (real.card.tries(JPKI, 0x18), real.card.tries(SURFACE, 0x12))
    assert real.card.audit == []
