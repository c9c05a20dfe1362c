"""Telling open connections: a bounded queue for each, a server-sent event stream out of it, and the cut for a stuck one.

A listener that does not read is cut off, and replays what it missed when it comes back (Last-Event-ID): nothing waits
for the slowest browser (domain/reception-and-reliability.md 2.2).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Generic, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Send

from kiosk import journal

log = logging.getLogger("kiosk.reception.feed")

_T = TypeVar("_T")

ROOM_FOR = 256
"""Messages that may wait for one listener."""

SEND_WITHIN = 20.0
"""Seconds that one chunk may take to leave; after that the peer is taken for gone."""


class Listener(Generic[_T]):
    """One open connection's queue."""

    def __init__(self, room: int) -> None:
        self._queue: asyncio.Queue[_T | None] = asyncio.Queue(room + 1)
        self._room = room
        self.cut = False

    def offer(self, message: _T) -> None:
        """Queue a message, or cut the listener off if it has stopped reading."""
        if self.cut:
            return
        if self._queue.qsize() >= self._room:
            self.cut = True
            self._queue.put_nowait(None)
            log.warning("listener_cut")
        else:
            self._queue.put_nowait(message)

    def end(self) -> None:
        """Let the connection end after what is queued."""
        if not self.cut:
            self.cut = True
            self._queue.put_nowait(None)

    async def next(self, within: float) -> _T | None:
        """The next message; None when cut off. Raises `TimeoutError` after `within` seconds without any."""
        async with asyncio.timeout(within):
            return await self._queue.get()


class Feed(Generic[_T]):
    """Everybody who listens to one kind of message. Lives on the event loop's thread."""

    def __init__(self, room: int = ROOM_FOR) -> None:
        self._room = room
        self._listeners: dict[Listener[_T], Callable[[_T], bool]] = {}
        self._closed = False

    @contextlib.contextmanager
    def listen(self, wanted: Callable[[_T], bool] = lambda _: True) -> Iterator[Listener[_T]]:
        """A listener from now on, for the messages that `wanted` accepts."""
        listener: Listener[_T] = Listener(self._room)
        if self._closed:
            listener.end()
        self._listeners[listener] = wanted
        try:
            yield listener
        finally:
            del self._listeners[listener]

    def publish(self, message: _T) -> None:
        """Offer a message to everybody who wants it."""
        for listener, wanted in self._listeners.items():
            if wanted(message):
                listener.offer(message)

    def close(self) -> None:
        """End every connection, now and later."""
        self._closed = True
        for listener in self._listeners:
            listener.end()

    def __len__(self) -> int:
        return len(self._listeners)


def sse(event: str, content: object, seq: int | None = None) -> bytes:
    """One server-sent event; with `seq`, browsers repeat it as Last-Event-ID."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {event}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n".encode()


class EventStream(StreamingResponse):
    """A `text/event-stream` response that ends, rather than waits for ever, where the peer has stopped reading."""

    def __init__(self, chunks: AsyncGenerator[bytes], headers: Mapping[str, str] | None = None) -> None:
        self._chunks = chunks
        super().__init__(
            chunks,
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})},
        )

    async def stream_response(self, send: Send) -> None:  # noqa: D102
        async def send_soon(message: Mapping[str, object]) -> None:
            async with asyncio.timeout(SEND_WITHIN):
                await send(dict(message))

        try:
            await super().stream_response(send_soon)
        except TimeoutError:
            log.warning("listener_stuck", extra=journal.numbers(seconds=SEND_WITHIN))
        finally:
            await self._chunks.aclose()
