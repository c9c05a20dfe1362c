"""個人単位被保険者番号: the four numbers a person is asked for by, and whether an answer has the same ones.

Compared are letters and digits only, half-width, numbers without leading zeros: systems differ on the rest
(domain/oqs-interface.md section 7.2), and the birth date is compared beside them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from kiosk.eligibility.oqs import numbers
from kiosk.eligibility.oqs.errors import NumberError
from kiosk.eligibility.oqs.numbers import number_key, symbol_key


@dataclass(frozen=True, repr=False, kw_only=True)
class InsuredNumber:
    """保険者番号, 記号, 番号, 枝番, as typed or filed; 後期高齢者医療 has neither symbol nor branch. Raises `NumberError`."""

    insurer: str
    number: str
    symbol: str | None = None
    branch: str | None = None

    def __post_init__(self) -> None:
        insurer = numbers.insurer_number(self.insurer)
        late_elderly = numbers.is_late_elderly(insurer)
        symbol = None if late_elderly else _text(self.symbol, "an insured symbol")
        branch = None if late_elderly or not (self.branch or "").strip() else numbers.branch_number(self.branch or "")
        number = _text(self.number, "an insured number")
        if number is None:
            raise NumberError("an insured number is missing")
        for name, plain in (("insurer", insurer), ("number", number), ("symbol", symbol), ("branch", branch)):
            object.__setattr__(self, name, plain)

    def __repr__(self) -> str:
        return "InsuredNumber(...)"

    def differs_from(
        self, insurer: str | None, symbol: str | None, number: str | None, branch: str | None
    ) -> str | None:
        """Which of the numbers an answer has differently, as a word for a sentence; what it does not say does not differ."""
        pairs = (
            ("insurer number", self.insurer, insurer),
            ("symbol", self.symbol, symbol),
            ("number", self.number, number),
            ("branch", self.branch, branch),
        )
        return next((what for what, ours, theirs in pairs if ours and theirs and _key(ours) != _key(theirs)), None)

    def key(self) -> str:
        """All four as one text to compare."""
        return key_of(self.insurer, self.symbol, self.number, self.branch)


def key_of(insurer: str | None, symbol: str | None, number: str | None, branch: str | None) -> str:
    """`InsuredNumber.key` of numbers as a message has them."""
    return "/".join(_key(part or "") for part in (insurer, symbol, number, branch))


def _key(text: str) -> str:
    plain = symbol_key(number_key(text))
    return "".join(sign for sign in plain if sign.isalnum()).lstrip("0")


def _text(typed: str | None, what: str) -> str | None:
    plain = unicodedata.normalize("NFC", typed or "").strip()
    if len(plain) > 20:
        raise NumberError(f"{what} has at most 20 characters")
    return plain or None
