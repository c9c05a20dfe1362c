"""A network between kiosks and reception that fails in every way we know of: a TCP proxy whose mood changes."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import random
import socket
import struct
from typing import Final

MOODS: Final = (
    *("pass",) * 3,
    "refuse",
    "hole",
    "cut_up",
    "cut_down",
    "slow",
    "portal",
    "wrong_ack",
    "503",
)
HOLE_S: Final = 3.0
SLOW_S: Final = 0.15
PORTAL: Final = b"<h1>Welcome!</h1>"
WRONG_ACK: Final = b'{"checkin_id":"x","sha256":"y","receipt":1}'


class FaultyProxy:
    """Listens on a port of loopback and passes on to `port`, as its `mood` lets it. `seen` counts moods met."""

    def __init__(self, port: int, chance: random.Random) -> None:
        self._port = port
        self._chance = chance
        self.mood = "pass"
        self.seen: collections.Counter[str] = collections.Counter()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begin; gives the port."""
        self._server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """End it."""
        if self._server is not None:
            self._server.close()

    def next_mood(self) -> None:
        """Another one, at random."""
        self.mood = self._chance.choice(MOODS)

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mood = self.mood
        self.seen[mood] += 1
        try:
            match mood:
                case "refuse":
                    pass
                case "hole":
                    await asyncio.sleep(HOLE_S)
                case "portal":
                    await _answered(reader, writer, b"200 OK\r\nContent-Type: text/html", PORTAL)
                case "wrong_ack":
                    await _answered(reader, writer, b"200 OK\r\nContent-Type: application/json", WRONG_ACK)
                case "503":
                    await _answered(reader, writer, b"503 Busy", b"")
                case _:
                    await self._pass_on(reader, writer, mood)
        except OSError:
            self.seen["broken"] += 1
        finally:
            _reset(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mood: str) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        wait = SLOW_S if mood == "slow" else 0.0
        ways = [
            asyncio.create_task(
                _pump(reader, up_writer, wait, self._chance.randint(0, 900) if mood == "cut_up" else None)
            ),
            asyncio.create_task(
                _pump(up_reader, writer, wait, self._chance.randint(0, 150) if mood == "cut_down" else None)
            ),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            _reset(up_writer)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wait: float, most: int | None) -> None:
    """Pass bytes on until the end, or until `most` have passed."""
    passed = 0
    while piece := await reader.read(65536):
        await asyncio.sleep(wait)
        if most is not None and passed + len(piece) > most:
            writer.write(piece[: most - passed])
            await writer.drain()
            return
        passed += len(piece)
        writer.write(piece)
        await writer.drain()


async def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
    await reader.read(65536)
    writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (head, len(body), body))
    await writer.drain()
    await asyncio.sleep(0.05)  # so that the reset does not overtake the answer


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection as a cable does: without a word."""
    with contextlib.suppress(OSError, AttributeError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
