"""The audit log to read: `/audit`, the newest first, by day, person or record; and as CSV. Reading it is an entry itself."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from kiosk.reception import witnesses
from kiosk.reception.accounts import Role
from kiosk.reception.audit import Entry, entry_of
from kiosk.reception.audit_words import ACTIONS
from kiosk.reception.database import Connection, Found
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import Frame
from kiosk.reception.guard import guarded
from kiosk.reception.session import Sessions, require, seat_of
from kiosk.record import RecordError, dates

A_PAGE: Final = 200
MOST_EXPORTED: Final = 100_000
_READERS: Final = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})
_COLUMNS: Final = ("seq", "at", "actor", "action", "kiosk_id", "about", "note", "hash")


@dataclass(frozen=True)
class Wanted:
    """Which entries: of a day in Japan, of a person, of a record; before an entry's number. Empty: all."""

    day: str = ""
    who: str = ""
    about: str = ""
    before: int = 0

    @property
    def narrowed(self) -> dict[str, str]:
        """What was chosen, for an address."""
        return {name: value for name in ("day", "who", "about") if (value := getattr(self, name))}


@dataclass(frozen=True)
class NumberedEntry:
    """An entry, its number, its hash, its time in Japan, and its action in words."""

    seq: int
    entry: Entry
    hash: str
    local: str
    action: str


def wanted(query: Mapping[str, str]) -> Wanted:
    """What an address asks for. Raises `RefusedError` (422)."""
    day, before = query.get("day", ""), query.get("before", "") or "0"
    try:
        if day:
            dates.day(day)
    except RecordError as error:
        raise RefusedError(422, "day", "日付は 2026-11-24 のように入れてください。") from error
    if not (before.isascii() and before.isdigit() and len(before) <= 15):
        raise RefusedError(422, "before", "ページを読み込み直してください。")
    return Wanted(day, query.get("who", "").strip()[:64], query.get("about", "").strip()[:64], int(before))


def entries(what: Wanted, most: int) -> Callable[[Connection], list[NumberedEntry]]:
    """The newest first, at most so many."""
    where, values = ["1 = 1"], []
    if what.day:
        begins = datetime.combine(dates.day(what.day), time(), dates.JST)
        where.append("at >= ? AND at < ?")
        values += [dates.instant_text(begins), dates.instant_text(begins + timedelta(days=1))]
    if what.who:
        where.append("(actor = ? OR kiosk_id = ?)")
        values += [what.who, what.who]
    if what.about:
        where.append("about = ?")
        values.append(what.about)

    def question(connection: Connection) -> list[NumberedEntry]:
        numbers = [what.before] if what.before else []
        sql = f"SELECT * FROM audit WHERE {' AND '.join(where)}{' AND seq < ?' if numbers else ''}"  # noqa: S608
        found = connection.execute(f"{sql} ORDER BY seq DESC LIMIT ?", (*values, *numbers, most))
        return [_numbered(row) for row in found]

    return question


class AuditPage:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = Frame(desk, sessions)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            guarded("/audit", self.page, ["GET"], _READERS),
            guarded("/audit.csv", self.exported, ["GET"], _READERS),
            guarded("/audit/misfits", self.seen_to, ["POST"], {Role.ADMINISTRATOR}, form=True),
        ]

    async def page(self, request: Request) -> Response:
        """`GET /audit?day=&who=&about=&before=`: two hundred entries."""
        what, account = wanted(request.query_params), seat_of(request).account
        found = await self._desk.store.read(entries(what, A_PAGE + 1))
        misfits = await self._desk.store.read(witnesses.misfits)
        await self._desk.store.write(lambda transaction: transaction.audit(account.id, "audit_viewed"))
        older = {**what.narrowed, "before": str(found[A_PAGE - 1].seq)} if len(found) > A_PAGE else {}
        return self._frame.drawn(
            request,
            "audit.html",
            what=what,
            entries=found[:A_PAGE],
            older=urlencode(older),
            csv=urlencode(what.narrowed),
            misfits=misfits,
            may_see_to=account.role is Role.ADMINISTRATOR,
        )

    async def exported(self, request: Request) -> Response:
        """`GET /audit.csv`: the same as CSV, at most a hundred thousand entries."""
        what, account = wanted(request.query_params), seat_of(request).account
        found = await self._desk.store.read(entries(what, MOST_EXPORTED))
        await self._desk.store.write(
            lambda transaction: transaction.audit(account.id, "audit_exported", note=f"{len(found)} entries")
        )
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(_COLUMNS)
        for one in found:
            told = one.entry
            values = (one.seq, told.at, told.actor, told.action, told.kiosk_id, told.about, told.note, one.hash)
            writer.writerow([_cell(value) for value in values])
        return Response(
            "\ufeff" + out.getvalue(),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="audit.csv"'},
        )

    async def seen_to(self, request: Request) -> Response:
        """`POST /audit/misfits`: an administrator knows why the log does not fit what kiosks have seen."""
        form = await form_of(request)
        account = await require(request, Role.ADMINISTRATOR, token=form.get("token", ""))
        await self._desk.store.write(witnesses.seen_to(account.id))
        return RedirectResponse("/audit", 303)


def _cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _numbered(row: Found) -> NumberedEntry:
    entry = entry_of(row)
    return NumberedEntry(row["seq"], entry, row["hash"], _local(entry.at), ACTIONS.get(entry.action, entry.action))


def _local(at: str) -> str:
    return dates.instant(at).astimezone(dates.JST).strftime("%Y-%m-%d %H:%M:%S")
