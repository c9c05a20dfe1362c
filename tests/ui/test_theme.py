"""Every text can be read on everything it may stand on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.ui import theme as themes
from kiosk.ui.theme import Theme, contrast, rgb
from kiosk.ui.widgets import Role

TEXT_ROLES = [role for role in Role if role is not Role.EDGE]


@pytest.fixture(params=["normal", "high_contrast"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def theme(name: str) -> Theme:
    return themes.load(name)


def test_contrast_is_wcag_s() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#FFFFFF")) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("role", TEXT_ROLES)
def test_text_has_at_least_seven_to_one_on_ground_and_sheet(theme: Theme, name: str, role: Role) -> None:
    least = 10 if name == "high_contrast" else 7
    assert contrast(theme.role(role), rgb(theme.ground)) >= least
    assert contrast(theme.role(role), rgb(theme.surface)) >= least


def test_words_in_buttons_have_at_least_seven_to_one_pressed_or_not(theme: Theme) -> None:
    for fill in (theme.primary, theme.primary_pressed):
        assert contrast(rgb(theme.on_primary), rgb(fill)) >= 7
    for ink in (theme.ink, theme.staff):
        assert contrast(rgb(ink), rgb(theme.surface_pressed)) >= 7


def test_edges_and_marks_have_at_least_three_to_one(theme: Theme) -> None:
    for colour in (theme.edge, theme.primary, theme.done):
        assert contrast(rgb(colour), rgb(theme.ground)) >= 3
    assert contrast(rgb(theme.primary), rgb(theme.track)) >= 3


def test_a_wrong_colour_is_told_by_its_role(theme: Theme) -> None:
    with pytest.raises(ValueError, match=r"ink: expected a colour"):
        replace(theme, ink="black")
