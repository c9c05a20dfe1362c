"""What the desk's pages beside the board have in common: their bar, who sits there, and whether there is a terminal."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kiosk.reception import templates
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.session import Session, Sessions


class Frame:
    """Draws the pages of one desk around what each of them shows."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = templates.environment()

    def drawn(self, request: Request, template: str, *, status: int = 200, **shown: object) -> Response:
        """The page `template`, which extends `frame.html`, for whoever sits at this browser."""
        session = self._sessions.of(request)
        fresh = session or self._sessions.fresh()
        member = None if fresh.staff_id is None else self._desk.member(fresh.staff_id)
        page = self.piece(
            template,
            clinic=self._desk.settings.clinic,
            test_site=self._desk.settings.site == "test",
            possible=self._desk.lookups.possible,
            me="" if member is None else member.name,
            token=self._sessions.token(fresh),
            **shown,
        )
        response = HTMLResponse(page, status)
        if session is None:
            self._sessions.put(response, fresh)
        return response

    def piece(self, template: str, **shown: object) -> str:
        """A piece of a page. Any thread may ask."""
        return self._pages.get_template(template).render(**shown)

    def asking(self, session: Session) -> str:
        """Who wants to ask the terminal. Raises `RefusedError`: 403 nobody was chosen, 503 there is no terminal."""
        staff_id = session.staff_id
        if staff_id is None or self._desk.member(staff_id) is None:
            raise RefusedError(403, "no_staff", "先に受付ボードの右上で担当者を選んでください。")
        if not self._desk.lookups.possible:
            raise RefusedError(503, "no_terminal", "この受付には照会端末が設定されていません。")
        return staff_id
