"""What the kiosk door refuses, in the audit log: at most one entry a minute for each kiosk, and few for all together."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import OrderedDict
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from kiosk import journal
from kiosk.reception.answers import problem
from kiosk.reception.desk import Desk
from kiosk.reception.errors import RefusedError, StoreError
from kiosk.record import RecordError, ids
from kiosk.record.ids import KioskId

log = logging.getLogger("kiosk.reception.kiosk_door")

NOTED_EVERY: Final = 60.0
"""Seconds between two entries about the same kiosk."""

MOST_A_MINUTE: Final = 30
"""Of all kiosks: at a plain door anybody on this machine can make names up, and shall not fill the log with them."""

_OF_THE_BODY: Final = frozenset({400, 408, 409, 413, 422})
"""What a kiosk that works as it should is never told. That there is no terminal is no fault of it."""


class Refusals:
    """Answers a refusal, and writes it down."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._noted: OrderedDict[KioskId, float] = OrderedDict()

    async def answer(self, request: Request, error: Exception) -> Response:
        """For `Starlette(exception_handlers=...)`."""
        assert isinstance(error, RefusedError)  # noqa: S101 - Starlette hands each handler its own class
        log.info("refused", extra=journal.numbers(status=error.status, code=error.code))
        if error.status in _OF_THE_BODY:
            with contextlib.suppress(RecordError):  # whoever does not say a name is nobody to write down
                await self._note(ids.kiosk_id(request.headers.get("x-kiosk-id")), error.code, _about(request))
        return problem(error.status, error.code, error.sentence)

    async def _note(self, kiosk_id: KioskId, code: str, about: str | None) -> None:
        now = time.monotonic()
        while self._noted and now - next(iter(self._noted.values())) >= NOTED_EVERY:
            self._noted.popitem(last=False)
        if kiosk_id in self._noted or len(self._noted) >= MOST_A_MINUTE:
            return
        self._noted[kiosk_id] = now
        try:
            await self._desk.store.write(
                lambda transaction: transaction.audit(kiosk_id, "refused", kiosk_id=kiosk_id, about=about, note=code)
            )
        except StoreError:
            log.exception("refusal_not_noted")


def _about(request: Request) -> str | None:
    try:
        return ids.visit_id(request.headers.get("idempotency-key"))
    except RecordError:
        return None
