"""The player: a patient with quick fingers, who finds every button where the screen's own `build` puts it.

It watches the kiosk's journal for the screen that is shown, builds the same screen from its example, asks for a widget
by action name, and presses there through the panel's real touch device. It sees nothing that a person would not.
"""

from __future__ import annotations

import contextlib
import queue
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import mss
import mss.tools

from kiosk.simulation.demo.board_page import BoardPage
from kiosk.simulation.demo.children import Child, Line
from kiosk.simulation.demo.glass import Finger
from kiosk.simulation.demo.site import Site
from kiosk.ui.geometry import Panel, Rect
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Widget, target
from kiosk.visit.appliance import Appliance
from kiosk.visit.looks import JAPANESE, Offer
from screens import build
from screens.examples import EXAMPLES

SAME_PLACE_SECONDS = 0.3
"""Above the touch layer's guard of 0.25 s: a second strike on the place of the last one is an unsteady hand to it."""

LOOK_SECONDS = 25.0
"""An attempt is over by then (kiosk.face.attempt: ten seconds, and those of liveness)."""

SCREEN_SECONDS = 25.0


ONE_WAY = {
    **dict.fromkeys(("infant", "low_b"), "P02-infant"),
    **dict.fromkeys(("face_only", "locked_pin"), "P02-face-only"),
}
"""The choice as these kinds of cards leave it."""

REFUSED = ("E01", "E02", "E06", "E20")
"""Screens that say so of a card (`screens.screen_of`)."""


ANSWERED = ("P07", "P08", "P14", "P16", *REFUSED)
"""Where the centre's answer, or none, leads from the confirmed holder."""


class PlayError(Exception):
    """The visit did not go as it should; the text says where."""


class CardRefusedError(PlayError):
    """The kiosk says that this card cannot be used."""


