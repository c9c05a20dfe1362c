"""Small things told to reception: calls for help, heartbeats; and the public key fetched from it. No name in any of it."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import httpx

from kiosk import journal
from kiosk.delivery.backoff import Backoff
from kiosk.delivery.errors import DeliveryError, ReceptionError
from kiosk.delivery.exchange import REFUSED_FOR_GOOD, Addresses, Answer, exchange
from kiosk.delivery.keys import KeyCache
from kiosk.delivery.reports import Reports
from kiosk.delivery.witness import Witness
from kiosk.record.door import (
    Heartbeat,
    HelpCall,
    StaffOutcome,
    StaffReport,
    heartbeat_json,
    help_json,
    staff_report_json,
)
from kiosk.record.ids import KioskId, VisitId

log = logging.getLogger("kiosk.delivery.desk")

BEAT_EVERY = 10.0
"""Seconds; domain/reception-and-reliability.md section 1.4."""
KEY_EVERY = 60.0
CALL_LASTS = 600.0
"""Seconds after which a call for help that reception never heard is of no use any more."""
REPORT_LASTS = 86400.0
"""Seconds in which reception may still hear how a visual check at the kiosk ended."""
MAX_CALLS = 64
_SLICE = 1.0


@dataclass(frozen=True)
class _WaitingCall:
    path: str
    fields: dict[str, object]
    until: float
    settled: Callable[[], None]
    """Called when reception has heard it, or never will."""


class Desk:
    """Tells reception who needs help and that the kiosk lives, and keeps `keys` fresh.

    `beat` makes the heartbeat of this moment and is called on the desk's thread; `witness` keeps what reception tells of
    its audit log, and says it with the next one; `reports` keeps how visual checks ended until reception has heard it;
    `mono` is the monotonic clock.
    """

    def __init__(
        self,
        client: httpx.Client,
        urls: tuple[str, ...],
        kiosk_id: KioskId,
        keys: KeyCache,
        beat: Callable[[], Heartbeat],
        *,
        witness: Witness | None = None,
        reports: Reports | None = None,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._addresses = Addresses(urls)
        self._kiosk_id = kiosk_id
        self._keys = keys
        self._beat = beat
        self._witness = witness
        self._reports = reports
        self._mono = mono
        self._lock = threading.Lock()
        self._calls: deque[_WaitingCall] = deque()
        self._woken = threading.Event()
        self._call_backoff, self._key_backoff = Backoff(), Backoff()
        self._call_at = self._beat_at = self._key_at = mono()
        for left_over in () if reports is None else reports.waiting:
            self._send_report(left_over)

    def call(self, call: HelpCall) -> None:
        """Call the desk; never waits. Reception hears it within ten minutes or not at all."""
        self._queue("/k/v1/help", help_json(call), CALL_LASTS)

    def check_begins(self, check_id: str, visit_id: VisitId, at: datetime) -> None:
        """A visual check begins at the kiosk: if this process does not live to its end, the next one tells so."""
        if self._reports is not None:
            self._reports.note(StaffReport(check_id, self._kiosk_id, visit_id, StaffOutcome.WITHDRAWN, at))

    def report(self, report: StaffReport) -> None:
        """Tell how a visual check at the kiosk ended: on disk when this returns, and heard within a day or not at all."""
        if self._reports is not None:
            self._reports.note(report)
        self._send_report(report)

    def _send_report(self, report: StaffReport) -> None:
        def settled() -> None:
            if self._reports is not None:
                self._reports.forget(report.check_id)

        self._queue("/k/v1/staff/outcome", staff_report_json(report), REPORT_LASTS, settled)

    def _queue(
        self, path: str, fields: dict[str, object], lasts: float, settled: Callable[[], None] = lambda: None
    ) -> None:
        dropped = None
        with self._lock:
            if len(self._calls) >= MAX_CALLS:
                dropped = self._calls.popleft()
                log.error("help_call_dropped", extra=journal.numbers(why="too_many"))
            self._calls.append(_WaitingCall(path, fields, self._mono() + lasts, settled))
            self._call_at = self._mono()
        if dropped is not None:
            dropped.settled()
        self._woken.set()

    def beat_now(self) -> None:
        """Something changed (stage, service): tell reception at once."""
        with self._lock:
            self._beat_at = self._mono()
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Do all of it until `stop` is set; a `beat_now` after setting it ends a wait at once."""
        while not stop.is_set():
            self._woken.clear()
            try:
                wait = self.step()
            except Exception:
                # The heartbeat's maker is not ours; a desk that died would look like a kiosk that died.
                log.exception("desk_failed")
                wait = _SLICE
            until = time.monotonic() + wait
            while not stop.is_set() and (left := until - time.monotonic()) > 0:
                if self._woken.wait(min(left, _SLICE)):
                    break

    def step(self) -> float:
        """Do what is due: a call first, then the heartbeat, then the key. The seconds until something is due again."""
        if self._call_is_due():
            self._send_call()
        if self._mono() >= self._beat_at:
            self._send_beat()
        if self._mono() >= self._key_at:
            self._fetch_key()
        with self._lock:
            due = [self._beat_at, self._key_at, *([self._call_at] if self._calls else [])]
        return max(0.0, min(due) - self._mono())

    def _call_is_due(self) -> bool:
        with self._lock:
            too_old = [one for one in self._calls if one.until <= self._mono()]
            for late in too_old:
                self._calls.remove(late)
                log.error("help_call_dropped", extra=journal.numbers(why="too_old"))
            due = bool(self._calls) and self._mono() >= self._call_at
        for late in too_old:
            late.settled()
        return due

    def _send_call(self) -> None:
        with self._lock:
            waiting = self._calls[0]
        try:
            answer = self._post(waiting.path, waiting.fields)
        except ReceptionError as error:
            self._call_failed(error.code)
            return
        if answer.accepted:
            self._call_done(waiting)
        elif answer.status in REFUSED_FOR_GOOD:
            log.error("help_call_dropped", extra=journal.numbers(why=f"refused_{answer.status}"))
            self._call_done(waiting)
        else:
            self._call_failed(f"status_{answer.status}")

    def _call_done(self, waiting: _WaitingCall) -> None:
        with self._lock:
            if self._calls and self._calls[0] is waiting:
                self._calls.popleft()
            self._call_backoff.reset()
            self._call_at = self._mono()
        waiting.settled()

    def _call_failed(self, why: str) -> None:
        self._addresses.turn()
        with self._lock:
            self._call_at = self._mono() + self._call_backoff.failed()
        log.warning("help_call_not_heard", extra=journal.numbers(why=why))

    def _send_beat(self) -> None:
        with self._lock:
            self._beat_at = self._mono() + BEAT_EVERY
        beat = self._beat()
        if self._witness is not None:
            beat = replace(beat, audit=self._witness.seen)
        try:
            answer = self._post("/k/v1/heartbeat", heartbeat_json(beat))
            why = None if answer.accepted else f"status_{answer.status}"
            if why is None and self._witness is not None:
                self._witness.take(answer.fields())
        except ReceptionError as error:
            why = error.code
        if why is not None:
            self._addresses.turn()
            log.warning("heartbeat_not_heard", extra=journal.numbers(why=why))

    def _fetch_key(self) -> None:
        try:
            answer = exchange(self._client, "GET", self._addresses.url("/k/v1/key"), kiosk_id=self._kiosk_id)
            if answer.status != 200:
                raise ReceptionError("reception does not give its key", f"status_{answer.status}", answer.status)
            self._keys.take(answer.fields())
        except DeliveryError as error:
            self._addresses.turn()
            self._key_at = self._mono() + self._key_backoff.failed()
            log.warning("key_not_fetched", extra=journal.numbers(why=error.code))
        else:
            self._key_backoff.reset()
            self._key_at = self._mono() + KEY_EVERY

    def _post(self, path: str, fields: dict[str, object]) -> Answer:
        return exchange(
            self._client,
            "POST",
            self._addresses.url(path),
            kiosk_id=self._kiosk_id,
            content=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json"},
        )
