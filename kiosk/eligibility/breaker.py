"""A gateway that leaves a system in trouble alone: it does not hammer what is down, and nobody waits 20 s to hear so.

After `FAILURES` sessions in a row that the line or the system failed, new sessions get no answer at once for a while; then
one visit tries, and if that works all do. The while doubles up to `LONGEST`. A maintenance that was told of begins it at
once. Sessions that are open already go on: they hold a patient's proof.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError, NoAnswerError
from kiosk.eligibility.gateway import EligibilityGateway
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, Consents
from kiosk.record.eligibility import EligibilityAnswer
from kiosk.record.identity import Challenge, IdentityProof
from kiosk.record.ids import VisitId

log = logging.getLogger("kiosk.eligibility")

FAILURES: Final = 3
SHORTEST: Final = 10.0
LONGEST: Final = 120.0
"""Seconds of rest. Patients come every minute or two: two minutes is one of them who is not verified in vain."""

_OF_THE_SYSTEM: Final = frozenset({"line", "time_out", "not_the_centre", "status", "content_type", "maintenance"})
"""Codes of `NoAnswerError` that speak of the system; the others speak of one answer."""

_Given = TypeVar("_Given")


class BreakerGateway:
    """Any gateway behind a breaker. Safe to use from any thread; `clock` gives monotonic seconds."""

    def __init__(self, gateway: EligibilityGateway, clock: Callable[[], float] = time.monotonic) -> None:
        self._gateway = gateway
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rest = 0.0
        self._until: float | None = None
        self._trying = False

    def open(self, visit_id: VisitId) -> Challenge:
        """See the port. While the system rests: `NoAnswerError` at once, code `resting`."""
        self._admit()
        return self._heard(lambda: self._gateway.open(visit_id), self._opened)

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        """See the port."""
        return self._heard(lambda: self._gateway.verify(visit_id, challenge, proof, limit_consent=limit_consent))

    def register(self, session: str) -> EligibilityAnswer:
        """See the port."""
        return self._heard(lambda: self._gateway.register(session))

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """See the port."""
        return self._heard(lambda: self._gateway.conclude(session, agreed, refused, prescription))

    def _admit(self) -> None:
        with self._lock:
            if self._until is None:
                return
            if self._trying or self._clock() < self._until:
                raise NoAnswerError("the eligibility system did not answer lately and is left alone", "resting")
            self._trying = True

    def _heard(self, call: Callable[[], _Given], well: Callable[[], None] | None = None) -> _Given:
        try:
            given = call()
        except NoAnswerError as error:
            self._failed(maintenance=error.code == "maintenance") if error.code in _OF_THE_SYSTEM else self._answered()
            raise
        except EligibilityError:
            self._answered()
            raise
        except BaseException:
            self._failed(maintenance=False)
            raise
        (well or self._answered)()
        return given

    def _opened(self) -> None:
        """A session was opened, which a front may do while all behind it is down: what was not forgiven stays counted."""
        with self._lock:
            if self._until is not None:
                self._failures, self._until, self._trying = FAILURES - 1, None, False

    def _answered(self) -> None:
        with self._lock:
            if self._rest:
                log.info("system_back")
            self._failures, self._rest, self._until, self._trying = 0, 0.0, None, False

    def _failed(self, *, maintenance: bool) -> None:
        with self._lock:
            self._failures += 1
            if self._failures < FAILURES and not maintenance and self._until is None:
                return
            self._rest = min(LONGEST, max(SHORTEST, 2 * self._rest))
            self._until, self._trying = self._clock() + self._rest, False
            log.warning("system_rests", extra=journal.numbers(seconds=self._rest, failures=self._failures))
