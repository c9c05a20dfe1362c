"""The gateway `reception`: a patient the clinic knows already, looked up by number through the clinic's own terminal.

No licence is needed for it, and no medical information comes of it: eligibility only, and the 限度額 where the patient agrees
(domain/flow-and-rules.md section 2.4). The card proves who is there; which insurance that is, reception knows from an
earlier visit, asks its terminal, and answers. At reception's kiosk door:

    POST /k/v1/lookup   X-Kiosk-Id: ...
        {"visit_id": UUIDv7, "fingerprint": SHA-256 of the certificate (hex), "limit_consent": true | false}
    200 {"simulated": true | false, "eligibility": as in a check-in (`kiosk.record.checkin`), source "number_lookup"}
    404 problem "not_known": nobody here is known by this card; 503 "no_terminal"
    504 problem "no_answer": the terminal, its line or the system is dead; "not_usable": only this question has no answer
    GET /k/v1/terminal: {"ok", "hop", "sentence"}, how the way on from reception is (`kiosk.eligibility.state`)

Whom a list that the desk looked up for today found invalid, or did not find, is answered so without another question; a
valid answer is always the system's own of this moment. `answered_at` says when the system answered.

Nothing leaves the kiosk but the fingerprint: neither certificate nor signature. What is not as above is no answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.exchange import Exchange
from kiosk.eligibility.settings import KioskDoorSettings
from kiosk.record import RecordError
from kiosk.record.checkin import Prescription, eligibility_from_json
from kiosk.record.consent import ConsentItem, Consents, no_consents
from kiosk.record.eligibility import EligibilityAnswer, Source
from kiosk.record.identity import Challenge, IdentityProof, PinProof
from kiosk.record.ids import KioskId, VisitId, visit_id_bytes

_NONCE_BYTES = 32
_PROBLEM = "application/problem+json"
_REASONS = {404: "not_known", 503: "no_terminal", 504: "no_answer"}
_SYSTEM_FAILED = "no_answer"
"""Reception's own code under 504 where the way to the system failed, and not this one question (`not_usable`)."""


class ReceptionGateway:
    """`kiosk.eligibility.gateway.EligibilityGateway` by number look-up. Safe to use from any thread.

    Raises `MissingError` when it is made and `ca_file` cannot be used. A `client` may be handed in (tests).
    """

    def __init__(self, settings: KioskDoorSettings, kiosk_id: KioskId, client: httpx.Client | None = None) -> None:
        self._exchange = Exchange(settings, client, headers={"X-Kiosk-Id": kiosk_id})

    def open(self, visit_id: VisitId) -> Challenge:
        """A challenge of our own: whoever answers here needs no proof but ours that the card signed it."""
        return Challenge(f"lookup-{visit_id}", secrets.token_bytes(_NONCE_BYTES))

    def verify(
        self, visit_id: VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> EligibilityAnswer:
        """See the port. Raises `NoAnswerError` or `ProofRefusedError`."""
        if isinstance(proof, PinProof):
            _check(proof, challenge.nonce + visit_id_bytes(visit_id))
        fingerprint = proof.certificate.fingerprint
        asked = {"visit_id": visit_id, "fingerprint": fingerprint, "limit_consent": limit_consent}
        reply = self._exchange.send("POST", "/k/v1/lookup", asked)
        if reply.status in _REASONS and reply.media_type == _PROBLEM:
            if reply.status == 504 and reply.json().get("code") == _SYSTEM_FAILED:
                # Told as what it is to the kiosk: a system that does not answer, which a breaker leaves alone.
                raise NoAnswerError("reception heard nothing from the eligibility system", "time_out")
            raise NoAnswerError("reception has no answer for this card", _REASONS[reply.status])
        if reply.status != 200 or reply.media_type != "application/json":
            raise NoAnswerError(f"reception replied with status {reply.status}", "status")
        told = reply.json()
        simulated = told.get("simulated")
        try:
            eligibility = eligibility_from_json(told.get("eligibility"))
        except RecordError as error:
            raise NoAnswerError("reception's answer cannot be read", "malformed") from error
        if not isinstance(simulated, bool) or eligibility.source is not Source.NUMBER_LOOKUP:
            raise NoAnswerError("reception's answer is not a number look-up", "malformed")
        if eligibility.answered_at is None:
            raise NoAnswerError("reception's answer does not say when it was given", "malformed")
        return EligibilityAnswer(
            session=challenge.session,
            fingerprint=fingerprint,
            source=Source.NUMBER_LOOKUP,
            validity=eligibility.validity,
            answered_at=eligibility.answered_at,
            simulated=simulated,
            results=eligibility.results,
        )

    def register(self, session: str) -> EligibilityAnswer:  # noqa: ARG002 - the port's parameter
        """Never offered here. Raises `NoAnswerError`."""
        raise NoAnswerError("a number look-up registers nobody", "status")

    def conclude(
        self,
        session: str,  # noqa: ARG002 - the port's parameter
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """Nothing is asked on this route, so there is nothing to hand over. Raises `NoAnswerError` where there is."""
        if agreed or refused or prescription is not Prescription.NOT_ASKED:
            raise NoAnswerError("consents cannot be given by number look-up", "status")
        return no_consents()

    def close(self) -> None:
        """Let go of the line."""
        self._exchange.close()


def _check(proof: PinProof, signed: bytes) -> None:
    """The card itself signed the challenge, which it does after the right PIN only. Raises `ProofRefusedError`."""
    try:
        key = x509.load_der_x509_certificate(proof.certificate.der).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise ProofRefusedError("the certificate's key is not RSA", "certificate")
        key.verify(proof.signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise ProofRefusedError("the card's signature is wrong", "signature") from error
    except ValueError as error:
        raise ProofRefusedError("the certificate cannot be read", "certificate") from error
