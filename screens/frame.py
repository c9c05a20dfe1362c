"""The frame around each screen: what stands at the same place on all of them, and the room it leaves.

All lengths are design millimetres (drawn for a 7-inch panel, design/visual.md). Two arrangements: landscape, where actions
stand at the right of the lowest band, and portrait, where they stand stacked above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiosk.ui.geometry import Rect
from kiosk.ui.paint import BUTTON_PADDING_MM
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Role, Size, Steps, Weight, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stages import staff_entrance
from screens import parts
from screens.parts import GAP, Action

MARGIN = 5
STOP_WIDTH, CALL_WIDTH = 29, 46
STEPS_WIDTH, LEAST_STEPS_WIDTH = 84, 66
NAME_EM = 7
"""Less room than for so many characters of the clinic's name, and it is not shown."""
CORNER, CORNER_TOP = 15, 0.5
"""Height of what stands at the upper right, and its width at least; and how near it is to the panel's upper edge."""
STEPS = ("step_card", "step_identity", "step_consent", "step_done")
CARD, IDENTITY, CONSENT, DONE = range(4)


@dataclass(frozen=True)
class Frame:
    """The frame's widgets, and what it leaves for the screen."""

    widgets: list[Widget]
    content: Rect


def around(
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
    acting, bottom = (_stacked if ui.portrait else _aligned)(ui, usable, actions, note)
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
    stepping = step is not None and not ui.portrait
    taken = steps_w + ui.panel.mm(GAP) if stepping else 0
    corner = _corner(ui, usable, above, usable.w - taken)
    lacking = 0 < len(corner) < len(above)
    if stepping and lacking:  # the steps stand closer before one of them is not there
        steps_w, taken = ui.mm(LEAST_STEPS_WIDTH), ui.mm(LEAST_STEPS_WIDTH) + ui.panel.mm(GAP)
        corner = _corner(ui, usable, above, usable.w - taken)
    whole = usable.w
    if corner:
        usable = Rect(usable.x, usable.y, corner[-1].rect.x - ui.panel.mm(GAP) - usable.x, usable.h)
    widgets: list[Widget] = []
    edge, below = _around_band(ui)
    band = Rect(usable.x, edge, usable.w, ui.mm(5.4) + ui.type_scale.button_line(Size.CAPTION))
    beside = usable.w - taken
    entrance = [_entrance(ui, usable)] if staff_entrance.offered(appliance) else []
    if entrance:
        widgets += entrance
        steps_w = min(steps_w, usable.right - entrance[0].rect.right - ui.panel.mm(GAP))
    elif beside > NAME_EM * ui.cap(Size.CAPTION):
        name = parts.shortened(ui, appliance.clinic, beside, Size.CAPTION)
        widgets.append(Label(Rect(band.x, band.y, beside, line), name, Size.CAPTION, Role.MUTED))
    widgets += corner
    low = max((button.rect.bottom for button in (*corner, *entrance)), default=0)
    if step is None:
        return Frame(widgets, Rect(usable.x, max(low, band.y + line + ui.mm(1)), usable.w, 0))
    if ui.portrait:
        band = Rect(usable.x, max(low, band.y + line + ui.mm(3)), whole, band.h + ui.mm(1.5))
    place = band if ui.portrait else Rect(band.right - steps_w, band.y, steps_w, band.h)
    widgets.append(Steps(place, _step_names(ui, place, step), step))
    return Frame(widgets, Rect(usable.x, max(low, band.bottom + below), usable.w, 0))


def _entrance(ui: Ui, usable: Rect) -> Button:
    """Where staff who were called come in: small, in the corner where no hand rests, instead of the clinic's name."""
    text = str(ui.text("staff"))
    width = max(ui.mm(CORNER), ui.text_width(text, Size.KEY, bold=True) + 2 * ui.mm(BUTTON_PADDING_MM) + 1)
    return Button(Rect(usable.x, ui.mm(CORNER_TOP), width, ui.mm(CORNER)), text, "staff", Weight.STAFF, Size.KEY)


def _around_band(ui: Ui) -> tuple[int, int]:
    """What is kept free above the band of names and steps, and below it; on landscape panels larger names take from it."""
    if ui.portrait:
        return ui.mm(2.5), ui.mm(6)
    grown = ui.type_scale.button_line(Size.CAPTION) - ui.type_scale.button_line(Size.KEY)
    return max(ui.mm(1), ui.mm(2.5) - grown), max(ui.mm(0.5), ui.mm(1.5) - grown)


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
        place = Rect(right - width, ui.mm(CORNER_TOP), width, high)
        widgets.append(Button(place, action.text, action.action, size=Size.CAPTION))
        right -= width + ui.panel.mm(GAP)
    return widgets if usable.right - right <= room else _corner(ui, usable, above[1:], room) if above else []


def _aligned(ui: Ui, usable: Rect, actions: Sequence[Action], note: Sequence[str]) -> tuple[list[Widget], int]:
    """Actions from the right edge, in the lowest band; a note in the same place, in the middle of the band's height.

    Also where the band begins: a note of many lines rises above it.
    """
    _, call = bar(ui)
    widgets: list[Widget] = []
    size, right, close = _room(ui, usable, call, actions)
    for action in reversed(actions):
        width = parts.button_width(ui, action, size, close=close)
        place = Rect(right - width, call.y, width, call.h)
        widgets.append(Button(place, action.text, action.action, action.weight, size, action.picture))
        right -= width + ui.panel.mm(GAP)
    if note:
        x = call.right + ui.mm(4)
        lines = parts.fitting(ui, Rect(x, call.y, right - x, call.h), *parts.captions(note))
        height = parts.height_of(ui, right - x, *lines)
        y = min(call.y + (call.h - height) // 2, call.bottom - height)
        widgets += parts.written(ui, Rect(x, y, right - x, height), *lines)
        return widgets, min(call.y, y + ui.panel.mm(GAP))
    return widgets, call.y


def _room(ui: Ui, usable: Rect, call: Rect, actions: Sequence[Action]) -> tuple[Size, int, bool]:
    """How large the words of actions beside "call staff" may be, where their place ends, and whether they are close around them.

    Larger words stand closer, and reach into the margin, before they are no larger than at the standard size.
    """
    free = usable.right - call.right - ui.panel.mm(GAP) * len(actions)
    for close in (False, True):
        lacking = sum(parts.button_width(ui, action, close=close) for action in actions) - free
        if lacking <= close * ui.panel.mm(parts.BEYOND):
            return Size.BODY, usable.right + max(0, lacking), close
    return Size.FRAME, usable.right, False


def _stacked(ui: Ui, usable: Rect, actions: Sequence[Action], note: Sequence[str]) -> tuple[list[Widget], int]:
    """Actions stacked over the lowest band, the primary nearest the hand; a note above them. Also where they begin."""
    _, call = bar(ui)
    widgets: list[Widget] = []
    y = call.y
    for action in reversed(actions):
        y -= call.h + ui.panel.mm(GAP)
        widgets.append(parts.button(ui, action, Rect(usable.x, y, usable.w, call.h)))
    if note:
        lines = parts.captions(note)
        height = parts.height_of(ui, usable.w, *lines)
        y -= height + ui.mm(4)
        widgets += parts.written(ui, Rect(usable.x, y, usable.w, height), *lines)
    return widgets, y
