"""The line: commands from the board come in on a connection that the kiosk itself opened; no port of it is open.

`GET /k/v1/line` is a stream of server-sent events, kept alive by a comment every 15 s at the latest; 30 s of silence
mean that it is dead (domain/reception-and-reliability.md sections 2.2 and 3.1).
"""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from kiosk import journal
from kiosk.delivery.backoff import Backoff
from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.exchange import Addresses, door_headers, exchange, media_type, reception_errors, refuse_encoded
from kiosk.delivery.sse import EventReader, ServerEvent
from kiosk.record import ids
from kiosk.record.ids import KioskId
from kiosk.staff.commands import Command, CommandState, command_from_json

log = logging.getLogger("kiosk.delivery.line")

SILENCE = 30.0
"""Seconds without a byte after which the line is dead."""
STEADY = 10.0
"""A connection that held this many seconds was a good one: the next wait is short again."""
ANSWER_TRIES = 3
REMEMBERED = 1024

_STREAM_TIMEOUT = httpx.Timeout(10.0, connect=5.0, read=SILENCE)


class Line:
    """Keeps the line to reception open and hands its commands on.

    `on_command` and `on_reachable` are called on the line's thread; `on_reachable` once at each change, the first time
    with what the first try gave. Commands for other kiosks, expired ones and repeated ones are dropped.
    """

    def __init__(
        self,
        client: httpx.Client,
        urls: tuple[str, ...],
        kiosk_id: KioskId,
        on_command: Callable[[Command], None],
        on_reachable: Callable[[bool], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        backoff: Backoff | None = None,
    ) -> None:
        self._client = client
        self._addresses = Addresses(urls)
        self._kiosk_id = kiosk_id
        self._on_command = on_command
        self._on_reachable = on_reachable
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._handled: OrderedDict[str, None] = OrderedDict()
        self._reachable: bool | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def run(self, stop: threading.Event) -> None:
        """Hold the line until `stop` is set; `hang_up` after setting it ends the wait for the next byte at once."""
        while not stop.is_set():
            began = time.monotonic()
            why = "ended"
            try:
                self._listen(stop)
            except ReceptionError as error:
                why = error.code
            self._tell(reachable=False)
            if stop.is_set():
                return
            if time.monotonic() - began >= STEADY:
                self._backoff.reset()
            self._addresses.turn()
            wait = self._backoff.failed()
            log.warning("line_lost", extra=journal.numbers(why=why, wait=round(wait, 3)))
            stop.wait(wait)

    def hang_up(self) -> None:
        """End the connection from another thread. Without `stop` set the line comes back by itself."""
        with self._lock:
            if self._socket is not None:
                try:
                    # The plain socket's own shutdown: TLS would change the object under the reading thread.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError as error:
                    log.debug("already_hung_up", exc_info=error)

    def answer(self, command_id: str, state: CommandState) -> None:
        """Tell reception the state that a command led to; at most three tries, on the caller's thread.

        Raises `ReceptionError` when reception cannot be told or does not know the command.
        """
        path = f"/k/v1/line/{ids.visit_id(command_id)}"
        body = json.dumps({"state": state.value}).encode()
        backoff = Backoff()
        for tries_left in reversed(range(ANSWER_TRIES)):
            try:
                self._post(path, body)
            except ReceptionError as error:
                if tries_left == 0 or (error.status is not None and 400 <= error.status < 500):
                    raise
                time.sleep(backoff.failed())
            else:
                return

    def _post(self, path: str, body: bytes) -> None:
        answer = exchange(
            self._client,
            "POST",
            self._addresses.url(path),
            kiosk_id=self._kiosk_id,
            content=body,
            headers={"Content-Type": "application/json"},
        )
        if not answer.accepted:
            raise ReceptionError(
                "reception did not take the state of a command", f"status_{answer.status}", answer.status
            )

    def _listen(self, stop: threading.Event) -> None:
        headers = {**door_headers(self._kiosk_id), "Accept": "text/event-stream", "Cache-Control": "no-store"}
        with (
            reception_errors(),
            self._client.stream(
                "GET",
                self._addresses.url("/k/v1/line"),
                headers=headers,
                timeout=_STREAM_TIMEOUT,
                follow_redirects=False,
            ) as response,
        ):
            refuse_encoded(response)
            if response.status_code != 200:
                raise ReceptionError(
                    "reception does not give the line", f"status_{response.status_code}", response.status_code
                )
            if media_type(response) != "text/event-stream":
                raise ReceptionError("what answered is not reception's line", "not_the_line")
            self._hold(response)
            try:
                if stop.is_set():
                    return
                self._tell(reachable=True)
                self._read(response, stop)
            finally:
                with self._lock:
                    self._socket = None

    def _hold(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        with self._lock:
            self._socket = None if stream is None else stream.get_extra_info("socket")

    def _read(self, response: httpx.Response, stop: threading.Event) -> None:
        reader = EventReader()
        for chunk in response.iter_bytes():
            for event in reader.feed(chunk):
                self._take(event)
            if stop.is_set():
                return

    def _take(self, event: ServerEvent) -> None:
        if event.kind != "command":
            return
        try:
            command = command_from_json(json.loads(event.data))
        except (ValueError, RecursionError):
            log.warning("command_unreadable")
            return
        if command.kiosk_id != self._kiosk_id or command.expires_at <= self._clock():
            log.warning("command_dropped", extra=journal.numbers(kind=command.kind.value))
            return
        if command.id in self._handled:
            return
        self._handled[command.id] = None
        while len(self._handled) > REMEMBERED:
            self._handled.popitem(last=False)
        log.info("command", extra=journal.numbers(visit=command.visit_id, kind=command.kind.value))
        try:
            self._on_command(command)
        except Exception:
            # A handler's failure is no reason to lose the next command.
            log.exception("command_failed")

    def _tell(self, *, reachable: bool) -> None:
        if reachable is not self._reachable:
            self._reachable = reachable
            try:
                self._on_reachable(reachable)
            except Exception:
                # The line must live on, whatever hangs on this news.
                log.exception("reachable_failed")
