"""The task that erases what is kept for a day only, once that day is over."""

from __future__ import annotations

import asyncio
import logging

from kiosk.reception import listed
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError

log = logging.getLogger("kiosk.reception.forgetting")

EVERY = 3600.0
"""Seconds: what is over at midnight is gone within the hour, and at every start."""


class Forgetting:
    """Erases for one desk; `every` in seconds."""

    def __init__(self, desk: Desk, every: float = EVERY) -> None:
        self._desk = desk
        self._every = every

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            try:
                await self._desk.store.write(listed.forget)
            except StoreError:
                log.exception("not_forgotten")
            await asyncio.sleep(self._every)
