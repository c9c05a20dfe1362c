"""Kiosk and centre over real HTTPS: the client against the simulated centre, which verifies every proof."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.eligibility.centre import CentreGateway
from kiosk.eligibility.errors import NoAnswerError, ProofRefusedError
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import CentreSettings, EligibilitySettings
from kiosk.eligibility.state import centre_state
from kiosk.record import ids
from kiosk.record.checkin import Prescription
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.eligibility import Sex, Source, Validity
from kiosk.record.identity import FaceClaim, FaceProof, IdentityProof, PinProof, VisualClaim, VisualProof
from kiosk.simulation import patients
from kiosk.simulation.centre import proofs
from kiosk.simulation.centre.service import service
from kiosk.simulation.centre.serving import serving
from kiosk.simulation.patients import Patient
from tests.eligibility.parties import KIOSK, Card, Root, root

START_SECONDS = 20.0


@dataclass(frozen=True)
class Town:
    """One card root, its cards, the registered kiosk, and a centre process that knows them."""

    root: Root
    card: Card
    kiosk_key: KioskKey
    folder: Path
    url: str
    ca_file: Path

    @property
    def settings(self) -> CentreSettings:
        return CentreSettings(url=self.url, ca_file=self.ca_file, timeout_seconds=10)

    def knows(self, card: Card, patient: Patient) -> None:
        """Enter a patient into the centre's directory, which it reads at each question."""
        directory = patients.read(self.folder / "patients.json")
        patients.write(self.folder / "patients.json", directory | {card.certificate.fingerprint: patient})


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kiosk.simulation.centre", "--folder", str(folder / "centre"), *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def arguments(folder: Path) -> list[str]:
    return [
        *("--card-root", str(folder / "root.pem"), "--kiosk-key", str(folder / "kiosk.pem")),
        *("--patients", str(folder / "patients.json")),
    ]


def ready(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], START_SECONDS)[0], "the centre did not come up"
    told: dict[str, str] = json.loads(process.stdout.readline())
    return told


def finish(process: subprocess.Popen[str]) -> int:
    """End a process by its standard input; it must not need more."""
    _, errors = process.communicate(timeout=10)
    assert "Traceback" not in errors, errors
    return process.returncode


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    authority = root()
    authority.store(folder / "root.pem")
    card = authority.issue()
    kiosk_key = KioskKey.create(folder / "kiosk.key")
    (folder / "kiosk.pem").write_bytes(kiosk_key.public_pem())
    patients.write(folder / "patients.json", {card.certificate.fingerprint: Patient()})
    process = start(folder, *arguments(folder))
    try:
        told = ready(process)
        yield Town(authority, card, kiosk_key, folder, told["url"], Path(told["ca_file"]))
    finally:
        assert finish(process) == 0


@pytest.fixture
def gateway(town: Town) -> Iterator[CentreGateway]:
    with CentreGateway(town.settings, KIOSK) as opened:
        yield opened


def prove(town: Town, gateway: CentreGateway, method: str, card: Card | None = None) -> Validity:
    """A whole visit's questions with an honest proof; what the insurance is."""
    card, visit_id = card or town.card, ids.new_visit_id()
    challenge = gateway.open(visit_id)
    proof: IdentityProof
    match method:
        case "pin":
            proof = card.sign(challenge, visit_id)
        case "face":
            proof = town.kiosk_key.vouch(FaceClaim(card.certificate), challenge, visit_id, KIOSK)
        case _:
            proof = town.kiosk_key.vouch(VisualClaim(card.certificate, "nurse-2"), challenge, visit_id, KIOSK)
    answer = gateway.verify(visit_id, challenge, proof)
    assert answer.session == challenge.session
    assert answer.fingerprint == card.certificate.fingerprint
    assert answer.simulated
    return answer.validity


