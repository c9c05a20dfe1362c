"""A check-in as a result file of our own: it says what the check-in says, and where nobody answered there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest

from kiosk.eligibility.oqs import consumers, hand_off
from kiosk.eligibility.oqs.consumers import CONSUMERS
from kiosk.eligibility.oqs.reading import read_result
from kiosk.record.checkin import UNCONFIRMED, CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import REFUSED, ConsentItem, given, no_consents
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, QueueNumber, VisitId

CLINIC = "1319999996"
AT = datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)
VISIT = VisitId("019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071")
HANAKO = EligibilityResult(
    card_class="01",
    insurer_number="01139997",
    insurer_name="架空健康保険協会東京支部",
    insured_symbol="12340005",
    insured_number="67",
    insured_branch="00",
    insured_or_family="insured",
    name="試験\u3000花子",
    name_kana="ｼｹﾝ ﾊﾅｺ",
    sex=Sex.FEMALE,
    birth_date=date(1980, 2, 17),
    address="東京都架空区見本町１－２－３",
    qualified_on=date(2020, 4, 1),
    copay_ratio=30,
    limit_category="A03",
    reference_number="00042",
)
ELDERLY = replace(HANAKO, insurer_number="138990", birth_date=date(1954, 1, 15), copay_ratio=20, limit_category="B04")
LATE = replace(
    HANAKO,
    insurer_number="39139993",
    insured_symbol=None,
    insured_branch=None,
    insured_or_family=None,
    birth_date=date(1945, 3, 20),
    copay_ratio=10,
    limit_category="B10",
)
CHILD = replace(
    HANAKO, insured_or_family="family", birth_date=date(2022, 5, 6), preschool=True, copay_ratio=20, limit_category=None
)
ASSISTANCE = replace(
    HANAKO,
    card_class="A1",
    insurer_number="12139994",
    insured_symbol=None,
    insured_branch=None,
    insured_or_family=None,
    copay_ratio=None,
    limit_category=None,
)


def checkin(
    *results: EligibilityResult,
    source: Source = Source.CENTRE,
    validity: Validity = Validity.VALID,
    simulated: bool = True,
    prescription: Prescription = Prescription.NOT_ASKED,
) -> CheckIn:
    consents = no_consents()
    consents.update({ConsentItem.MEDICATION: given(AT), ConsentItem.DIAGNOSIS: REFUSED})
    return CheckIn(
        checkin_id=VISIT,
        kiosk_id=KioskId("kiosk-a"),
        queue_number=QueueNumber("A012"),
        opened_at=AT,
        confirmed_at=AT,
        complete=True,
        simulated=simulated,
        identity=Identity(Method.PIN),
        card=CardSeen("ab" * 32, Notice.NONE),
        eligibility=Eligibility(source, validity, AT, results),
        consents=consents,
        prescription=prescription,
    )


def file(of: CheckIn) -> bytes:
    model = hand_off.result_file(of, of.eligibility, CLINIC)
    assert model is not None
    return consumers.write_for(consumers.PLAIN, model)


def tags(of: CheckIn) -> dict[str, str]:
    root = ET.fromstring(file(of))  # noqa: S314 (what was written a moment ago)
    return {element.tag: element.text for element in root.iter() if element.text and element.text.strip()}


@pytest.mark.parametrize("person", [HANAKO, ELDERLY, LATE, CHILD, ASSISTANCE], ids=lambda p: p.insurer_number)
def test_what_is_written_reads_back_as_the_record_had_it(person: EligibilityResult) -> None:
    result = read_result(file(checkin(person)))

    assert result.validity is Validity.VALID
    assert result.results == (person,)
    assert result.processed_at == AT
    assert result.institution_code == CLINIC
    assert result.unread == frozenset()


@pytest.mark.parametrize("validity", [each for each in Validity if each is not Validity.UNCONFIRMED])
def test_every_validity_has_its_code(validity: Validity) -> None:
    found = validity is not Validity.NOT_FOUND
    assert read_result(file(checkin(*[HANAKO] * found, validity=validity))).validity is validity


def test_a_number_look_up_is_marked_and_has_no_consents() -> None:
    told = tags(checkin(HANAKO, source=Source.NUMBER_LOOKUP))

    assert told["ReferenceClassification"] == "2"
    assert not [
        tag for tag in told if tag.endswith(("InfoConsFlg", "AvailableTime", "DiseasesCertificateRelatedConsFlg"))
    ]


def test_a_card_s_answer_has_the_consents_of_the_visit() -> None:
    told = tags(checkin(HANAKO))

    assert told["ReferenceClassification"] == "1"
    assert (told["PharmacistsInfoConsFlg"], told["DiagnosisInfoConsFlg"], told["OperationInfoConsFlg"]) == (
        "1",
        "0",
        "0",
    )
    assert told["PharmacistsInfoConsTime"] == "20261005090005"
    assert told["PharmacistsInfoAvailableTime"] == "20261006090005"
    assert "DiagnosisInfoConsTime" not in told


@pytest.mark.parametrize(
    ("wish", "code"),
    [(Prescription.ELECTRONIC, "1"), (Prescription.PAPER, "2"), (Prescription.NOT_ASKED, None)],
)
def test_the_prescription_s_form_stands_there_where_it_was_chosen(wish: Prescription, code: str | None) -> None:
    assert tags(checkin(HANAKO, prescription=wish)).get("PrescriptionIssueSelect") == code


@pytest.mark.parametrize(("simulated", "marked"), [(True, True), (False, False)])
def test_a_made_up_check_in_is_marked_as_one(simulated: bool, marked: bool) -> None:
    assert tags(checkin(HANAKO, simulated=simulated))["ArbitraryFileIdentifier"].startswith("SIM") is marked


@pytest.mark.parametrize("source", [Source.DRIVER, Source.OFFICIAL_READER])
def test_what_others_write_themselves_is_not_written_again(source: Source) -> None:
    of = checkin(HANAKO, source=source)

    assert hand_off.result_file(of, of.eligibility, CLINIC) is None


def test_where_nobody_answered_there_is_no_file() -> None:
    assert hand_off.result_file(checkin(HANAKO), UNCONFIRMED, CLINIC) is None


def test_an_answer_that_came_later_is_the_file_s() -> None:
    later = Eligibility(Source.NUMBER_LOOKUP, Validity.INVALID, AT, (HANAKO,))
    model = hand_off.result_file(replace(checkin(), eligibility=UNCONFIRMED), later, CLINIC)
    assert model is not None

    assert read_result(consumers.write_for(consumers.PLAIN, model)).validity is Validity.INVALID


@pytest.mark.parametrize("name", list(CONSUMERS))
def test_every_consumer_takes_it(name: str) -> None:
    of = checkin(HANAKO)
    model = hand_off.result_file(of, of.eligibility, CLINIC)
    assert model is not None

    assert consumers.write_for(CONSUMERS[name], model)
