"""One's own page (`/me`): the passkeys one by one, the password, the PIN for a kiosk; and who is signed in at a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kiosk.reception import accounts, passkeys, sign_in
from kiosk.reception.accounts import DESK, EVERYBODY
from kiosk.reception.answers import json_body
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import Frame
from kiosk.reception.guard import guarded
from kiosk.reception.passkeys import OwnPasskey, Passkeys
from kiosk.reception.passwords import check_pin, check_twice
from kiosk.reception.people_page import person_view
from kiosk.reception.session import Sessions, require, require_fresh, seat_of
from kiosk.record import dates

_LARGEST_ANSWER: Final = 64 * 1024

_DONE: Final[Mapping[str, str]] = {
    "password": "パスワードを変えました。ほかの画面ではサインアウトしました。",
    "passkey": "パスキーを外しました。ほかの画面ではサインアウトしました。",
}
"""What the page says after it."""


@dataclass(frozen=True)
class PasskeyView:
    """One line of the passkeys."""

    ref: str
    added: str
    used: str


class OwnPage:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions, keys: Passkeys) -> None:
        self._desk = desk
        self._keys = keys
        self._frame = Frame(desk, sessions)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            guarded("/me", self.me, ["GET"], EVERYBODY),
            guarded("/me/pin", self.pin, ["POST"], DESK, form=True),
            guarded("/me/password", self.password, ["POST"], EVERYBODY, form=True),
            guarded("/me/passkey/remove", self.passkey_removed, ["POST"], EVERYBODY, form=True),
            guarded("/api/v1/me", self.who, ["GET"], EVERYBODY, idle=True),
            guarded("/api/v1/me/here", self.here, ["POST"], EVERYBODY),
            guarded("/api/v1/me/passkey/options", self.passkey_options, ["POST"], EVERYBODY),
            guarded("/api/v1/me/passkey", self.passkey, ["POST"], EVERYBODY),
        ]

    async def me(self, request: Request) -> Response:
        """`GET /me`: how one signs in, and what can be added, changed and taken away."""
        return await self._drawn(request, done=_DONE.get(request.query_params.get("done", ""), ""))

    async def pin(self, request: Request) -> Response:
        """`POST /me/pin`: the six digits for the visual check at a kiosk, by the person themself."""
        form = await form_of(request)
        account = await require(request, *DESK, token=form.get("token", ""))
        try:
            pin = form.get("pin", "")
            check_twice(pin, form.get("again", ""))
            check_pin(pin)
            hashed = await self._desk.hasher.hashed(pin)
            await self._desk.store.write(accounts.set_kiosk_pin(account.id, hashed))
        except RefusedError as error:
            return await self._drawn(request, error)
        return RedirectResponse("/me", 303)

    async def password(self, request: Request) -> Response:
        """`POST /me/password`: another one, by whoever says the present one or has only just signed in."""
        form = await form_of(request)
        await require(request, *EVERYBODY, token=form.get("token", ""))
        address = request.client.host if request.client is not None else ""
        try:
            password = form.get("password", "")
            check_twice(password, form.get("again", ""))
            await sign_in.change_password(self._desk, seat_of(request), address, form.get("current", ""), password)
        except RefusedError as error:
            return await self._drawn(request, error)
        return RedirectResponse("/me?done=password", 303)

    async def passkey_removed(self, request: Request) -> Response:
        """`POST /me/passkey/remove`: one of one's own, named by `key`; never the last way in."""
        form = await form_of(request)
        await require(request, *EVERYBODY, token=form.get("token", ""))
        try:
            require_fresh(request, self._desk.clock())
            await self._desk.store.write(passkeys.remove(form.get("key", ""), seat_of(request)))
        except RefusedError as error:
            return await self._drawn(request, error)
        return RedirectResponse("/me?done=passkey", 303)

    async def who(self, request: Request) -> Response:
        """`GET /api/v1/me`: who is signed in at this browser, and whether nobody has pressed anything for a while."""
        seat = seat_of(request)
        return JSONResponse({"id": seat.account.id, "role": seat.account.role.value, "idle": seat.idle})

    async def here(self, request: Request) -> Response:
        """`POST /api/v1/me/here`: somebody is using a page. That it is asked keeps the session awake."""
        del request
        return Response(status_code=204)

    async def passkey_options(self, request: Request) -> Response:
        """`POST /api/v1/me/passkey/options`: what the browser needs to make another passkey, shortly after a sign-in.

        One that a stranger adds at a desk somebody left would stay when that session is long over.
        """
        require_fresh(request, self._desk.clock())
        account = seat_of(request).account
        known = await self._desk.store.read(passkeys.of_account(account.id))
        return JSONResponse(self._keys.to_make(request, account, known))

    async def passkey(self, request: Request) -> Response:
        """`POST /api/v1/me/passkey`: what it made."""
        require_fresh(request, self._desk.clock())
        account = seat_of(request).account
        made = self._keys.made(request, account, await json_body(request, _LARGEST_ANSWER))
        await self._desk.store.write(passkeys.add(made))
        return JSONResponse({"to": "/me"}, 201)

    async def _drawn(self, request: Request, refused: RefusedError | None = None, done: str = "") -> Response:
        seat = seat_of(request)
        account = await self._desk.store.read(accounts.account(seat.account.id))
        assert account is not None  # noqa: S101 - an account is never erased
        own = await self._desk.store.read(passkeys.own(account.id))
        return self._frame.drawn(
            request,
            "me.html",
            status=200 if refused is None else refused.status,
            sentence="" if refused is None else refused.sentence,
            done=done,
            person=person_view(account),
            at_desk=account.role in DESK,
            passkeys=passkeys.possible(request),
            own=[_passkey_view(one) for one in own],
            just_signed_in=sign_in.has_just_signed_in(seat, self._desk.clock()),
        )


def _passkey_view(own: OwnPasskey) -> PasskeyView:
    return PasskeyView(own.ref, _day(own.added_at), "まだ使っていません" if own.used_at is None else _day(own.used_at))


def _day(at: datetime) -> str:
    day = dates.japanese_day(at)
    return f"{day.year}年{day.month}月{day.day}日"
