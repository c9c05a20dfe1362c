"""One kiosk: wires the stations, hands screens in, turns the loop. No decision of a visit is taken here.

The loop sleeps in the display until a finger, a station's event or the clock wakes it; every event goes through one
`step`, every effect to the one station that knows it, and the panel shows what the appliance then is.
"""

from __future__ import annotations

import logging
import queue
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Final

from kiosk import journal, lean
from kiosk.clock import SystemClock
from kiosk.configuration import KioskSettings
from kiosk.errors import KioskError, SettingsError
from kiosk.record import ids
from kiosk.stations.voice import VoiceStation
from kiosk.ui import languages, sizes
from kiosk.ui.display import Display
from kiosk.ui.live import Frame
from kiosk.ui.sound import Sound
from kiosk.ui.touch import Closed
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import LiveSource, Widget
from kiosk.visit.appliance import Appliance, Farewell, FarewellKind, Service, ServiceState
from kiosk.visit.effects import Effect, StartAgain, Wipe
from kiosk.visit.endings import FAREWELL_SECONDS, stage_word
from kiosk.visit.events import (
    DigitErased,
    DigitTyped,
    Event,
    NumberAsked,
    RestartFailed,
    ServiceChanged,
    Speaking,
    Started,
    StudioLost,
    Tapped,
    Tick,
)
from kiosk.visit.flow import step
from kiosk.visit.looks import Colours, Look, Offer, TextSize
from kiosk.visit.stage import PuttingBack, StaffEntrance, TypingCheckNumber, TypingPin
from kiosk.visit.stages.front import CHECK_NUMBER_DIGITS
from kiosk.visit.stages.pin import PIN_DIGITS
from kiosk.visit.stages.staff_entrance import STAFF_DIGITS
from kiosk.visit.vocabulary import CheckNumberSource

if TYPE_CHECKING:  # at run time only once the panel shows something: see `_open`
    from kiosk.stations.card import CardStation
    from kiosk.stations.delivery import DeliveryStation
    from kiosk.stations.eligibility import EligibilityStation
    from kiosk.stations.face import FaceStation

log = logging.getLogger("kiosk.app")

AT_REST_SECONDS: Final = 0.25
NOBODY_SECONDS: Final = 1.0
"""The clock's step while somebody is there, and while nobody is: every turn costs, and nobody's time runs out."""
BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
RENEW_SECONDS: Final = 2.0
"""A booth that dies at once is not respawned faster than this."""

Build = Callable[[Appliance, Ui], Sequence[Widget]]
Name = Callable[[Appliance], str]


