"""Server-sent events, as far as the line needs them (WHATWG HTML, "Server-sent events"): event, data, comments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kiosk.delivery.errors import ReceptionError

MAX_EVENT = 64 * 1024
"""Bytes of one event, comments between events included."""

_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class ServerEvent:
    """One event; `kind` is "message" where the stream named none."""

    kind: str
    data: str


class EventReader:
    """Cuts a byte stream into events."""

    def __init__(self) -> None:
        self._rest = b""
        self._kind = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that `chunk` completes; raises `ReceptionError` when one grows beyond `MAX_EVENT`."""
        events: list[ServerEvent] = []
        text = self._rest + chunk
        # A CR at the very end may be half of a CR LF: it waits for the next chunk.
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, last = _LINE_END.split(text[: len(text) - len(held)])
        self._rest = last + held
        for line in lines:
            if line:
                self._field(line)
            else:
                events += self._dispatched()
        if len(self._rest) + self._size > MAX_EVENT:
            raise ReceptionError(f"an event on the line is larger than {MAX_EVENT} bytes", "event_too_large")
        return events

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"event":
            self._kind = text
        elif name == b"data":
            self._data.append(text)
        else:
            return
        self._size += len(line)
        if self._size > MAX_EVENT:
            raise ReceptionError(f"an event on the line is larger than {MAX_EVENT} bytes", "event_too_large")

    def _dispatched(self) -> list[ServerEvent]:
        complete = [ServerEvent(self._kind or "message", "\n".join(self._data))] if self._data else []
        self._kind, self._data, self._size = "", [], 0
        return complete
