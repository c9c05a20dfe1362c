"""What a connection may cost: bounds on its head, its time, what is read for nothing, and on connections.

uvicorn's own parser collects a request's head without a bound and waits for the rest of one for ever. Here a head is
bounded in size, number of fields and time; a body that nobody reads any more is thrown away for a moment, so that the
refusal arrives, and then the connection ends; and one peer has only so many connections
(domain/reception-and-reliability.md 5; RFC 9112, RFC 6585 for 431). How long a body may take is
`kiosk.reception.answers.READ_WITHIN`.
"""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from kiosk import journal

log = logging.getLogger("kiosk.reception.bounds")

LARGEST_HEAD: Final = 32 * 1024
"""Bytes of a request's line and header fields. Kiosks and browsers of ours send less than 2 KiB."""

MOST_FIELDS: Final = 64

HEAD_WITHIN = 10.0
"""Seconds in which a whole head must have come, from the moment somebody connects or begins another one."""

LINGER_FOR = 2.0
LINGER_BYTES: Final = 1536 * 1024
"""How long, and how much of, a body is still read after it was answered: who is told 413 must be able to read that."""

MOST_CONNECTIONS: Final = 800
"""At one door; 1,024 open files are what a process has by default."""

MOST_OF_A_PEER: Final = 256
"""Of one address. A board takes a handful, a kiosk two; a whole desk can stand behind one address."""

_SENTENCES: Final = {
    HTTPStatus.BAD_REQUEST: ("not_http", "this is not a request that can be read"),
    HTTPStatus.REQUEST_TIMEOUT: ("too_slow", "the head of the request did not arrive in time"),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("head_too_large", "the head of the request is too large"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("too_many", "there are too many connections from this address"),
}


class _TooLargeError(Exception):
    """Ends the parsing of a head that is too large."""


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, within bounds."""

    _head_bytes = 0
    _fields = 0
    _in_head = True
    _message_open = False
    _too_large = False
    _dropped = 0
    _timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """Where the other end is."""
        return "" if self.client is None else self.client[0]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there: one more of those, or one too many."""
        super().connection_made(transport)
        theirs = sum(isinstance(one, BoundedProtocol) and one.address == self.address for one in self.connections)
        if theirs > MOST_OF_A_PEER or len(self.connections) > MOST_CONNECTIONS:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        if self.transport.is_closing():
            return
        if self._message_open and not self._in_head and self.cycle.response_complete:
            self._dropped += len(data)
            if self._dropped > LINGER_BYTES:
                self.transport.close()
                return
        if self._in_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._await_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > LARGEST_HEAD and not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._message_open, self._in_head, self._fields, self._dropped = True, True, 0, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Its line."""
        if len(self.url) + len(url) > LARGEST_HEAD:
            self._too_large = True
            raise _TooLargeError
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its fields."""
        self._fields += 1
        size = sum(len(one) + len(other) for one, other in self.headers) + len(name) + len(value)
        if self._fields > MOST_FIELDS or size > LARGEST_HEAD:
            self._too_large = True
            raise _TooLargeError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._in_head, self._head_bytes = False, 0
        self._stop()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there; the next one begins with a head."""
        self._message_open, self._in_head = False, True
        if self.cycle.response_complete and not self.transport.is_closing():  # the rest of what was answered before
            self._stop()
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It was answered: what is still to come of it is of no use to anybody."""
        super().on_response_complete()
        if self._message_open and not self._in_head and not self.transport.is_closing():
            self._stop()
            self._timer = self.loop.call_later(LINGER_FOR, self.transport.close)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own sentence
        """What came cannot be read."""
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self._too_large else HTTPStatus.BAD_REQUEST)

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # uvicorn says that it is never None; before a request it is
        return cycle is not None and not cycle.response_complete

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(HEAD_WITHIN, self._too_slow)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer what is no request of the application's, and end the connection. Nobody is named, so nothing is audited."""
        self._stop()
        code, sentence = _SENTENCES[status]
        log.info("connection_refused", extra=journal.numbers(status=status.value, code=code))
        if not self._answering():  # never into the middle of an answer
            body = json.dumps({"code": code, "sentence": sentence}).encode()
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
                f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode("ascii") + body)
        self.transport.close()
