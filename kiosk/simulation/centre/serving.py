"""Serving an ASGI service over HTTPS on this machine, from a thread, until the caller is done."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from kiosk.errors import UsageError
from kiosk.simulation.centre import authority

_STOPS_WITHIN = 5.0


@dataclass(frozen=True)
class Serving:
    """Where the service is, and whom to trust for it. `ended` becomes readable if it ends by itself."""

    url: str
    ca_file: Path
    ended: socket.socket


@contextlib.contextmanager
def serving(service: Starlette, folder: Path, port: int = 0) -> Iterator[Serving]:
    """Serve on 127.0.0.1 at `port` (0: any free one); the certificates are made in `folder`. Raises `UsageError`.

    Connections are accepted from the start of the block on. The thread is not the main one on purpose: there, uvicorn
    would take the process's signals for itself.
    """
    try:
        ca_file, server_file = authority.establish(folder)
    except OSError as error:
        raise UsageError(f"{folder}: the centre's certificates cannot be stored ({error.strerror})") from error
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((authority.HOST, port))
        except OSError as error:
            raise UsageError(f"port {port}: cannot be listened at ({error.strerror})") from error
        listening.listen(128)
        ended, ending = socket.socketpair()
        stack.enter_context(ended)
        stack.enter_context(ending)
        server = uvicorn.Server(_config(service, server_file))

        def serve() -> None:
            try:
                server.run(sockets=[listening])
            finally:
                ending.shutdown(socket.SHUT_RDWR)

        thread = threading.Thread(target=serve, name="centre", daemon=True)
        thread.start()
        try:
            url = f"https://{authority.HOST}:{listening.getsockname()[1]}"
            yield Serving(url, ca_file, ended)
        finally:
            server.should_exit = True
            thread.join(_STOPS_WITHIN)


def _config(service: Starlette, server_file: Path) -> uvicorn.Config:
    config = uvicorn.Config(
        service,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        ssl_certfile=server_file,
        ssl_keyfile=str(server_file),
        timeout_graceful_shutdown=1,
    )
    config.load()
    return config
