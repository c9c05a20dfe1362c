"""一括照会 through the folders: two steps, row by row, each row believed for itself, none of it in memory."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.oqs.bulk import RowOutcome
from kiosk.eligibility.oqs.errors import FailedMessageError, MalformedMessageError, StillProcessingError
from kiosk.eligibility.terminal import bulk
from kiosk.eligibility.terminal.bridge import Terminal
from kiosk.eligibility.terminal.bulk import BulkReceipt, BulkRow, BulkTally, RowTrouble, receipt_from_json
from kiosk.eligibility.terminal.errors import (
    MismatchError,
    NotAFileError,
    NotTakenError,
    TooLargeError,
    WithdrawnError,
)
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.record import RecordError
from kiosk.record.eligibility import Validity
from tests.eligibility.terminal_side import Side, query, side, until

NUMBERS = ("67", "68", "69", "70", "73", "67")
DAY = date(2026, 10, 6)


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


def people(numbers: Iterable[str] = NUMBERS) -> Iterator[NumberQuery]:
    yield from (query(number) for number in numbers)


def fetched(terminal: Terminal, receipt: BulkReceipt) -> tuple[list[BulkRow], BulkTally]:
    with terminal.fetch_bulk(receipt) as answer:
        rows = list(answer)
        return rows, answer.tally()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "shift_jis"])
def test_a_list_is_sent_and_its_result_fetched_row_by_row(there: Side, zipped: bool, encoding: str) -> None:
    there.tell(zipped=zipped, encoding=encoding)
    with Terminal(there.settings(encoding=encoding)) as terminal:
        receipt = terminal.submit_bulk(people(), on=DAY)
        assert (receipt.rows, receipt.on) == (6, DAY)

        rows, tally = fetched(terminal, receipt)

    assert [(row.number, row.outcome, row.validity) for row in rows] == [
        (0, RowOutcome.VALID, Validity.VALID),
        (1, RowOutcome.INVALID, Validity.INVALID),
        (2, RowOutcome.INVALID, Validity.INVALID_NEWER_EXISTS),
        (3, RowOutcome.INVALID, Validity.NOT_FOUND),
        (4, RowOutcome.ERROR, None),
        (5, RowOutcome.VALID, Validity.VALID),
    ]
    assert rows[0].result is not None
    assert (rows[0].result.name, rows[0].reference_number) == ("試験　花子", "00042")
    assert (rows[4].result_code, rows[4].trouble) == ("SIMP0001", None)
    assert tally == BulkTally(valid=2, invalid=3, error=1, not_believed=0, missing=0)
    assert there.names("req") == there.names("res") == set()
    assert there.tell()["refused"] == []


def test_a_receipt_outlives_the_process_that_got_it(there: Side) -> None:
    with Terminal(there.settings()) as before:
        kept = before.submit_bulk(people()).to_json()

    with Terminal(there.settings()) as after:
        _, tally = fetched(after, receipt_from_json(kept))

    assert (tally.valid, tally.missing) == (2, 0)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"reception_number": "../x", "rows": 1, "on": "2026-10-06", "secret": "00"}', "\x00"]
)
def test_a_receipt_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        receipt_from_json(text)


def test_a_list_that_is_still_processed_may_be_asked_for_again(tmp_path: Path) -> None:
    with side(tmp_path, "--processing", "2") as there, Terminal(there.settings()) as terminal:
        receipt = terminal.submit_bulk(people())
        with pytest.raises(StillProcessingError), terminal.fetch_bulk(receipt):
            pass
        assert there.names("res") == set()

        with terminal.fetch_bulk(receipt, again_every=0.05) as answer:
            assert len(list(answer)) == 6


def test_asking_again_ends_with_its_time_and_with_the_terminal(there: Side) -> None:
    there.tell(manner="ordinary")
    with Terminal(there.settings()) as terminal:
        receipt = terminal.submit_bulk(people())
        there.tell(manner="processing")
        started = time.monotonic()
        with pytest.raises(StillProcessingError), terminal.fetch_bulk(receipt, within=1.0, again_every=0.1):
            pass
        assert time.monotonic() - started < 3

        threading.Timer(0.2, terminal.close).start()
        with pytest.raises(WithdrawnError), terminal.fetch_bulk(receipt, again_every=0.1):
            pass


ROWS: dict[str, tuple[BulkTally, set[RowTrouble | None]]] = {
    "rows_missing": (BulkTally(valid=1, invalid=3, error=1, not_believed=0, missing=1), {None}),
    "rows_repeated": (BulkTally(valid=2, invalid=3, error=1, not_believed=1, missing=0), {None, RowTrouble.REPEATED}),
    # The first and the last row ask for the same person: swapped, they are still what was asked.
    "rows_swapped": (
        BulkTally(valid=2, invalid=0, error=0, not_believed=4, missing=4),
        {None, RowTrouble.NOT_ASKED},
    ),
    "other_search": (BulkTally(valid=0, invalid=0, error=0, not_believed=6, missing=6), {RowTrouble.NOT_ASKED}),
    "other_patient": (
        BulkTally(valid=0, invalid=1, error=1, not_believed=4, missing=4),
        {None, RowTrouble.OTHER_PATIENT},
    ),
    # The row of a lost insurance with a newer one may name that one.
    "other_number": (
        BulkTally(valid=0, invalid=2, error=1, not_believed=3, missing=3),
        {None, RowTrouble.OTHER_PATIENT},
    ),
}


@pytest.mark.parametrize("manner", ROWS)
def test_a_row_that_nobody_asked_is_not_believed_and_a_row_nobody_answered_is_missing(
    terminal: Terminal, there: Side, manner: str
) -> None:
    receipt = terminal.submit_bulk(people())
    there.tell(manner=manner)

    rows, tally = fetched(terminal, receipt)

    assert (tally, {row.trouble for row in rows}) == ROWS[manner]
    for row in rows:
        if row.trouble is not None:
            assert (row.outcome, row.validity, row.result) == (RowOutcome.ERROR, None, None)


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        ("maintenance", FailedMessageError),
        ("wrong_identifier", MismatchError),
        ("no_identifier", MismatchError),
        ("other_clinic", MismatchError),
        ("torn", MalformedMessageError),
        ("idle", NotTakenError),
        ("link", NotAFileError),
    ],
)
def test_a_list_that_was_not_received_has_no_receipt(there: Side, manner: str, error: type[Exception]) -> None:
    there.tell(manner=manner)
    with Terminal(there.settings(timeout_seconds=1.0, bulk_timeout_seconds=1.0)) as terminal, pytest.raises(error):
        terminal.submit_bulk(people())
    assert there.names("req") == set()


@pytest.mark.parametrize(
    ("manner", "error"),
    [
        ("maintenance", FailedMessageError),
        ("wrong_identifier", MismatchError),
        ("other_clinic", MismatchError),
        ("torn", MalformedMessageError),
        ("portal", MalformedMessageError),
        ("entities", MalformedMessageError),
        ("encrypted", MalformedMessageError),
        ("empty", MalformedMessageError),
        ("link", NotAFileError),
        ("twice", MismatchError),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_result_that_is_none_gives_no_row(there: Side, manner: str, error: type[Exception], zipped: bool) -> None:
    there.tell(zipped=zipped)
    with Terminal(there.settings(timeout_seconds=1.0, bulk_timeout_seconds=1.0)) as terminal:
        receipt = terminal.submit_bulk(people())
        there.tell(manner=manner)
        with pytest.raises(error), terminal.fetch_bulk(receipt) as answer:
            list(answer)
    assert there.names("req") == set()
    assert bool(there.names("res")) == (manner == "link")


def test_another_lists_result_is_refused(terminal: Terminal) -> None:
    one, other = terminal.submit_bulk(people()), terminal.submit_bulk(people(["67"]))

    rows, _ = fetched(terminal, replace(one, reception_number=other.reception_number))

    assert [row.trouble for row in rows] == [RowTrouble.NOT_ASKED]


def test_an_unknown_reception_number_is_the_systems_own_error(terminal: Terminal) -> None:
    receipt = replace(terminal.submit_bulk(people()), reception_number="20261005000000009999")
    with pytest.raises(FailedMessageError, match="SIMH0003"):
        fetched(terminal, receipt)


def test_a_list_that_breaks_while_it_is_written_is_not_sent(terminal: Terminal, there: Side) -> None:
    def broken() -> Iterator[NumberQuery]:
        yield query()
        raise RuntimeError("the clinic's own list broke")

    taken = there.tell()["taken"]
    with pytest.raises(RuntimeError, match="list broke"):
        terminal.submit_bulk(broken())
    assert there.names("req") == set()
    assert there.tell()["taken"] == taken


def test_a_list_has_a_greatest_length(monkeypatch: pytest.MonkeyPatch, terminal: Terminal, there: Side) -> None:
    monkeypatch.setattr(bulk, "MAX_ROWS", 3)
    with pytest.raises(MismatchError, match="at most 3 rows"):
        terminal.submit_bulk(itertools.repeat(query()))
    assert there.names("req") == set()


def test_a_result_that_is_not_read_to_its_end_is_taken_away_all_the_same(terminal: Terminal, there: Side) -> None:
    receipt = terminal.submit_bulk(people())
    with terminal.fetch_bulk(receipt) as answer:
        assert next(iter(answer)).number == 0
        assert len(there.names("res")) == 1
    assert there.names("res") == set()
    assert len(fetched(terminal, receipt)[0]) == 6


def test_a_result_beyond_every_bound_is_refused_without_reading_it(
    terminal: Terminal, there: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = terminal.submit_bulk(people())
    monkeypatch.setattr(bulk, "FETCH", replace(bulk.FETCH, largest=4 * 1024 * 1024))
    there.tell(manner="huge")
    with pytest.raises(TooLargeError), terminal.fetch_bulk(receipt):
        pass
    until(lambda: there.names("res") == set())


def test_single_questions_are_answered_while_a_list_is_read(terminal: Terminal) -> None:
    receipt = terminal.submit_bulk(people())
    with terminal.fetch_bulk(receipt) as answer:
        for _ in answer:
            assert terminal.answer(query("68")).validity is Validity.INVALID


CHILD = """
import itertools, resource, sys
from datetime import date
from pathlib import Path
from kiosk.eligibility.terminal.bridge import Terminal
from tests.eligibility.terminal_side import query, settings
count = int(sys.argv[2])
with Terminal(settings(Path(sys.argv[1]), bulk_timeout_seconds=120.0)) as terminal:
    receipt = terminal.submit_bulk(itertools.islice(itertools.cycle([query("67"), query("68")]), count))
    with terminal.fetch_bulk(receipt) as answer:
        told = sum(1 for _ in answer)
        assert answer.tally().missing == 0
    assert told == count
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_thousands_of_rows_take_no_more_memory_than_a_few(there: Side) -> None:
    def peak(count: int) -> int:
        command = [sys.executable, "-c", CHILD, str(there.folder), str(count)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=100).stdout)

    assert peak(3000) - peak(30) < 8


