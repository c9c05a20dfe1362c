"""One reception: its settings, key, store, the way to its terminal, and the feeds that tell kiosks and boards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from kiosk.reception import seal
from kiosk.reception.feed import Feed
from kiosk.reception.lookups import LookUps
from kiosk.reception.settings import ReceptionSettings, StaffMember
from kiosk.reception.store import DeskEvent, Store
from kiosk.staff.commands import Command


class Desk:
    """Opened on the event loop it will live on. Raises `StartError` or `SettingsError`; `close` lets everything go."""

    def __init__(self, settings: ReceptionSettings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.settings = settings
        self.clock = clock
        self.board: Feed[DeskEvent] = Feed()
        self.line: Feed[Command] = Feed()
        self.arrivals = asyncio.Event()
        """Set whenever a check-in was kept; whoever waits for it clears it."""
        self.reader_away = False
        """Whether the folder of the official reader's results cannot be reached: its arrivals do not come meanwhile."""
        self.lookups = LookUps(settings.terminal, clock)
        self.key = seal.load_or_make(settings.key_file, settings.database)
        self._loop = asyncio.get_running_loop()
        self.store = Store(settings.database, self.key.key_id, self._committed, clock)

    def member(self, staff_id: str) -> StaffMember | None:
        """Who at this desk has the id, if anybody."""
        return next((member for member in self.settings.staff if member.id == staff_id), None)

    def hush(self) -> None:
        """End the streams of boards and kiosks, so that the doors can close."""
        self.board.close()
        self.line.close()

    def close(self) -> None:
        """Let terminal and store go; the doors are closed by then."""
        self.hush()
        self.lookups.close()
        self.store.close()

    def _committed(self, events: list[DeskEvent], commands: list[Command]) -> None:
        """On the writer's thread, after each COMMIT."""
        self._loop.call_soon_threadsafe(self._publish, events, commands)

    def _publish(self, events: list[DeskEvent], commands: list[Command]) -> None:
        for command in commands:
            self.line.publish(command)
        for event in events:
            self.board.publish(event)
            if event.kind == "checkin" and event.flags.get("new"):
                self.arrivals.set()
