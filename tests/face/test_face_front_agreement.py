"""Three frames in a row, and only what can be true."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from kiosk.face.card_front_agreement import FRAMES, LOST, Agreement, plausible
from kiosk.face.card_front_fields import DIGITS, SURE, Reading

TODAY = date(2026, 11, 22)
TRUE = "55021720352285"
OTHER = "55021720352286"


def digits(text: str) -> bytearray:
    return bytearray(int(digit) for digit in text)


def a_reading(text: str = TRUE, sure: float = 0.99, *, western: bool = False) -> Reading:
    return Reading(digits(text), np.full(DIGITS, sure), western)


def heard(agreement: Agreement, *readings: Reading, apart: float = 0.2) -> list[bytearray | None]:
    return [agreement.hear(reading, number * apart, TODAY) for number, reading in enumerate(readings)]


def test_the_third_reading_that_says_the_same_is_believed() -> None:
    agreement = Agreement()
    assert heard(agreement, a_reading(), a_reading(), a_reading()) == [None, None, digits(TRUE)]
    assert FRAMES == 3


def test_a_reading_that_differs_in_one_digit_begins_the_row_anew() -> None:
    said = heard(Agreement(), a_reading(), a_reading(), a_reading(OTHER), a_reading(), a_reading(), a_reading())
    assert said == [None] * 5 + [digits(TRUE)]


def test_two_numbers_in_turn_are_never_believed() -> None:
    assert heard(Agreement(), *[a_reading(TRUE), a_reading(OTHER)] * 10) == [None] * 20


def test_an_unsure_reading_does_not_count() -> None:
    said = heard(Agreement(), a_reading(), a_reading(sure=SURE - 0.01), a_reading(), a_reading())
    assert said == [None, None, None, digits(TRUE)]


def test_an_unsure_reading_of_something_else_ends_the_row() -> None:
    said = heard(
        Agreement(), a_reading(), a_reading(), a_reading(OTHER, sure=0.1), a_reading(), a_reading(), a_reading()
    )
    assert said == [None] * 5 + [digits(TRUE)]


def test_a_reading_that_cannot_be_true_ends_the_row_and_never_counts() -> None:
    impossible = "55023020352285"
    assert heard(Agreement(), *[a_reading(impossible)] * 10) == [None] * 10
    said = heard(Agreement(), a_reading(), a_reading(), a_reading(impossible), a_reading())
    assert said == [None] * 4


def test_after_a_while_without_a_reading_another_card_may_be_there() -> None:
    agreement = Agreement()
    heard(agreement, a_reading(), a_reading())
    assert agreement.hear(a_reading(), 0.2 + LOST + 0.1, TODAY) is None
    assert agreement.share == pytest.approx(1 / 3)


def test_what_is_held_is_overwritten() -> None:
    agreement = Agreement()
    heard(agreement, a_reading(), a_reading())
    agreement.wipe()
    assert agreement._digits == bytes(DIGITS)
    assert agreement.share == 0


def test_nobody_can_print_the_digits_by_accident() -> None:
    agreement, reading = Agreement(), a_reading()
    heard(agreement, reading)
    for text in (repr(agreement), repr(reading), str(reading)):
        assert "2285" not in text
        assert "(2, 2, 8, 5)" not in text


@pytest.mark.parametrize(
    "number",
    [
        "55021720352285",  # 昭和55年
        "64010720262285",  # the last day of 昭和
        "01010820262285",  # the first of 平成
        "31043020262285",  # the last of 平成
        "01050120262285",  # the first of 令和
        "55022920302285",  # 29 February 1980
        "15122420262285",  # the last day of 大正; 平成15 as well
        "08112220362285",  # born today (令和8年), valid for ten years
        "55021720252285",  # ended last year: reception tells
    ],
)
def test_what_can_be_printed_on_a_card(number: str) -> None:
    assert plausible(digits(number), TODAY, western=False)


@pytest.mark.parametrize(
    "number",
    [
        "55021720242285",  # ended two years ago
        "55021720372285",  # eleven years from now
        "55023020352285",  # 30 February
        "54022920352285",  # 29 February of a year that had none
        "55131720352285",
        "55001720352285",
        "55020020352285",
        "64010820352285",  # 昭和 was over the day before
        "99021720352285",  # no era had so many years
        "00021720352285",
        "5502172035228",
        "550217203522855",
    ],
)
def test_what_cannot(number: str) -> None:
    assert not plausible(digits(number), TODAY, western=False)


def test_a_western_year_is_any_of_a_human_life() -> None:
    for year in ("00", "26", "85", "99"):
        assert plausible(digits(f"{year}010120352285"), TODAY, western=True)
    assert not plausible(digits("26122520352285"), date(2095, 1, 1), western=True)  # the expiry is long over


def test_a_clock_that_was_never_set_refuses_no_year() -> None:
    assert plausible(digits(TRUE), date(1970, 1, 1), western=False)
    assert not plausible(digits("55021719992285"), date(1970, 1, 1), western=False)
