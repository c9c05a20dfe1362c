"""Whole visits through the real client and a centre that lies: nothing is confirmed that is not, and nobody is lost.

Behind the liar stands the honest simulated centre, so that each lie is the only thing that is wrong; over real HTTPS.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiosk.eligibility.centre import CentreGateway
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import CentreSettings
from kiosk.record.consent import ConsentState
from kiosk.record.eligibility import Validity
from kiosk.simulation import patients
from kiosk.simulation.centre import proofs
from kiosk.simulation.centre.service import service
from kiosk.simulation.centre.serving import serving
from kiosk.simulation.patients import Patient
from tests.eligibility.parties import KIOSK, Card, Root, root
from tests.eligibility.visiting import Kiosk, Visited

PORTAL = b"<html><title>Welcome to our network</title><form action=/login></form></html>"


@dataclass(repr=False)
class Reply:
    """What the honest centre was about to say. `cut`: so many bytes of the body go out, then the line is dropped."""

    status: int
    media_type: str
    body: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    cut: int | None = None

    def changed(self, change: Callable[[MutableMapping[str, Any]], object]) -> None:
        told = json.loads(self.body)
        change(told)
        self.body = json.dumps(told).encode()


Lie = Callable[[Reply], None]


@dataclass
class Liar:
    """An ASGI application before another one: replies to paths that end in `where` are changed by `lie`."""

    honest: ASGIApp
    where: str = ""
    lie: Lie | None = None
    lied: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.honest(scope, receive, send)
            return
        reply = Reply(200, "", b"")

        async def heard(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply.status = message["status"]
                told = {name.lower(): value for name, value in message["headers"]}
                reply.media_type = told.get(b"content-type", b"").decode()
            else:
                reply.body += message.get("body", b"")

        await self.honest(scope, receive, heard)
        if self.lie is not None and scope["path"].endswith(self.where):
            self.lie(reply)
            self.lied += 1
        headers = [(b"content-type", reply.media_type.encode()), (b"content-length", str(len(reply.body)).encode())]
        await send({"type": "http.response.start", "status": reply.status, "headers": [*headers, *reply.headers]})
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        # Fewer bytes than were promised: the server drops the line.
        await send({"type": "http.response.body", "body": body})


@dataclass(repr=False)
class Town:
    """The liar on its line, a card, the kiosk."""

    liar: Liar
    card: Card
    root: Root
    folder: Path
    kiosk: Kiosk

    def visit(self, where: str, lie: Lie | None, **how: Any) -> Visited:
        self.liar.where, self.liar.lie, self.liar.lied = where, lie, 0
        visited = self.kiosk.visit(self.card, **how)
        assert lie is None or self.liar.lied, "nobody asked where the lie stood"
        return visited

    def knows(self, patient: Patient) -> None:
        patients.write(self.folder / "patients.json", {self.card.certificate.fingerprint: patient})


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("lies")
    authority = root()
    key = KioskKey.create(folder / "kiosk.key")
    (folder / "kiosk.pem").write_bytes(key.public_pem())
    trusted = proofs.trust([authority.store(folder / "root.pem")], folder / "kiosk.pem")
    liar = Liar(service(trusted, folder / "patients.json"))
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(serving(Starlette(routes=[Mount("/", app=liar)]), folder))
        settings = CentreSettings(url=served.url, ca_file=served.ca_file, timeout_seconds=5)
        gateway = stack.enter_context(CentreGateway(settings, KIOSK))
        kiosk = Kiosk(gateway, key)
        stack.callback(kiosk.close)
        yield Town(liar, authority.issue(), authority, folder, kiosk)


@pytest.fixture(autouse=True)
def known(town: Town) -> None:
    town.knows(Patient())


def says(**told: object) -> Lie:
    return lambda reply: reply.changed(lambda body: body.update(told))


def result(change: Callable[[str], str]) -> Lie:
    return lambda reply: reply.changed(lambda body: body.update(result=change(body["result"])))


def portal(reply: Reply) -> None:
    """A captive portal: whatever was asked, a page to log in, and all is well."""
    reply.status, reply.media_type, reply.body = 200, "text/html", PORTAL


def portal_as_json(reply: Reply) -> None:
    reply.status, reply.media_type, reply.body = 200, "application/json", PORTAL


def elsewhere(reply: Reply) -> None:
    reply.status, reply.body = 307, b""
    reply.headers = [(b"location", b"https://portal.invalid/")]


def unfinished(reply: Reply) -> None:
    reply.cut = len(reply.body) // 2


def out_of_order(reply: Reply) -> None:
    reply.status, reply.media_type, reply.body = 502, "text/html", b"<h1>Bad gateway</h1>"


def session_gone(reply: Reply) -> None:
    reply.status, reply.media_type = 403, "application/problem+json"
    reply.body = b'{"code": "session_expired", "sentence": "too late"}'


NO_ANSWER: list[tuple[str, str, Lie]] = [
    ("a portal's page for a session", "/sessions", portal),
    ("a portal's page that says it is JSON", "/sessions", portal_as_json),
    ("sent elsewhere", "/sessions", elsewhere),
    ("a challenge that is too short", "/sessions", says(challenge="00" * 31)),
    ("a session without a name", "/sessions", says(session="")),
    ("a session that breaks off", "/sessions", unfinished),
    ("a portal's page for an answer", "/verify", portal),
    ("a portal's page for an answer that says it is JSON", "/verify", portal_as_json),
    ("the answer from elsewhere", "/verify", elsewhere),
    ("an answer that breaks off", "/verify", unfinished),
    ("a broken front", "/verify", out_of_order),
    ("a session that is gone", "/verify", session_gone),
    ("an answer for another session", "/verify", says(session="another-session-0123")),
    ("an answer for another patient's card", "/verify", says(certificate="0" * 64)),
    ("truncated XML", "/verify", result(lambda document: document[:900])),
    ("XML without its last sign", "/verify", result(lambda document: document.rstrip()[:-1])),
    ("no XML at all", "/verify", says(result=None)),
    (
        "valid, and not which insurance",
        "/verify",
        result(lambda d: d[: d.index("<ResultList>")] + d[d.index("</ResultList>") + 13 :]),
    ),
    (
        "a validity that does not exist",
        "/verify",
        result(lambda d: d.replace("<QualificationValidity>1", "<QualificationValidity>0")),
    ),
    (
        "an entity that grows",
        "/verify",
        result(lambda d: d.replace("<XmlMsg>", '<!DOCTYPE x [<!ENTITY a "aaaa">]><XmlMsg>', 1)),
    ),
    ("a word for the certificate that nobody knows", "/verify", says(certificate_notice="beyond")),
]


@pytest.mark.parametrize(
    ("where", "lie"), [(where, lie) for _, where, lie in NO_ANSWER], ids=[n for n, *_ in NO_ANSWER]
)
def test_a_lie_is_no_answer_and_the_arrival_is_recorded(town: Town, where: str, lie: Lie) -> None:
    visited = town.visit(where, lie)

    assert visited.at == "checked_in"
    assert visited.checkin.eligibility.validity is Validity.UNCONFIRMED
    assert visited.checkin.eligibility.results == ()
    assert {consent.state for consent in visited.checkin.consents.values()} == {ConsentState.NOT_ASKED}
    assert "consenting" not in visited.stages


def test_a_challenge_that_is_not_the_centre_s_proves_nothing(town: Town) -> None:
    """Somebody between has the card sign what he likes: the centre refuses it, and the desk is told."""
    visited = town.visit("/sessions", says(challenge=secrets.token_hex(32)))

    assert (visited.at, visited.committed, visited.calls) == ("refused", [], ["card_unusable"])


def test_an_answer_for_somebody_else_is_none(town: Town) -> None:
    """All is as agreed, but it is another patient's: the face record's birth date tells."""
    visited = town.visit(
        "/verify",
        result(lambda document: document.replace("<Birthdate>19800217", "<Birthdate>19581103")),
        method="face",
        born=date(1980, 2, 17),
    )

    assert visited.checkin.eligibility.validity is Validity.UNCONFIRMED
    assert visited.checkin.eligibility.results == ()


def test_a_made_up_answer_that_says_it_is_real_stays_made_up(town: Town) -> None:
    assert town.visit("/verify", says(simulated=False)).checkin.simulated


CONSENTS: list[tuple[str, Lie]] = [
    ("a portal's page", portal),
    ("it breaks off", unfinished),
    ("a consent that was not given", lambda reply: reply.changed(_gives_surgery)),
    (
        "a consent that was given is missing",
        lambda reply: reply.changed(lambda body: body["consents"].pop("medication")),
    ),
    ("a consent for a week", lambda reply: reply.changed(_lasts_a_week)),
    ("all of them turned round", lambda reply: reply.changed(_turned)),
]


def _gives_surgery(body: MutableMapping[str, Any]) -> None:
    body["consents"]["surgery"] = body["consents"]["medication"]


def _lasts_a_week(body: MutableMapping[str, Any]) -> None:
    medication = body["consents"]["medication"]
    medication["until"] = medication["until"].replace(medication["until"][:4], str(int(medication["until"][:4]) + 1), 1)


def _turned(body: MutableMapping[str, Any]) -> None:
    body["consents"] = {item: {"state": "refused"} for item in body["consents"]}


@pytest.mark.parametrize("lie", [lie for _, lie in CONSENTS], ids=[name for name, _ in CONSENTS])
def test_consents_the_centre_did_not_record_as_given_do_not_count(town: Town, lie: Lie) -> None:
    visited = town.visit("/conclude", lie)

    assert visited.checkin.eligibility.validity is Validity.VALID, "what was answered before stands"
    assert {consent.state for consent in visited.checkin.consents.values()} == {ConsentState.NOT_ASKED}
    assert not visited.checkin.complete


@pytest.mark.parametrize("lie", [portal, unfinished, says(certificate="0" * 64)], ids=["portal", "cut", "another card"])
def test_a_lie_after_a_registration_is_no_answer(town: Town, lie: Lie) -> None:
    town.card = town.root.issue()
    town.knows(Patient(registered=False))

    visited = town.visit("/register", lie)

    assert "offering_registration" in visited.stages
    assert visited.checkin.eligibility.validity is Validity.UNCONFIRMED
    assert visited.checkin.eligibility.results == ()


def test_after_every_lie_the_next_patient_is_served(town: Town) -> None:
    town.visit("/verify", portal)
    visited = town.visit("", None)

    assert visited.checkin.eligibility.validity is Validity.VALID
    assert visited.checkin.complete
