"""Who may come in at the kiosk door: only a device that stands in the list, and only under its own name."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from kiosk import journal
from kiosk.reception import devices
from kiosk.reception.answers import problem
from kiosk.reception.desk import Desk
from kiosk.reception.devices import Device
from kiosk.reception.errors import RefusedError, StoreError
from kiosk.reception.tls import Peer, peer_of

log = logging.getLogger("kiosk.reception.admission")

NOTED_EVERY = 60.0
"""Seconds between two audit rows on the same key that is turned away."""
_REMEMBERED = 256

_DEVICE = "kiosk.device"


@dataclass(frozen=True)
class _Refusal:
    code: str
    sentence: str


_NOBODY = _Refusal("no_certificate", "this door is for kiosks with a certificate of this reception")
_UNKNOWN = _Refusal("unknown_key", "this kiosk is not paired with this reception; run: kiosk enrol")
_REVOKED = _Refusal("revoked", "this kiosk was shut out of this reception; run: kiosk enrol")
_EXPIRED = _Refusal("expired", "this kiosk's certificate is out of date; run: kiosk enrol")
_OTHER = _Refusal("other_kiosk", "X-Kiosk-Id names another kiosk than the one whose certificate this is")


class TurnedAway:
    """Writes down who was turned away, at most once a minute for each key: whoever knocks cannot fill the log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._noted: OrderedDict[str, float] = OrderedDict()

    async def note(self, why: str, key_hash: str | None = None, kiosk_id: str | None = None) -> None:
        """An audit row and a line of the journal, unless there was one just now."""
        about, now = key_hash or why, time.monotonic()
        before = self._noted.get(about)
        if before is not None and now - before < NOTED_EVERY:
            return
        self._noted[about] = now
        self._noted.move_to_end(about)
        while len(self._noted) > _REMEMBERED:
            self._noted.popitem(last=False)
        log.info("turned_away", extra=journal.numbers(why=why))
        await self._desk.store.write(
            lambda transaction: transaction.audit(
                "reception", "turned_away", kiosk_id=kiosk_id, about=key_hash, note=why
            )
        )


class PairedOnly:
    """Lets paired kiosks through to `app`, and answers everybody else (403, and that connection ends)."""

    def __init__(self, app: ASGIApp, desk: Desk, turned_away: TurnedAway) -> None:
        self._app = app
        self._desk = desk
        self._turned_away = turned_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            found = await self._admit(peer_of(scope), Headers(scope=scope).get("x-kiosk-id"))
        except StoreError as error:
            log.error("store_failed", exc_info=error)  # noqa: TRY400 - its sentence goes to the kiosk
            await problem(503, "store", error.sentence, {"retry-after": "5"})(scope, receive, send)
            return
        if isinstance(found, _Refusal):
            # A kiosk that has renewed its certificate meanwhile shows the new one on the next connection.
            await problem(403, found.code, found.sentence, {"connection": "close"})(scope, receive, send)
            return
        scope.setdefault("state", {})[_DEVICE] = found
        await self._app(scope, receive, send)

    async def _admit(self, peer: Peer | None, named: str | None) -> Device | _Refusal:
        device = None if peer is None else await self._desk.store.read(devices.by_key(peer.key_hash))
        refusal = self._refusal(peer, device, named)
        if refusal is not None:
            key_hash = None if peer is None else peer.key_hash
            await self._turned_away.note(refusal.code, key_hash, None if device is None else device.kiosk_id)
            return refusal
        assert device is not None  # noqa: S101 - without one there is a refusal
        if device.seen_at is None:
            await self._desk.store.write(devices.seen(device))
        return device

    def _refusal(self, peer: Peer | None, device: Device | None, named: str | None) -> _Refusal | None:
        if peer is None:
            return _NOBODY
        if device is None:
            return _UNKNOWN
        if device.revoked_at is not None:
            return _REVOKED
        if peer.not_after <= self._desk.clock():
            return _EXPIRED
        return None if named == device.kiosk_id else _OTHER


def device_of(request: Request) -> Device:
    """The device behind a request. Raises `RefusedError` (404) at a plain door, where nobody is paired."""
    device = request.scope.get("state", {}).get(_DEVICE)
    if not isinstance(device, Device):
        raise RefusedError(404, "not_paired", "this door is plain: there are no certificates here")
    return device


async def still_allowed(desk: Desk, request: Request) -> bool:
    """Whether whoever opened this long answer may go on hearing it: shut out is shut out at once."""
    peer = peer_of(request.scope)
    if peer is None:
        return True
    device = await desk.store.read(devices.by_key(peer.key_hash))
    return device is not None and device.revoked_at is None and desk.clock() < peer.not_after
