"""Where a line may end: at phrases in Japanese, Chinese and Thai (budoux), at spaces elsewhere. No pygame.

Never before 。 or after 「, never between a number and its unit. What is wider than a line is cut between whole letters:
in Burmese and Devanagari these are syllables and conjuncts, in Thai what a vowel sign belongs to.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

import budoux

NO_START = frozenset(
    "、。，．・：；？！!?,.:;)）」』】〕］｝〉》”’％%ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々〻ゝゞヽヾ…‥〜～၊။।"
)
"""Never first in a line (JIS X 4051 and GB/T 15834, line-start prohibition; the Burmese and Devanagari full stops)."""
NO_END = frozenset("(（「『【〔［｛〈《“‘￥¥¿¡")
"""Never last in a line."""

_WORDS = re.compile(r"[^ \t\u3000]+[ \t\u3000]*|[ \t\u3000]+")
"""Words with the spaces behind them. A no-break space (U+00A0) is none of these."""
_ENDS_WITH_NUMBER = re.compile(r"(?:^|[\s(（])[\d.,]*\d\s+$")

_VIRAMA = frozenset("\u094d\u1039\u200d")
"""What ties the next letter to the one before: the viramas of Devanagari and Burmese, and the joiner."""
_BEFORE_ITS_LETTER = frozenset("เแโใไ")
"""Thai vowels that are written before their consonant."""
_AFTER_ITS_LETTER = frozenset("ะาำๅๆฯ")
"""Thai vowels and signs that are written after it and are no marks to Unicode."""
_CLOSED = re.compile("[\u1000-\u1021]\u1037?[\u1039\u103a]")
"""A Burmese consonant that ends its syllable (asat) or stands over the next (virama)."""

CLAUSE_ENDS = frozenset("、。，．,.!?！？၊။।")
CLAUSE = 0.12
"""How much unevenness a line's end at a clause is worth: a third of the width left empty. Judged by eye."""

Measure = Callable[[str], int]

_PARSERS: Mapping[str, Callable[[], budoux.Parser]] = {
    "ja": budoux.load_default_japanese_parser,
    "zh-Hans": budoux.load_default_simplified_chinese_parser,
    "zh-Hant": budoux.load_default_traditional_chinese_parser,
    "th": budoux.load_default_thai_parser,
}
"""The languages that write no spaces between words. Easy Japanese (ja-simple) does, and breaks only there."""


def joins(character: str) -> bool:
    """Whether the character belongs to the one before it: a variation selector (異体字), a combining mark, a joiner."""
    point = ord(character)
    selector = 0xFE00 <= point <= 0xFE0F or 0xE0100 <= point <= 0xE01EF
    return selector or point == 0x200D or unicodedata.category(character) in {"Mn", "Me", "Mc"}


def phrases(text: str, language: str = "ja") -> list[str]:
    """The smallest pieces that stay together if they can; joined they are `text`."""
    cut = _WORDS.findall(text)
    if language in _PARSERS:
        cut = [word for phrase in _parser(language).parse(text) for word in _WORDS.findall(phrase)]
    whole: list[str] = []
    for piece in cut:
        if whole and _held(whole[-1], piece):
            whole[-1] += piece
        else:
            whole.append(piece)
    return whole


def break_lines(text: str, width: int, measure: Measure, language: str = "ja") -> tuple[str, ...]:
    """The text in lines of at most `width` pixels as `measure` sees them.

    They are as few as can be, then as even in length as that allows, and rather end with a clause. A newline in the text
    always ends a line; there are no empty lines. A phrase wider than `width` is cut inside, and a single letter wider than
    `width` stands alone.
    """
    return tuple(line for part in text.split("\n") for line in _even(phrases(part.strip(), language), width, measure))


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
        *full, line = _cut_evenly(piece, width, measure)
        lines += full
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _cut_evenly(piece: str, width: int, measure: Measure) -> list[str]:
    """The piece in as few lines as can be, none much longer than another: not 1つ消 and す, but 1つ and 消す."""
    parts = _cut(piece, width, measure)
    while len(parts) > 1:
        narrower = max(measure(part.rstrip()) for part in parts) - 1
        closer = _cut(piece, narrower, measure)
        if len(closer) > len(parts) or max(measure(part.rstrip()) for part in closer) > narrower:
            break
        parts = closer
    return parts


def _cut(piece: str, width: int, measure: Measure) -> list[str]:
    parts = [""]
    for cluster in clusters(piece):
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


def clusters(piece: str) -> list[str]:
    """Letters with what belongs to them: selectors, marks, the rest of a syllable, and what may not start a line."""
    found: list[str] = []
    for at, character in enumerate(piece):
        before = piece[at - 1] if at else ""
        belongs = joins(character) or character in NO_START or character in _AFTER_ITS_LETTER or character.isspace()
        tied = before in _VIRAMA or before in _BEFORE_ITS_LETTER or _CLOSED.match(piece, at) is not None
        if found and (belongs or tied):
            found[-1] += character
        else:
            found.append(character)
    return found


def _held(before: str, after: str) -> bool:
    """Whether a line may not end between the two pieces."""
    last, first = before[-1], after[0]
    if last.isspace() and first.isalpha():
        return _ENDS_WITH_NUMBER.search(before) is not None
    latin = last.isascii() and last.isalnum() and first.isascii() and first.isalnum()
    counted = last.isdigit() and first.isalpha()
    return latin or counted or first in NO_START or last in NO_END or joins(first) or first.isspace()


@lru_cache(maxsize=len(_PARSERS))
def _parser(language: str) -> budoux.Parser:
    return _PARSERS[language]()
