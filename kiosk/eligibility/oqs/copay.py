"""負担割合: what part of the cost the patient pays, derived from a result (domain/oqs-interface.md section 7.3)."""

from __future__ import annotations

from datetime import date

from kiosk.eligibility.oqs.codes import CardClass
from kiosk.eligibility.oqs.numbers import is_late_elderly


def copay_ratio(
    *,
    card_class: str | None,
    insurer_number: str | None,
    late_elderly: int | None,
    elderly_certificate: int | None,
    preschool: bool,
    birth_date: date | None,
    on: date,
) -> int | None:
    """Percent (10, 20, 30), or None where the result does not tell it.

    後期高齢 pays what its own element says; 70 to 74 what the certificate block says (`elderly_certificate`, None when it
    is not in force `on` that day); a preschool child 20; everybody else 30. A person who is 70 or older and has neither
    is unknown, not 30, and medical assistance (A1) is not a ratio at all: its ticket tells an amount.
    """
    if card_class == CardClass.MEDICAL_ASSISTANCE:
        return None
    if insurer_number is not None and is_late_elderly(insurer_number):
        return late_elderly
    if elderly_certificate is not None:
        return elderly_certificate
    if preschool:
        return 20
    if birth_date is None or insurer_number is None or seventy_or_more(birth_date, on):
        return None
    return 30


def seventy_or_more(birth_date: date, on: date) -> bool:
    """Whether the scheme for the elderly applies: from the first of the month after the 70th year is completed.

    A year of life is completed on the day *before* the birthday (年齢計算ニ関する法律), so whoever is born on the first
    of a month is in from that very day.
    """
    return (birth_date.year + 70, birth_date.month, birth_date.day) <= (on.year, on.month, 1)
