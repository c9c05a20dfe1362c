"""A PostgreSQL server of the tests' own: Debian's program, on loopback and in a folder of its own, ended with the tests."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from kiosk.reception.settings import PostgresqlSettings

START_S = 60.0
USER = "postgres"


class NoPostgresqlError(Exception):
    """Why there is none here."""


@dataclass
class Server:
    """A running server; `fresh` gives a database that nothing has been in."""

    host: str
    port: int
    command: list[str | Path]
    folder: Path
    process: subprocess.Popen[bytes]
    _names: Iterator[int] = field(default_factory=itertools.count)

    def fresh(self) -> PostgresqlSettings:
        name = f"reception_{next(self._names)}"
        with psycopg.connect(self.conninfo(USER), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return PostgresqlSettings(database=name, host=self.host, port=self.port, user=USER)

    def crash(self) -> None:
        """Let it die without a last word (SIGQUIT: no shutdown, as after a power cut of the program), and start it again."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)
        self.process = _started(self.command, self.folder)

    def conninfo(self, database: str) -> str:
        return f"host={self.host} port={self.port} user={USER} dbname={database}"


def programs() -> Path:
    """The folder with Debian's `initdb` and `postgres`. Raises `NoPostgresqlError`."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    if not found:
        raise NoPostgresqlError("PostgreSQL is not on this machine: apt-get install postgresql")
    return found[-1].parent


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start one, and end it. Raises `NoPostgresqlError`."""
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="kiosk-postgresql-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        data = folder / "data"
        subprocess.run(
            [*_as_user(), bin_folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"],
            check=True,
            capture_output=True,
            cwd=folder,
            timeout=START_S,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": folder,
            "max_connections": 60,
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [*_as_user(), bin_folder / "postgres", "-D", data, *settings]
        running = Server("127.0.0.1", port, command, folder, _started(command, folder))
        try:
            _wait(running)
            yield running
        finally:
            running.process.send_signal(signal.SIGQUIT)  # at once: nobody reads its folder any more
            running.process.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _started(command: list[str | Path], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)


def _as_user() -> list[str]:
    """PostgreSQL refuses to run as root; and it goes when the tests go, however they do."""
    who = ["--reuid", USER, "--regid", USER, "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *who, "--pdeathsig", "QUIT", "--"]


def _wait(running: Server) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(running.conninfo(USER), connect_timeout=2).close()
        except psycopg.OperationalError:
            if running.process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
