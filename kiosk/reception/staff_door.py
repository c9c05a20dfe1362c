"""The staff door: the board, its events, and what staff do from it.

Events carry ids and flags; the page then asks for the row, the call or the kiosk, which comes as a piece of HTML.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import TypeVar

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from kiosk import share
from kiosk.errors import MissingError
from kiosk.reception import (
    board_rows,
    checkins,
    feed,
    helps,
    kiosks,
    later_answers,
    reader_rows,
    replay,
    templates,
    view,
    visual,
)
from kiosk.reception.answers import HANDLERS, OurselvesOnly, json_body
from kiosk.reception.board_rows import AnyRow
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.feed import EventStream
from kiosk.reception.kiosks import KioskRow
from kiosk.reception.list_page import ListPage
from kiosk.reception.lookup_page import LookUpPage
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.row_moves import CHECKINS, READER_ARRIVALS, RowMove, moved
from kiosk.reception.session import Session, Sessions
from kiosk.record import RecordError, dates, ids
from kiosk.staff.commands import CommandKind

PING_EVERY = 15.0
"""Seconds between pings to a board; after 30 s of silence the page says 接続断."""

FONTS = ("BIZUDPGothic-Regular.ttf", "BIZUDPGothic-Bold.ttf")

HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


_STEPS = {step.value: step for step in RowMove}
_DECISIONS = {"confirm": CommandKind.CONFIRM_VISUAL, "refuse": CommandKind.REFUSE_VISUAL}

_T = TypeVar("_T")


class StaffDoor:
    """The endpoints of the staff door of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = templates.environment()

    # -- pages and pieces of them ------------------------------------------------------------------------------------

    async def board(self, request: Request) -> Response:
        """The whole board as it is now; `after` in it is where its events go on."""
        desk, now = self._desk, self._desk.clock()
        session = self._session(request)
        fresh = session or self._sessions.fresh()
        after = await desk.store.read(replay.newest)
        rows = await desk.store.read(board_rows.rows_on_board(now))
        calls = await desk.store.read(helps.open_calls)
        found = await desk.store.read(kiosks.all_kiosks)
        page = self._pages.get_template("board.html").render(
            clinic=desk.settings.clinic,
            test_site=desk.settings.site == "test",
            staff=desk.settings.staff,
            me=fresh.staff_id,
            lookup=desk.lookups.possible,
            reader_away=desk.reader_away,
            token=self._sessions.token(fresh),
            after=after,
            rows=[board_rows.board_row(row, desk.settings.staff, now) for row in rows],
            helps=[view.help_view(call, now) for call in calls],
            kiosks=[await self._kiosk_view(kiosk, fresh.staff_id) for kiosk in found],
        )
        response = HTMLResponse(page)
        if session is None:
            self._sessions.put(response, fresh)
        return response

    async def row(self, request: Request) -> Response:
        """One row: a piece of HTML for the page, JSON for whoever asks for it."""
        row = await self._desk.store.read(board_rows.row(_id(request)))
        if row is None:
            raise RefusedError(404, "no_such_row", "この受付は見つかりません。")
        if "text/html" not in request.headers.get("accept", ""):
            return JSONResponse(_row_json(row))
        shown = board_rows.board_row(row, self._desk.settings.staff, self._desk.clock())
        return HTMLResponse(self._pages.get_template("row.html").render(place=shown, row=shown.shown))

    async def rows(self, request: Request) -> Response:
        """Check-ins after the receipt number `since`, oldest first, at most 200; `next` is where to go on."""
        since = request.query_params.get("since", "0")
        if not (since.isascii() and since.isdigit() and len(since) <= 15):
            raise RefusedError(400, "since", "since: expected a receipt number")
        rows = await self._desk.store.read(checkins.rows_since(int(since)))
        return JSONResponse(
            {"rows": [_row_json(row) for row in rows], "next": rows[-1].receipt if rows else int(since)}
        )

    async def help(self, request: Request) -> Response:
        """One open call as a piece of HTML; nothing (204) once it is done."""
        call = await self._desk.store.read(helps.call(_id(request)))
        if call is None:
            raise RefusedError(404, "no_such_help", "この呼び出しは見つかりません。")
        if call.done:
            return Response(status_code=204)
        shown = view.help_view(call, self._desk.clock())
        return HTMLResponse(self._pages.get_template("help.html").render(help=shown))

    async def kiosk(self, request: Request) -> Response:
        """One kiosk of the strip as a piece of HTML."""
        found = await self._desk.store.read(kiosks.kiosk(_kiosk_id(request)))
        if found is None:
            raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。")
        session = self._session(request)
        shown = await self._kiosk_view(found, None if session is None else session.staff_id)
        return HTMLResponse(self._pages.get_template("kiosk.html").render(kiosk=shown))

    async def font(self, request: Request) -> Response:
        """The house's typeface, where it was fetched: a PC without Japanese fonts shows the board all the same."""
        name = request.path_params["name"]
        try:
            path = share.fetched(f"fonts/{name}") if name in FONTS else None
        except MissingError:
            path = None
        if path is None:
            raise RefusedError(404, "not_found", "there is no such typeface here")
        return FileResponse(path, media_type="font/ttf", headers={"cache-control": "max-age=604800"})

    # -- events ------------------------------------------------------------------------------------------------------

    async def events(self, request: Request) -> Response:
        """What happened after Last-Event-ID (or `?after=`), then what happens. `reload`: that place is unknown here."""
        place = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not (place.isascii() and place.isdigit() and len(place) <= 15):
            raise RefusedError(400, "after", "Last-Event-ID: expected the number of an event")
        return EventStream(self._happenings(int(place)))

    async def _happenings(self, after: int) -> AsyncGenerator[bytes]:
        with self._desk.board.listen() as listener:
            yield b"retry: 1000\n" + feed.sse("ping", {})
            if await self._desk.store.read(replay.newest) < after:
                yield feed.sse("reload", {})
                return
            while missed := await self._desk.store.read(replay.events_after(after)):
                for event in missed:
                    after = event.seq or after
                    yield feed.sse(event.kind, event.flags, event.seq)
            while True:
                try:
                    fresh = await listener.next(PING_EVERY)
                except TimeoutError:
                    yield feed.sse("ping", {})
                    continue
                if fresh is None:
                    return
                if fresh.seq is None or fresh.seq > after:
                    yield feed.sse(fresh.kind, fresh.flags, fresh.seq)

    # -- what staff do -----------------------------------------------------------------------------------------------

    async def choose_staff(self, request: Request) -> Response:
        """Who sits at this board from now on."""
        session = self._sessions.check_post(request)
        member = self._desk.member(str(_field(await json_body(request), "staff_id")))
        if member is None:
            raise RefusedError(422, "no_such_staff", "この担当者は設定にありません。")
        chosen = Session(session.nonce, member.id)
        await self._desk.store.write(lambda transaction: transaction.audit(member.id, "staff_chosen"))
        response = JSONResponse({"staff_id": member.id, "token": self._sessions.token(chosen)})
        self._sessions.put(response, chosen)
        return response

    async def move_row(self, request: Request) -> Response:
        """Take, finish or give back a row."""
        staff_id = self._acting(request)
        step = _choice(_STEPS, request.path_params["step"])
        row = await self._desk.store.read(board_rows.row(_id(request)))
        rows = READER_ARRIVALS if isinstance(row, ReaderRow) else CHECKINS
        state = await self._desk.store.write(moved(rows, _id(request), step, staff_id))
        return JSONResponse({"state": state.value})

    async def help_done(self, request: Request) -> Response:
        """Somebody has seen to a call."""
        await self._desk.store.write(helps.done(_id(request), self._acting(request)))
        return Response(status_code=204)

    async def grant_visual(self, request: Request) -> Response:
        """Grant the visual check of the visit that the page showed, if it is still the kiosk's visit."""
        staff_id = self._acting(request)
        kiosk_id = _kiosk_id(request)
        try:
            visit_id = ids.visit_id(_field(await json_body(request), "visit_id"))
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        command = await self._desk.store.write(visual.grant(kiosk_id, visit_id, staff_id, ids.new_visit_id()))
        return JSONResponse({"command_id": command.id}, 201)

    async def decide_visual(self, request: Request) -> Response:
        """Confirm or refuse, by the person the check was granted to."""
        staff_id = self._acting(request)
        kind = _choice(_DECISIONS, request.path_params["decision"])
        command = await self._desk.store.write(visual.decide(_id(request), kind, staff_id, ids.new_visit_id()))
        return JSONResponse({"command_id": command.id}, 201)

    # ----------------------------------------------------------------------------------------------------------------

    def _session(self, request: Request) -> Session | None:
        """The request's session, unless its person no longer stands in the settings."""
        session = self._sessions.of(request)
        if session is None or (session.staff_id is not None and self._desk.member(session.staff_id) is None):
            return None
        return session

    def _acting(self, request: Request) -> str:
        """Who does this. Raises `RefusedError` (403) where nobody was chosen."""
        session = self._sessions.check_post(request)
        if session.staff_id is None or self._desk.member(session.staff_id) is None:
            raise RefusedError(403, "no_staff", "先に右上で担当者を選んでください。")
        return session.staff_id

    async def _kiosk_view(self, row: KioskRow, me: str | None) -> view.KioskView:
        visit_id = row.beat.visit_id
        grant = None
        if visit_id is not None:
            grant = await self._desk.store.read(visual.latest_grant(row.beat.kiosk_id, visit_id))
        return view.kiosk_view(row, grant, me, self._desk.settings.staff, self._desk.clock())


