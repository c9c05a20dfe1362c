"""Whether words fit where a screen puts them: what layout tests ask of every screen, panel and language."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.ui.geometry import Rect
from kiosk.ui.lines import phrases
from kiosk.ui.paint import BUTTON_PADDING_MM, button_parts, steps_mark
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, SecretKey, Size, Steps, Widget


def misfits(widgets: Iterable[Widget], ui: Ui) -> list[str]:
    """One sentence for each text that is too large for its place, is cut within a phrase, or lacks a glyph."""
    return [f"{type(widget).__name__} {words!r}: {told}" for widget in widgets for words, told in _told(widget, ui)]


def fits(button: Button, ui: Ui) -> bool:
    """Whether a button holds its words, none of them cut within a phrase."""
    padding, line = ui.type_scale.mm(BUTTON_PADDING_MM), ui.type_scale.button_line(button.size)
    _, words = button_parts(button, button.rect, padding, ui.type_scale, ui.lettering)
    high = ui.line_count(button.text, words.w, button.size, bold=True) * line
    return high <= words.h and ui.longest_phrase(button.text, button.size, bold=True) <= words.w


def _told(widget: Widget, ui: Ui) -> list[tuple[str, str]]:
    scale = ui.type_scale
    match widget:
        case Label():
            line = scale.line(widget.size)
            told = _block(widget.text, widget.rect, widget.size, line, bold=widget.bold, ui=ui)
        case Button():
            padding = ui.mm(BUTTON_PADDING_MM)
            _, words = button_parts(widget, widget.rect, padding, scale, ui.lettering)
            told = _block(widget.text, words, widget.size, scale.button_line(widget.size), bold=True, ui=ui)
        case SecretKey():
            line = scale.button_line(Size.TITLE)
            return [("a PIN key", told) for told in _block("0", widget.rect, Size.TITLE, line, bold=True, ui=ui)]
        case Steps():
            return _steps(widget, ui)
        case _:
            return []
    return [(widget.text, sentence) for sentence in told]


def _block(text: str, rect: Rect, size: Size, line: int, *, bold: bool, ui: Ui) -> list[str]:
    told = []
    height = ui.line_count(text, rect.w, size, bold) * line
    if height > rect.h:
        told.append(f"is {height} px high in {rect.h}")
    wide = [
        p.rstrip()
        for part in text.split("\n")
        for p in phrases(part.strip(), ui.language)
        if ui.text_width(p.rstrip(), size, bold) > rect.w
    ]
    if wide:
        told.append(f"is cut within {wide[0]!r} by {rect.w} px")
    if lacking := ui.lettering.missing(text):
        told.append(f"has no glyph for {lacking!r}")
    return told


def _steps(steps: Steps, ui: Ui) -> list[tuple[str, str]]:
    told = []
    if steps_mark(steps.rect, ui.type_scale) + ui.type_scale.button_line(Size.CAPTION) > steps.rect.h:
        told.append(("marks", f"do not fit above the names in {steps.rect.h} px"))
    alone = sum(map(bool, steps.names)) == 1  # beside unnamed marks a name may be wider than its own
    room = steps.rect.w if alone else steps.rect.w // len(steps.names)
    for name in steps.names:
        width = ui.text_width(name, Size.CAPTION, bold=True)
        if width > room:
            told.append((name, f"is {width} px wide in {room}"))
    return told
