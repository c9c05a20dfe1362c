"""What else the terminal is asked through the folders: reference numbers, medication, check-ups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from kiosk.eligibility.errors import EligibilityError
from kiosk.eligibility.oqs.checkup import CheckupResponse
from kiosk.eligibility.oqs.codes import CheckupFile, MedicationFile
from kiosk.eligibility.oqs.errors import (
    FailedMessageError,
    MalformedMessageError,
    MissingElementError,
    NumberError,
    StillProcessingError,
)
from kiosk.eligibility.oqs.kinds import Month
from kiosk.eligibility.oqs.medication import MedicationResponse
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.errors import MismatchError, NoReplyError, OtherPatientError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.medical import CheckupQuery, Document, MedicationQuery, Whose
from kiosk.eligibility.terminal.question import Heading, Question, Reply
from kiosk.eligibility.terminal.registration import ReferenceNumber
from tests.eligibility.terminal_side import Side, query, side

INSURED = InsuredNumber(insurer="01139997", symbol="12340005", number="67", branch="00")
WHOSE = Whose(INSURED, date(1980, 2, 17), "シケン ハナコ")
MEDICATION = MedicationQuery(whose=WHOSE, start=Month(2026, 4), end=Month(2026, 10))
CHECKUP = CheckupQuery(whose=WHOSE)
HEADING = Heading("1319999996", "SIM0123456789abc", date(2026, 10, 5), simulated=True)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Side]:
    with side(tmp_path_factory.mktemp("terminal")) as running:
        yield running


@pytest.fixture
def there(process: Side) -> Side:
    process.clear()
    return process


@pytest.fixture
def terminal(there: Side) -> Iterator[Terminal]:
    with Terminal(there.settings(timeout_seconds=1.0, bulk_timeout_seconds=1.0)) as bridge:
        yield bridge


def test_a_registered_reference_number_comes_with_the_next_look_up(terminal: Terminal) -> None:
    registered = terminal.answer(ReferenceNumber(reference_number="診-00123", insured=INSURED))

    assert registered.simulated
    assert terminal.answer(query()).results[0].reference_number == "診-00123"


@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis"])
@pytest.mark.parametrize(
    ("question", "answers"), [(MEDICATION, MedicationResponse), (CHECKUP, CheckupResponse)], ids=["yzk", "tkk"]
)
def test_medical_information_is_read_in_either_encoding(
    there: Side, encoding: str, question: Question[object], answers: type[object]
) -> None:
    there.tell(encoding=encoding)
    with Terminal(there.settings(encoding=encoding)) as terminal:
        assert isinstance(terminal.answer(question), answers)
    assert there.tell()["refused"] == []
    assert there.names("res") == set()


def test_the_months_that_were_asked_are_what_comes(terminal: Terminal) -> None:
    answer = terminal.answer(MEDICATION)
    assert isinstance(answer, MedicationResponse)
    assert answer.body is not None
    assert answer.body.claims[0].me_tr_month == Month(2026, 4)


@pytest.mark.parametrize(
    "question",
    [
        replace(MEDICATION, form=MedicationFile.MEDICATION_PDF),
        replace(MEDICATION, form=MedicationFile.WITH_DIAGNOSIS_PDF),
        CheckupQuery(whose=WHOSE, form=CheckupFile.PDF),
    ],
    ids=["yzk-1", "yzk-3", "tkk"],
)
def test_a_document_comes_as_it_is(terminal: Terminal, question: Question[object]) -> None:
    answer = terminal.answer(question)
    assert isinstance(answer, Document)
    assert answer.pdf.startswith(b"%PDF-")
    assert "PDF" not in repr(answer)


REGISTRATION = ReferenceNumber(reference_number="00123", insured=INSURED)
STRANGER = ReferenceNumber(reference_number="1", insured=replace(INSURED, number="99"))
DOCUMENT = replace(MEDICATION, form=MedicationFile.MEDICATION_PDF)
UNHAPPY: list[tuple[str, Question[object], type[EligibilityError]]] = [
    ("ordinary", STRANGER, FailedMessageError),
    ("maintenance", REGISTRATION, FailedMessageError),
    ("processing", REGISTRATION, StillProcessingError),
    ("person_error", REGISTRATION, FailedMessageError),
    ("wrong_identifier", REGISTRATION, MismatchError),
    ("no_identifier", REGISTRATION, MismatchError),
    ("other_clinic", REGISTRATION, MismatchError),
    ("other_search", REGISTRATION, MismatchError),
    ("torn", REGISTRATION, MalformedMessageError),
    ("never", REGISTRATION, NoReplyError),
    ("maintenance", MEDICATION, FailedMessageError),
    ("maintenance", CHECKUP, FailedMessageError),
    ("maintenance", DOCUMENT, FailedMessageError),
    ("other_patient", MEDICATION, OtherPatientError),
    ("other_patient", CHECKUP, OtherPatientError),
    ("other_name", MEDICATION, OtherPatientError),
    ("other_name", CHECKUP, OtherPatientError),
    ("torn", MEDICATION, MalformedMessageError),
    ("portal", CHECKUP, MalformedMessageError),
    ("portal", DOCUMENT, MalformedMessageError),
    ("never", DOCUMENT, NoReplyError),
]


@pytest.mark.parametrize(
    ("manner", "question", "error"), UNHAPPY, ids=[f"{manner}-{type(one).__name__}" for manner, one, _ in UNHAPPY]
)
def test_what_is_no_answer_is_an_error_and_nothing_stays(
    terminal: Terminal, there: Side, manner: str, question: Question[object], error: type[EligibilityError]
) -> None:
    there.tell(manner=manner)
    with pytest.raises(error) as refused:
        terminal.answer(question)
    assert type(refused.value) is error
    assert there.names("req") == there.names("res") == set()


def test_xml_in_place_of_a_document_is_not_taken_for_one() -> None:
    medication = b"<XmlMsg><MessageHeader><ResultCode>1</ResultCode></MessageHeader></XmlMsg>"
    for question in (DOCUMENT, CheckupQuery(whose=WHOSE, form=CheckupFile.PDF)):
        with pytest.raises(MismatchError, match="a document was asked for"):
            question.answer(Reply("name", "xml", medication), HEADING)
        with pytest.raises(MalformedMessageError, match="not a PDF"):
            question.answer(Reply("name", "pdf", medication), HEADING)


def test_medical_information_of_nobody_is_nobodys() -> None:
    told = b"<XmlMsg><MessageHeader><ResultCode>1</ResultCode></MessageHeader><MessageBody></MessageBody></XmlMsg>"
    for question in (MEDICATION, CHECKUP):
        with pytest.raises(OtherPatientError):
            question.answer(Reply("name", "xml", told), HEADING)


def test_a_registration_needs_the_branch_but_for_late_elderly(terminal: Terminal, there: Side) -> None:
    with pytest.raises(MissingElementError, match="InsuredBranchNumber"):
        terminal.ask(ReferenceNumber(reference_number="1", insured=replace(INSURED, branch=None)))

    late_elderly = InsuredNumber(insurer="39139993", symbol="gone", number="09900011", branch="01")
    assert (late_elderly.symbol, late_elderly.branch) == (None, None)
    terminal.answer(ReferenceNumber(reference_number="1", insured=late_elderly))
    assert there.tell()["refused"] == []


@pytest.mark.parametrize("number", ["", " ", "1" * 51, " 1"])
def test_a_reference_number_has_its_bounds(number: str) -> None:
    with pytest.raises(NumberError):
        ReferenceNumber(reference_number=number, insured=INSURED)


def test_months_run_forwards() -> None:
    with pytest.raises(ValueError, match="end: "):
        MedicationQuery(whose=WHOSE, start=Month(2026, 4), end=Month(2026, 3))


def test_no_question_tells_whose_it_is() -> None:
    told = repr([MEDICATION, CHECKUP, WHOSE, REGISTRATION, HEADING])
    assert not any(private in told for private in ("1234", "1980", "シケン", "SIM", "00123"))
