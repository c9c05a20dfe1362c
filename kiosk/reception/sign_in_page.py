"""The pages by which people come in: sign-in, the link of the first time, a test site's one-time link, and out again.

These are open to everybody who can reach the door. A POST here needs the page's own Origin; there is no session yet that a
token could belong to.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from kiosk.reception import passkeys, session, sign_in
from kiosk.reception.accounts import EVERYBODY, Account, Link
from kiosk.reception.answers import json_body
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError
from kiosk.reception.forms import form_of
from kiosk.reception.frame import HOMES, Frame
from kiosk.reception.guard import guarded, open_to_all
from kiosk.reception.passkeys import Passkeys
from kiosk.reception.passwords import check_twice
from kiosk.reception.second_factor import qr_svg
from kiosk.reception.session import Sessions, check_origin, seat_of, sessions_of
from kiosk.reception.sign_in import Browser

_PATIENCE: Final = 64 * 1024
"""Bytes of what a browser answers with a passkey: its attestation may hold certificates."""


class SignInPage:
    """The endpoints of one desk."""

    def __init__(self, desk: Desk, sessions: Sessions, keys: Passkeys) -> None:
        self._desk = desk
        self._sessions = sessions
        self._keys = keys
        self._frame = Frame(desk, sessions)

    def routes(self) -> list[Route]:
        """All of them."""
        return [
            open_to_all("/sign-in", self.page, ["GET"]),
            open_to_all("/sign-in", self.asked, ["POST"]),
            open_to_all("/api/v1/sign-in/options", self.options, ["POST"]),
            open_to_all("/api/v1/sign-in/passkey", self.passkey, ["POST"]),
            open_to_all("/once/{token}", self.once, ["GET"]),
            open_to_all("/join/{token}", self.join_page, ["GET"]),
            open_to_all("/join/{token}", self.join_asked, ["POST"]),
            open_to_all("/join/{token}/qr.svg", self.join_qr, ["GET"]),
            open_to_all("/api/v1/join/{token}/options", self.join_options, ["POST"]),
            open_to_all("/api/v1/join/{token}/passkey", self.join_passkey, ["POST"]),
            guarded("/sign-out", self.sign_out, ["POST"], EVERYBODY, idle=True, form=True),
        ]

    # -- signing in --------------------------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        """`GET /sign-in?back=/board`: a passkey first, password and code second."""
        return await self._drawn(request, "", _back(request.query_params.get("back")))

    async def asked(self, request: Request) -> Response:
        """`POST /sign-in`: password and code."""
        check_origin(request)
        form = await form_of(request)
        back, staff_id = _back(form.get("back")), form.get("staff_id", "").strip().lower()
        at = await self._browser(request)
        try:
            account = await sign_in.with_password(
                self._desk, at, staff_id, form.get("password", ""), form.get("code", "")
            )
        except RefusedError as error:
            return await self._drawn(request, staff_id[:32], back, error)
        return self._in(request, at, RedirectResponse(back or HOMES[account.role], 303))

    async def options(self, request: Request) -> Response:
        """`POST /api/v1/sign-in/options`: what the browser needs to ask for a passkey."""
        check_origin(request)
        return JSONResponse(self._keys.to_sign_in(request))

    async def passkey(self, request: Request) -> Response:
        """`POST /api/v1/sign-in/passkey`: what it answered; tells where to go on."""
        check_origin(request)
        answer = await json_body(request, _PATIENCE)
        at = await self._browser(request)
        known = await sign_in.known_passkey(self._desk, at, passkeys.credential_id(answer))
        answered = self._keys.signed_in(request, answer, known)
        account = await sign_in.with_passkey(self._desk, at, answered)
        back = _back(request.query_params.get("back")) or HOMES[account.role]
        return self._in(request, at, JSONResponse({"to": back}))

    async def once(self, request: Request) -> Response:
        """`GET /once/{token}`: a test site's link, good for one sign-in."""
        at = await self._browser(request)
        try:
            account = await sign_in.with_link(self._desk, at, request.path_params["token"])
        except RefusedError as error:
            return self._frame.drawn(request, "refused.html", status=error.status, sentence=error.sentence)
        return self._in(request, at, RedirectResponse(HOMES[account.role], 303))

    async def sign_out(self, request: Request) -> Response:
        """`POST /sign-out`: end the session, everywhere it is open."""
        form, seat = await form_of(request), seat_of(request)
        self._sessions.check_token(seat, form.get("token", ""))
        await self._sessions.end(seat)
        response = RedirectResponse("/sign-in", 303)
        session.take_away(request, response)
        return response

    # -- the first time ----------------------------------------------------------------------------------------------

    async def join_page(self, request: Request) -> Response:
        """`GET /join/{token}`: set password and second factor, or make a passkey."""
        try:
            link, secret = await self._opened(request)
        except RefusedError as error:
            return self._frame.drawn(request, "refused.html", status=error.status, sentence=error.sentence)
        return self._joining(request, link.account, secret)

    async def join_asked(self, request: Request) -> Response:
        """`POST /join/{token}`: password and the first code."""
        check_origin(request)
        form, token = await form_of(request), request.path_params["token"]
        at = await self._browser(request)
        try:
            check_twice(form.get("password", ""), form.get("again", ""))
            account = await sign_in.set_password(self._desk, at, token, form.get("password", ""), form.get("code", ""))
        except RefusedError as error:
            if error.status == 410:
                return self._frame.drawn(request, "refused.html", status=error.status, sentence=error.sentence)
            link, secret = await self._opened(request)
            return self._joining(request, link.account, secret, error)
        return self._in(request, at, RedirectResponse(HOMES[account.role], 303))

    async def join_qr(self, request: Request) -> Response:
        """`GET /join/{token}/qr.svg`: the authenticator's secret as a picture to read with a phone."""
        link, secret = await self._opened(request)
        picture = qr_svg(secret, link.account.id, self._desk.settings.clinic)
        return Response(picture, media_type="image/svg+xml")

    async def join_options(self, request: Request) -> Response:
        """`POST /api/v1/join/{token}/options`: what the browser needs to make a passkey."""
        check_origin(request)
        link, _ = await self._opened(request)
        return JSONResponse(self._keys.to_make(request, link.account, ()))

    async def join_passkey(self, request: Request) -> Response:
        """`POST /api/v1/join/{token}/passkey`: what it made; tells where to go on."""
        check_origin(request)
        link, _ = await self._opened(request)
        made = self._keys.made(request, link.account, await json_body(request, _PATIENCE))
        at = await self._browser(request)
        account = await sign_in.set_passkey(self._desk, at, request.path_params["token"], made)
        return self._in(request, at, JSONResponse({"to": HOMES[account.role]}))

    # ----------------------------------------------------------------------------------------------------------------

    async def _opened(self, request: Request) -> tuple[Link, str]:
        return await sign_in.opened(self._desk, _address(request), request.path_params["token"])

    async def _browser(self, request: Request) -> Browser:
        before = await sessions_of(request).seat(request)
        return Browser(_address(request), session.new_id(), before)

    def _in(self, request: Request, at: Browser, response: Response) -> Response:
        session.put(request, response, at.session_id)
        return response

    async def _drawn(self, request: Request, staff_id: str, back: str, refused: RefusedError | None = None) -> Response:
        request.state.seat = await sessions_of(request).seat(request)
        return self._frame.drawn(
            request,
            "sign_in.html",
            status=200 if refused is None else refused.status,
            sentence="" if refused is None else refused.sentence,
            staff_id=staff_id,
            back=back,
            passkeys=passkeys.possible(request),
        )

    def _joining(
        self, request: Request, account: Account, secret: str, refused: RefusedError | None = None
    ) -> Response:
        return self._frame.drawn(
            request,
            "join.html",
            status=200 if refused is None else refused.status,
            sentence="" if refused is None else refused.sentence,
            who=account,
            secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            link=request.path_params["token"],
            passkeys=passkeys.possible(request),
        )


def _back(told: str | None) -> str:
    """A page of ours to go back to, or nothing: never another site."""
    if not told or not told.startswith("/") or told.startswith(("//", "/\\")) or not told.isascii() or len(told) > 100:
        return ""
    parts = urlsplit(told)
    return told if not parts.scheme and not parts.netloc and told.isprintable() and "\\" not in told else ""


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
