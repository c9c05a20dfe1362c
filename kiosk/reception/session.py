"""Who sits at the board, until staff sign in: a signed cookie with the chosen person, and a token for every POST.

The cookie is SameSite=Strict and HttpOnly; a POST needs the page's own Origin and the token that belongs to the cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from kiosk.reception.errors import RefusedError

COOKIE = "reception_session"
TOKEN_HEADER = "x-csrf-token"  # noqa: S105 - the name of a header
_TWELVE_HOURS = 12 * 60 * 60


@dataclass(frozen=True)
class Session:
    """One browser at the desk; `staff_id` None until somebody was chosen."""

    nonce: str
    staff_id: str | None


class Sessions:
    """Reads, signs and checks sessions with a key that stays in the store."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, request: Request) -> Session | None:
        """The session in the request's cookie, if it is one of ours."""
        nonce, _, rest = request.cookies.get(COOKIE, "").partition(".")
        staff_id, _, signature = rest.partition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", nonce, staff_id).encode()):
            return None
        return Session(nonce, staff_id or None)

    def fresh(self) -> Session:
        """A session of nobody yet."""
        return Session(secrets.token_hex(16), None)

    def token(self, session: Session) -> str:
        """What the page must repeat in every POST."""
        return self._sign("token", session.nonce, session.staff_id or "")

    def put(self, response: Response, session: Session) -> None:
        """Set the cookie."""
        staff_id = session.staff_id or ""
        value = f"{session.nonce}.{staff_id}.{self._sign('session', session.nonce, staff_id)}"
        response.set_cookie(COOKIE, value, max_age=_TWELVE_HOURS, httponly=True, samesite="strict", path="/")

    def check_post(self, request: Request) -> Session:
        """The session behind a POST. Raises `RefusedError` (403) unless it comes from our own page."""
        return self.check_form(request, request.headers.get(TOKEN_HEADER, ""))

    def check_form(self, request: Request, token: str) -> Session:
        """The same for a form, which has the token among its fields."""
        host = request.headers.get("host", "")
        if request.headers.get("origin") != f"{request.url.scheme}://{host}":
            raise RefusedError(403, "origin", "このページからの操作ではありません。")
        session = self.of(request)
        if session is None:
            raise RefusedError(403, "no_session", "ページを読み込み直してください。")
        if not hmac.compare_digest(token.encode(), self.token(session).encode()):
            raise RefusedError(403, "token", "ページを読み込み直してください。")
        return session

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()
