"""一括照会 (OQSmuquc 01 and 02): thousands of people in two steps, row by row, in constant memory (section 5.2).

The first step gives a `BulkReceipt`, which is to be kept; with it the result is fetched, minutes or hours later, by this
process or the next. To know ten thousand rows again without keeping any, each carries its number and a keyed check sum of
what was asked in it (BLAKE2b, RFC 7693): a row whose echo does not bear out its check sum was never asked so.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from kiosk.eligibility.oqs import from_xml, rows
from kiosk.eligibility.oqs.bulk import (
    BulkConfirmUnit,
    BulkFetch,
    BulkReception,
    FetchBody,
    RowOutcome,
    row_outcome,
    row_validity,
)
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.file_names import Business
from kiosk.eligibility.oqs.headers import BulkHeader, RequestHeader
from kiosk.eligibility.oqs.outcome import refuse_failed_file, result_code
from kiosk.eligibility.oqs.qualification import Search, SearchInfo
from kiosk.eligibility.oqs.reading import eligibility_result
from kiosk.eligibility.oqs.result import ResultOfQualificationConfirmation
from kiosk.eligibility.terminal.errors import MismatchError
from kiosk.eligibility.terminal.insured import key_of
from kiosk.eligibility.terminal.look_up import NumberQuery, as_consented
from kiosk.eligibility.terminal.question import Heading, Kind, Reply
from kiosk.record import RecordError, dates
from kiosk.record.eligibility import EligibilityResult, Validity

SUBMIT = Kind(Business.BULK_LOOKUP, "01", slow=True)
FETCH = Kind(
    Business.BULK_LOOKUP,
    "02",
    extensions=frozenset({"xml", "zip"}),
    largest=rows.MAX_BYTES,
    slow=True,
    long=True,
)
MAX_ROWS = 100_000
"""Our own bound; rows numbered so far are remembered in one bit each."""

_ROW = re.compile(r"([0-9]{1,6})-([0-9a-f]{16})")
_RECEPTION = re.compile(r"[0-9A-Za-z-]{1,64}")


@dataclass(frozen=True, repr=False, kw_only=True)
class BulkReceipt:
    """That a list was received, and all it takes to fetch and to believe its result. To be kept like the list itself."""

    reception_number: str
    rows: int
    on: date
    secret: bytes

    def to_json(self) -> str:
        """For a store."""
        told = {"reception_number": self.reception_number, "rows": self.rows, "on": self.on.isoformat()}
        return json.dumps({**told, "secret": self.secret.hex()})

    def __repr__(self) -> str:
        return f"BulkReceipt({self.rows} rows)"


def receipt_from_json(text: str) -> BulkReceipt:
    """The receipt that `BulkReceipt.to_json` wrote; raises `RecordError`."""
    try:
        told = json.loads(text)
        receipt = BulkReceipt(
            reception_number=str(told["reception_number"]),
            rows=int(told["rows"]),
            on=dates.day(told["on"]),
            secret=bytes.fromhex(told["secret"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError("bulk receipt: not one of ours") from error
    if not _RECEPTION.fullmatch(receipt.reception_number) or len(receipt.secret) != 16 or receipt.rows < 0:
        raise RecordError("bulk receipt: not one of ours")
    return receipt


def new_secret() -> bytes:
    """The key of one list's check sums."""
    return secrets.token_bytes(16)


def searches(queries: Iterable[NumberQuery], secret: bytes) -> Iterator[Search]:
    """The rows of the request, numbered from 0. Raises `MismatchError` beyond `MAX_ROWS`."""
    for number, query in enumerate(queries):
        if number == MAX_ROWS:
            raise MismatchError(f"a list has at most {MAX_ROWS} rows")
        search = query.search()
        yield query.search(f"{number}-{_check_sum(secret, number, search)}")


def receipt_of(reply: Reply, heading: Heading, rows_sent: int, secret: bytes) -> BulkReceipt:
    """What the reception says (OQSmuquc01res). Raises `TerminalError` and `OqsError`."""
    response = from_xml.read(reply.xml(), BulkReception)
    header, body = response.header, response.body
    if header is None:
        raise MalformedMessageError("the message has no MessageHeader")
    heading.refuse_other(header.medical_institution_code, header.arbitrary_file_identifier, must_say=False)
    refuse_failed_file(header, must_say=False)
    heading.refuse_other(header.medical_institution_code, header.arbitrary_file_identifier)
    number = None if body is None else body.reception_number
    if number is None or not _RECEPTION.fullmatch(number):
        raise MalformedMessageError("the message gives no reception number")
    return BulkReceipt(reception_number=number, rows=rows_sent, on=heading.on, secret=secret)


def fetch_message(receipt: BulkReceipt, heading: Heading) -> BulkFetch:
    """OQSmuquc02req. It has no file identifier: real ones have none, and the reception number is what ties it."""
    return BulkFetch(
        header=RequestHeader(medical_institution_code=heading.institution_code),
        body=FetchBody(reception_number=receipt.reception_number),
    )


