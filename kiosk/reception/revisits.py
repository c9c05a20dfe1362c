"""再受付: the same card again on the same day of Japan, and what has changed since a card was here before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from kiosk.reception import later_answers
from kiosk.reception.database import Connection
from kiosk.reception.row_moves import RowState
from kiosk.reception.store import Transaction
from kiosk.record import checkin as contract
from kiosk.record import dates
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import EligibilityResult

_LOOK_BACK: Final = 10
"""Earlier check-ins of a card that are looked at for one that says an insurance."""

_ASSISTANCE: Final = "A1"


@dataclass(frozen=True, repr=False)
class Change:
    """What differs from the visit on `day`: which of insurer, insured (symbol or number) and copay."""

    day: date
    insurer: bool
    insured: bool
    copay: bool
    before: EligibilityResult


def join(transaction: Transaction, checkin: CheckIn, card: str) -> str:
    """Join a check-in that was just kept to the first one of its card and day, which is unhandled again; gives that one's id.

    Nothing ("") where it is itself the first. A simulated visit and a real one never join, nor do visits without a card.
    """
    if not card:
        return ""
    day = dates.japanese_day(checkin.confirmed_at).isoformat()
    first = transaction.one(
        "SELECT checkin_id FROM checkin WHERE card = ? AND day = ? AND simulated = ? AND first_id = '' AND checkin_id != ?"
        " ORDER BY receipt LIMIT 1",
        *(card, day, int(checkin.simulated), checkin.checkin_id),
    )
    if first is None:
        return ""
    first_id = str(first["checkin_id"])
    transaction.run("UPDATE checkin SET first_id = ? WHERE checkin_id = ?", first_id, checkin.checkin_id)
    transaction.run("UPDATE checkin SET came_at = ? WHERE checkin_id = ?", transaction.now_text, first_id)
    transaction.run(
        "UPDATE checkin SET state = ?, taken_by = NULL, moved_at = ? WHERE checkin_id = ? OR first_id = ?",
        *(RowState.OPEN.value, transaction.now_text, first_id, first_id),
    )
    transaction.audit(checkin.kiosk_id, "row_came_again", kiosk_id=checkin.kiosk_id, about=first_id)
    return first_id


def changed(receipt: int, checkin: CheckIn, person: EligibilityResult) -> Callable[[Connection], Change | None]:
    """How the insurance in `person` differs from what the same card was here with before that receipt number."""

    def question(connection: Connection) -> Change | None:
        if checkin.card is None or person.insurer_number is None:
            return None
        found = connection.execute(
            "SELECT record, later_answer.message AS later FROM checkin LEFT JOIN later_answer USING (checkin_id)"
            " WHERE card = ? AND receipt < ? AND simulated = ? ORDER BY receipt DESC LIMIT ?",
            (checkin.card.fingerprint, receipt, int(checkin.simulated), _LOOK_BACK),
        )
        for row in found:
            before = contract.from_json(row["record"])
            eligibility = before.eligibility
            if row["later"] is not None:
                eligibility = later_answers.from_json(row["later"]).eligibility
            insured = [each for each in eligibility.results if each.card_class != _ASSISTANCE and each.insurer_number]
            if insured:
                return compared(insured[0], person, dates.japanese_day(before.confirmed_at))
        return None

    return question


def compared(before: EligibilityResult, now: EligibilityResult, day: date) -> Change | None:
    """The difference between two answers about one person, None where there is none that the desk types."""
    change = Change(
        day=day,
        insurer=before.insurer_number != now.insurer_number,
        insured=(before.insured_symbol or "", before.insured_number or "", before.insured_branch or "")
        != (now.insured_symbol or "", now.insured_number or "", now.insured_branch or ""),
        copay=before.copay_ratio != now.copay_ratio,
        before=before,
    )
    return change if change.insurer or change.insured or change.copay else None
