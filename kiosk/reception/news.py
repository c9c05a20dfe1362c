"""What any node has committed since this one last looked: read by number, in the order of the commits, each thing once."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from kiosk.reception import replay, visual
from kiosk.reception.database import Connection
from kiosk.reception.store import DeskEvent, Publish
from kiosk.staff.commands import Command


class News:
    """Hands events and commands on to `publish`; the first look only notes where they stand."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._event: int | None = None
        self._command = 0

    def look(self, connection: Connection, passing: Sequence[DeskEvent]) -> None:
        """Read what is new; `passing` is told with it, as it came."""
        with self._lock:
            if self._event is None:
                self._event, self._command = replay.newest(connection), visual.newest(connection)
                return
            events: list[DeskEvent] = []
            while missed := replay.events_after(self._event)(connection):
                events += missed
                self._event = missed[-1].seq or self._event
                if len(missed) < replay.AT_ONCE:
                    break
            commands: list[Command] = []
            for seq, command in visual.issued_after(self._command)(connection):
                commands.append(command)
                self._command = seq
            if events or passing or commands:
                self._publish([*events, *passing], commands)
