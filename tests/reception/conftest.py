"""A kiosk as reception's door sees it, a desk in this process, and a reception as a process of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette

from kiosk.eligibility.terminal.settings import TerminalSettings
from kiosk.reception import accounts, kiosk_door, seal, session, staff_door
from kiosk.reception.accounts import Role
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.reception.store import Transaction
from kiosk.record import checkin as contract
from kiosk.record import consent, dates, door, ids
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.door import Heartbeat, HelpCall, HelpReason
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, VisitId
from tests.reception import browser, postgresql

NOW = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)

AT_THE_DESK = {"tanaka": "田中 みさき", "mori": "森 そうた"}
"""Who works at every desk of these tests, as 受付; a desk in this process has Tanaka signed in."""

PROGRAM = """
import sys
from pathlib import Path
from kiosk import journal, settings
from kiosk.reception.service import serve
from kiosk.reception.settings import ReceptionSettings
journal.start()
raise SystemExit(serve(settings.read(Path(sys.argv[1]), ReceptionSettings)))
"""

TERMINAL = """
import argparse, sys
from kiosk.simulation import terminal
parser = argparse.ArgumentParser()
terminal.add_arguments(parser)
sys.exit(terminal.simulate_terminal(parser.parse_args()))
"""


@dataclass
class Clock:
    """A clock that goes on only when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def new_checkin(at: datetime, number: str = "A012", kiosk_id: str = "a", **person: Any) -> CheckIn:
    """A check-in of an invented person, with a card of its own for each queue number of each kiosk."""
    known: dict[str, Any] = {
        "insurer_number": "06139999",
        "insurer_name": "みほん健康保険組合",
        "insured_symbol": "12",
        "insured_number": "3456",
        "insured_branch": "01",
        "insured_or_family": "insured",
        "name": "見本　花子",
        "name_kana": "ﾐﾎﾝ ﾊﾅｺ",
        "sex": Sex.FEMALE,
        "birth_date": date(1941, 4, 2),
        "copay_ratio": 10,
        "limit_category": "B09",
    }
    agreed = consent.given(at - timedelta(seconds=5))
    return CheckIn(
        checkin_id=ids.new_visit_id(int(at.timestamp() * 1000)),
        kiosk_id=ids.kiosk_id(kiosk_id),
        queue_number=ids.queue_number(number),
        opened_at=at - timedelta(seconds=30),
        confirmed_at=at,
        complete=True,
        simulated=True,
        identity=Identity(Method.FACE),
        card=CardSeen(hashlib.sha256(f"{kiosk_id}{number}".encode()).hexdigest(), Notice.NONE),
        eligibility=Eligibility(Source.CENTRE, Validity.VALID, at, (EligibilityResult(**(known | person)),)),
        consents={**consent.no_consents(), ConsentItem.MEDICATION: agreed, ConsentItem.DIAGNOSIS: consent.REFUSED},
        prescription=Prescription.NOT_ASKED,
    )


def judged(checkin: CheckIn, validity: Validity, results: tuple[EligibilityResult, ...] | None = None) -> CheckIn:
    """The check-in with another validity (and other results)."""
    before = checkin.eligibility
    return replace(
        checkin,
        eligibility=replace(before, validity=validity, results=before.results if results is None else results),
    )


@dataclass
class SealingKiosk:
    """What a kiosk does at the door, without an outbox: seal, number, name itself."""

    public_key: X25519PublicKey
    key_id: str
    kiosk_id: str = "a"
    seq: int = field(default=0)

    def sealed(self, record: CheckIn | bytes, checkin_id: str) -> bytes:
        plain = record if isinstance(record, bytes) else contract.to_json(record)
        return seal.SUITE.encrypt(plain, self.public_key, info=checkin_id.encode("ascii"))

    def headers(self, checkin_id: str, **others: str) -> dict[str, str]:
        self.seq += 1
        own = {"idempotency-key": checkin_id, "x-kiosk-id": self.kiosk_id, "x-kiosk-seq": str(self.seq)}
        return own | {"x-key-id": self.key_id} | {name.replace("_", "-"): text for name, text in others.items()}

    def heartbeat(self, at: datetime, stage: str, visit_id: VisitId | None, **others: Any) -> dict[str, object]:
        beat = Heartbeat(KioskId(self.kiosk_id), at, "open", stage, visit_id, 0, 0, 0.0)
        return door.heartbeat_json(replace(beat, **others))

    def help(self, at: datetime, reason: HelpReason, stage: str = "choosing_method") -> dict[str, object]:
        call = HelpCall(ids.new_visit_id(), KioskId(self.kiosk_id), ids.new_visit_id(), reason, stage, at)
        return door.help_json(call)


