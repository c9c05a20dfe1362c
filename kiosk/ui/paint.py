"""Draws each widget onto a pygame surface. All looks stand here; design/visual.md says why they are as they are."""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

import pygame

from kiosk.ui import live, shapes
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.illustrations import NOW, Illustrations
from kiosk.ui.scene import REST, WAITING_PHASES, Moment
from kiosk.ui.text import CAPITAL_MM, Ink, Lettering, TypeScale
from kiosk.ui.theme import Colour, Theme, rgb
from kiosk.ui.widgets import (
    Align,
    Button,
    Dots,
    Edge,
    Label,
    Live,
    Picture,
    SecretKey,
    Size,
    Steps,
    Surface,
    Waiting,
    Weight,
    Widget,
)

RADIUS_MM = 6.0
SHEET_RADIUS_MM = 6.0
EDGE_MM = 0.4
BUTTON_PADDING_MM = 2.5
"""Kept free at each side of a button's words."""
PICTURE_LINES = 1.4
"""Height of a button's picture in lines of its words: less room than this above them, and it stands beside them."""
LONG = 3.0
"""Width to height from which on a button counts as long and low."""
SHADOW_MM = 1.6
SHADOW_STRENGTH = 0.10
_ring = lru_cache(maxsize=64)(shapes.ring)


