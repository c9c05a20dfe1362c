"""Insurer numbers and their check digit, symbols, names to compare: domain/oqs-interface.md sections 7 and 8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.oqs import codes, matching, numbers
from kiosk.eligibility.oqs.codes import Code
from kiosk.eligibility.oqs.errors import NumberError


@pytest.mark.parametrize(
    "number",
    [
        *("01130012", "33120015", "138057", "19113760", "01320027"),  # public ones, section 7.1
        *("01139997", "06139901", "138990", "39139993", "12139994", "1000017", "1000025"),  # the samples'
    ],
)
def test_the_check_digit_of_known_numbers(number: str) -> None:
    assert numbers.has_right_check_digit(number)
    assert numbers.check_digit(number[:-1]) == number[-1]


def test_the_documents_worked_example() -> None:
    assert numbers.check_digit("0113999") == "7"


@given(st.from_regex("[0-9]{7}", fullmatch=True), st.integers(0, 6), st.integers(1, 9))
def test_one_mistyped_digit_is_noticed(without: str, place: int, by: int) -> None:
    number = without + numbers.check_digit(without)
    mistyped = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]

    assert not numbers.has_right_check_digit(mistyped)


@pytest.mark.parametrize("typed", ["01139997", " 01139997", "０１１３９９９７", "01139997\u3000"])
def test_what_somebody_typed_becomes_eight_digits(typed: str) -> None:
    assert numbers.insurer_number(typed) == "01139997"


@pytest.mark.parametrize("typed", ["", "1139997", "01139998", "138991", "A1139997", "011399970", "0113-997"])
def test_a_mistyped_insurer_number_is_one_sentence_without_the_number(typed: str) -> None:
    with pytest.raises(NumberError) as error:
        numbers.insurer_number(typed)

    assert not typed or typed not in error.value.sentence


@pytest.mark.parametrize("text", ["", "x", "１", "1" * 21])
def test_only_digits_have_a_check_digit(text: str) -> None:
    assert not numbers.has_right_check_digit(text)
    with pytest.raises(NumberError):
        numbers.check_digit(text)


def test_the_parts_of_an_insurer_number() -> None:
    assert (numbers.law_of("39139993"), numbers.prefecture_of("39139993")) == ("39", "13")
    assert (numbers.law_of("138990"), numbers.prefecture_of("138990")) == (None, "13")
    assert numbers.is_late_elderly("39139993")
    assert not numbers.is_late_elderly("390013"), "高知's 国保 begins with 39 too"


def test_a_clinics_code_has_ten_digits_and_a_check_digit() -> None:
    assert numbers.institution_code("1319999996") == "1319999996"
    for wrong in ("1319999997", "131999999", "13199999960"):
        with pytest.raises(NumberError):
            numbers.institution_code(wrong)


def test_branch_numbers_have_two_digits() -> None:
    assert [numbers.branch_number(typed) for typed in ("0", "03", "１", " 12 ")] == ["00", "03", "01", "12"]
    with pytest.raises(NumberError):
        numbers.branch_number("100")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("１２－３４", "12-34", True),
        ("12/34", "1234", True),
        ("架空 ０１", "架空01", True),
        (None, "", True),
        ("12", "21", False),
    ],
)
def test_symbols_compare_in_half_width_without_blanks_and_strokes(one: str | None, other: str, same: bool) -> None:
    assert (numbers.symbol_key(one) == numbers.symbol_key(other)) is same


def test_consumers_differ_on_leading_zeros() -> None:
    assert numbers.number_key("０００７ ") == "0007"
    assert numbers.number_key("0007", leading_zeros=False) == "7"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｺｳﾛｳ ﾀﾛｳ", "コウロウ\u3000タロウ"),
        ("こうろう たろう", "コウロウタロウ"),
        ("シュンスケ", "シユンスケ"),
        ("ｼﾞｭﾝ", "ジユン"),
        ("ｷｯﾄﾞ", "キツド"),
    ],
)
def test_kana_compare_in_any_width_and_size(one: str, other: str) -> None:
    assert matching.kana_key(one) == matching.kana_key(other)


def test_different_kana_differ() -> None:
    assert matching.kana_key("ﾊﾅｺ") != matching.kana_key("バナコ")
    assert matching.kana_key(None) == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("●橋\u3000一郎", "髙橋 一郎", True),
        ("髙橋一郎", "●橋●郎", True),
        ("●橋", "髙橋一", False),
        ("辻\U000e0100花子", "辻花子", True),
        ("高橋", "髙橋", False),
        ("𠮷野", "●野", True),
    ],
)
def test_a_black_circle_stands_for_any_one_character(one: str, other: str, same: bool) -> None:
    assert matching.same_name(one, other) is same
    assert matching.same_name(other, one) is same


@pytest.mark.parametrize(
    "table",
    [
        getattr(codes, name)
        for name in codes.__all__
        if isinstance(getattr(codes, name), type)
        and issubclass(getattr(codes, name), Code)
        and getattr(codes, name) is not Code
    ],
)
def test_every_code_has_its_labels(table: type[Code]) -> None:
    assert list(table)
    for code in table:
        assert code.label
        assert code.english
        assert code.english.isascii()
