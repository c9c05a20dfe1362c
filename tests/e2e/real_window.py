"""Patients at a real window: every tap a finger on the touch device of a real X server, every look one at its pixels.

    with room(folder) as here, here.kiosk() as patient:
        patient.comes()
        patient.by_pin()
        patient.press("P08", "agree_all")
        patient.is_done()
        patient.takes_the_card()

One kiosk takes one visit after another; what reception has then is told by `Room.new_check_in`.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import mss
import numpy as np
import pygame
from numpy.typing import NDArray

from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.simulation.demo.children import Child
from kiosk.simulation.demo.glass import Glass, environment_of, glass
from kiosk.simulation.demo.player import Player, PlayError
from kiosk.simulation.demo.site import CLINIC, Site, site
from kiosk.ui import languages, offscreen, sizes
from kiosk.ui.geometry import Panel
from kiosk.ui.settings import DisplaySettings
from kiosk.visit import at_rest
from kiosk.visit.appliance import Appliance
from kiosk.visit.looks import JAPANESE, Offer, TextSize

PANEL = Panel(1280, 800, 10.1)
AT_REST = ("P00", "P00f")
REST_SECONDS = 15.0
"""The farewell's eight, and some."""

SAME = 0.002
"""Share of pixels that may differ from what was drawn beside the window: another language is 0.01 and more of them, a changed
digit 0.007, a PIN dot 0.0012 (domain/kiosk-ui.md section 7.3)."""
_SEEN = 24  # of 255: less is no difference to an eye
_DRAWN_SECONDS = 5.0

Pixels = NDArray[np.uint8]


