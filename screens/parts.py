"""What screens share: the frame with its fixed places, and a few ways to set words and a picture in what is left.

All lengths are design millimetres (drawn for a 7-inch panel, design/visual.md). Two arrangements: landscape, where actions
stand at the right of the lowest band, and portrait, where they stand stacked above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kiosk.record.ids import QueueNumber
from kiosk.ui.fit import fits
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Align, Button, Label, Picture, Role, Size, Steps, Weight, Widget
from kiosk.visit.appliance import Appliance

MARGIN = 5
GAP = 2.5
"""Between two things that can be touched: domain/kiosk-ui.md section 5."""
STOP_WIDTH, CALL_WIDTH = 29, 46
STEPS_WIDTH = 84
NAME_EM = 7
"""Less room than for so many characters of the clinic's name, and it is not shown."""
CORNER = 15
"""Height of what stands at the upper right, and its width at least."""
STEPS = ("step_card", "step_identity", "step_consent", "step_done")
CARD, IDENTITY, CONSENT, DONE = range(4)
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


# -- the frame -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Frame:
    """The frame's widgets, and what it leaves for the screen."""

    widgets: list[Widget]
    content: Rect


def frame(
    appliance: Appliance,
    ui: Ui,
    *,
    step: int | None,
    stop: bool = True,
    call: Weight = Weight.PLAIN,
    actions: Sequence[Action] = (),
    note: Sequence[str] = (),
    width: int | None = None,
    corner: Sequence[Action] | None = None,
) -> Frame:
    """Clinic name, steps, the band of actions. `actions` from secondary to primary; `note`: captions where actions would be.

    `width`: pixels of the panel that the frame may use (the PIN pad takes the rest). `corner`: what stands at the upper
    right instead of the looks; nothing where the frame is too narrow for it.
    """
    usable = Rect(0, 0, width or ui.area.w, ui.area.h).inset(ui.mm(MARGIN), 0)
    above = looks(appliance, ui) if corner is None else list(corner)
    top = _header(appliance, ui, usable, step, above)
    stop_at, call_at = bar(ui)
    widgets: list[Widget] = [*top.widgets]
    if stop:
        widgets.append(Button(stop_at, ui.text("stop"), "stop", size=Size.FRAME))
    called = appliance.visit.help_called if appliance.visit else appliance.help_called
    if called:
        widgets.append(Button(call_at, ui.text("staff_called"), "call_staff", call, Size.KEY))
    else:
        widgets.append(Button(call_at, ui.text("call_staff"), "call_staff", call, Size.FRAME, "bell"))
    acting, bottom = (
        _stacked(ui, usable, actions, note) if ui.portrait else (_aligned(ui, usable, actions, note), call_at.y)
    )
    widgets += acting
    gap = ui.panel.mm(4 if ui.portrait else GAP)
    content = Rect(usable.x, top.content.y, usable.w, bottom - gap - top.content.y)
    return Frame(widgets, content)


def looks(appliance: Appliance, ui: Ui) -> list[Action]:
    """What stands at the upper right: hearing it again, and how it looks."""
    listen = [Action(ui.text("listen"), "listen")] if appliance.offer.voice else []
    return [*listen, Action(ui.text("looks"), "looks")]


def bar(ui: Ui) -> tuple[Rect, Rect]:
    """Where "stop" and "call staff" stand on every screen."""
    mm = ui.panel.mm
    margin, gap = mm(MARGIN), mm(GAP)
    if ui.portrait:
        low = Rect(margin, ui.area.h - margin - mm(20), ui.area.w - 2 * margin, mm(20))
        stop, call = low.columns(1, 1, gap=gap)
        return stop, call
    y, height = ui.area.h - mm(3.5) - mm(18), mm(18)
    stop = Rect(margin, y, mm(STOP_WIDTH), height)
    return stop, Rect(stop.right + gap, y, mm(CALL_WIDTH), height)


def _header(appliance: Appliance, ui: Ui, usable: Rect, step: int | None, above: Sequence[Action]) -> Frame:
    line = ui.line_height(Size.CAPTION)
    steps_w = min(ui.mm(STEPS_WIDTH), usable.w)
    taken = steps_w + ui.panel.mm(GAP) if step is not None and not ui.portrait else 0
    corner = _corner(ui, usable, above, usable.w - taken)
    whole = usable.w
    if corner:
        usable = Rect(usable.x, usable.y, corner[-1].rect.x - ui.panel.mm(GAP) - usable.x, usable.h)
    widgets: list[Widget] = []
    band = Rect(usable.x, ui.mm(2.5), usable.w, ui.mm(5.4) + ui.type_scale.button_line(Size.CAPTION))
    beside = usable.w - taken
    if beside > NAME_EM * ui.cap(Size.CAPTION):
        name = shortened(ui, appliance.clinic, beside, Size.CAPTION)
        widgets.append(Label(Rect(band.x, band.y, beside, line), name, Size.CAPTION, Role.MUTED))
    widgets += corner
    low = max((button.rect.bottom for button in corner), default=0)
    if step is None:
        return Frame(widgets, Rect(usable.x, max(low, band.y + line + ui.mm(1)), usable.w, 0))
    if ui.portrait:
        band = Rect(usable.x, max(low, band.y + line + ui.mm(3)), whole, band.h + ui.mm(1.5))
    place = band if ui.portrait else Rect(band.right - steps_w, band.y, steps_w, band.h)
    widgets.append(Steps(place, _step_names(ui, place, step), step))
    return Frame(widgets, Rect(usable.x, max(low, band.bottom + ui.mm(6 if ui.portrait else 1.5)), usable.w, 0))