def refused(gateway: CentreGateway, visit_id: ids.VisitId, session: str, proof: IdentityProof, nonce: bytes) -> str:
    """The code word with which the centre refuses this proof."""
    from kiosk.record.identity import Challenge

    with pytest.raises(ProofRefusedError) as error:
        gateway.verify(visit_id, Challenge(session, nonce), proof)
    return error.value.code


# -- what an honest patient gets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pin", "face", "visual"])
def test_each_way_of_proving_brings_the_insurance(town: Town, gateway: CentreGateway, method: str) -> None:
    assert prove(town, gateway, method) is Validity.VALID


def test_the_answer_is_that_of_the_invented_patient(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    asked_at = datetime.now(UTC)

    answer = gateway.verify(visit_id, challenge, town.card.sign(challenge, visit_id))

    (result,) = answer.results
    assert answer.source is Source.CENTRE
    assert abs(answer.answered_at - asked_at) < timedelta(seconds=10)
    assert answer.answered_at.utcoffset() == timedelta(0)
    assert (result.name, result.name_kana, result.birth_date) == ("試験\u3000花子", "ｼｹﾝ ﾊﾅｺ", date(1980, 2, 17))
    assert (result.insurer_number, result.insured_symbol, result.insured_number) == ("01139997", "12340005", "67")
    assert (result.insured_branch, result.insured_or_family, result.sex) == ("00", "insured", Sex.FEMALE)
    assert (result.copay_ratio, result.limit_category, result.reference_number) == (30, "A03", "00042")


@pytest.mark.parametrize(
    "validity", ["valid", "invalid", "invalid_newer_exists", "not_found", "multiple", "valid_unregistered"]
)
def test_every_validity_comes_through(town: Town, gateway: CentreGateway, validity: patients.Answer) -> None:
    town.knows(town.card, Patient(answer=validity))

    assert prove(town, gateway, "pin") is Validity(validity)

    town.knows(town.card, Patient())


def test_a_card_that_was_never_registered_is_registered_once_and_from_then_on_known(
    town: Town, gateway: CentreGateway
) -> None:
    card = town.root.issue()
    town.knows(card, Patient(registered=False))
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    answer = gateway.verify(visit_id, challenge, card.sign(challenge, visit_id))
    assert answer.registration_needed
    assert answer.results == ()

    answer = gateway.register(challenge.session)

    assert not answer.registration_needed
    assert answer.validity is Validity.VALID
    assert answer.fingerprint == card.certificate.fingerprint
    assert prove(town, gateway, "face", card) is Validity.VALID


def test_nobody_is_registered_without_a_proof_or_without_having_been_asked(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    with pytest.raises(NoAnswerError):
        gateway.register(challenge.session)
    gateway.verify(visit_id, challenge, town.card.sign(challenge, visit_id))
    with pytest.raises(NoAnswerError, match="did not offer"):
        gateway.register(challenge.session)


def test_a_card_that_nobody_insured_is_not_found(town: Town, gateway: CentreGateway) -> None:
    assert prove(town, gateway, "pin", town.root.issue()) is Validity.NOT_FOUND


@pytest.mark.parametrize(
    "patient", [Patient(answer="person_error"), Patient(answer="system_error"), Patient(down=True)], ids=repr
)
def test_a_system_that_fails_gives_no_answer(town: Town, gateway: CentreGateway, patient: Patient) -> None:
    town.knows(town.card, patient)

    with pytest.raises(NoAnswerError):
        prove(town, gateway, "pin")

    town.knows(town.card, Patient())


def test_an_answer_that_takes_longer_than_the_budget_is_no_answer(town: Town) -> None:
    town.knows(town.card, Patient(delay_seconds=30))

    with (
        CentreGateway(replace(town.settings, timeout_seconds=0.5, connect_timeout_seconds=0.5), KIOSK) as hasty,
        pytest.raises(NoAnswerError) as error,
    ):
        prove(town, hasty, "pin")

    assert error.value.code == "time_out"
    town.knows(town.card, Patient())


def test_a_certificate_in_its_grace_is_still_accepted(town: Town, gateway: CentreGateway) -> None:
    card = town.root.issue(not_after=datetime.now(UTC) - timedelta(days=20), key=town.card.key)
    town.knows(card, Patient())

    assert prove(town, gateway, "pin", card) is Validity.VALID


def test_consents_come_back_with_the_centres_times(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    gateway.verify(visit_id, challenge, town.card.sign(challenge, visit_id))
    agreed, refused = {ConsentItem.MEDICATION, ConsentItem.CHECKUP}, {ConsentItem.SURGERY}

    consents = gateway.conclude(challenge.session, agreed, refused, Prescription.ELECTRONIC)

    assert consents[ConsentItem.MEDICATION].state is ConsentState.GIVEN
    assert consents[ConsentItem.SURGERY].state is ConsentState.REFUSED
    assert consents[ConsentItem.DIAGNOSIS].state is ConsentState.NOT_ASKED
    given_at, until = consents[ConsentItem.CHECKUP].at, consents[ConsentItem.CHECKUP].until
    assert given_at is not None
    assert until is not None
    assert until - given_at == timedelta(hours=24)
    assert abs(given_at - datetime.now(UTC)) < timedelta(seconds=10)
    again = gateway.conclude(challenge.session, agreed, refused, Prescription.ELECTRONIC)
    assert again == consents, "the same said twice is recorded once"


def test_consents_cannot_be_changed_afterwards(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    gateway.verify(visit_id, challenge, town.card.sign(challenge, visit_id))
    gateway.conclude(challenge.session, (), {ConsentItem.SURGERY}, Prescription.NOT_ASKED)

    with pytest.raises(NoAnswerError):
        gateway.conclude(challenge.session, {ConsentItem.SURGERY}, (), Prescription.NOT_ASKED)


def test_consents_without_a_proof_are_not_recorded(gateway: CentreGateway) -> None:
    challenge = gateway.open(ids.new_visit_id())

    with pytest.raises(NoAnswerError):
        gateway.conclude(challenge.session, {ConsentItem.MEDICATION}, (), Prescription.NOT_ASKED)


# -- what a forger gets ----------------------------------------------------------------------------------------------


def test_a_signature_over_something_else_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    first, second = gateway.open(visit_id), gateway.open(visit_id)

    code = refused(gateway, visit_id, second.session, town.card.sign(first, visit_id), second.nonce)

    assert code == "bad_signature"


def test_a_signature_by_another_key_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    forged = replace(town.root.issue().sign(challenge, visit_id), certificate=town.card.certificate)

    assert refused(gateway, visit_id, challenge.session, forged, challenge.nonce) == "bad_signature"


def test_a_session_of_another_visit_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id, other = ids.new_visit_id(), ids.new_visit_id()
    challenge = gateway.open(visit_id)

    code = refused(gateway, other, challenge.session, town.card.sign(challenge, other), challenge.nonce)

    assert code == "wrong_visit"


@pytest.mark.parametrize("first", ["right", "wrong"])
def test_a_session_is_good_for_one_proof_right_or_wrong(town: Town, gateway: CentreGateway, first: str) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    proof = town.card.sign(challenge, visit_id)
    if first == "right":
        gateway.verify(visit_id, challenge, proof)
    else:
        refused(gateway, visit_id, challenge.session, replace(proof, signature=bytes(256)), challenge.nonce)

    assert refused(gateway, visit_id, challenge.session, proof, challenge.nonce) == "session_used"


def test_a_session_that_was_never_opened_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)

    code = refused(gateway, visit_id, "n" * 32, town.card.sign(challenge, visit_id), challenge.nonce)

    assert code == "unknown_session"


def test_a_foreign_chain_is_refused_though_its_root_has_the_same_name(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    foreign = root().issue(key=town.card.key)

    code = refused(gateway, visit_id, challenge.session, foreign.sign(challenge, visit_id), challenge.nonce)

    assert code == "untrusted_certificate"


@pytest.mark.parametrize("method", ["pin", "face"])
def test_a_certificate_beyond_its_grace_is_refused(town: Town, gateway: CentreGateway, method: str) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    ended = town.root.issue(not_after=datetime.now(UTC) - timedelta(days=140), key=town.card.key)
    vouched = town.kiosk_key.vouch(FaceClaim(ended.certificate), challenge, visit_id, KIOSK)
    proof: IdentityProof = ended.sign(challenge, visit_id) if method == "pin" else vouched

    assert refused(gateway, visit_id, challenge.session, proof, challenge.nonce) == "certificate_expired"


def test_a_revoked_certificate_is_refused(town: Town, gateway: CentreGateway) -> None:
    card = town.root.issue(key=town.card.key)
    town.knows(card, Patient(revoked=True))
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)

    code = refused(gateway, visit_id, challenge.session, card.sign(challenge, visit_id), challenge.nonce)

    assert code == "certificate_revoked"


def test_a_certificate_for_signing_documents_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    signing = town.root.issue(authenticates=False, key=town.card.key)

    code = refused(gateway, visit_id, challenge.session, signing.sign(challenge, visit_id), challenge.nonce)

    assert code == "bad_certificate"


def test_a_kiosk_that_is_not_registered_cannot_vouch(town: Town, gateway: CentreGateway, tmp_path: Path) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    stranger = KioskKey.create(tmp_path / "stranger.key")
    proof = stranger.vouch(FaceClaim(town.card.certificate), challenge, visit_id, KIOSK)

    assert refused(gateway, visit_id, challenge.session, proof, challenge.nonce) == "bad_signature"


def test_an_assertion_of_another_method_is_refused(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    certificate = town.card.certificate
    challenge = gateway.open(visit_id)
    face = town.kiosk_key.vouch(FaceClaim(certificate), challenge, visit_id, KIOSK)
    as_visual = VisualProof(certificate, "nurse-2", face.assertion, face.signature)
    assert refused(gateway, visit_id, challenge.session, as_visual, challenge.nonce) == "wrong_assertion"

    challenge = gateway.open(visit_id)
    visual = town.kiosk_key.vouch(VisualClaim(certificate, "nurse-2"), challenge, visit_id, KIOSK)
    as_face = FaceProof(certificate, visual.assertion, visual.signature)
    assert refused(gateway, visit_id, challenge.session, as_face, challenge.nonce) == "wrong_assertion"


def test_the_kiosks_signature_does_not_pass_for_the_cards(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    face = town.kiosk_key.vouch(FaceClaim(town.card.certificate), challenge, visit_id, KIOSK)
    as_pin = PinProof(town.card.certificate, face.signature)

    assert refused(gateway, visit_id, challenge.session, as_pin, challenge.nonce) == "bad_signature"


@pytest.mark.parametrize("field", ["visit", "kiosk", "session", "challenge", "certificate"])
def test_an_assertion_is_good_for_one_visit_kiosk_session_and_card(
    town: Town, gateway: CentreGateway, field: str
) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    claim = FaceClaim(town.card.certificate)
    about = {
        "visit": (claim, challenge, ids.new_visit_id(), KIOSK),
        "kiosk": (claim, challenge, visit_id, ids.kiosk_id("door-2")),
        "session": (claim, replace(challenge, session="n" * 32), visit_id, KIOSK),
        "challenge": (claim, replace(challenge, nonce=bytes(32)), visit_id, KIOSK),
        "certificate": (FaceClaim(town.root.issue(key=town.card.key).certificate), challenge, visit_id, KIOSK),
    }[field]
    proof = replace(town.kiosk_key.vouch(*about), certificate=town.card.certificate)

    assert refused(gateway, visit_id, challenge.session, proof, challenge.nonce) == "wrong_assertion"


def test_a_challenge_is_good_for_sixty_seconds(town: Town, tmp_path: Path) -> None:
    time = datetime.now(UTC)
    trusted = proofs.trust([town.folder / "root.pem"], town.folder / "kiosk.pem")
    with serving(service(trusted, town.folder / "patients.json", clock=lambda: time), tmp_path) as served:
        settings = CentreSettings(url=served.url, ca_file=served.ca_file)
        with CentreGateway(settings, KIOSK) as gateway:
            visit_id = ids.new_visit_id()
            challenge = gateway.open(visit_id)
            late = gateway.open(visit_id)
            time += timedelta(seconds=60)
            gateway.verify(visit_id, challenge, town.card.sign(challenge, visit_id))
            time += timedelta(seconds=1)

            code = refused(gateway, visit_id, late.session, town.card.sign(late, visit_id), late.nonce)

    assert code == "session_expired"


def test_of_two_proofs_at_once_one_is_answered(town: Town, gateway: CentreGateway) -> None:
    visit_id = ids.new_visit_id()
    challenge = gateway.open(visit_id)
    proof = town.card.sign(challenge, visit_id)
    outcomes: list[str] = []

    def verify() -> None:
        try:
            outcomes.append(gateway.verify(visit_id, challenge, proof).validity)
        except ProofRefusedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=verify) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(outcomes) == ["session_used", "session_used", "session_used", "valid"]


# -- the line --------------------------------------------------------------------------------------------------------


def test_a_centre_of_another_authority_is_not_the_centre(town: Town, tmp_path: Path) -> None:
    other = town.root.store(tmp_path / "other.pem")

    with (
        CentreGateway(replace(town.settings, ca_file=other), KIOSK) as gateway,
        pytest.raises(NoAnswerError) as error,
    ):
        gateway.open(ids.new_visit_id())

    assert error.value.code == "not_the_centre"


def test_a_proxy_of_the_environment_is_not_used(
    town: Town, gateway: CentreGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    with CentreGateway(town.settings, KIOSK) as asked_again:
        assert asked_again.open(ids.new_visit_id()).session
    assert gateway.open(ids.new_visit_id()).session


def test_the_state_of_a_living_centre_is_good_news(town: Town) -> None:
    state = centre_state(
        EligibilitySettings(gateway="centre", centre=town.settings, key_file=town.folder / "kiosk.key")
    )

    assert state.ok
    assert state.sentence == "the eligibility centre answers; it is a simulated one"


# -- the process -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["stdin", "SIGTERM"])
def test_the_process_ends_when_told_though_somebody_still_waits(town: Town, tmp_path: Path, way: str) -> None:
    (tmp_path / "patients.json").write_text(
        json.dumps({town.card.certificate.fingerprint: {"delay_seconds": 300}}), encoding="utf-8"
    )
    for name in ("root.pem", "kiosk.pem"):
        (tmp_path / name).write_bytes((town.folder / name).read_bytes())
    process = start(tmp_path, *arguments(tmp_path))
    told = ready(process)
    settings = CentreSettings(url=told["url"], ca_file=Path(told["ca_file"]))
    errors: list[str] = []

    def wait() -> None:
        with CentreGateway(settings, KIOSK) as gateway, pytest.raises(NoAnswerError) as error:
            prove(town, gateway, "pin")
        errors.append(error.value.code)

    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        if way == "SIGTERM":
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(10) == 0
        assert finish(process) == 0
    finally:
        waiting.join(25)
    assert errors


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        ("root.pem", "cannot be read as the root of the cards"),
        ("kiosk.pem", "cannot be read as the kiosk's public key"),
        ("patients.json", "is not JSON"),
    ],
)
def test_the_process_says_what_it_cannot_use(town: Town, tmp_path: Path, broken: str, sentence: str) -> None:
    for name in ("root.pem", "kiosk.pem", "patients.json"):
        (tmp_path / name).write_bytes((town.folder / name).read_bytes())
    (tmp_path / broken).write_text("nothing of use", encoding="utf-8")
    process = start(tmp_path, *arguments(tmp_path))

    _, errors = process.communicate(timeout=START_SECONDS)

    assert process.returncode == 2
    assert broken in errors
    assert sentence in errors
