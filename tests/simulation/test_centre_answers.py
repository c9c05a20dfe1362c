"""The answers of the simulated centre by name, its hours, and what it keeps of consents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.eligibility.oqs import codes, from_xml
from kiosk.eligibility.oqs.errors import FailedMessageError, StillProcessingError
from kiosk.eligibility.oqs.qualification import QualificationResponse
from kiosk.eligibility.oqs.reading import read_result
from kiosk.eligibility.oqs.ticket import in_force
from kiosk.eligibility.oqs.viewing import consents_of
from kiosk.errors import UsageError
from kiosk.record.consent import ConsentItem, ConsentState
from kiosk.record.eligibility import Validity
from kiosk.simulation import answers, issuing, patients
from kiosk.simulation.answers import ANSWERS
from kiosk.simulation.card_patients import enter
from kiosk.simulation.centre.manners import Manners, hours
from kiosk.simulation.centre.sessions import Sessions
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.oqs_writer import Bound, result_message
from kiosk.simulation.patients import Patient

AT = datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)

OF_THE_PATIENT = [name for name, answer in ANSWERS.items() if not answer.closed]


def response(patient: Patient, bound: Bound | None = None) -> QualificationResponse:
    return from_xml.read(result_message(patient, AT, bound=bound), QualificationResponse)


# -- answers by name -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_THE_PATIENT)
def test_every_answer_can_be_written_for_whoever_is_in_the_directory(name: str) -> None:
    for patient in (Patient(), Patient(preschool=True, copay_ratio=20), Patient(elderly=True, copay_ratio=20)):
        assert result_message(ANSWERS[name].of(patient), AT)


@pytest.mark.parametrize("name", OF_THE_PATIENT)
def test_an_answer_leaves_a_patient_the_name_and_the_birth_date_of_the_card(name: str) -> None:
    patient = Patient(name="見本\u3000太郎", name_kana="ﾐﾎﾝ ﾀﾛｳ", birth_date="1958-11-03")
    answered = ANSWERS[name].of(patient)

    assert (answered.name_kana, answered.birth_date) == (patient.name_kana, patient.birth_date)
    assert answered.name == patient.name or name == "gaiji"


def test_an_answer_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="'perhaps' is no answer; expected one of: valid, new_patient, lost"):
        answers.named("perhaps")


def test_the_help_tells_what_each_answer_is() -> None:
    told = answers.told()

    assert all(f"  {answer.name} " in told and answer.sentence in told for answer in ANSWERS.values())


def test_an_answer_that_hangs_on_the_holder_names_a_card_that_there_is() -> None:
    assert {answer.kind for answer in ANSWERS.values()} <= set(KINDS)


@pytest.mark.parametrize(
    ("name", "share", "number"),
    [("preschool", 20, "01139997"), ("elderly", 20, "138990"), ("late_elderly", 10, "39139993")],
)
def test_whoever_holds_the_card_of_an_age_is_insured_as_it_is_done_at_that_age(
    issued_card: Path, tmp_path: Path, name: str, share: int, number: str
) -> None:
    kind = KINDS[ANSWERS[name].kind]
    enter(tmp_path / "patients.json", kind, issuing.card_of(issued_card, kind))

    (patient,) = patients.read(tmp_path / "patients.json").values()
    (told,) = read_result(result_message(patient, datetime.now(UTC))).results

    assert (told.copay_ratio, told.insurer_number, told.preschool) == (share, number, name == "preschool")


# -- what stands in the messages -----------------------------------------------------------------------------------------


def test_a_ticket_of_medical_assistance_covers_this_month() -> None:
    body = response(ANSWERS["assistance"].of(Patient())).body
    assert body is not None
    (result,) = body.results
    assert result.public_expense_result_list is not None
    (ticket,) = result.public_expense_result_list.tickets

    assert result.insured_card_classification is codes.CardClass.MEDICAL_ASSISTANCE
    assert in_force(ticket, datetime(2026, 10, 31, tzinfo=UTC).date())
    assert not in_force(ticket, datetime(2026, 11, 1, tzinfo=UTC).date())


def test_without_its_ticket_the_assistance_is_valid_and_unregistered() -> None:
    result = read_result(result_message(ANSWERS["assistance_without_ticket"].of(Patient()), AT))

    assert result.validity is Validity.VALID_UNREGISTERED
    assert [one.card_class for one in result.results] == ["A1"]


def test_assistance_beside_insurance_makes_two_results_of_one_person() -> None:
    one, other = read_result(result_message(ANSWERS["insurance_and_assistance"].of(Patient()), AT)).results

    assert (one.card_class, other.card_class) == ("01", "A1")
    assert (one.name_kana, one.birth_date) == (other.name_kana, other.birth_date)


def test_twins_share_all_but_name_and_branch() -> None:
    one, other = read_result(result_message(ANSWERS["twins"].of(Patient()), AT)).results

    assert (one.birth_date, one.insured_number) == (other.birth_date, other.insured_number)
    assert (one.name_kana, one.insured_branch) != (other.name_kana, other.insured_branch)


@pytest.mark.parametrize("category", ["1", "2", "3"])
def test_who_holds_a_specific_disease_certificate_is_known_before_the_consent(category: str) -> None:
    (told,) = read_result(result_message(replace(Patient(), specific_disease=category), AT)).results  # type: ignore[arg-type]

    assert told.specific_disease


@pytest.mark.parametrize("reason", ["01", "02", "03", "99"])
def test_why_an_insurance_was_lost_is_said(reason: str) -> None:
    lost = replace(Patient(answer="invalid"), reason_of_loss=reason)  # type: ignore[arg-type]
    body = response(lost).body
    assert body is not None

    assert [result.reason_of_loss for result in body.results] == [reason]


def test_what_is_not_done_is_no_result() -> None:
    with pytest.raises(StillProcessingError):
        read_result(result_message(ANSWERS["still_processing"].of(Patient()), AT))
    with pytest.raises(FailedMessageError):
        read_result(result_message(ANSWERS["system_error"].of(Patient()), AT))


# -- consents are bound for 24 hours ---------------------------------------------------------------------------------------


def test_what_was_agreed_to_lately_stands_in_the_next_answer() -> None:
    bound = Bound({"medication", "specific_disease"}, AT - timedelta(hours=1), AT + timedelta(hours=23))
    body = response(Patient(specific_disease="1"), bound).body
    assert body is not None
    consents = consents_of(body.results[0], AT)

    assert {item for item, consent in consents.items() if consent.state is ConsentState.GIVEN} == {
        ConsentItem.MEDICATION,
        ConsentItem.SPECIFIC_DISEASE,
    }
    assert consents[ConsentItem.MEDICATION].until == bound.until


def concluded(sessions: Sessions, agreed: set[str], refused: set[str]) -> None:
    session = sessions.open("kiosk-a", "a visit")
    session.verified, session.fingerprint = True, "ab" * 32
    sessions.conclude(session.name, frozenset(agreed), frozenset(refused), "not_asked")


def test_a_consent_holds_for_a_day_and_the_last_visit_s_word_counts() -> None:
    now = AT
    sessions = Sessions(lambda: now)
    concluded(sessions, {"medication"}, set())
    now = AT + timedelta(hours=23, minutes=59)
    held = sessions.bound("ab" * 32)
    assert held is not None
    assert held.agreed == {"medication"}
    assert sessions.bound("cd" * 32) is None

    now = AT + timedelta(hours=24)
    assert sessions.bound("ab" * 32) is None

    concluded(sessions, {"medication"}, set())
    concluded(sessions, set(), {"medication"})
    held = sessions.bound("ab" * 32)
    assert held is not None
    assert held.agreed == set()


# -- hours ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("maintenance", "at", "closed"),
    [
        ("02:00-05:00", datetime(2026, 10, 4, 16, 59, tzinfo=UTC), False),
        ("02:00-05:00", datetime(2026, 10, 4, 17, 0, tzinfo=UTC), True),
        ("02:00-05:00", datetime(2026, 10, 4, 20, 0, tzinfo=UTC), False),
        ("23:00-06:00", datetime(2026, 10, 4, 15, 0, tzinfo=UTC), True),
        ("23:00-06:00", datetime(2026, 10, 4, 21, 0, tzinfo=UTC), False),
    ],
)
def test_the_maintenance_has_hours_of_japan(maintenance: str, at: datetime, closed: bool) -> None:
    assert Manners(maintenance=hours(maintenance)).closed(at) is closed


@pytest.mark.parametrize("text", ["2-5", "25:00-26:00", "02:00-02:00", "", "02:00", "02:00-05:00-08:00"])
def test_hours_that_are_none_are_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--maintenance"):
        hours(text)
