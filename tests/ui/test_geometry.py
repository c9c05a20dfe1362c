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
        (Panel(800, 1280, 10.1), 1.05),
        (Panel(480, 800, 7.0), 1.0),
    ],
)
def test_the_design_grows_with_the_panel_and_less_where_it_stands_upright_and_is_narrow(
    panel: Panel, scale: float
) -> None:
    assert panel.scale == pytest.approx(scale, abs=0.01)
