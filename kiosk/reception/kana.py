"""氏名カナ as rows are found by it: half and full width, hiragana and katakana, small and large all one."""

from __future__ import annotations

import unicodedata
from typing import Final

from kiosk.record.checkin import Eligibility

LONGEST: Final = 40
"""Characters of a name that are looked at."""

_SMALL: Final = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_BAR: Final = str.maketrans("-‐‑–—―−", "ー" * 7)
_TO_KATAKANA: Final = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_BEYOND: Final = "g"
"""Sorts behind every hexadecimal digit, in whichever order a database sorts texts."""


def folded(text: str) -> str:
    """The letters of `text` as they are compared: large katakana, capital letters, figures; no spaces, no marks between."""
    katakana = unicodedata.normalize("NFKC", text).translate(_BAR).translate(_TO_KATAKANA).translate(_SMALL).upper()
    return "".join(letter for letter in katakana if letter.isalnum() or letter == "ー")[:LONGEST]


def key(text: str) -> str:
    """What the columns `kana` hold: the folded letters as hexadecimal, which any database sorts the same way."""
    return folded(text).encode("utf-16-be").hex()


def key_of(eligibility: Eligibility) -> str:
    """The key of the first person whom an answer names, "" where it names nobody."""
    names = (key(result.name_kana or "") for result in eligibility.results)
    return next(filter(None, names), "")


def between(beginning: str) -> tuple[str, str]:
    """The keys of all names that begin so: from the first (inclusive) to the second (exclusive)."""
    first = key(beginning)
    return first, first + _BEYOND
