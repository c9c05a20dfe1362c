"""Colours by role. `assets/themes/<name>.yaml` holds one theme: `role: "#RRGGBB"`, a line each."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from kiosk import settings
from kiosk.ui import assets
from kiosk.ui.widgets import Role

Colour = tuple[int, int, int]

_HEX = re.compile(r"#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as `#RRGGBB` (design/visual.md; contrast figures in domain/kiosk-ui.md section 5).

    `shadow` nothing: sheets have no shadow but an edge (a black ground shows none). `plate`: a colour that illustrations
    are laid on where their own colours would not show on the ground.
    """

    ground: str
    surface: str
    surface_pressed: str
    ink: str
    muted: str
    primary: str
    primary_pressed: str
    on_primary: str
    done: str
    trouble: str
    staff: str
    edge: str
    track: str
    """The part of a ring that is still to come, and what waits behind a picture that has not come yet."""
    shadow: str | None = None
    plate: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not _HEX.fullmatch(value):
                raise ValueError(f'{field.name}: expected a colour as "#RRGGBB"')

    def role(self, role: Role) -> Colour:
        """The colour of a widget's role."""
        return rgb(str(getattr(self, role.value)))


def load(name: str) -> Theme:
    """The theme `assets/themes/<name>.yaml`; raises `SettingsError`."""
    return settings.read(assets.folder("themes") / f"{name}.yaml", Theme)


def rgb(colour: str) -> Colour:
    """`#RRGGBB` as three channels, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: Colour, other: Colour) -> float:
    """Contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