@dataclass
class Patient(Player):
    """A player for many visits at one kiosk, who keeps no pictures and looks at the panel instead."""

    began: int = 0
    """How many screens had been seen when this visit began."""

    def picture(self, name: str) -> None:
        """Nothing is kept."""

    def film(self) -> None:
        """Nothing is kept."""

    def screen(self, *wanted: str, seconds: float = 25.0) -> str:
        """As a player's, and an error tells the whole way of this visit."""
        try:
            return super().screen(*wanted, seconds=seconds)
        except PlayError as error:
            way = " ".join(self.screens[self.began :]) or "no screen"
            raise PlayError(f"{error}; this visit in {self.language} saw: {way}") from error

    # -- a visit, from rest to rest ----------------------------------------------------------------------------------

    def is_at_rest(self) -> None:
        """Nobody is there: the idle screen, or the last patient's farewell."""
        if self.kiosk.process.poll() is not None:
            raise PlayError(f"the kiosk has ended; its last words: {self.kiosk.last_words()}")
        self.site.pull()
        if not self.screens or self.screens[-1] not in AT_REST:
            self.screen(*AT_REST, seconds=REST_SECONDS + at_rest.REST_SECONDS)
        self.began = len(self.screens) - 1
        self.heard.clear()

    def is_idle(self) -> None:
        """The idle screen itself, after any farewell."""
        self.is_at_rest()
        if self.screens[-1] != "P00":
            self.screen("P00", seconds=REST_SECONDS)
        self.language = JAPANESE

    def comes(self) -> None:
        """The card is laid down and recognised."""
        self.is_at_rest()
        self.language = JAPANESE
        self.lays_the_card()

    def lays_the_card(self) -> None:
        """To the choice of ways."""
        self.site.place()
        self.recognised()

    def by_pin(self) -> None:
        """From the choice of ways to the consents, with the right PIN."""
        self.press("P02", "choose_pin")
        self.screen("P04")
        self.type_pin(self.site.pin)
        self.screen("P08")

    def is_done(self) -> None:
        """Checked in, and reception has it."""
        if self.screens[-1] != "P16":
            self.screen("P16")
        if not self.hears("delivered", 10):
            raise PlayError("checked in, but nothing was delivered within 10 s")

    def staff_come_in(self, number: str, pin: str) -> None:
        """A staff member who was called types number and PIN at the panel."""
        self.press("P02", "call_staff")
        # The button is there once the call was drawn: no other screen tells when, and a touch before it touches nothing.
        for _ in range(5):
            self.press("P02-called", "staff")
            with contextlib.suppress(PlayError):
                self.screen("P05s", seconds=4)
                break
        else:
            raise PlayError("the staff's button did not open their entrance")
        self.staff_type(number, pin)

    def staff_type(self, number: str, pin: str) -> None:
        """Both fields, one after another."""
        for digit in number + pin:
            self.press("P05s", "digit", digit)

    def takes_the_card(self) -> None:
        """To the farewell."""
        self.site.pull()
        self.screen("P00f")

    def chooses(self, language: str) -> None:
        """From the idle screen, by touch."""
        self.press("P00", "languages")
        self.screen("P97")
        self.press("P97", f"language:{language}")
        self.screen("P00")
        self.language = language

    # -- looking at the panel ----------------------------------------------------------------------------------------

    def sees(self, example: str, language: str) -> None:
        """Wait until the window shows this example in this language; raises `PlayError` telling what it shows instead."""
        until = time.monotonic() + _DRAWN_SECONDS
        while (far := self._difference(example, language)) > SAME:
            if time.monotonic() > until:
                tags = self.offer.languages if self.offer is not None else (JAPANESE,)
                nearest = min(tags, key=lambda tag: self._difference(example, tag))
                raise PlayError(
                    f"screen {example} in {language}: {far:.2%} of the pixels are others; it looks most like {nearest}"
                )

    def learns_what_is_offered(self) -> None:
        """From the idle screen: whether there is a voice to be heard again is seen by its button."""
        faces = self.words().lettering.faces
        tags = tuple(one.tag for one in languages.offered(DisplaySettings(languages="all"), faces))
        without = Offer(tags, tuple(TextSize(size) for size in sizes.offered(self.panel)))

        def differs(offer: Offer) -> float:
            self.offer = offer
            # The picture moves; the corner with the looks does not.
            low = self.panel.height // 6
            return _share(self._looks()[:low], self._drawn("P00", JAPANESE)[:low])

        self.offer = min((without, replace(without, voice=True)), key=differs)

    def _difference(self, example: str, language: str) -> float:
        return _share(self._looks(), self._drawn(example, language))

    def _looks(self) -> Pixels:
        """The panel's pixels now, (h, w, 3) RGB."""
        with mss.MSS(display=self.display) as camera:
            shot = camera.grab(camera.monitors[0])
        bgra = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        return bgra[..., 2::-1]

    def _drawn(self, example: str, language: str) -> Pixels:
        """What the screens make of an example here, drawn without a window, (h, w, 3) RGB."""
        spoken, self.language = self.language, language
        try:
            surface = offscreen.render(self.widgets(example), self.panel, lettering=self.words().lettering)
        finally:
            self.language = spoken
        return pygame.surfarray.array3d(surface).transpose(1, 0, 2)

    def here(self, appliance: Appliance) -> Appliance:
        """The example as it is at this clinic."""
        return replace(super().here(appliance), clinic=CLINIC)


def _share(one: Pixels, other: Pixels) -> float:
    """Of pixels that an eye could tell apart."""
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16)).max(axis=2) > _SEEN
    return float(apart.mean())


