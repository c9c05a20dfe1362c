"""English second: every Japanese text that somebody at the staff door can read, by that text. Data only, joined here.

`WORDS` are whole texts; `PAGES` those that mean something else on one page, by its name. `PATTERNS` are texts with something
in them: the groups of the whole match are said in English too and put in their places ({0}), or put there as they are
({raw[0]}).
"""

from __future__ import annotations

import re
from typing import Final

from kiosk.reception import english_board, english_day, english_lookup, english_refusals, english_staff

PARTS: Final = (english_board, english_day, english_staff, english_lookup, english_refusals)

WORDS: Final[dict[str, str]] = {text: said for part in PARTS for text, said in part.WORDS.items()}

PAGES: Final[dict[str, dict[str, str]]] = (
    english_board.PAGES | english_day.PAGES | english_staff.PAGES | english_lookup.PAGES
)

PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), said) for part in PARTS[::-1] for pattern, said in part.PATTERNS
)
"""The board's own last: one of them takes any text with a ： in it."""
