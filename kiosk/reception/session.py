"""Who is signed in at a browser, kept in the store so that every node knows, and the token that every POST repeats.

The cookie holds a random id; the store its hash. After 15 minutes in which nobody pressed anything a session is idle: the
board goes on, with names masked, and everything else asks for a new sign-in. After 12 hours it is over
(domain/reception-and-reliability.md 3.2).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from kiosk.reception import accounts
from kiosk.reception.accounts import Account, Role
from kiosk.reception.database import Connection
from kiosk.reception.errors import RefusedError
from kiosk.reception.store import Store, Transaction
from kiosk.record import dates

COOKIE: Final = "reception_session"
TOKEN_HEADER: Final = "x-csrf-token"  # noqa: S105 - the name of a header
AUTOMATIC: Final = "x-automatic"
"""A header of what a page asks for by itself: it does not keep a session awake."""

IDLE_AFTER: Final = timedelta(minutes=15)
OVER_AFTER: Final = timedelta(hours=12)
FRESH_FOR: Final = timedelta(minutes=15)
_SEEN_EVERY: Final = timedelta(seconds=30)
"""A session that is used is written down as seen no more often."""


@dataclass(frozen=True)
class Seat:
    """Somebody signed in at one browser. `session_hash` names the session in the store."""

    account: Account
    session_hash: str
    idle: bool
    seen_at: datetime
    began_at: datetime


class Sessions:
    """Reads, begins and ends sessions. `key` signs the tokens of pages."""

    def __init__(self, key: bytes, store: Store, clock: Callable[[], datetime]) -> None:
        self._key = key
        self._store = store
        self._clock = clock

    async def seat(self, request: Request) -> Seat | None:
        """Who is signed in at this browser, idle or not."""
        session_id = request.cookies.get(cookie_name(request), "")
        if not session_id:
            return None
        return await self._store.read(_seat(accounts.hash_of(session_id), self._clock()))

    def token(self, seat: Seat) -> str:
        """What a page must repeat in every POST."""
        return hmac.new(self._key, f"token\0{seat.session_hash}".encode(), hashlib.sha256).hexdigest()

    async def keep_awake(self, seat: Seat) -> None:
        """Somebody is there: the session is not idle for another while."""
        if not seat.idle and self._clock() - seat.seen_at > _SEEN_EVERY:
            await self._store.write(_seen(seat.session_hash))

    async def end(self, seat: Seat) -> None:
        """Sign out."""
        await self._store.write(_ended(seat))

    def check_token(self, seat: Seat, token: str) -> None:
        """Raises `RefusedError` (403) unless `token` is the one of this session's pages."""
        if not hmac.compare_digest(token.encode(), self.token(seat).encode()):
            raise RefusedError(403, "token", "ページを読み込み直してください。")


def begin(staff_id: str, session_id: str, how: str, before: Seat | None) -> Callable[[Transaction], None]:
    """Sign in, inside the change that found it right; `before`: who sat at this browser until now."""

    def change(transaction: Transaction) -> None:
        if before is not None:
            transaction.run("DELETE FROM staff_session WHERE session_hash = ?", before.session_hash)
        transaction.run(
            "INSERT INTO staff_session(session_hash, staff_id, began_at, seen_at) VALUES (?, ?, ?, ?)",
            *(accounts.hash_of(session_id), staff_id, transaction.now_text, transaction.now_text),
        )
        transaction.audit(staff_id, "signed_in", note=how)

    return change


def forget(transaction: Transaction) -> None:
    """Erase sessions and links that are over."""
    transaction.run("DELETE FROM staff_session WHERE began_at < ?", dates.instant_text(transaction.now - OVER_AFTER))
    transaction.run("DELETE FROM link WHERE expires_at < ?", transaction.now_text)
    transaction.run("DELETE FROM used_challenge WHERE used_at < ?", dates.instant_text(transaction.now - OVER_AFTER))


def new_id() -> str:
    """What a cookie holds."""
    return secrets.token_urlsafe(32)


def put(request: Request, response: Response, session_id: str) -> None:
    """Set the cookie."""
    response.set_cookie(
        cookie_name(request),
        session_id,
        max_age=int(OVER_AFTER.total_seconds()),
        secure=_secure(request),
        httponly=True,
        samesite="strict",
        path="/",
    )


