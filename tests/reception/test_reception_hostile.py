"""A hostile kiosk at a reception process, over sockets: typed refusals, bounded time and memory, nothing stored."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from kiosk.reception import bounds
from kiosk.reception.service import MOST_FILES
from kiosk.record import checkin as contract
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from tests.reception import secured

Build = Callable[..., CheckIn]

PROGRAM = """
import sys
from pathlib import Path
from kiosk import journal, settings
from kiosk.reception import answers, bounds
from kiosk.reception.service import serve
from kiosk.reception.settings import ReceptionSettings
answers.READ_WITHIN = bounds.HEAD_WITHIN = 0.5
bounds.LINGER_FOR = 0.5
bounds.MOST_OF_A_PEER = 12
journal.start()
raise SystemExit(serve(settings.read(Path(sys.argv[1]), ReceptionSettings)))
"""
"""The program as it is, with shorter bounds."""


@dataclass
class Door:
    """A kiosk door in a process of its own."""

    process: subprocess.Popen[str]
    host: str
    port: int
    key: dict[str, str]
    database: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=10)

    def sealed(self, checkin: CheckIn) -> bytes:
        import base64

        from kiosk.reception import seal

        public = X25519PublicKey.from_public_bytes(base64.b64decode(self.key["public_key"]))
        return seal.SUITE.encrypt(contract.to_json(checkin), public, info=checkin.checkin_id.encode("ascii"))

    def headers(self, checkin_id: str) -> dict[str, str]:
        own = {"idempotency-key": checkin_id, "x-kiosk-id": "a", "x-kiosk-seq": "1"}
        return own | {"x-key-id": self.key["key_id"]}

    def head(self, path: str = "/k/v1/checkins", **headers: object) -> bytes:
        own = self.headers(ids.new_visit_id()) | {name.replace("_", "-"): str(text) for name, text in headers.items()}
        lines = [f"POST {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        return "\r\n".join([*lines, *(f"{name}: {text}" for name, text in own.items()), "", ""]).encode()

    def is_well(self) -> bool:
        """Whether others are served at once."""
        begun = time.monotonic()
        with httpx.Client(trust_env=False, timeout=10) as client:
            answer = client.get(f"{self.url}/k/v1/key", headers={"x-kiosk-id": "b"})
        return answer.status_code == 200 and time.monotonic() - begun < 2

    def stored(self) -> int:
        return int(self._ask("SELECT count(*) FROM checkin")[0][0])

    def refusals(self) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in self._ask("SELECT actor, note FROM audit WHERE action = 'refused'")]

    def memory(self) -> int:
        """Most memory that the process ever held, in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def _ask(self, sql: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    file = tmp_path / "reception.yaml"
    file.write_text(
        "site: test\nclinic: みほん内科クリニック\ndatabase: reception.db\nkey_file: reception.key\n"
        "kiosk_door: {host: 127.0.0.1, port: 0}\nstaff_door: {host: 127.0.0.1, port: 0}\n",
        encoding="utf-8",
    )
    with (
        (tmp_path / "reception.log").open("a") as log,
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["kiosk_door"]
            host, port = url.removeprefix("http://").split(":")
            with httpx.Client(trust_env=False, timeout=10) as client:
                key = client.get(f"{url}/k/v1/key", headers={"x-kiosk-id": "a"}).json()
            yield Door(process, host, int(port), key, tmp_path / "reception.db")
            assert process.poll() is None, "reception has ended by itself"
        finally:
            process.terminate()
            process.wait(10)
    assert "Traceback" not in (tmp_path / "reception.log").read_text()


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and problem document of the one answer on a connection, read until its end of file or its length."""
    received = b""
    while b"\r\n\r\n" not in received or len(received.split(b"\r\n\r\n", 1)[1]) < _length(received):
        chunk = connection.recv(65536)
        assert chunk, f"the connection ended without an answer: {received!r}"
        received += chunk
    head, body = received.split(b"\r\n\r\n", 1)
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body[: _length(received)])


def _length(received: bytes) -> int:
    for line in received.split(b"\r\n\r\n", 1)[0].lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def ended(connection: socket.socket, within: float = 10.0) -> bool:
    """Whether the other side ends the connection in time, whatever it still says."""
    connection.settimeout(within)
    try:
        while connection.recv(65536):
            continue
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_an_id_that_comes_again_with_another_body_is_refused_and_written_down(door: Door, checkin_now: Build) -> None:
    checkin = checkin_now()
    with httpx.Client(trust_env=False, timeout=10) as client:
        url, headers = f"{door.url}/k/v1/checkins", door.headers(checkin.checkin_id)
        assert client.post(url, content=door.sealed(checkin), headers=headers).status_code == 201
        other = replace(checkin, queue_number=ids.queue_number("A099"))
        for _ in range(5):
            answer = client.post(url, content=door.sealed(other), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (409, "other_body")
    assert door.stored() == 1
    assert door.refusals() == [("a", "other_body")]


def test_ten_megabytes_are_refused_and_not_read_to_their_end(door: Door) -> None:
    before = door.memory()
    size = 10 * 1024 * 1024
    with door.connect() as connection:
        connection.sendall(door.head(content_length=size) + bytes(64 * 1024))
        status, told = answer_of(connection)
        assert (status, told["code"]) == (413, "too_large")
        sent = 64 * 1024
        with contextlib.suppress(ConnectionError):
            while sent < size:
                sent += connection.send(bytes(64 * 1024))
        # What the kernels of both sides hold is sent, and what is thrown away; the rest nobody took.
        assert sent < size
        assert ended(connection)
    with door.connect() as connection, contextlib.suppress(ConnectionError):
        connection.sendall(door.head(transfer_encoding="chunked"))
        for _ in range(160):
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
    assert door.is_well()
    assert door.memory() - before < 8 * 1024
    assert door.stored() == 0
    assert ("a", "too_large") in door.refusals()


def test_a_head_that_never_ends_is_cut_in_time_and_others_are_served(door: Door) -> None:
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(door.connect()) for _ in range(8)]
        for connection in slow:
            connection.sendall(b"POST /k/v1/checkins HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
        begun = time.monotonic()
        assert door.is_well()
        for connection in slow:
            status, told = answer_of(connection)
            assert (status, told["code"]) == (408, "too_slow")
            assert ended(connection)
        assert time.monotonic() - begun < 5
    assert door.stored() == 0


def test_a_head_of_drops_does_not_buy_time(door: Door) -> None:
    with door.connect() as connection:
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for drop in b"GET /k/v1/key HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"x-more: drops\r\n" * 50:
                connection.sendall(bytes([drop]))
                if time.monotonic() - begun > 5:
                    break
                connection.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    if connection.recv(4096):
                        break
        assert time.monotonic() - begun < 5
        assert ended(connection)
    assert door.is_well()


def test_who_says_nothing_is_let_go(door: Door) -> None:
    with door.connect() as silent, door.connect() as blank:
        blank.sendall(b"\r\n\r\n")
        assert ended(silent, 5)
        assert ended(blank, 5)


def test_a_body_that_drips_is_refused_in_time_and_others_are_served(door: Door, checkin_now: Build) -> None:
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(door.connect()) for _ in range(8)]
        for connection in slow:
            connection.sendall(door.head(content_length=1000) + b"half")
        begun = time.monotonic()
        assert door.is_well()
        checkin = checkin_now()
        with httpx.Client(trust_env=False, timeout=10) as client:
            headers = door.headers(checkin.checkin_id)
            sent = client.post(f"{door.url}/k/v1/checkins", content=door.sealed(checkin), headers=headers)
        assert sent.status_code == 201
        for connection in slow:
            status, told = answer_of(connection)
            assert (status, told["code"]) == (408, "too_slow")
            assert ended(connection)
        assert time.monotonic() - begun < 5
    assert door.stored() == 1
    assert door.refusals() == [("a", "too_slow")]


def test_a_body_that_nobody_asked_for_holds_no_connection(door: Door) -> None:
    with door.connect() as connection:
        head = door.head("/k/v1/nothing", content_length=1000)
        connection.sendall(head + b"half")
        assert answer_of(connection)[0] == 404
        assert ended(connection, 5)


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"x-%d: y\r\n" % number for number in range(5000)),
        b"x-large: " + b"y" * 200_000 + b"\r\n",
        b"cookie: " + b"y" * 40_000 + b"\r\n",
    ],
    ids=["many", "one_without_end", "one_large"],
)
def test_a_flood_of_header_fields_is_refused(door: Door, flood: bytes) -> None:
    before = door.memory()
    for _ in range(20):
        with door.connect() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(b"GET /k/v1/key HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Kiosk-Id: a\r\n" + flood)
            status, told = answer_of(connection)
            assert (status, told["code"]) == (431, "head_too_large")
    assert door.is_well()
    assert door.memory() - before < 8 * 1024


def test_what_is_no_http_is_refused(door: Door) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00\x01\x00" + bytes(512), b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        with door.connect() as connection:
            connection.sendall(garbage)
            status, told = answer_of(connection)
            assert (status, told["code"]) == (400, "not_http")
            assert ended(connection)
    for smuggled in (
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ):
        with door.connect() as connection:
            connection.sendall(b"POST /k/v1/help HTTP/1.1\r\nHost: 127.0.0.1\r\n" + smuggled + b"\r\n0\r\n\r\n")
            assert answer_of(connection)[0] == 400
    assert door.is_well()


def test_one_peer_has_only_so_many_connections(door: Door) -> None:
    with contextlib.ExitStack() as opened:
        theirs = [opened.enter_context(door.connect()) for _ in range(40)]
        refused = 0
        for connection in theirs:
            status, told = answer_of(connection)  # the first twelve are told that they are slow
            refused += (status, told["code"]) == (503, "too_many")
            assert ended(connection)
        assert refused >= 20
    assert door.is_well()


def test_the_bounds_fit_what_kiosks_and_boards_need() -> None:
    assert bounds.MOST_OF_A_PEER >= 60 * 3 + 20  # a whole hospital behind one address
    assert bounds.HEAD_WITHIN <= 30


def test_a_handshake_that_never_comes_is_waited_for_no_longer_than_a_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "HEAD_WITHIN", 0.5)
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as reception:
        port = int(reception.kiosk_url.rsplit(":", 1)[1])
        for begun in (b"", b"\x16\x03"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(begun)
                assert ended(connection, within=8)


def test_a_door_may_have_more_connections_than_a_process_has_files_by_default(door: Door) -> None:
    limits = Path(f"/proc/{door.process.pid}/limits").read_text()
    soft, hard = re.search(r"Max open files\s+(\d+)\s+(\d+)", limits).groups()  # type: ignore[union-attr]
    assert int(soft) >= min(int(hard), MOST_FILES)


def test_garbage_instead_of_a_handshake_ends_and_others_come_in(tmp_path: Path) -> None:
    secured.make_authority(tmp_path / "trust")
    with secured.running(secured.reception_settings(tmp_path)) as reception:
        kiosk = secured.paired(reception, tmp_path / "a")
        port = int(reception.kiosk_url.rsplit(":", 1)[1])
        plain = b"GET /k/v1/key HTTP/1.1\r\nHost: localhost\r\nX-Kiosk-Id: a\r\n\r\n"
        for garbage in (plain, bytes(1000), b"\x16\x03\x01\xff\xff" + b"\x01" * 4000, b"\x16\x03"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(garbage)
                if len(garbage) > 2:
                    assert ended(connection)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, pytest.raises(OSError):
            context.wrap_socket(connection).recv(1)
        assert secured.ask(kiosk).status == 200
