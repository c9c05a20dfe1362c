"""What belongs to the board beside its list: the trouble lane's piece, the search, the day's figures and its hand-over."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import date, datetime

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from kiosk.reception import (
    accounts,
    board_rows,
    day_closing,
    day_csv,
    day_plot,
    day_sums,
    searching,
    troubles,
    view,
    witnesses,
    words,
)
from kiosk.reception.accounts import DESK
from kiosk.reception.board_rows import BoardRow
from kiosk.reception.database import Connection
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import Frame
from kiosk.reception.guard import guarded
from kiosk.reception.row_moves import RowState
from kiosk.reception.session import Sessions, require, seat_of
from kiosk.reception.troubles import Trouble
from kiosk.record import RecordError, dates


@dataclass(frozen=True)
class TroubleView:
    """A card of the trouble lane."""

    kind: str
    key: str
    sentence: str
    what_to_do: str
    time: str


def routes(desk: Desk, sessions: Sessions) -> list[BaseRoute]:
    """All of them, for people at the desk; the lane names nobody and is given to an idle session too."""
    pages = BoardPages(desk, sessions)
    return [
        guarded("/api/v1/troubles", pages.troubles, ["GET"], DESK, idle=True),
        guarded("/search", pages.search, ["GET"], DESK),
        guarded("/search", pages.searched, ["POST"], DESK, form=True),
        guarded("/day", pages.day, ["GET"], DESK),
        guarded("/day", pages.close_day, ["POST"], DESK, form=True),
        guarded("/day.csv", pages.day_as_csv, ["GET"], DESK),
    ]


class BoardPages:
    """The endpoints, of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = Frame(desk, sessions)

    async def troubles(self, request: Request) -> Response:  # noqa: ARG002 - the guard has looked at it
        """The cards of the trouble lane, a piece of HTML."""
        desk, now = self._desk, self._desk.clock()
        standing = await desk.store.read(troubles.standing(now))
        standing += await desk.store.read(_audit)
        if desk.reader_away:
            standing.append(troubles.reader_away(now))
        standing += troubles.of_authority(desk.authority, now)
        return Response(
            self._frame.piece("trouble.html", troubles=[_trouble_view(trouble, now) for trouble in standing]),
            media_type="text/html",
        )

    async def search(self, request: Request) -> Response:
        """`GET /search`: an empty box."""
        return self._found(request, "", None)

    async def searched(self, request: Request) -> Response:
        """`POST /search`: what was found, day by day. What was typed is in no address and no log."""
        form = await form_of(request)
        account = await require(request, *DESK, token=form.get("token", ""))
        desk, now, typed = self._desk, self._desk.clock(), form.get("q", "")
        try:
            sought = searching.wanted(typed, dates.japanese_day(now))
        except RefusedError as error:
            return self._found(request, typed[: searching.LONGEST], None, refused=error)
        visits = await desk.store.read(searching.found(sought))
        staff = await desk.store.read(accounts.staff)
        note = f"{sought.kind}, {len(visits)} rows"
        await desk.store.write(lambda transaction: transaction.audit(account.id, "rows_searched", note=note))
        days = [
            (words.japanese_date(day), [board_rows.board_row(visit, staff, now) for visit in came])
            for day, came in itertools.groupby(visits, searching.day_of)
        ]
        return self._found(request, typed, days)

    def _found(
        self,
        request: Request,
        typed: str,
        days: list[tuple[str, list[BoardRow]]] | None,
        refused: RefusedError | None = None,
    ) -> Response:
        number = sum(len(rows) for _, rows in days or [])
        return self._frame.drawn(
            request,
            "search.html",
            status=200 if refused is None else refused.status,
            typed=typed,
            days=days,
            number=number,
            more=number >= searching.MOST,
            sentence="" if refused is None else refused.sentence,
        )

    async def day(self, request: Request) -> Response:
        """`GET /day?date=`: the figures, what is left, and the sheet for whoever comes next; A4 when printed."""
        return await self._drawn_day(request, self._day_of(request.query_params.get("date", "")))

    async def _drawn_day(self, request: Request, day: date, refused: RefusedError | None = None) -> Response:
        desk, now = self._desk, self._desk.clock()
        today = dates.japanese_day(now)
        sums = await desk.store.read(day_sums.sums(day))
        closing = await desk.store.read(day_closing.closing(day))
        rows = await desk.store.read(board_rows.rows_on_board(now))
        staff = await desk.store.read(accounts.staff)
        names = {member.id: member.name for member in staff}
        standing = await desk.store.read(troubles.standing(now))
        return self._frame.drawn(
            request,
            "day.html",
            status=200 if refused is None else refused.status,
            day=day,
            said=words.japanese_date(day),
            is_today=day == today,
            today=today,
            earlier=date.fromordinal(day.toordinal() - 1),
            later=None if day >= today else date.fromordinal(day.toordinal() + 1),
            sums=sums,
            median="" if sums.median_seconds is None else _length(sums.median_seconds),
            plot=day_plot.plot(sums.hours, tuple(sums.methods)),
            high=day_plot.HIGH,
            wide=day_plot.WIDE,
            left=[board_rows.board_row(row, staff, now) for row in rows if row.state is not RowState.DONE],
            troubles=[_trouble_view(trouble, now) for trouble in standing],
            closed="" if closing is None else f"{view.clock(closing.at, now)}　{names.get(closing.by, closing.by)}",
            closing=closing,
            printed=view.clock(now, now),
            sentence="" if refused is None else refused.sentence,
        )

    async def day_as_csv(self, request: Request) -> Response:
        """`GET /day.csv?date=`: the day's visits, whole; the audit log says who took them."""
        desk, now = self._desk, self._desk.clock()
        day = self._day_of(request.query_params.get("date", ""))
        visits = await desk.store.read(day_sums.visits(day))
        staff = await desk.store.read(accounts.staff)
        staff_id, note = seat_of(request).account.id, f"{len(visits)} rows"
        await desk.store.write(
            lambda transaction: transaction.audit(staff_id, "day_exported", about=day.isoformat(), note=note)
        )
        return Response(
            day_csv.written(visits, staff, now),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="uketsuke-{day.isoformat()}.csv"'},
        )

    async def close_day(self, request: Request) -> Response:
        """`POST /day`: close it, if nothing is left or the desk says that it knows."""
        form = await form_of(request)
        account = await require(request, *DESK, token=form.get("token", ""))
        day = self._day_of(form.get("date", ""))
        try:
            await self._desk.store.write(day_closing.close(day, account.id, anyway=form.get("anyway") == "yes"))
        except RefusedError as error:
            return await self._drawn_day(request, day, error)
        return RedirectResponse(f"/day?date={day.isoformat()}", 303)

    def _day_of(self, text: str) -> date:
        """The day that was asked for, today if none was. Raises `RefusedError` (422)."""
        today = dates.japanese_day(self._desk.clock())
        try:
            day = dates.day(text) if text else today
        except RecordError as error:
            raise RefusedError(422, "date", "日付は2026-11-24のように入れてください。") from error
        if not date(2020, 1, 2) <= day <= today:
            raise RefusedError(422, "date", "今日までの日付を入れてください。")
        return day


def _audit(connection: Connection) -> list[Trouble]:
    misfits = witnesses.misfits(connection)
    if not misfits:
        return []
    return [troubles.audit_misfit([misfit.kiosk_id for misfit in misfits], min(misfit.at for misfit in misfits))]


def _trouble_view(trouble: Trouble, now: datetime) -> TroubleView:
    return TroubleView(trouble.kind, trouble.key, trouble.sentence, trouble.what_to_do, view.clock(trouble.since, now))


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}分{rest:02}秒" if minutes else f"{rest}秒"
