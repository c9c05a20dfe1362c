"""The courier: takes sealed check-ins to reception, oldest first, one at a time, and never gives up.

A check-in counts as delivered only when the answer repeats its id and the SHA-256 of exactly what was sent, and has a
receipt: a captive portal says 200 to everything (domain/reception-and-reliability.md section 0, finding 4).
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable

import httpx

from kiosk import journal
from kiosk.delivery.backoff import Backoff
from kiosk.delivery.errors import DeliveryError, ReceptionError
from kiosk.delivery.exchange import REFUSED_FOR_GOOD, Addresses, Answer, exchange
from kiosk.delivery.outbox import Outbox, SealedCheckIn
from kiosk.record.ids import KioskId, VisitId

log = logging.getLogger("kiosk.delivery.courier")

LOOK_AGAIN = 30.0
"""Seconds between looks at an empty outbox when nobody called `wake`."""
SCRUB_EVERY = 3600.0
_SLICE = 1.0
_MAX_RECEIPT = 128


class Courier:
    """Delivers what `outbox` holds to the reception at `urls`, which are tried in turn.

    `on_delivered` is called on the courier's thread, after the receipt is on disk.
    """

    def __init__(
        self,
        outbox: Outbox,
        client: httpx.Client,
        urls: tuple[str, ...],
        kiosk_id: KioskId,
        on_delivered: Callable[[VisitId], None],
        *,
        backoff: Backoff | None = None,
    ) -> None:
        self._outbox = outbox
        self._client = client
        self._addresses = Addresses(urls)
        self._kiosk_id = kiosk_id
        self._on_delivered = on_delivered
        self._backoff = backoff or Backoff()
        self._woken = threading.Event()
        self._scrubbed_at = time.monotonic()
        self._to_scrub = True

    def wake(self) -> None:
        """Something was put, or reception is back: try now, whatever wait is going on."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set; a `wake` after setting it ends a wait at once."""
        while not stop.is_set():
            self._woken.clear()
            try:
                wait = self.step()
                if wait is None:
                    self._rest()
                    wait = LOOK_AGAIN
            except DeliveryError as error:
                log.error("outbox_failed", extra=journal.numbers(why=error.code))  # noqa: TRY400  (its code says it)
                wait = self._backoff.failed()
            except Exception:
                # A courier that died would leave every later patient undelivered and say nothing.
                log.exception("courier_failed")
                wait = self._backoff.failed()
            until = time.monotonic() + wait
            while not stop.is_set() and (left := until - time.monotonic()) > 0:
                if self._woken.wait(min(left, _SLICE)):
                    break

    def step(self) -> float | None:
        """One try for the oldest check-in: the seconds to wait before the next, None when there is nothing to send.

        Raises `OutboxError`.
        """
        oldest = self._outbox.head()
        if oldest is None:
            return None
        sha256 = hashlib.sha256(oldest.sealed).hexdigest()
        if sha256 != oldest.sha256:
            return self._park(oldest, "stored_bytes_changed")
        try:
            answer = self._send(oldest)
        except ReceptionError as error:
            return self._try_later(oldest, error.code)
        if answer.status in REFUSED_FOR_GOOD:
            return self._park(oldest, f"refused_{answer.status}")
        if answer.status not in (200, 201):
            return self._try_later(oldest, f"status_{answer.status}")
        receipt = _receipt(answer, oldest.checkin_id, sha256)
        if receipt is None:
            return self._try_later(oldest, "no_receipt")
        self._outbox.ack(oldest.seq, receipt)
        self._backoff.reset()
        self._to_scrub = True
        log.info("delivered", extra=journal.numbers(visit=oldest.checkin_id, attempts=oldest.attempts + 1))
        self._on_delivered(oldest.checkin_id)
        return 0.0

    def _send(self, oldest: SealedCheckIn) -> Answer:
        return exchange(
            self._client,
            "POST",
            self._addresses.url("/k/v1/checkins"),
            kiosk_id=self._kiosk_id,
            content=oldest.sealed,
            headers={
                "Content-Type": "application/octet-stream",
                "Idempotency-Key": oldest.checkin_id,
                "X-Kiosk-Seq": str(oldest.seq),
                "X-Key-Id": oldest.key_id,
            },
        )

    def _park(self, oldest: SealedCheckIn, why: str) -> float:
        self._outbox.park(oldest.seq, why)
        self._backoff.reset()
        log.error("checkin_parked", extra=journal.numbers(visit=oldest.checkin_id, why=why))
        return 0.0

    def _try_later(self, oldest: SealedCheckIn, why: str) -> float:
        self._addresses.turn()
        wait = self._backoff.failed()
        log.warning("not_delivered", extra=journal.numbers(visit=oldest.checkin_id, why=why, wait=round(wait, 3)))
        self._outbox.tried(oldest.seq, why)
        return wait

    def _rest(self) -> None:
        """Nothing waits: take old page images out of the log after a delivery, and what is too old every hour."""
        now = time.monotonic()
        if self._to_scrub or now - self._scrubbed_at >= SCRUB_EVERY:
            self._outbox.scrub()
            self._to_scrub, self._scrubbed_at = False, now


def _receipt(answer: Answer, checkin_id: VisitId, sha256: str) -> str | None:
    """The receipt, if this answer is reception's and is about these very bytes."""
    fields = answer.fields()
    receipt = fields.get("receipt")
    if fields.get("checkin_id") != checkin_id or fields.get("sha256") != sha256:
        return None
    if isinstance(receipt, bool) or not isinstance(receipt, str | int) or not 0 < len(str(receipt)) <= _MAX_RECEIPT:
        return None
    return str(receipt)
