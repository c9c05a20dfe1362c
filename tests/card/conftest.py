"""What the tests of the card room share: keys that cost time, and a real pcscd with a virtual card."""

from __future__ import annotations

import functools
import os
import queue
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card.certificate import TrustStore
from kiosk.card.handle import Booth
from kiosk.card.messages import BoothMessage, Lost, Placed, Read, ReaderState, Ready, Removed
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.simulation import card_image, issuing, kinds
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.issuing import IssuedCard, Person
from kiosk.simulation.pcsc import PrivateReader
from tests.card import table_card
from tests.card.table_card import JP2, Authority

_Message = TypeVar("_Message", bound=BoothMessage)

DEADLINE = 20.0
"""Seconds until a test says that something will not come; nothing here takes a tenth of it."""


@pytest.fixture(scope="session")
def root() -> Authority:
    return table_card.authority()


@pytest.fixture(scope="session")
def stranger() -> Authority:
    """Another root with the same name."""
    return table_card.authority()


@pytest.fixture(scope="session")
def card_key() -> rsa.RSAPrivateKey:
    return table_card.new_key()


@pytest.fixture(scope="session")
def certificate(root: Authority, card_key: rsa.RSAPrivateKey) -> bytes:
    return table_card.certify(root, card_key)


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, IssuedCard]:
    """The folder of an issued virtual card and what its holder knows."""
    folder = tmp_path_factory.mktemp("card") / "issued"
    return folder, issuing.issue(folder, Person(), JP2)


@pytest.fixture(scope="session")
def virtual_card(issued: tuple[Path, IssuedCard]) -> Callable[[str], VirtualCard]:
    """Makes a fresh virtual card of a kind, all of them under the root of `issued`."""
    image = functools.cache(lambda kind: card_image.read(issuing.card_of(issued[0], kinds.named(kind))))
    return lambda kind: VirtualCard(image(kind))


@pytest.fixture(scope="session")
def issued_trust(issued: tuple[Path, IssuedCard]) -> TrustStore:
    return TrustStore.load((TrustedRoot(issued[0] / "trust" / "auth-ca.pem", simulated=True),))


@dataclass
class Visitor:
    """A booth with all around it, as a station and a patient see it."""

    booth: Booth
    studio: socket.socket
    said: queue.Queue[BoothMessage | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()

    def _listen(self) -> None:
        try:
            for message in self.booth.messages():
                self.said.put(message)
        finally:
            self.said.put(None)

    def hears(self, kind: type[_Message]) -> _Message:
        """The next thing the booth says, which must be of this kind."""
        message = self.said.get(timeout=DEADLINE)
        assert isinstance(message, kind), message
        return message

    def hears_an_empty_reader(self) -> None:
        """What is told at the first look; pcscd may still show a card that was pulled a moment ago."""
        first = self.said.get(timeout=DEADLINE)
        if isinstance(first, Placed):
            self.hears(Removed)
        else:
            assert isinstance(first, Removed), first

    def hears_the_card_go(self) -> None:
        """That it has gone in the middle of a command: where the watcher sees it first, that is the answer."""
        first = self.said.get(timeout=DEADLINE)
        if isinstance(first, Lost):
            self.hears(Removed)
        else:
            assert isinstance(first, Removed), first

    def hears_the_end(self) -> None:
        assert self.said.get(timeout=DEADLINE) is None

    def types(self, digits: str) -> None:
        for digit in digits:
            self.booth.type_digit(digit.encode())

    def sees_the_card(self) -> None:
        self.hears(Ready)
        self.booth.watch()
        assert self.hears(ReaderState) == ReaderState(usable=True, word="ok")
        self.hears(Placed)

    def reads_the_card(self) -> Read:
        self.sees_the_card()
        self.booth.read_card(1)
        return self.hears(Read)

    def leaves(self) -> None:
        self.booth.kill()
        self.listener.join(DEADLINE)
        self.studio.close()


@dataclass(frozen=True)
class Desk:
    """A private reader with a virtual card on it, and booths at will."""

    reader: PrivateReader
    issued: IssuedCard
    settings: CardSettings
    visitors: list[Visitor] = field(default_factory=list)

    def visitor(
        self, *, settings: CardSettings | None = None, check_number_b: str | None = None, traffic: bool = False
    ) -> Visitor:
        ours, theirs = socket.socketpair()
        known = self.issued.check_number_b if check_number_b is None else check_number_b
        ours.settimeout(DEADLINE)
        booth = Booth.spawn(settings or self.settings, theirs, check_number_b=known, traffic=traffic)
        visitor = Visitor(booth, ours)
        self.visitors.append(visitor)
        return visitor


def stack_cannot_run() -> str | None:
    """Why no private pcscd can be had on this machine; None where it can."""
    for program in ("pcscd", "unshare"):
        if shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
            return f"{program} is not installed"
    flags = ["--net", "--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--net", "--mount"]
    tried = subprocess.run(["unshare", *flags, "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "unshare is not allowed here"


@pytest.fixture(scope="session")
def new_stack(issued: tuple[Path, IssuedCard]) -> Iterator[Callable[..., PrivateReader]]:
    """Makes private readers that last as long as the tests do."""
    reason = stack_cannot_run()
    if reason is not None:
        pytest.skip(f"no real pcscd: {reason}")
    stacks: list[PrivateReader] = []

    def make(**options: object) -> PrivateReader:
        stack = PrivateReader(issued[0], **options)  # type: ignore[arg-type]
        stack.start()
        stacks.append(stack)
        return stack

    yield make
    for stack in stacks:
        stack.close()


@pytest.fixture(scope="session")
def shared_stack(new_stack: Callable[..., PrivateReader]) -> PrivateReader:
    return new_stack(inserted=True)


@pytest.fixture
def new_desk(issued: tuple[Path, IssuedCard], new_stack: Callable[..., PrivateReader]) -> Iterator[Callable[..., Desk]]:
    """Makes desks: a real pcscd each, or the one that is given, with the virtual card placed."""
    desks: list[Desk] = []
    own: list[PrivateReader] = []
    folder, card = issued

    def make(*, stack: PrivateReader | None = None, reader: str | None = None, **options: object) -> Desk:
        if stack is None:
            stack = new_stack(**{"inserted": True, **options})
            own.append(stack)
        trust = (TrustedRoot(folder / "trust" / "auth-ca.pem", simulated=True),)
        desk = Desk(stack, card, CardSettings(trust, reader, stack.socket))
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        for visitor in desk.visitors:
            visitor.leaves()
    for stack in own:
        stack.close()


@pytest.fixture
def desk(new_desk: Callable[..., Desk], shared_stack: PrivateReader) -> Desk:
    """A desk at the reader that many tests share: an ordinary card with all its tries lies on it, and nobody holds it.

    Whoever pulls the card waits until the booth has said so: pcscd 1.9 misses a card that is placed before it noticed.
    """
    shared_stack.delay(0)
    shared_stack.place("ordinary")
    await_that(lambda: shared_stack.tell("status")["seen"] is True)
    for password, left in {"pin": 3, "check_number_b": 10}.items():
        shared_stack.set_tries(password, left)
    return new_desk(stack=shared_stack)


def await_that(true: Callable[[], bool]) -> None:
    """Wait until it is true; fail if it does not come true."""
    deadline = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.01)