@dataclass
class Player:
    """Plays one visit at `kiosk` with `finger`; keeps the screens it saw and a PNG of each in `pictures`.

    `language` is what the panel speaks now: buttons stand where its words leave room. `offer`: what may be chosen here,
    where a button's place hangs on it (the corner with the looks).
    """

    site: Site
    kiosk: Child
    finger: Finger
    panel: Panel
    display: str
    pictures: Path
    screens: list[str] = field(default_factory=list)
    placed_at: float | None = None
    heard: set[str] = field(default_factory=set)
    language: str = JAPANESE
    offer: Offer | None = None
    _uis: dict[str, Ui] = field(default_factory=dict)
    _struck: list[tuple[Rect, float]] = field(default_factory=list)

    # -- seeing ------------------------------------------------------------------------------------------------------

    def screen(self, *wanted: str, seconds: float = SCREEN_SECONDS) -> str:
        """Wait until one of these screens is shown, taking a picture of every new one; its id."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            line = self._next_line(left)
            if line is None:
                break
            shown = str(line.get("screen", ""))
            if line.get("event") == "screen" and shown in wanted:
                return shown
        where = self.screens[-1] if self.screens else "before its first screen"
        raise PlayError(f"waited {seconds:.0f} s for screen {' or '.join(wanted)}; the kiosk is at {where}")

    def hears(self, event: str, seconds: float) -> bool:
        """Whether the journal tells of this event, or has told since the player came."""
        until = time.monotonic() + seconds
        while event not in self.heard and (left := until - time.monotonic()) > 0:
            self._next_line(left)
        return event in self.heard

    def _next_line(self, seconds: float) -> Line | None:
        with contextlib.suppress(queue.Empty):
            line = self.kiosk.lines.get(timeout=seconds)
            if line is None:
                raise PlayError(f"the kiosk ended; its last words: {self.kiosk.last_words()}")
            self._note(line)
            return line
        return None

    def _note(self, line: Line) -> None:
        self.heard.add(str(line.get("event")))
        seen = line.get("seen")
        if line.get("event") == "card_placed" and isinstance(seen, float):
            self.placed_at = seen
        if line.get("event") == "screen":
            shown = str(line["screen"])
            self.screens.append(shown)
            self.picture(f"{len(self.screens):02d}-{shown}.png")

    def picture(self, name: str) -> None:
        """What the panel shows now, as PNG."""
        with mss.MSS(display=self.display) as camera:
            shot = camera.grab(camera.monitors[0])
            mss.tools.to_png(shot.rgb, shot.size, output=str(self.pictures / name))

    def film(self) -> None:
        """Keep the last picture of the camera's screen before it goes: by then the person is on it."""
        name, until = f"{len(self.screens):02d}-P03-filming.png", time.monotonic() + LOOK_SECONDS
        shown, kept = len(self.screens), None
        while time.monotonic() < until:
            with mss.MSS(display=self.display) as camera:
                shot = camera.grab(camera.monitors[0])
            while self._next_line(0.03) is not None:
                continue
            if len(self.screens) > shown:
                break
            kept = shot
        if kept is not None:
            mss.tools.to_png(kept.rgb, kept.size, output=str(self.pictures / name))

    # -- doing -------------------------------------------------------------------------------------------------------

    def press(self, screen: str, action: str, secret: str | None = None) -> None:
        """Put a finger on the widget with this action, as the screen's own `build` places it."""
        first = ONE_WAY.get(self.site.kind, screen) if screen == "P02" else screen
        for name in (first, *(each for each in EXAMPLES if each.split("-")[0] == screen)):
            found = target(self.widgets(name), action, secret) if name in EXAMPLES else None
            if found is not None:
                self._tap(found.rect)
                return
        raise PlayError(f"screen {screen} has nothing with the action {action}")

    def type_pin(self, pin: str) -> None:
        """Four keys."""
        for digit in pin:
            self.press("P04", "digit", digit)

    def _tap(self, place: Rect) -> None:
        x, y = place.centre
        for struck, at in self._struck:
            if struck.contains(x, y):
                time.sleep(max(0.0, at + SAME_PLACE_SECONDS - time.monotonic()))
        self.finger.tap(x / self.panel.width, y / self.panel.height)
        self._struck = [*self._struck[-7:], (place, time.monotonic())]

    def widgets(self, example: str) -> list[Widget]:
        """What an example's screen is made of here."""
        return build(self.here(EXAMPLES[example]), self.words())

    def here(self, appliance: Appliance) -> Appliance:
        """The appliance with the looks of this place."""
        offered = appliance.offer if self.offer is None else self.offer
        return replace(appliance, offer=offered, look=replace(appliance.look, language=self.language))

    def words(self) -> Ui:
        """The panel as the screens know it, in the language it speaks now."""
        if self.language not in self._uis:
            lettering = Lettering(language=self.language)
            self._uis[self.language] = Ui(self.panel, Catalogue.load(self.language), lettering)
        return self._uis[self.language]

    # -- one visit ---------------------------------------------------------------------------------------------------

    def identify(self, method: str, board: BoardPage) -> None:
        """From the card on the reader to the first consent screen, or to the end where none may be asked."""
        self.site.place()
        self.recognised()
        if method == "pin":
            self.press("P02", "choose_pin")
            self.screen("P04")
            self.type_pin(self.site.pin)
        elif method == "face":
            self.choose_face()
            self.film()
        else:
            board.click("grant_visual")
            self.screen("P05")
            board.wait_for_button("confirm_visual")
            self.picture(f"{len(self.screens):02d}-P05-comparing.png")
            board.picture(self.pictures / "board-comparing.png")
            board.click("confirm_visual")
        if self.screens[-1] not in ANSWERED:
            self.screen(*ANSWERED, seconds=45)
        if self.screens[-1] in REFUSED:
            raise CardRefusedError(f"the centre does not take this card: screen {self.screens[-1]}")
        if self.screens[-1] == "P07":
            self.press("P07", "register")
            self.screen("P08", "P14", "P16", seconds=45)

    def recognised(self) -> None:
        """The card on the reader can be used; raises `CardRefusedError` where the screen says that it cannot."""
        if (shown := self.screen("P02", *REFUSED)) != "P02":
            raise CardRefusedError(f"the kiosk does not take this card: screen {shown}")

    def choose_face(self) -> None:
        """The face way, up to the camera; the card's front first, where this kiosk has to be told what is printed there."""
        self.press("P02", "choose_face")
        match self.screen("P03", "P03n", "P03f"):
            case "P03n":
                for digit in self.site.check_number_b:
                    self.press("P03n", "digit", digit)
                self.press("P03n", "number_typed")
                self.screen("P03")
            case "P03f":
                self._let_the_front_be_read()
            case _:
                pass

    def _let_the_front_be_read(self) -> None:
        """Under the camera over the tray by lying still; before the one camera by being shown, then placed again."""
        if self.site.card_front == "show":
            self.site.show("front")
            self.site.pull()
            self.screen("P03p")
            self.site.show("face")
            self.site.place()
        self.screen("P03")

    def finish(self) -> None:
        """Consent, wait until it is done, take the card."""
        if self.screens[-1] == "P08":
            self.press("P08", "agree_all")
            self.screen("P14", "P16")
        if self.screens[-1] == "P14":
            self.press("P14", "understood")
            self.screen("P16")
        self.hears("delivered", 5)
        self.picture(f"{len(self.screens):02d}-P16-delivered.png")
        self.site.pull()
        self.screen("P00", seconds=30)

    def is_refused(self) -> bool:
        """The face way, whoever is before the camera: whether three attempts led nowhere, and the card was taken away."""
        self.site.place()
        self.recognised()
        self.choose_face()
        self.film()
        if self.screens[-1] not in ("P02", "P06", "P08", "P16"):
            self.screen("P02", "P06", "P08", "P16", seconds=90)
        if self.screens[-1] != "P02":
            return False
        self.site.pull()
        self.screen("P00f", "P00")
        return True
