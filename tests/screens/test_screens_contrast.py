"""Contrast as it is seen: every text of every screen, measured on the pixels that the panel would show.

WCAG 2.2 1.4.6 and VVSG 2.0 ask for 7 to 1 and for 10 to 1 (domain/kiosk-ui.md section 5); high contrast means 21 to 1, white
on black, for all but what a colour says too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pygame
import pytest

import screens
from kiosk.ui import offscreen
from kiosk.ui import theme as themes
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.paint import BUTTON_PADDING_MM, button_parts
from kiosk.ui.theme import Colour, contrast
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Role, SecretKey, Size, Steps, Weight, Widget
from screens.examples import EXAMPLES, NOW
from screens.tour import PANELS, THEMES

MakeUi = Callable[[Panel], Ui]
LEAST = {"normal": 7.0, "high_contrast": 10.0}
WHITE_ON_BLACK = 20.99
PLAIN = (Role.INK, Role.MUTED)


@pytest.fixture(scope="module")
def illustrations() -> Illustrations:
    return Illustrations()


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("key", EXAMPLES)
def test_every_text_stands_out_from_what_it_stands_on(
    key: str, name: str, make_ui: MakeUi, illustrations: Illustrations
) -> None:
    ui, theme = make_ui(PANELS["10-inch"]), themes.load(name)
    widgets = screens.build(EXAMPLES[key], ui)
    surface = offscreen.render(widgets, ui.panel, theme, lettering=ui.lettering, illustrations=illustrations, now=NOW)
    pixels = pygame.surfarray.array3d(surface)
    for words, rect, plain in texts(widgets, ui):
        ground, ink = two_colours(pixels, rect)
        least = WHITE_ON_BLACK if plain and name == "high_contrast" else LEAST[name]
        assert contrast(ground, ink) >= least, (words, ground, ink)


def texts(widgets: list[Widget], ui: Ui) -> Iterator[tuple[str, Rect, bool]]:
    """Each text, the rectangle it is drawn in, and whether it has no colour of its own."""
    for widget in widgets:
        match widget:
            case Label():
                yield widget.text, widget.rect, widget.role in PLAIN
            case Button():
                padding = ui.type_scale.mm(BUTTON_PADDING_MM)
                _, words = button_parts(widget, widget.rect, padding, ui.type_scale, ui.lettering)
                yield widget.text, words, widget.weight is Weight.PLAIN
            case SecretKey():
                yield "a PIN key", widget.rect.inset(ui.mm(BUTTON_PADDING_MM)), True
            case Steps():
                line = ui.type_scale.button_line(Size.CAPTION)
                low = Rect(widget.rect.x, widget.rect.bottom - line, widget.rect.w, line)
                places = [low] if sum(map(bool, widget.names)) == 1 else low.columns(*[1.0] * len(widget.names))
                names = [name for name in widget.names if name]
                yield from ((name, place, True) for name, place in zip(names, places, strict=True))
            case _:
                pass


def two_colours(pixels: np.typing.NDArray[np.uint8], rect: Rect) -> tuple[Colour, Colour]:
    """The two colours that most pixels have: the ground, and the inside of the strokes (their edges blend the two)."""
    inside = pixels[rect.x : rect.right, rect.y : rect.bottom].reshape(-1, 3).astype(np.uint32)
    packed = inside[:, 0] << 16 | inside[:, 1] << 8 | inside[:, 2]
    colours, counts = np.unique(packed, return_counts=True)
    ground, ink = colours[np.argsort(counts)[::-1][:2]].tolist()
    return unpacked(ground), unpacked(ink)


def unpacked(colour: int) -> Colour:
    return colour >> 16, colour >> 8 & 255, colour & 255


def test_a_pale_text_would_be_found(make_ui: MakeUi) -> None:
    """The measure itself: grey on white is 3.5 to 1."""
    ui = make_ui(PANELS["10-inch"])
    surface = pygame.Surface((400, 100), depth=32)
    surface.fill((255, 255, 255))
    font = pygame.font.Font(str(ui.lettering.faces.of(bold=False, language="ja")[0]), 40)
    surface.blit(font.render("受付へどうぞ", True, (136, 136, 136)), (10, 10))
    ground, ink = two_colours(pygame.surfarray.array3d(surface), Rect(0, 0, 400, 100))
    assert ground == (255, 255, 255)
    assert contrast(ground, ink) == pytest.approx(3.54, abs=0.02)
