"""番号照会 through the folders, against a simulated terminal in a process of its own: every answer, every misbehaviour."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError, NoAnswerError
from kiosk.eligibility.oqs.errors import (
    FailedMessageError,
    MalformedMessageError,
    NumberError,
    StillProcessingError,
    UnencodableError,
)
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.errors import (
    DiscardedError,
    EncryptedError,
    LockedError,
    MismatchError,
    NoReplyError,
    NotAFileError,
    NotTakenError,
    OtherPatientError,
    TooLargeError,
    WithdrawnError,
)
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.record import dates
from kiosk.record.eligibility import Source, Validity
from tests.eligibility.terminal_side import Side, query, side, until

FINGERPRINT = "ab" * 32


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
    with Terminal(there.settings()) as bridge:
        yield bridge


# -- every answer ----------------------------------------------------------------------------------------------------

ANSWERS = {
    "67": (Validity.VALID, 1),
    "68": (Validity.INVALID, 1),
    "69": (Validity.INVALID_NEWER_EXISTS, 1),
    "70": (Validity.NOT_FOUND, 0),
    "71": (Validity.MULTIPLE, 0),
}


@pytest.mark.parametrize("number", ANSWERS)
def test_each_answer_is_told_as_the_system_means_it(terminal: Terminal, there: Side, number: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)

    answer = terminal.answer(query(number))

    assert (answer.validity, len(answer.results)) == ANSWERS[number]
    assert before <= answer.answered_at <= datetime.now(UTC)
    assert answer.asked_for == dates.japanese_day(datetime.now(UTC))
    assert answer.simulated
    assert there.names("req") == there.names("res") == set()


def test_twins_are_told_apart_by_their_branch(terminal: Terminal) -> None:
    insured = InsuredNumber(insurer="01139997", symbol="12340005", number="71", branch="2")

    (found,) = terminal.answer(query(insured=insured)).results

    assert (found.insured_branch, found.name) == ("02", "双葉　二子")


PEOPLE = {
    "late elderly": (InsuredNumber(insurer="39139993", number="09900011"), date(1945, 3, 20), 20),
    "national, six digits": (
        InsuredNumber(insurer="138990", symbol="架－９", number="12345"),
        date(1954, 6, 1),
        20,
    ),
    "preschool": (InsuredNumber(insurer="01139997", symbol="12340005", number="75"), date(2022, 5, 5), 20),
    "assistance": (InsuredNumber(insurer="12139994", number="1000017"), date(1980, 2, 17), None),
}


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis"])
def test_each_kind_of_insurance_is_found_in_either_encoding(
    there: Side, who: str, encoding: Literal["utf-8", "shift_jis"]
) -> None:
    insured, birth_date, ratio = PEOPLE[who]
    other = "utf-8" if encoding == "shift_jis" else "shift_jis"
    there.tell(encoding=other)

    with Terminal(there.settings(encoding=encoding)) as terminal:
        answer = terminal.answer(NumberQuery(insured=insured, birth_date=birth_date))

    assert answer.validity is (Validity.VALID_UNREGISTERED if who == "assistance" else Validity.VALID)
    assert answer.results[0].copay_ratio == ratio
    assert there.tell()["refused"] == []


def test_the_limit_category_comes_with_its_consent_and_never_without(terminal: Terminal) -> None:
    asked = terminal.answer(query(limit_consent=True)).results[0]
    not_asked = terminal.answer(query(limit_consent=False)).results[0]

    assert (asked.limit_category, not_asked.limit_category) == ("A03", None)


def test_an_answer_becomes_the_gateways_own(terminal: Terminal) -> None:
    answer = terminal.answer(query(name_kana="シケン　ハナコ")).eligibility_answer("session", FINGERPRINT)

    assert (answer.session, answer.fingerprint) == ("session", FINGERPRINT)
    assert (answer.source, answer.validity, answer.simulated) == (Source.NUMBER_LOOKUP, Validity.VALID, True)
    assert answer.certificate_notice is None
    assert answer.results[0].name == "試験　花子"


# -- every misbehaviour: nothing is believed ---------------------------------------------------------------------------

BELIEVED = ("half_written", "stuttering", "upper_case", "wrong_encoding", "litter")
REFUSED: dict[str, type[EligibilityError]] = {
    "torn": MalformedMessageError,
    "empty": MalformedMessageError,
    "never": NoReplyError,
    "idle": NotTakenError,
    "maintenance": FailedMessageError,
    "processing": StillProcessingError,
    "person_error": FailedMessageError,
    "wrong_identifier": MismatchError,
    "no_identifier": MismatchError,
    "other_clinic": MismatchError,
    "other_search": MismatchError,
    "no_search": MismatchError,
    "other_patient": OtherPatientError,
    "other_name": OtherPatientError,
    "other_number": OtherPatientError,
    "nobody": MalformedMessageError,
    "card_result": MismatchError,
    "yesterday": MismatchError,
    "portal": MalformedMessageError,
    "entities": MalformedMessageError,
    "encrypted": EncryptedError,
    "huge": TooLargeError,
    "link": NotAFileError,
    "folder": NotAFileError,
    "pipe": NotAFileError,
    "twice": MismatchError,
    "discarded": DiscardedError,
}
NOT_OURS = {"link", "folder", "pipe"}


@pytest.mark.parametrize("manner", BELIEVED)
def test_an_answer_that_comes_oddly_is_still_the_whole_answer(terminal: Terminal, there: Side, manner: str) -> None:
    there.tell(manner=manner)

    answer = terminal.answer(query(name_kana="ｼｹﾝ ﾊﾅｺ"))

    assert answer.validity is Validity.VALID
    assert answer.results[0].name == "試験　花子"
    assert there.names("req") == set()


@pytest.mark.parametrize("manner", REFUSED)
def test_what_is_no_answer_is_an_error_of_its_own_and_nothing_stays(there: Side, manner: str) -> None:
    there.tell(manner=manner)

    with (
        Terminal(there.settings(timeout_seconds=1.0 if manner in {"idle", "never"} else 6.0)) as terminal,
        pytest.raises(REFUSED[manner]) as refused,
    ):
        terminal.answer(query(name_kana="ｼｹﾝ ﾊﾅｺ"))

    assert type(refused.value) is REFUSED[manner]
    told = refused.value.sentence + repr(refused.value)
    assert not any(private in told for private in ("67", "12340005", "1980", "花子", "ﾊﾅｺ", "OQSsiquc"))
    assert there.names("req") == set()
    assert bool(there.names("res")) == (manner in NOT_OURS)


def test_every_manner_of_the_simulated_terminal_is_in_one_of_the_tables() -> None:
    from kiosk.simulation.terminal_manners import Manner

    of_lists = {Manner.ROWS_MISSING, Manner.ROWS_REPEATED, Manner.ROWS_SWAPPED}
    assert {*BELIEVED, *REFUSED, *of_lists, Manner.ORDINARY} == set(Manner)


def test_only_errors_that_mean_no_answer_come_from_the_folders() -> None:
    for error in (MismatchError, NoReplyError, NotTakenError, LockedError, WithdrawnError, DiscardedError):
        assert issubclass(error, NoAnswerError)


def test_a_person_whose_look_up_brings_the_system_down_is_no_invalid_person(terminal: Terminal) -> None:
    with pytest.raises(FailedMessageError, match="SIMH0001"):
        terminal.answer(query("74"))
    with pytest.raises(FailedMessageError, match="SIMP0001"):
        terminal.answer(query("73"))


# -- others' files -----------------------------------------------------------------------------------------------------


def test_other_programs_files_are_as_they_were(terminal: Terminal, there: Side) -> None:
    others = {}
    for folder in ("req", "res", "face"):
        for name in (
            "OQSsiquc01req_202610050001.xml.part",
            "OQSsiquc01res_202610050001.xml",
            "OQSmuimm01res_202610050001.xml",
            "DEL20261001.txt",
            ".receptionagent-0a1b.tmp",
            # Made as ours are, under another program's mark.
            "OQSsiquc01res_20261005090005777700000001.xml",
        ):
            path = there.folder / folder / name
            path.write_bytes(b"not ours")
            others[path] = path.stat()

    assert terminal.answer(query()).validity is Validity.VALID
    with pytest.raises(FailedMessageError):
        terminal.answer(query("73"))

    for path, was in others.items():
        now = path.stat()
        assert (path.read_bytes(), now.st_ino, now.st_mtime_ns) == (b"not ours", was.st_ino, was.st_mtime_ns)


# -- several, late, taken back -------------------------------------------------------------------------------------------


def test_several_ask_at_once_and_each_gets_their_own_answer(terminal: Terminal, there: Side) -> None:
    there.tell(delay_seconds=0.2)
    numbers = ["67", "68", "69", "70", "71"] * 4

    with ThreadPoolExecutor(len(numbers)) as pool:
        answers = list(pool.map(lambda number: terminal.answer(query(number)).validity, numbers))

    assert answers == [ANSWERS[number][0] for number in numbers]
    assert there.names("req") == there.names("res") == set()


def test_whoever_waits_is_free_at_the_end_of_their_time(there: Side) -> None:
    there.tell(delay_seconds=600)
    with Terminal(there.settings()) as terminal:
        started = time.monotonic()
        with pytest.raises(NoReplyError, match=r"within 0\.5 seconds"):
            terminal.answer(query(), within=0.5)

        assert 0.5 <= time.monotonic() - started < 2


def test_a_late_answer_is_taken_away_and_never_used(there: Side) -> None:
    there.tell(delay_seconds=0.8)
    with Terminal(there.settings()) as terminal:
        with pytest.raises(NoReplyError):
            terminal.answer(query("67"), within=0.3)

        # Rounds are made while something else is waited for.
        assert terminal.answer(query("68"), within=5).validity is Validity.INVALID
        assert there.names("res") == set()


def test_a_question_that_is_taken_back_leaves_nothing(there: Side) -> None:
    there.tell(manner="idle")
    with Terminal(there.settings()) as terminal:
        future = terminal.ask(query())
        until(lambda: there.names("req") != set())

        assert future.cancel()

        until(lambda: there.names("req") == set())
        with pytest.raises(CancelledError):
            future.result()


def test_an_event_loop_may_ask_and_take_back(there: Side) -> None:
    async def ask(terminal: Terminal) -> Validity:
        there.tell(manner="idle")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await asyncio.wrap_future(terminal.ask(query()))
        there.tell(manner="ordinary")
        return (await asyncio.wrap_future(terminal.ask(query()))).validity

    with Terminal(there.settings()) as terminal:
        assert asyncio.run(ask(terminal)) is Validity.VALID
        until(lambda: there.names("req") == set())
        assert there.tell()["refused"] == []


def test_closing_takes_every_question_back(there: Side) -> None:
    there.tell(manner="idle")
    terminal = Terminal(there.settings())
    futures = [terminal.ask(query()) for _ in range(3)]
    until(lambda: len(there.names("req")) == 3)

    terminal.close()

    for future in futures:
        with pytest.raises(WithdrawnError):
            future.result(0)
    with pytest.raises(WithdrawnError):
        terminal.answer(query())
    assert there.names("req") == set()
    assert not [thread for thread in threading.enumerate() if thread.name == "terminal"]


def test_in_a_storm_every_answer_is_the_askers_own_and_nothing_stays(there: Side) -> None:
    manners = (
        "ordinary",
        "half_written",
        "wrong_identifier",
        "never",
        "discarded",
        "torn",
        "upper_case",
        "twice",
        "huge",
    )
    there.tell(pause_seconds=0.05)
    over = threading.Event()

    def weather() -> None:
        for manner in itertools.cycle(manners):
            there.tell(manner=manner)
            if over.wait(0.05):
                return

    def ask(bridge: Terminal, number: str) -> bool:
        future = bridge.ask(query(number), within=0.5)
        if number == "71":
            threading.Timer(0.05, future.cancel).start()
        try:
            assert future.result(5).validity is ANSWERS[number][0]
        except (EligibilityError, CancelledError):
            return False
        return True

    with Terminal(there.settings()) as terminal, ThreadPoolExecutor(9) as pool:
        changing = pool.submit(weather)
        answered = list(pool.map(functools.partial(ask, terminal), list(ANSWERS) * 30))
        over.set()
        changing.result(5)
        there.tell(manner="ordinary", pause_seconds=0.2)
        until(lambda: terminal.answer(query()).validity is Validity.VALID and there.names("res") == set())
        assert there.names("req") == set()
    assert 10 < sum(answered) < len(answered)


def test_a_clinic_that_asks_a_simulation_by_mistake_hears_nothing(there: Side) -> None:
    live = there.settings(test=False, institution_code="1319999988")
    with Terminal(live) as terminal, pytest.raises(FailedMessageError, match="SIMH0002"):
        terminal.answer(query())


# -- what goes out -------------------------------------------------------------------------------------------------------


def test_nobody_can_take_a_request_that_is_half_written(there: Side) -> None:
    """The simulated terminal would refuse half a request: it never does, however often it looks."""
    taken = there.tell()["taken"]
    with Terminal(there.settings()) as terminal:
        for _ in range(30):
            terminal.answer(query())

    told = there.tell()
    assert (told["taken"] - taken, told["refused"]) == (30, [])


@pytest.mark.parametrize("test", [True, False])
def test_what_is_asked_in_a_test_says_so_itself(there: Side, test: bool) -> None:
    there.tell(manner="idle")
    code = "1319999996" if test else "1319999988"
    with Terminal(there.settings(test=test, institution_code=code)) as terminal:
        future = terminal.ask(query())
        until(lambda: any(name.endswith(".xml") for name in there.names("req")))
        (path,) = (there.folder / "req").glob("*.xml")
        text = path.read_bytes().decode("utf-8")
        future.cancel()

    identifier = text.partition("<ArbitraryFileIdentifier>")[2].partition("<")[0]
    assert identifier.startswith("SIM") == test
    assert len(identifier) == 16
    assert "\r\n" in text
    assert path.name.startswith("OQSsiquc01req_")


@pytest.mark.parametrize(
    "wrong",
    [
        {"insurer": "01139998"},
        {"insurer": "0113"},
        {"number": " "},
        {"number": "1" * 21},
        {"branch": "x"},
        {"symbol": "9" * 21},
    ],
)
def test_numbers_that_are_none_are_not_asked(wrong: dict[str, str]) -> None:
    told: dict[str, Any] = {"insurer": "01139997", "symbol": "12340005", "number": "67"}
    with pytest.raises(NumberError) as refused:
        InsuredNumber(**(told | wrong))
    assert not any(value.strip() and value in refused.value.sentence for value in wrong.values())


def test_what_cannot_be_written_in_shift_jis_is_told_at_once(there: Side) -> None:
    insured = InsuredNumber(insurer="138990", symbol="\U00020bb7", number="1")
    with Terminal(there.settings(encoding="shift_jis")) as terminal, pytest.raises(UnencodableError):
        terminal.ask(query(insured=insured))
    assert there.names("req") == set()


def test_nothing_tells_who_was_asked_for(terminal: Terminal) -> None:
    asked = query(name_kana="ｼｹﾝ ﾊﾅｺ")
    told = repr(asked) + repr(asked.insured) + repr(terminal.answer(asked))
    assert told == "NumberQuery(...)InsuredNumber(...)LookUpAnswer(valid, 1 results)"


def test_the_journal_tells_what_happened_and_never_of_whom(
    terminal: Terminal, there: Side, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "kiosk")
    terminal.answer(query(name_kana="ｼｹﾝ ﾊﾅｺ"))
    there.tell(manner="other_patient")
    with pytest.raises(OtherPatientError):
        terminal.answer(query())

    told = [journal.JournalFormatter().format(record) for record in caplog.records]
    assert [json.loads(line)["event"] for line in told] == ["request_sent", "answered", "request_sent", "no_answer"]
    assert json.loads(told[3])["code"] == "other_patient"
    assert not any(
        private in line for line in told for private in ("12340005", "19800217", "試験", "ｼｹﾝ", "req_", "4610")
    )


def test_the_centres_own_patients_can_be_looked_up_by_number(tmp_path: Path) -> None:
    directory = tmp_path / "patients.json"
    told = {"ab" * 32: {"name": "別人　一", "name_kana": "ﾍﾞﾂｼﾞﾝ ﾊｼﾞﾒ", "insured_number": "5"}}
    directory.write_text(json.dumps(told), encoding="utf-8")
    with side(tmp_path / "oqs", "--patients", str(directory)) as there, Terminal(there.settings()) as terminal:
        assert terminal.answer(query("5")).results[0].name == "別人　一"
        assert terminal.answer(query("67")).validity is Validity.NOT_FOUND
