"""The staff door: the board, its events, and what staff do from it; and all pages of the door put together.

Events carry ids and flags; the page then asks for the row, the call or the kiosk, which comes as a piece of HTML.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from kiosk import share
from kiosk.errors import MissingError
from kiosk.reception import (
    accounts,
    board_pages,
    board_rows,
    checkins,
    feed,
    helps,
    kiosk_modes,
    kiosks,
    language,
    later_answers,
    pairing,
    reader_rows,
    replay,
    templates,
    view,
    visual,
)
from kiosk.reception.accounts import DESK
from kiosk.reception.answers import HANDLERS, OurselvesOnly, json_body, problem
from kiosk.reception.audit_page import AuditPage
from kiosk.reception.board_rows import AnyRow
from kiosk.reception.database import Connection
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.feed import EventStream
from kiosk.reception.feed_api import FeedApi
from kiosk.reception.frame import HOMES, Frame
from kiosk.reception.guard import checked, guarded, open_to_all
from kiosk.reception.kiosks import KioskRow
from kiosk.reception.list_page import ListPage
from kiosk.reception.lookup_page import LookUpPage
from kiosk.reception.masking import masked
from kiosk.reception.own_page import OwnPage
from kiosk.reception.passkeys import Passkeys
from kiosk.reception.people_page import PeoplePage
from kiosk.reception.reader_rows import ReaderRow
from kiosk.reception.row_moves import CHECKINS, READER_ARRIVALS, RowMove, moved
from kiosk.reception.session import IDLE_AFTER, Seat, Sessions, seat_of
from kiosk.reception.settings import StaffMember
from kiosk.reception.sign_in_page import SignInPage
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
    """The endpoints of the board of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = templates.environment()

    def routes(self) -> list[BaseRoute]:
        """All of them. What the page asks for by itself is answered to an idle session too, with names masked."""
        return [
            open_to_all("/", self.front, ["GET"]),
            open_to_all("/fonts/{name}", self.font, ["GET"]),
            guarded("/board", self.board, ["GET"], DESK, idle=True),
            guarded("/events", self.events, ["GET"], DESK, idle=True),
            guarded("/api/v1/rows", self.rows, ["GET"], DESK),
            guarded("/api/v1/rows/{id}", self.row, ["GET"], DESK, idle=True),
            guarded("/api/v1/rows/{id}/{step}", self.move_row, ["POST"], DESK),
            guarded("/api/v1/help/{id}", self.help, ["GET"], DESK, idle=True),
            guarded("/api/v1/help/{id}/done", self.help_done, ["POST"], DESK),
            guarded("/api/v1/kiosks/{kiosk_id}", self.kiosk, ["GET"], DESK, idle=True),
            guarded("/api/v1/kiosks/{kiosk_id}/grant", self.grant_visual, ["POST"], DESK),
            guarded("/api/v1/grants/{id}/{decision}", self.decide_visual, ["POST"], DESK),
        ]

    # -- pages and pieces of them ------------------------------------------------------------------------------------

    async def front(self, request: Request) -> Response:
        """`GET /`: to the page that one's role begins at."""
        seat = await self._sessions.seat(request)
        return RedirectResponse("/sign-in" if seat is None else HOMES[seat.account.role])

    async def board(self, request: Request) -> Response:
        """The whole board as it is now; `after` in it is where its events go on."""
        desk, now, seat = self._desk, self._desk.clock(), seat_of(request)
        after = await desk.store.read(replay.newest)
        staff = await desk.store.read(accounts.staff)
        rows = await desk.store.read(board_rows.rows_on_board(now))
        calls = await desk.store.read(helps.open_calls)
        found = await desk.store.read(kiosks.all_kiosks)
        shown = [board_rows.board_row(row, staff, now) for row in rows]
        page = self._pages.get_template("board.html").render(
            clinic=desk.settings.clinic,
            test_site=desk.settings.site == "test",
            me=seat.account,
            idle=seat.idle,
            begins_masked=desk.settings.board_begins_masked,
            idle_after=int(IDLE_AFTER.total_seconds()),
            lookup=desk.lookups.possible,
            reader_away=desk.reader_away,
            token=self._sessions.token(seat),
            after=after,
            rows=[masked(row) for row in shown] if seat.idle else shown,
            helps=[view.help_view(call, now) for call in calls],
            kiosks=[await self._kiosk_view(kiosk, seat, staff) for kiosk in found],
        )
        return HTMLResponse(page)

    async def row(self, request: Request) -> Response:
        """One row: a piece of HTML for the page, all of it as JSON for whoever asks for it."""
        seat = seat_of(request)
        row, staff = await self._desk.store.read(_with_staff(board_rows.row(_id(request))))
        if row is None:
            raise RefusedError(404, "no_such_row", "この受付は見つかりません。")
        if "text/html" not in request.headers.get("accept", ""):
            if seat.idle:
                raise RefusedError(401, "idle", "しばらく操作がなかったので、もう一度サインインしてください。")
            row_id = _id(request)
            await self._desk.store.write(
                lambda transaction: transaction.audit(seat.account.id, "row_viewed", about=row_id)
            )
            return JSONResponse(_row_json(row))
        shown = board_rows.board_row(row, staff, self._desk.clock())
        shown = masked(shown) if seat.idle else shown
        return HTMLResponse(self._pages.get_template("row.html").render(place=shown, row=shown.shown))

    async def rows(self, request: Request) -> Response:
        """Check-ins after the receipt number `since`, oldest first, at most 200; `next` is where to go on."""
        since, staff_id = request.query_params.get("since", "0"), seat_of(request).account.id
        if not (since.isascii() and since.isdigit() and len(since) <= 15):
            raise RefusedError(400, "since", "since: expected a receipt number")
        rows = await self._desk.store.read(checkins.rows_since(int(since)))
        await self._desk.store.write(
            lambda transaction: transaction.audit(staff_id, "rows_exported", note=f"{len(rows)} rows")
        )
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
        found, staff = await self._desk.store.read(_with_staff(kiosks.kiosk(_kiosk_id(request))))
        if found is None:
            raise RefusedError(404, "no_such_kiosk", "この受付機は見つかりません。")
        shown = await self._kiosk_view(found, seat_of(request), staff)
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
        """What happened after Last-Event-ID (or `?after=`), then what happens.

        `reload`: that place is unknown here. `signed_out`: the session is over, and the stream with it.
        """
        place = request.headers.get("last-event-id") or request.query_params.get("after", "0")
        if not (place.isascii() and place.isdigit() and len(place) <= 15):
            raise RefusedError(400, "after", "Last-Event-ID: expected the number of an event")
        return EventStream(self._happenings(request, int(place)))

    async def _happenings(self, request: Request, after: int) -> AsyncGenerator[bytes]:
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
                    if await self._sessions.seat(request) is None:
                        yield feed.sse("signed_out", {})
                        return
                    yield feed.sse("ping", {})
                    continue
                if fresh is None:
                    return
                if fresh.seq is None or fresh.seq > after:
                    yield feed.sse(fresh.kind, fresh.flags, fresh.seq)

    # -- what staff do -----------------------------------------------------------------------------------------------

    async def move_row(self, request: Request) -> Response:
        """Take, finish or give back a row."""
        step = _choice(_STEPS, request.path_params["step"])
        row = await self._desk.store.read(board_rows.row(_id(request)))
        rows = READER_ARRIVALS if isinstance(row, ReaderRow) else CHECKINS
        state = await self._desk.store.write(moved(rows, _id(request), step, _acting(request)))
        return JSONResponse({"state": state.value})

    async def help_done(self, request: Request) -> Response:
        """Somebody has seen to a call."""
        await self._desk.store.write(helps.done(_id(request), _acting(request)))
        return Response(status_code=204)

    async def grant_visual(self, request: Request) -> Response:
        """Grant the visual check of the visit that the page showed, if it is still the kiosk's visit."""
        kiosk_id = _kiosk_id(request)
        try:
            visit_id = ids.visit_id(_field(await json_body(request), "visit_id"))
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        command = await self._desk.store.write(visual.grant(kiosk_id, visit_id, _acting(request), ids.new_visit_id()))
        return JSONResponse({"command_id": command.id}, 201)

    async def decide_visual(self, request: Request) -> Response:
        """Confirm or refuse, by the person the check was granted to."""
        kind = _choice(_DECISIONS, request.path_params["decision"])
        command = await self._desk.store.write(visual.decide(_id(request), kind, _acting(request), ids.new_visit_id()))
        return JSONResponse({"command_id": command.id}, 201)

    # ----------------------------------------------------------------------------------------------------------------

    async def _kiosk_view(self, row: KioskRow, seat: Seat, staff: tuple[StaffMember, ...]) -> view.KioskView:
        visit_id = row.beat.visit_id
        grant = None
        if visit_id is not None:
            grant = await self._desk.store.read(visual.latest_grant(row.beat.kiosk_id, visit_id))
        asked = await self._desk.store.read(visual.last_asked(row.beat.kiosk_id))
        return view.kiosk_view(row, grant, asked, seat.account.id, staff, self._desk.clock())


