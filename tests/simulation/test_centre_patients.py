"""The simulated centre's patients, and the messages that are written about them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from lxml import etree

from kiosk.eligibility.oqs.reading import read_result
from kiosk.errors import SettingsError
from kiosk.record.eligibility import Validity
from kiosk.simulation import patients
from kiosk.simulation.oqs_writer import GRACE_NOTICE, result_message
from kiosk.simulation.patients import Patient

SAMPLES = Path(__file__).parent.parent / "data" / "oqs"
AT = datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)
SOMEBODY = "ab" * 32


def directory(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "patients.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_patient_is_found_by_the_cards_fingerprint(tmp_path: Path) -> None:
    told = {SOMEBODY: {"answer": "invalid", "name": "見本\u3000一郎", "delay_seconds": 2.5}}

    listed = patients.read(directory(tmp_path, told))

    assert listed == {SOMEBODY: Patient(answer="invalid", name="見本\u3000一郎", delay_seconds=2.5)}


def test_a_directory_that_is_written_reads_the_same(tmp_path: Path) -> None:
    listed = {SOMEBODY: Patient(preschool=True, copay_ratio=20, limit_category=None), "cd" * 32: Patient()}

    patients.write(tmp_path / "patients.json", listed)

    assert patients.read(tmp_path / "patients.json") == listed


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([], "expected {"),
        ({"abc": {}}, "patient 1: expected the fingerprint"),
        ({SOMEBODY: []}, "must be a section"),
        ({SOMEBODY: {"answer": "perhaps"}}, "answer is not usable"),
        ({SOMEBODY: {"shoe_size": 7}}, "shoe_size is not a setting"),
        ({SOMEBODY: {"birth_date": "17.2.1980"}}, "birth_date: expected a date"),
        ({SOMEBODY: {"insurer_number": "7"}}, "insurer_number: expected"),
        ({SOMEBODY: {"name_kana": "シケン"}}, "name_kana: expected half-width"),
        ({SOMEBODY: {"copay_ratio": 10}}, "copay_ratio: other than 30"),
        ({SOMEBODY: {"limit_category": "Z9"}}, "limit_category: expected"),
        ({SOMEBODY: {"delay_seconds": -1}}, "delay_seconds: expected"),
    ],
)
def test_a_directory_with_a_mistake_is_refused_with_its_place(tmp_path: Path, content: object, sentence: str) -> None:
    with pytest.raises(SettingsError) as error:
        patients.read(directory(tmp_path, content))

    assert "patients.json" in error.value.sentence
    assert sentence in error.value.sentence


def test_a_patient_does_not_show_who_it_is() -> None:
    assert repr(Patient()) == "Patient(valid)"


def test_a_message_is_marked_as_made_up() -> None:
    result = read_result(result_message(Patient(), AT))

    assert result.institution_code == "1319999996"
    assert (result.file_identifier or "").startswith("SIM")


def test_a_message_has_the_form_of_the_real_interface() -> None:
    message = result_message(Patient(), AT)

    assert message.startswith(
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n<XmlMsg>\r\n    <MessageHeader>'
    )
    assert "<ProcessExecutionTime>20261005090005</ProcessExecutionTime>" in message
    assert "\n" not in message.replace("\r\n", "")


@pytest.mark.parametrize(
    "patient",
    [
        Patient(),
        Patient(insurer_number="138990", elderly=True, copay_ratio=20, limit_category="B04", birth_date="1954-01-15"),
        Patient(insurer_number="39139993", copay_ratio=10, limit_category="B10", birth_date="1945-03-20"),
        Patient(preschool=True, copay_ratio=20, family=True, limit_category=None, name_other="見本\u3000つばさ"),
        Patient(card_class="A1", insurer_number="12139994", insured_symbol=None, insured_branch=None),
        Patient(answer="invalid"),
    ],
    ids=["employee", "elderly", "late elderly", "child", "assistance", "lost"],
)
def test_elements_stand_in_the_order_of_the_interface(patient: Patient) -> None:
    order = ordered_elements()
    result = etree.fromstring(result_message(patient, AT).encode()).find(".//ResultOfQualificationConfirmation")
    assert result is not None

    places = [order.index(element.tag) for element in result]

    assert places == sorted(places)


def ordered_elements() -> list[str]:
    """Order of Ver 8.07 (domain/oqs-interface.md section 2.3), as far as the writer writes."""
    return [
        *("InsuredCardClassification", "InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber"),
        *("InsuredBranchNumber", "PersonalFamilyClassification", "InsuredName", "Name", "NameOfOther", "NameKana"),
        *("NameOfOtherKana", "Sex1", "Sex2", "Birthdate", "Address", "PostNumber", "QualificationDate"),
        *(
            "DisqualificationDate",
            "InsuredCertificateIssuanceDate",
            "InsuredCardValidDate",
            "InsuredCardExpirationDate",
        ),
        *("InsuredPartialContributionRatio", "PreschoolClassification", "ReasonOfLoss", "InsurerName"),
        *("ElderlyRecipientCertificateInfo", "LimitApplicationCertificateRelatedConsFlg"),
        *("LimitApplicationCertificateRelatedConsTime", "LimitApplicationCertificateRelatedInfo"),
        *("SpecificDiseasesCertificateRelatedConsFlg", "SpecificHealthCheckupsInfoConsFlg", "PharmacistsInfoConsFlg"),
        *("DiagnosisInfoConsFlg", "OperationInfoConsFlg", "ReferenceNumber"),
    ]


def test_a_sample_patient_is_written_as_the_sample_is() -> None:
    """The writer against a message it has never seen: sample 1, but for consents (not asked yet) and the identifier."""
    (path,) = (SAMPLES / "face").glob("*_20261005090005.xml")
    sample = etree.fromstring(path.read_bytes())
    patient = Patient(
        name="厚労\u3000太郎",
        name_kana="ｺｳﾛｳ ﾀﾛｳ",
        sex="male",
        birth_date="1980-04-01",
        insured_symbol="99990001",
        insured_number="12",
        reference_number="00123",
    )

    written = etree.fromstring(result_message(patient, AT).encode())

    free = ("ArbitraryFileIdentifier", "PrescriptionIssueSelect")
    left_out = ("SpecificHealthCheckups", "Pharmacists", "DiagnosisInfo", "OperationInfo")

    def told(root: etree._Element) -> list[tuple[str, str]]:
        leaves = [(element.tag, element.text or "") for element in root.iter() if not len(element)]
        return [leaf for leaf in leaves if leaf[0] not in free and not leaf[0].startswith(left_out)]

    assert told(written) == told(sample)


@pytest.mark.parametrize("answer", ["valid", "invalid", "invalid_newer_exists", "valid_unregistered"])
def test_an_answer_with_a_result_is_read_as_it_was_meant(answer: patients.Answer) -> None:
    result = read_result(result_message(Patient(answer=answer), AT))

    assert result.validity is Validity(answer)
    assert len(result.results) == 1
    assert result.unread == frozenset()


def test_a_lost_insurance_says_since_when() -> None:
    (told,) = read_result(result_message(Patient(answer="invalid"), AT)).results
    (since,) = read_result(result_message(Patient(answer="invalid", disqualified_on="2026-09-30"), AT)).results

    assert (told.disqualified_on, since.disqualified_on) == (date(2026, 10, 4), date(2026, 9, 30))


@pytest.mark.parametrize(
    ("patient", "percent"),
    [
        (Patient(), 30),
        (Patient(insurer_number="39139993", copay_ratio=10, birth_date="1945-03-20"), 10),
        (Patient(elderly=True, copay_ratio=20, birth_date="1954-01-15"), 20),
        (Patient(elderly=True, copay_ratio=30, birth_date="1954-01-15"), 30),
        (Patient(preschool=True, copay_ratio=20, birth_date="2022-05-05"), 20),
        (Patient(card_class="A1", insurer_number="12139994"), None),
    ],
)
def test_the_ratio_arrives_as_it_was_meant(patient: Patient, percent: int | None) -> None:
    (told,) = read_result(result_message(patient, AT)).results

    assert told.copay_ratio == percent


def test_a_notice_comes_with_a_success() -> None:
    assert read_result(result_message(Patient(), AT, GRACE_NOTICE)).notice_code == "SIMN0002"


def test_a_national_insurance_number_is_padded() -> None:
    assert "<InsurerNumber>  138990</InsurerNumber>" in result_message(Patient(insurer_number="138990"), AT)


def test_an_insurer_number_with_a_wrong_check_digit_is_not_written() -> None:
    with pytest.raises(ValueError, match="check digit"):
        result_message(Patient(insurer_number="01139998"), AT)
