"""負担割合, domain/oqs-interface.md section 7.3."""

from __future__ import annotations

from datetime import date

import pytest

from kiosk.eligibility.oqs.copay import copay_ratio


def ratio(
    *,
    insurer_number: str | None = "01139997",
    card_class: str = "01",
    late_elderly: int | None = None,
    elderly_certificate: int | None = None,
    preschool: bool = False,
    birth_date: date | None = date(1980, 2, 17),
    on: date = date(2026, 10, 5),
) -> int | None:
    return copay_ratio(
        card_class=card_class,
        insurer_number=insurer_number,
        late_elderly=late_elderly,
        elderly_certificate=elderly_certificate,
        preschool=preschool,
        birth_date=birth_date,
        on=on,
    )


def test_most_people_pay_thirty_percent() -> None:
    assert ratio() == 30


@pytest.mark.parametrize("percent", [10, 20, 30])
def test_the_late_elderly_pay_what_their_own_element_says(percent: int) -> None:
    assert ratio(insurer_number="39139993", late_elderly=percent, birth_date=date(1945, 3, 20)) == percent


def test_the_late_elderly_without_their_element_are_unknown() -> None:
    assert ratio(insurer_number="39139993", birth_date=date(1945, 3, 20)) is None


def test_a_national_insurance_number_that_starts_with_39_is_not_late_elderly() -> None:
    # 39 is also the prefecture 高知 in the six digits of 国保.
    assert ratio(insurer_number="390013") == 30


@pytest.mark.parametrize("percent", [20, 30])
def test_the_elderly_pay_what_their_certificate_says(percent: int) -> None:
    assert ratio(elderly_certificate=percent, birth_date=date(1954, 1, 15)) == percent


def test_a_small_child_pays_twenty_percent() -> None:
    assert ratio(preschool=True, birth_date=date(2022, 5, 5)) == 20


def test_medical_assistance_is_an_amount_and_not_a_ratio() -> None:
    assert ratio(card_class="A1", insurer_number="12139994") is None


@pytest.mark.parametrize(
    ("birth_date", "last_day_of_thirty"),
    [
        (date(1956, 10, 5), date(2026, 10, 31)),
        (date(1956, 10, 1), date(2026, 9, 30)),
        (date(1956, 10, 2), date(2026, 10, 31)),
        (date(1956, 12, 31), date(2026, 12, 31)),
        (date(1956, 2, 29), date(2026, 2, 28)),
    ],
)
def test_from_the_month_after_seventy_a_missing_certificate_leaves_it_unknown(
    birth_date: date, last_day_of_thirty: date
) -> None:
    first_day_after = date.fromordinal(last_day_of_thirty.toordinal() + 1)

    assert ratio(birth_date=birth_date, on=last_day_of_thirty) == 30
    assert ratio(birth_date=birth_date, on=first_day_after) is None


def test_nobody_is_charged_by_a_guess() -> None:
    assert ratio(birth_date=None) is None
    assert ratio(insurer_number=None) is None
    assert ratio(birth_date=date(9999, 12, 31), on=date.max) == 30
