"""Today's date in Japan, where the machine's clock can be believed.

A date only narrows what check number B may be; a clock that nobody set must not refuse a card that is good.
"""

from __future__ import annotations

import ctypes
from datetime import UTC, date, datetime

from kiosk.record import dates

_TIMEX_BYTES = 208
"""`struct timex` on 64-bit Linux (adjtimex(2)); all zero: change nothing, only tell."""
_TIME_ERROR = 5
"""What adjtimex(2) returns while the clock is not synchronised."""


def today_if_sure() -> date | None:
    """Today in Japan; None while no time server has set the clock, or the machine cannot tell."""
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return dates.japanese_day(datetime.now(UTC)) if 0 <= state < _TIME_ERROR else None
