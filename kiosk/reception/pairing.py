"""Pairing at the staff door: kiosks ask without being signed in, an administrator compares six digits on `/kiosks`.

    POST /enrol       {"csr": PEM, "commitment": hex}  -> 201 {"id", "nonce"}
    POST /enrol/{id}  {"nonce": hex}                   -> 200 {"state": "comparing"}
    GET  /enrol/{id}  -> 200 {"state": committed | comparing | refused | broken}
                          or {"state": "accepted", "certificate": PEM chain, "authority": PEM, "kiosk_door": url}

What the digits are made of stands in `kiosk.record.pairing`.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from kiosk import journal
from kiosk.reception import authority, devices, list_words, pairings
from kiosk.reception.accounts import Role
from kiosk.reception.answers import json_body
from kiosk.reception.authority import Authority
from kiosk.reception.desk import Desk
from kiosk.reception.devices import Device
from kiosk.reception.errors import RefusedError, StartError
from kiosk.reception.frame import Frame
from kiosk.reception.guard import guarded, open_to_all
from kiosk.reception.pairings import Pairing
from kiosk.reception.session import require_fresh, seat_of, sessions_of
from kiosk.record import RecordError, dates, ids, pairing
from kiosk.record.ids import KioskId

log = logging.getLogger("kiosk.reception.pairing")

MOST_BYTES = 8 * 1024
LOW_DAYS = 30
"""Days left at which the page points at a certificate: it should have been renewed at 45."""


@dataclass(frozen=True)
class DeviceView:
    """A device as the page shows it, in words."""

    key_hash: str
    kiosk_id: KioskId
    paired: str
    ends: str
    low: bool
    seen: str
    revoked: str


@dataclass(frozen=True)
class PairingView:
    """A pairing as the page shows it. `replaces`: a kiosk of that name is paired already."""

    id: str
    kiosk_id: KioskId
    digits: str
    minutes_left: int
    replaces: bool
    twin: bool


class PairingDoor:
    """The endpoints of pairing, of one desk. `trust` None: this reception has no authority (plain doors)."""

    def __init__(self, desk: Desk, trust: Authority | None) -> None:
        self._desk = desk
        self._trust = trust

    # -- what a kiosk asks -------------------------------------------------------------------------------------------

    async def ask(self, request: Request) -> Response:
        """`POST /enrol`. Raises `RefusedError`: 415, 422, 429 too many wait, 503 no authority."""
        trust = self._authority()
        body = await _body(request)
        who = authority.asked(body.get("csr"))
        try:
            committed = ids.fingerprint(body.get("commitment"))
        except RecordError as error:
            raise RefusedError(422, "commitment", "commitment: expected 64 hex digits in lower case") from error
        pairing_id, nonce = secrets.token_hex(16), secrets.token_bytes(pairing.NONCE_BYTES)
        try:
            shown = trust.shown_certificate()
        except StartError as error:
            raise RefusedError(
                503, "no_certificate", "reception has no certificate of its own: start it again"
            ) from error
        address = request.client.host if request.client is not None else ""
        csr = str(body["csr"])
        await self._desk.store.write(pairings.opened(pairing_id, who, csr, committed, nonce, shown, address))
        log.info("pairing_opened")
        return JSONResponse({"id": pairing_id, "nonce": nonce.hex()}, 201)

    async def reveal(self, request: Request) -> Response:
        """`POST /enrol/{id}`. Raises `RefusedError`: 404, 409, 422 not the nonce that was committed to."""
        self._authority()
        try:
            nonce = pairing.nonce((await _body(request)).get("nonce"))
        except RecordError as error:
            raise RefusedError(422, "nonce", str(error)) from error
        if not await self._desk.store.write(pairings.revealed(request.path_params["id"], nonce)):
            log.warning("pairing_broken")
            raise RefusedError(422, "other_nonce", "this is not the nonce that was committed to: begin again")
        return JSONResponse({"state": "comparing"})

    async def state(self, request: Request) -> Response:
        """`GET /enrol/{id}`. Raises `RefusedError` (404)."""
        trust = self._authority()
        found = await self._desk.store.read(pairings.pairing_of(request.path_params["id"], self._desk.clock()))
        if found is None:
            raise RefusedError(404, "no_such_pairing", "there is no such pairing, or it took too long")
        told: dict[str, object] = {"state": found.state}
        if found.certificate is not None:
            told |= {"certificate": found.certificate, "authority": trust.root_pem.decode("ascii")}
            told |= {"kiosk_door": self._kiosk_door()}
        return JSONResponse(told)

    # -- what an administrator sees and does -------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        """`GET /kiosks`: devices, and pairings that wait for their digits to be compared."""
        frame = Frame(self._desk, sessions_of(request))
        return frame.drawn(request, "kiosks.html", **await self._shown())

    async def piece(self, request: Request) -> Response:
        """`GET /api/v1/pairings`: what the page shows, as a piece of HTML."""
        frame = Frame(self._desk, sessions_of(request))
        return HTMLResponse(frame.piece("devices.html", **await self._shown()))

    async def accept(self, request: Request) -> Response:
        """`POST /api/v1/pairings/{id}/accept`."""
        require_fresh(request, self._desk.clock())
        change = pairings.accepted(request.path_params["id"], self._authority(), seat_of(request).account.id)
        kiosk_id = await self._desk.store.write(change)
        log.info("kiosk_paired")
        return JSONResponse({"kiosk_id": kiosk_id})

    async def refuse(self, request: Request) -> Response:
        """`POST /api/v1/pairings/{id}/refuse`."""
        kiosk_id = await self._desk.store.write(
            pairings.refused(request.path_params["id"], seat_of(request).account.id)
        )
        log.info("pairing_refused")
        return JSONResponse({"kiosk_id": kiosk_id})

    async def revoke(self, request: Request) -> Response:
        """`POST /api/v1/devices/{key_hash}/revoke`."""
        kiosk_id = await self._desk.store.write(
            devices.revoke(request.path_params["key_hash"], seat_of(request).account.id)
        )
        log.info("kiosk_revoked", extra=journal.numbers(kiosk=kiosk_id))
        return JSONResponse({"kiosk_id": kiosk_id})

    # ----------------------------------------------------------------------------------------------------------------

    async def _shown(self) -> dict[str, Any]:
        now = self._desk.clock()
        present = await self._desk.store.read(devices.allowed)
        waiting = await self._desk.store.read(pairings.comparing(now))
        names, asking = {device.kiosk_id for device in present}, [one.kiosk_id for one in waiting]
        return {
            "ready": self._trust is not None,
            "devices": [_device_view(device, now) for device in present],
            "gone": [_device_view(device, now) for device in await self._desk.store.read(devices.shut_out)],
            "pairings": [
                _pairing_view(one, now, one.kiosk_id in names, asking.count(one.kiosk_id) > 1) for one in waiting
            ],
        }

    def _authority(self) -> Authority:
        if self._trust is None:
            raise RefusedError(503, "no_authority", "this reception has no certificate authority: kiosk reception init")
        return self._trust

    def _kiosk_door(self) -> str:
        door = self._desk.settings.kiosk_door
        name = door.known_as[0]
        return f"https://{f'[{name}]' if ':' in name else name}:{door.port}"


def routes(desk: Desk) -> list[BaseRoute]:
    """The routes of pairing, for the staff door. Raises `StartError` or `SettingsError` where the authority is not there."""
    folder = desk.settings.trust_folder
    door = PairingDoor(desk, None if folder is None else authority.load(folder, desk.clock()))
    only = {Role.ADMINISTRATOR}
    return [
        open_to_all("/enrol", door.ask, ["POST"]),
        open_to_all("/enrol/{id}", door.reveal, ["POST"]),
        open_to_all("/enrol/{id}", door.state, ["GET"]),
        guarded("/kiosks", door.page, ["GET"], only),
        guarded("/api/v1/pairings", door.piece, ["GET"], only),
        guarded("/api/v1/pairings/{id}/accept", door.accept, ["POST"], only),
        guarded("/api/v1/pairings/{id}/refuse", door.refuse, ["POST"], only),
        guarded("/api/v1/devices/{key_hash}/revoke", door.revoke, ["POST"], only),
    ]


async def _body(request: Request) -> dict[str, object]:
    """A small JSON object. A page elsewhere cannot send this media type without asking first."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise RefusedError(415, "media_type", "Content-Type: expected application/json")
    body = await json_body(request, MOST_BYTES)
    return body if isinstance(body, dict) else {}


def _device_view(device: Device, now: datetime) -> DeviceView:
    days = device.days_left(now)
    day = device.not_after.astimezone(dates.JST)
    ends = (
        "期限切れ — 受付機で登録をやり直してください"
        if days < 0
        else f"{day.year}/{day.month}/{day.day}（あと{days}日）"
    )
    return DeviceView(
        key_hash=device.key_hash,
        kiosk_id=device.kiosk_id,
        paired=f"{list_words.clock_words(device.paired_at)}　{'自動更新' if device.paired_by == devices.RENEWED else device.paired_by}",
        ends=ends,
        low=days < LOW_DAYS,
        seen="" if device.seen_at is None else list_words.clock_words(device.seen_at),
        revoked=""
        if device.revoked_at is None
        else f"{list_words.clock_words(device.revoked_at)}　{device.revoked_by}",
    )


def _pairing_view(one: Pairing, now: datetime, replaces: bool, twin: bool) -> PairingView:
    left = max(0, round((one.opened_at + pairings.LASTS - now).total_seconds() / 60))
    return PairingView(one.id, one.kiosk_id, pairing.shown(one.digits or ""), left, replaces, twin)
