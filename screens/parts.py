"""What stands in a place: words as lines, pictures, buttons, each as large as there is room for.

All lengths are design millimetres (drawn for a 7-inch panel, design/visual.md). Two arrangements: landscape, where a picture
stands beside the words, and portrait, where it stands above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.record.ids import QueueNumber
from kiosk.ui.fit import fits
from kiosk.ui.geometry import Rect
from kiosk.ui.paint import BUTTON_PADDING_MM
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Button, Label, Picture, Role, Size, Weight, Widget

GAP = 2.5
"""Between two things that can be touched: domain/kiosk-ui.md section 5."""
BEYOND = 3.5
"""So far an answer's words may push it into the margin, which is wider than that by what a thumb needs."""
AS_USUAL = {Size.BODY: Size.FRAME, Size.CAPTION: Size.KEY}
"""The sizes of words that need not grow where there is no room for it."""
NUMBER = Size.NUMBER
"""The size of a queue number."""


@dataclass(frozen=True)
class Action:
    """A button before it has a place."""

    text: str
    action: str
    weight: Weight = Weight.PLAIN
    picture: str | None = None


@dataclass(frozen=True)
class Line:
    """Words before they have a place."""

    text: str
    size: Size = Size.BODY
    role: Role = Role.INK
    bold: bool = False


def title(text: str, role: Role = Role.INK) -> Line:
    """The one sentence of a screen."""
    return Line(text, Size.TITLE, role, bold=True)


def support(text: str) -> Line:
    """The one line that stands under it."""
    return Line(text, Size.BODY, Role.MUTED)


def captions(texts: Sequence[str]) -> list[Line]:
    """Small muted lines."""
    return [Line(text, Size.CAPTION, Role.MUTED) for text in texts]


def height_of(ui: Ui, width: int, *lines: Line) -> int:
    """Pixels that the lines take, one under another."""
    return sum(ui.text_height(line.text, width, line.size, line.bold) for line in lines)


def fitting(ui: Ui, rect: Rect, *lines: Line) -> tuple[Line, ...]:
    """The lines; where they need more room than `rect` has, captions as at the standard size, then all but titles."""
    fewer = tuple(replace(line, size=Size.KEY) if line.size is Size.CAPTION else line for line in lines)
    for tried in (lines, fewer):
        if holds(ui, rect, *tried):
            return tried
    return as_usual(lines)


