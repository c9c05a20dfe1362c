"""The visual check at the kiosk itself: who it is that types code and PIN there, and how the check ended.

`POST /k/v1/staff/verify` {"visit_id", "code", "pin"} -> 200 {"ok", "check_id", "staff_id", "expires_at"}, 403 one of them
is wrong, 429 no further try for now. `POST /k/v1/staff/outcome` -> 201 noted now, 200 noted before. Hashes never leave
reception, and who, when and how it ended are audit rows (design/architecture.md, "The visual check").
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kiosk import journal
from kiosk.reception.answers import json_body, kiosk_of, same_kiosk
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.kiosk_pin import kiosk_pin_matches
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, dates, door, ids
from kiosk.record.door import StaffReport
from kiosk.record.ids import KioskId, VisitId
from kiosk.staff.commands import GRANT_LASTS

log = logging.getLogger("kiosk.reception.staff_check")

_MOST = 1024
"""Bytes of a question or a report."""


@dataclass(frozen=True)
class Opened:
    """A check that somebody may now make, at one kiosk, for one visit."""

    check_id: str
    staff_id: str
    expires_at: datetime


@dataclass(frozen=True)
class _Asked:
    visit_id: VisitId
    code: str = field(repr=False)
    pin: str = field(repr=False)


class StaffCheck:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def verify(self, request: Request) -> Response:
        """`POST staff/verify`. Raises `RefusedError`: 403, 422, 429."""
        kiosk_id = kiosk_of(request)
        asked = _asked(await json_body(request, _MOST))
        account = await kiosk_pin_matches(self._desk, asked.code, asked.pin, kiosk_id)
        if account is None:
            raise RefusedError(403, "wrong", "the staff number or the PIN is wrong")
        opened = await self._desk.store.write(begin(kiosk_id, asked.visit_id, account.id, ids.new_visit_id()))
        log.info("staff_verified", extra=journal.numbers(visit=asked.visit_id))
        told = {"check_id": opened.check_id, "staff_id": opened.staff_id}
        return JSONResponse({"ok": True, **told, "expires_at": dates.instant_text(opened.expires_at)})

    async def outcome(self, request: Request) -> Response:
        """`POST staff/outcome`. Raises `RefusedError`: 409, 422."""
        kiosk_id = kiosk_of(request)
        try:
            report = door.staff_report_from_json(await json_body(request, _MOST))
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        same_kiosk(report.kiosk_id, kiosk_id)
        new = await self._desk.store.write(ended(report))
        log.info("visual_ended", extra=journal.numbers(visit=report.visit_id, outcome=report.outcome.value, new=new))
        return JSONResponse({"check_id": report.check_id}, 201 if new else 200)


def routes(desk: Desk) -> list[Route]:
    """What the kiosk door mounts."""
    endpoints = StaffCheck(desk)
    return [
        Route("/k/v1/staff/verify", endpoints.verify, methods=["POST"]),
        Route("/k/v1/staff/outcome", endpoints.outcome, methods=["POST"]),
    ]


def begin(kiosk_id: KioskId, visit_id: VisitId, staff_id: str, check_id: str) -> Callable[[Transaction], Opened]:
    """Open a check for somebody whose code and PIN were right; it lasts as long as one from the board."""

    def change(transaction: Transaction) -> Opened:
        opened = Opened(check_id, staff_id, transaction.now + GRANT_LASTS)
        transaction.run(
            "INSERT INTO kiosk_check(check_id, kiosk_id, visit_id, staff_id, verified_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            *(check_id, kiosk_id, visit_id, staff_id, transaction.now_text, dates.instant_text(opened.expires_at)),
        )
        transaction.audit(staff_id, "visual_at_kiosk", kiosk_id=kiosk_id, about=visit_id)
        return opened

    return change


def ended(report: StaffReport) -> Callable[[Transaction], bool]:
    """Note how a check ended; True if it is new. Raises `RefusedError` (409): it never was, or ended otherwise."""

    def change(transaction: Transaction) -> bool:
        row = transaction.one(
            "SELECT * FROM kiosk_check WHERE check_id = ? AND kiosk_id = ? AND visit_id = ?",
            *(report.check_id, report.kiosk_id, report.visit_id),
        )
        if row is None:
            raise RefusedError(409, "no_such_check", "no such check was opened for that visit at this kiosk")
        if row["outcome"] is not None:
            if row["outcome"] != report.outcome.value:
                raise RefusedError(409, "other_outcome", "this check is noted already, with another outcome")
            return False
        transaction.run(
            "UPDATE kiosk_check SET outcome = ?, ended_at = ? WHERE check_id = ?",
            *(report.outcome.value, dates.instant_text(report.at), report.check_id),
        )
        action = f"visual_{report.outcome.value}"
        transaction.audit(row["staff_id"], action, kiosk_id=report.kiosk_id, about=report.visit_id, note="at the kiosk")
        return True

    return change


def _asked(body: object) -> _Asked:
    told = body if isinstance(body, dict) else {}
    code, pin = told.get("code"), told.get("pin")
    if not (_digits(code, 4) and _digits(pin, 6)):
        raise RefusedError(422, "record", "code and pin: expected four and six digits")
    try:
        return _Asked(ids.visit_id(told.get("visit_id")), str(code), str(pin))
    except RecordError as error:
        raise RefusedError(422, "record", str(error)) from error


def _digits(text: object, count: int) -> bool:
    return isinstance(text, str) and len(text) == count and text.isascii() and text.isdigit()
