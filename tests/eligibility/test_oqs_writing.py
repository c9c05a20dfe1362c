"""Writing is strict: nothing goes out that lacks what it must have, or that would read differently."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from kiosk.eligibility.oqs import from_xml, to_xml
from kiosk.eligibility.oqs.bulk import (
    BulkFetch,
    BulkRequest,
    BulkRequestBody,
    ConsentedPeriod,
    ConsentedRequest,
    ConsentedRequestBody,
    FetchBody,
)
from kiosk.eligibility.oqs.checkup import CheckupRequest, CheckupRequestBody
from kiosk.eligibility.oqs.codes import (
    CharacterCode,
    CheckupFile,
    Display,
    LimitConsent,
    MedicalTreatment,
    MedicationFile,
    ProcessingResultStatus,
    SegmentOfResult,
)
from kiosk.eligibility.oqs.encoding import LOST
from kiosk.eligibility.oqs.errors import MissingElementError, UnencodableError, UnwritableMessageError
from kiosk.eligibility.oqs.headers import LookupHeader, QualificationHeader, RequestHeader
from kiosk.eligibility.oqs.kinds import Month
from kiosk.eligibility.oqs.medical import MedicalRequestHeader
from kiosk.eligibility.oqs.medication import MedicationRequest, MedicationRequestBody
from kiosk.eligibility.oqs.qualification import (
    QualificationRequest,
    QualificationRequestBody,
    QualificationResponse,
    QualificationResponseBody,
    ResultList,
    Search,
)
from kiosk.eligibility.oqs.registration import Registration, RegistrationRequest, RegistrationRequestBody
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.oqs.to_xml import SHIFT_JIS, UTF_8, Form

CLINIC = "1319999996"
SEARCH = Search(
    insurer_number="01139997",
    insured_card_symbol="99990001",
    insured_identification_number="12",
    insured_branch_number="00",
    birthdate=date(1980, 4, 1),
    limit_consent=LimitConsent.GIVEN,
)


def look_up(search: Search = SEARCH) -> QualificationRequest:
    return QualificationRequest(
        header=LookupHeader(
            qualification_confirmation_date=date(2026, 10, 5),
            medical_institution_code=CLINIC,
            arbitrary_file_identifier="kiosk-0001",
        ),
        body=QualificationRequestBody(search=search),
    )


def answer(**result: Any) -> QualificationResponse:
    return QualificationResponse(
        header=QualificationHeader(
            process_execution_time=datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC),
            segment_of_result=SegmentOfResult.NORMAL,
        ),
        body=QualificationResponseBody(
            processing_result_status=ProcessingResultStatus.NORMAL,
            result_list=ResultList(results=(ResultOfQualificationConfirmation(**result),)),
        ),
    )


def registration(**changed: Any) -> RegistrationRequest:
    told = Registration(
        reference_number="00123",
        insurer_number="01139997",
        insured_identification_number="12",
        insured_branch_number="00",
    )
    return RegistrationRequest(
        header=RequestHeader(medical_institution_code=CLINIC),
        body=RegistrationRequestBody(registration=replace(told, **changed)),
    )


def consented(**period: Any) -> ConsentedRequest:
    return ConsentedRequest(
        header=RequestHeader(medical_institution_code=CLINIC),
        body=ConsentedRequestBody(period=ConsentedPeriod(**period)),
    )


PERSON = MedicalRequestHeader(
    medical_institution_code=CLINIC, insurer_number="01139997", insured_person_identification_number="12"
)
MEDICATION = MedicationRequest(
    header=PERSON,
    body=MedicationRequestBody(
        start_date=Month(2026, 4),
        end_date=Month(2026, 10),
        file_category=MedicationFile.MEDICATION_XML,
        pr_di_inf_classification=Display.SHOW,
        medical_treatment_flag=MedicalTreatment.OUTPATIENT,
    ),
)
CHECKUP = CheckupRequest(header=PERSON, body=CheckupRequestBody(file_category=CheckupFile.XML))


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        (QualificationRequest(), "MessageHeader"),
        (replace(look_up(), body=None), "MessageBody"),
        (replace(look_up(), header=LookupHeader()), "MessageHeader/QualificationConfirmationDate"),
        (look_up(replace(SEARCH, insurer_number=None)), "MessageBody/QualificationConfirmSearchInfo/InsurerNumber"),
        (
            look_up(replace(SEARCH, insured_identification_number=None)),
            "MessageBody/QualificationConfirmSearchInfo/InsuredIdentificationNumber",
        ),
        (look_up(replace(SEARCH, birthdate=None)), "MessageBody/QualificationConfirmSearchInfo/Birthdate"),
        (
            look_up(replace(SEARCH, limit_consent=None)),
            "MessageBody/QualificationConfirmSearchInfo/LimitApplicationCertificateRelatedConsFlg",
        ),
        (
            BulkRequest(header=look_up().header, body=BulkRequestBody()),
            "MessageBody/QualificationConfirmSearchInfo",
        ),
        (
            BulkFetch(header=RequestHeader(medical_institution_code=CLINIC), body=FetchBody()),
            "MessageBody/ReceptionNumber",
        ),
        (
            BulkFetch(header=RequestHeader(), body=FetchBody(reception_number="1")),
            "MessageHeader/MedicalInstitutionCode",
        ),
        (consented(), "MessageBody/QualificationConfirmSearchInfo/ConsentDateFrom"),
        (
            consented(consent_date_from=date(2026, 10, 1)),
            "MessageBody/QualificationConfirmSearchInfo/ConsentDateTo",
        ),
        (
            consented(examination_date_from=date(2026, 10, 1), examination_date_to=date(2026, 10, 5)),
            "MessageBody/QualificationConfirmSearchInfo/MedicalTreatmentFlag",
        ),
        (registration(reference_number=None), "MessageBody/ReferenceNumberRegistrationInfo/ReferenceNumber"),
        (registration(insured_branch_number=None), "MessageBody/ReferenceNumberRegistrationInfo/InsuredBranchNumber"),
        (replace(MEDICATION, header=MedicalRequestHeader()), "MessageHeader/MedicalInstitutionCode"),
        (replace(MEDICATION, body=MedicationRequestBody()), "MessageBody/StartDate"),
        (replace(CHECKUP, body=CheckupRequestBody()), "MessageBody/FileCategory"),
        (replace(answer(), header=QualificationHeader()), "MessageHeader/ProcessExecutionTime"),
        (replace(answer(), body=QualificationResponseBody()), "MessageBody/ProcessingResultStatus"),
    ],
)
def test_what_must_be_there_is_named_when_it_is_not(message: object, missing: str) -> None:
    with pytest.raises(MissingElementError) as error:
        to_xml.write(message)

    assert (error.value.element, error.value.code) == (missing, "missing_element")
    assert error.value.sentence == f"the message cannot be written without {missing}"


@pytest.mark.parametrize(
    "message",
    [
        look_up(replace(SEARCH, insured_branch_number=None, insured_card_symbol=None)),
        registration(insurer_number="39139993", insured_branch_number=None),
        consented(medical_treatment_month=Month(2026, 10)),
        MEDICATION,
        CHECKUP,
    ],
)
def test_what_may_be_left_out_is(message: object) -> None:
    assert from_xml.read(to_xml.write(message), type(message)) == message


def test_a_value_that_was_not_understood_does_not_stand_for_a_required_one() -> None:
    echoed = to_xml.write(look_up()).replace(b"19800401", b"1980040X")

    with pytest.raises(MissingElementError, match="Birthdate"):
        to_xml.write(from_xml.read(echoed, QualificationRequest))


@pytest.mark.parametrize(
    ("message", "element", "sentence"),
    [
        (registration(reference_number="x" * 51), "ReferenceNumber", "longer than 50 characters"),
        (registration(insured_card_symbol="記" * 21), "InsuredCardSymbol", "longer than 20 characters"),
        (look_up(replace(SEARCH, insured_branch_number="001")), "InsuredBranchNumber", "longer than 2 characters"),
        (look_up(replace(SEARCH, insurer_number="138990 ")), None, None),
        (look_up(replace(SEARCH, insurer_number="7")), "InsurerNumber", "another kind .insurer number"),
        (look_up(replace(SEARCH, insured_branch_number=" 1")), "InsuredBranchNumber", "another kind .word"),
        (answer(name=" "), "Name", "another kind .text"),
        (answer(name="a\x00b"), "Name", "another kind .text"),
        (answer(name="a\ud800b"), "Name", "another kind .text"),
        (answer(name="\n山田"), "Name", "another kind .text"),
        (answer(birthdate=datetime(2026, 1, 1, tzinfo=UTC)), "Birthdate", "another kind .date"),
        (answer(insured_partial_contribution_ratio=15), "InsuredPartialContributionRatio", "another kind .percent"),
        (answer(name=7), "Name", "another kind .text"),
        (
            replace(
                answer(),
                header=QualificationHeader(
                    process_execution_time=datetime(2026, 1, 1),  # noqa: DTZ001 (that is the mistake)
                    segment_of_result=SegmentOfResult.NORMAL,
                ),
            ),
            "ProcessExecutionTime",
            "another kind .time",
        ),
    ],
)
def test_a_value_that_cannot_be_written_is_named(message: object, element: str | None, sentence: str | None) -> None:
    if element is None or sentence is None:
        assert to_xml.write(message)
        return
    with pytest.raises(UnwritableMessageError, match=sentence) as error:
        to_xml.write(message)

    assert error.value.element is not None
    assert error.value.element.endswith(element)


def test_the_form_is_that_of_the_samples() -> None:
    written = to_xml.write(look_up()).decode()

    assert written.startswith(
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n<XmlMsg>\r\n    <MessageHeader>\r\n'
    )
    assert written.endswith("    </MessageBody>\r\n</XmlMsg>\r\n")
    assert "\n" not in written.replace("\r\n", "")


def test_markup_in_a_value_stays_text() -> None:
    odd = answer(name="<b>&amp;]]>\r\n終", address="１\t２")

    assert from_xml.read(to_xml.write(odd), QualificationResponse) == odd


def test_the_character_code_says_what_is_written() -> None:
    header = answer().header
    assert header is not None
    told = replace(answer(), header=replace(header, character_code_identifier=CharacterCode.UTF_8))

    assert b"<CharacterCodeIdentifier>0<" in to_xml.write(told, UTF_8)
    assert b"<CharacterCodeIdentifier>1<" in to_xml.write(told, SHIFT_JIS)
    assert b"CharacterCodeIdentifier" not in to_xml.write(answer(), SHIFT_JIS)


# -- what Shift_JIS does not have ------------------------------------------------------------------------------------


def in_shift_jis(form: Form = SHIFT_JIS, **result: Any) -> ResultOfQualificationConfirmation:
    told = from_xml.read(to_xml.write(answer(**result), form), QualificationResponse)
    assert told.body is not None
    return told.body.results[0]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("𠮷野\u3000太郎", f"{LOST}野\u3000太郎"),
        ("辻\U000e0100本", "辻本"),
        ("葛\ufe00西", "葛西"),
        ("髙﨑", "髙﨑"),
        ("①Ⅲ", "①Ⅲ"),
        ("か\u3099く", "がく"),
        ("한국", f"{LOST}{LOST}"),
    ],
)
def test_a_character_that_shift_jis_lacks_becomes_a_black_circle_in_a_name(name: str, written: str) -> None:
    assert in_shift_jis(name=name).name == written
    assert in_shift_jis(address=name).address == written
    assert in_shift_jis(insured_name=name).insured_name == written
    assert in_shift_jis(name_of_other=name).name_of_other == written


@pytest.mark.parametrize(
    ("text", "written"), [("１〜２", "１～２"), ("１−２", "１－２"), ("１—２", "１―２"), ("¥", "￥"), ("‖", "∥")]
)
def test_a_character_that_unicode_has_twice_is_written_as_the_one_there_is(text: str, written: str) -> None:
    assert in_shift_jis(insured_card_symbol=text).insured_card_symbol == written


def test_anywhere_else_a_character_that_shift_jis_lacks_is_an_error() -> None:
    with pytest.raises(UnencodableError) as error:
        to_xml.write(answer(insured_card_symbol="𠮷"), SHIFT_JIS)

    assert error.value.element == "MessageBody/ResultList/ResultOfQualificationConfirmation/InsuredCardSymbol"
    assert "𠮷" not in error.value.sentence


def test_the_substitution_can_be_forbidden() -> None:
    with pytest.raises(UnencodableError, match="Name"):
        to_xml.write(answer(name="𠮷野"), Form(SHIFT_JIS.encoding, substitute=False))


def test_an_unknown_element_that_cannot_be_encoded_is_an_error_too() -> None:
    told = from_xml.read(
        to_xml.write(answer()).replace(b"<ResultList>", "<New>𠮷</New><ResultList>".encode()), QualificationResponse
    )

    with pytest.raises(UnencodableError, match="MessageBody/New"):
        to_xml.write(told, SHIFT_JIS)


def test_no_error_tells_a_value() -> None:
    for broken in (answer(name="山田\x00"), registration(reference_number="秘" * 51)):
        with pytest.raises(UnwritableMessageError) as error:
            to_xml.write(broken)
        assert "山田" not in str(error.value)
        assert "秘" not in str(error.value)