class TerminalSide:
    """A running simulated terminal, changed while it runs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self._heard()

    def tell(self, **wanted: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(wanted) + "\n")
        self.process.stdin.flush()
        return self._heard()

    def settings(self, **other: Any) -> TerminalSettings:
        told: dict[str, Any] = {
            "req": self.folder / "req",
            "res": self.folder / "res",
            "face": self.folder / "face",
            "institution_code": "1319999996",
            "poll_seconds": 0.03,
            "timeout_seconds": 10.0,
            "test": True,
        }
        return TerminalSettings(**(told | other))

    def section(self) -> str:
        """The `terminal:` section of a reception.yaml."""
        return (
            f"terminal: {{req: {self.folder}/req, res: {self.folder}/res, face: {self.folder}/face,"
            " institution_code: '1319999996',"
            " poll_seconds: 0.05, timeout_seconds: 5, test: true}\n"
        )

    def _heard(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the simulated terminal ended"
        told = json.loads(line)
        assert isinstance(told, dict)
        return told


@pytest.fixture(scope="module")
def terminal_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TerminalSide]:
    folder = tmp_path_factory.mktemp("terminal")
    process = subprocess.Popen(
        [sys.executable, "-c", TERMINAL, "--folder", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield TerminalSide(process, folder)
    finally:
        process.kill()
        with process:
            pass


@pytest.fixture
def terminal(terminal_process: TerminalSide) -> TerminalSide:
    """The simulated terminal, as it should be; its folders are empty."""
    terminal_process.tell(manner="ordinary", delay_seconds=0)
    for folder in ("req", "res", "face"):
        for path in (terminal_process.folder / folder).iterdir():
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
    return terminal_process


INSURED_AT_TERMINAL: dict[str, Any] = {
    "insurer_number": "01139997",
    "insured_symbol": "12340005",
    "insured_number": "67",
    "insured_branch": "00",
    "name": "試験　花子",
    "name_kana": "ｼｹﾝ ﾊﾅｺ",
    "birth_date": date(1980, 2, 17),
}


def new_patient(at: datetime, number: str = "A001", card: str = "cd" * 32, **person: Any) -> CheckIn:
    """A check-in whose card leads to somebody the simulated terminal knows; 67 is valid."""
    return replace(new_checkin(at, number, **(INSURED_AT_TERMINAL | person)), card=CardSeen(card, Notice.NONE))


def nobody_answered(checkin: CheckIn, results: tuple[EligibilityResult, ...] = ()) -> CheckIn:
    """The check-in as it is where no answer came."""
    none = Eligibility(Source.NONE, Validity.UNCONFIRMED, None, results)
    return replace(checkin, eligibility=none, consents=consent.no_consents())


def settings_at(folder: Path, **changes: Any) -> ReceptionSettings:
    """A reception of a test site."""
    plain = ReceptionSettings(
        site="test",
        clinic="みほん内科クリニック",
        database=folder / "reception.db",
        key_file=folder / "reception.key",
        kiosk_door=Door("127.0.0.1", 0),
        staff_door=Door("127.0.0.1", 0),
    )
    return replace(plain, **changes)


@dataclass
class OpenDesk:
    """A desk in this process, its doors answered without a socket."""

    desk: Desk
    clock: Clock
    kiosk: SealingKiosk
    at_kiosk_door: httpx.AsyncClient
    at_staff_door: httpx.AsyncClient
    sessions: session.Sessions

    async def post(self, checkin: CheckIn, **others: str) -> httpx.Response:
        kiosk = replace(self.kiosk, kiosk_id=checkin.kiosk_id)
        body = kiosk.sealed(checkin, checkin.checkin_id)
        headers = kiosk.headers(checkin.checkin_id, **others)
        return await self.at_kiosk_door.post("/k/v1/checkins", content=body, headers=headers)

    async def beat(self, stage: str, visit_id: VisitId | None, **others: Any) -> None:
        answer = await self.at_kiosk_door.post(
            "/k/v1/heartbeat",
            json=self.kiosk.heartbeat(self.clock.now, stage, visit_id, **others),
            headers={"x-kiosk-id": self.kiosk.kiosk_id},
        )
        assert answer.status_code == 200

    async def sit_down(self, staff_id: str | None, role: Role = Role.RECEPTION) -> dict[str, str]:
        """Sign in as somebody (None: nobody), made for the role where there is none; the headers that a POST needs."""
        client, store = self.at_staff_door, self.desk.store
        client.cookies.clear()
        if staff_id is None:
            return {"origin": str(client.base_url)}
        if await store.read(accounts.account(staff_id)) is None:
            await store.write(accounts.create(staff_id, staff_id, role, "reception"))
        answer = await client.get(await store.write(accounts.one_time_link(staff_id)))
        assert answer.status_code == 303
        return self.headers()

    def headers(self) -> dict[str, str]:
        """What a POST of the browser that is signed in carries."""
        session_hash = accounts.hash_of(self.at_staff_door.cookies[session.COOKIE])
        seat = session.Seat(
            accounts.Account("", "", Role.RECEPTION),
            session_hash,
            idle=False,
            seen_at=self.clock.now,
            began_at=self.clock.now,
        )
        return {"origin": str(self.at_staff_door.base_url), "x-csrf-token": self.sessions.token(seat)}

    def audit(self) -> list[tuple[str, str]]:
        """Who did what, oldest first, without what kiosks delivered, who was made, and what was only looked at."""
        quiet = ("checkin_kept", "staff_created", "row_viewed", "rows_exported")
        return [row for row in self.whole_audit() if row[1] not in quiet]

    def whole_audit(self) -> list[tuple[str, str]]:
        """The same with all of it."""
        with contextlib.closing(reading(self.desk.settings)) as connection:
            return [tuple(row) for row in connection.execute("SELECT actor, action FROM audit ORDER BY seq")]


def reading(settings: ReceptionSettings) -> Any:
    """A look into a desk's database beside it."""
    import sqlite3

    import psycopg
    from psycopg.conninfo import make_conninfo

    if settings.postgresql is not None:
        return psycopg.connect(make_conninfo("", **settings.postgresql.parameters()), autocommit=True)
    return sqlite3.connect(f"file:{settings.database}?mode=ro", uri=True)