def take_away(request: Request, response: Response) -> None:
    """Let the browser forget the cookie."""
    response.delete_cookie(cookie_name(request), path="/", secure=_secure(request), httponly=True, samesite="strict")


def cookie_name(request: Request) -> str:
    """Under TLS a name that no other host, and no page without TLS, can set."""
    return f"__Host-{COOKIE}" if _secure(request) else COOKIE


def check_origin(request: Request) -> None:
    """Raises `RefusedError` (403) unless the request comes from a page of our own."""
    if request.headers.get("origin") != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise RefusedError(403, "origin", "このページからの操作ではありません。")


async def require(request: Request, *roles: Role, token: str | None = None) -> Account:
    """Who makes this request, if that is somebody in one of `roles`. For every route of the staff door.

    A POST needs the page's own Origin and its token: in the header `x-csrf-token`, or `token`, the field of a form. Raises
    `RefusedError`: 401 nobody is signed in, or not for a while; 403 another role, origin or token.
    """
    seat = await required(request, roles, token=token)
    return seat.account


async def required(
    request: Request, roles: tuple[Role, ...], *, token: str | None = None, idle: bool = False, form: bool = False
) -> Seat:
    """The same, with all that is known of the seat. `idle`: who has not pressed anything for a while will do.

    `form`: origin and token are looked at later, when the form was read.
    """
    sessions = sessions_of(request)
    posts = request.method not in ("GET", "HEAD")
    if posts:
        check_origin(request)
    seat = await sessions.seat(request)
    if seat is None:
        raise RefusedError(401, "signed_out", "サインインしてください。")
    if posts and not form:
        sessions.check_token(seat, request.headers.get(TOKEN_HEADER, "") if token is None else token)
    if seat.account.role not in roles:
        raise RefusedError(403, "role", "この操作は、あなたの役割ではできません。")
    if seat.idle and not idle:
        raise RefusedError(401, "idle", "しばらく操作がなかったので、もう一度サインインしてください。")
    if AUTOMATIC not in request.headers:
        await sessions.keep_awake(seat)
    request.state.seat = seat
    return seat


def require_fresh(request: Request, now: datetime) -> None:
    """For what lets something in for long: raises `RefusedError` (401) unless both factors were shown a short while ago."""
    if now - seat_of(request).began_at > FRESH_FOR:
        raise RefusedError(401, "not_fresh", "大切な操作です。いったんサインアウトし、もう一度サインインしてください。")


def seat_of(request: Request) -> Seat:
    """Who makes this request, after it was required."""
    seat: Seat = request.state.seat
    return seat


def token_of(request: Request) -> str:
    """What the page that answers this request must repeat in its POSTs, after it was required."""
    return sessions_of(request).token(seat_of(request))


def sessions_of(request: Request) -> Sessions:
    """The sessions of the door that this request came to."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _seat(session_hash: str, now: datetime) -> Callable[[Connection], Seat | None]:
    def question(connection: Connection) -> Seat | None:
        row = connection.execute("SELECT * FROM staff_session WHERE session_hash = ?", (session_hash,)).fetchone()
        found = None if row is None else accounts.account(row["staff_id"])(connection)
        if row is None or found is None or found.disabled or now - dates.instant(row["began_at"]) > OVER_AFTER:
            return None
        seen_at = dates.instant(row["seen_at"])
        began_at = dates.instant(row["began_at"])
        return Seat(found, session_hash, now - seen_at > IDLE_AFTER, seen_at, began_at)

    return question


def _seen(session_hash: str) -> Callable[[Transaction], None]:
    def change(transaction: Transaction) -> None:
        transaction.run(
            "UPDATE staff_session SET seen_at = ? WHERE session_hash = ?", transaction.now_text, session_hash
        )

    return change


def _ended(seat: Seat) -> Callable[[Transaction], None]:
    def change(transaction: Transaction) -> None:
        transaction.run("DELETE FROM staff_session WHERE session_hash = ?", seat.session_hash)
        transaction.audit(seat.account.id, "signed_out")

    return change
