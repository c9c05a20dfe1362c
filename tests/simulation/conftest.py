from __future__ import annotations

from collections.abc import Iterator
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
