"""What a reply must say before it is an answer: on the real-shaped samples, and on bytes that anybody may have written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs import from_xml, to_xml
from kiosk.eligibility.oqs.checkup import CheckupResponse
from kiosk.eligibility.oqs.errors import FailedMessageError, MalformedMessageError
from kiosk.eligibility.oqs.kinds import Month
from kiosk.eligibility.oqs.medication import MedicationResponse
from kiosk.eligibility.oqs.qualification import QualificationRequest
from kiosk.eligibility.terminal.errors import MismatchError, OtherPatientError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import LookUpAnswer, NumberQuery
from kiosk.eligibility.terminal.medical import CheckupQuery, MedicationQuery, Whose
from kiosk.eligibility.terminal.question import Heading, Reply
from kiosk.eligibility.terminal.registration import ReferenceNumber
from kiosk.record.eligibility import Validity

DATA = Path(__file__).parent.parent / "data" / "oqs"
INSURED = InsuredNumber(insurer="01139997", symbol="99990001", number="12", branch="00")
QUERY = NumberQuery(insured=INSURED, birth_date=date(1980, 4, 1), limit_consent=True, name_kana="コウロウ タロウ")


def heading(identifier: str) -> Heading:
    return Heading("1319999996", identifier, date(2026, 10, 5), simulated=True)


def reply(name: str) -> Reply:
    return Reply(name, "xml", (DATA / "res" / name).read_bytes())


def looked_up(number: int, query: NumberQuery = QUERY) -> LookUpAnswer:
    return query.answer(reply(f"OQSsiquc01res_20261005{number:04d}.xml"), heading(f"kiosk-{number:04d}"))


def asked(number: int) -> NumberQuery:
    """The query behind a sample's request."""
    path = DATA / "req" / f"OQSsiquc01req_20261005{number:04d}.xml"
    request = from_xml.read(path.read_bytes(), QualificationRequest)
    assert request.body is not None
    search = request.body.search
    assert search is not None
    assert search.insurer_number is not None
    assert search.insured_identification_number is not None
    assert search.birthdate is not None
    insured = InsuredNumber(
        insurer=search.insurer_number,
        symbol=search.insured_card_symbol,
        number=search.insured_identification_number,
        branch=search.insured_branch_number,
    )
    return NumberQuery(insured=insured, birth_date=search.birthdate, limit_consent=search.limit_consent == "1")


SAMPLES = {
    1: Validity.VALID,
    2: Validity.INVALID,
    3: Validity.INVALID_NEWER_EXISTS,
    4: Validity.NOT_FOUND,
    5: Validity.MULTIPLE,
}


@pytest.mark.parametrize("number", SAMPLES)
def test_each_sample_answers_its_own_request(number: int) -> None:
    assert looked_up(number, asked(number)).validity is SAMPLES[number]


def test_a_sample_is_read_with_the_systems_own_time() -> None:
    answer = looked_up(1)
    assert answer.answered_at == datetime(2026, 10, 5, 0, 20, 1, tzinfo=UTC)
    assert answer.results[0].limit_category == "A03"


def test_what_nobody_agreed_to_is_left_out_even_where_it_comes() -> None:
    assert looked_up(1, replace(QUERY, limit_consent=False)).results[0].limit_category is None


@pytest.mark.parametrize("number", [6, 7])
def test_a_sample_that_tells_of_a_failure_is_one(number: int) -> None:
    with pytest.raises(FailedMessageError):
        looked_up(number)


def test_a_request_is_written_as_the_sample_has_it() -> None:
    sample = (DATA / "req" / "OQSsiquc01req_202610050001.xml").read_bytes()
    message = QUERY.message(heading("kiosk-0001"))
    written = to_xml.write(message, to_xml.UTF_8)
    without_row = sample.replace(b"            <ArbitraryIdentifier>00123</ArbitraryIdentifier>\r\n", b"")
    assert written.strip() == without_row.strip()