class App:
    """The kiosk process. Make it, `run` it; it ends on SIGTERM, SIGINT, when its window is closed or staff want a new start.

    `started_by` is the command because of which it was started, if one was; `can_start` raises `KioskError` where a new start
    would end at the settings.
    """

    _card: CardStation
    _face: FaceStation
    _eligibility: EligibilityStation
    _delivery: DeliveryStation

    def __init__(
        self,
        settings: KioskSettings,
        build: Build,
        name: Name,
        can_start: Callable[[], object] = lambda: None,
        started_by: str | None = None,
    ) -> None:
        self._settings, self._build, self._name = settings, build, name
        self._can_start, self._started_by = can_start, started_by
        self._again: str | None = None
        self._opened = ExitStack()
        self._inbox: queue.SimpleQueue[Event | Callable[[], None]] = queue.SimpleQueue()
        self._closing = False
        self._faults: set[str] = set()
        self._renewed_at = 0.0
        self._renew_due: float | None = None
        self._studio_at = 0.0
        self._digits: deque[str] = deque()
        self._shown: Appliance | None = None
        self._widgets: Sequence[Widget] = ()
        self._shown_screen = ""
        self._clock = SystemClock()
        self._display = Display(settings.display, picture=self._picture)
        self._closes_with(self._display.close)
        if (why := self._display.panel.why_too_small) is not None:
            self._opened.close()
            raise SettingsError(f"display: {why}")
        self._sound = Sound()
        self._closes_with(self._sound.close)
        self._appliance = Appliance(
            kiosk_id=ids.kiosk_id(settings.kiosk_id),
            clinic=settings.clinic,
            profile=settings.site_profile(),
            simulated_site=settings.site == "test",
            number_source=_check_number_source(settings),
            look=Look(colours=Colours(settings.display.theme)),
            usual=Look(colours=Colours(settings.display.theme)),
            offer=self._offer(settings),
            mono=time.monotonic(),
            wall=datetime.now(UTC),
        )
        self._voice = VoiceStation(self._sound, self._catalogues, self._tapped)
        self._closes_with(self._voice.close)

    def run(self) -> str | None:
        """Turn the loop until told to end; gives the command by which staff want it started anew, if that is why it ended.

        Raises `KioskError` where a station's file, key or driver is missing.
        """
        for ending in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ending, self._end)
        try:
            self._show()
            self._open()
            lean.settle()
            self._warm()
            self._renew()
            self._delivery.start()
            log.info("kiosk_open")
            if self._started_by is not None:
                self._feed(Started(self._started_by))
            while not self._closing:
                self._turn()
        finally:
            self._opened.close()
            log.info("kiosk_closed")
        return self._again

    def _open(self) -> None:
        """Make the stations. What they import takes as long as all before: the panel shows the idle screen meanwhile.

        That is no promise too many: a card that lies there, and touches, wait for the loop, as they do for a booth that warms.
        """
        # httpx brings its command line along where that can be had (click, rich, pygments): 5 MB and 40 ms for nothing.
        with lean.without("httpx._main"):
            from kiosk.stations import wiring  # noqa: PLC0415 - so late on purpose

        made = wiring.make(self._settings, self._post, self._fault, lambda: self._do(self._studio_lost))
        self._card, self._face = made.card, made.face
        self._eligibility, self._delivery = made.eligibility, made.delivery
        for station in (self._delivery, self._eligibility, self._face, self._card):
            self._closes_with(station.close)

    def _closes_with(self, close: Callable[[], None]) -> None:
        """Have `close` called at the end, before those that were told earlier; what it raises keeps no other from closing."""

        def closing() -> None:
            try:
                close()
            except Exception:
                log.exception("not_closed")

        self._opened.callback(closing)

    def _offer(self, settings: KioskSettings) -> Offer:
        """What patients may choose here; the catalogues of the languages are read once."""
        found = languages.offered(settings.display, self._display.lettering.faces)
        self._catalogues = {language.tag: language.catalogue for language in found if language.catalogue is not None}
        here = tuple(TextSize(size) for size in sizes.offered(self._display.panel))
        return Offer(tuple(self._catalogues), here, voice=not self._sound.silent)

    # -- one turn ----------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        self._display.wait(self._sleep())
        self._feed(Tick(time.monotonic(), datetime.now(UTC), self._clock.is_sure()))
        if self._renew_due is not None and time.monotonic() >= self._renew_due:
            self._renew()
            self._fault("booth", False)
        for touch in self._display.touches(self._digits.append):
            if isinstance(touch, Closed):
                self._closing = True
            else:
                self._tapped(touch.action)
        self._digits.clear()
        for key in self._display.keys():  # noqa: SIM118 - a display is no mapping
            self._sound.click()
            self._voice.pressed(key)
        self._voice.rest(time.monotonic())
        if self._voice.speaking is not self._appliance.speaking:
            self._feed(Speaking(self._voice.speaking))
        while not self._inbox.empty():
            arrived = self._inbox.get()
            if callable(arrived):
                arrived()
            else:
                self._feed(arrived)
        self._show()
        self._tell_reception()

    def _sleep(self) -> float:
        nobody = self._appliance.visit is None and self._appliance.farewell is None and not self._voice.speaking
        rest = NOBODY_SECONDS if nobody else AT_REST_SECONDS
        due = self._display.next_redraw(time.monotonic())
        return rest if due is None else max(0.0, min(rest, due - time.monotonic()))

    def _tapped(self, action: str) -> None:
        self._sound.click()
        if action == "digit":
            self._digit(self._digits.popleft() if self._digits else "")
        elif action == "listen":
            self._feed(Tapped(action))
            self._voice.repeat()
        elif action == "no_card_take":
            self._feed(NumberAsked(ids.new_visit_id()))
        elif action == "erase":
            if self._takes_digits(erasing=True):
                self._holder().erase()
                self._feed(DigitErased())
        else:
            self._feed(Tapped(action))

    def _digit(self, digit: str) -> None:
        """One digit from the touch layer to whom it is for, if the heart is still waiting for one; it learns only that."""
        if digit and self._takes_digits():
            self._holder().digit(digit)
            self._feed(DigitTyped())

    def _holder(self) -> CardStation | DeliveryStation:
        """Who holds what is typed: a patient's digits the booth, a staff member's the station that asks reception."""
        visit = self._appliance.visit
        staff = visit is not None and isinstance(visit.stage, StaffEntrance)
        return self._delivery if staff else self._card

    def _takes_digits(self, *, erasing: bool = False) -> bool:
        match self._appliance.visit.stage if self._appliance.visit is not None else None:
            case TypingPin(digits=digits, checking=False):
                return digits < PIN_DIGITS
            case TypingCheckNumber(digits=digits, checking=False):
                return digits < CHECK_NUMBER_DIGITS or erasing
            case StaffEntrance(digits=digits) as entrance if entrance.takes_digits:
                return digits < STAFF_DIGITS
            case _:
                return False

    def _feed(self, event: Event) -> None:
        try:
            self._appliance, effects = step(self._appliance, event)
            for effect in effects:
                self._carry_out(effect)
        except Exception:
            # The fail-safe: whatever broke, this visit is over, wiped, and the next patient finds a working kiosk.
            visit = self._appliance.visit
            reference = visit.visit_id[-6:] if visit is not None else ""
            log.exception("visit_failed", extra=journal.numbers(visit=reference))
            until = self._appliance.mono + FAREWELL_SECONDS
            farewell = Farewell(FarewellKind.TROUBLE, None, until, reference=reference)
            self._appliance = replace(self._appliance, visit=None, farewell=farewell, choosing=None)
            self._renew()

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, Wipe):
            log.info("visit_over", extra=journal.numbers(visit=effect.visit_id))
            self._renew()
            return
        if isinstance(effect, StartAgain):
            self._start_again(effect.command_id)
            return
        stations = (self._card, self._face, self._eligibility, self._delivery)
        if not any(station.carry_out(effect) for station in stations):
            log.error("effect_without_a_station", extra=journal.numbers(effect=type(effect).__name__))

    def _start_again(self, command_id: str) -> None:
        """End for a new start, unless that would find settings it cannot read: better a kiosk that goes on as it is."""
        try:
            self._can_start()
        except KioskError as error:
            log.error("not_restarted", extra=journal.numbers(why=error.code))  # noqa: TRY400
            self._post(RestartFailed())
            return
        log.info("kiosk_restarting")
        self._again, self._closing = command_id, True

    def _show(self) -> None:
        appliance, now = self._appliance, time.monotonic()
        visit = appliance.visit
        timeless = replace(appliance, mono=0.0, wall=BEGINNING, asked=0)
        counting = visit is not None and (isinstance(visit.stage, PuttingBack) or visit.warned)
        if timeless == self._shown and not counting:
            self._display.show(self._voice.marked(self._widgets, self._display.panel), now)
            return
        look = appliance.look
        self._display.wear(look.colours.value, look.size.value)
        self._widgets = self._build(appliance, self._display.ui(self._catalogues[look.language], now, look.size.value))
        screen = self._name(appliance)
        self._voice.follow(appliance, screen, self._widgets)
        corners = self._voice.corners_are_keys
        if self._display.corners_are_keys is not corners:  # setting it lifts whatever finger rests on the glass
            self._display.corners_are_keys = corners
        self._display.show(self._voice.marked(self._widgets, self._display.panel), now)
        self._shown = timeless
        if screen != self._shown_screen:
            self._shown_screen = screen
            stage, visit_id = stage_word(visit.stage if visit else None), visit.visit_id if visit else None
            log.info("screen", extra=journal.numbers(visit=visit_id, screen=screen, stage=stage))

    def _tell_reception(self) -> None:
        """What the board shows of this kiosk; the station sends what changed."""
        visit = self._appliance.visit
        stage, visit_id = stage_word(visit.stage if visit else None), visit.visit_id if visit else None
        self._delivery.show(self._appliance.service_word, stage, visit_id)

    # -- stations ----------------------------------------------------------------------------------------------------

    def _post(self, event: Event) -> None:
        self._inbox.put(event)
        self._display.wake()

    def _do(self, something: Callable[[], None]) -> None:
        """Have the loop do something: from any thread."""
        self._inbox.put(something)
        self._display.wake()

    def _fault(self, word: str, present: bool) -> None:
        self._do(lambda: self._faulty(word, present=present))

    def _studio_lost(self) -> None:
        """Another studio for the visit that lost its own: that costs one attempt. One that dies at once is left dead."""
        if not self._face.is_lost:
            return  # the visit is over meanwhile, and its studio with it
        if time.monotonic() - self._studio_at >= RENEW_SECONDS:
            self._studio_at = time.monotonic()
            for_booth, for_studio = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            with for_booth, for_studio:
                try:
                    self._face.replace(for_studio)
                    self._card.new_studio(for_booth)
                except (OSError, KioskError):
                    log.exception("studio_not_replaced")
        self._feed(StudioLost())

    def _faulty(self, word: str, *, present: bool) -> None:
        before = frozenset(self._faults)
        self._faults = self._faults | {word} if present else self._faults - {word}
        if word == "booth" and present and self._renew_due is None:
            self._renew_due = max(time.monotonic(), self._renewed_at + RENEW_SECONDS)
        if before != self._faults:
            reasons = ",".join(sorted(self._faults))
            log.warning("service", extra=journal.numbers(faults=reasons))
            state = ServiceState.CLOSED if self._faults else ServiceState.OPEN
            self._feed(ServiceChanged(Service(state, reasons)))

    def _warm(self) -> None:
        """A spare booth and a spare studio, with a pair of sockets of their own for the photo."""
        for_booth, for_studio = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with for_booth, for_studio:
            self._card.warm(for_booth)
            self._face.warm(for_studio)

    def _renew(self) -> None:
        """Booth and studio of the last visit end; the spares take over; new spares are warmed."""
        self._renewed_at, self._renew_due = time.monotonic(), None
        self._digits.clear()
        self._delivery.forget_digits()
        self._card.end()
        self._face.end()
        self._display.forget()
        self._shown = None
        self._card.take_over()
        self._face.take_over()
        self._warm()

    def _picture(self, source: LiveSource) -> tuple[int, Frame] | None:
        return self._face.live() if source is LiveSource.CAMERA else self._face.photo()

    def _end(self, _signal: int, _frame: FrameType | None) -> None:
        self._closing = True
        self._display.wake()


def _check_number_source(settings: KioskSettings) -> CheckNumberSource:
    """How this kiosk gets check number B: a simulation that is told it needs no other way."""
    known = settings.simulation is not None and settings.simulation.check_number_b is not None
    return CheckNumberSource.KNOWN if known else CheckNumberSource(settings.card_front)
