"""The panels every screen is judged on, and a `Ui` for each of them, in Japanese or any other language."""

from __future__ import annotations

import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from collections.abc import Callable, Mapping
from functools import lru_cache

import pytest

from kiosk.ui.geometry import Panel
from kiosk.ui.messages import JAPANESE, Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from screens.examples import NOW

PANELS: Mapping[str, Panel] = {
    "7-inch": Panel(800, 480, 7.0),
    "10-inch": Panel(1280, 800, 10.1),
    "15-inch": Panel(1920, 1080, 15.6),
    "portrait": Panel(1080, 1920, 21.5),
}

MakeUi = Callable[[Panel], Ui]
MakeForeignUi = Callable[[Panel, str], Ui]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write down how every screen looks now (tests/golden)"
    )


@pytest.fixture(scope="session")
def lettering() -> Lettering:
    return Lettering()


@pytest.fixture(scope="session")
def make_foreign_ui(lettering: Lettering) -> MakeForeignUi:
    """A `Ui` for a panel and a language; every language keeps a lettering of its own."""

    @lru_cache
    def spoken(language: str) -> tuple[Catalogue, Lettering]:
        own = lettering if language == JAPANESE else Lettering(lettering.faces, language)
        return Catalogue.load(language), own

    return lambda panel, language: Ui(panel, *spoken(language), now=NOW)


@pytest.fixture(scope="session")
def make_ui(make_foreign_ui: MakeForeignUi) -> MakeUi:
    return lambda panel: make_foreign_ui(panel, JAPANESE)


@pytest.fixture(params=list(PANELS.values()), ids=list(PANELS))
def ui(request: pytest.FixtureRequest, make_ui: MakeUi) -> Ui:
    panel: Panel = request.param
    return make_ui(panel)


@pytest.fixture(params=list(PANELS.values()), ids=list(PANELS))
def panel(request: pytest.FixtureRequest) -> Panel:
    panel: Panel = request.param
    return panel
