"""What a board missed, and the few words that the store keeps about itself."""

from __future__ import annotations

import json
from collections.abc import Callable

from kiosk.reception.database import Connection
from kiosk.reception.store import DeskEvent

AT_ONCE = 200


def newest(connection: Connection) -> int:
    """The number of the last event ever told, 0 if none was."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) AS newest FROM event").fetchone()["newest"])


def events_after(seq: int) -> Callable[[Connection], list[DeskEvent]]:
    """The next events after `seq`, in order, at most 200: ask again until there are none."""

    def question(connection: Connection) -> list[DeskEvent]:
        found = connection.execute("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, AT_ONCE))
        return [DeskEvent(row["seq"], row["kind"], json.loads(row["flags"])) for row in found]

    return question


def session_key(connection: Connection) -> str:
    """What sessions are signed with, in hex."""
    return str(connection.execute("SELECT value FROM meta WHERE name = 'session_key'").fetchone()["value"])
