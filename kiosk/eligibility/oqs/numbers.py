"""保険者番号, 記号, 番号, 枝番: their structure and check digit (domain/oqs-interface.md sections 7.1 and 7.2)."""

from __future__ import annotations

import re
import unicodedata

from kiosk.eligibility.oqs.errors import NumberError

LATE_ELDERLY = "39"
"""法別番号 of 後期高齢者医療."""


def check_digit(without: str) -> str:
    """検証番号 of the digits before it: weights 2, 1, 2, ... from the right, the digits of the products added up.

    For insurer, public payer and medical institution numbers (7 digits). Raises `NumberError`.
    """
    if not re.fullmatch(r"[0-9]{1,20}", without):
        raise NumberError("a check digit belongs to digits")
    products = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(without))]
    return str(-sum(sum(divmod(product, 10)) for product in products) % 10)


def has_right_check_digit(number: str) -> bool:
    """Whether the last digit of `number` is the check digit of the others."""
    return re.fullmatch(r"[0-9]{2,20}", number) is not None and check_digit(number[:-1]) == number[-1]


def insurer_number(typed: str) -> str:
    """The insurer number in what somebody typed or listed: 6 or 8 digits, full-width or padded as it may be.

    Raises `NumberError` where it has another length or its check digit is wrong.
    """
    number = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[0-9]{6}|[0-9]{8}", number):
        raise NumberError("an insurer number has 8 digits, or 6 for national health insurance")
    if not has_right_check_digit(number):
        raise NumberError("the insurer number is mistyped: its last digit does not fit the others")
    return number


def law_of(number: str) -> str | None:
    """法別番号: the first two of eight digits; None for the six of 国保, which have none."""
    return number[:2] if len(number) == 8 else None


def prefecture_of(number: str) -> str:
    """都道府県番号, two digits."""
    return number[2:4] if len(number) == 8 else number[:2]


def is_late_elderly(number: str) -> bool:
    """Whether the insurer is 後期高齢者医療, whose insured have neither symbol nor branch."""
    return law_of(number) == LATE_ELDERLY


def branch_number(typed: str) -> str:
    """枝番 as two digits; raises `NumberError`."""
    number = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[0-9]{1,2}", number):
        raise NumberError("a branch number has one or two digits")
    return number.zfill(2)


def symbol_key(symbol: str | None) -> str:
    """記号 to compare: half-width, without blanks and strokes; "" where there is none."""
    return re.sub(r"[\s/]", "", unicodedata.normalize("NFKC", symbol or ""))


def number_key(number: str | None, *, leading_zeros: bool = True) -> str:
    """番号 to compare: half-width, without blanks. Consumers differ on leading zeros; we keep them unless told."""
    key = re.sub(r"\s", "", unicodedata.normalize("NFKC", number or ""))
    return key if leading_zeros else key.lstrip("0")


def institution_code(typed: str) -> str:
    """医療機関コード, 10 digits: prefecture 2, fee table 1, number 7 with its check digit. Raises `NumberError`."""
    number = unicodedata.normalize("NFKC", typed).strip()
    if not re.fullmatch(r"[0-9]{10}", number):
        raise NumberError("a medical institution code has 10 digits")
    if not has_right_check_digit(number[3:]):
        raise NumberError("the medical institution code is mistyped: its last digit does not fit the others")
    return number
