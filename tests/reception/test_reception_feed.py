"""Feeds: bounded for each listener, and never waiting for the slowest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from typing import Any

import pytest

from kiosk.reception import feed
from kiosk.reception.feed import EventStream, Feed

pytestmark = pytest.mark.anyio


async def test_a_listener_hears_what_it_wants_in_order() -> None:
    numbers: Feed[int] = Feed()
    with numbers.listen(lambda number: number % 2 == 0) as even:
        for number in range(5):
            numbers.publish(number)
        assert [await even.next(1) for _ in range(3)] == [0, 2, 4]
        with pytest.raises(TimeoutError):
            await even.next(0.01)
    assert len(numbers) == 0


async def test_a_listener_that_does_not_read_is_cut_and_others_are_not() -> None:
    numbers: Feed[int] = Feed(room=3)
    with numbers.listen() as stuck, numbers.listen() as reading:
        for number in range(10):
            numbers.publish(number)
            assert await reading.next(1) == number
        assert [await stuck.next(1) for _ in range(4)] == [0, 1, 2, None]
        assert stuck.cut
        assert not reading.cut


async def test_a_closed_feed_ends_its_listeners_and_those_who_come_later() -> None:
    numbers: Feed[int] = Feed()
    with numbers.listen() as early:
        numbers.publish(1)
        numbers.close()
        assert [await early.next(1), await early.next(1)] == [1, None]
        with numbers.listen() as late:
            assert await late.next(1) is None


async def test_a_stream_ends_where_the_peer_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "SEND_WITHIN", 0.05)
    left = asyncio.Event()

    async def chunks() -> AsyncGenerator[bytes]:
        try:
            while True:
                yield b": more\n\n"
        finally:
            left.set()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    async with asyncio.timeout(5):
        await EventStream(chunks())({"type": "http", "method": "GET"}, receive, send)
    assert left.is_set()
