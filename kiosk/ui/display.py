"""The window: it sleeps until touched, tells what was tapped, and draws only what changed.

    display = Display(settings, picture=preview.newest)
    while True:
        display.wait(timeout)
        for touch in display.touches(booth.type_digit):
            ...
        for key in display.keys():
            ...
        display.show(build(appliance, display.ui(catalogue, now)), now)

All of it belongs to one thread; only `wake` may be called from others. Nothing here can save a picture.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Hashable, Sequence

import pygame

from kiosk import journal
from kiosk.ui import sizes, x11
from kiosk.ui import theme as themes
from kiosk.ui.errors import DisplayError
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.illustrations import Illustrations
from kiosk.ui.keys import Corners, Key, TenKey
from kiosk.ui.live import Frame, PictureSource
from kiosk.ui.messages import Catalogue
from kiosk.ui.paint import Painter
from kiosk.ui.scene import Appearance, appearance, changed, next_change
from kiosk.ui.settings import DisplaySettings
from kiosk.ui.text import Lettering
from kiosk.ui.touch import Closed, Tap, Touch
from kiosk.ui.ui import Ui
from kiosk.ui.waiting import Bell
from kiosk.ui.widgets import Live, LiveSource, Picture, Widget

log = logging.getLogger("kiosk.ui.display")

WINDOW = (1280, 800)
TITLE = "受付"
MOUSE = "mouse"

_ENVIRONMENT = {
    # A GL window surface costs 100 MB and makes every small update as dear as a full one (kiosk-ui.md section 1.5).
    "SDL_FRAMEBUFFER_ACCELERATION": "0",
    # Else each touch comes twice, and not at all while a palm rests on the glass (kiosk-ui.md section 1.3).
    "SDL_TOUCH_MOUSE_EVENTS": "0",
    "SDL_NO_SIGNAL_HANDLERS": "1",
}
_FINGERS = (pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP)
_MOUSE = (pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP)
_EXPOSED = (pygame.WINDOWEXPOSED, pygame.VIDEOEXPOSE)
_EVENTS = (pygame.QUIT, *_EXPOSED, *_FINGERS, *_MOUSE, pygame.KEYDOWN)
_DOWN = (pygame.FINGERDOWN, pygame.MOUSEBUTTONDOWN)
_UP = (pygame.FINGERUP, pygame.MOUSEBUTTONUP)


class Display:
    """One open window on one panel. `picture` gives the preview's newest frame (see `kiosk.ui.live`).

    A movable window is called `title` and opens in the middle of the desktop, or with its corner at `corner` (pixels).
    """

    def __init__(
        self,
        settings: DisplaySettings,
        *,
        picture: PictureSource,
        lettering: Lettering | None = None,
        illustrations: Illustrations | None = None,
        title: str = TITLE,
        corner: tuple[int, int] | None = None,
    ) -> None:
        self._surface = _open(settings, title, corner)
        self.panel = Panel(*self._surface.get_size(), settings.diagonal_inches)
        self.lettering = lettering or Lettering()
        self._illustrations = illustrations or Illustrations()
        self._newest = picture
        self._frames: dict[LiveSource, tuple[int, Frame] | None] = {}
        self._worn: tuple[str, float] = settings.theme, sizes.capital_mm(self.panel, sizes.STANDARD)
        self._painter = self._make_painter(*self._worn)
        self._touch = Touch(_nowhere)
        self._ten_key = TenKey()
        self._corners = Corners(self.panel)
        self._pressed: list[Key] = []
        self._shown: list[Appearance] = []
        self._began: dict[Picture, float] = {}
        self._stale = True
        self._touched = False
        self._bell = Bell(x11.connection(), _EVENTS)
        log.info("display_opened", extra=journal.numbers(width=self.panel.width, height=self.panel.height))

    def ui(self, catalogue: Catalogue, now: float, size: str = sizes.STANDARD) -> Ui:
        """What this frame's screen is built with; `now`: monotonic seconds; `size`: a text size (`kiosk.ui.sizes`)."""
        if self.lettering.language != catalogue.language:
            # The same words may look otherwise in another language.
            self.lettering.language, self._stale = catalogue.language, True
        return Ui(self.panel, catalogue, self.lettering, now, sizes.capital_mm(self.panel, size))

    def wear(self, theme: str, size: str) -> None:
        """From now on draw in the theme `theme`, for screens built with the text size `size`. Raises `SettingsError`."""
        capital_mm = sizes.capital_mm(self.panel, size)
        if (theme, capital_mm) != self._worn:
            self._worn = theme, capital_mm
            self._painter = self._make_painter(theme, capital_mm)
            self._stale = True

    def _make_painter(self, theme: str, capital_mm: float) -> Painter:
        return Painter(
            self.panel,
            themes.load(theme),
            self.lettering,
            illustrations=self._illustrations,
            picture=self._frames.get,
            capital_mm=capital_mm,
        )

    def wait(self, timeout: float) -> None:
        """Sleep until a touch, `wake`, or `timeout` seconds have gone."""
        self._bell.wait(timeout)

    def wake(self) -> None:
        """End `wait` now. The only method for other threads (and signal handlers)."""
        self._bell.ring()

    def touches(self, secret_sink: Callable[[str], None]) -> list[Tap | Closed]:
        """What was tapped since the last call, on the widgets that were shown. Digits go to `secret_sink` alone.

        A digit typed on a ten-key is a tap too; what else was pressed there is kept for `keys`.
        """
        self._touch.secret_sink = secret_sink
        self._pressed.clear()
        told: list[Tap | Closed] = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                told.append(Closed())
            elif event.type in _EXPOSED:
                self._stale = True
            elif (tap := self._press(event, time.monotonic())) is not None:
                told.append(tap)
        self._touch.secret_sink = _nowhere
        if (held := self._corners.held(time.monotonic())) is not None:
            # The finger that held the corner shall not tap what lies under it when it leaves.
            self._touch.lift_all()
            self._pressed.append(held)
        return told

    def keys(self) -> list[Key]:
        """What was pressed without looking, on a ten-key or in the corners of the glass, by the last call of `touches`."""
        pressed, self._pressed = self._pressed, []
        return pressed

    @property
    def corners_are_keys(self) -> bool:
        """Whether only the corners of the glass act, as keys (`kiosk.ui.keys`); until set otherwise, or `forget`."""
        return self._corners.on

    @corners_are_keys.setter
    def corners_are_keys(self, on: bool) -> None:
        self._touch.lift_all()
        self._corners.on = on

    def show(self, widgets: Sequence[Widget], now: float) -> None:
        """Put the widgets on the panel as they look at `now` (monotonic seconds); draws only what changed."""
        for source in {widget.source for widget in widgets if isinstance(widget, Live)}:
            self._frames[source] = self._newest(source)
        self._began = self._loops(widgets, now)
        looks = [self._look(widget, now) for widget in widgets]
        dirty = [self.panel.area] if self._stale else changed(self._shown, looks, self._painter.reach)
        self._shown, self._stale = looks, False
        for rect in dirty:
            self._draw(rect)
        self._frames.clear()
        if dirty:
            pygame.display.update([(rect.x, rect.y, rect.w, rect.h) for rect in dirty])

    def next_redraw(self, now: float) -> float | None:
        """When (monotonic seconds) what is shown will change by itself; None: it will not."""
        times = (next_change(one.widget, now, began=self._start_of(one.widget)) for one in self._shown)
        return min((at for at in times if at is not None), default=None)

    def forget(self) -> None:
        """Drop what was drawn and measured for a person; part of the wipe. The next `show` draws everything."""
        self.lettering.forget()
        self._touch.lift_all()
        self._ten_key.forget()
        self._corners.lift_all()
        self._corners.on = False
        self._pressed.clear()
        self._painter.ground(self._surface, self.panel.area)
        self._shown, self._stale = [], True

    def close(self) -> None:
        """Close the window."""
        self._bell.close()
        pygame.display.quit()

    def _press(self, event: pygame.event.Event, now: float) -> Tap | None:
        if event.type != pygame.KEYDOWN:
            return self._finger(event, now)
        widgets = [one.widget for one in self._shown]
        pressed = self._ten_key.down(event.scancode, widgets, now, self._touch.secret_sink)
        if isinstance(pressed, Key):
            self._pressed.append(pressed)
            return None
        return pressed

    def _finger(self, event: pygame.event.Event, now: float) -> Tap | None:
        finger: Hashable = MOUSE
        if event.type in _FINGERS:
            finger, x, y = (event.touch_id, event.finger_id), event.x * self.panel.width, event.y * self.panel.height
        elif event.type in _MOUSE and not event.touch and getattr(event, "button", 1) == 1:
            x, y = event.pos
        else:
            return None
        widgets = [one.widget for one in self._shown]
        if event.type in _DOWN:
            self._touched = True
            self._corners.down(finger, x, y, now)
            if not self._corners.on:
                self._touch.down(finger, x, y, widgets, now)
        elif event.type in _UP:
            if (key := self._corners.up(finger, x, y)) is not None:
                self._pressed.append(key)
            return self._touch.up(finger, x, y, widgets, now)
        else:
            self._corners.move(finger, x, y)
            self._touch.move(finger, x, y)
        return None

    def _loops(self, widgets: Sequence[Widget], now: float) -> dict[Picture, float]:
        moving = [
            one for one in widgets if isinstance(one, Picture) and one.moving and self._illustrations.moves(one.name)
        ]
        known = {} if self._touched else self._began
        self._touched = False
        return {one: known.get(one, now) for one in moving}

    def _look(self, widget: Widget, now: float) -> Appearance:
        newest = self._frames.get(widget.source) if isinstance(widget, Live) else None
        frame = newest[0] if newest else -1
        return appearance(widget, now, pressed=self._touch.pressed, began=self._start_of(widget), frame=frame)

    def _start_of(self, widget: Widget) -> float | None:
        return self._began.get(widget) if isinstance(widget, Picture) else None

    def _draw(self, rect: Rect) -> None:
        self._surface.set_clip((rect.x, rect.y, rect.w, rect.h))
        self._painter.ground(self._surface, rect)
        for one in self._shown:
            if self._painter.reach(one.widget).overlaps(rect):
                self._painter.paint(self._surface, one.widget, one.moment)
        self._surface.set_clip(None)


