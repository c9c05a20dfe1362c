"""Patients in a long run: ten kinds of visits, one after another, by finger events posted to the kiosk's own display."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from itertools import count

import pygame

import screens
from kiosk.ui.geometry import Rect
from kiosk.ui.touch import DOUBLE_STRIKE_S
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget, target
from kiosk.visit.appliance import Appliance
from kiosk.visit.looks import JAPANESE
from tests.benchmarks.soak_others import PIN, Companion

PANEL = (1280, 800)
DEADLINE_S = 20.0


class Panel:
    """What the kiosk shows, as its loop says it, and fingers on it. `build` and `name` are what the app is handed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._widgets: Sequence[Widget] = ()
        self._screens: list[str] = []
        self._struck: list[tuple[Rect, float]] = []
        self._fingers = count(1)
        self.languages: tuple[str, ...] = ()

    def build(self, appliance: Appliance, ui: Ui) -> Sequence[Widget]:
        widgets = screens.build(appliance, ui)
        with self._changed:
            self._widgets = widgets
            self.languages = appliance.offer.languages
        return widgets

    def name(self, appliance: Appliance) -> str:
        """Called once what was built is on the panel."""
        screen = screens.screen_of(appliance)
        with self._changed:
            if not self._screens or self._screens[-1] != screen:
                self._screens = [*self._screens[-19:], screen]
            self._changed.notify_all()
        return screen

    @property
    def screen(self) -> str:
        """What is shown now."""
        with self._changed:
            return self._screens[-1] if self._screens else ""

    def until(self, *wanted: str) -> str:
        """Wait until one of these screens is shown."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._screens) and self._screens[-1] in wanted, DEADLINE_S):
                way = " ".join(self._screens)
                raise TimeoutError(f"waited {DEADLINE_S:.0f} s for screen {' or '.join(wanted)}; the kiosk went: {way}")
            return self._screens[-1]

    def tap(self, action: str, secret: str | None = None) -> None:
        """A finger on a widget that is there, or comes."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has(action, secret), DEADLINE_S):
                raise TimeoutError(f"screen {self._screens[-1]} has nothing with the action {action}")
            found = target(self._widgets, action, secret)
        if found is None:
            raise LookupError(action)
        x, y = found.rect.centre
        for rect, at in self._struck:
            if rect.contains(x, y):
                time.sleep(max(0.0, at + DOUBLE_STRIKE_S + 0.05 - time.monotonic()))
        where = {"touch_id": 1, "finger_id": next(self._fingers), "x": x / PANEL[0], "y": y / PANEL[1]}
        where |= {"dx": 0.0, "dy": 0.0, "pressure": 1.0}
        pygame.event.post(pygame.event.Event(pygame.FINGERDOWN, where))
        pygame.event.post(pygame.event.Event(pygame.FINGERUP, where))
        until = time.monotonic() + DEADLINE_S
        while pygame.event.peek((pygame.FINGERDOWN, pygame.FINGERUP), pump=False):
            if time.monotonic() > until:
                raise TimeoutError("the kiosk's loop takes no touches")
            time.sleep(0.002)
        self._struck = [*self._struck[-7:], (found.rect, time.monotonic())]

    def _has(self, action: str, secret: str | None) -> bool:
        return target(self._widgets, action, secret) is not None


class Patients:
    """One visit after another, of ten kinds."""

    def __init__(self, panel: Panel, companion: Companion) -> None:
        self._panel, self._companion = panel, companion
        self._kinds: tuple[Callable[[], None], ...] = (
            self._by_pin,
            self._by_face,
            self._refusing,
            self._too_early,
            self._item_by_item,
            self._stopping,
            self._in_another_language,
            self._in_other_colours,
            self._stopping,
            self._without_a_card,
        )
        self._next_language = count(1)

    def visit(self, number: int) -> None:
        """The visit of this number, from rest to rest."""
        self._kinds[number % len(self._kinds)]()

    def _by_pin(self) -> None:
        self._comes()
        self._confirmed()
        self._agrees()

    def _by_face(self) -> None:
        self._comes()
        self._panel.tap("choose_face")
        self._panel.until("P08")
        self._agrees()

    def _refusing(self) -> None:
        self._comes()
        self._confirmed()
        self._panel.tap("refuse_all")
        self._goes()

    def _too_early(self) -> None:
        self._comes()
        self._confirmed()
        self._card(lies=False)
        self._panel.until("E10")
        self._card(lies=True)
        self._panel.until("P08")
        self._agrees()

    def _item_by_item(self) -> None:
        self._comes()
        self._confirmed()
        self._panel.tap("choose_items")
        for screen, action in (("P09", "agree_item"), ("P09", "refuse_item"), ("P11", "agree_item")):
            self._panel.until(screen)
            self._panel.tap(action)
            time.sleep(0.1)
        self._goes()

    def _stopping(self) -> None:
        self._comes()
        self._panel.tap("call_staff")
        self._panel.tap("choose_pin")
        self._panel.until("P04")
        self._panel.tap("digit", PIN[0])
        self._panel.tap("stop")
        self._panel.until("P17")
        self._card(lies=False)
        self._panel.until("P00")

    def _in_another_language(self) -> None:
        tags = [tag for tag in self._panel.languages if tag != JAPANESE]
        self._panel.until("P00")
        if tags:
            self._panel.tap("languages")
            self._panel.until("P97")
            self._panel.tap(f"language:{tags[next(self._next_language) % len(tags)]}")
            self._panel.until("P00")
        self._by_pin()

    def _in_other_colours(self) -> None:
        self._comes()
        self._panel.tap("looks")
        self._panel.until("P97")
        self._panel.tap("colours:high_contrast")
        time.sleep(0.05)
        self._panel.tap("looks_back")
        self._panel.until("P02")
        self._confirmed()
        self._agrees()

    def _without_a_card(self) -> None:
        self._panel.until("P00")
        self._panel.tap("no_card")
        self._panel.until("P90")
        self._panel.tap("no_card_take")
        self._panel.until("P00f")

    def _card(self, *, lies: bool) -> None:
        self._companion.tell(do="card", lies=lies)

    def _comes(self) -> None:
        self._panel.until("P00", "P00f")
        self._card(lies=True)
        self._panel.until("P02")

    def _confirmed(self) -> None:
        self._panel.tap("choose_pin")
        self._panel.until("P04")
        for digit in PIN:
            self._panel.tap("digit", digit)
        self._panel.until("P08")

    def _agrees(self) -> None:
        self._panel.tap("agree_all")
        self._goes()

    def _goes(self) -> None:
        self._panel.until("P16")
        self._card(lies=False)
        self._panel.until("P00f")
