from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.ui.settings import DisplaySettings


def test_nothing_set_is_a_ten_inch_panel_at_the_desktop_s_size() -> None:
    assert settings.from_mapping({}, DisplaySettings, where="kiosk.yaml", base=Path()) == DisplaySettings()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"diagonal_inches": 2}, "diagonal_inches: 2 is no touch panel"),
        ({"width": 800}, "width and height together"),
        ({"width": 10, "height": 10}, "width: 10 pixels"),
        ({"theme": "dark"}, "one of: normal, high_contrast"),
    ],
)
def test_a_wrong_panel_is_one_sentence(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        settings.from_mapping(wrong, DisplaySettings, where="kiosk.yaml", base=Path())
