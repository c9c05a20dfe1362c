"""A reception with TLS at both doors, on real sockets of this machine, its clock in the test's hand; and its kiosks."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kiosk.delivery import enrolment
from kiosk.delivery.certificate import Asking, Given
from kiosk.delivery.exchange import Answer, door_client, exchange
from kiosk.delivery.settings import DeliverySettings
from kiosk.reception import authority, kiosk_door, pairings, service, staff_door
from kiosk.reception.admission import TurnedAway
from kiosk.reception.desk import Desk
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.reception.trust import SecuredDoors
from kiosk.record import ids

_T = TypeVar("_T")


class MovableClock:
    """The real time, put forward by what a test says."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by


def make_authority(folder: Path, now: datetime | None = None) -> authority.AuthorityKeys:
    """An authority in `folder`, without the second that a passphrase takes."""
    keys = authority.make(now or datetime.now(UTC))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / authority.ROOT).write_bytes(keys.root)
    (folder / authority.ROOT_SEALED).write_bytes(b"sealed elsewhere")
    (folder / authority.INTERMEDIATE).touch(0o600)
    (folder / authority.INTERMEDIATE).write_bytes(keys.online)
    return keys


@dataclass
class SecuredReception:
    """What a test asks of it."""

    desk: Desk
    clock: MovableClock
    loop: asyncio.AbstractEventLoop
    kiosk_url: str
    staff_url: str
    doors: SecuredDoors

    def write(self, change: Callable[[Any], _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(self.desk.store.write(change), self.loop).result(10)

    def read(self, question: Callable[[Any], _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(self.desk.store.read(question), self.loop).result(10)

    def on_loop(self, call: Callable[[], _T]) -> _T:
        async def carried_out() -> _T:
            return call()

        return asyncio.run_coroutine_threadsafe(carried_out(), self.loop).result(10)

    def audit(self) -> list[tuple[str, str, str | None, str | None]]:
        """Actor, action, kiosk, note: what the log says of trust, oldest first."""
        rows = self.read(
            lambda connection: [
                tuple(row)
                for row in connection.execute(
                    "SELECT actor, action, kiosk_id, note FROM audit WHERE action NOT LIKE 'checkin%'"
                    " AND action != 'reception_initialised' ORDER BY seq"
                )
            ]
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def comparing(self) -> list[pairings.Pairing]:
        return self.read(pairings.comparing(self.clock()))

    def accept(self, digits: str, by: str = "admin") -> str:
        """What an administrator does who sees these digits on the kiosk."""
        (one,) = [one for one in self.comparing() if one.digits == digits]
        return self.accept_id(one.id, by)

    def accept_id(self, pairing_id: str, by: str = "admin") -> str:
        """The same, for one that is named."""
        trust = authority.load(self.desk.settings.trust_folder or Path(), self.clock())
        return self.write(pairings.accepted(pairing_id, trust, by))


@contextlib.contextmanager
def running(settings: ReceptionSettings) -> Iterator[SecuredReception]:
    """Open both doors on a thread of their own."""
    opened: Future[SecuredReception] = Future()
    stop: list[Callable[[], None]] = []
    thread = threading.Thread(target=lambda: _run(settings, opened, stop), name="secured-reception")
    thread.start()
    try:
        yield opened.result(20)
    finally:
        for end in stop:
            end()
        thread.join(20)
        assert not thread.is_alive()


def _run(settings: ReceptionSettings, opened: Future[SecuredReception], stop: list[Callable[[], None]]) -> None:
    try:
        with asyncio.Runner(loop_factory=service.DoorLoop) as runner:  # as in `kiosk.reception.service`
            runner.run(_serve(settings, opened, stop))
    except BaseException as error:
        if not opened.done():
            opened.set_exception(error)
        raise


async def _serve(settings: ReceptionSettings, opened: Future[SecuredReception], stop: list[Callable[[], None]]) -> None:
    told_to_end, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        loop.call_soon_threadsafe(told_to_end.set)

    stop.append(end)
    clock = MovableClock()
    assert settings.trust_folder is not None
    desk = Desk(settings, clock)
    try:
        turned_away = TurnedAway(desk)
        doors = SecuredDoors(desk, settings.trust_folder, turned_away)
        with (
            service._listen(settings.kiosk_door, "kiosk_door") as kiosks,
            service._listen(settings.staff_door, "staff_door") as staff,
        ):
            settings = replace(
                settings,
                kiosk_door=replace(settings.kiosk_door, port=kiosks.getsockname()[1]),
                staff_door=replace(settings.staff_door, port=staff.getsockname()[1]),
            )
            desk.settings = settings
            servers = [
                service._server(kiosk_door.app(desk, turned_away), doors.kiosks),
                service._server(await staff_door.app(desk), doors.staff),
            ]
            running = [
                asyncio.create_task(server.serve(sockets=[door]))
                for server, door in zip(servers, (kiosks, staff), strict=True)
            ]
            while not all(server.started for server in servers):  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            opened.set_result(
                SecuredReception(
                    *(desk, clock, loop),
                    service._named(kiosks, settings.kiosk_door),
                    service._named(staff, settings.staff_door),
                    doors,
                )
            )
            await told_to_end.wait()
            desk.hush()
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*running)
    finally:
        desk.close()


class Told:
    """Hears what a kiosk says while it is paired."""

    def __init__(self) -> None:
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.all: list[str] = []

    def __call__(self, line: str) -> None:
        self.all.append(line)
        self.lines.put(line)

    def digits(self) -> str:
        """The six digits it shows."""
        while True:
            line = self.lines.get(timeout=20).replace(" ", "")
            if len(line) == 6 and line.isdigit():
                return line
            assert "notpaired" not in line, line


@dataclass
class Enrolling:
    """A kiosk that is being paired, on a thread of its own."""

    settings: DeliverySettings
    told: Told = field(default_factory=Told)
    done: Future[None] = field(default_factory=Future)

    def begin(self, kiosk_id: str, url: str) -> Enrolling:
        def run() -> None:
            try:
                enrolment.enrol(self.settings, ids.kiosk_id(kiosk_id), url, self.told, ask_every=0.02)
            except BaseException as error:  # noqa: BLE001 - whoever waits for it gets it
                self.told(f"not paired: {error!r}")
                self.done.set_exception(error)
            else:
                self.done.set_result(None)

        threading.Thread(target=run, daemon=True, name="enrolling").start()
        return self


def enrolling(reception: SecuredReception, folder: Path, kiosk_id: str = "a", url: str | None = None) -> Enrolling:
    """A kiosk asks to be paired."""
    settings = DeliverySettings((reception.kiosk_url,), folder)
    return Enrolling(settings).begin(kiosk_id, url or reception.staff_url)


def paired(reception: SecuredReception, folder: Path, kiosk_id: str = "a") -> DeliverySettings:
    """A kiosk that was paired."""
    one = enrolling(reception, folder, kiosk_id)
    assert reception.accept(one.told.digits()) == kiosk_id
    one.done.result(20)
    return one.settings


def ask(settings: DeliverySettings, kiosk_id: str = "a", path: str = "/k/v1/key") -> Answer:
    """One question at the kiosk door, on a connection of its own."""
    with door_client(settings) as client:
        return exchange(client, "GET", settings.urls[0] + path, kiosk_id=ids.kiosk_id(kiosk_id))


def certificate_of(settings: DeliverySettings) -> x509.Certificate:
    """What a paired kiosk shows."""
    pem = settings.client_file.read_bytes()
    load_pem_private_key(pem, password=None)
    return x509.load_pem_x509_certificate(pem)


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for a condition, not for ever."""
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until, "it did not come about in time"
        threading.Event().wait(0.02)


def signed_elsewhere(
    reception: SecuredReception, folder: Path, kiosk_id: str, at: datetime | None = None
) -> DeliverySettings:
    """A kiosk whose certificate is of reception's own authority, but which nobody has let in."""
    trust = authority.load(reception.desk.settings.trust_folder or Path(), reception.clock())
    return _with_certificate(reception, folder, kiosk_id, trust, at or reception.clock())


def forged(folder: Path, like: DeliverySettings) -> DeliverySettings:
    """A kiosk with the same name whose certificate is of another authority; it trusts the right one."""
    keys = make_authority(folder / "trust")
    trust = authority.load(folder / "trust", datetime.now(UTC))
    assert keys.root == trust.root_pem
    asking = Asking(ids.kiosk_id("a"))
    settings = DeliverySettings(like.urls, folder)
    issued = trust.issue(authority.asked(asking.csr), datetime.now(UTC))
    _put(settings, asking, issued.chain, like.paired_authority.read_bytes())
    return settings


def _with_certificate(
    reception: SecuredReception, folder: Path, kiosk_id: str, trust: authority.Authority, at: datetime
) -> DeliverySettings:
    asking = Asking(ids.kiosk_id(kiosk_id))
    settings = DeliverySettings((reception.kiosk_url,), folder)
    _put(settings, asking, trust.issue(authority.asked(asking.csr), at).chain, trust.root_pem)
    return settings


def _put(settings: DeliverySettings, asking: Asking, chain: bytes, root: bytes) -> None:
    settings.folder.mkdir(exist_ok=True)
    settings.paired_authority.write_bytes(root)
    settings.client_file.touch(0o600)
    pem = asking.client_pem(Given(chain, root, x509.load_pem_x509_certificate(root)))
    settings.client_file.write_bytes(pem)


def shown_to(client: Any, reception: SecuredReception) -> bytes:
    """The certificate that reception shows on this client's connection."""
    with client.stream("GET", f"{reception.kiosk_url}/k/v1/key", headers={"x-kiosk-id": "a"}) as answer:
        answer.read()
        shown: bytes = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(True)
        return shown


def reception_settings(folder: Path, **changes: Any) -> ReceptionSettings:
    """A test site with TLS on this machine."""
    door = Door("127.0.0.1", 0)
    told: dict[str, Any] = {
        "site": "test",
        "clinic": "みほん内科クリニック",
        "database": folder / "reception.db",
        "key_file": folder / "reception.key",
        "kiosk_door": door,
        "staff_door": door,
        "trust_folder": folder / "trust",
    }
    return ReceptionSettings(**(told | changes))