async def app(desk: Desk) -> Starlette:
    """The staff door as an ASGI application."""
    sessions = Sessions(bytes.fromhex(await desk.store.read(replay.session_key)))
    endpoints, lookup, many = StaffDoor(desk, sessions), LookUpPage(desk, sessions), ListPage(desk, sessions)
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/board"), methods=["GET"]),
            Route("/board", endpoints.board, methods=["GET"]),
            Route("/lookup", lookup.page, methods=["GET"]),
            Route("/lookup", lookup.asked, methods=["POST"]),
            Route("/list", many.page, methods=["GET"]),
            Route("/api/v1/list", many.asked, methods=["POST"]),
            Route("/api/v1/list/progress", many.progress, methods=["GET"]),
            Route("/events", endpoints.events, methods=["GET"]),
            Route("/fonts/{name}", endpoints.font, methods=["GET"]),
            Mount("/static", StaticFiles(directory=templates.PAGES / "static")),
            Route("/api/v1/staff", endpoints.choose_staff, methods=["POST"]),
            Route("/api/v1/rows", endpoints.rows, methods=["GET"]),
            Route("/api/v1/rows/{id}", endpoints.row, methods=["GET"]),
            Route("/api/v1/rows/{id}/{step}", endpoints.move_row, methods=["POST"]),
            Route("/api/v1/help/{id}", endpoints.help, methods=["GET"]),
            Route("/api/v1/help/{id}/done", endpoints.help_done, methods=["POST"]),
            Route("/api/v1/kiosks/{kiosk_id}", endpoints.kiosk, methods=["GET"]),
            Route("/api/v1/kiosks/{kiosk_id}/grant", endpoints.grant_visual, methods=["POST"]),
            Route("/api/v1/grants/{id}/{decision}", endpoints.decide_visual, methods=["POST"]),
        ],
        middleware=[Middleware(OurselvesOnly, headers=HEADERS)],
        exception_handlers=HANDLERS,
    )


