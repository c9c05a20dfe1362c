"""What is kept of a list that was looked up (一括照会), and how it ages.

A list is about one day, the day of its appointments. Until that day is over, and no longer:

* the desk can read again who needs attention in it;
* a card whose holder the list called invalid or unknown leads to "please see reception" at once, with no other question to
  the terminal; the same question is then asked in the background, and its answer joins the row as the one that holds.

Only that may be said early. A valid row is never an answer: it is not even kept, and whoever it was about is asked for
again when they come. A later answer that is valid clears what a list said, wherever it came from. What several people
share (複数該当), and assistance that is not registered, is asked again too: with the branch number, or today, it is known.

Names and answers are sealed to reception's own key; whom a row is about is a check sum that takes the key to make.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kiosk.eligibility.terminal.insured import InsuredNumber, key_of
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.reception.database import Connection
from kiosk.reception.lookups import KEPT, ListAnswer
from kiosk.reception.seal import SealKey
from kiosk.reception.store import Transaction
from kiosk.record import checkin as contract
from kiosk.record import dates, ids
from kiosk.record.checkin import Eligibility
from kiosk.record.eligibility import Source, Validity
from kiosk.record.ids import VisitId

FURTHEST = 14
"""Days that a list may be ahead: over the longest holidays. Older answers tell little."""

CLEARED_BY = frozenset({Validity.VALID, Validity.VALID_UNREGISTERED})

_CLEAR = "DELETE FROM listed WHERE person = :person AND (:branch = '' OR branch IN ('', :branch))"
"""A question without a branch that has one answer is about the one person there is."""

_UNUSED_AFTER = timedelta(days=1)
"""A visit that a list answered and that never came in as a check-in is forgotten."""


@dataclass(frozen=True, repr=False, kw_only=True)
class Attention:
    """A row of a list that the desk must look at: where it stands, who it is, and the verdict's words."""

    line: int
    name: str
    tone: str
    word: str
    reason: str
    next_step: str


@dataclass(frozen=True, repr=False, kw_only=True)
class Listing:
    """A list as the desk sees it. `asked_at` is when the system answered (UTC), `day` what it is for."""

    day: date
    asked_at: datetime
    valid: int
    invalid: int
    check: int
    simulated: bool
    rows: tuple[Attention, ...]

    @property
    def whole(self) -> int:
        """How many rows it had."""
        return self.valid + self.invalid + self.check


@dataclass(frozen=True, repr=False)
class Finding:
    """What a list said of one person."""

    eligibility: Eligibility
    simulated: bool


def keep(
    listing: Listing, file: bytes, queries: Sequence[NumberQuery], answer: ListAnswer, key: SealKey
) -> Callable[[Transaction], None]:
    """Keep a list, and what it said of each person; what earlier lists said of the same people for that day is replaced.

    `queries` are the questions in the order of `answer`; the same `file` asked again for the same day replaces its list.
    """
    day = listing.day.isoformat()
    listing_id = ids.new_visit_id()
    mark = key.mark(hashlib.blake2b(file, digest_size=16).hexdigest())
    sealed_listing = key.seal(_listing_json(listing), listing_id)
    cleared, found = [], []
    for number, validity in answer.validities.items():
        query = queries[number]
        person, branch = _person(key, query.insured, query.birth_date), query.insured.branch or ""
        if validity in KEPT:
            sealed = key.seal(_finding_json(number, validity, answer), f"{day}/{person}")
            found.append((day, person, branch, sealed))
        elif validity in CLEARED_BY:
            cleared.append({"person": person, "branch": branch})

    def change(transaction: Transaction) -> None:
        _forget(transaction)
        transaction.run(
            "INSERT INTO listing(listing_id, day, file, asked_at, sealed) VALUES (?, ?, ?, ?, ?) ON CONFLICT(day, file)"
            " DO UPDATE SET listing_id = excluded.listing_id, asked_at = excluded.asked_at, sealed = excluded.sealed",
            *(listing_id, day, mark, dates.instant_text(listing.asked_at), sealed_listing),
        )
        transaction.connection.executemany(_CLEAR, cleared)
        transaction.connection.executemany(
            "INSERT INTO listed(day, person, branch, sealed) VALUES (?, ?, ?, ?)"
            " ON CONFLICT(day, person, branch) DO UPDATE SET sealed = excluded.sealed",
            found,
        )

    return change


