"""What the ui tests share: panels, one set of faces, a display without a screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.ui.display import Display
from kiosk.ui.geometry import Panel
from kiosk.ui.live import Frame
from kiosk.ui.messages import Catalogue
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import LiveSource


@pytest.fixture(scope="session")
def lettering() -> Lettering:
    return Lettering()


@pytest.fixture
def panel() -> Panel:
    return Panel(1280, 800, 10.1)


@pytest.fixture
def ui(panel: Panel, lettering: Lettering) -> Ui:
    return Ui(panel, Catalogue("ja", {}), lettering)


@pytest.fixture
def preview() -> dict[LiveSource, tuple[int, Frame]]:
    """The newest picture of each source: stands where the camera preview is."""
    return {}


@pytest.fixture
def display(
    monkeypatch: pytest.MonkeyPatch, lettering: Lettering, preview: dict[LiveSource, tuple[int, Frame]]
) -> Iterator[Display]:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    opened = Display(DisplaySettings(800, 480, 7.0), picture=preview.get, lettering=lettering)
    yield opened
    opened.close()