class RowTrouble(StrEnum):
    """Why a row is not believed, whatever it says."""

    NOT_ASKED = "not_asked"
    """No row of this list was asked so."""
    REPEATED = "repeated"
    """Its row was answered before."""
    OTHER_PATIENT = "other_patient"
    """What was found is about somebody else."""


@dataclass(frozen=True, repr=False, kw_only=True)
class BulkRow:
    """One row's answer. `number` counts the rows as they were asked, from 0; None where nobody asked.

    `outcome` is ERROR where there is `trouble`. Bulk says whether the asked number is valid, never the newest one.
    """

    number: int | None
    outcome: RowOutcome
    validity: Validity | None
    result: EligibilityResult | None
    reference_number: str | None
    result_code: str | None
    trouble: RowTrouble | None

    def __repr__(self) -> str:
        return f"BulkRow({self.outcome})"


@dataclass(frozen=True)
class BulkTally:
    """What became of the list: rows believed by outcome, rows not believed, rows nobody answered."""

    valid: int
    invalid: int
    error: int
    not_believed: int
    missing: int


class BulkAnswer:
    """A bulk result that is being read: its rows as they come, once. `processed_at` is the system's own time (UTC)."""

    def __init__(self, units: rows.Rows[BulkHeader, BulkConfirmUnit], receipt: BulkReceipt, heading: Heading) -> None:
        header = units.header
        refuse_failed_file(header)
        if header is None or header.process_execution_time is None:
            raise MalformedMessageError("the message does not say when it was processed")
        if header.reception_number != receipt.reception_number:
            raise MismatchError("it has another reception number")
        heading.refuse_other(header.medical_institution_code, None, must_say=False)
        self.processed_at: datetime = header.process_execution_time
        self.simulated = heading.simulated
        self._units = units
        self._receipt = receipt
        self._counts = dict.fromkeys(RowOutcome, 0)
        self._not_believed = 0
        self._answered = bytearray(receipt.rows // 8 + 1)

    def __iter__(self) -> Iterator[BulkRow]:
        """The rows. Raises `MalformedMessageError` where the file breaks: what came before stands, the rest is missing."""
        for unit in self._units:
            row = self._row(unit)
            if row.trouble is None:
                self._counts[row.outcome] += 1
            else:
                self._not_believed += 1
            yield row

    def tally(self) -> BulkTally:
        """What became of the list, as far as it was read."""
        believed = sum(self._counts.values())
        return BulkTally(
            valid=self._counts[RowOutcome.VALID],
            invalid=self._counts[RowOutcome.INVALID],
            error=self._counts[RowOutcome.ERROR],
            not_believed=self._not_believed,
            missing=self._receipt.rows - believed,
        )

    def _row(self, unit: BulkConfirmUnit) -> BulkRow:
        number = self._number(unit.search)
        trouble = RowTrouble.NOT_ASKED if number is None else None
        if number is not None and self._answered[number // 8] >> number % 8 & 1:
            trouble = RowTrouble.REPEATED
        if trouble is None and unit.search is not None and _is_other_person(unit):
            trouble = RowTrouble.OTHER_PATIENT
        if number is not None and trouble is None:
            self._answered[number // 8] |= 1 << number % 8
        believed = trouble is None
        result = unit.results[0] if believed and len(unit.results) == 1 else None
        return BulkRow(
            number=number,
            outcome=row_outcome(unit) if believed else RowOutcome.ERROR,
            validity=row_validity(unit) if believed else None,
            result=None if result is None else as_consented(eligibility_result(result, self._receipt.on), limit=False),
            reference_number=unit.reference_numbers[0] if believed and len(unit.reference_numbers) == 1 else None,
            result_code=result_code(unit.processing_result_code) if believed else None,
            trouble=trouble,
        )

    def _number(self, echo: SearchInfo | None) -> int | None:
        found = None if echo is None else _ROW.fullmatch(echo.arbitrary_identifier or "")
        if echo is None or found is None:
            return None
        number = int(found[1])
        sound = hmac.compare_digest(found[2], _check_sum(self._receipt.secret, number, echo))
        return number if sound and number < self._receipt.rows else None


def _is_other_person(unit: BulkConfirmUnit) -> bool:
    echo = unit.search
    # Where a newer insurance exists, what comes may be that one, under numbers of its own.
    newer = row_validity(unit) is Validity.INVALID_NEWER_EXISTS
    return echo is None or any(
        result.birthdate not in {None, echo.birthdate} or (not newer and _numbers(result) != _numbers(echo))
        for result in unit.results
    )


def _numbers(block: ResultOfQualificationConfirmation | SearchInfo) -> str:
    return key_of(block.insurer_number, None, block.insured_identification_number, None)


def _check_sum(secret: bytes, number: int, asked: Search | SearchInfo) -> str:
    insured = key_of(
        asked.insurer_number,
        asked.insured_card_symbol,
        asked.insured_identification_number,
        asked.insured_branch_number,
    )
    born = "" if asked.birthdate is None else asked.birthdate.isoformat()
    return hashlib.blake2b(f"{number}|{insured}|{born}".encode(), key=secret, digest_size=8).hexdigest()
