"""The centre's directory of patients kept up with the cards: whoever holds a card that is issued has an insurance."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

from kiosk.simulation import card_folder, patients
from kiosk.simulation.kinds import Kind
from kiosk.simulation.patients import Patient

SCHOOL, ELDERLY, LATE_ELDERLY = 6, 70, 75
"""Years of age at which the share and the kind of insurance change (domain/oqs-interface.md section 7.3)."""

_INSURED_AT = {
    "preschool": Patient(preschool=True, copay_ratio=20, family=True, insured_branch="02"),
    "elderly": Patient(
        insurer_number="138990",
        insurer_name="架空市国民健康保険",
        insured_symbol="架国",
        insured_number="9001234",
        elderly=True,
        copay_ratio=20,
        limit_category="B04",
    ),
    "late elderly": Patient(
        insurer_number="39139993",
        insurer_name="架空県後期高齢者医療広域連合",
        insured_symbol=None,
        insured_number="00098765",
        insured_branch=None,
        copay_ratio=10,
        limit_category="B10",
    ),
}

_HALF_WIDTH = {unicodedata.normalize("NFKC", chr(half)): chr(half) for half in range(0xFF66, 0xFF9E)} | {
    "\u3099": "\uff9e",
    "\u309a": "\uff9f",
    "\u3000": " ",
}
"""Half-width kana by their full-width ones, voicing marks by themselves, as NFD takes them apart."""


def enter(directory: Path, kind: Kind, card: Path) -> None:
    """Enter the holder of the issued `card` into the file `directory`, made if it is not there; who stands there stays as is.

    Raises `SettingsError`, `CardImageError`.
    """
    fingerprint, person = card_folder.facts(card).fingerprint, card_folder.holder(card)
    known = patients.read(directory) if directory.exists() else {}
    if person is None or not fingerprint or fingerprint in known:
        return
    patient = replace(
        _INSURED_AT.get(_age_group(kind.age), Patient()),
        name=person.name,
        name_kana=half_width(person.name_kana),
        sex="male" if person.sex == "1" else "female",
        birth_date=person.birth_date.isoformat(),
    )
    patients.write(directory, {**known, fingerprint: patient})


def _age_group(age: int | None) -> str:
    if age is None or SCHOOL <= age < ELDERLY:
        return "others"
    if age < SCHOOL:
        return "preschool"
    return "elderly" if age < LATE_ELDERLY else "late elderly"


def half_width(kana: str) -> str:
    """Katakana as the eligibility system writes them: half-width, a voicing mark as a character of its own."""
    return "".join(_HALF_WIDTH.get(letter, letter) for letter in unicodedata.normalize("NFD", kana))
