"""A panel in millimetres: how much the design grows on it (domain/kiosk-ui.md section 4)."""

from __future__ import annotations

import pytest

from kiosk.ui.geometry import Panel


@pytest.mark.parametrize(
    ("panel", "scale"),
    [
        (Panel(800, 480, 7.0), 1.02),
        (Panel(1280, 800, 10.1), 1.45),
        (Panel(1920, 1080, 15.6), 2.0),
        (Panel(1080, 1920, 21.5), 2.0),
        (Panel(1080, 1920, 15.6), 1.49),
        (Panel(800, 1280, 10.1), 1.0),
        (Panel(480, 800, 7.0), 1.0),
    ],
)
def test_the_design_grows_with_the_panel_and_less_where_it_stands_upright_and_is_narrow(
    panel: Panel, scale: float
) -> None:
    assert panel.scale == pytest.approx(scale, abs=0.01)


@pytest.mark.parametrize("panel", [Panel(800, 480, 7.0), Panel(1280, 720, 7.0), Panel(800, 1280, 10.1)])
def test_the_smallest_panels_are_large_enough(panel: Panel) -> None:
    assert panel.why_too_small is None


@pytest.mark.parametrize(
    ("panel", "said"),
    [
        (
            Panel(800, 480, 5.0),
            "the panel is 109 x 65 mm (diagonal_inches: 5); one that lies must be at least 150 x 87 mm",
        ),
        (Panel(800, 1280, 8.0), "one that stands upright must be at least 130 x 205 mm"),
    ],
)
def test_a_panel_that_nothing_fits_on_is_told_in_millimetres(panel: Panel, said: str) -> None:
    assert said in str(panel.why_too_small)