OTHERS = {
    "insurer": replace(QUERY, insured=replace(INSURED, insurer="06139901")),
    "symbol": replace(QUERY, insured=replace(INSURED, symbol="99990002")),
    "number": replace(QUERY, insured=replace(INSURED, number="13")),
    "branch": replace(QUERY, insured=replace(INSURED, branch="01")),
    "birth date": replace(QUERY, birth_date=date(1980, 4, 2)),
    "name": replace(QUERY, name_kana="コウロウ ジロウ"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_an_answer_to_another_question_is_none_to_this(what: str) -> None:
    with pytest.raises(MismatchError) as refused:
        looked_up(1, OTHERS[what])
    assert what in refused.value.sentence
    assert isinstance(refused.value, OtherPatientError) == (what == "name")


SAME = {
    "symbol written wide": replace(QUERY, insured=replace(INSURED, symbol="９９９９０００１")),
    "symbol with a stroke": replace(QUERY, insured=replace(INSURED, symbol="9999-0001")),
    "number with leading zeros": replace(QUERY, insured=replace(INSURED, number="0012")),
    "branch not known": replace(QUERY, insured=replace(INSURED, branch=None)),
    "branch of one digit": replace(QUERY, insured=replace(INSURED, branch="0")),
    "symbol not known": replace(QUERY, insured=replace(INSURED, symbol=None)),
    "name not known": replace(QUERY, name_kana=None),
    "name in hiragana": replace(QUERY, name_kana="こうろう　たろう"),
}


@pytest.mark.parametrize("what", SAME)
def test_the_same_question_in_another_spelling_has_the_same_answer(what: str) -> None:
    assert looked_up(1, SAME[what]).validity is Validity.VALID


def test_assistance_beside_the_insurance_is_the_same_persons() -> None:
    text = reply("OQSsiquc01res_202610050001.xml").message.decode()
    start = text.index("<ResultOfQ")
    end = text.index("</ResultList>")
    beside = text[start:end].replace("<InsuredCardClassification>01", "<InsuredCardClassification>A1")
    beside = beside.replace("01139997", "12139994").replace(">12<", ">1000017<")
    both = Reply("name", "xml", (text[:end] + beside + text[end:]).encode())

    answer = QUERY.answer(both, heading("kiosk-0001"))
    assert [result.card_class for result in answer.results] == ["01", "A1"]

    alone = Reply("name", "xml", (text[:start] + beside + text[end:]).encode())
    with pytest.raises(OtherPatientError):
        QUERY.answer(alone, heading("kiosk-0001"))
    another = Reply(
        "name", "xml", both.message.replace(b"19800401", b"19800402", 4).replace(b"19800402", b"19800401", 2)
    )
    with pytest.raises(OtherPatientError, match="birth date"):
        QUERY.answer(another, heading("kiosk-0001"))


def test_a_valid_answer_must_say_whose_it_is() -> None:
    text = reply("OQSsiquc01res_202610050001.xml").message.decode()
    inside = text.index("<ResultList>")
    for element in ("Birthdate>19800401", "InsurerNumber>01139997", "InsuredIdentificationNumber>12"):
        tag = element.partition(">")[0]
        found = f"<{element}</{tag}>"
        assert found in text[inside:]
        with pytest.raises(OtherPatientError):
            QUERY.answer(
                Reply("name", "xml", (text[:inside] + text[inside:].replace(found, "")).encode()),
                heading("kiosk-0001"),
            )


def test_the_sample_registration_is_believed_by_who_sent_it() -> None:
    question = ReferenceNumber(reference_number="00123", insured=INSURED)
    sample = reply("OQSsiimm01res_202610050001.xml")
    registered = question.answer(sample, heading("20261005093000123-0a1b2c3d"))
    assert registered.answered_at == datetime(2026, 10, 5, 0, 30, 3, tzinfo=UTC)
    for other in (replace(question, reference_number="00124"), replace(question, insured=OTHERS["branch"].insured)):
        with pytest.raises(MismatchError):
            other.answer(sample, heading("20261005093000123-0a1b2c3d"))


def test_the_sample_medical_information_is_its_patients() -> None:
    whose = Whose(INSURED, date(1980, 4, 1), "コウロウ タロウ")
    medication = MedicationQuery(whose=whose, start=Month(2026, 4), end=Month(2026, 10))
    checkup = CheckupQuery(whose=whose)
    other = replace(whose, birth_date=date(1980, 4, 2))
    taken = reply("YZKsiquc01res_022610050905123.xml"), reply("TKKsiquc01res_022610050905123.xml")

    assert isinstance(medication.answer(taken[0], heading("123")), MedicationResponse)
    assert isinstance(checkup.answer(taken[1], heading("123")), CheckupResponse)

    with pytest.raises(OtherPatientError):
        replace(medication, whose=other).answer(taken[0], heading("123"))
    with pytest.raises(OtherPatientError):
        replace(checkup, whose=other).answer(taken[1], heading("123"))
    with pytest.raises(FailedMessageError):
        medication.answer(reply("YZKsiquc01res_022610050906999.xml"), heading("123"))


# -- anybody's bytes -----------------------------------------------------------------------------------------------------


@given(message=st.binary(max_size=300))
def test_any_bytes_are_refused_with_an_error_of_ours(message: bytes) -> None:
    with pytest.raises(EligibilityError):
        QUERY.answer(Reply("name", "xml", message), heading("kiosk-0001"))


@settings(max_examples=150, deadline=None)
@given(
    number=st.integers(1, 7),
    start=st.integers(0, 4000),
    length=st.integers(0, 60),
    put=st.one_of(st.binary(max_size=20), st.sampled_from([b"1", b"6", b"2", b"<", b"></", b"19800401", b"01"])),
)
def test_a_sample_with_any_piece_changed_is_an_answer_about_this_person_or_an_error(
    number: int, start: int, length: int, put: bytes
) -> None:
    sample = reply(f"OQSsiquc01res_20261005{number:04d}.xml").message
    at = start % len(sample)
    try:
        answer = QUERY.answer(
            Reply("name", "xml", sample[:at] + put + sample[at + length :]), heading(f"kiosk-{number:04d}")
        )
    except EligibilityError:
        return
    for result in answer.results:
        assert result.birth_date in {None, QUERY.birth_date}
        if answer.validity in {Validity.VALID, Validity.VALID_UNREGISTERED}:
            assert (result.insurer_number, result.birth_date) == ("01139997", QUERY.birth_date)


def test_a_reply_that_is_not_text_names_the_terminals_own_setting() -> None:
    with pytest.raises(EligibilityError, match=r"encrypt\.conf"):
        QUERY.answer(Reply("name", "xml", b"\x00\x01" * 64), heading("kiosk-0001"))
    with pytest.raises(MalformedMessageError):
        QUERY.answer(Reply("name", "xml", b""), heading("kiosk-0001"))
