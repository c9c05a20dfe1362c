"""What both doors share: problem documents, bodies read within bounds, and the headers and checks of every answer."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Collection, Mapping
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from kiosk import journal
from kiosk.reception.errors import RefusedError, StoreError
from kiosk.reception.settings import is_this_machine
from kiosk.record import RecordError, ids
from kiosk.record.ids import KioskId

log = logging.getLogger("kiosk.reception.door")

READ_WITHIN = 20.0
"""Seconds a whole body may take to arrive."""


def problem(status: int, code: str, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """An RFC 9457 document of this house: `code` for machines, `sentence` for people."""
    return JSONResponse(
        {"code": code, "sentence": sentence}, status, media_type="application/problem+json", headers=headers
    )


async def bounded_body(request: Request, most: int) -> bytes:
    """The request's body, never holding more than `most` bytes. Raises `RefusedError`: 413, 408, or 400 if it broke off."""
    too_large = RefusedError(413, "too_large", f"the body is larger than {most} bytes")
    told = request.headers.get("content-length", "0")
    if not told.isascii() or not told.isdigit() or len(told) > 15 or int(told) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError as error:
        raise RefusedError(408, "too_slow", f"the body did not arrive within {READ_WITHIN:.0f} seconds") from error
    except ClientDisconnect as error:
        raise RefusedError(400, "broken_off", "the body broke off") from error
    return bytes(body)


def kiosk_of(request: Request) -> KioskId:
    """The kiosk that a request to the kiosk door names. Raises `RefusedError` (400)."""
    try:
        return ids.kiosk_id(request.headers.get("x-kiosk-id"))
    except RecordError as error:
        raise RefusedError(400, "headers", f"X-Kiosk-Id: {error}") from error


def same_kiosk(told: KioskId, header: KioskId) -> None:
    """Raises `RefusedError` (422) where a body is of another kiosk than its request."""
    if told != header:
        raise RefusedError(422, "other_kiosk", "the body is not of the kiosk that X-Kiosk-Id names")


async def json_body(request: Request, most: int = 16 * 1024) -> object:
    """The request's body as JSON. Raises `RefusedError` (400, and as `bounded_body`)."""
    body = await bounded_body(request, most)
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, "not_json", "the body is not JSON in UTF-8") from error
    return parsed


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)  # noqa: S101 - Starlette hands each handler its own class
    log.info("refused", extra=journal.numbers(status=error.status, code=error.code))
    return problem(error.status, error.code, error.sentence)


def _store_failed(_: Request, error: Exception) -> Response:
    log.error("store_failed", exc_info=error)
    return problem(503, "store", str(error), {"retry-after": "5"})


def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - Starlette hands each handler its own class
    code = HTTPStatus(error.status_code).name.lower()
    sentences = {404: "there is nothing at this path", 405: "this path does not take that method"}
    return problem(
        error.status_code, code, sentences.get(error.status_code, "this request is not usable"), error.headers
    )


def _broken(_: Request, __: Exception) -> Response:
    return problem(500, "bug", "reception could not carry this out because of a fault of its own")


HANDLERS: dict[type[Exception] | int, ExceptionHandler] = {
    RefusedError: _refused,
    StoreError: _store_failed,
    HTTPException: _http_error,
    Exception: _broken,
}
"""For `Starlette(exception_handlers=...)`: every error is a problem document, no traceback leaves the house."""


class OurselvesOnly:
    """Answers only to this machine's own names and to `names`, and puts `headers` on every answer.

    A page elsewhere whose name was made to point here (DNS rebinding) carries its own name in Host, and gets nothing.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str], names: Collection[str] = ()) -> None:
        self._app = app
        self._headers = dict(headers)
        self._names = frozenset(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    present.setdefault(name, value)
            await send(message)

        if scope["type"] != "http":
            return
        host = Headers(scope=scope).get("host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0]
        if name.strip("[]") not in self._names and not is_this_machine(name.strip("[]")):
            refused = problem(421, "other_host", "this reception answers under its own address only")
            await refused(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)
