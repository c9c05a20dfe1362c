"""One bounded exchange with the centre: a request goes out, a small JSON reply comes in, or `NoAnswerError`.

Here is everything that HTTP can do wrong and nothing of what is said. TLS always, no proxy or setting from the
environment, no redirect followed, no compression (a bomb), no connection kept (a line that slept is a line that fails at
the worst moment), at most 4 MiB, and an end in time for the whole exchange, however slowly the other side drips.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from kiosk import mutual_tls
from kiosk.eligibility.errors import NoAnswerError
from kiosk.eligibility.settings import CentreSettings, KioskDoorSettings
from kiosk.errors import MissingError

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, repr=False)
class Reply:
    """What came back: the status and the body, which is not JSON yet. `media_type` is lower case, without parameters."""

    status: int
    media_type: str
    body: bytes

    def json(self) -> Mapping[str, object]:
        """The body as a JSON object; raises `NoAnswerError`."""
        try:
            told = json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise NoAnswerError("the centre's reply is not JSON", "malformed") from error
        if not isinstance(told, dict):
            raise NoAnswerError("the centre's reply is not a JSON object", "malformed")
        return told

    def __repr__(self) -> str:
        return f"Reply({self.status}, {len(self.body)} bytes)"


def trust(settings: CentreSettings | KioskDoorSettings) -> ssl.SSLContext:
    """TLS that trusts `ca_file` alone, or the public authorities where none is given; raises `MissingError`."""
    if settings.ca_file is None:
        return httpx.create_ssl_context(trust_env=False)
    client_file = settings.client_file if isinstance(settings, KioskDoorSettings) else None
    try:
        if client_file is not None:
            return mutual_tls.context(settings.ca_file, client_file)
        return ssl.create_default_context(cafile=str(settings.ca_file))
    except OSError as error:  # ssl.SSLError is one too
        if client_file is not None:
            sentence = f"{settings.ca_file} and {client_file}: are not what kiosk enrol left; expected PEM files"
            raise MissingError(sentence) from error
        raise MissingError(
            f"{settings.ca_file}: the authority of the centre's certificate cannot be read; expected a PEM file"
        ) from error


class Exchange:
    """Speaks with one centre, or with reception. Safe to use from any thread; `close` ends it.

    `headers` go with every request. A `client` may be handed in (tests); its base address, time-outs and TLS are then the caller's.
    """

    def __init__(
        self,
        settings: CentreSettings | KioskDoorSettings,
        client: httpx.Client | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._seconds = settings.timeout_seconds
        self._headers = dict(headers or {})
        self._client = client or httpx.Client(
            base_url=settings.url,
            verify=trust(settings),
            timeout=httpx.Timeout(settings.timeout_seconds, connect=settings.connect_timeout_seconds),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Reply:
        """Send `body` as JSON and wait for the whole reply; raises `NoAnswerError`."""
        end = _End(self._seconds)
        try:
            with (
                end,
                self._client.stream(
                    method,
                    path,
                    json=body,
                    headers={
                        "Accept": "application/json",
                        "Accept-Encoding": "identity",
                        "Connection": "close",
                        **self._headers,
                    },
                    extensions={"trace": end.trace},
                    follow_redirects=False,
                ) as response,
            ):
                return Reply(response.status_code, _media_type(response), _body(response, end))
        except httpx.TimeoutException as error:
            raise _too_slow() from error
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            if end.over:
                raise _too_slow() from error
            if _distrusted(error):
                raise NoAnswerError("who answers in the centre's place is not the centre", "not_the_centre") from error
            raise NoAnswerError("the line to the centre is broken", "line") from error

    def close(self) -> None:
        """Let go of the client."""
        self._client.close()


class _End:
    """The end of one exchange in time. httpx bounds each step; only this bounds their sum, by cutting the socket."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    @property
    def over(self) -> bool:
        return time.monotonic() >= self._at

    def trace(self, event: str, told: Mapping[str, Any]) -> None:
        """What httpx calls as its trace extension: it hands out the connection, so that it can be cut while it waits."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._socket = told["return_value"].get_extra_info("socket")
            if self.over:
                self._cut()

    def _cut(self) -> None:
        with self._lock:
            if self._socket is not None:
                # Below TLS on purpose: whoever reads in another thread sees the end at once. A socket that is closed
                # already, or became the TLS one, needs no cut.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._socket = None


def _body(response: httpx.Response, end: _End) -> bytes:
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise NoAnswerError("the centre's reply is compressed, which was not asked for", "malformed")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_BYTES:
            raise NoAnswerError(f"the centre's reply is larger than {MAX_BYTES} bytes", "too_large")
        if end.over:
            raise _too_slow()
    return bytes(body)


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _too_slow() -> NoAnswerError:
    return NoAnswerError("the centre did not answer in time", "time_out")


def _distrusted(error: BaseException | None) -> bool:
    """Whether TLS refused the other side's certificate: its name, its authority or its dates."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False
