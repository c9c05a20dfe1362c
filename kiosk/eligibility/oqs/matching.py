"""Whether two names, or two insurances, are the same person's: rules of those who match such files (section 8).

The clinic's own number for the patient (照会番号) comes first; then kana and birth date; then the insurance. The name of
the insured (世帯主) is never used.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from kiosk.eligibility.oqs.encoding import LOST
from kiosk.eligibility.oqs.numbers import number_key, symbol_key

_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_HIRAGANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_SELECTORS = re.compile("[\u180b-\u180d\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def kana_key(kana: str | None) -> str:
    """氏名カナ to compare: full-width katakana, no blanks, small kana as large ones; "" where there is none."""
    folded = unicodedata.normalize("NFKC", kana or "").translate(_HIRAGANA).translate(_SMALL)
    return re.sub(r"\s", "", folded)


def same_name(one: str, other: str) -> bool:
    """Whether two names in kanji may be the same: ● stands for any one character, glyph variants for their character."""
    first, second = _name_key(one), _name_key(other)
    return len(first) == len(second) and all(a == b or LOST in (a, b) for a, b in zip(first, second, strict=True))


def _name_key(name: str) -> str:
    return re.sub(r"\s", "", _SELECTORS.sub("", unicodedata.normalize("NFKC", _SELECTORS.sub("", name))))


def insurance_key(
    on: date, insurer: str | None, symbol: str | None, number: str | None, branch: str | None
) -> tuple[date, str, str, str, str]:
    """資格確認日, 保険者番号, 記号, 番号, 枝番: what tells one confirmation of one insurance from every other."""
    return (on, (insurer or "").strip(), symbol_key(symbol), number_key(number), (branch or "").strip())
