"""Whole visits through the real client and a simulated centre in its own process: every answer it has, once."""

from __future__ import annotations

import contextlib
import json
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.eligibility.breaker import BreakerGateway
from kiosk.eligibility.centre import CentreGateway
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import CentreSettings
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import Validity
from kiosk.simulation import patients
from kiosk.simulation.answers import ANSWERS
from kiosk.simulation.patients import Patient
from kiosk.visit import effects as fx
from kiosk.visit.appliance import Wait
from kiosk.visit.profiles import ELIGIBILITY_ONLY, FLOW_2025_03, Profile
from tests.eligibility.parties import KIOSK, Card, Root, root
from tests.eligibility.visiting import TAPS, Kiosk, Visited

START_SECONDS = 20.0
BUDGET = 8.0
"""Seconds a call may last here; the shipped 20 would only make the test wait."""


@dataclass(repr=False)
class Centre:
    """A simulated centre in its own process."""

    folder: Path
    root: Root
    key: KioskKey
    process: subprocess.Popen[str]
    settings: CentreSettings

    def knows(self, card: Card, patient: Patient) -> None:
        """Enter a patient into its directory, which it reads at each question."""
        patients.write(self.folder / "patients.json", {card.certificate.fingerprint: patient})

    @contextlib.contextmanager
    def kiosk(self, profile: Profile = FLOW_2025_03, *, breaker: bool = False) -> Iterator[Kiosk]:
        with CentreGateway(self.settings, KIOSK) as line:
            kiosk = Kiosk(BreakerGateway(line) if breaker else line, self.key, profile)
            try:
                yield kiosk
            finally:
                kiosk.close()


Start = Callable[..., Centre]


