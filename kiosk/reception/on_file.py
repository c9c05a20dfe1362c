"""The clinic's own patients, as far as reception knows them: from the answers of earlier arrivals.

Reception has no patient file of its own. What it has are check-ins and arrivals at the official reader, kept for as long as
its settings say; the clinic's number for a patient (照会番号) stands in them once it was registered with the system.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.oqs.matching import kana_key
from kiosk.eligibility.terminal.filed import FiledPatient
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.reception.database import Connection, Cursor
from kiosk.reception.schema import person_in
from kiosk.record import checkin as contract
from kiosk.record.checkin import Eligibility
from kiosk.record.eligibility import EligibilityResult

_LIKE = (
    "SELECT record AS message FROM checkin WHERE (reference = :number AND :number != '') OR (born = :born AND :born != '')"
    " UNION ALL"
    " SELECT message FROM reader_arrival WHERE (reference = :number AND :number != '') OR (born = :born AND :born != '')"
)


@dataclass
class _Person:
    """What several arrivals said under one name, one birth date and one of the clinic's numbers ("" is none)."""

    name_kana: str
    birth_date: date
    insured: dict[str, InsuredNumber] = field(default_factory=dict)


_People = dict[tuple[str, date], dict[str, _Person]]


def patients_like(result: EligibilityResult, *, simulated: bool) -> Callable[[Connection], list[FiledPatient]]:
    """Who was here with the clinic's number, or the birth date, that `result` has; real ones or simulated ones.

    A `patient_id` is the clinic's number where one is known, else "". Who was here under two numbers is told as two; who
    was here before their number was known is the one who has it now.
    """
    number = (result.reference_number or "").strip()
    born = "" if result.birth_date is None else result.birth_date.isoformat()

    def question(connection: Connection) -> list[FiledPatient]:
        people: _People = {}
        found = connection.execute(_LIKE, {"number": number, "born": born})
        for eligibility in _eligibilities(found, simulated=simulated):
            reference = person_in(eligibility)[0]
            for each in eligibility.results:
                _note(each, reference, people)
        return [patient for numbered in people.values() for patient in _filed(numbered)]

    return question


def _eligibilities(found: Cursor, *, simulated: bool) -> Iterator[Eligibility]:
    for row in found:
        told = json.loads(row["message"])
        if told.get("simulated") is simulated:
            yield contract.eligibility_from_json(told["eligibility"])


def _note(result: EligibilityResult, reference: str, people: _People) -> None:
    kana = kana_key(result.name_kana)
    if not kana or result.birth_date is None:
        return
    numbered = people.setdefault((kana, result.birth_date), {})
    person = numbered.setdefault(reference, _Person(result.name_kana or "", result.birth_date))
    if result.insurer_number is None or result.insured_number is None:
        return
    try:
        insured = InsuredNumber(
            insurer=result.insurer_number,
            number=result.insured_number,
            symbol=result.insured_symbol,
            branch=result.insured_branch,
        )
    except NumberError:
        return  # kept as it was answered; it only tells namesakes apart
    person.insured[insured.key()] = insured


def _filed(numbered: dict[str, _Person]) -> list[FiledPatient]:
    before = numbered.get("") if len(numbered) > 1 else None
    people = {reference: person for reference, person in numbered.items() if person is not before}
    if before is not None and len(people) == 1:
        for person in people.values():
            person.insured.update(before.insured)
    return [
        FiledPatient(
            patient_id=reference,
            name_kana=person.name_kana,
            birth_date=person.birth_date,
            reference_number=reference or None,
            insured=tuple(person.insured.values()),
        )
        for reference, person in people.items()
    ]
