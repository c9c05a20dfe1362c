"""The centre's directory of patients kept up with the cards: whoever holds a card that is issued has an insurance."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from kiosk.simulation import card_folder, patients
from kiosk.simulation.kinds import Kind
from kiosk.simulation.patients import Patient

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
    patient = Patient(
        name=person.name,
        name_kana=half_width(person.name_kana),
        sex="male" if person.sex == "1" else "female",
        birth_date=person.birth_date.isoformat(),
        # A child's share before school is 20 % (domain/oqs-interface.md section 7.2).
        preschool=kind.infant,
        copay_ratio=20 if kind.infant else 30,
    )
    patients.write(directory, {**known, fingerprint: patient})


def half_width(kana: str) -> str:
    """Katakana as the eligibility system writes them: half-width, a voicing mark as a character of its own."""
    return "".join(_HALF_WIDTH.get(letter, letter) for letter in unicodedata.normalize("NFD", kana))
