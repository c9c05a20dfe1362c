"""Every synthetic message of the interface that is an eligibility result, read with the values that stand in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kiosk.eligibility.oqs.codes import (
    CardClass,
    LimitCategory,
    PrescriptionIssue,
    QualificationValidity,
    ReferenceClassification,
)
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError, StillProcessingError
from kiosk.eligibility.oqs.reading import QualificationResult, read_result
from kiosk.record.eligibility import EligibilityResult, Sex, Validity

SAMPLES = Path(__file__).parent.parent / "data" / "oqs"


def face(time: str) -> QualificationResult:
    (path,) = (SAMPLES / "face").glob(f"*_20261005{time}.xml")
    return read_result(path.read_bytes())


def looked_up(number: int) -> bytes:
    return (SAMPLES / "res" / f"OQSsiquc01res_20261005{number:04d}.xml").read_bytes()


def only(result: QualificationResult) -> EligibilityResult:
    (one,) = result.results
    return one


@pytest.mark.parametrize("path", sorted((SAMPLES / "face").iterdir()), ids=lambda path: path.name[-18:-4])
def test_every_face_sample_reads_without_a_rest(path: Path) -> None:
    result = read_result(path.read_bytes())

    assert not result.unread
    assert result.reference_classification is ReferenceClassification.CARD
    assert result.institution_code == "1319999996"
    assert result.confirmed_for == date(2026, 10, 5)


def test_an_employee_with_everything() -> None:
    result = face("090005")
    person = only(result)

    assert result.validity is Validity.VALID
    assert result.processed_at == datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)
    assert result.prescription is PrescriptionIssue.ELECTRONIC
    assert result.file_identifier == "AAECAwQFBgcICQo="
    assert (person.card_class, person.insurer_number) == ("01", "01139997")
    assert person.insurer_name == "架空健康保険協会東京支部"
    assert (person.insured_symbol, person.insured_number, person.insured_branch) == ("99990001", "12", "00")
    assert person.insured_or_family == "insured"
    assert (person.name, person.name_kana, person.name_other) == ("厚労\u3000太郎", "ｺｳﾛｳ ﾀﾛｳ", None)
    assert (person.sex, person.birth_date) == (Sex.MALE, date(1980, 4, 1))
    assert person.address == "東京都架空区見本町１－２－３"
    assert (person.qualified_on, person.disqualified_on) == (date(2020, 4, 1), None)
    assert (person.copay_ratio, person.limit_category) == (30, "A03")
    assert (person.preschool, person.specific_disease, person.reference_number) == (False, False, "00123")


def test_national_insurance_at_seventy_two_has_its_number_unpadded() -> None:
    person = only(face("090210"))

    assert person.insurer_number == "138990"
    assert person.insured_symbol == "架空０１"
    assert (person.copay_ratio, person.limit_category) == (20, "B04")
    assert person.specific_disease
    assert person.reference_number is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ValidStartDate>20260801", "ValidStartDate>20261006"),
        ("ValidEndDate>20270731", "ValidEndDate>20261004"),
    ],
)
def test_an_elderly_certificate_that_is_not_in_force_leaves_the_ratio_unknown(before: str, after: str) -> None:
    (path,) = (SAMPLES / "face").glob("*_20261005090210.xml")
    message = path.read_text(encoding="utf-8").replace(f"<ElderlyRecipient{before}", f"<ElderlyRecipient{after}")

    assert only(read_result(message)).copay_ratio is None


def test_the_late_elderly_have_a_ratio_of_their_own_and_no_symbol() -> None:
    result = face("090412")
    person = only(result)

    assert person.insurer_number == "39139993"
    assert (person.insured_symbol, person.insured_branch, person.insured_or_family) == (None, None, None)
    assert person.insured_number == "09900011"
    assert (person.copay_ratio, person.limit_category) == (20, "B09")
    assert result.prescription is PrescriptionIssue.PAPER


def test_a_small_child_with_an_alias_and_characters_that_were_lost() -> None:
    person = only(face("090633"))

    assert (person.name, person.name_other, person.name_kana) == (
        "●橋\u3000つばさ",
        "見本\u3000つばさ",
        "ﾀｶﾊｼ ﾂﾊﾞｻ",
    )
    assert person.sex is Sex.FEMALE, "Sex2 stands where the printed sex is left open"
    assert (person.preschool, person.copay_ratio) == (True, 20)
    assert person.insured_or_family == "family"
    assert person.insured_symbol == "12-34"


def test_medical_assistance_alone_has_no_ratio() -> None:
    person = only(face("090855"))

    assert (person.card_class, person.insurer_number, person.insured_number) == ("A1", "12139994", "1000017")
    assert person.insurer_name == "架空市福祉事務所"
    assert person.copay_ratio is None


def test_insurance_and_medical_assistance_come_as_two_results() -> None:
    result = face("091005")

    assert [(one.card_class, one.insurer_number, one.copay_ratio) for one in result.results] == [
        ("01", "01139997", 30),
        ("A1", "12139994", None),
    ]


def test_consent_groups_of_2025_are_passed_over() -> None:
    assert only(face("091130")).copay_ratio == 30


def test_code_page_932_in_scrambled_order_reads_the_same() -> None:
    person = only(face("091240"))

    assert (person.name, person.name_kana) == ("厚労\u3000花子", "ｺｳﾛｳ ﾊﾅｺ")
    assert (person.sex, person.birth_date) == (Sex.FEMALE, date(1982, 8, 15))
    assert (person.insured_or_family, person.insured_branch) == ("family", "01")


def test_a_lost_qualification_comes_with_the_last_one() -> None:
    result = face("091405")

    assert result.validity is Validity.INVALID
    assert only(result).disqualified_on == date(2026, 9, 30)


def test_a_success_may_carry_a_notice() -> None:
    result = face("091530")

    assert (result.validity, result.notice_code) == (Validity.VALID, "SIMN0001")


def test_no_result_list_is_nobody_found() -> None:
    result = face("091655")

    assert (result.validity, result.results) == (Validity.NOT_FOUND, ())


@pytest.mark.parametrize(
    ("number", "validity", "results"),
    [
        (1, Validity.VALID, 1),
        (2, Validity.INVALID, 1),
        (3, Validity.INVALID_NEWER_EXISTS, 1),
        (4, Validity.NOT_FOUND, 0),
        (5, Validity.MULTIPLE, 0),
    ],
)
def test_number_look_ups_share_the_tree(number: int, validity: Validity, results: int) -> None:
    result = read_result(looked_up(number))

    assert (result.validity, len(result.results), result.unread) == (validity, results, frozenset())
    assert result.reference_classification is ReferenceClassification.INSURED_NUMBER


def test_a_person_who_could_not_be_looked_up_is_an_error() -> None:
    with pytest.raises(FailedMessageError, match="SIMP0001") as error:
        read_result(looked_up(6))

    assert (error.value.layer, error.value.result_code) == (Layer.PERSON, "SIMP0001")


def test_a_system_that_failed_is_an_error() -> None:
    with pytest.raises(FailedMessageError, match="SIMH0001") as error:
        read_result(looked_up(7))

    assert (error.value.layer, error.value.result_code) == (Layer.FILE, "SIMH0001")


def test_a_system_that_is_still_at_work_says_so() -> None:
    processing = looked_up(1).replace(b"<SegmentOfResult>1", b"<SegmentOfResult>2")

    with pytest.raises(StillProcessingError):
        read_result(processing)


# -- where real files differ -----------------------------------------------------------------------------------------

RESULT = b"<ResultOfQualificationConfirmation>"


@pytest.mark.parametrize("spelling", ["Shift_JIS", "shift_jis", "SJIS", "Windows-31J", "MS932"])
def test_shift_jis_means_code_page_932_however_it_is_spelt(spelling: str) -> None:
    text = looked_up(1).decode().replace('encoding="UTF-8"', f'encoding="{spelling}"').replace("太郎", "髙次郎")

    assert only(read_result(text.encode("cp932"))).name == "厚労\u3000髙次郎"


def test_a_byte_order_mark_and_a_missing_declaration_are_utf_8() -> None:
    bare = looked_up(1).partition(b"?>")[2]

    assert read_result(bare).validity is Validity.VALID
    assert read_result(b"\xef\xbb\xbf" + looked_up(1)).validity is Validity.VALID


def test_text_that_is_decoded_already_needs_no_declaration_to_be_true() -> None:
    text = looked_up(1).decode().replace('encoding="UTF-8"', 'encoding="Shift_JIS"')

    assert only(read_result(text)).name == "厚労\u3000太郎"


def test_the_prescription_form_is_found_inside_a_result_too() -> None:
    inside = looked_up(5).replace(b"<QualificationValidity>5", b"<QualificationValidity>2")
    inside = inside.replace(
        b"</MessageBody>",
        b"<ResultList>"
        + RESULT
        + b"<PrescriptionIssueSelect>2</PrescriptionIssueSelect></ResultOfQualificationConfirmation></ResultList></MessageBody>",
    )

    assert read_result(inside).prescription is PrescriptionIssue.PAPER


def test_two_different_prescription_forms_are_none() -> None:
    both = (SAMPLES / "face" / "OQSsiquc01res_face_13199999960a1b2c3d4e5f60718293_20261005090005.xml").read_bytes()
    both = both.replace(RESULT, RESULT + b"<PrescriptionIssueSelect>2</PrescriptionIssueSelect>")

    result = read_result(both)

    assert result.prescription is None
    assert result.unread == {"PrescriptionIssueSelect"}


def test_unknown_elements_and_empty_ones_are_no_obstacle() -> None:
    odd = looked_up(1).replace(RESULT, RESULT + b"<NewIn2030><Deep>1</Deep></NewIn2030><NameOfOther/>")

    assert only(read_result(odd)).name_other is None
    assert not read_result(odd).unread


def test_a_value_that_cannot_be_understood_is_noted_by_its_elements_name_alone() -> None:
    odd = (
        looked_up(1)
        .replace(
            b"<Birthdate>19800401</Birthdate>\r\n                <Address>", b"<Birthdate>19801301</Birthdate><Address>"
        )
        .replace(b"<Sex1>1", b"<Sex1>7")
    )

    result = read_result(odd)

    assert (only(result).birth_date, only(result).sex) == (None, None)
    assert result.unread == {"Birthdate", "Sex1"}
    assert "19801301" not in repr(result)


@pytest.mark.parametrize("no_day", [b"00000000", b"99999999"])
def test_no_date_may_be_written_as_a_number(no_day: bytes) -> None:
    odd = looked_up(1).replace(
        b"<QualificationDate>", b"<DisqualificationDate>" + no_day + b"</DisqualificationDate><QualificationDate>"
    )

    assert only(read_result(odd)).disqualified_on is None
    assert not read_result(odd).unread


def test_a_limit_category_of_a_later_table_is_kept() -> None:
    assert only(read_result(looked_up(1).replace(b">A03<", b">C01<"))).limit_category == "C01"


# -- what decides must not be doubtful -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<QualificationValidity>1", b"<QualificationValidity>7"),
        (b"<QualificationValidity>1</QualificationValidity>", b""),
        (b"<ProcessingResultStatus>1</ProcessingResultStatus>", b""),
        (b"<SegmentOfResult>1</SegmentOfResult>", b""),
        (b"<SegmentOfResult>1", b"<SegmentOfResult>3"),
        (b"<ProcessExecutionTime>2026", b"<ProcessExecutionTime>2026x"),
        (b"<ProcessExecutionTime>20261005", b"<ProcessExecutionTime>20261035"),
        (b"<ResultList>", b"<ResultLost>"),
        (b"<MessageHeader>", b"<MessageHeader></MessageHeader><MessageHeader>"),
        (b"<QualificationValidity>1", b"<QualificationValidity>2</QualificationValidity><QualificationValidity>1"),
        (b"<Name>", b"<Name>X</Name><Name>"),
    ],
)
def test_a_doubtful_message_is_no_result(before: bytes, after: bytes) -> None:
    message = looked_up(1)
    assert before in message
    doubtful = message.replace(before, after).replace(
        b"</ResultList>", b"</ResultLost>" if b"Lost" in after else b"</ResultList>"
    )

    with pytest.raises(MalformedMessageError):
        read_result(doubtful)


def test_the_code_tables_have_their_japanese_labels() -> None:
    assert QualificationValidity.INVALID_NEWER_EXISTS.label == "無効（新しい資格あり）"
    assert CardClass.MEDICAL_ASSISTANCE.label == "医療扶助"
    assert LimitCategory.A03.label == "ウ"
