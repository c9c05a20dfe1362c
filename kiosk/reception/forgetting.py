"""The task that erases what its time is over for: what is kept for a day, check-ins after 30, the audit log after five years.

Each erasure is an entry of the audit log with its counts (design/architecture.md, where patient data may be). It goes on in
small pieces, so that nobody at a kiosk waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from kiosk.reception import audit_cut, hand_off_rows, limits, listed, session
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.reception.store import Transaction
from kiosk.record import dates

log = logging.getLogger("kiosk.reception.forgetting")

EVERY: Final = 3600.0
"""Seconds: what is over at midnight is gone within the hour, and at every start."""

AT_ONCE: Final = 500
"""Rows of each kind that one transaction erases."""

_CHECKINS: Final = "(SELECT checkin_id FROM checkin WHERE received_at < ? ORDER BY received_at, receipt LIMIT ?)"

_KINDS: Final[dict[str, str]] = {
    "later_answer": f"DELETE FROM later_answer WHERE checkin_id IN {_CHECKINS}",  # noqa: S608 - both parts are ours
    "told_early": f"DELETE FROM told_early WHERE checkin_id IN {_CHECKINS}",  # noqa: S608
    "unvouched": f"DELETE FROM unvouched WHERE checkin_id IN {_CHECKINS}",  # noqa: S608
    # What still lies in the folder is known until it is gone: the hand-off itself erases those files.
    "hand_off": f"DELETE FROM hand_off WHERE state NOT IN ('ready', 'written') AND checkin_id IN {_CHECKINS}",  # noqa: S608
    "checkin": f"DELETE FROM checkin WHERE checkin_id IN {_CHECKINS}",  # noqa: S608
    "reader_arrival": "DELETE FROM reader_arrival WHERE arrival_id IN"
    " (SELECT arrival_id FROM reader_arrival WHERE received_at < ? ORDER BY received_at LIMIT ?)",
    "command": "DELETE FROM command WHERE seq IN"
    " (SELECT seq FROM command WHERE issued_at < ? ORDER BY issued_at LIMIT ?)",
    "kiosk_check": "DELETE FROM kiosk_check WHERE check_id IN"
    " (SELECT check_id FROM kiosk_check WHERE verified_at < ? ORDER BY verified_at LIMIT ?)",
    "help": "DELETE FROM help WHERE help_id IN"
    " (SELECT help_id FROM help WHERE received_at < ? ORDER BY received_at LIMIT ?)",
    # The last one stays: boards go on from its number.
    "event": "DELETE FROM event WHERE seq IN"
    " (SELECT seq FROM event WHERE at < ? AND seq < (SELECT max(seq) FROM event) ORDER BY at LIMIT ?)",
}
"""What belongs to patients' visits, and how it is erased: before a moment, so many at once; what hangs on others first."""


class Forgetting:
    """Erases for one desk; `every` in seconds."""

    def __init__(self, desk: Desk, every: float = EVERY) -> None:
        self._desk = desk
        self._every = every

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                await self.once()
            except StoreError:
                log.exception("not_forgotten")
            await asyncio.sleep(self._every)

    async def once(self) -> None:
        """Erase everything whose time is over. Raises `StoreError`."""
        store, settings = self._desk.store, self._desk.settings
        for change in (listed.forget, limits.forget, session.forget, hand_off_rows.forget):
            await store.write(change)
        pieces = (
            erased_visits(timedelta(days=settings.keep_checkins_days)),
            audit_cut.cut(timedelta(days=settings.keep_audit_days)),
        )
        for piece in pieces:
            more = True
            while more:
                more = await store.write(piece)


def erased_visits(kept: timedelta) -> Callable[[Transaction], bool]:
    """Erase a piece of what is older than `kept`; whether there may be more."""

    def change(transaction: Transaction) -> bool:
        before = dates.instant_text(transaction.now - kept)
        counts = {name: transaction.run(sql, before, AT_ONCE) for name, sql in _KINDS.items()}
        if not any(counts.values()):
            return False
        told = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
        transaction.audit("reception", "erased", note=told)
        return any(count >= AT_ONCE for count in counts.values())

    return change
