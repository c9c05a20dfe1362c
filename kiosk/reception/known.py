"""Patients that the clinic knows by their card: from what was valid when the same card was here before.

A certificate's fingerprint leads to the insurance that a number look-up asks about: nothing but the fingerprint comes
from the kiosk, and nothing of the insurance goes back to it but the system's own answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.eligibility.terminal.look_up import NumberQuery
from kiosk.reception.database import Connection
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import EligibilityResult, Validity

_ASSISTANCE = "A1"
"""Medical assistance stands beside an insurance, or alone; the insurance is asked about where there is one."""


@dataclass(frozen=True, repr=False)
class KnownPatient:
    """Who a card belongs to, as the newest valid answer said."""

    insured: InsuredNumber
    birth_date: date
    name_kana: str | None

    def query(self, *, limit_consent: bool, on: date | None = None) -> NumberQuery:
        """The question about this patient for the day `on`, else today."""
        return NumberQuery(
            insured=self.insured,
            birth_date=self.birth_date,
            limit_consent=limit_consent,
            name_kana=self.name_kana,
            on=on,
        )


def by_card(fingerprint: str, *, simulated: bool) -> Callable[[Connection], KnownPatient | None]:
    """Whom the clinic knows by the card with this fingerprint: the newest check-in that tells it.

    Looked at are real check-ins, or with `simulated` those of simulations: a real terminal is never asked about an
    invented patient, nor a simulated one about a real.
    """

    def question(connection: Connection) -> KnownPatient | None:
        found = connection.execute(
            "SELECT record FROM checkin WHERE card = ? AND answered = 1 ORDER BY receipt DESC", (fingerprint,)
        )
        for row in found:
            checkin = contract.from_json(row["record"])
            if checkin.simulated is simulated and (patient := _patient(checkin)) is not None:
                return patient
        return None

    return question


def _patient(checkin: CheckIn) -> KnownPatient | None:
    if checkin.eligibility.validity is not Validity.VALID:
        return None
    results = sorted(checkin.eligibility.results, key=lambda result: result.card_class == _ASSISTANCE)
    return next((patient for result in results if (patient := _of_result(result)) is not None), None)


def _of_result(result: EligibilityResult) -> KnownPatient | None:
    if result.insurer_number is None or result.insured_number is None or result.birth_date is None:
        return None
    try:
        insured = InsuredNumber(
            insurer=result.insurer_number,
            number=result.insured_number,
            symbol=result.insured_symbol,
            branch=result.insured_branch,
        )
    except NumberError:
        # Kept as it was answered then; what is no insurer number can only be refused if it is asked about.
        return None
    return KnownPatient(insured, result.birth_date, result.name_kana)
