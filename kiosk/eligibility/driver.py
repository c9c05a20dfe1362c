"""The gateway `driver`: somebody's licensed implementation, installed beside the kiosk and found by its entry point.

A driver is a package with an entry point in the group `kiosk.eligibility.drivers`; its object is a function
`make(settings: DriverSettings, kiosk_id: str) -> EligibilityGateway`. docs/eligibility-driver.md shows a whole one.

What a driver says is checked here as what a centre says is: an answer for another session or card, consents nobody gave, an
error of its own kind or a call that does not return are no answer, never a result.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from importlib import metadata
from typing import Final

from kiosk.eligibility.errors import EligibilityError, NoAnswerError
from kiosk.eligibility.gateway import EligibilityGateway
from kiosk.eligibility.settings import DriverSettings
from kiosk.errors import MissingError
from kiosk.record.checkin import Prescription
from kiosk.record.consent import Consent, ConsentItem, Consents, ConsentState
from kiosk.record.eligibility import EligibilityAnswer, Source
from kiosk.record.identity import Challenge, IdentityProof
from kiosk.record.ids import KioskId, VisitId

log = logging.getLogger("kiosk.eligibility")

GROUP: Final = "kiosk.eligibility.drivers"

MOST_HANGING: Final = 8
"""Calls that never came back, past which the driver is not called any more."""

_NONCE_BYTES = 32


def load(settings: DriverSettings, kiosk_id: KioskId) -> DriverGateway:
    """The driver of that name; raises `MissingError`, whose sentence says which drivers there are."""
    found = {point.name: point for point in metadata.entry_points(group=GROUP)}
    if settings.name not in found:
        there = ", ".join(sorted(found)) or "none is installed"
        raise MissingError(f"eligibility.driver.name: there is no driver {settings.name!r} here; installed: {there}")
    try:
        return DriverGateway(found[settings.name].load()(settings, kiosk_id), settings.timeout_seconds)
    except EligibilityError:
        raise
    except Exception as error:
        log.exception("driver_not_loaded")
        raise MissingError(
            f"the eligibility driver {settings.name!r} cannot be started ({type(error).__name__})"
        ) from error


class DriverGateway:
    """A driver behind the port. Safe to use from any thread if the driver is; each call ends within `seconds`."""

    def __init__(self, driver: EligibilityGateway, seconds: float) -> None:
        self._driver = driver
        self._seconds = seconds
        self._hanging = threading.BoundedSemaphore(MOST_HANGING)
        self._cards: dict[str, str] = {}

    def open(self, visit_id: VisitId) -> Challenge:
        """See the port. Raises `NoAnswerError`."""
        challenge = self._call(lambda: self._driver.open(visit_id))
        if not isinstance(challenge, Challenge) or len(challenge.nonce) != _NONCE_BYTES or not challenge.session:
            raise NoAnswerError("the driver's challenge is not 32 bytes with a session's name", "malformed")
        return challenge

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        """See the port. Raises `NoAnswerError` or `ProofRefusedError`."""
        fingerprint = proof.certificate.fingerprint
        answer = self._call(lambda: self._driver.verify(visit_id, challenge, proof, limit_consent=limit_consent))
        # A few are remembered for calls that overlap: a kiosk has one visit at a time.
        self._cards = dict([*self._cards.items(), (challenge.session, fingerprint)][-MOST_HANGING:])
        return _checked(answer, challenge.session, fingerprint)

    def register(self, session: str) -> EligibilityAnswer:
        """See the port. Raises `NoAnswerError` or `ProofRefusedError`."""
        fingerprint = self._cards.get(session)
        if fingerprint is None:
            raise NoAnswerError("nobody was verified in this session", "mismatch")
        return _checked(self._call(lambda: self._driver.register(session)), session, fingerprint)

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """See the port. Raises `NoAnswerError`; then none of the consents counts."""
        consents = self._call(lambda: self._driver.conclude(session, agreed, refused, prescription))
        if not isinstance(consents, Mapping):
            raise NoAnswerError("the driver lists no consents", "malformed")
        listed = {item: consents.get(item) for item in ConsentItem}
        said = {item: consent for item, consent in listed.items() if isinstance(consent, Consent)}
        if set(said) != set(ConsentItem):
            raise NoAnswerError("the driver does not list every consent", "malformed")
        if any((consent.state is ConsentState.GIVEN) != (item in agreed) for item, consent in said.items()):
            raise NoAnswerError("the driver recorded another choice than the patient's", "mismatch")
        return said

    def _call(self, call: Callable[[], object]) -> object:
        """In a thread that may be left behind: what a driver waits for is not ours to bound otherwise."""
        if not self._hanging.acquire(blocking=False):
            raise NoAnswerError("the driver does not come back from its calls; restart the kiosk", "time_out")
        given: queue.SimpleQueue[object] = queue.SimpleQueue()

        def run() -> None:
            try:
                given.put(call())
            except BaseException as error:  # noqa: BLE001 - handed over to the caller, who judges it
                given.put(error)
            finally:
                self._hanging.release()

        threading.Thread(target=run, name="eligibility-driver", daemon=True).start()
        try:
            came = given.get(timeout=self._seconds)
        except queue.Empty as error:
            raise NoAnswerError("the driver did not answer in time", "time_out") from error
        if isinstance(came, EligibilityError):
            raise came
        if isinstance(came, BaseException):
            raise NoAnswerError(f"the driver failed ({type(came).__name__})", "malformed") from came
        return came


def _checked(answer: object, session: str, fingerprint: str) -> EligibilityAnswer:
    if not isinstance(answer, EligibilityAnswer):
        raise NoAnswerError("the driver's answer is not one", "malformed")
    if answer.session != session or answer.fingerprint != fingerprint:
        raise NoAnswerError("the driver answered for another session or card", "mismatch")
    return replace(answer, source=Source.DRIVER)
