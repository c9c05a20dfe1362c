"""A kiosk without a panel: the real card station, booth, pcscd and virtual card, the heart, and the words on its screens."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.record.ids import KioskId
from kiosk.simulation import card_control
from kiosk.simulation.card_folder import IssuedCard
from kiosk.stations.card import CardStation
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, targets
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.flow import step
from kiosk.visit.profiles import FLOW_2025_03
from kiosk.visit.stage import Reading, Stage, TypingCheckNumber, TypingPin
from kiosk.visit.vocabulary import CheckNumberSource
from screens import build, screen_of

DEADLINE = 20.0
PANEL = Panel(1280, 800, 10.1)


class Kiosk:
    """Feeds the heart with what the card says and what a patient taps; `effects` keeps everything the heart wanted."""

    def __init__(self, control: Path, station: CardStation, inbox: queue.SimpleQueue[ev.Event]) -> None:
        self._control, self._station, self._inbox = control, station, inbox
        self._ui = Ui(PANEL, Catalogue.load("ja"), Lettering())
        self.effects: list[fx.Effect] = []
        self.now = Appliance(
            kiosk_id=KioskId("kiosk-a"),
            clinic="みほん内科",
            profile=FLOW_2025_03,
            simulated_site=True,
            mono=time.monotonic(),
            wall=datetime.now(UTC),
            number_source=CheckNumberSource.TYPED,
        )

    @property
    def visit(self) -> Visit:
        assert self.now.visit is not None, "the visit is over"
        return self.now.visit

    @property
    def stage(self) -> Stage:
        return self.visit.stage

    def card(self, *words: str) -> card_control.Answer:
        """A word to the virtual card."""
        return card_control.ask(self._control, " ".join(words))

    def place(self, kind: str) -> IssuedCard:
        """Lay a card of this kind down and wait until the kiosk has looked at it; what its holder knows."""
        told = self.card("place", kind)["card"]
        assert isinstance(told, dict)
        self.until(lambda: self.now.visit is not None and not isinstance(self.stage, Reading))
        return IssuedCard(**told)

    def happens(self, event: ev.Event) -> None:
        self.now, wanted = step(self.now, event)
        self.effects += wanted
        for effect in wanted:
            self._station.carry_out(effect)

    def taps(self, action: str) -> None:
        """A finger on a button that is there."""
        assert action in self.offered(), (action, self.told())
        self.happens(ev.Tapped(action))

    def types(self, digits: str) -> None:
        """Digits, each to the booth and namelessly to the heart, as the app does it."""
        for digit in digits:
            assert isinstance(self.stage, TypingPin | TypingCheckNumber)
            self._station.digit(digit)
            self.happens(ev.DigitTyped())

    def until(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not reached():
            assert time.monotonic() < deadline, self.now
            self.happens(self._inbox.get(timeout=DEADLINE))

    # -- what the patient sees ---------------------------------------------------------------------------------------

    def screen(self) -> str:
        return screen_of(self.now)

    def offered(self) -> set[str]:
        """Actions of what can be touched."""
        return {target.action for target in targets(build(self.now, self._ui))}

    def told(self) -> str:
        """Every word on the screen."""
        widgets = build(self.now, self._ui)
        return " ".join(w.text.replace("\n", "") for w in widgets if isinstance(w, Label | Button))

    def word(self, key: str, **slots: str | int) -> str:
        return self._ui.text(key, **slots).replace("\n", "")


_SEEN = """
import sys, time
from smartcard.System import readers
from smartcard.Exceptions import NoCardException, CardConnectionException
def lies(reader):
    try:
        reader.createConnection().connect()
    except NoCardException:
        return False
    except CardConnectionException:
        pass
    return True
until = time.monotonic() + float(sys.argv[2])
while sum(map(lies, readers())) < int(sys.argv[1]):
    if time.monotonic() > until:
        sys.exit("pcscd does not see so many cards")
    time.sleep(0.05)
"""


def seen(pcsc_socket: Path, cards: int) -> None:
    """Wait until the private pcscd sees so many cards: it looks at each slot a few times a second only."""
    environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(pcsc_socket)}
    command = [sys.executable, "-c", _SEEN, str(cards), str(DEADLINE)]
    subprocess.run(command, env=environment, check=True, timeout=2 * DEADLINE)


@contextmanager
def kiosk(control: Path, pcsc_socket: Path, root: Path, *, lying: bool = False) -> Iterator[Kiosk]:
    """A kiosk whose booth waits for a card on the private reader; `lying`: there is one already."""
    settings = CardSettings(trust=(TrustedRoot(root, simulated=True),), pcsc_socket=pcsc_socket)
    inbox: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
    station = CardStation(settings, None, inbox.put, lambda _word, _present: None)
    booth_end, studio_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with booth_end, studio_end:
        station.warm(booth_end)
        station.take_over()
        try:
            # A reader that is empty is told at the first look; one that still shows the last test's card, a moment later.
            while not lying and not isinstance(inbox.get(timeout=DEADLINE), ev.CardRemoved):
                pass
            yield Kiosk(control, station, inbox)
        finally:
            station.close()
            card_control.ask(control, "pull")


def unsure(appliance: Appliance) -> Appliance:
    """The same with a clock that nobody set."""
    return replace(appliance, clock_sure=False)
