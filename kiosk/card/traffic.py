"""The traffic log: every command as it goes to the card, for tests and simulation only.

It is a level of its own, below DEBUG, that no setting, environment or command line of a kiosk can reach: a booth takes it
only from the caller that starts it, and only while every root it trusts is marked simulated (`kiosk.card.booth`). Even
there it shows no data but that of SELECT, and of answers the length alone: a PIN is in no line of it.
"""

from __future__ import annotations

import logging

from kiosk import journal
from kiosk.card.apdu import Apdu, CardConnection

TRAFFIC = 5
logging.addLevelName(TRAFFIC, "TRAFFIC")

_log = logging.getLogger("kiosk.card.traffic")

_HEADER = 4
_SELECT = 0xA4


class TrafficLog:
    """A `CardConnection` that writes one line for each command of the one below it."""

    def __init__(self, connection: CardConnection) -> None:
        self._connection = connection

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """The card's answer. Raises what the connection raises."""
        shown = _shown(apdu)
        try:
            answer, status_word = self._connection.transmit(apdu)
        except BaseException:
            _log.log(TRAFFIC, "apdu_unanswered", extra=journal.numbers(command=shown))
            raise
        _log.log(TRAFFIC, "apdu", extra=journal.numbers(command=shown, answer=len(answer), sw=f"{status_word:04X}"))
        return answer, status_word


def switch_on() -> None:
    """Let the lines through to the journal of this process."""
    _log.setLevel(TRAFFIC)


def _shown(apdu: Apdu) -> str:
    header = bytes(apdu[:_HEADER]).hex().upper()
    more = len(apdu) - _HEADER
    if more <= 0:
        return header
    # A command without data has its Le alone, in one byte or three; anything longer has data, and only SELECT's is public.
    if more == 1 or (more == 3 and apdu[_HEADER] == 0) or apdu[1] == _SELECT:
        return f"{header} {bytes(apdu[_HEADER:]).hex().upper()}"
    return f"{header} ({more} bytes)"
