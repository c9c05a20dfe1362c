"""The time budget holds for the whole call, however the other side spreads its slowness, on a real line."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.eligibility.centre import CentreGateway
from kiosk.eligibility.errors import NoAnswerError
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import CentreSettings, EligibilitySettings
from kiosk.eligibility.state import centre_state
from kiosk.record import ids
from kiosk.simulation.centre import authority

BUDGET = 0.6
"""Seconds a call may last here."""

Manner = Callable[[socket.socket, threading.Event], None]


def drip_headers(line: socket.socket, over: threading.Event) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 201 Created\r\nX-Drip: ")
    while not over.wait(0.05):
        line.sendall(b"x")


def drip_body(line: socket.socket, over: threading.Event) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        line.sendall(b" ")


def say_nothing(line: socket.socket, over: threading.Event) -> None:
    line.recv(65536)
    over.wait(20)


def hang_up(line: socket.socket, _over: threading.Event) -> None:
    line.recv(65536)
    line.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")


@contextlib.contextmanager
def centre(folder: Path, manner: Manner, *, tls: bool = True) -> Iterator[CentreSettings]:
    """A centre of one connection with this manner; `tls=False`: it never answers the handshake."""
    ca_file, server_file = authority.establish(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_file)
    over = threading.Event()

    def serve() -> None:
        with contextlib.suppress(OSError):
            plain, _ = listening.accept()
            plain.settimeout(20)
            with plain:
                if not tls:
                    over.wait(20)
                    return
                with context.wrap_socket(plain, server_side=True) as line:
                    manner(line, over)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        serving = threading.Thread(target=serve)
        serving.start()
        try:
            port = listening.getsockname()[1]
            yield CentreSettings(
                url=f"https://127.0.0.1:{port}",
                ca_file=ca_file,
                timeout_seconds=BUDGET,
                connect_timeout_seconds=BUDGET,
            )
        finally:
            over.set()
            serving.join(25)


def asked(settings: CentreSettings) -> tuple[str, float]:
    """The code of the `NoAnswerError`, and after how many seconds it came."""
    started = time.monotonic()
    with CentreGateway(settings, ids.kiosk_id("door-1")) as gateway, pytest.raises(NoAnswerError) as error:
        gateway.open(ids.new_visit_id())
    return error.value.code, time.monotonic() - started


@pytest.mark.parametrize("manner", [drip_headers, drip_body, say_nothing], ids=lambda manner: manner.__name__)
def test_a_centre_that_drips_is_left_when_the_budget_is_spent(tmp_path: Path, manner: Manner) -> None:
    with centre(tmp_path, manner) as settings:
        code, seconds = asked(settings)

    assert code == "time_out"
    assert BUDGET * 0.9 < seconds < BUDGET + 2


def test_a_handshake_that_never_ends_is_left_too(tmp_path: Path) -> None:
    with centre(tmp_path, say_nothing, tls=False) as settings:
        code, seconds = asked(settings)

    assert code == "time_out"
    assert seconds < BUDGET + 2


def test_a_centre_that_hangs_up_in_the_middle_is_a_broken_line(tmp_path: Path) -> None:
    with centre(tmp_path, hang_up) as settings:
        code, _ = asked(settings)

    assert code == "line"


def test_nobody_at_the_port_is_a_broken_line(tmp_path: Path) -> None:
    ca_file, _ = authority.establish(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    code, seconds = asked(CentreSettings(url=f"https://127.0.0.1:{port}", ca_file=ca_file))

    assert code == "line"
    assert seconds < 2


def test_no_thread_is_left_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())

    with centre(tmp_path, hang_up) as settings:
        asked(settings)

    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive()


# -- which hop is dead -----------------------------------------------------------------------------------------------


def state(tmp_path: Path, settings: CentreSettings) -> str:
    key_file = tmp_path / "kiosk.key"
    if not key_file.exists():
        KioskKey.create(key_file)
    told = centre_state(EligibilitySettings(gateway="centre", centre=settings, key_file=key_file))
    assert not told.ok
    return told.sentence


def test_a_dead_service_is_named(tmp_path: Path) -> None:
    ca_file, _ = authority.establish(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    sentence = state(tmp_path, CentreSettings(url=f"https://127.0.0.1:{port}", ca_file=ca_file))

    assert sentence.startswith(f"nothing listens at 127.0.0.1, port {port}")


def test_an_unknown_name_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    ca_file, _ = authority.establish(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    sentence = state(tmp_path, CentreSettings(url="https://centre.invalid", ca_file=ca_file))

    assert sentence.startswith("the name centre.invalid is not known")


def test_a_name_server_that_is_silent_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca_file, _ = authority.establish(tmp_path)
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20))

    try:
        sentence = state(
            tmp_path,
            CentreSettings(url="https://centre.invalid", ca_file=ca_file, connect_timeout_seconds=0.1),
        )
    finally:
        over.set()

    assert sentence.startswith("the name centre.invalid is not being looked up")


def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    sentence = state(tmp_path, CentreSettings(url="https://127.0.0.1", ca_file=tmp_path / "absent.pem"))

    assert "absent.pem" in sentence


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    settings = EligibilitySettings(
        gateway="centre", centre=CentreSettings(url="https://127.0.0.1"), key_file=tmp_path / "absent.key"
    )

    assert "absent.key" in centre_state(settings).sentence


def test_a_stranger_in_the_centres_place_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other"
    ca_file, _ = authority.establish(other)
    with centre(tmp_path, hang_up) as settings:
        strange = CentreSettings(url=settings.url, ca_file=ca_file)

        sentence = state(tmp_path, strange)

    assert "is not the centre" in sentence


def test_something_that_does_not_speak_tls_is_named(tmp_path: Path) -> None:
    with centre(tmp_path, hang_up, tls=False) as settings:
        sentence = state(tmp_path, settings)

    assert "does not speak TLS" in sentence
