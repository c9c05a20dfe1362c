"""The whole room against a real web server on loopback: uvicorn and Starlette, started and ended here."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kiosk.delivery.courier import Courier
from kiosk.delivery.desk import Desk
from kiosk.delivery.exchange import door_client
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.line import Line
from kiosk.delivery.outbox import Outbox
from kiosk.delivery.settings import DeliverySettings
from kiosk.record import ids
from kiosk.record.checkin import from_json
from kiosk.record.door import Heartbeat, HelpCall, HelpReason
from kiosk.staff.commands import Command, CommandKind, CommandState, command_json

if TYPE_CHECKING:
    from tests.delivery.conftest import NewCheckIn, Reception

KIOSK = ids.kiosk_id("kiosk-1")


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 15
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        threading.Event().wait(0.01)


class ToyReception:
    """Reception's kiosk door as the contract says it, in memory, on a port of loopback's choosing."""

    def __init__(self, crypto: Reception) -> None:
        self.crypto = crypto
        self.stored: dict[str, str] = {}
        self.hashes: dict[str, str] = {}
        self.seqs: list[int] = []
        self.commands: list[Command] = []
        self.states: list[tuple[str, str]] = []
        self.helps: list[str] = []
        self.beats = 0
        self.lines = 0
        self.stumble = 0
        routes = [
            Route("/k/v1/checkins", self.checkins, methods=["POST"]),
            Route("/k/v1/key", self.key),
            Route("/k/v1/help", self.help, methods=["POST"]),
            Route("/k/v1/heartbeat", self.heartbeat, methods=["POST"]),
            Route("/k/v1/line", self.line),
            Route("/k/v1/line/{id}", self.state, methods=["POST"]),
        ]
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()
        assert not self.thread.is_alive()

    async def checkins(self, request: Request) -> Response:
        body = await request.body()
        checkin_id = request.headers["Idempotency-Key"]
        self.stumble += 1
        if self.stumble % 3 == 1:
            return JSONResponse({"code": "busy", "sentence": "Come again."}, 503)
        sha256 = hashlib.sha256(body).hexdigest()
        fresh = checkin_id not in self.stored
        if fresh:
            self.stored[checkin_id] = str(from_json(self.crypto.open(body, checkin_id)).queue_number)
            self.hashes[checkin_id] = sha256
            self.seqs.append(int(request.headers["X-Kiosk-Seq"]))
        assert self.hashes[checkin_id] == sha256
        if self.stumble % 3 == 2:
            return JSONResponse({"code": "lost", "sentence": "Stored, but the answer is lost."}, 500)
        answer = {"checkin_id": checkin_id, "sha256": sha256, "receipt": len(self.stored)}
        return JSONResponse(answer, 201 if fresh else 200)

    async def key(self, _: Request) -> Response:
        raw = self.crypto.private_key.public_key().public_bytes_raw()
        return JSONResponse(
            {"key_id": hashlib.sha256(raw).hexdigest()[:16], "public_key": base64.b64encode(raw).decode()}
        )

    async def help(self, request: Request) -> Response:
        self.helps.append((await request.json())["help_id"])
        return JSONResponse({})

    async def heartbeat(self, _: Request) -> Response:
        self.beats += 1
        return Response(status_code=204)

    async def line(self, request: Request) -> Response:
        assert request.headers["X-Kiosk-Id"] == KIOSK
        self.lines += 1
        first = self.lines == 1

        async def events() -> AsyncIterator[str]:
            sent = 0
            yield ": ping\n\n"
            while not self.server.should_exit:
                for command in self.commands[sent:]:
                    sent += 1
                    yield f"event: command\ndata: {json.dumps(command_json(command))}\n\n"
                    if first:
                        return
                await asyncio.sleep(0.01)

        return StreamingResponse(events(), media_type="text/event-stream")

    async def state(self, request: Request) -> Response:
        self.states.append((request.path_params["id"], (await request.json())["state"]))
        return JSONResponse({})


@pytest.fixture
def toy(reception: Reception) -> Iterator[ToyReception]:
    one = ToyReception(reception)
    yield one
    one.close()


def test_checkins_commands_calls_and_beats_all_arrive_once_over_a_real_server(
    toy: ToyReception, tmp_path: Path, new_checkin: NewCheckIn
) -> None:
    settings = DeliverySettings((toy.url,), tmp_path / "state")
    outbox = Outbox(settings.folder / "outbox.db", settings.kiosk_letter)
    keys = KeyCache(settings.folder / "reception-key.json")
    stop = threading.Event()
    delivered: list[str] = []
    commands: list[Command] = []
    reachable: list[bool] = []
    beat = Heartbeat(KIOSK, datetime.now(UTC), "open", "idle", None, 0, 0, 0.0)
    with door_client(settings) as client:
        courier = Courier(outbox, client, settings.urls, KIOSK, delivered.append)
        line = Line(client, settings.urls, KIOSK, commands.append, reachable.append)
        desk = Desk(client, settings.urls, KIOSK, keys, lambda: beat)
        threads = [threading.Thread(target=part.run, args=(stop,)) for part in (courier, line, desk)]
        for thread in threads:
            thread.start()
        try:
            wait_until(lambda: (settings.folder / "reception-key.json").exists() and bool(reachable))
            assert reachable == [True]
            put = []
            for _ in range(5):
                checkin = new_checkin()
                put.append(checkin.checkin_id)
                outbox.put(checkin, keys.sealer())
                courier.wake()
            call = HelpCall(ids.new_visit_id(), KIOSK, None, HelpReason.CALLED, "idle", datetime.now(UTC))
            desk.call(call)
            for _ in range(2):
                expires_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=3)
                visit = ids.new_visit_id()
                toy.commands.append(
                    Command(ids.new_visit_id(), CommandKind.GRANT_VISUAL, KIOSK, visit, "sato", expires_at)
                )
            wait_until(lambda: len(delivered) == 5 and len(commands) == 2)
            line.answer(commands[0].id, CommandState.COMPARING)
            wait_until(lambda: bool(toy.helps) and toy.beats > 0)
        finally:
            stop.set()
            began = time.monotonic()
            courier.wake()
            desk.beat_now()
            line.hang_up()
            for thread in threads:
                thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert time.monotonic() - began < 5, "an open line must not hold up the end"
    assert list(toy.stored.items()) == [(visit, f"A{n:03d}") for n, visit in enumerate(put, 1)]
    assert toy.seqs == sorted(toy.seqs)
    assert delivered == put
    assert commands == toy.commands, "the line came back after it was cut, and doubled nothing"
    assert reachable[:3] == [True, False, True]
    assert toy.states == [(commands[0].id, "comparing")]
    assert toy.helps == [call.help_id]
    outbox.close()
