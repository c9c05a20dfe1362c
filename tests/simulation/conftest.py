from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from kiosk.simulation.issuing import Person, issue
from kiosk.simulation.pcsc import PrivateReader
from kiosk.simulation.people import Sitter, photo_jp2


@pytest.fixture(scope="session")
def issued_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one issued card. What a card process changes (tries left) it forgets, so all tests may use it."""
    folder = tmp_path_factory.mktemp("issued") / "card"
    issue(folder, Person(), photo_jp2(Sitter.ASTRONAUT))
    return folder


@pytest.fixture
def private_reader(issued_card: Path) -> Iterator[PrivateReader]:
    """A private reader of the test's own with the issued card on it, every try left."""
    with PrivateReader(issued_card, inserted=True) as reader:
        yield reader


@pytest.fixture
def client_environment(private_reader: PrivateReader) -> Mapping[str, str]:
    """The environment of a process that is to be a client of `private_reader`. This process' own is left alone."""
    return {**os.environ, "PCSCLITE_CSOCK_NAME": str(private_reader.socket)}