@contextlib.contextmanager
def centre_process(folder: Path, *more: str, seconds: float = BUDGET) -> Iterator[Centre]:
    folder.mkdir(exist_ok=True)
    authority = root()
    authority.store(folder / "root.pem")
    key = KioskKey.create(folder / "kiosk.key")
    (folder / "kiosk.pem").write_bytes(key.public_pem())
    patients.write(folder / "patients.json", {})
    command: Sequence[str] = [
        *(sys.executable, "-m", "kiosk.simulation.centre", "--folder", str(folder / "centre")),
        *("--card-root", str(folder / "root.pem"), "--kiosk-key", str(folder / "kiosk.pem")),
        *("--patients", str(folder / "patients.json"), *more),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            assert select.select([process.stdout], [], [], START_SECONDS)[0], "the centre did not come up"
            told = json.loads(process.stdout.readline())
            settings = CentreSettings(url=told["url"], ca_file=Path(told["ca_file"]), timeout_seconds=seconds)
            yield Centre(folder, authority, key, process, settings)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            finally:
                process.kill()


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    with centre_process(tmp_path_factory.mktemp("centre")) as started:
        yield started


def agreed(visited: Visited) -> set[ConsentItem]:
    return {item for item, consent in visited.checkin.consents.items() if consent.state is ConsentState.GIVEN}


USUAL = {ConsentItem.MEDICATION, ConsentItem.DIAGNOSIS, ConsentItem.CHECKUP}

ENDS = [
    # the centre's answer, what is recorded of the insurance, what the patient agrees to on the way
    ("valid", Validity.VALID, USUAL),
    ("new_patient", Validity.VALID, USUAL),
    ("lost", Validity.INVALID, set()),
    ("lost_newer_exists", Validity.INVALID_NEWER_EXISTS, set()),
    ("none", Validity.NOT_FOUND, set()),
    ("twins", Validity.MULTIPLE, set()),
    ("assistance_without_ticket", Validity.VALID_UNREGISTERED, USUAL),
    ("assistance", Validity.VALID, USUAL),
    ("insurance_and_assistance", Validity.VALID, USUAL),
    ("preschool", Validity.VALID, USUAL),
    ("elderly", Validity.VALID, USUAL),
    ("late_elderly", Validity.VALID, USUAL),
    ("high_income", Validity.VALID, USUAL),
    ("no_limit", Validity.VALID, USUAL),
    ("specific_disease", Validity.VALID, USUAL | {ConsentItem.SPECIFIC_DISEASE}),
    ("gaiji", Validity.VALID, USUAL),
    ("unregistered", Validity.VALID, USUAL),
    ("usual", Validity.VALID, USUAL),
    ("person_error", Validity.UNCONFIRMED, set()),
    ("system_error", Validity.UNCONFIRMED, set()),
    ("still_processing", Validity.UNCONFIRMED, set()),
    ("slow", Validity.UNCONFIRMED, set()),
    ("down", Validity.UNCONFIRMED, set()),
]


@pytest.mark.parametrize(("name", "validity", "consents"), ENDS, ids=[name for name, *_ in ENDS])
def test_each_answer_ends_in_the_check_in_that_it_means(
    centre: Centre, name: str, validity: Validity, consents: set[ConsentItem]
) -> None:
    card = centre.root.issue()
    centre.knows(card, ANSWERS[name].of(Patient()))

    with centre.kiosk() as kiosk:
        visited = kiosk.visit(card)

    assert visited.at == "checked_in"
    assert visited.checkin.eligibility.validity is validity
    assert agreed(visited) == consents
    assert visited.checkin.complete
    assert visited.checkin.simulated
    assert ("offering_registration" in visited.stages) == (name == "unregistered")
    assert (Wait.USUAL in visited.waits) == (name in {"usual", "slow"})
    assert bool(visited.checkin.eligibility.results) == (validity not in {Validity.UNCONFIRMED, Validity.NOT_FOUND})
    assert not visited.calls


@pytest.mark.parametrize(
    ("name", "ends_in", "notice", "consents"),
    [("expiring", timedelta(days=30), Notice.EXPIRING, USUAL), ("grace", timedelta(days=-20), Notice.GRACE, set())],
)
def test_a_certificate_near_its_end_is_judged_by_card_and_centre_alike(
    centre: Centre, name: str, ends_in: timedelta, notice: Notice, consents: set[ConsentItem]
) -> None:
    card = centre.root.issue(not_after=datetime.now(UTC) + ends_in)
    centre.knows(card, ANSWERS[name].of(Patient()))

    with centre.kiosk() as kiosk:
        visited = kiosk.visit(card, ends_in=ends_in)

    assert visited.checkin.eligibility.validity is Validity.VALID
    assert visited.checkin.card is not None
    assert visited.checkin.card.notice is notice
    assert agreed(visited) == consents


def test_a_revoked_card_ends_at_the_desk_and_in_no_record(centre: Centre) -> None:
    card = centre.root.issue()
    centre.knows(card, ANSWERS["revoked"].of(Patient()))

    with centre.kiosk() as kiosk:
        visited = kiosk.visit(card)

    assert (visited.at, visited.committed, visited.calls) == ("refused", [], ["card_unusable"])


def test_every_answer_of_the_centre_was_met_above() -> None:
    assert set(ANSWERS) - {name for name, *_ in ENDS} == {"expiring", "grace", "revoked", "maintenance"}


@pytest.mark.parametrize("method", ["pin", "face"])
def test_the_answer_s_birth_date_must_be_the_card_s(centre: Centre, method: str) -> None:
    """With the PIN the face record stays shut: there is nothing to compare, and the answer stands."""
    card = centre.root.issue()
    centre.knows(card, Patient(birth_date="1980-02-17"))

    with centre.kiosk() as kiosk:
        right = kiosk.visit(card, method=method, born=date(1980, 2, 17))
        wrong = kiosk.visit(card, method=method, born=date(1981, 2, 17))

    assert right.checkin.eligibility.validity is Validity.VALID
    assert wrong.checkin.eligibility.validity is (Validity.VALID if method == "pin" else Validity.UNCONFIRMED)
    assert (wrong.checkin.eligibility.results == ()) == (method == "face")


def test_consents_are_bound_for_a_day_and_asked_at_every_visit(centre: Centre) -> None:
    card = centre.root.issue()
    centre.knows(card, Patient())

    with centre.kiosk() as kiosk:
        first = kiosk.visit(card)
        second = kiosk.visit(card, taps={**TAPS, "consenting": "refuse_all"})

    given = first.checkin.consents[ConsentItem.MEDICATION]
    assert given.at is not None
    assert given.until == given.at + timedelta(hours=24)
    assert "consenting" in second.stages
    assert agreed(second) == set()


def test_a_site_for_eligibility_only_asks_for_nothing(centre: Centre) -> None:
    card = centre.root.issue()
    centre.knows(card, ANSWERS["specific_disease"].of(Patient()))

    with centre.kiosk(ELIGIBILITY_ONLY) as kiosk:
        visited = kiosk.visit(card)

    assert "consenting" not in visited.stages
    assert agreed(visited) == set()
    assert not any(result.specific_disease for result in visited.checkin.eligibility.results)


# -- the centre is closed, or dies --------------------------------------------------------------------------------------


def test_in_maintenance_arrivals_are_recorded_and_the_centre_is_left_alone(tmp_path: Path) -> None:
    with centre_process(tmp_path / "centre", "--answer", "maintenance") as closed:
        card = closed.root.issue()
        closed.knows(card, Patient())
        with closed.kiosk(breaker=True) as kiosk:
            first = kiosk.visit(card)
            closed.process.send_signal(signal.SIGSTOP)
            try:
                second = kiosk.visit(card)
            finally:
                closed.process.send_signal(signal.SIGCONT)

    for visited in (first, second):
        assert visited.at == "checked_in"
        assert visited.checkin.eligibility.validity is Validity.UNCONFIRMED
    assert second.seconds < BUDGET / 2, "the second one did not wait for a centre that said it is closed"


@pytest.mark.parametrize("dies_at", [fx.OpenSession, fx.VerifyIdentity, fx.Conclude], ids=lambda kind: kind.__name__)
def test_a_centre_that_is_killed_loses_nobody(tmp_path: Path, dies_at: type[fx.Effect]) -> None:
    with centre_process(tmp_path / "centre", seconds=3) as dying:
        card = dying.root.issue()
        dying.knows(card, Patient())

        def kill() -> None:
            dying.process.kill()
            dying.process.wait(10)

        with dying.kiosk() as kiosk:
            visited = kiosk.visit(card, reached={dies_at: kill})

    answered = dies_at is fx.Conclude
    assert visited.at == "checked_in"
    assert visited.checkin.eligibility.validity is (Validity.VALID if answered else Validity.UNCONFIRMED)
    assert visited.checkin.complete is not answered
    assert agreed(visited) == set(), "what the centre did not record is not given"


def test_a_centre_that_hangs_while_it_is_asked_loses_nobody(tmp_path: Path) -> None:
    with centre_process(tmp_path / "centre", seconds=3) as hanging:
        card = hanging.root.issue()
        hanging.knows(card, Patient())
        try:
            with hanging.kiosk() as kiosk:
                visited = kiosk.visit(
                    card, reached={fx.VerifyIdentity: lambda: hanging.process.send_signal(signal.SIGSTOP)}
                )
        finally:
            hanging.process.send_signal(signal.SIGCONT)

    assert visited.checkin.eligibility.validity is Validity.UNCONFIRMED
