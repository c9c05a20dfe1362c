"""Whole visits through the real eligibility station and a real line: the heart, a card with its key, a patient who taps.

Reader, camera, outbox and panel are left out: what they answer is said here at once. The clock is the real one.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from kiosk.eligibility.gateway import EligibilityGateway
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.record.checkin import CheckIn
from kiosk.record.ids import QueueNumber, VisitId, new_visit_id
from kiosk.stations.eligibility import EligibilityStation
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import Appliance, Wait
from kiosk.visit.endings import stage_word
from kiosk.visit.flow import step
from kiosk.visit.profiles import FLOW_2025_03, Profile
from kiosk.visit.vocabulary import CheckNumberSource, ChipPhoto
from tests.eligibility.parties import KIOSK, Card

DEADLINE = 40.0

TAPS: Mapping[str, str] = {
    "choosing_method": "choose_pin",
    "offering_registration": "register",
    "consenting": "agree_all",
    "asking_limit": "limit_yes",
}
"""What the patient taps where a screen asks, unless a test says otherwise."""

_OVER = ("checked_in", "refused", "taking_card", "idle")


@dataclass(repr=False)
class Visited:
    """How a visit ended: the `stages` it went through, what was `committed`, why the desk was called."""

    visit_id: VisitId
    stages: list[str] = field(default_factory=list)
    waits: set[Wait] = field(default_factory=set)
    committed: list[CheckIn] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def checkin(self) -> CheckIn:
        """The one check-in that was committed."""
        (checkin,) = self.committed
        return checkin

    @property
    def at(self) -> str:
        """Where it stands in the end."""
        return self.stages[-1]


class Kiosk:
    """One kiosk at the end of a real line. `visit` plays one patient; `close` ends the station."""

    def __init__(self, gateway: EligibilityGateway, key: KioskKey, profile: Profile = FLOW_2025_03) -> None:
        self._inbox: queue.SimpleQueue[ev.Event] = queue.SimpleQueue()
        self._station = EligibilityStation(gateway, key, KIOSK, self._inbox.put)
        self._profile = profile
        self._now = self._idle()

    def _idle(self) -> Appliance:
        return Appliance(
            kiosk_id=KIOSK,
            clinic="みほん内科",
            profile=self._profile,
            simulated_site=True,
            mono=time.monotonic(),
            wall=datetime.now(UTC),
            number_source=CheckNumberSource.KNOWN,
        )

    def visit(
        self,
        card: Card,
        *,
        method: str = "pin",
        born: date | None = None,
        ends_in: timedelta = timedelta(days=900),
        taps: Mapping[str, str] = TAPS,
        reached: Mapping[type[fx.Effect], object] | None = None,
    ) -> Visited:
        """A patient comes with `card`, whose face record says `born`; gives how it ended.

        `reached`: callables by kind of effect, called just before the effect is carried out (to kill a centre, say).
        """
        visited = Visited(new_visit_id())
        self._now = self._idle()
        self._card, self._born, self._ends_in = card, born, ends_in
        self._taps = {**taps, "choosing_method": f"choose_{method}"}
        self._reached = dict(reached or {})
        began = time.monotonic()
        self._feed(visited, ev.CardPlaced(visited.visit_id))
        while visited.at not in _OVER:
            assert time.monotonic() - began < DEADLINE, f"the visit hangs at {visited.at}"
            try:
                event = self._inbox.get(timeout=0.05)
            except queue.Empty:
                event = ev.Tick(time.monotonic(), datetime.now(UTC))
            self._feed(visited, event)
        visited.seconds = time.monotonic() - began
        return visited

    def close(self) -> None:
        """Start nothing more."""
        self._station.close()

    def _feed(self, visited: Visited, event: ev.Event) -> None:
        self._now, effects = step(self._now, event)
        visit = self._now.visit
        word = stage_word(visit.stage if visit else None)
        moved = not visited.stages or visited.stages[-1] != word
        if moved:
            visited.stages.append(word)
        if visit is not None:
            visited.waits.add(visit.wait)
        for effect in effects:
            self._carry_out(visited, effect)
        if moved and word in self._taps:
            self._inbox.put(ev.Tapped(self._taps[word]))
        if moved and word == "typing_pin":
            for _ in range(4):
                self._inbox.put(ev.DigitTyped())

    def _carry_out(self, visited: Visited, effect: fx.Effect) -> None:
        act = self._reached.pop(type(effect), None)
        if callable(act):
            act()
        if self._station.carry_out(effect):
            return
        match effect:
            case fx.Commit(checkin=checkin):
                visited.committed.append(checkin)
            case fx.CallDesk(reason=reason):
                visited.calls.append(reason.value)
            case _:
                pass
        answer = self._answer(visited, effect)
        if answer is not None:
            self._inbox.put(answer)

    def _answer(self, visited: Visited, effect: fx.Effect) -> ev.Event | None:
        match effect:
            case fx.ReadCard(ask=ask):
                ends = datetime.now(UTC) + self._ends_in
                return ev.CardRead(ask, self._card.certificate, ends, 3, ChipPhoto.READABLE, simulated=True)
            case fx.VerifyPin(ask=ask):
                return ev.PinRight(ask)
            case fx.SignChallenge(ask=ask, challenge=challenge):
                return ev.ChallengeSigned(ask, self._card.sign(challenge, visited.visit_id))
            case fx.SendPhoto(ask=ask):
                return ev.PhotoSent(ask, None, self._born)
            case fx.LookAtFace(ask=ask):
                return ev.FaceMatched(ask, simulated=True)
            case fx.ReadHolder(ask=ask):
                return ev.HolderUnread(ask)
            case fx.Commit(ask=ask):
                return ev.Committed(ask, QueueNumber("A001"))
            case _:
                return None
