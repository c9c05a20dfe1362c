"""The driver's slot: the toy of the documentation, found by its entry point; and drivers that lie, fail or hang."""

from __future__ import annotations

import sys
import threading
import tomllib
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from kiosk.eligibility import driver
from kiosk.eligibility.driver import MOST_HANGING, DriverGateway
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import DriverSettings, EligibilitySettings
from kiosk.eligibility.state import centre_state
from kiosk.errors import MissingError
from kiosk.record import ids
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState, given, no_consents
from kiosk.record.eligibility import EligibilityAnswer, Source, Validity
from kiosk.record.identity import Challenge, FaceClaim, IdentityProof, PinProof
from tests.eligibility import parties

# ruff: noqa: ARG002 - what stands in for the port has the port's parameters

TOY = Path(__file__).parents[2] / "docs" / "toy-driver"
KIOSK = ids.kiosk_id("door-1")
BUDGET = 5.0
AT = datetime(2026, 10, 5, 0, 0, tzinfo=UTC)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy, as installing it would leave it: its module on the path, its entry points in its metadata."""
    project = tomllib.loads((TOY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / "site" / f"kiosk_toy_driver-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["kiosk.eligibility.drivers"]
    lines = [f"[{driver.GROUP}]", *(f"{name} = {target}" for name, target in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(TOY))
    monkeypatch.syspath_prepend(str(info.parent))
    yield
    sys.modules.pop("kiosk_toy_driver", None)


@pytest.fixture(scope="module")
def card() -> parties.Card:
    return parties.root().issue()


@pytest.fixture
def toy(installed: None, card: parties.Card, tmp_path: Path) -> DriverGateway:
    known = {card.certificate.fingerprint: {"name": "試験\u3000花子", "birth_date": date(1980, 2, 17)}}
    patients = tmp_path / "patients.yaml"
    patients.write_text(yaml.safe_dump({"patients": known}, allow_unicode=True), encoding="utf-8")
    return driver.load(DriverSettings(name="toy", settings_file=patients), KIOSK)


# -- the toy ---------------------------------------------------------------------------------------------------------


def test_the_toy_of_the_documentation_verifies_a_card_and_takes_consents(
    toy: DriverGateway, card: parties.Card
) -> None:
    visit = ids.new_visit_id()
    challenge = toy.open(visit)
    answer = toy.verify(visit, challenge, card.sign(challenge, visit))
    assert (answer.validity, answer.source, answer.simulated) == (Validity.VALID, Source.DRIVER, True)
    assert answer.results[0].birth_date == date(1980, 2, 17)

    agreed = {ConsentItem.MEDICATION}
    consents = toy.conclude(challenge.session, agreed, {ConsentItem.CHECKUP}, Prescription.NOT_ASKED)

    assert consents[ConsentItem.MEDICATION].state is ConsentState.GIVEN
    assert consents[ConsentItem.CHECKUP].state is ConsentState.REFUSED


def test_the_toy_refuses_what_the_card_did_not_sign(toy: DriverGateway, card: parties.Card, tmp_path: Path) -> None:
    visit = ids.new_visit_id()
    challenge = toy.open(visit)
    with pytest.raises(ProofRefusedError) as error:
        toy.verify(visit, challenge, PinProof(card.certificate, bytes(256)))
    assert error.value.code == "signature"
    vouched = KioskKey.create(tmp_path / "key").vouch(FaceClaim(card.certificate), challenge, visit, KIOSK)
    with pytest.raises(ProofRefusedError):
        toy.verify(visit, challenge, vouched)


def test_a_card_the_toy_does_not_know_is_not_found(toy: DriverGateway) -> None:
    visit, stranger = ids.new_visit_id(), parties.root().issue()
    challenge = toy.open(visit)
    assert toy.verify(visit, challenge, stranger.sign(challenge, visit)).validity is Validity.NOT_FOUND


def test_a_driver_that_is_not_there_is_told_with_those_that_are(installed: None) -> None:
    with pytest.raises(MissingError, match="there is no driver 'other' here; installed: toy"):
        driver.load(DriverSettings(name="other"), KIOSK)


def test_kiosk_check_says_whether_the_driver_is_there(installed: None, tmp_path: Path) -> None:
    KioskKey.create(tmp_path / "key")
    named = EligibilitySettings(gateway="driver", key_file=tmp_path / "key", driver=DriverSettings(name="toy"))
    assert centre_state(named).ok
    missing = centre_state(replace(named, driver=DriverSettings(name="other")))
    assert (missing.ok, missing.sentence) == (False, "the driver other is not installed; there is: toy")


# -- drivers that do not do as agreed --------------------------------------------------------------------------------


class Driver:
    """A driver that does what a test says in the one call it is about."""

    def __init__(self, does: Callable[[], object] | None = None) -> None:
        self._does = does

    def open(self, visit_id: ids.VisitId) -> Any:
        return self._said(Challenge("session", bytes(32)))

    def verify(
        self, visit_id: ids.VisitId, challenge: Challenge, proof: IdentityProof, *, limit_consent: bool = False
    ) -> Any:
        return self._said(honest(proof.certificate.fingerprint))

    def register(self, session: str) -> Any:
        return self._said(honest("0" * 64))

    def conclude(
        self,
        session: str,
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,
    ) -> Any:
        return self._said(no_consents() | dict.fromkeys(agreed, given(AT)))

    def _said(self, honestly: object) -> Any:
        return honestly if self._does is None else self._does()


def honest(fingerprint: str) -> EligibilityAnswer:
    return EligibilityAnswer(
        session="session",
        fingerprint=fingerprint,
        source=Source.CENTRE,
        validity=Validity.VALID,
        answered_at=AT,
        simulated=True,
    )


def behind(does: Callable[[], object] | None = None, seconds: float = BUDGET) -> DriverGateway:
    return DriverGateway(Driver(does), seconds)


def fails() -> object:
    raise RuntimeError("a sentence with a name in it")


@pytest.mark.parametrize(
    ("does", "code"),
    [
        (lambda: Challenge("session", bytes(31)), "malformed"),
        (lambda: Challenge("", bytes(32)), "malformed"),
        (lambda: None, "malformed"),
        (fails, "malformed"),
    ],
)
def test_an_unusable_challenge_is_no_answer(does: Callable[[], object], code: str) -> None:
    with pytest.raises(NoAnswerError) as error:
        behind(does).open(ids.new_visit_id())
    assert error.value.code == code
    assert "name in it" not in error.value.sentence


@pytest.mark.parametrize(
    "does",
    [
        lambda: honest("0" * 64),
        lambda: replace(honest("f" * 64), session="another"),
        lambda: "valid",
        lambda: None,
        fails,
    ],
)
def test_an_answer_for_somebody_else_or_none_at_all_is_no_answer(
    does: Callable[[], object], card: parties.Card
) -> None:
    proof = PinProof(card.certificate, bytes(256))
    with pytest.raises(NoAnswerError):
        behind(does).verify(ids.new_visit_id(), Challenge("session", bytes(32)), proof)


def test_whatever_a_driver_calls_itself_its_answers_are_a_drivers(card: parties.Card) -> None:
    proof = PinProof(card.certificate, bytes(256))
    answer = behind().verify(ids.new_visit_id(), Challenge("session", bytes(32)), proof)
    assert answer.source is Source.DRIVER


def test_nobody_is_registered_who_was_not_verified() -> None:
    with pytest.raises(NoAnswerError):
        behind().register("session")


def test_a_registration_of_another_card_is_no_answer(card: parties.Card) -> None:
    gateway = behind()
    gateway.verify(ids.new_visit_id(), Challenge("session", bytes(32)), PinProof(card.certificate, bytes(256)))
    with pytest.raises(NoAnswerError, match="another session or card"):
        gateway.register("session")


@pytest.mark.parametrize(
    "does", [lambda: no_consents() | {ConsentItem.SURGERY: given(AT)}, no_consents, dict, fails], ids=str
)
def test_consents_that_are_not_what_the_patient_said_are_none(does: Callable[[], object]) -> None:
    with pytest.raises(NoAnswerError):
        behind(does).conclude("session", {ConsentItem.MEDICATION}, (), Prescription.NOT_ASKED)


def test_a_driver_that_hangs_costs_its_time_and_after_some_calls_nothing_any_more() -> None:
    over = threading.Event()
    gateway = behind(over.wait, seconds=0.05)
    try:
        for _ in range(MOST_HANGING):
            with pytest.raises(NoAnswerError, match="did not answer in time"):
                gateway.open(ids.new_visit_id())
        with pytest.raises(NoAnswerError, match="restart the kiosk"):
            gateway.open(ids.new_visit_id())
    finally:
        over.set()
