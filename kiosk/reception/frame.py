"""What the pages of the staff door have in common: their bar, who is signed in, and where that person may go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from kiosk.reception import language, templates
from kiosk.reception.accounts import DESK, Account, Role
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.session import Seat, Sessions

HOMES: Final[Mapping[Role, str]] = {
    Role.RECEPTION: "/board",
    Role.QUALIFIED: "/board",
    Role.ADMINISTRATOR: "/people",
    Role.AUDITOR: "/audit",
}
"""The page that each role begins at."""

_BOARD: Final = ("/board", "受付ボードへ")
_LINKS: Final[Mapping[Role, tuple[tuple[str, str], ...]]] = {
    Role.RECEPTION: (_BOARD,),
    Role.QUALIFIED: (_BOARD,),
    Role.ADMINISTRATOR: (("/people", "職員"), ("/kiosks", "受付機"), ("/audit", "監査記録")),
    Role.AUDITOR: (("/audit", "監査記録"),),
}


class Frame:
    """Draws the pages of one desk around what each of them shows."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._pages = templates.environment()

    def drawn(self, request: Request, template: str, *, status: int = 200, **shown: object) -> Response:
        """The page `template`, which extends `frame.html`, for whoever is signed in at this browser, or for nobody."""
        seat: Seat | None = getattr(request.state, "seat", None)
        account = None if seat is None else seat.account
        page = self.piece(
            template,
            clinic=self._desk.settings.clinic,
            test_site=self._desk.settings.site == "test",
            possible=self._desk.lookups.possible and (account is None or account.role in DESK),
            me="" if account is None else account.name,
            links=() if account is None else [(href, language.said(word)) for href, word in _LINKS[account.role]],
            token="" if seat is None else self._sessions.token(seat),
            **shown,
        )
        return HTMLResponse(page, status)

    def piece(self, template: str, **shown: object) -> str:
        """A piece of a page. Any thread may ask."""
        drawn: str = self._pages.get_template(template).render(**shown)
        return drawn

    def asking(self, account: Account) -> str:
        """Who wants to ask the terminal. Raises `RefusedError` (503) where there is no terminal."""
        if not self._desk.lookups.possible:
            raise RefusedError(503, "no_terminal", "この受付には照会端末が設定されていません。")
        return account.id
