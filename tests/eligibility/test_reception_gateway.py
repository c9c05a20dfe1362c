"""The gateway `reception`: what is asked of it, what is believed of its answer, and what is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from kiosk.eligibility.breaker import FAILURES, BreakerGateway
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.reception import ReceptionGateway
from kiosk.eligibility.settings import KioskDoorSettings
from kiosk.record import ids
from kiosk.record.checkin import Eligibility, Prescription, eligibility_json
from kiosk.record.consent import ConsentItem, no_consents
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from kiosk.record.identity import Certificate, FaceClaim, PinProof
from tests.eligibility import parties

KIOSK = ids.kiosk_id("door-1")
AT = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)
FOUND = Eligibility(
    Source.NUMBER_LOOKUP, Validity.VALID, AT, (EligibilityResult(insurer_number="01139997", copay_ratio=30),)
)
ANSWER = {"simulated": True, "eligibility": eligibility_json(FOUND)}
PROBLEM = "application/problem+json"

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="module")
def card() -> parties.Card:
    return parties.root().issue()


def gateway(handler: Handler) -> ReceptionGateway:
    section = KioskDoorSettings(url="http://127.0.0.1:8441")
    client = httpx.Client(base_url=section.url, transport=httpx.MockTransport(handler))
    return ReceptionGateway(section, KIOSK, client)


def saying(body: object, status: int = 200, kind: str = "application/json") -> Handler:
    return lambda _: httpx.Response(status, headers={"content-type": kind}, content=json.dumps(body).encode())


def no_answer(handler: Handler, card: parties.Card) -> str:
    asked, visit = gateway(handler), ids.new_visit_id()
    challenge = asked.open(visit)
    with pytest.raises(NoAnswerError) as error:
        asked.verify(visit, challenge, card.sign(challenge, visit))
    return error.value.code


def test_a_known_patient_is_looked_up_and_nothing_but_the_fingerprint_leaves_the_kiosk(card: parties.Card) -> None:
    heard: list[httpx.Request] = []

    def reception(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        return saying(ANSWER)(request)

    asked, visit = gateway(reception), ids.new_visit_id()
    challenge = asked.open(visit)
    answer = asked.verify(visit, challenge, card.sign(challenge, visit), limit_consent=True)

    assert (answer.source, answer.validity, answer.simulated) == (Source.NUMBER_LOOKUP, Validity.VALID, True)
    assert (answer.session, answer.fingerprint) == (challenge.session, card.certificate.fingerprint)
    assert answer.results == FOUND.results
    assert heard[0].headers["x-kiosk-id"] == KIOSK
    assert json.loads(heard[0].content) == {
        "visit_id": visit,
        "fingerprint": card.certificate.fingerprint,
        "limit_consent": True,
    }


def test_a_face_that_the_kiosk_vouches_for_is_enough(card: parties.Card, tmp_path: Path) -> None:
    asked, visit = gateway(saying(ANSWER)), ids.new_visit_id()
    challenge = asked.open(visit)
    proof = KioskKey.create(tmp_path / "key").vouch(FaceClaim(card.certificate), challenge, visit, KIOSK)
    assert asked.verify(visit, challenge, proof).validity is Validity.VALID


@pytest.mark.parametrize("lie", ["another signature", "another visit", "no certificate"])
def test_what_the_card_did_not_sign_is_refused_before_anybody_is_asked(card: parties.Card, lie: str) -> None:
    def nobody(_: httpx.Request) -> httpx.Response:
        raise AssertionError("nobody may be asked")

    asked, visit = gateway(nobody), ids.new_visit_id()
    challenge = asked.open(visit)
    signed = card.sign(challenge, ids.new_visit_id() if lie == "another visit" else visit)
    proofs = {
        "another signature": PinProof(card.certificate, bytes(256)),
        "another visit": signed,
        "no certificate": PinProof(Certificate(b"none"), signed.signature),
    }
    with pytest.raises(ProofRefusedError):
        asked.verify(visit, challenge, proofs[lie])


@pytest.mark.parametrize(
    ("status", "told", "code"),
    [
        (404, "not_known", "not_known"),
        (503, "no_terminal", "no_terminal"),
        (504, "not_usable", "no_answer"),
        (504, "no_answer", "time_out"),
    ],
)
def test_reception_s_reasons_are_told_as_what_they_are(card: parties.Card, status: int, told: str, code: str) -> None:
    assert no_answer(saying({"code": told, "sentence": "no"}, status, PROBLEM), card) == code


@pytest.mark.parametrize(("told", "asked"), [("no_answer", FAILURES), ("not_usable", 5)])
def test_a_system_that_does_not_answer_reception_is_left_alone_by_the_kiosk(
    card: parties.Card, told: str, asked: int
) -> None:
    heard = []

    def reception(request: httpx.Request) -> httpx.Response:
        heard.append(request.url.path)
        return saying({"code": told, "sentence": "no"}, 504, PROBLEM)(request)

    guarded = BreakerGateway(gateway(reception), clock=lambda: 0.0)
    for _ in range(5):
        visit = ids.new_visit_id()
        with pytest.raises(NoAnswerError):
            _asked(guarded, card, visit)
    assert heard == ["/k/v1/lookup"] * asked


def _asked(guarded: BreakerGateway, card: parties.Card, visit: ids.VisitId) -> None:
    challenge = guarded.open(visit)
    guarded.verify(visit, challenge, card.sign(challenge, visit))


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (saying(ANSWER, 500), "status"),
        (saying(ANSWER, 404), "status"),
        (saying(ANSWER, kind="text/html"), "status"),
        (saying([]), "malformed"),
        (saying(ANSWER | {"simulated": "no"}), "malformed"),
        (saying(ANSWER | {"eligibility": None}), "malformed"),
        (saying(ANSWER | {"eligibility": {**eligibility_json(FOUND), "source": "centre"}}), "malformed"),
        (saying(ANSWER | {"eligibility": {**eligibility_json(FOUND), "validity": "perhaps"}}), "malformed"),
        (
            saying(
                ANSWER
                | {"eligibility": {"source": "none", "validity": "unconfirmed", "answered_at": None, "results": []}}
            ),
            "malformed",
        ),
    ],
)
def test_anything_else_is_no_answer(card: parties.Card, handler: Handler, code: str) -> None:
    assert no_answer(handler, card) == code


def test_nobody_is_registered_and_no_consent_is_handed_over_by_number() -> None:
    asked = gateway(saying(ANSWER))
    with pytest.raises(NoAnswerError):
        asked.register("lookup")
    with pytest.raises(NoAnswerError):
        asked.conclude("lookup", {ConsentItem.MEDICATION}, (), Prescription.NOT_ASKED)
    assert asked.conclude("lookup", (), (), Prescription.NOT_ASKED) == no_consents()


@pytest.mark.parametrize("url", ["http://192.168.1.5:8441", "ftp://127.0.0.1", "http://127.0.0.1/path"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    with pytest.raises(ValueError, match=r"^url: expected https"):
        KioskDoorSettings(url=url)