def as_usual(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, all but titles no larger than at the standard size."""
    return tuple(replace(line, size=AS_USUAL.get(line.size, line.size)) for line in lines)


def holds(ui: Ui, rect: Rect, *lines: Line) -> bool:
    """Whether the lines fit into `rect`, none of them cut within a phrase, and no title on more than two."""
    if height_of(ui, rect.w, *lines) > rect.h:
        return False
    for line in lines:
        if line.size is Size.TITLE and ui.line_count(line.text, rect.w, line.size, line.bold) > 2:
            return False
        if ui.longest_phrase(line.text, line.size, line.bold) > rect.w:
            return False
    return True


def written(ui: Ui, rect: Rect, *lines: Line, middle: bool = False, align: Align | None = None) -> list[Label]:
    """The lines as labels one under another, from the top of `rect` or in its `middle`; centred on portrait panels."""
    y = rect.y + (max(0, rect.h - height_of(ui, rect.w, *lines)) // 2 if middle else 0)
    labels = []
    for line in lines:
        height = ui.text_height(line.text, rect.w, line.size, line.bold)
        place = Rect(rect.x, y, rect.w, height)
        labels.append(Label(place, line.text, line.size, line.role, align or across(ui), line.bold))
        y += height
    return labels


def across(ui: Ui) -> Align:
    """Text stands left beside a picture, and in the middle under one."""
    return Align.CENTRE if ui.portrait else Align.LEFT


def halves(ui: Ui, rect: Rect, size: float = 40) -> tuple[Rect, Rect]:
    """Where the picture stands and where the words: side by side, or one above the other on portrait panels.

    `size`: width of the picture's place on landscape panels.
    """
    if ui.portrait:
        picture, words = rect.rows(11, 9, gap=ui.mm(6))
        return picture.inset(ui.mm(14), 0), words
    return beside(ui, rect, ui.mm(size))


def beside(ui: Ui, rect: Rect, width: int) -> tuple[Rect, Rect]:
    """A place for a picture, `width` pixels wide, and what is left for the words at its right."""
    words_x = rect.x + width + ui.mm(4)
    return Rect(rect.x, rect.y, width, rect.h), Rect(words_x, rect.y, rect.right - words_x, rect.h)


def told(
    ui: Ui, rect: Rect, picture: str, *lines: Line, moving: bool = False, size: float = 40, kept: bool = False
) -> list[Widget]:
    """The usual screen: a picture, and what it says in words. Where these need its room, it is smaller or goes.

    It is there again where the words do not fit without it either and are as at the standard size; a picture to be `kept`
    comes before larger words.
    """
    smaller = as_usual(lines) if kept else fitting(ui, rect, *lines)
    for tried in (lines, smaller):
        for share in (1.0, 0.85, 0.7, 0.5):
            place, words = halves(ui, rect) if ui.portrait else beside(ui, rect, round(share * ui.panel.mm(size)))
            if holds(ui, words, *tried):
                return [Picture(place, picture, moving), *written(ui, words, *tried, middle=not ui.portrait)]
        if ui.portrait:
            place, words = under(ui, rect, height_of(ui, rect.w, *lines))
            return [Picture(place.inset(ui.mm(14), 0), picture, moving), *written(ui, words, *lines)]
    return [*written(ui, rect, *fitting(ui, rect, *lines), middle=True)]


def under(ui: Ui, rect: Rect, height: int) -> tuple[Rect, Rect]:
    """What is left of `rect` above a place of this height at its lower end, and the place."""
    low = Rect(rect.x, rect.bottom - height, rect.w, height)
    return Rect(rect.x, rect.y, rect.w, low.y - ui.panel.mm(GAP) - rect.y), low


def centred(rect: Rect, w: int, h: int) -> Rect:
    """A rectangle of `w` x `h` pixels in the middle of `rect`."""
    return Rect(rect.x + (rect.w - w) // 2, rect.y + (rect.h - h) // 2, w, h)


def numbered(ui: Ui, number: QueueNumber) -> list[Line]:
    """The queue number, as large as words get, under its name."""
    return [
        Line(ui.text("number"), Size.CAPTION, Role.MUTED),
        Line(number, NUMBER, Role.PRIMARY, bold=True),
    ]


def filming(ui: Ui, rect: Rect) -> tuple[Label, Picture]:
    """At the lower end of `rect`: that the camera is on and nothing is kept."""
    gap, most = ui.mm(1.5), rect.w + ui.mm(3)
    for key, size in (("filming", Size.CAPTION), ("comparing_camera", Size.CAPTION), ("comparing_camera", Size.KEY)):
        text, line = ui.text(key), ui.line_height(size)
        text_w = max(ui.text_width(part, size) for part in text.split("\n")) + 1
        if line + gap + text_w <= most:
            break
    text_w = min(text_w, most - line - gap)
    text_h = ui.text_height(text, text_w, size)
    x = rect.x + max(0, rect.w - line - gap - text_w) // 2
    words = Rect(x + line + gap, rect.bottom - text_h, text_w, text_h)
    return Label(words, text, size, Role.MUTED), Picture(Rect(x, words.y, line, line), "camera")


def button(ui: Ui, action: Action, rect: Rect) -> Button:
    """The action as a button in `rect`."""
    return alike(ui, [Button(rect, action.text, action.action, action.weight, picture=action.picture)])[0]


def alike(ui: Ui, buttons: Sequence[Button]) -> list[Button]:
    """The buttons with words of one size: where some need more room than they have, no larger than at the standard size."""
    if all(fits(button, ui) for button in buttons):
        return [*buttons]
    return [replace(button, size=AS_USUAL.get(button.size, button.size)) for button in buttons]


def button_width(ui: Ui, action: Action, size: Size = Size.BODY, *, close: bool = False) -> int:
    """Pixels for the words on one line, with room at both ends for a thumb, or as `close` around them as a button may be."""
    ends = 2 * ui.mm(BUTTON_PADDING_MM) if close else ui.mm(9)
    return max(ui.mm(24), ui.text_width(action.text, size, bold=True) + ends)


def row(ui: Ui, rect: Rect, actions: Sequence[Action]) -> list[Button]:
    """Buttons of the same size: side by side, or stacked on portrait panels.

    Where larger words need it, they have no pictures, and reach into the margin.
    """
    gap = ui.panel.mm(GAP)
    pictured = _side_by_side(ui, rect, actions, gap)
    if not all(fits(one, ui) for one in pictured):
        plain = [replace(action, picture=None) for action in actions]
        for beyond in (0, BEYOND / 2, BEYOND):
            wordy = _side_by_side(ui, rect.inset(-ui.panel.mm(beyond), 0), plain, gap)
            if all(fits(one, ui) for one in wordy):
                return wordy
    return alike(ui, pictured)


def _side_by_side(ui: Ui, rect: Rect, actions: Sequence[Action], gap: int) -> list[Button]:
    shares = [1.0] * len(actions)
    places = rect.rows(*shares, gap=gap) if ui.portrait else rect.columns(*shares, gap=gap)
    pairs = zip(actions, places, strict=True)
    return [Button(at, one.text, one.action, one.weight, picture=one.picture) for one, at in pairs]


def foot(ui: Ui, rect: Rect, count: int, height: float) -> tuple[Rect, Rect]:
    """Cut from the lower end of `rect` a place for a `row` of `count` buttons, each `height` high: what is left, the place."""
    rows = count if ui.portrait else 1
    place_h = rows * max(ui.mm(height), ui.type_scale.button_line(Size.BODY) + ui.mm(3)) + (rows - 1) * ui.panel.mm(GAP)
    place = Rect(rect.x, rect.bottom - place_h, rect.w, place_h)
    return Rect(rect.x, rect.y, rect.w, place.y - rect.y), place


def shortened(ui: Ui, text: str, width: int, size: Size) -> str:
    """The text if it fits on one line, else its beginning and an ellipsis."""
    if ui.text_width(text, size) <= width:
        return text
    kept = text
    while kept and ui.text_width(kept + "…", size) > width:
        kept = kept[:-1]
    return kept + "…"