async def app(desk: Desk) -> Starlette:
    """The staff door as an ASGI application."""
    key = bytes.fromhex(await desk.store.read(replay.session_key))
    sessions, keys = Sessions(key, desk.store, desk.clock), Passkeys(key, desk.settings.clinic, desk.clock)
    lookup, many, frame = LookUpPage(desk, sessions), ListPage(desk, sessions), Frame(desk, sessions)

    def refused(request: Request, error: Exception) -> Response:
        """What a person sees of a refusal is a page: the sign-in, or the sentence."""
        assert isinstance(error, RefusedError)  # noqa: S101 - Starlette hands each handler its own class
        if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/api/"):
            return problem(error.status, error.code, language.said(error.sentence))
        if error.status == 401:
            back = request.url.path if request.method == "GET" else ""
            return RedirectResponse(f"/sign-in?back={quote(back)}" if back else "/sign-in", 303)
        return frame.drawn(request, "refused.html", status=error.status, sentence=error.sentence)

    answering = Starlette(
        routes=checked(
            [
                *StaffDoor(desk, sessions).routes(),
                *SignInPage(desk, sessions, keys).routes(),
                *PeoplePage(desk, sessions).routes(),
                *OwnPage(desk, sessions, keys).routes(),
                *AuditPage(desk, sessions).routes(),
                *pairing.routes(desk),
                *kiosk_modes.routes(desk),
                *FeedApi(desk).routes(),
                guarded("/lookup", lookup.page, ["GET"], DESK),
                guarded("/lookup", lookup.asked, ["POST"], DESK, form=True),
                guarded("/list", many.page, ["GET"], DESK),
                guarded("/api/v1/list", many.asked, ["POST"], DESK),
                guarded("/api/v1/list/progress", many.progress, ["GET"], DESK, idle=True),
                *board_pages.routes(desk, sessions),
                Mount("/static", StaticFiles(directory=templates.PAGES / "static")),
            ]
        ),
        middleware=[
            Middleware(OurselvesOnly, headers=HEADERS, names=desk.settings.staff_door.names),
            Middleware(language.Spoken),
        ],
        exception_handlers={**HANDLERS, RefusedError: refused},
    )
    answering.state.sessions = sessions
    return answering


def _with_staff(question: Callable[[Connection], _T]) -> Callable[[Connection], tuple[_T, tuple[StaffMember, ...]]]:
    """What a question finds, and everybody's name, in one look: a row is asked for by every open board at once."""
    return lambda connection: (question(connection), accounts.staff(connection))


def _acting(request: Request) -> str:
    """Who does this."""
    return seat_of(request).account.id


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
