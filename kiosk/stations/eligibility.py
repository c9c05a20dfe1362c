"""The eligibility station: gateway calls on threads of their own, never on the loop's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from kiosk import journal
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.gateway import EligibilityGateway
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.record.identity import IdentityProof, PinProof
from kiosk.record.ids import KioskId
from kiosk.visit import events as ev
from kiosk.visit.effects import Conclude, Effect, OpenSession, Register, VerifyIdentity

log = logging.getLogger("kiosk.stations.eligibility")

_Request = TypeVar("_Request", OpenSession, VerifyIdentity, Register, Conclude)

CALLS_AT_ONCE = 4
"""A call that hangs for its 20 s belongs to a visit that is over: the next one must not wait for it."""


class EligibilityStation:
    """`post` hands an event to the loop; the kiosk's key vouches for face matches and visual checks."""

    def __init__(
        self, gateway: EligibilityGateway, key: KioskKey, kiosk_id: KioskId, post: Callable[[ev.Event], None]
    ) -> None:
        self._gateway = gateway
        self._key = key
        self._kiosk_id = kiosk_id
        self._post = post
        self._calls = ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="eligibility")

    def carry_out(self, effect: Effect) -> bool:
        """Start what the effect wants; whether it was one of this station's."""
        match effect:
            case OpenSession():
                self._calls.submit(self._answer, effect, self._open)
            case VerifyIdentity():
                self._calls.submit(self._answer, effect, self._verify)
            case Register():
                self._calls.submit(self._answer, effect, self._register)
            case Conclude():
                self._calls.submit(self._answer, effect, self._conclude)
            case _:
                return False
        return True

    def close(self) -> None:
        """Start nothing more; calls that are out end by their own time budget."""
        self._calls.shutdown(wait=False, cancel_futures=True)

    def _answer(self, effect: _Request, call: Callable[[_Request], ev.Event]) -> None:
        began = time.monotonic()
        try:
            event = call(effect)
        except ProofRefusedError as error:
            log.warning("proof_refused", extra=journal.numbers(visit=effect.ask.visit_id, why=error.code))
            event = _nothing(effect) if error.about_session else ev.ProofRefused(effect.ask)
        except NoAnswerError as error:
            log.warning("no_answer", extra=journal.numbers(visit=effect.ask.visit_id, why=error.code))
            event = _nothing(effect)
        except Exception:
            # Whatever broke, the patient must not wait for ever: no answer is an answer the heart knows.
            log.exception("gateway_failed")
            event = _nothing(effect)
        ms = round((time.monotonic() - began) * 1000, 1)
        kind = type(effect).__name__
        log.info("gateway_called", extra=journal.numbers(visit=effect.ask.visit_id, call=kind, ms=ms))
        self._post(event)

    def _open(self, effect: OpenSession) -> ev.Event:
        return ev.SessionOpened(effect.ask, self._gateway.open(effect.ask.visit_id))

    def _verify(self, effect: VerifyIdentity) -> ev.Event:
        visit_id, challenge, claim = effect.ask.visit_id, effect.challenge, effect.claim
        proof: IdentityProof
        proof = claim if isinstance(claim, PinProof) else self._key.vouch(claim, challenge, visit_id, self._kiosk_id)
        return ev.Answered(
            effect.ask, self._gateway.verify(visit_id, challenge, proof, limit_consent=effect.limit_consent)
        )

    def _register(self, effect: Register) -> ev.Event:
        return ev.Answered(effect.ask, self._gateway.register(effect.session))

    def _conclude(self, effect: Conclude) -> ev.Event:
        consents = self._gateway.conclude(effect.session, effect.agreed, effect.refused, effect.prescription)
        return ev.Concluded(effect.ask, consents)


def _nothing(effect: OpenSession | VerifyIdentity | Register | Conclude) -> ev.Event:
    return ev.NotConcluded(effect.ask) if isinstance(effect, Conclude) else ev.NotAnswered(effect.ask)
