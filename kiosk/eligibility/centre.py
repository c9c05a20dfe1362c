"""The gateway `centre`: eligibility over HTTPS, in a wire format of our own.

The wire format of the real system is not public and not for the likes of us to call; what a licensed implementation
speaks goes behind the same port. Ours carries the same things in the same order, and the stand-in of the simulation
(`kiosk.simulation.centre`) was written from this page. All bodies are JSON in UTF-8, `application/json`.

    POST /v1/sessions
        {"visit_id": UUIDv7, "kiosk_id": ...}
    201 {"session": 16 to 128 of A-Z a-z 0-9 _ -, "challenge": 64 hex digits, "valid_for": seconds}

    POST /v1/sessions/{session}/verify          once for each session, within `valid_for` seconds of its opening
        {"visit_id": ..., "method": "pin" | "face" | "visual",
         "certificate": base64 of the DER, "signature": base64,
         "assertion": base64 (face and visual only; what it says: `kiosk.eligibility.kiosk_key`)}
        pin: the card's RSASSA-PKCS1-v1_5 SHA-256 signature over challenge ‖ visit id (32 + 16 bytes);
        face, visual: the kiosk's ECDSA P-256 SHA-256 signature (DER) over the assertion.
    200 {"session": as asked, "certificate": SHA-256 of the DER (hex), "simulated": true | false,
         "certificate_notice": "none" | "expiring" | "grace" (optional: what the centre makes of the certificate's end),
         "result": an OQSsiquc01res document as text (its declaration, if any, is without meaning here)}
        A card that was never registered for insurance has "registration": "needed" in place of "result".

    POST /v1/sessions/{session}/register        after a verify that said so, because the holder wishes it
        {}
    200 as `verify`, with a result

    POST /v1/sessions/{session}/conclude
        {"agreed": [item...], "refused": [item...], "prescription": "electronic" | "paper" | "not_asked"}
    200 {"consents": {item: {"state": "given" | "refused" | "not_asked", "at": instant, "until": instant}}}
        all five items; the times only with "given", until = at + 24 h.

    GET /v1/health
    200 {"service": "eligibility-centre", "simulated": true | false}

Errors are `application/problem+json` {"code": a-z and _, "sentence": ...}. A 403 of that kind to `verify` or `register`
says that the proof is refused, for what the card or its holder is; with the codes session_expired, session_used and
unknown_session it speaks of the session only, and the visit had no answer. A 503 with the code "maintenance", that the system is down on purpose. Everything else that
is not as above is no answer: never a result.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection
from datetime import UTC, datetime
from logging import getLogger
from types import TracebackType
from typing import Self

import httpx

from kiosk import journal
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.exchange import Exchange, Reply
from kiosk.eligibility.oqs.errors import OqsError
from kiosk.eligibility.oqs.reading import QualificationResult, read_result
from kiosk.eligibility.settings import CentreSettings
from kiosk.record import dates
from kiosk.record.checkin import Prescription
from kiosk.record.consent import Consent, ConsentItem, Consents, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer, Source, Validity
from kiosk.record.identity import Challenge, IdentityProof, PinProof, method_of
from kiosk.record.ids import KioskId, VisitId

log = getLogger("kiosk.eligibility")

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_SESSION = re.compile(r"[A-Za-z0-9_-]{16,128}")
_CHALLENGE = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[a-z_]{1,40}")
_REMEMBERED = 8
"""Sessions whose card may be registered."""

_SIMULATED_MARK = "SIM"
"""How a made-up message is marked in its ArbitraryFileIdentifier (domain/oqs-interface.md section 6)."""


class CentreGateway:
    """`kiosk.eligibility.gateway.EligibilityGateway` over HTTPS. Safe to use from any thread.

    Raises `MissingError` when it is made and `ca_file` cannot be used. A `client` may be handed in (tests).
    """

    def __init__(self, settings: CentreSettings, kiosk_id: KioskId, client: httpx.Client | None = None) -> None:
        self._exchange = Exchange(settings, client)
        self._kiosk_id = kiosk_id
        self._unregistered: dict[str, str] = {}

    def open(self, visit_id: VisitId) -> Challenge:
        """See the port. Raises `NoAnswerError`."""
        asked = {"visit_id": visit_id, "kiosk_id": self._kiosk_id}
        told = _expect(self._exchange.send("POST", "/v1/sessions", asked), 201).json()
        session, challenge, valid_for = told.get("session"), told.get("challenge"), told.get("valid_for")
        if not isinstance(session, str) or not _SESSION.fullmatch(session):
            raise NoAnswerError("the centre opened a session without a usable name", "malformed")
        if not isinstance(challenge, str) or not _CHALLENGE.fullmatch(challenge):
            raise NoAnswerError("the centre's challenge is not 32 bytes", "malformed")
        if not isinstance(valid_for, int) or isinstance(valid_for, bool) or valid_for < 1:
            raise NoAnswerError("the centre does not say how long its challenge is good", "malformed")
        return Challenge(session, bytes.fromhex(challenge))

    def verify(
        self,
        visit_id: VisitId,
        challenge: Challenge,
        proof: IdentityProof,
        *,
        limit_consent: bool = False,  # noqa: ARG002 - with the card's own proof the 限度額 comes unasked
    ) -> EligibilityAnswer:
        """See the port. Raises `NoAnswerError` or `ProofRefusedError`."""
        reply = self._exchange.send("POST", _path(challenge.session, "verify"), _proof_json(visit_id, proof))
        if reply.status == 403 and reply.media_type == _PROBLEM:
            raise _refusal(reply)
        return self._answer(reply, challenge.session, proof.certificate.fingerprint)

    def register(self, session: str) -> EligibilityAnswer:
        """See the port. Raises `NoAnswerError` or `ProofRefusedError`."""
        fingerprint = self._unregistered.get(session)
        if fingerprint is None:
            raise NoAnswerError("the centre did not offer a registration in this session", "mismatch")
        reply = self._exchange.send("POST", _path(session, "register"), {})
        if reply.status == 403 and reply.media_type == _PROBLEM:
            raise _refusal(reply)
        return self._answer(reply, session, fingerprint)

    def _answer(self, reply: Reply, session: str, fingerprint: str) -> EligibilityAnswer:
        told = _expect(reply, 200).json()
        if told.get("session") != session:
            raise NoAnswerError("the centre answered for another session", "mismatch")
        if told.get("certificate") != fingerprint:
            raise NoAnswerError("the centre answered for another card", "mismatch")
        simulated, document = told.get("simulated"), told.get("result")
        needed = document is None and told.get("registration") == "needed"
        if not isinstance(simulated, bool) or not (isinstance(document, str) or needed):
            raise NoAnswerError("the centre's answer lacks its result", "malformed")
        notice = _notice(told.get("certificate_notice"))
        if not isinstance(document, str):
            # One visit at a time is verified here; a few are remembered for calls that overlap.
            self._unregistered = dict([*self._unregistered.items(), (session, fingerprint)][-_REMEMBERED:])
            return EligibilityAnswer(
                session=session,
                fingerprint=fingerprint,
                source=Source.CENTRE,
                validity=Validity.UNCONFIRMED,
                answered_at=datetime.now(UTC),
                simulated=simulated,
                certificate_notice=notice,
                registration_needed=True,
            )
        result = _result(document)
        if result.unread:
            log.warning("result_partly_unread", extra=journal.numbers(elements=len(result.unread)))
        return EligibilityAnswer(
            session=session,
            fingerprint=fingerprint,
            source=Source.CENTRE,
            validity=result.validity,
            answered_at=result.processed_at,
            # Either mark is enough: a made-up result must never pass for a real one.
            simulated=simulated or (result.file_identifier or "").startswith(_SIMULATED_MARK),
            results=result.results,
            certificate_notice=notice,
        )

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Consents:
        """See the port. Raises `NoAnswerError`; then none of the consents counts."""
        asked = {
            "agreed": [item.value for item in ConsentItem if item in agreed],
            "refused": [item.value for item in ConsentItem if item in refused],
            "prescription": prescription.value,
        }
        told = _expect(self._exchange.send("POST", _path(session, "conclude"), asked), 200).json()
        listed = told.get("consents")
        if not isinstance(listed, dict):
            raise NoAnswerError("the centre does not list the consents", "malformed")
        consents = {item: _consent(listed.get(item.value)) for item in ConsentItem}
        for item, consent in consents.items():
            if consent.state is not _chosen(item, agreed, refused):
                raise NoAnswerError("the centre recorded another choice than the patient's", "mismatch")
        return consents

    def close(self) -> None:
        """Let go of the line."""
        self._exchange.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _path(session: str, what: str) -> str:
    if not _SESSION.fullmatch(session):
        raise NoAnswerError("there is no such session at the centre", "malformed")
    return f"/v1/sessions/{session}/{what}"


def _proof_json(visit_id: VisitId, proof: IdentityProof) -> dict[str, object]:
    told: dict[str, object] = {
        "visit_id": visit_id,
        "method": method_of(proof).value,
        "certificate": _base64(proof.certificate.der),
        "signature": _base64(proof.signature),
    }
    if not isinstance(proof, PinProof):
        told["assertion"] = _base64(proof.assertion)
    return told


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _expect(reply: Reply, status: int) -> Reply:
    if reply.status == 503 and reply.media_type == _PROBLEM and reply.json().get("code") == "maintenance":
        raise NoAnswerError("the eligibility system is in maintenance", "maintenance")
    if reply.status != status:
        raise NoAnswerError(f"the centre replied with status {reply.status}", "status")
    if reply.media_type != _JSON:
        raise NoAnswerError("what replied in the centre's place does not speak JSON", "content_type")
    return reply


def _refusal(reply: Reply) -> ProofRefusedError:
    code = reply.json().get("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise NoAnswerError("the centre refused without saying what", "malformed")
    return ProofRefusedError("the centre does not accept this proof", code)


def _result(document: str) -> QualificationResult:
    try:
        return read_result(document)
    except OqsError as error:
        raise NoAnswerError(f"the centre's result cannot be used: {error.sentence}", "result") from error


def _notice(told: object) -> Notice | None:
    if told is None:
        return None
    if told not in (Notice.NONE, Notice.EXPIRING, Notice.GRACE):
        raise NoAnswerError("the centre judges the certificate in a word that is not known", "malformed")
    return Notice(str(told))


def _consent(listed: object) -> Consent:
    if not isinstance(listed, dict):
        raise NoAnswerError("the centre does not list every consent", "malformed")
    at, until = listed.get("at"), listed.get("until")
    try:
        return Consent(
            ConsentState(str(listed.get("state"))),
            None if at is None else dates.instant(at),
            None if until is None else dates.instant(until),
        )
    except ValueError as error:  # RecordError is one
        raise NoAnswerError("the centre's consent is not as agreed", "malformed") from error


def _chosen(item: ConsentItem, agreed: Collection[ConsentItem], refused: Collection[ConsentItem]) -> ConsentState:
    if item in agreed and item not in refused:
        return ConsentState.GIVEN
    return ConsentState.REFUSED if item in refused else ConsentState.NOT_ASKED
