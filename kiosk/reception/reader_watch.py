"""The task that brings arrivals at the official reader to the board.

A thread of its own looks into the terminal's folder `face` and does nothing but read there: a share can hang for minutes,
and nobody at the desk shall notice. What it saw is kept before the next look is told of; after a restart what was kept is
not told again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from kiosk import journal
from kiosk.eligibility.terminal.arrivals import Arrival, ArrivalsFolder, FailedArrival
from kiosk.eligibility.terminal.errors import ShareError
from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception import reader_rows
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.record import dates

log = logging.getLogger("kiosk.reception.reader_watch")

LOOK_EVERY = 1.0
"""Seconds between two looks; an arrival takes two (domain/oqs-interface.md section 8: others rescan each 0.5 to 1 s)."""

AWAY_TIMES = 10
"""How much longer it waits for the next look where the folder cannot be reached."""

STORE_AGAIN_EVERY = 2.0

_Came = Sequence[Arrival | FailedArrival] | bool
"""What a look saw; or whether the folder is away, where that has changed."""


class ReaderWatch:
    """Watches for one desk; `look_every` in seconds."""

    def __init__(self, desk: Desk, look_every: float = LOOK_EVERY) -> None:
        self._desk = desk
        self._look_every = look_every

    async def run(self) -> None:
        """Go on until cancelled; at once over where the settings name no `face` folder."""
        settings = self._desk.settings.terminal
        if settings is None or settings.face is None:
            return
        today = dates.japanese_day(self._desk.clock())
        known = await self._desk.store.read(reader_rows.known_keys(today))
        came: asyncio.Queue[_Came] = asyncio.Queue()
        loop, ended = asyncio.get_running_loop(), threading.Event()

        def tell(found: _Came) -> None:
            with contextlib.suppress(
                RuntimeError
            ):  # the loop is closed: reception has ended, the folder stays as it is
                loop.call_soon_threadsafe(came.put_nowait, found)

        eyes = _Eyes(settings, known, self._desk.clock, self._look_every, ended)
        # A thread that no end of reception waits for: a share that hangs would hold it.
        threading.Thread(target=eyes.look_on, args=(tell,), name="reader-watch", daemon=True).start()
        try:
            while True:
                found = await came.get()
                if isinstance(found, bool):
                    await self._tell_away(away=found)
                else:
                    for one in found:
                        await self._keep(one)
        finally:
            ended.set()

    async def _tell_away(self, *, away: bool) -> None:
        self._desk.reader_away = away
        try:
            await self._desk.store.write(lambda transaction: transaction.tell("reader", away=away))
        except StoreError:
            log.exception("reader_folder_not_told")

    async def _keep(self, one: Arrival | FailedArrival) -> None:
        """Keep it, however long the store is in trouble: the folder tells of it once only."""
        while True:
            try:
                new = await self._desk.store.write(reader_rows.keep(one))
            except StoreError:
                log.exception("arrival_not_kept")
                await asyncio.sleep(STORE_AGAIN_EVERY)
                continue
            log.info("arrival_kept", extra=journal.numbers(new=new, failed=isinstance(one, FailedArrival)))
            return


class _Eyes:
    """What the thread does."""

    def __init__(
        self,
        settings: TerminalSettings,
        known: Sequence[str],
        clock: Callable[[], datetime],
        look_every: float,
        ended: threading.Event,
    ) -> None:
        self._folder = ArrivalsFolder(settings, known, clock)
        self._look_every = look_every
        self._ended = ended

    def look_on(self, tell: Callable[[_Came], None]) -> None:
        away = False
        while not self._ended.is_set():
            try:
                found = self._folder.new()
            except ShareError as error:
                if not away:
                    log.warning("reader_folder_away", extra=journal.numbers(code=error.code))
                    tell(True)
                away = True
                self._ended.wait(AWAY_TIMES * self._look_every)
                continue
            if away:
                log.info("reader_folder_back")
                tell(False)
                away = False
            if found:
                tell(found)
            self._ended.wait(self._look_every)
