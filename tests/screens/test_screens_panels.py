"""The rules of design/visual.md on panels one can buy, beside the four that are judged in every language.

Each is built at every size it offers, in Japanese and in the languages with the longest words; no picture is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

import screens
from kiosk.ui import sizes
from kiosk.ui.geometry import Panel
from kiosk.ui.ui import Ui
from screens.examples import EXAMPLES
from tests.screens.test_screens_layout import (
    FIVE,
    assert_apart,
    assert_pictured,
    assert_titled,
    assert_touchable,
    assert_words_fit,
)

MakeForeignUi = Callable[[Panel, str], Ui]

PANELS: Mapping[str, Panel] = {
    "7-inch-1024x600": Panel(1024, 600, 7.0),
    "7-inch-1280x720": Panel(1280, 720, 7.0),
    "7-inch-1280x800": Panel(1280, 800, 7.0),
    "8-inch-1280x800": Panel(1280, 800, 8.0),
    "10.1-inch-1024x600": Panel(1024, 600, 10.1),
    "10.1-inch-1920x1200": Panel(1920, 1200, 10.1),
    "10.4-inch-1024x768": Panel(1024, 768, 10.4),
    "13.3-inch-1920x1080": Panel(1920, 1080, 13.3),
    "15-inch-1024x768": Panel(1024, 768, 15.0),
    "24-inch-1920x1080": Panel(1920, 1080, 24.0),
    "10.1-inch-upright": Panel(800, 1280, 10.1),
    "12.1-inch-upright": Panel(800, 1280, 12.1),
    "13.3-inch-upright": Panel(1080, 1920, 13.3),
    "15-inch-768x1024-upright": Panel(768, 1024, 15.0),
    "15.6-inch-upright": Panel(1080, 1920, 15.6),
    "32-inch-upright": Panel(1080, 1920, 32.0),
}
OFFERED = [(name, size) for name, panel in PANELS.items() for size in sizes.offered(panel)]
offered = pytest.mark.parametrize(("name", "size"), OFFERED, ids=[f"{name}-{size}" for name, size in OFFERED])


@offered
@pytest.mark.parametrize("language", ["ja", "tl", "vi"])
def test_every_screen_keeps_the_rules_on_panels_one_can_buy(
    language: str, name: str, size: str, make_foreign_ui: MakeForeignUi
) -> None:
    panel = PANELS[name]
    ui = replace(make_foreign_ui(panel, language), capital_mm=sizes.capital_mm(panel, size))
    faults = []
    for key, appliance in EXAMPLES.items():
        try:
            widgets = screens.build(appliance, ui)
            for rule in (assert_touchable, assert_apart, assert_titled, assert_words_fit):
                rule(widgets, ui)
            assert_pictured(widgets, ui, 4 if key == FIVE else 8)
        except AssertionError as fault:
            told = str(fault).partition("\nassert ")[0]
            faults.append(f"{key}: {told}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", PANELS)
def test_the_design_never_outgrows_a_panel(name: str) -> None:
    """What is drawn for a small panel fits on a larger one both ways, however its sides relate."""
    panel = PANELS[name]
    across, down = (130, 231) if panel.portrait else (150, 90)
    if panel.scale > 1:
        assert panel.scale * across <= panel.width / panel.px_per_mm + 1e-9
        assert panel.scale * down <= panel.height / panel.px_per_mm + 1e-9


@pytest.mark.parametrize("name", PANELS)
def test_every_panel_offers_larger_words(name: str) -> None:
    assert sizes.offered(PANELS[name])[:2] == ("standard", "large")