# -- the check sum of a row ----------------------------------------------------------------------------------------------


insured_numbers = st.builds(
    InsuredNumber,
    insurer=st.sampled_from(["01139997", "138990", "06139901"]),
    number=st.text("0123456789０１", min_size=1, max_size=8).filter(lambda text: text.strip("0０") != ""),
    symbol=st.one_of(st.none(), st.text("0123９・あア-", min_size=1, max_size=8)),
    branch=st.one_of(st.none(), st.from_regex("[0-9]{2}", fullmatch=True)),
)
queries = st.builds(NumberQuery, insured=insured_numbers, birth_date=st.dates(date(1900, 1, 1), date(2026, 1, 1)))


@given(asked=st.lists(queries, min_size=2, max_size=2, unique_by=lambda one: (one.insured.key(), one.birth_date)))
def test_a_row_carries_what_was_asked_in_it_and_nothing_readable(asked: list[NumberQuery]) -> None:
    secret = bytes(16)
    one, other = bulk.searches(asked, secret)

    assert one.arbitrary_identifier != other.arbitrary_identifier
    assert one.arbitrary_identifier is not None
    assert len(one.arbitrary_identifier) == 18
    again, _ = bulk.searches(asked, secret)
    assert again == one
    elsewhere, _ = bulk.searches(asked, bytes([1]) * 16)
    assert elsewhere.arbitrary_identifier != one.arbitrary_identifier
