"""What others demand of a result file, each as it reads one (domain/oqs-interface.md sections 2.6, 2.7 and 8).

Every consumer here is written from the document alone, with other means than ours, and stands for a program that is out
there. They contradict each other: the file that each of them gets is the one for it, and the tests at the end say where
one's file is another's refusal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from kiosk.eligibility.oqs import consumers, file_names, from_xml, matching
from kiosk.eligibility.oqs.codes import PrescriptionIssue
from kiosk.eligibility.oqs.consumers import Consumer, PrescriptionPlace, arranged, one_file_each, write_for
from kiosk.eligibility.oqs.encoding import Encoding
from kiosk.eligibility.oqs.errors import MissingElementError, UnwritableMessageError
from kiosk.eligibility.oqs.file_names import Business, FaceName, LeftBehind, MessageName
from kiosk.eligibility.oqs.qualification import QualificationResponse, ResultList
from kiosk.eligibility.oqs.reading import read_result
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation

DATA = Path(__file__).parent.parent / "data" / "oqs"
AT = datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC)
TODAY = date(2026, 10, 5)
CLINIC = "1319999996"

VALID = ["090005", "090210", "090412", "090633", "090855", "091130", "091240", "091530"]
"""Face samples of one result each, all valid; 091005 has two."""


def face(time: str) -> QualificationResponse:
    (path,) = (DATA / "face").glob(f"*_20261005{time}.xml")
    return from_xml.read(path.read_bytes(), QualificationResponse)


def looked_up(number: int) -> QualificationResponse:
    return from_xml.read((DATA / "res" / f"OQSsiquc01res_20261005{number:04d}.xml").read_bytes(), QualificationResponse)


def every_valid() -> Iterator[QualificationResponse]:
    yield from (face(time) for time in VALID)
    yield looked_up(1)


def tree(file: bytes | str) -> ET.Element:
    return ET.fromstring(file)  # noqa: S314 (what we wrote a moment ago)


def with_results(response: QualificationResponse, *results: ResultOfQualificationConfirmation) -> QualificationResponse:
    assert response.body is not None
    return replace(response, body=replace(response.body, result_list=ResultList(results=results)))


# -- Dynamics, and the Node program that makes its files (section 2.6) -------------------------------------------------

DYNAMICS_HEADER = [
    "ProcessExecutionTime",
    "CharacterCodeIdentifier",
    "SegmentOfResult",
    "QualificationConfirmationDate",
    "ReferenceClassification",
    "ArbitraryFileIdentifier",
    "MedicalInstitutionCode",
]
DYNAMICS_RESULT = [
    "Address",
    "Name",
    "NameKana",
    "Birthdate",
    "Sex1",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "QualificationDate",
    "InsuredCardValidDate",
    "InsuredCardExpirationDate",
    "InsurerNumber",
    "InsurerName",
    "InsuredName",
    "PersonalFamilyClassification",
    "LimitApplicationCertificateRelatedInfo",
]


def dynamics_reads(file: bytes) -> list[str]:
    """Insured names of the results; raises `AssertionError` for a file it would not take."""
    text = file.decode("cp932")
    assert text.startswith('<?xml version="1.0" encoding="Shift_JIS"')
    root = tree(text.partition("?>")[2])
    header, body = root.find("MessageHeader"), root.find("MessageBody")
    assert header is not None
    assert body is not None
    assert all(header.findtext(tag) for tag in DYNAMICS_HEADER)
    assert (header.findtext("SegmentOfResult"), header.findtext("CharacterCodeIdentifier")) == ("1", "1")
    assert (body.findtext("ProcessingResultStatus"), body.findtext("QualificationValidity")) == ("1", "1")
    results = body.findall("ResultList/ResultOfQualificationConfirmation")
    assert results
    for result in results:
        assert not [tag for tag in DYNAMICS_RESULT if result.find(tag) is None]
        assert len(result.findtext("InsurerNumber") or "") == 8
    return [result.findtext("Name") or "" for result in results]


def dynamics_takes_the_name(name: str) -> bool:
    return re.fullmatch(r"OQSsiquc01res_face_(\d{10}(400|600|800)\d{17}_)?\d{14}\.xml", name, re.IGNORECASE) is not None


def test_dynamics_finds_every_element_it_looks_for() -> None:
    for response in every_valid():
        (name,) = dynamics_reads(write_for(consumers.DYNAMICS, response))
        assert name


def test_dynamics_needs_no_consents() -> None:
    response = face("090005")
    assert response.body is not None
    bare = replace(response.body.results[0], pharmacists_info=None, diagnosis_info=None, operation_info=None)

    assert dynamics_reads(write_for(consumers.DYNAMICS, with_results(response, bare)))


def test_dynamics_takes_several_results_in_one_file() -> None:
    assert dynamics_reads(write_for(consumers.DYNAMICS, face("091005"))) == ["併用\u3000三郎", "併用\u3000三郎"]


def test_dynamics_takes_a_name_of_a_time_stamp_alone_and_one_of_a_kind_of_care() -> None:
    assert dynamics_takes_the_name(str(FaceName("", AT)))
    assert dynamics_takes_the_name(str(FaceName(f"{CLINIC}400{1:017d}", AT)))
    for name in (str(FaceName("", AT)), str(FaceName(f"{CLINIC}400{1:017d}", AT))):
        assert isinstance(file_names.parse(name.upper()), FaceName)


def test_dynamics_is_told_of_valid_insurance_alone() -> None:
    with pytest.raises(UnwritableMessageError, match="not valid"):
        write_for(consumers.DYNAMICS, face("091405"))


@pytest.mark.parametrize("response", [face("091655"), looked_up(7)], ids=["nobody found", "failed"])
def test_what_dynamics_would_not_take_is_not_written_for_it(response: QualificationResponse) -> None:
    with pytest.raises(MissingElementError):
        write_for(consumers.DYNAMICS, response)


# -- MynaReception (section 2.7) -------------------------------------------------------------------------------------


def myna_refuses(name: str, file: bytes, *, configured: str = "UTF-8", today: date = TODAY) -> str | None:
    """Why it refuses a file, or None."""
    named = re.fullmatch(r"OQSsiquc01res_face_.+_(\d{14})\.xml", name, re.IGNORECASE)
    if named is None or named[1][:8] != f"{today:%Y%m%d}":
        return "name"
    if len(file) > 4 * 1024 * 1024:
        return "size"
    declared = re.match(rb'<\?xml version="1.0" encoding="([^"]+)"', file)
    if declared is None or declared[1].decode() != configured:
        return "encoding"
    if b"<!DOCTYPE" in file:
        return "document type"
    root = tree(file.decode("cp932" if configured == "Shift_JIS" else "utf-8").partition("?>")[2])
    if root.findtext("MessageHeader/SegmentOfResult") != "1":
        return "segment"
    if root.findtext("MessageBody/ProcessingResultStatus") != "1":
        return "status"
    if not re.fullmatch(r"\d{10}", root.findtext("MessageHeader/MedicalInstitutionCode") or ""):
        return "institution"
    results = root.findall(".//ResultOfQualificationConfirmation")
    if len(results) != 1:
        return "results"
    if not (results[0].findtext("NameKana") or "").strip():
        return "kana"
    try:
        datetime.strptime(results[0].findtext("Birthdate") or "", "%Y%m%d")  # noqa: DTZ007 (its own check)
    except ValueError:
        return "birth date"
    return None


@pytest.mark.parametrize("encoding", Encoding)
def test_myna_reception_takes_every_file_of_one_result_in_its_own_encoding(encoding: Encoding) -> None:
    name = str(file_names.new_face_name(CLINIC, AT))
    for response in every_valid():
        file = write_for(replace(consumers.MYNA_RECEPTION, encoding=encoding), response)
        assert myna_refuses(name, file, configured=encoding.declared) is None


def test_myna_reception_gets_a_file_for_each_result() -> None:
    with pytest.raises(UnwritableMessageError, match="takes no file of 2 results"):
        write_for(consumers.MYNA_RECEPTION, face("091005"))

    files = [write_for(consumers.MYNA_RECEPTION, single) for single in one_file_each(face("091005"))]

    assert [myna_refuses(str(FaceName("x", AT)), file) for file in files] == [None, None]
    assert [read_result(file).results[0].card_class for file in files] == ["01", "A1"]


@pytest.mark.parametrize("response", [looked_up(6), looked_up(7)], ids=["person", "file"])
def test_myna_reception_is_not_told_of_failures(response: QualificationResponse) -> None:
    with pytest.raises(UnwritableMessageError, match="failure"):
        write_for(consumers.MYNA_RECEPTION, response)


def test_myna_reception_is_not_sent_what_it_refuses() -> None:
    response = face("090005")
    assert response.header is not None
    assert response.body is not None
    (result,) = response.body.results
    assert consumers.MYNA_RECEPTION.largest <= 4 * 1024 * 1024
    with pytest.raises(MissingElementError, match="ResultOfQualificationConfirmation"):
        write_for(consumers.MYNA_RECEPTION, face("091655"))
    for blank in ("", " ", "\u3000"):
        with pytest.raises(UnwritableMessageError, match="NameKana"):
            write_for(consumers.MYNA_RECEPTION, with_results(response, replace(result, name_kana=blank)))
    for broken, sentence in (
        (replace(result, name_kana=None), "NameKana"),
        (replace(result, birthdate=None), "Birthdate"),
    ):
        with pytest.raises(MissingElementError, match=sentence):
            write_for(consumers.MYNA_RECEPTION, with_results(response, broken))
    with pytest.raises(UnwritableMessageError, match="10 digits"):
        write_for(
            consumers.MYNA_RECEPTION,
            replace(response, header=replace(response.header, medical_institution_code="131999999")),
        )
    with pytest.raises(UnwritableMessageError, match="more than 1000 bytes"):
        write_for(replace(consumers.MYNA_RECEPTION, largest=1000), response)


def test_myna_reception_takes_todays_files_alone() -> None:
    late = FaceName("x", datetime(2026, 10, 4, 15, 0, 0, tzinfo=UTC))
    file = write_for(consumers.MYNA_RECEPTION, face("090005"))

    assert late.is_of(TODAY), "midnight in Japan is three in the afternoon of the day before"
    assert myna_refuses(str(late), file) is None
    assert myna_refuses(str(replace(late, stamped_at=late.stamped_at - timedelta(seconds=1))), file) == "name"


def myna_key(kana: str) -> str:
    """氏名カナ as it compares them: half to full width, no blanks, hiragana as katakana, small ユ and ャ as large ones."""
    full = re.sub(r"\s", "", unicodedata.normalize("NFKC", kana))
    katakana = "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in full)
    return katakana.translate(str.maketrans("ァィゥェォッャュョヮ", "アイウエオツヤユヨワ"))


def test_myna_reception_finds_the_patient_by_the_clinics_number_and_then_by_kana_and_birth_date() -> None:
    for response in every_valid():
        file = write_for(consumers.MYNA_RECEPTION, response)
        (result,) = tree(file).iter("ResultOfQualificationConfirmation")
        told = read_result(file).results[0]
        assert result.findtext("ReferenceNumber") == told.reference_number, (
            "with its zeros, or not there: a new patient"
        )
        kana = result.findtext("NameKana") or ""
        assert kana == told.name_kana
        assert unicodedata.normalize("NFKC", kana) != kana, "half-width, as the system writes it"
        assert (result.findtext("Birthdate") or "").isdigit()


@pytest.mark.parametrize(
    "spelling", ["シュトウ キョウコ", "ｼｭﾄｳ ｷｮｳｺ", "しゅとう　きょうこ", "シユトウ キヨウコ", "シュトウキョウコ"]
)
def test_myna_receptions_spelling_of_a_name_is_ours(spelling: str) -> None:
    assert myna_key(spelling) == myna_key("ｼｭﾄｳ ｷｮｳｺ")
    assert matching.kana_key(spelling) == matching.kana_key("ｼｭﾄｳ ｷｮｳｺ")
    assert matching.kana_key(spelling) != matching.kana_key("ｼｭﾄｳ ｷｮｳﾍｲ")


def test_myna_reception_never_takes_the_householder_for_the_patient() -> None:
    (result,) = tree(write_for(consumers.MYNA_RECEPTION, face("090633"))).iter("ResultOfQualificationConfirmation")

    assert result.findtext("PersonalFamilyClassification") == "2"
    assert result.findtext("InsuredName") != result.findtext("Name")
    told = read_result(write_for(consumers.MYNA_RECEPTION, face("090633"))).results[0]
    assert result.findtext("InsuredName") not in {told.name, told.name_kana, told.name_other}


def test_no_two_face_files_have_one_name_whatever_the_case() -> None:
    # It keeps the names it has seen without their case: a second file under the same one would never be looked at.
    names = {str(file_names.new_face_name(CLINIC, AT)).casefold() for _ in range(200)}
    assert len(names) == 200


# -- EmrCloud --------------------------------------------------------------------------------------------------------


def emr_cloud_reads(file: bytes) -> list[tuple[str | None, str | None]]:
    """Prescription form and sex of each result: both inside the result, Sex2 before Sex1."""
    root = tree(file)
    results = root.findall("MessageBody/ResultList/ResultOfQualificationConfirmation")
    return [
        (result.findtext("PrescriptionIssueSelect"), result.findtext("Sex2") or result.findtext("Sex1"))
        for result in results
    ]


def test_emr_cloud_finds_the_prescription_form_inside_the_result() -> None:
    assert emr_cloud_reads(write_for(consumers.EMR_CLOUD, face("090005"))) == [("1", "1")]
    assert emr_cloud_reads(write_for(consumers.EMR_CLOUD, face("090412"))) == [("2", "2")]


def test_emr_cloud_prefers_the_second_sex_as_we_do() -> None:
    file = write_for(consumers.EMR_CLOUD, face("090633"))

    assert emr_cloud_reads(file) == [(None, "2")]
    assert read_result(file).results[0].sex == "female"


EMR_CLOUD_COMPARES = [
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "PersonalFamilyClassification",
    "InsuredCertificateIssuanceDate",
    "InsuredCardValidDate",
    "InsuredCardExpirationDate",
    "LimitApplicationCertificateRelatedInfo/LimitApplicationCertificateClassificationFlag",
    "NameKana",
    "Name",
    "Sex1",
    "Birthdate",
    "InsuredName",
    "Address",
    "PostNumber",
]
"""基本・保険差異あり: what it shows the difference of, field by field."""


def test_emr_cloud_finds_every_field_that_it_compares() -> None:
    (result,) = tree(write_for(consumers.EMR_CLOUD, face("090005"))).iter("ResultOfQualificationConfirmation")

    files = [tree(write_for(consumers.EMR_CLOUD, response)) for response in every_valid()]
    found = {tag for tag in EMR_CLOUD_COMPARES for file in files for one in file.iter(result.tag) if one.findtext(tag)}
    assert found == set(EMR_CLOUD_COMPARES)
    for tag in ("Address", "Name", "InsuredName"):
        text = result.findtext(tag) or ""
        assert unicodedata.normalize("NFKC", text) != text or text.isalpha(), f"{tag} is full-width"
    assert (result.findtext("PostNumber") or "").isascii()


def test_emr_cloud_enumerates_every_result_by_its_first_letters() -> None:
    for name in (str(file_names.new_face_name(CLINIC, AT)), "OQSsiquc01res_202610050001.xml"):
        assert Path(name).match("OQSsiquc01res_*.xml")


def test_emr_clouds_row_numbers_come_back_as_they_were_asked() -> None:
    told = looked_up(1)
    assert told.body is not None
    assert told.body.search is not None

    assert told.body.search.arbitrary_identifier == "00123"


# -- myclinic --------------------------------------------------------------------------------------------------------


def myclinic_key(file: bytes) -> tuple[str, str, str, str, str]:
    """資格確認日, 保険者番号, 記号, 番号, 枝番 as texts, never as numbers; and the prescription form in the body."""
    root = tree(file)
    result = root.find("MessageBody/ResultList/ResultOfQualificationConfirmation")
    assert result is not None
    symbol = unicodedata.normalize("NFKC", result.findtext("InsuredCardSymbol") or "")
    return (
        root.findtext("MessageHeader/QualificationConfirmationDate") or "",
        result.findtext("InsurerNumber") or "",
        re.sub(r"[/\s]", "", symbol),
        (result.findtext("InsuredIdentificationNumber") or "").lstrip("0"),
        result.findtext("InsuredBranchNumber") or "",
    )


def test_myclinic_reads_numbers_with_their_zeros_and_blanks() -> None:
    assert myclinic_key(write_for(consumers.PLAIN, face("090005"))) == ("20261005", "01139997", "99990001", "12", "00")
    assert myclinic_key(write_for(consumers.PLAIN, face("090210")))[1:3] == ("  138990", "架空01")
    assert myclinic_key(write_for(consumers.PLAIN, face("090412")))[3] == "9900011"


def test_myclinic_finds_the_prescription_form_in_the_body() -> None:
    root = tree(write_for(consumers.PLAIN, face("090005")))

    assert root.findtext("MessageBody/PrescriptionIssueSelect") == "1"
    assert root.find(".//ResultOfQualificationConfirmation/PrescriptionIssueSelect") is None


def test_myclinic_finds_the_shares_that_it_compares() -> None:
    late = tree(write_for(consumers.PLAIN, face("090412")))
    seventies = tree(write_for(consumers.PLAIN, face("090210")))

    assert late.findtext(".//InsuredPartialContributionRatio") == "020"
    assert seventies.findtext(".//ElderlyRecipientCertificateInfo/ElderlyRecipientContributionRatio") == "020"
    assert seventies.find(".//InsuredPartialContributionRatio") is None, "of the late elderly alone"


# -- the JavaScript watcher (its comments cite Ver 8.07) -----------------------------------------------------------------

VER_8_07 = [
    "InsuredCardClassification",
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "PersonalFamilyClassification",
    "InsuredName",
    "Name",
    "NameOfOther",
    "NameKana",
    "NameOfOtherKana",
    "Sex1",
    "Sex2",
    "Birthdate",
    "Address",
    "PostNumber",
    "QualificationDate",
    "DisqualificationDate",
    "InsuredCertificateIssuanceDate",
    "InsuredCardValidDate",
    "InsuredCardExpirationDate",
    "InsuredPartialContributionRatio",
    "PreschoolClassification",
    "ReasonOfLoss",
    "InsurerName",
    "ElderlyRecipientCertificateInfo",
    "LimitApplicationCertificateRelatedConsFlg",
    "LimitApplicationCertificateRelatedConsTime",
    "LimitApplicationCertificateRelatedInfo",
    "SpecificDiseasesCertificateRelatedConsFlg",
    "SpecificDiseasesCertificateRelatedConsTime",
    "SpecificDiseasesCertificateList",
    "PublicExpenseResultList",
]


def test_the_javascript_watcher_finds_the_order_of_version_8_07() -> None:
    for response in every_valid():
        root = tree(write_for(consumers.PLAIN, response))
        tags = [element.tag for element in root.iter("ResultOfQualificationConfirmation").__next__()]
        listed = [tag for tag in tags if tag in VER_8_07]
        assert listed == [tag for tag in VER_8_07 if tag in listed]
        assert tags[: len(listed)] == listed, "consents and the reference number come last"


def test_the_javascript_watcher_deletes_what_ended_well_and_keeps_the_rest() -> None:
    assert read_segment(write_for(consumers.PLAIN, face("090005"))) == "1"
    assert read_segment(write_for(consumers.PLAIN, looked_up(7))) == "9"


def read_segment(file: bytes) -> str | None:
    return tree(file).findtext("MessageHeader/SegmentOfResult")


def test_the_javascript_watchers_character_codes_are_not_written() -> None:
    # It lists 1 for UTF-8 and 2 for Shift_JIS; every real message has 0 beside UTF-8, so 0 and 1 are the choice.
    assert tree(write_for(consumers.PLAIN, face("090005"))).findtext(".//CharacterCodeIdentifier") == "0"
    assert b"<CharacterCodeIdentifier>1<" in write_for(consumers.OQS_DRUG, face("090005"))
    for said in (b"0", b"1", b"2"):
        file = write_for(consumers.PLAIN, face("090005")).replace(
            b"<CharacterCodeIdentifier>0", b"<CharacterCodeIdentifier>" + said
        )
        assert read_result(file).results[0].name == "厚労\u3000太郎", "the bytes decide, not the code"


# -- OQSDrug2 --------------------------------------------------------------------------------------------------------


def oqs_drug_reads(file: bytes) -> list[tuple[str | None, str | None]]:
    """氏名 and until when medication may be viewed, with the tags its reader has (its writer's are mistaken)."""
    root = tree(file.decode("cp932").partition("?>")[2])
    return [
        (result.findtext("Name"), result.findtext("PharmacistsInfoAvailableTime"))
        for result in root.iter("ResultOfQualificationConfirmation")
    ]


def test_oqs_drug_reads_code_page_932_and_the_true_consent_tags() -> None:
    assert oqs_drug_reads(write_for(consumers.OQS_DRUG, face("090005"))) == [("厚労\u3000太郎", "20261006090005")]
    assert len(oqs_drug_reads(write_for(consumers.OQS_DRUG, face("091005")))) == 2


def test_the_consent_tags_of_oqs_drugs_writer_are_no_consent() -> None:
    (path,) = (DATA / "face").glob("*_20261005090005.xml")
    mistaken = path.read_bytes().replace(b"PharmacistsInfo", b"PharmaceuticalInfo")
    told = from_xml.read(mistaken, QualificationResponse)
    assert told.body is not None

    assert told.body.results[0].pharmacists_info is None
    assert {kept.tag for kept in told.body.results[0].kept} >= {"PharmaceuticalInfoConsFlg"}


def test_oqs_drugs_request_names_are_read() -> None:
    name = file_names.parse("YZKsiquc01req_022610050905123.xml")

    assert isinstance(name, MessageName)
    assert (name.business, str(name.answer("pdf"))) == (Business.MEDICATION, "YZKsiquc01res_022610050905123.pdf")


@pytest.mark.parametrize(
    "consumer", [consumers.OQS_DRUG, consumers.DYNAMICS, consumers.PLAIN], ids=lambda one: one.name
)
def test_a_character_that_a_consumers_encoding_lacks_becomes_a_black_circle_and_the_kana_stays(
    consumer: Consumer,
) -> None:
    response = face("090005")
    assert response.body is not None
    (result,) = response.body.results
    outside = with_results(response, replace(result, name="\U00020bb7田\u3000太郎"))
    told = read_result(write_for(consumer, outside)).results[0]

    shift_jis = consumer.encoding is Encoding.SHIFT_JIS
    assert told.name == ("●田\u3000太郎" if shift_jis else "\U00020bb7田\u3000太郎")
    assert told.name_kana == result.name_kana


def test_names_that_came_with_black_circles_keep_them_for_everybody() -> None:
    for consumer in consumers.CONSUMERS.values():
        told = read_result(write_for(consumer, face("090633"))).results[0]
        assert "●" in (told.name or "")
        assert "●" not in (told.name_kana or "")


# -- the others ------------------------------------------------------------------------------------------------------


def test_orca_can_show_every_consent_and_its_end() -> None:
    groups = [
        "SpecificHealthCheckupsInfo",
        "PharmacistsInfo",
        "DiagnosisInfo",
        "OperationInfo",
        "DiagnosisName",
        "InfectiousInfo",
        "AllergyInfo",
        "ContraindicationInfo",
        "TestInfo",
        "PrescriptionInfo",
    ]
    (result,) = tree(write_for(consumers.PLAIN, face("091130"))).iter("ResultOfQualificationConfirmation")

    for group in groups:
        assert result.findtext(f"{group}ConsFlg") == "1"
        at, until = result.findtext(f"{group}ConsTime"), result.findtext(f"{group}AvailableTime")
        assert at is not None
        assert until is not None
        assert parsed(until) - parsed(at) == timedelta(hours=24)


def parsed(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=timezone(timedelta(hours=9)))


def test_the_visual_basic_program_tells_confirmations_apart_by_five_things() -> None:
    told = read_result(write_for(consumers.PLAIN, face("090210")))
    (result,) = told.results

    assert matching.insurance_key(
        told.confirmed_for,
        result.insurer_number,
        result.insured_symbol,
        result.insured_number,
        result.insured_branch,
    ) == (date(2026, 10, 5), "138990", "架空01", "1234567", "01")


def test_the_dentist_who_wrote_his_own_names_requests_freely() -> None:
    name = file_names.parse("OQSsiimm01req_2021081611906.xml")

    assert isinstance(name, MessageName)
    assert name.business is Business.REGISTRATION


def test_the_installers_job_deletes_what_nobody_fetched() -> None:
    assert isinstance(file_names.parse("DELFILE20261005.TXT"), LeftBehind)
    assert isinstance(file_names.parse("del1.txt"), LeftBehind)


# -- where they contradict each other ----------------------------------------------------------------------------------


def test_one_consumers_file_is_another_ones_refusal() -> None:
    name = str(file_names.new_face_name(CLINIC, AT))
    for_dynamics = write_for(consumers.DYNAMICS, face("090005"))

    assert myna_refuses(name, for_dynamics) == "encoding"
    assert myna_refuses(name, write_for(consumers.PLAIN, face("091005"))) == "results"
    assert myna_refuses(str(FaceName("", AT)), write_for(consumers.PLAIN, face("090005"))) == "name"
    assert emr_cloud_reads(write_for(consumers.PLAIN, face("090005"))) == [(None, "1")]
    with pytest.raises(UnicodeDecodeError):
        dynamics_reads(write_for(consumers.PLAIN, face("090005")))


@pytest.mark.parametrize("place", PrescriptionPlace)
def test_the_prescription_form_is_read_wherever_it_was_put(place: PrescriptionPlace) -> None:
    for consumer in (consumers.PLAIN, replace(consumers.PLAIN, prescription=place)):
        moved = arranged(consumer, arranged(Consumer("x", prescription=place), face("090005")))
        assert read_result(write_for(consumer, moved)).prescription is PrescriptionIssue.ELECTRONIC


def test_a_prescription_form_without_a_result_stays_in_the_body() -> None:
    (path,) = (DATA / "face").glob("*_20261005091655.xml")
    message = path.read_bytes().replace(
        b"<MessageBody>", b"<MessageBody><PrescriptionIssueSelect>2</PrescriptionIssueSelect>"
    )
    told = from_xml.read(message, QualificationResponse)

    assert read_result(write_for(consumers.EMR_CLOUD, told)).prescription is PrescriptionIssue.PAPER


@pytest.mark.parametrize("consumer", consumers.CONSUMERS.values(), ids=lambda consumer: consumer.name)
def test_whoever_reads_it_the_result_is_the_same(consumer: Consumer) -> None:
    for response in every_valid():
        told = read_result(write_for(consumer, response))
        assert told.results == read_result(write_for(consumers.PLAIN, response)).results
