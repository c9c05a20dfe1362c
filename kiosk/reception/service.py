"""Reception as a program: both doors in one process until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import resource
import signal
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp

from kiosk import journal
from kiosk.reception import authority, bounds, kiosk_door, site_staff, staff_door, trust
from kiosk.reception.admission import TurnedAway
from kiosk.reception.catching_up import CatchingUp
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StartError
from kiosk.reception.forgetting import Forgetting
from kiosk.reception.hand_off import HandOff
from kiosk.reception.reader_watch import ReaderWatch
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.reception.tls import DoorProtocol
from kiosk.reception.trust import SecuredDoors

log = logging.getLogger("kiosk.reception")

CLOSE_WITHIN = 3
"""Seconds that open requests have to end."""
LOOK_AT_CERTIFICATE_EVERY = 3600.0
MOST_FILES = 16_384
"""Connections that have not said anything yet are open files too; 1,024 is what a process has by default."""


def serve(settings: ReceptionSettings) -> int:
    """Serve both doors until SIGTERM or SIGINT; gives the exit code. Raises `StartError` or `SettingsError`.

    Prints one JSON line on stdout when both are open: {"ready": true, "kiosk_door": url, "staff_door": url}; on a
    test site that names its staff also {"sign_in": {staff id: one-time link}}.
    """
    _allow_many_connections()
    with asyncio.Runner(loop_factory=DoorLoop) as runner:
        runner.run(_serve(settings))
    return 0


def _allow_many_connections() -> None:
    """As many open files as this process may have: whoever only connects must not use up those of the boards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class DoorLoop(uvloop.Loop):
    """A loop whose TLS doors wait for a handshake no longer than for a request's head: uvicorn leaves it at a minute."""

    async def create_server(self, *args: Any, **others: Any) -> Any:
        """As the loop's own, whose two kinds of server share no type here."""
        if others.get("ssl") is not None:
            others.setdefault("ssl_handshake_timeout", bounds.HEAD_WITHIN)
        return await super().create_server(*args, **others)


class _Server(uvicorn.Server):
    """A server among others in one process: signals are handled once, for all of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve(settings: ReceptionSettings) -> None:
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    if settings.trust_folder is not None:
        authority.load(settings.trust_folder, datetime.now(UTC))  # said before the database is touched
    desk = Desk(settings)
    try:
        await trust.check(desk)
        turned_away = TurnedAway(desk)
        secured = None if settings.trust_folder is None else SecuredDoors(desk, settings.trust_folder, turned_away)
        with _listen(settings.kiosk_door, "kiosk_door") as kiosks, _listen(settings.staff_door, "staff_door") as staff:
            servers = [
                _server(kiosk_door.app(desk, turned_away), None if secured is None else secured.kiosks),
                _server(await staff_door.app(desk), None if secured is None else secured.staff),
            ]
            running = [
                asyncio.create_task(server.serve(sockets=[door]))
                for server, door in zip(servers, (kiosks, staff), strict=True)
            ]
            while not all(server.started for server in servers):
                if any(task.done() for task in running):
                    await asyncio.gather(*running)
                await asyncio.sleep(0.01)
            ready: dict[str, Any] = {"ready": True}
            for key, listening, door in (
                ("kiosk_door", kiosks, settings.kiosk_door),
                ("staff_door", staff, settings.staff_door),
            ):
                ready[key] = _url(listening) if secured is None else _named(listening, door)
            duties = asyncio.create_task(_duties(desk), name="duties")
            duties.add_done_callback(_ended)
            renewing = asyncio.create_task(_renew(secured), name="renewing")
            renewing.add_done_callback(_ended)
            ready |= await site_staff.links(desk, ready["staff_door"])
            print(json.dumps(ready), flush=True)  # noqa: T201 - the one line that a caller waits for
            log.info("doors_open", extra=journal.numbers(site=settings.site))
            await told_to_end.wait()
            desk.hush()
            duties.cancel()
            renewing.cancel()
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*running)
            await asyncio.wait([duties, renewing])
            log.info("doors_closed")
    finally:
        desk.close()


async def _renew(secured: SecuredDoors | None) -> None:
    """Keep reception's own certificate fresh: every node does it for itself."""
    while secured is not None:
        await asyncio.sleep(LOOK_AT_CERTIFICATE_EVERY)
        secured.renew()


async def _duties(desk: Desk) -> None:
    """What only one node does, while this is the one."""
    while True:
        desk.duty_changed.clear()
        if not desk.on_duty.is_set():
            await desk.duty_changed.wait()
            continue
        tasks = [
            asyncio.create_task(task.run(), name=name)
            for name, task in (
                ("catching_up", CatchingUp(desk)),
                ("reader_watch", ReaderWatch(desk)),
                ("forgetting", Forgetting(desk)),
                ("hand_off", HandOff(desk, desk.settings.hand_off)),
            )
        ]
        for task in tasks:
            task.add_done_callback(_ended)
        try:
            await desk.duty_changed.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def _ended(task: asyncio.Task[None]) -> None:
    """Tell at once where one ended by a fault of ours: the doors go on without it."""
    if not task.cancelled() and (fault := task.exception()) is not None:
        log.error("task_broke", exc_info=fault, extra=journal.numbers(task=task.get_name()))


def _server(app: ASGIApp, context: ssl.SSLContext | None) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http=DoorProtocol,
            ssl_context_factory=None if context is None else lambda _config, _default: context,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=CLOSE_WITHIN,
        )
    )


def _listen(door: Door, key: str) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in door.host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((door.host, door.port))
    except OSError as error:
        listening.close()
        raise StartError(f"{key}: {door.host} port {door.port} cannot be opened ({error.strerror})") from error
    listening.setblocking(False)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _named(listening: socket.socket, door: Door) -> str:
    name = door.known_as[0]
    return f"https://{f'[{name}]' if ':' in name else name}:{listening.getsockname()[1]}"