class Painter:
    """Draws widgets on one panel in one theme."""

    def __init__(
        self,
        panel: Panel,
        theme: Theme,
        lettering: Lettering,
        *,
        illustrations: Illustrations,
        picture: live.PictureSource,
        capital_mm: float = CAPITAL_MM,
    ) -> None:
        self.panel = panel
        self.theme = theme
        self.lettering = lettering
        self.illustrations = illustrations
        self.type_scale = TypeScale(panel, capital_mm)
        self._picture = picture

    def ground(self, on: pygame.Surface, rect: Rect) -> None:
        """Clear `rect` to the ground colour."""
        on.fill(rgb(self.theme.ground), (rect.x, rect.y, rect.w, rect.h))

    def reach(self, widget: Widget) -> Rect:
        """Every pixel that drawing the widget may touch: its rectangle, and a sheet's shadow around it."""
        if isinstance(widget, Surface) and self.theme.shadow:
            return widget.rect.inset(-2 * self.panel.mm(SHADOW_MM))
        if isinstance(widget, Button):
            return Rect(widget.rect.x, widget.rect.y, widget.rect.w, widget.rect.h + 1)
        return widget.rect

    def paint(self, on: pygame.Surface, widget: Widget, moment: Moment = REST) -> None:
        """Draw one widget."""
        match widget:
            case Label():
                self._label(on, widget)
            case Button():
                self._button(on, widget, moment.pressed)
            case SecretKey():
                self._secret_key(on, widget)
            case Dots():
                self._dots(on, widget)
            case Picture():
                self._illustration(on, widget.rect, widget.name + NOW * (moment.phase % 2), plate=False)
            case Live():
                newest = self._picture(widget.source)
                live.paint(on, widget, newest[1] if newest else None, self.theme, self.panel.mm(1))
            case Steps():
                self._steps(on, widget)
            case Waiting():
                self._waiting(on, widget, moment)
            case Surface():
                self._sheet(on, widget.rect)
            case Edge():
                self._edge(on, widget)
            case _:
                assert_never(widget)

    # -- words ---------------------------------------------------------------------------------------------------

    def _label(self, on: pygame.Surface, label: Label) -> None:
        ink = Ink(
            self.type_scale.px(label.size), self.type_scale.line(label.size), self.theme.role(label.role), label.bold
        )
        lines = self.lettering.lines(label.text, label.rect.w, ink.px, label.bold)
        self._lines(on, lines, label.rect, ink, align=label.align)

    def _lines(
        self, on: pygame.Surface, lines: tuple[str, ...], rect: Rect, ink: Ink, *, align: Align = Align.CENTRE
    ) -> None:
        for number, line in enumerate(lines):
            free = rect.w - self.lettering.width(line, ink.px, ink.bold) if align is Align.CENTRE else 0
            self.lettering.draw(on, line, (rect.x + free // 2, rect.y + number * ink.line), ink)

    def _middle(self, on: pygame.Surface, text: str, rect: Rect, size: Size, colour: Colour) -> None:
        ink = Ink(self.type_scale.px(size), self.type_scale.button_line(size), colour, bold=True)
        lines = self.lettering.lines(text, rect.w, ink.px, ink.bold)
        top = rect.y + (rect.h - ink.line * len(lines)) // 2
        self._lines(on, lines, Rect(rect.x, top, rect.w, rect.h), ink)

    # -- what can be touched -------------------------------------------------------------------------------------

    def _button(self, on: pygame.Surface, button: Button, pressed: bool) -> None:
        theme = self.theme
        rect = Rect(button.rect.x, button.rect.y + pressed, button.rect.w, button.rect.h)
        if button.weight is Weight.PRIMARY:
            ink = rgb(theme.on_primary)
            shapes.rounded(on, rect, self._radius(rect), rgb(theme.primary_pressed if pressed else theme.primary))
        else:
            staff = button.weight is Weight.STAFF
            ink, edge = (rgb(theme.staff),) * 2 if staff else (rgb(theme.ink), rgb(theme.edge))
            fill = rgb(theme.surface_pressed if pressed else theme.surface)
            shapes.rounded(on, rect, self._radius(rect), fill, edge=edge, px=self._edge_px())
        words = self._beside_picture(on, button, rect)
        self._middle(on, button.text, words, button.size, ink)

    def _beside_picture(self, on: pygame.Surface, button: Button, rect: Rect) -> Rect:
        place, words = button_parts(
            button, rect, self.type_scale.mm(BUTTON_PADDING_MM), self.type_scale, self.lettering
        )
        if place is not None and button.picture is not None:
            self._illustration(on, place, button.picture, plate=button.weight is Weight.PRIMARY)
        return words

    def _secret_key(self, on: pygame.Surface, key: SecretKey) -> None:
        theme = self.theme
        shapes.rounded(
            on, key.rect, self._radius(key.rect), rgb(theme.surface), edge=rgb(theme.edge), px=self._edge_px()
        )
        self._middle(on, key.secret, key.rect, Size.TITLE, rgb(theme.ink))

    # -- what shows something ------------------------------------------------------------------------------------

    def _dots(self, on: pygame.Surface, dots: Dots) -> None:
        ink, ground = rgb(self.theme.ink), rgb(self.theme.surface)
        radius = round(min(dots.rect.h * 0.36, dots.rect.w / dots.total * 0.3))
        for number, place in enumerate(dots.rect.columns(*[1.0] * dots.total)):
            thick = max(2, radius // 6)
            shapes.circle(on, place.centre, radius, ink if number < dots.filled else ground, edge=ink, px=thick)

    def _steps(self, on: pygame.Surface, steps: Steps) -> None:
        mark = steps_mark(steps.rect, self.type_scale)
        places = steps.rect.columns(*[1.0] * len(steps.names))
        middle = steps.rect.y + mark // 2
        thin, thick = max(2, mark // 12), max(4, mark // 5)
        theme = self.theme
        for number in range(len(places) - 1):
            start, end = places[number].centre[0] + mark // 2, places[number + 1].centre[0] - mark // 2
            passed = number < steps.now
            height = thick - thick % 2 if passed else thin
            colour = rgb(theme.done if passed else theme.edge)
            on.fill(colour, (start + thin, middle - height // 2, end - start - 2 * thin, height))
        for number, (name, place) in enumerate(zip(steps.names, places, strict=True)):
            centre = place.centre[0], middle
            if number < steps.now:
                shapes.circle(on, centre, mark // 2, rgb(theme.done))
                on.blit(shapes.check(mark, rgb(theme.surface)), (centre[0] - mark // 2, centre[1] - mark // 2))
            elif number == steps.now:
                shapes.circle(on, centre, mark // 2, rgb(theme.surface), edge=rgb(theme.primary), px=thick)
            else:
                shapes.circle(on, centre, mark // 2, rgb(theme.surface), edge=rgb(theme.edge), px=thin)
            now = number == steps.now
            line = self.type_scale.button_line(Size.CAPTION)
            ink = Ink(self.type_scale.px(Size.CAPTION), line, rgb(theme.ink if now else theme.muted), bold=now)
            wide = self.lettering.width(name, ink.px, ink.bold)
            x = max(steps.rect.x, min(place.x + (place.w - wide) // 2, steps.rect.right - wide))
            self._lines(on, (name,), Rect(x, steps.rect.bottom - line, wide, line), ink)

    def _waiting(self, on: pygame.Surface, waiting: Waiting, moment: Moment) -> None:
        side = min(waiting.rect.w, waiting.rect.h)
        start = moment.phase / WAITING_PHASES
        thick = max(4, side // 12)
        drawn = _ring((side, side), thick, (start, start + 0.25), rgb(self.theme.primary), rgb(self.theme.track))
        x, y = waiting.rect.x + (waiting.rect.w - side) // 2, waiting.rect.y + (waiting.rect.h - side) // 2
        on.blit(drawn, (x, y))
        if moment.seconds is not None:
            size = next((size for size in (Size.TITLE, Size.BODY) if side > 3 * self.type_scale.px(size)), Size.CAPTION)
            self._middle(on, str(moment.seconds), Rect(x, y, side, side), size, rgb(self.theme.ink))

    def _illustration(self, on: pygame.Surface, rect: Rect, name: str, *, plate: bool) -> None:
        edge = self.panel.mm(1) if plate or self.theme.plate else 0
        drawn = self.illustrations.fitted(name, rect.w - 2 * edge, rect.h - 2 * edge)
        x, y = rect.x + (rect.w - drawn.get_width()) // 2, rect.y + (rect.h - drawn.get_height()) // 2
        if edge:
            # On a dark screen the plate is no larger than its picture: a large white one would dazzle beside the words.
            around = Rect(x, y, *drawn.get_size()).inset(-edge) if self.theme.plate else rect
            shapes.rounded(on, around, self.panel.mm(2), rgb(self.theme.plate or self.theme.surface))
        on.blit(drawn, (x, y), special_flags=pygame.BLEND_PREMULTIPLIED)

    def _sheet(self, on: pygame.Surface, rect: Rect) -> None:
        radius = min(self.panel.mm(SHEET_RADIUS_MM), rect.w // 2, rect.h // 2)
        surface = rgb(self.theme.surface)
        if self.theme.shadow is None:
            shapes.rounded(on, rect, radius, surface, edge=rgb(self.theme.edge), px=self._edge_px())
            return
        spread = self.panel.mm(SHADOW_MM)
        lower = Rect(rect.x, rect.y + spread // 3, rect.w, rect.h)
        shapes.shadow(on, lower, radius, spread=spread, colour=rgb(self.theme.shadow), strength=SHADOW_STRENGTH)
        shapes.rounded(on, rect, radius, surface)

    def _edge(self, on: pygame.Surface, edge: Edge) -> None:
        colour, px, rect = self.theme.role(edge.role), self.panel.mm(edge.mm), edge.rect
        # Around the whole panel the corners are the panel's; around a button they follow the button's.
        round_ = 0 if rect == self.panel.area else self._radius(rect.inset(px)) + px
        if round_:
            corners = _ring((2 * round_, 2 * round_), px, (0.0, 1.0), colour, colour, radius=round_)
            for column, at_x in ((0, rect.x), (round_, rect.right - round_)):
                for row, at_y in ((0, rect.y), (round_, rect.bottom - round_)):
                    on.blit(corners, (at_x, at_y), (column, row, round_, round_))
        straight_w, straight_h = rect.w - 2 * round_, rect.h - 2 * max(px, round_)
        for x, y, w, h in (
            (rect.x + round_, rect.y, straight_w, px),
            (rect.x + round_, rect.bottom - px, straight_w, px),
            (rect.x, rect.y + max(px, round_), px, straight_h),
            (rect.right - px, rect.y + max(px, round_), px, straight_h),
        ):
            on.fill(colour, (x, y, w, h))

    def _radius(self, rect: Rect) -> int:
        return min(self.panel.mm(RADIUS_MM), rect.h // 2, rect.w // 2)

    def _edge_px(self) -> int:
        return max(2, self.panel.mm(EDGE_MM))


def steps_mark(rect: Rect, scale: TypeScale) -> int:
    """Diameter of a step's mark: what the names below leave, at most 5 design millimetres, and even."""
    left = rect.h - scale.button_line(Size.CAPTION)
    return max(8, min(scale.mm(5), left)) // 2 * 2


def button_parts(
    button: Button, rect: Rect, padding: int, scale: TypeScale, lettering: Lettering
) -> tuple[Rect | None, Rect]:
    """Where a button's picture (if it has one) and its words stand.

    The picture is above the words where there is room for it, beside them in a long low button where they fit in as few
    lines, and beside them anyway in a low one.
    """
    inner = rect.inset(padding, padding // 2)
    if button.picture is None:
        return None, inner
    px, height = scale.px(button.size), scale.button_line(button.size)
    above_h = height * lettering.line_count(button.text, inner.w, px, bold=True)
    side = min(inner.h, round(PICTURE_LINES * height))
    free = inner.w - side - padding
    beside = lettering.lines(button.text, free, px, bold=True)
    low = rect.w >= LONG * rect.h and len(beside) * height <= above_h
    if inner.h - above_h >= PICTURE_LINES * height and not low:
        words = Rect(inner.x, inner.bottom - above_h, inner.w, above_h)
        return Rect(inner.x, inner.y + padding // 4, inner.w, inner.h - above_h - padding // 4), words
    words_w = max((lettering.width(line, px, bold=True) for line in beside), default=0)
    left = inner.x + max(0, (free - words_w) // 2)
    place = Rect(left, inner.y + (inner.h - side) // 2, side, side)
    return place, Rect(place.right + padding, inner.y, min(words_w, free), inner.h)
