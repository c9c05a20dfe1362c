"""Answers that come after their check-in: a second message {checkin_id, simulated, eligibility}, kept beside the first.

The check-in itself is never changed (design/architecture.md, Contracts: CheckIn).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kiosk.reception import kana
from kiosk.reception.database import Connection
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, dates, ids
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn, Eligibility
from kiosk.record.ids import VisitId

ACTOR = "reception"
"""Who the audit names where reception acted by itself."""


@dataclass(frozen=True, repr=False)
class LaterAnswer:
    """The second message of a check-in. `simulated` is what the terminal is, as in a check-in."""

    checkin_id: VisitId
    simulated: bool
    eligibility: Eligibility


@dataclass(frozen=True, repr=False)
class Unanswered:
    """A check-in that no answer has joined yet; `received_at` is reception's own time."""

    checkin: CheckIn
    received_at: datetime


def to_json(answer: LaterAnswer) -> bytes:
    """The message in UTF-8."""
    message = {
        "checkin_id": answer.checkin_id,
        "simulated": answer.simulated,
        "eligibility": contract.eligibility_json(answer.eligibility),
    }
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(message: bytes) -> LaterAnswer:
    """The answer in a message as `to_json` writes it; raises `RecordError`."""
    told = json.loads(message)
    if not isinstance(told, dict) or not isinstance(told.get("simulated"), bool):
        raise RecordError("later answer: expected an object that says whether it is simulated")
    eligibility = contract.eligibility_from_json(told.get("eligibility"))
    return LaterAnswer(ids.visit_id(told.get("checkin_id")), told["simulated"], eligibility)


def join(answer: LaterAnswer) -> Callable[[Transaction], bool]:
    """Join an answer to the row it belongs to; False, and nothing changed, where the row has one already or is not there."""

    def change(transaction: Transaction) -> bool:
        row = transaction.one("SELECT state, answered FROM checkin WHERE checkin_id = ?", answer.checkin_id)
        if row is None or row["answered"]:
            return False
        transaction.run(
            "INSERT INTO later_answer(checkin_id, received_at, message) VALUES (?, ?, ?)",
            *(answer.checkin_id, transaction.now_text, to_json(answer)),
        )
        transaction.run(
            "UPDATE checkin SET answered = 1, kana = CASE WHEN kana = '' THEN ? ELSE kana END WHERE checkin_id = ?",
            *(kana.key_of(answer.eligibility), answer.checkin_id),
        )
        transaction.tell("checkin", checkin_id=answer.checkin_id, state=row["state"], new=False)
        transaction.audit(ACTOR, "answer_joined", about=answer.checkin_id)
        return True

    return change


def unanswered(since: datetime) -> Callable[[Connection], list[Unanswered]]:
    """Check-ins that were received at `since` or later and have no answer yet, the oldest first."""

    def question(connection: Connection) -> list[Unanswered]:
        found = connection.execute(
            "SELECT record, received_at FROM checkin WHERE answered = 0 AND received_at >= ? ORDER BY received_at, receipt",
            (dates.instant_text(since),),
        )
        return [Unanswered(contract.from_json(row["record"]), dates.instant(row["received_at"])) for row in found]

    return question
