"""Asking later for whom nobody answered: arrivals that are *unconfirmed*, of patients whom the clinic knows by their card.

One question at a time. Where terminal, line or system do not answer, everybody waits for the same growing pause: an
outage costs one question each few minutes, however many patients it met. Where only this patient's question fails, only
this patient waits. Whoever has no answer two hours after the arrival stays as they are, for the desk
(domain/flow-and-rules.md 3.5). Nothing is remembered but what the store holds: after a restart it begins anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from datetime import timedelta

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs.errors import UnwritableMessageError
from kiosk.eligibility.terminal.errors import OtherPatientError
from kiosk.reception import known, later_answers, listed
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.reception.known import KnownPatient
from kiosk.reception.later_answers import ACTOR, LaterAnswer, Unanswered
from kiosk.reception.lookups import eligibility_of, is_about_this_patient
from kiosk.record import dates
from kiosk.record.ids import VisitId

log = logging.getLogger("kiosk.reception.catching_up")

FIRST_PAUSE = 15.0
LONGEST_PAUSE = 600.0
"""Seconds; each failure doubles the pause."""

ASKED_FOR = timedelta(hours=2)
"""How long after an arrival its answer is still asked for."""


@dataclass
class _Pause:
    """How often it failed in a row, and when (monotonic seconds) it may be tried again."""

    failures: int = 0
    until: float = 0.0


@dataclass
class CatchingUp:
    """The task of one desk; `first_pause` in seconds."""

    desk: Desk
    first_pause: float = FIRST_PAUSE
    _everybody: _Pause = field(default_factory=_Pause)
    _each: dict[VisitId, _Pause] = field(default_factory=dict)
    _given_up: set[VisitId] = field(default_factory=set)

    async def run(self) -> None:
        """Go on until cancelled; at once over where there is no terminal."""
        while self.desk.lookups.possible:
            self.desk.arrivals.clear()
            try:
                wait = await self._round()
            except StoreError:
                log.exception("catching_up_failed")
                wait = LONGEST_PAUSE
            try:
                async with asyncio.timeout(wait):
                    await self.desk.arrivals.wait()
            except TimeoutError:
                continue

    async def _round(self) -> float | None:
        """Ask for everybody who is due; gives the seconds until somebody is again, None where nobody will be."""
        pause = self._everybody.until - time.monotonic()
        if pause > 0:
            return pause
        waiting = await self.desk.store.read(later_answers.unanswered(self.desk.clock() - ASKED_FOR))
        there = {one.checkin.checkin_id for one in waiting}
        self._each = {visit: pause for visit, pause in self._each.items() if visit in there}
        self._given_up &= there
        # Whoever was asked for least often comes first: one patient whose question always fails holds nobody up.
        waiting.sort(key=lambda one: self._of(one).failures)
        next_due: list[float] = []
        for one in waiting:
            patient = await self._known(one)
            if patient is None:
                continue
            if self._due(one) > time.monotonic() or await self._ask(one, patient):
                next_due.append(self._due(one))
        return max(0.0, min(next_due) - time.monotonic()) if next_due else None

    def _of(self, one: Unanswered) -> _Pause:
        return self._each.setdefault(one.checkin.checkin_id, _Pause())

    def _due(self, one: Unanswered) -> float:
        return max(self._everybody.until, self._of(one).until)

    async def _known(self, one: Unanswered) -> KnownPatient | None:
        """The patient, unless nobody is known by the card, or it has been given up, or a real and a simulated one meet."""
        simulated = self.desk.lookups.simulated
        card = one.checkin.card
        if card is None or one.checkin.checkin_id in self._given_up or one.checkin.simulated is not simulated:
            return None
        patient = await self.desk.store.read(known.by_card(card.fingerprint, simulated=simulated))
        seen = [result.birth_date for result in one.checkin.eligibility.results if result.birth_date is not None]
        if patient is None or any(born != patient.birth_date for born in seen):
            return None
        return patient

    async def _ask(self, one: Unanswered, patient: KnownPatient) -> bool:
        """Ask once; True where it must be asked again."""
        desk, visit = self.desk, one.checkin.checkin_id
        await desk.store.write(lambda transaction: transaction.audit(ACTOR, "look_up", about=visit))
        try:
            # The day of the visit is asked for, and no limit category: nobody could agree to that one.
            on = dates.japanese_day(one.checkin.confirmed_at)
            answer = await desk.lookups.ask(patient.query(limit_consent=False, on=on))
        except (OtherPatientError, UnwritableMessageError) as error:
            self._given_up.add(visit)
            log.warning("answer_given_up", extra=journal.numbers(visit=visit, code=error.code))
            return False
        except EligibilityError as error:
            pause = self._of(one)
            pause.failures += 1
            if is_about_this_patient(error):
                pause.until = self._after(pause.failures)
                self._everybody = _Pause()
            else:
                self._everybody.failures += 1
                self._everybody.until = self._after(self._everybody.failures)
            log.warning("answer_put_off", extra=journal.numbers(visit=visit, code=error.code, failures=pause.failures))
            return True
        self._everybody = _Pause()
        later = LaterAnswer(visit, answer.simulated, eligibility_of(answer))
        if answer.validity in listed.CLEARED_BY:
            await desk.store.write(listed.clear(desk.key, patient.insured, patient.birth_date))
        joined = await desk.store.write(later_answers.join(later))
        log.info("answer_joined", extra=journal.numbers(visit=visit, validity=answer.validity.value, joined=joined))
        return False

    def _after(self, failures: int) -> float:
        return time.monotonic() + min(self.first_pause * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE)