def client_of(app: Starlette, base_url: str = "http://127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url)


def all_there(transaction: Transaction) -> None:
    """Nobody has gone away for a while, or signed in too long ago."""
    now = transaction.now_text
    transaction.run("UPDATE staff_session SET began_at = ?, seen_at = ? WHERE seen_at < ?", now, now, now)


def at_the_desk(client: httpx.AsyncClient) -> Callable[[Transaction], None]:
    """Make the people of the desk where they are not there yet, and sign Tanaka in at the client's browser."""

    def change(transaction: Transaction) -> None:
        for staff_id, name in AT_THE_DESK.items():
            if accounts.account(staff_id)(transaction.connection) is None:
                accounts.create(staff_id, name, Role.RECEPTION, "reception")(transaction)
        session_id = session.new_id()
        transaction.run(
            "INSERT INTO staff_session(session_hash, staff_id, began_at, seen_at) VALUES (?, ?, ?, ?)",
            *(accounts.hash_of(session_id), "tanaka", transaction.now_text, transaction.now_text),
        )
        host = client.base_url.host
        client.cookies.set(session.COOKIE, session_id, domain=host if "." in host else f"{host}.local")

    return change


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    try:
        with postgresql.server() as running:
            yield running
    except postgresql.NoPostgresqlError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_in(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Which database a reception in a test has, as changes of its settings: every test of a desk is run with both."""
    if request.param == "sqlite":
        return {}
    return {"database": None, "postgresql": request.getfixturevalue("postgresql_server").fresh()}


@pytest.fixture
def open_desk(
    tmp_path: Path, kept_in: dict[str, Any]
) -> Callable[..., contextlib.AbstractAsyncContextManager[OpenDesk]]:
    """Open a desk in this process; keyword arguments change its settings.

    `staying`: whoever signed in sits there all the time, however the clock goes.
    """
    if kept_in:
        seal.load_or_make(tmp_path / "reception.key", tmp_path / "none.db")

    @contextlib.asynccontextmanager
    async def opened(host: str = "127.0.0.1", *, staying: bool = True, **changes: Any) -> AsyncIterator[OpenDesk]:
        clock = Clock()
        desk = Desk(settings_at(tmp_path, **kept_in, **changes), clock)
        try:
            kiosk = SealingKiosk(X25519PublicKey.from_public_bytes(raw_key(desk.key.public_key)), desk.key.key_id)

            async def stay(_: httpx.Request) -> None:
                with contextlib.suppress(StoreError):
                    await store_write(all_there)

            store_write = desk.store.write
            staff_app = await staff_door.app(desk)
            kiosks, staff = client_of(kiosk_door.app(desk)), client_of(staff_app, f"http://{host}")
            await desk.store.write(at_the_desk(staff))
            if staying:
                staff.event_hooks["request"].append(stay)
            async with kiosks, staff:
                yield OpenDesk(desk, clock, kiosk, kiosks, staff, staff_app.state.sessions)
        finally:
            desk.close()

    return opened


def raw_key(text: str) -> bytes:
    import base64

    return base64.b64decode(text, validate=True)


@dataclass
class Reception:
    """A reception in a process of its own."""

    process: subprocess.Popen[str]
    kiosk_url: str
    staff_url: str
    kiosk: SealingKiosk
    http: httpx.Client
    """With Tanaka signed in, until somebody else sits down."""
    links: dict[str, str]
    _cookies: dict[str, str] = field(default_factory=dict)

    def cookie(self, staff_id: str) -> str:
        """The session of somebody, who signs in by the one-time link the first time."""
        if staff_id not in self._cookies:
            with httpx.Client(trust_env=False, timeout=10) as client:
                assert client.get(self.links[staff_id]).status_code == 303
                self._cookies[staff_id] = client.cookies[session.COOKIE]
        return self._cookies[staff_id]

    def sit_down(self, staff_id: str) -> dict[str, str]:
        """Sign in as somebody; the headers that a POST needs."""
        self.http.cookies.set(session.COOKIE, self.cookie(staff_id), domain="127.0.0.1")
        page = self.http.get(f"{self.staff_url}/board").text
        return {"origin": self.staff_url, "x-csrf-token": page.split('name="csrf-token" content="')[1].split('"')[0]}

    def open_board(self, page: Page, staff_id: str = "tanaka") -> None:
        """The board in a browser in which somebody is signed in."""
        cookie = {"name": session.COOKIE, "value": self.cookie(staff_id), "url": self.staff_url}
        page.context.add_cookies([cookie])  # type: ignore[list-item]
        page.goto(f"{self.staff_url}/board")

    def post(self, checkin: CheckIn, body: bytes | None = None) -> httpx.Response:
        kiosk = replace(self.kiosk, kiosk_id=checkin.kiosk_id)
        sealed = kiosk.sealed(checkin, checkin.checkin_id) if body is None else body
        headers = kiosk.headers(checkin.checkin_id)
        return self.http.post(f"{self.kiosk_url}/k/v1/checkins", content=sealed, headers=headers)

    def beat(self, stage: str, visit_id: VisitId | None, kiosk_id: str = "a", **others: Any) -> None:
        kiosk = replace(self.kiosk, kiosk_id=kiosk_id)
        body = kiosk.heartbeat(datetime.now(UTC), stage, visit_id, **others)
        headers = {"x-kiosk-id": kiosk_id}
        assert self.http.post(f"{self.kiosk_url}/k/v1/heartbeat", json=body, headers=headers).status_code == 200

    def call_help(self, reason: HelpReason, stage: str = "choosing_method") -> str:
        body = self.kiosk.help(datetime.now(UTC), reason, stage)
        answer = self.http.post(f"{self.kiosk_url}/k/v1/help", json=body, headers={"x-kiosk-id": "a"})
        assert answer.status_code == 201
        return str(body["help_id"])

    @contextlib.contextmanager
    def line(self, kiosk_id: str = "a") -> Iterator[Iterator[str]]:
        """The lines of the kiosk's own stream of commands."""
        headers = {"x-kiosk-id": kiosk_id}
        with self.http.stream("GET", f"{self.kiosk_url}/k/v1/line", headers=headers) as answer:
            assert answer.status_code == 200
            yield answer.iter_lines()

    def answer_command(self, command_id: str, state: str, kiosk_id: str = "a") -> int:
        url = f"{self.kiosk_url}/k/v1/line/{command_id}"
        return self.http.post(url, json={"state": state}, headers={"x-kiosk-id": kiosk_id}).status_code

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(10)


@pytest.fixture
def start_reception(tmp_path: Path) -> Iterator[Callable[..., Reception]]:
    """Start a reception process at this test's database; what is still running at the end is ended."""
    started: list[Reception] = []

    def start(staff_port: int = 0, kiosk_port: int = 0, more: str = "") -> Reception:
        return begin(tmp_path, started, staff_port, kiosk_port, more)

    yield start
    for reception in started:
        reception.http.close()
        if reception.process.poll() is None:
            reception.process.kill()
        reception.process.wait(10)
        assert reception.process.stdout is not None
        reception.process.stdout.close()


def begin(
    folder: Path, started: list[Reception], staff_port: int = 0, kiosk_port: int = 0, more: str = ""
) -> Reception:
    file = folder / "reception.yaml"
    file.write_text(
        "site: test\nclinic: みほん内科クリニック\ndatabase: reception.db\nkey_file: reception.key\n"
        f"kiosk_door: {{host: 127.0.0.1, port: {kiosk_port}}}\n"
        f"staff_door: {{host: 127.0.0.1, port: {staff_port}}}\n"
        f"test_staff:\n  - {{id: tanaka, name: 田中 みさき}}\n  - {{id: mori, name: 森 そうた}}\n{more}",
        encoding="utf-8",
    )
    with (folder / "reception.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(file)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    http = httpx.Client(trust_env=False, timeout=10)
    key = http.get(f"{ready['kiosk_door']}/k/v1/key", headers={"x-kiosk-id": "a"}).json()
    kiosk = SealingKiosk(X25519PublicKey.from_public_bytes(raw_key(key["public_key"])), key["key_id"])
    reception = Reception(process, ready["kiosk_door"], ready["staff_door"], kiosk, http, ready["sign_in"])
    reception.sit_down("tanaka")
    started.append(reception)
    return reception


@pytest.fixture
def checkin_at() -> Callable[..., CheckIn]:
    """Build a check-in of an invented person: `checkin_at(moment, number, kiosk_id, **person)`."""
    return new_checkin


@pytest.fixture
def checkin_now() -> Callable[..., CheckIn]:
    """The same, at this moment of the real clock (whole milliseconds, as on the wire)."""

    def build(number: str = "A012", kiosk_id: str = "a", **person: Any) -> CheckIn:
        return new_checkin(dates.instant(dates.instant_text(datetime.now(UTC))), number, kiosk_id, **person)

    return build


@pytest.fixture
def with_validity() -> Callable[..., CheckIn]:
    """Give a check-in another validity, and other results."""
    return judged


@pytest.fixture
def patient_at() -> Callable[..., CheckIn]:
    """Build a check-in of somebody the simulated terminal knows: `patient_at(moment, number, card, **person)`."""
    return new_patient


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not browser.CHROMIUM.exists():
        pytest.skip(f"{browser.CHROMIUM} is not on this machine")
    with browser.browser() as opened:
        yield opened


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that has been nowhere yet."""
    with browser.page(chromium) as opened:
        yield opened


@pytest.fixture
def unanswered() -> Callable[..., CheckIn]:
    """Turn a check-in into one that nobody answered; its results are what the card told."""
    return nobody_answered
