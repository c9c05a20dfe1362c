"""`GET /api/v1/feed`: check-ins, their answers and states for a claims computer or an EMR (docs/feed.md). Read-only.

Arrivals at the official reader come in the same order, for whoever asks for them: who does not know of them reads on as before.

What changed is counted as the board's events are, in the order of the commits: `since` is the last number that was seen.
Every item is the whole of it as it is now, so whoever reads a change twice, or two changes at once, is right all the same.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from kiosk.reception import checkins, hand_off_rows, later_answers, machines, reader_rows, replay
from kiosk.reception.admission import TurnedAway
from kiosk.reception.answers import problem
from kiosk.reception.checkins import Row
from kiosk.reception.database import Connection
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.guard import open_to_all
from kiosk.reception.hand_off_rows import HandOffRow
from kiosk.reception.machines import Machine
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.store import DeskEvent
from kiosk.record import checkin as contract
from kiosk.record import dates, ids
from kiosk.record.ids import VisitId

PATH: Final = "/api/v1/feed"

USUAL: Final = 100
MOST: Final = 200
"""Events that one answer goes through."""

LONGEST_WAIT: Final = 25
"""Seconds that an answer may be kept back until there is something to tell."""

MOST_WAITING: Final = 8
"""Answers kept back at once: a handful of programs reads, each in one place."""

_WITHOUT_TOKEN: Final = {"www-authenticate": 'Bearer realm="reception feed"'}


@dataclass(frozen=True, repr=False)
class _Item:
    seq: int
    row: Row
    handed: list[HandOffRow]


@dataclass(frozen=True, repr=False)
class _Arrival:
    seq: int
    row: ReaderRow


@dataclass(frozen=True, repr=False)
class _Page:
    items: list[_Item | _Arrival]
    next: int
    more: bool


class FeedApi:
    """The endpoint of one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turned_away = TurnedAway(desk)
        self._waiting = asyncio.Semaphore(MOST_WAITING)

    def routes(self) -> list[BaseRoute]:
        """It looks at its caller's token by itself: nobody is signed in here."""
        return [open_to_all(PATH, self.feed, ["GET"])]

    async def feed(self, request: Request) -> Response:
        """What came or changed after `since`, each as it is now; `next` is where to go on."""
        machine = await self._machine(request)
        if machine is None:
            await self._turned_away.note("feed_token")
            return problem(
                401, "token", "this needs the token of a machine account: kiosk reception token", _WITHOUT_TOKEN
            )
        if not set(request.query_params) <= {"since", "limit", "wait", "arrivals"}:
            raise RefusedError(400, "parameters", "the parameters are: since, limit, wait, arrivals")
        since = _number(request, "since", 0, 1 << 53)
        limit = _number(request, "limit", USUAL, MOST, least=1)
        wait = _number(request, "wait", 0, LONGEST_WAIT)
        page = await self._page(_page_of(since, limit, arrivals=_number(request, "arrivals", 0, 1) == 1), wait)
        if page.items:
            note = f"{len(page.items)} rows"
            await self._desk.store.write(lambda transaction: transaction.audit(machine.actor, "feed_read", note=note))
        return JSONResponse(
            {"items": [_json(item) for item in page.items], "next": page.next, "more": page.more},
            headers={"cache-control": "no-store"},
        )

    async def _machine(self, request: Request) -> Machine | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.startswith(machines.PREFIX) or len(token) > 100:
            return None
        found = await self._desk.store.read(machines.by_token(token.strip()))
        return None if found is None or found.revoked else found

    async def _page(self, question: Callable[[Connection], _Page], wait: int) -> _Page:
        """What there is; where there is nothing, what comes within `wait` seconds. Raises `RefusedError` (409)."""
        with self._desk.board.listen(_is_checkin) as listener:
            page = await self._desk.store.read(question)
            if page.items or wait == 0 or self._waiting.locked():
                return page
            async with self._waiting:
                until = time.monotonic() + wait
                while not page.items and (left := until - time.monotonic()) > 0:
                    try:
                        if await listener.next(left) is None:
                            break
                    except TimeoutError:
                        break
                    page = await self._desk.store.read(question)
            return page


def _page_of(since: int, limit: int, *, arrivals: bool) -> Callable[[Connection], _Page]:
    def question(connection: Connection) -> _Page:
        newest = replay.newest(connection)
        if since > newest:
            raise RefusedError(409, "unknown_place", "since: this reception never counted that far; begin again at 0")
        found = connection.execute(
            "SELECT seq, flags FROM event WHERE seq > ? AND kind = 'checkin' ORDER BY seq LIMIT ?", (since, limit + 1)
        ).fetchall()
        items: dict[VisitId, _Item | _Arrival] = {}
        for row in found[:limit]:
            row_id = ids.visit_id(json.loads(row["flags"])["checkin_id"])
            arrival = reader_rows.row(row_id)(connection) if arrivals else None
            if arrival is not None:
                items.pop(row_id, None)
                items[row_id] = _Arrival(row["seq"], arrival)
                continue
            kept = checkins.row(row_id)(connection)
            for one in () if kept is None else _with_joined(kept):  # None: erased meanwhile, or an arrival
                checkin_id = one.checkin.checkin_id
                items.pop(checkin_id, None)
                items[checkin_id] = _Item(row["seq"], one, hand_off_rows.of_checkin(checkin_id)(connection))
        more = len(found) > limit
        return _Page(list(items.values()), found[limit - 1]["seq"] if more else newest, more)

    return question


def _with_joined(row: Row) -> tuple[Row, ...]:
    """Check-ins of one card and day are one row of the board: what happens to one of them happens to all."""
    first = row.first or row
    return (first, *first.visits)


def _json(item: _Item | _Arrival) -> dict[str, object]:
    return _arrival_json(item) if isinstance(item, _Arrival) else _checkin_json(item)


def _arrival_json(item: _Arrival) -> dict[str, object]:
    """What a check-in's record tells of a person, and no more: not whom of the clinic's patients the desk took them for."""
    row, arrival = item.row, item.row.arrival
    return {
        "seq": item.seq,
        "kind": "reader_arrival",
        "arrival_id": row.arrival_id,
        "stamped_at": dates.instant_text(row.stamped_at),
        "received_at": dates.instant_text(row.received_at),
        "state": row.state.value,
        "simulated": arrival.simulated,
        "failed": arrival.failed,
        "eligibility": contract.eligibility_json(arrival.eligibility),
        "consents": contract.consents_json(arrival.consents),
        "prescription": arrival.prescription.value,
    }


def _checkin_json(item: _Item) -> dict[str, object]:
    row = item.row
    return {
        "seq": item.seq,
        "kind": "checkin",
        "checkin_id": row.checkin.checkin_id,
        "receipt": row.receipt,
        "received_at": dates.instant_text(row.received_at),
        "state": row.state.value,
        "joined": row.first_id or None,
        "record": json.loads(row.record),
        "later": None if row.later is None else json.loads(later_answers.to_json(row.later)),
        "hand_off": [
            {"later": one.later, "state": one.state.value, "file": one.file, "gaiji": one.gaiji, "reason": one.reason}
            for one in item.handed
        ],
    }


def _number(request: Request, name: str, usual: int, most: int, least: int = 0) -> int:
    told = request.query_params.getlist(name)
    if not told:
        return usual
    text = told[0]
    if len(told) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 16 and least <= int(text) <= most):
        raise RefusedError(400, name, f"{name}: expected one whole number from {least} to {most}")
    return int(text)


def _is_checkin(event: DeskEvent) -> bool:
    return event.kind == "checkin" and event.seq is not None