def listings(today: date, key: SealKey) -> Callable[[Connection], list[Listing]]:
    """The lists of today and later, the next day first, of one day the newest first."""

    def question(connection: Connection) -> list[Listing]:
        found = connection.execute(
            "SELECT listing_id, sealed FROM listing WHERE day >= ? ORDER BY day, asked_at DESC", (today.isoformat(),)
        )
        return [_listing(key.open(row["sealed"], row["listing_id"])) for row in found]

    return question


def finding(
    key: SealKey, insured: InsuredNumber, birth_date: date, today: date
) -> Callable[[Connection], Finding | None]:
    """What the lists of today say of a person, if it may be said early."""
    person, day = _person(key, insured, birth_date), today.isoformat()

    def question(connection: Connection) -> Finding | None:
        found = connection.execute(
            "SELECT sealed FROM listed WHERE day = ? AND person = ? AND branch IN ('', ?) ORDER BY branch DESC",
            (day, person, insured.branch or ""),
        ).fetchone()
        return None if found is None else _finding(key.open(found["sealed"], f"{day}/{person}"))

    return question


def note_early(visit: VisitId, told: Finding) -> Callable[[Transaction], None]:
    """Remember that this visit was answered from a list: its check-in is asked about again."""

    def change(transaction: Transaction) -> None:
        answered_at = told.eligibility.answered_at or transaction.now
        transaction.run(
            "INSERT INTO told_early(checkin_id, at, answered_at) VALUES (?, ?, ?)"
            " ON CONFLICT(checkin_id) DO UPDATE SET at = excluded.at, answered_at = excluded.answered_at",
            *(visit, transaction.now_text, dates.instant_text(answered_at)),
        )

    return change


def clear(key: SealKey, insured: InsuredNumber, birth_date: date) -> Callable[[Transaction], None]:
    """Somebody's insurance was found valid: what lists said of them no longer holds."""
    person = _person(key, insured, birth_date)

    def change(transaction: Transaction) -> None:
        transaction.connection.execute(_CLEAR, {"person": person, "branch": insured.branch or ""})

    return change


def forget(transaction: Transaction) -> None:
    """Erase the lists whose day is over."""
    _forget(transaction)


def _forget(transaction: Transaction) -> None:
    today = dates.japanese_day(transaction.now).isoformat()
    gone = transaction.run("DELETE FROM listing WHERE day < ?", today)
    transaction.run("DELETE FROM listed WHERE day < ?", today)
    transaction.run(
        "DELETE FROM told_early WHERE at < ? AND checkin_id NOT IN (SELECT checkin_id FROM checkin)",
        dates.instant_text(transaction.now - _UNUSED_AFTER),
    )
    if gone:
        transaction.audit("reception", "lists_erased")


def _person(key: SealKey, insured: InsuredNumber, birth_date: date) -> str:
    """Whom a row is about: insurer, number and birth date. Lists may lack the symbol; the branch stands beside it."""
    return key.mark(f"{key_of(insured.insurer, None, insured.number, None)}|{birth_date.isoformat()}")


def _finding_json(number: int, validity: Validity, answer: ListAnswer) -> bytes:
    result = answer.results.get(number)
    found = Eligibility(Source.NUMBER_LOOKUP, validity, answer.processed_at, () if result is None else (result,))
    return _json({"eligibility": contract.eligibility_json(found), "simulated": answer.simulated})


def _finding(plain: bytes) -> Finding:
    told = json.loads(plain)
    return Finding(contract.eligibility_from_json(told["eligibility"]), told["simulated"])


def _listing_json(listing: Listing) -> bytes:
    return _json(
        {
            "day": listing.day.isoformat(),
            "asked_at": dates.instant_text(listing.asked_at),
            "valid": listing.valid,
            "invalid": listing.invalid,
            "check": listing.check,
            "simulated": listing.simulated,
            "rows": [_fields(row) for row in listing.rows],
        }
    )


def _fields(row: Attention) -> list[object]:
    return [row.line, row.name, row.tone, row.word, row.reason, row.next_step]


def _listing(plain: bytes) -> Listing:
    told = json.loads(plain)
    return Listing(
        day=dates.day(told["day"]),
        asked_at=dates.instant(told["asked_at"]),
        valid=told["valid"],
        invalid=told["invalid"],
        check=told["check"],
        simulated=told["simulated"],
        rows=tuple(
            Attention(line=line, name=name, tone=tone, word=word, reason=reason, next_step=step)
            for line, name, tone, word, reason, step in told["rows"]
        ),
    )


def _json(told: object) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
