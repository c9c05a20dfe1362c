"""What the messages beside the look-up say: consents, tickets, medication, check-ups, registration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kiosk.eligibility.oqs import bulk, checkup, from_xml, medical, medication, outcome, registration
from kiosk.eligibility.oqs.codes import (
    CareType,
    ConsentFlag,
    LimitCategory,
    LimitClassification,
    LimitConsent,
    MedicationFile,
    ProcessingResultStatus,
    SegmentOfResult,
    SingleOrCombined,
    SpecificDisease,
    StatusOfOther,
    TicketType,
    UnknownCode,
)
from kiosk.eligibility.oqs.errors import FailedMessageError, Layer, MalformedMessageError, StillProcessingError
from kiosk.eligibility.oqs.kinds import Month
from kiosk.eligibility.oqs.qualification import QualificationResponse
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.ticket import in_force
from kiosk.eligibility.oqs.viewing import consents_of, may_view
from kiosk.record.consent import NOT_ASKED, ConsentItem, ConsentState

DATA = Path(__file__).parent.parent / "data" / "oqs"
GIVEN_AT = datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)


def face(time: str) -> ResultOfQualificationConfirmation:
    (path,) = (DATA / "face").glob(f"*_20261005{time}.xml")
    told = from_xml.read(path.read_bytes(), QualificationResponse)
    assert told.body is not None
    return told.body.results[-1]


# -- consents --------------------------------------------------------------------------------------------------------


def test_a_consent_is_honoured_for_its_time_and_no_longer() -> None:
    group = face("090005").pharmacists_info

    assert not may_view(group, GIVEN_AT - timedelta(seconds=1))
    assert may_view(group, GIVEN_AT)
    assert may_view(group, GIVEN_AT + timedelta(hours=24, seconds=-1))
    assert not may_view(group, GIVEN_AT + timedelta(hours=24))
    assert not may_view(None, GIVEN_AT)


@pytest.mark.parametrize("flag", [ConsentFlag.NONE, ConsentFlag.EXPIRED, ConsentFlag.HARD_TO_OBTAIN, None])
def test_anything_but_given_is_no_consent(flag: ConsentFlag | None) -> None:
    group = face("090005").pharmacists_info
    assert group is not None

    assert not may_view(replace(group, cons_flg=flag), GIVEN_AT)


def test_a_consent_without_its_times_is_none() -> None:
    group = face("090005").pharmacists_info
    assert group is not None

    assert not may_view(replace(group, available_time=None), GIVEN_AT)
    assert not may_view(replace(group, cons_time=None), GIVEN_AT)


def test_a_result_says_the_houses_five_consents() -> None:
    consents = consents_of(face("090210"), datetime(2026, 10, 5, 1, 0, tzinfo=UTC))

    assert {item: consent.state for item, consent in consents.items()} == {
        ConsentItem.MEDICATION: ConsentState.GIVEN,
        ConsentItem.DIAGNOSIS: ConsentState.NOT_ASKED,
        ConsentItem.SURGERY: ConsentState.NOT_ASKED,
        ConsentItem.CHECKUP: ConsentState.GIVEN,
        ConsentItem.SPECIFIC_DISEASE: ConsentState.GIVEN,
    }
    assert consents[ConsentItem.MEDICATION].at == datetime(2026, 10, 5, 0, 2, 10, tzinfo=UTC)
    assert consents[ConsentItem.MEDICATION].until == datetime(2026, 10, 6, 0, 2, 10, tzinfo=UTC)


def test_after_its_time_and_in_other_windows_a_consent_is_not_one() -> None:
    result = face("090210")
    assert result.pharmacists_info is not None
    longer = replace(result.pharmacists_info, available_time=datetime(2027, 1, 1, tzinfo=UTC))

    assert set(consents_of(result, datetime(2026, 10, 7, tzinfo=UTC)).values()) == {NOT_ASKED}
    assert (
        consents_of(replace(result, pharmacists_info=longer), GIVEN_AT + timedelta(hours=1))[ConsentItem.MEDICATION]
        == NOT_ASKED
    )


# -- certificates and tickets ----------------------------------------------------------------------------------------


def test_the_certificates_of_a_patient_of_72() -> None:
    result = face("090210")
    limit, listed = result.limit_application_certificate_related_info, result.specific_diseases_certificate_list
    assert limit is not None
    assert listed is not None

    assert (limit.classification, limit.classification_flag) == (LimitClassification.LIMIT, LimitCategory.B04)
    assert result.limit_consent is not None
    assert result.limit_consent.cons_flg is LimitConsent.GIVEN
    assert [(one.disease_category, one.self_pay) for one in listed.certificates] == [(SpecificDisease.DIALYSIS, 10000)]


def test_a_ticket_of_medical_assistance() -> None:
    listed = face("090855").public_expense_result_list
    assert listed is not None
    (ticket,) = listed.tickets

    assert (ticket.ticket_type, ticket.medical_treatment_type) == (TicketType.MEDICAL, CareType.OUTPATIENT)
    assert ticket.single_or_combined_use is SingleOrCombined.SINGLE
    assert (ticket.medical_treatment_month, ticket.self_pay_amount) == (Month(2026, 10), 0)
    assert (ticket.status_of_infection, ticket.status_of_social_insurance) == (StatusOfOther.ABSENT,) * 2
    assert (ticket.injury_name1, ticket.injury_name2) == ("高血圧症", None)
    assert in_force(ticket, date(2026, 10, 31))
    assert not in_force(ticket, date(2026, 11, 1))
    assert not in_force(replace(ticket, medical_ticket_valid_date=None), date(2026, 10, 31))


def test_a_ticket_beside_insurance_says_so() -> None:
    listed = face("091005").public_expense_result_list
    assert listed is not None

    assert listed.tickets[0].single_or_combined_use is SingleOrCombined.COMBINED


# -- medication and check-ups ----------------------------------------------------------------------------------------


def medication_sample(name: str = "022610050905123") -> bytes:
    return (DATA / "res" / f"YZKsiquc01res_{name}.xml").read_bytes()


def test_medication_by_claims_and_by_prescriptions() -> None:
    told = medication.read_medication(medication_sample())
    assert told.body is not None
    (month,) = told.body.claims
    assert month.di_date_infs is not None
    (day,) = month.di_date_infs.days
    assert day.drug_infs is not None
    (drug,) = day.drug_infs.drugs

    assert (month.me_tr_month, month.me_tr_di_h_nm, day.di_date) == (Month(2026, 9), "架空薬局", date(2026, 9, 7))
    assert (drug.drug_c, drug.drug_n, drug.qua1, drug.unit, drug.times) == (
        "999999901",
        "架空降圧錠５ｍｇ",
        "1",
        "錠",
        "28",
    )
    assert told.body.prescriptions is not None
    (prescribed,) = told.body.prescriptions.months
    assert (prescribed.pr_month, prescribed.pr_h_cd, prescribed.pr_cl) == (Month(2026, 10), "1319999988", "2")
    assert told.body.dispensings is None
    medical.refuse_failed(told, told.header, told.body)


def test_a_medication_request_has_its_own_names() -> None:
    told = from_xml.read(
        (DATA / "req" / "YZKsiquc01req_022610050905123.xml").read_bytes(), medication.MedicationRequest
    )
    assert told.header is not None
    assert told.body is not None

    assert (told.header.insured_person_identification_number, told.header.branch_number) == ("12", "00")
    assert (told.body.start_date, told.body.end_date) == (Month(2026, 4), Month(2026, 10))
    assert told.body.file_category is MedicationFile.MEDICATION_XML


def test_a_checkup_has_its_items() -> None:
    told = checkup.read_checkups((DATA / "res" / "TKKsiquc01res_022610050905123.xml").read_bytes())
    assert told.body is not None
    (one,) = told.body.checkups
    assert one.results is not None

    assert one.effective_time == date(2026, 6, 10)
    height, _, smoking = one.results.items
    assert (height.item_name, height.data_value, height.unit) == ("身長", "170.5", "cm")
    assert smoking.data_value_name == "いいえ"


@pytest.mark.parametrize("place", ["<XmlMsg>", "<MessageHeader>", "<MessageBody>"])
def test_a_result_code_is_found_wherever_it_stands(place: str) -> None:
    text = medication_sample().decode().replace("<ResultCode>1</ResultCode>", "")
    told = medication.read_medication(
        text.replace(place, f"{place}<ResultCode>9</ResultCode><MessageContents>期限切れ</MessageContents>")
    )

    with pytest.raises(FailedMessageError, match="code 9") as error:
        medical.refuse_failed(told, told.header, told.body)

    assert error.value.layer is Layer.BUSINESS
    assert medical.message_of(told, told.header, told.body) == "期限切れ"


def test_an_expired_consent_comes_as_a_failure() -> None:
    told = medication.read_medication(medication_sample("022610050906999"))

    with pytest.raises(FailedMessageError):
        medical.refuse_failed(told, told.header, told.body)
    assert "有効期限" in (medical.message_of(told, told.header, told.body) or "")


def test_a_message_that_does_not_say_how_it_ended_is_none() -> None:
    told = medication.read_medication(medication_sample().replace(b"<ResultCode>1</ResultCode>", b""))

    with pytest.raises(MalformedMessageError, match="ResultCode"):
        medical.refuse_failed(told, told.header, told.body)


def test_years_of_medication_are_read_where_a_result_of_that_length_is_not() -> None:
    text = medication_sample().decode()
    start = text.index("<DrugInf>")
    end = text.index("</DrugInf>") + len("</DrugInf>")
    long = text[:end] + text[start:end] * 3000 + text[end:]

    told = medication.read_medication(long)

    assert told.body is not None
    with pytest.raises(MalformedMessageError, match="tags or attributes"):
        from_xml.read(long, medication.MedicationResponse)


# -- how messages end ------------------------------------------------------------------------------------------------


def test_a_bulk_that_is_not_ready_is_asked_for_again() -> None:
    told = from_xml.read((DATA / "res" / "OQSmuquc02res_202610050001_processing.xml").read_bytes(), bulk.BulkResponse)

    with pytest.raises(StillProcessingError):
        outcome.refuse_failed_file(told.header)


def test_a_reception_need_not_say_how_it_ended() -> None:
    told = from_xml.read((DATA / "res" / "OQSmuquc01res_202610040001.xml").read_bytes(), bulk.BulkReception)

    outcome.refuse_failed_file(told.header, must_say=False)
    with pytest.raises(MalformedMessageError):
        outcome.refuse_failed_file(told.header)
    assert told.header is not None
    refused = replace(told.header, segment_of_result=SegmentOfResult.FAILED, error_code="SIMH0001")
    with pytest.raises(FailedMessageError, match="SIMH0001"):
        outcome.refuse_failed_file(refused, must_say=False)
    with pytest.raises(MalformedMessageError):
        outcome.refuse_failed_file(replace(refused, segment_of_result=UnknownCode("7")), must_say=False)
    with pytest.raises(MalformedMessageError):
        outcome.refuse_failed_file(None)


def test_a_registration_that_failed_is_an_error() -> None:
    told = from_xml.read(
        (DATA / "res" / "OQSsiimm01res_202610050001.xml").read_bytes(), registration.RegistrationResponse
    )
    assert told.body is not None

    outcome.refuse_failed_person(told.body)
    for status, error in ((ProcessingResultStatus.ERROR, FailedMessageError), (None, MalformedMessageError)):
        with pytest.raises(error):
            outcome.refuse_failed_person(replace(told.body, processing_result_status=status))


# -- registration ----------------------------------------------------------------------------------------------------


def test_a_registration_is_echoed_with_its_end() -> None:
    told = from_xml.read(
        (DATA / "res" / "OQSsiimm01res_202610050001.xml").read_bytes(), registration.RegistrationResponse
    )
    assert told.body is not None
    assert told.body.registration is not None

    assert told.body.registration.reference_number == "00123"
    assert told.body.processing_result_status is ProcessingResultStatus.NORMAL


@pytest.mark.parametrize(
    "kind",
    [medication.MedicationResponse, checkup.CheckupResponse, registration.RegistrationResponse, QualificationResponse],
)
def test_no_repr_tells_a_person(kind: type[Any]) -> None:
    (path, *_) = (DATA / "res").glob(
        f"{ {'M': 'YZK', 'C': 'TKK', 'R': 'OQSsiimm', 'Q': 'OQSsiquc'}[kind.__name__[0]] }*"
    )
    told = from_xml.read(path.read_bytes(), kind, medical_bounds())

    assert repr(told) == f"{kind.__name__}(...)"
    assert repr(told.body) in {"None", f"{type(told.body).__name__}(...)"}


def medical_bounds() -> Any:
    from kiosk.eligibility.oqs import document

    return document.MEDICAL
