"""Pictures of screens, for tests and the tour. The kiosk itself never imports this: nothing in `display` makes one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pygame

from kiosk.ui import theme as themes
from kiosk.ui.geometry import Panel
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.live import PictureSource
from kiosk.ui.paint import Painter
from kiosk.ui.scene import appearance
from kiosk.ui.text import CAPITAL_MM, Lettering
from kiosk.ui.theme import Theme
from kiosk.ui.widgets import LiveSource, Target, Widget


def render(
    widgets: Sequence[Widget],
    panel: Panel,
    theme: Theme | None = None,
    *,
    lettering: Lettering | None = None,
    illustrations: Illustrations | None = None,
    picture: PictureSource | None = None,
    now: float = 0.0,
    pressed: frozenset[Target] = frozenset(),
    capital_mm: float = CAPITAL_MM,
) -> pygame.Surface:
    """The widgets drawn as the panel would show them at `now` (monotonic seconds). Opens no window."""
    painter = Painter(
        panel,
        theme or themes.load("normal"),
        lettering or Lettering(),
        illustrations=illustrations or Illustrations(),
        picture=picture or _no_picture,
        capital_mm=capital_mm,
    )
    surface = pygame.Surface((panel.width, panel.height), depth=32)
    painter.ground(surface, panel.area)
    for widget in widgets:
        painter.paint(surface, widget, appearance(widget, now, pressed=pressed).moment)
    return surface


def save_png(surface: pygame.Surface, path: Path) -> None:
    """Write the picture as a PNG file."""
    pygame.image.save(surface, str(path))


def _no_picture(_: LiveSource) -> None:
    return None