@dataclass
class Room:
    """A site with a panel of its own; `kiosk` starts a kiosk on it. `known`: check-ins that were asked about before."""

    around: Site
    glass: Glass
    folder: Path
    known: set[str] = field(default_factory=set)

    @contextmanager
    def kiosk(self) -> Iterator[Patient]:
        """A kiosk at its idle screen, and who will stand before it."""
        added = environment_of(self.glass.display)
        before = {name: os.environ.get(name) for name in added}
        os.environ.update(added)
        try:
            words = ["run", "--config", str(self.around.kiosk_yaml)]
            log = self.folder / f"kiosk-{time.monotonic_ns()}.log"
            child = Child(words, log, journal=True, heard=self.around.hears)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        try:
            yield Patient(self.around, child, self.glass.finger, PANEL, self.glass.display, self.folder)
        finally:
            child.end()

    def new_check_in(self, seconds: float = 10.0) -> CheckIn:
        """The one check-in that reception got since it was last asked; raises `PlayError`."""
        until = time.monotonic() + seconds
        while not (new := self._new()):
            if time.monotonic() > until:
                raise PlayError(f"reception got no check-in within {seconds:.0f} s")
            time.sleep(0.05)
        self.known |= {checkin.checkin_id for checkin in new}
        if len(new) > 1:
            raise PlayError(f"reception got {len(new)} check-ins of one visit")
        return new[0]

    def forget(self) -> None:
        """What came until now is not asked about."""
        self.known |= {checkin.checkin_id for checkin in self._new()}

    def give_pin(self, staff_id: str, pin: str) -> str:
        """Choose somebody's PIN for the kiosk, as that person does on the page for it; the number to type before it."""
        base = self.around.board_url
        with httpx.Client(trust_env=False, timeout=10, cookies=self.around.signed_in(staff_id)) as browser:
            token = _found(r'name="token" value="([^"]+)"', browser.get(f"{base}/me").text)
            form = {"token": token, "pin": pin, "again": pin}
            chosen = browser.post(f"{base}/me/pin", data=form, headers={"origin": base})
            if chosen.status_code != 303:
                raise PlayError(f"the PIN was not taken (HTTP {chosen.status_code})")
            return _found(r"<b>([0-9]{4})</b>", browser.get(f"{base}/me").text)

    def audit_tells(self, actor: str, *actions: str, seconds: float = 10.0) -> None:
        """Wait until the last entries of somebody in reception's audit log are these; raises `PlayError`."""
        until = time.monotonic() + seconds
        while (told := self._audit(actor))[-len(actions) :] != [*actions]:
            if time.monotonic() > until:
                raise PlayError(f"the audit log tells of {actor}: {told[-len(actions) :]}")
            time.sleep(0.05)

    def _audit(self, actor: str) -> list[str]:
        with self._database() as database:
            rows = database.execute("SELECT action FROM audit WHERE actor = ? ORDER BY seq", (actor,)).fetchall()
        return [str(row[0]) for row in rows]

    def has_nothing_new(self) -> bool:
        """Whether reception got no check-in since it was last asked."""
        return not self._new()

    def helps(self) -> list[tuple[str, str]]:
        """(reason, stage) of every call for help at reception, as they came."""
        with self._database() as database:
            rows = database.execute("SELECT reason, stage FROM help ORDER BY rowid").fetchall()
        return [(str(reason), str(stage)) for reason, stage in rows]

    def help_after(self, count: int, seconds: float = 10.0) -> tuple[str, str]:
        """The call that came after so many others; raises `PlayError`."""
        until = time.monotonic() + seconds
        while len(helps := self.helps()) <= count:
            if time.monotonic() > until:
                raise PlayError(f"reception heard no call within {seconds:.0f} s")
            time.sleep(0.05)
        return helps[count]

    def _new(self) -> list[CheckIn]:
        with self._database() as database:
            told = [contract.from_json(bytes(row[0])) for row in database.execute("SELECT record FROM checkin")]
        return [checkin for checkin in told if checkin.checkin_id not in self.known]

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(f"file:{self.around.folder / 'reception.db'}?mode=ro", uri=True)) as it:
            yield it


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    if found is None:
        raise PlayError(f"the page has nothing like {pattern}")
    return found[1]


@contextmanager
def room(folder: Path) -> Iterator[Room]:
    """A site and a panel, no kiosk yet."""

    def quiet(_: str) -> None:
        pass

    size = (PANEL.width, PANEL.height, PANEL.diagonal_inches)
    with contextlib.ExitStack() as stack:
        panel = stack.enter_context(glass(folder / "panel", PANEL.width, PANEL.height))
        started = site(folder, quiet, sitter="astronaut", camera=None, window=False, panel=size)
        yield Room(stack.enter_context(started), panel, folder)
