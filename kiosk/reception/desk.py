"""One reception: its settings, key, store, the way to its terminal, and the feeds that tell kiosks and boards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from kiosk import journal
from kiosk.reception import seal
from kiosk.reception.audit import Chain
from kiosk.reception.database import Connection, Engine
from kiosk.reception.feed import Feed
from kiosk.reception.lookups import LookUps
from kiosk.reception.news import News
from kiosk.reception.passwords import Hasher
from kiosk.reception.settings import ReceptionSettings
from kiosk.reception.sqlite_engine import SqliteEngine
from kiosk.reception.store import DeskEvent, EventKind, Store
from kiosk.staff.commands import Command

log = logging.getLogger("kiosk.reception.desk")


@dataclass(frozen=True)
class AuthorityState:
    """Of the authority that this reception has read: when it ends, and whether it was replaced by a newer one."""

    ends: datetime
    outdated: bool


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
        self.authority: AuthorityState | None = None
        """None without one, and until it was looked at (`kiosk.reception.trust.check`)."""
        self.duty_changed = asyncio.Event()
        self.lookups = LookUps(settings.terminal, clock)
        self.key = seal.load_or_make(settings.key_file, settings.database)
        self.hasher = Hasher(settings.password_hashing)
        self.on_duty = asyncio.Event()
        """Set while this node does what only one may do; where several share a database, one of them."""
        self._loop = asyncio.get_running_loop()
        engine = _engine(settings, self.key.key_id)
        self.store = Store(engine, Chain(self.key.derived(b"kiosk audit")), self._committed, clock)
        self._news = News(self._committed)
        self._open = contextlib.ExitStack()
        self._open.enter_context(engine.listen(self))

    def hush(self) -> None:
        """End the streams of boards and kiosks, so that the doors can close."""
        self.board.close()
        self.line.close()

    def close(self) -> None:
        """Let terminal and store go; the doors are closed by then."""
        self.hush()
        self.lookups.close()
        self._open.close()
        self.store.close()

    def announced(self, connection: Connection, passing: Sequence[tuple[str, dict[str, object]]]) -> None:
        """A node has committed something. On the listener's thread."""
        self._news.look(connection, [DeskEvent(None, cast("EventKind", kind), flags) for kind, flags in passing])

    def duty(self, on_duty: bool) -> None:
        """Whether this node is the one that does what only one may do. On the listener's thread."""
        self._loop.call_soon_threadsafe(self._take_duty, on_duty)

    def _take_duty(self, on_duty: bool) -> None:
        if on_duty is not self.on_duty.is_set():
            log.info("duty", extra=journal.numbers(on_duty=on_duty))
            if on_duty:
                self.on_duty.set()
            else:
                self.on_duty.clear()
            self.duty_changed.set()

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


def _engine(settings: ReceptionSettings, key_id: str) -> Engine:
    if settings.postgresql is not None:
        from kiosk.reception.postgres_engine import PostgresqlEngine  # noqa: PLC0415 - only where there is one

        return PostgresqlEngine(settings.postgresql, key_id)
    assert settings.database is not None  # noqa: S101 - the settings have one of the two
    return SqliteEngine(settings.database, key_id)
