"""Desks in this process: their doors are answered without a socket, their clock goes on only when told."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from starlette.applications import Starlette

from kiosk.reception import accounts, kiosk_door, session, staff_door
from kiosk.reception.accounts import Role
from kiosk.reception.desk import Desk
from kiosk.reception.errors import StoreError
from kiosk.reception.settings import Door, ReceptionSettings
from kiosk.reception.store import Transaction
from kiosk.record.checkin import CheckIn
from kiosk.record.ids import VisitId
from tests.reception.sealing_kiosk import SealingKiosk, kiosk_of

NOW = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)

AT_THE_DESK = {"tanaka": "田中 みさき", "mori": "森 そうた"}
"""Who works at every desk of these tests, as 受付; a desk in this process has Tanaka signed in."""

ON_SQLITE_ONLY = pytest.mark.parametrize("kept_in", [{}], ids=["sqlite"])
"""For tests whose subject no database can change: no statement of their own, and nothing read in an order."""


@dataclass
class Clock:
    """A clock that goes on only when told."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


def settings_at(folder: Path, **changes: Any) -> ReceptionSettings:
    """A reception of a test site."""
    plain = ReceptionSettings(
        site="test",
        clinic="みほん内科クリニック",
        database=folder / "reception.db",
        key_file=folder / "reception.key",
        kiosk_door=Door("127.0.0.1", 0),
        staff_door=Door("127.0.0.1", 0),
        password_hashing="small",
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


@contextlib.asynccontextmanager
async def opened(
    settings: ReceptionSettings, host: str = "127.0.0.1", *, staying: bool = True
) -> AsyncIterator[OpenDesk]:
    """A desk with these settings, Tanaka signed in. `staying`: whoever signed in sits there all the time, however the clock goes."""
    clock = Clock()
    desk = Desk(settings, clock)
    try:

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
            kiosk = kiosk_of(desk.key.public_key, desk.key.key_id)
            yield OpenDesk(desk, clock, kiosk, kiosks, staff, staff_app.state.sessions)
    finally:
        desk.close()
