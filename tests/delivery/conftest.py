"""What the delivery tests share: check-ins with a canary in them, a reception to talk to, a private key to open with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from kiosk.delivery.outbox import Outbox
from kiosk.delivery.sealing import Sealer
from kiosk.record import consent, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription, from_json
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method

CANARY = "カナリア検査太郎"
MORNING = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
"""09:30 in Japan."""

NewCheckIn = Callable[..., CheckIn]


def new_checkin(confirmed_at: datetime = MORNING) -> CheckIn:
    return CheckIn(
        checkin_id=ids.new_visit_id(),
        kiosk_id=ids.kiosk_id("kiosk-1"),
        queue_number=None,
        opened_at=confirmed_at,
        confirmed_at=confirmed_at,
        complete=True,
        simulated=True,
        identity=Identity(Method.PIN),
        card=CardSeen("ab" * 32, Notice.NONE),
        eligibility=Eligibility(
            Source.CENTRE,
            Validity.VALID,
            confirmed_at,
            (EligibilityResult(name=CANARY, sex=Sex.MALE, birth_date=date(1941, 2, 3), copay_ratio=10),),
        ),
        consents=consent.no_consents(),
        prescription=Prescription.NOT_ASKED,
    )


class Reception:
    """A reception in memory. `mood` says what the next answers are; `stored` is what it has, in order of arrival."""

    def __init__(self) -> None:
        self.private_key = X25519PrivateKey.generate()
        self.sealer = Sealer(self.private_key.public_key().public_bytes_raw())
        self.mood = "ok"
        self.stored: dict[str, CheckIn] = {}
        self.hashes: dict[str, str] = {}
        self.asked: list[httpx.Request] = []
        self.client = httpx.Client(transport=httpx.MockTransport(self.answer), trust_env=False)

    def open(self, sealed: bytes, checkin_id: str) -> bytes:
        suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
        return suite.decrypt(sealed, self.private_key, info=checkin_id.encode("ascii"))

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.mood == "down":
            raise httpx.ConnectError("refused", request=request)
        if self.mood == "portal":
            return httpx.Response(200, html="<h1>Welcome to the Wi-Fi</h1>")
        if self.mood.isdigit():
            return httpx.Response(int(self.mood), json={"code": "x", "sentence": "No."})
        checkin_id, body = request.headers["Idempotency-Key"], request.content
        sha256 = hashlib.sha256(body).hexdigest()
        fresh = checkin_id not in self.stored
        if fresh:
            self.stored[checkin_id] = from_json(self.open(body, checkin_id))
            self.hashes[checkin_id] = sha256
        elif self.hashes[checkin_id] != sha256:
            return httpx.Response(409, json={"code": "other_body", "sentence": "Another body under this id."})
        if self.mood == "lost_answer":
            raise httpx.ReadError("gone", request=request)
        receipt = str(list(self.stored).index(checkin_id) + 1)
        answer = {"checkin_id": checkin_id, "sha256": sha256, "receipt": receipt}
        if self.mood == "other_hash":
            answer["sha256"] = "0" * 64
        if self.mood == "other_id":
            answer["checkin_id"] = ids.new_visit_id()
        if self.mood == "no_receipt":
            del answer["receipt"]
        return httpx.Response(201 if fresh else 200, content=json.dumps(answer).encode())


@pytest.fixture(name="new_checkin")
def _new_checkin() -> NewCheckIn:
    return new_checkin


@pytest.fixture
def canary() -> str:
    return CANARY


@pytest.fixture
def reception() -> Iterator[Reception]:
    one = Reception()
    yield one
    one.client.close()


@pytest.fixture
def new_reception() -> type[Reception]:
    return Reception


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    one = Outbox(tmp_path / "outbox.db", "A")
    yield one
    one.close()