def _step_names(ui: Ui, rect: Rect, now: int) -> tuple[str, ...]:
    """The name of every step, or where these do not all fit that of the present one alone."""
    names = tuple(ui.text(key) for key in STEPS)
    places = rect.columns(*[1.0] * len(names))
    if all(ui.text_width(name, Size.CAPTION, bold=True) <= at.w for name, at in zip(names, places, strict=True)):
        return names
    return tuple(name if number == now else "" for number, name in enumerate(names))


def _corner(ui: Ui, usable: Rect, above: Sequence[Action], room: int) -> list[Button]:
    """Buttons at the upper right, the last one outermost; none where they would push the steps away."""
    side, padding = ui.mm(CORNER), ui.mm(3)
    lines = max((action.text.count("\n") + 1 for action in above), default=1)
    high = max(side, lines * ui.type_scale.button_line(Size.CAPTION) + ui.mm(2.7))
    widgets: list[Button] = []
    right = usable.right
    for action in reversed(above):
        wide = max(ui.text_width(line, Size.CAPTION, bold=True) for line in action.text.split("\n"))
        width = max(side, wide + 2 * padding)
        place = Rect(right - width, ui.mm(0.5), width, high)
        widgets.append(Button(place, action.text, action.action, size=Size.CAPTION))
        right -= width + ui.panel.mm(GAP)
    return widgets if usable.right - right <= room else _corner(ui, usable, above[1:], room) if above else []


def _aligned(ui: Ui, usable: Rect, actions: Sequence[Action], note: Sequence[str]) -> list[Widget]:
    """Actions from the right edge, in the lowest band; a note in the same place, in the middle of the band's height."""
    _, call = bar(ui)
    widgets: list[Widget] = []
    right = usable.right
    free = right - call.right - ui.panel.mm(GAP) * len(actions)
    size = Size.BODY if sum(button_width(ui, action) for action in actions) <= free else Size.FRAME
    for action in reversed(actions):
        width = button_width(ui, action, size)
        place = Rect(right - width, call.y, width, call.h)
        widgets.append(Button(place, action.text, action.action, action.weight, size, action.picture))
        right -= width + ui.panel.mm(GAP)
    if note:
        x = call.right + ui.mm(4)
        lines = fitting(ui, Rect(x, call.y, right - x, call.h), *captions(note))
        height = height_of(ui, right - x, *lines)
        y = min(call.y + (call.h - height) // 2, call.bottom - height)
        widgets += written(ui, Rect(x, y, right - x, height), *lines)
    return widgets


def _stacked(ui: Ui, usable: Rect, actions: Sequence[Action], note: Sequence[str]) -> tuple[list[Widget], int]:
    """Actions stacked over the lowest band, the primary nearest the hand; a note above them. Also where they begin."""
    _, call = bar(ui)
    widgets: list[Widget] = []
    y = call.y
    for action in reversed(actions):
        y -= call.h + ui.panel.mm(GAP)
        widgets.append(button(ui, action, Rect(usable.x, y, usable.w, call.h)))
    if note:
        lines = captions(note)
        height = height_of(ui, usable.w, *lines)
        y -= height + ui.mm(4)
        widgets += written(ui, Rect(usable.x, y, usable.w, height), *lines)
    return widgets, y


# -- words and pictures in a place -----------------------------------------------------------------------------------


def captions(texts: Sequence[str]) -> list[Line]:
    """Small muted lines."""
    return [Line(text, Size.CAPTION, Role.MUTED) for text in texts]


def height_of(ui: Ui, width: int, *lines: Line) -> int:
    """Pixels that the lines take, one under another."""
    return sum(ui.text_height(line.text, width, line.size, line.bold) for line in lines)


def fitting(ui: Ui, rect: Rect, *lines: Line) -> tuple[Line, ...]:
    """The lines, and where they need more room than `rect` has, all but titles no larger than at the standard size."""
    return (
        lines
        if holds(ui, rect, *lines)
        else tuple(replace(line, size=AS_USUAL.get(line.size, line.size)) for line in lines)
    )


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


def told(ui: Ui, rect: Rect, picture: str, *lines: Line, moving: bool = False, size: float = 40) -> list[Widget]:
    """The usual screen: a picture, and what it says in words. Where these need its room, it is smaller or goes."""
    for share in (1.0, 0.85, 0.7, 0.5):
        place, words = halves(ui, rect) if ui.portrait else beside(ui, rect, round(share * ui.panel.mm(size)))
        if holds(ui, words, *lines):
            return [Picture(place, picture, moving), *written(ui, words, *lines, middle=not ui.portrait)]
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


def button_width(ui: Ui, action: Action, size: Size = Size.BODY) -> int:
    """Pixels for the words on one line, with room at both ends for a thumb."""
    return max(ui.mm(24), ui.text_width(action.text, size, bold=True) + ui.mm(9))


def row(ui: Ui, rect: Rect, actions: Sequence[Action]) -> list[Button]:
    """Buttons of the same size: side by side, or stacked on portrait panels."""
    shares = [1.0] * len(actions)
    gap = ui.panel.mm(GAP)
    places = rect.rows(*shares, gap=gap) if ui.portrait else rect.columns(*shares, gap=gap)
    pairs = zip(actions, places, strict=True)
    return alike(ui, [Button(at, one.text, one.action, one.weight, picture=one.picture) for one, at in pairs])


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
