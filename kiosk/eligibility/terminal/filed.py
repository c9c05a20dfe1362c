"""Whose arrival it is: a result of the official reader against the clinic's own patients (domain/oqs-interface.md section 8).

The clinic's number for the patient (照会番号) first, and it must agree with kana and birth date; then kana and birth date;
of several with the same, the one with the same insurance. What is not exactly one patient is for a person at the desk.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kiosk.eligibility.oqs.matching import kana_key
from kiosk.eligibility.terminal.insured import InsuredNumber
from kiosk.record.eligibility import EligibilityResult


@dataclass(frozen=True, repr=False, kw_only=True)
class FiledPatient:
    """One patient as the clinic has them on file."""

    patient_id: str
    name_kana: str
    birth_date: date
    reference_number: str | None = None
    insured: tuple[InsuredNumber, ...] = ()

    def __repr__(self) -> str:
        return "FiledPatient(...)"


class FoundBy(StrEnum):
    """How a patient was found, or why none was."""

    REFERENCE_NUMBER = "reference_number"
    NAME_AND_BIRTH_DATE = "name_and_birth_date"
    INSURANCE = "insurance"
    NOBODY = "nobody"
    """Nobody on file: a new patient."""
    SEVERAL = "several"
    """More than one could be meant."""
    CONTRADICTION = "contradiction"
    """照会番号不一致: the number is one patient's, name or birth date are not."""


@dataclass(frozen=True)
class Found:
    """The patient, where it is exactly one."""

    patient_id: str | None
    by: FoundBy


def find(result: EligibilityResult, patients: Iterable[FiledPatient]) -> Found:
    """Who of `patients` the result is about. `patients` may be all of the clinic's, or those with this number or birth date."""
    number = (result.reference_number or "").strip()
    kana = kana_key(result.name_kana)
    by_number, alike = [], []
    for patient in patients:
        same = bool(kana) and kana_key(patient.name_kana) == kana and patient.birth_date == result.birth_date
        if number and patient.reference_number == number:
            by_number.append((patient, same))
        if same:
            alike.append(patient)
    if len(by_number) > 1:
        return Found(None, FoundBy.SEVERAL)
    if by_number:
        patient, same = by_number[0]
        return Found(patient.patient_id, FoundBy.REFERENCE_NUMBER) if same else Found(None, FoundBy.CONTRADICTION)
    by = FoundBy.NAME_AND_BIRTH_DATE
    if len(alike) > 1:
        by = FoundBy.INSURANCE
        alike = [patient for patient in alike if any(_is_same(insured, result) for insured in patient.insured)]
        if len(alike) != 1:
            return Found(None, FoundBy.SEVERAL)
    if not alike:
        return Found(None, FoundBy.NOBODY)
    if number and alike[0].reference_number not in {None, number}:
        return Found(None, FoundBy.CONTRADICTION)
    return Found(alike[0].patient_id, by)


def _is_same(insured: InsuredNumber, result: EligibilityResult) -> bool:
    if result.insurer_number is None or result.insured_number is None:
        return False
    differs = insured.differs_from(
        result.insurer_number, result.insured_symbol, result.insured_number, result.insured_branch
    )
    return differs is None