def _id(request: Request) -> ids.VisitId:
    try:
        return ids.visit_id(request.path_params["id"])
    except RecordError as error:
        raise RefusedError(404, "not_found", "見つかりません。") from error


def _kiosk_id(request: Request) -> ids.KioskId:
    try:
        return ids.kiosk_id(request.path_params["kiosk_id"])
    except RecordError as error:
        raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。") from error


def _choice(choices: Mapping[str, _T], word: str) -> _T:
    if word not in choices:
        raise RefusedError(404, "not_found", "there is nothing at this path")
    return choices[word]


def _field(body: object, name: str) -> object:
    return body.get(name) if isinstance(body, dict) else None


def _row_json(row: AnyRow) -> dict[str, object]:
    if isinstance(row, ReaderRow):
        return {
            "arrival_id": row.arrival_id,
            "received_at": dates.instant_text(row.received_at),
            "state": row.state.value,
            "taken_by": row.taken_by,
            "arrival": reader_rows.message_of(row),
        }
    return {
        "checkin_id": row.checkin.checkin_id,
        "receipt": row.receipt,
        "received_at": dates.instant_text(row.received_at),
        "state": row.state.value,
        "taken_by": row.taken_by,
        "record": json.loads(row.record),
        "later": None if row.later is None else json.loads(later_answers.to_json(row.later)),
    }
