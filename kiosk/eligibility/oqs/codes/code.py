"""What a code is: the text in the XML, and what it means in two languages. One that no table has is kept as it came."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Code(StrEnum):
    """A code as it stands in the XML; `label` is what it means in Japanese, `english` in English."""

    label: str
    english: str

    def __new__(cls, code: str, label: str, english: str) -> Self:
        """A member from its code and its two labels."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        member.english = english
        return member


class UnknownCode(str):
    """A code that its table does not have, as it came: tables grow, and a reader must not lose what it does not know."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UnknownCode(...)"


def label_of(code: Code | UnknownCode) -> str:
    """What to show in Japanese: the label, or the code itself where no table has it."""
    return code.label if isinstance(code, Code) else str(code)


def english_of(code: Code | UnknownCode) -> str:
    """What to show in English: the label, or the code itself where no table has it."""
    return code.english if isinstance(code, Code) else str(code)
