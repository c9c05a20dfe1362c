"""Where a line may end: at phrases in Japanese (budoux), at spaces elsewhere, never before 。 or after 「. No pygame."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

import budoux

NO_START = frozenset(
    "、。，．・：；？！!?,.:;)）」』】〕］｝〉》”’％%ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々〻ゝゞヽヾ…‥〜～"
)
"""Never first in a line (JIS X 4051, line-start prohibition)."""
NO_END = frozenset("(（「『【〔［｛〈《“‘￥¥")
"""Never last in a line."""

_CJK = re.compile(r"[぀-ヿ㐀-鿿豈-﫿\U00020000-\U0003ffff]")
_THAI = re.compile(r"[฀-๿]")
_WORDS = re.compile(r"\S+\s*|\s+")

CLAUSE_ENDS = frozenset("、。，．,.!?！？")
CLAUSE = 0.12
"""How much unevenness a line's end at a clause is worth: a third of the width left empty. Judged by eye."""

Measure = Callable[[str], int]


def joins(character: str) -> bool:
    """Whether the character belongs to the one before it: a variation selector (異体字), a combining mark, a joiner."""
    point = ord(character)
    selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
    return selector or point == 0x200D or unicodedata.category(character) in {"Mn", "Me", "Mc"}


def phrases(text: str) -> list[str]:
    """The smallest pieces that stay together if they can; joined they are `text`."""
    if _CJK.search(text):
        cut = [word for phrase in _japanese().parse(text) for word in _WORDS.findall(phrase)]
    elif _THAI.search(text):
        cut = [word for phrase in _thai().parse(text) for word in _WORDS.findall(phrase)]
    else:
        cut = _WORDS.findall(text)
    whole: list[str] = []
    for piece in cut:
        if whole and _held(whole[-1][-1], piece[0]):
            whole[-1] += piece
        else:
            whole.append(piece)
    return whole


def break_lines(text: str, width: int, measure: Measure) -> tuple[str, ...]:
    """The text in lines of at most `width` pixels as `measure` sees them.

    They are as few as can be, then as even in length as that allows, and rather end with a clause. A newline in the text always ends a line; there are no empty lines. A phrase wider than `width` is cut inside, and a
    single character wider than `width` stands alone.
    """
    return tuple(line for part in text.split("\n") for line in _even(phrases(part.strip()), width, measure))


def _even(pieces: list[str], width: int, measure: Measure) -> list[str]:
    lines = _fill(pieces, width, measure)
    if len(lines) < 2 or max(measure(piece.rstrip()) for piece in pieces) > width:
        return lines
    # The least cost of the first `end` pieces on so many lines, and where the last of these lines begins.
    best: dict[tuple[int, int], tuple[float, int]] = {(0, 0): (0.0, 0)}
    for end in range(1, len(pieces) + 1):
        for start in range(end - 1, -1, -1):
            line = "".join(pieces[start:end]).rstrip()
            wide = measure(line)
            if wide > width:
                break
            cost = (1 - wide / width) ** 2 - (CLAUSE if line[-1:] in CLAUSE_ENDS else 0)
            for number in range(1, len(lines) + 1):
                before = best.get((start, number - 1))
                if before and before[0] + cost < best.get((end, number), (math.inf, 0))[0]:
                    best[end, number] = before[0] + cost, start
    chosen: list[str] = []
    end = len(pieces)
    for number in range(len(lines), 0, -1):
        start = best[end, number][1]
        chosen.append("".join(pieces[start:end]).rstrip())
        end = start
    return chosen[::-1]


def _fill(pieces: list[str], width: int, measure: Measure) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in pieces:
        if measure((line + piece).rstrip()) <= width:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        *full, line = _cut(piece, width, measure)
        lines += full
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _cut(piece: str, width: int, measure: Measure) -> list[str]:
    parts = [""]
    for cluster in _clusters(piece):
        if parts[-1] and measure((parts[-1] + cluster).rstrip()) > width:
            parts.append(_carry(parts))
        parts[-1] += cluster
    return parts


def _carry(parts: list[str]) -> str:
    """Take back from the full line an opening bracket that would end it."""
    kept = parts[-1].rstrip("".join(NO_END))
    carried = parts[-1][len(kept) :] if kept else ""
    if carried:
        parts[-1] = kept
    return carried


def _clusters(piece: str) -> list[str]:
    """Characters with what belongs to them: selectors, marks, and punctuation that may not start a line."""
    clusters: list[str] = []
    for character in piece:
        if clusters and (joins(character) or character in NO_START or character.isspace()):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _held(before: str, after: str) -> bool:
    latin = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
    return latin or after in NO_START or before in NO_END or joins(after) or after.isspace()


@lru_cache(maxsize=1)
def _japanese() -> budoux.Parser:
    return budoux.load_default_japanese_parser()


@lru_cache(maxsize=1)
def _thai() -> budoux.Parser:
    return budoux.load_default_thai_parser()
