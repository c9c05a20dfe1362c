"""What the tests of the card room share: keys that cost time, and a real pcscd with a virtual card."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.card.handle import Booth
from kiosk.card.messages import BoothMessage, Placed, Read, ReaderState, Ready
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.simulation import issuing
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

    def visitor(self, *, settings: CardSettings | None = None, check_number_b: str | None = None) -> Visitor:
        ours, theirs = socket.socketpair()
        known = self.issued.check_number_b if check_number_b is None else check_number_b
        ours.settimeout(DEADLINE)
        booth = Booth.spawn(settings or self.settings, theirs, check_number_b=known)
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


@pytest.fixture
def new_desk(issued: tuple[Path, IssuedCard]) -> Iterator[Callable[..., Desk]]:
    """Makes desks: a real pcscd each, with the virtual card placed."""
    reason = stack_cannot_run()
    if reason is not None:
        pytest.skip(f"no real pcscd: {reason}")
    desks: list[Desk] = []
    folder, card = issued

    def make(*, delay_ms: float = 0, inserted: bool = True) -> Desk:
        reader = PrivateReader(folder, delay_ms=delay_ms, inserted=inserted)
        reader.start()
        trust = (TrustedRoot(folder / "trust" / "auth-ca.pem", simulated=True),)
        desk = Desk(reader, card, CardSettings(trust, pcsc_socket=reader.socket))
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        for visitor in desk.visitors:
            visitor.leaves()
        desk.reader.close()


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    return new_desk()