def _open(settings: DisplaySettings, title: str, corner: tuple[int, int] | None) -> pygame.Surface:
    os.environ.update(_ENVIRONMENT)
    # Unless asked, SDL would fall back to a window that nobody sees. Without acceleration it has no Wayland window.
    os.environ.setdefault("SDL_VIDEODRIVER", "x11")
    os.environ["SDL_VIDEO_WINDOW_POS"] = _corner(settings, corner)
    try:
        # Never pygame.init(): it starts the mixer and the joysticks as well.
        pygame.display.init()
        own = WINDOW if settings.window else pygame.display.get_desktop_sizes()[0]
        size = (settings.width or own[0], settings.height or own[1])
        pygame.display.set_caption(title)
        surface = pygame.display.set_mode(size, 0 if settings.window else pygame.NOFRAME)
    except pygame.error as error:
        raise DisplayError(f"No window can be opened ({error}): is an X server running, and DISPLAY set?") from error
    pygame.key.stop_text_input()
    pygame.mouse.set_visible(settings.window)
    pygame.event.set_blocked(None)
    pygame.event.set_allowed(list(_EVENTS))
    return surface


def _nowhere(_: str) -> None:
    """Where a digit goes when nobody asked for it."""


def _corner(settings: DisplaySettings, corner: tuple[int, int] | None) -> str:
    """Where SDL puts the window: a kiosk fills its panel from the corner."""
    if not settings.window:
        return "0,0"
    return "centered" if corner is None else f"{corner[0]},{corner[1]}"
