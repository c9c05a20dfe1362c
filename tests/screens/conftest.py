"""The panels every screen is judged on, and a `Ui` for each of them."""

from __future__ import annotations

import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from collections.abc import Callable, Mapping

import pytest

from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
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


@pytest.fixture(scope="session")
def lettering() -> Lettering:
    return Lettering()


@pytest.fixture(scope="session")
def make_ui(lettering: Lettering) -> MakeUi:
    catalogue = Catalogue.load("ja")
    return lambda panel: Ui(panel, catalogue, lettering, now=NOW)


@pytest.fixture(params=list(PANELS.values()), ids=list(PANELS))
def ui(request: pytest.FixtureRequest, make_ui: MakeUi) -> Ui:
    panel: Panel = request.param
    return make_ui(panel)
