"""The kiosk door, `/k/v1`: check-ins sealed and kept once, heartbeats, calls for help, the line back, and look-ups.

A kiosk names itself with `X-Kiosk-Id`. Where reception has an authority of its own, only paired kiosks come in, each under
its own name (`kiosk.reception.admission`); a plain door, on loopback only, takes the name as it is. A browser's page cannot
come in there: that header needs a permission (CORS preflight) that nobody gives.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import AsyncGenerator

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kiosk import journal
from kiosk.eligibility.errors import EligibilityError
from kiosk.reception import (
    audit,
    authority,
    checkins,
    devices,
    feed,
    helps,
    kiosks,
    known,
    listed,
    staff_check,
    visual,
    way,
    witnesses,
)
from kiosk.reception.admission import PairedOnly, TurnedAway, device_of, still_allowed
from kiosk.reception.answers import HANDLERS, OurselvesOnly, bounded_body, json_body, kiosk_of, same_kiosk
from kiosk.reception.authority import Authority
from kiosk.reception.checkins import Arrival
from kiosk.reception.desk import Desk
from kiosk.reception.errors import NoTerminalError, RefusedError, SealError
from kiosk.reception.feed import EventStream
from kiosk.reception.known import KnownPatient
from kiosk.reception.listed import Finding
from kiosk.reception.lookups import eligibility_of, is_about_this_patient
from kiosk.reception.refusals import Refusals
from kiosk.reception.store import Transaction
from kiosk.record import RecordError, dates, door, ids
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.record.ids import KioskId
from kiosk.staff import commands
from kiosk.staff.commands import Command, CommandState

log = logging.getLogger("kiosk.reception.kiosk_door")

PING_EVERY = 10.0
"""Seconds between comments on a quiet line."""

_LARGEST_SEQ = 1 << 53


class KioskDoor:
    """The endpoints of the kiosk door of one desk."""

    def __init__(self, desk: Desk, trust: Authority | None) -> None:
        self._desk = desk
        self._trust = trust

    async def checkins(self, request: Request) -> Response:
        """`POST checkins`: 201 kept now, 200 kept before, in both cases durably."""
        kiosk_id = kiosk_of(request)
        try:
            checkin_id = ids.visit_id(request.headers.get("idempotency-key"))
        except RecordError as error:
            raise RefusedError(400, "headers", f"Idempotency-Key: {error}") from error
        seq = request.headers.get("x-kiosk-seq", "")
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 16 and 0 < int(seq) < _LARGEST_SEQ):
            raise RefusedError(400, "headers", "X-Kiosk-Seq: expected a whole number from 1")
        sealed = await bounded_body(request, contract.MAX_BYTES)
        sha256 = hashlib.sha256(sealed).hexdigest()
        receipt = await self._desk.store.read(checkins.known(checkin_id, kiosk_id, sha256))
        if receipt is None:
            if request.headers.get("x-key-id") != self._desk.key.key_id:
                raise RefusedError(422, "unknown_key", "X-Key-Id: this reception has no such key")
            arrival = Arrival(*self._opened(sealed, checkin_id, kiosk_id), sha256, int(seq))
            receipt = await self._desk.store.write(checkins.keep(arrival))
        log.info(
            "checkin_kept" if receipt.new else "checkin_kept_before",
            extra=journal.numbers(visit=checkin_id, receipt=receipt.number, bytes=len(sealed)),
        )
        return JSONResponse(
            {"checkin_id": checkin_id, "sha256": sha256, "receipt": receipt.number}, 201 if receipt.new else 200
        )

    def _opened(self, sealed: bytes, checkin_id: ids.VisitId, kiosk_id: KioskId) -> tuple[CheckIn, bytes]:
        """The check-in and its JSON, if they are what the headers say. Raises `RefusedError` (422)."""
        try:
            record = self._desk.key.open(sealed, checkin_id)
            checkin = contract.from_json(record)
            contract.to_json(checkin)  # what cannot be written as UTF-8 (a lone surrogate) could never be shown
        except UnicodeEncodeError as error:
            raise RefusedError(422, "record", "check-in: a text in it is not Unicode") from error
        except SealError as error:
            raise RefusedError(422, "sealed", error.sentence) from error
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        if checkin.checkin_id != checkin_id:
            raise RefusedError(422, "other_id", "the record is not the one that Idempotency-Key names")
        if checkin.kiosk_id != kiosk_id:
            raise RefusedError(422, "other_kiosk", "the record is not of the kiosk that X-Kiosk-Id names")
        if checkin.simulated and self._desk.settings.site != "test":
            raise RefusedError(422, "simulated", "this reception is not a test site and takes no simulated check-in")
        return checkin, record

    async def key(self, request: Request) -> Response:
        """`GET key`: what check-ins are sealed to."""
        kiosk_of(request)
        return JSONResponse({"key_id": self._desk.key.key_id, "public_key": self._desk.key.public_key})

    async def heartbeat(self, request: Request) -> Response:
        """`POST heartbeat`; the answer tells reception's time and key, and the end of its audit log."""
        kiosk_id = kiosk_of(request)
        try:
            beat = door.heartbeat_from_json(await json_body(request))
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        same_kiosk(beat.kiosk_id, kiosk_id)

        def heard(transaction: Transaction) -> audit.Head:
            kiosks.heard(beat)(transaction)
            if beat.audit is not None:
                witnesses.heard(kiosk_id, beat.audit)(transaction)
            return audit.head(transaction.connection)

        head = await self._desk.store.write(heard)
        seen = {"audit": {"seq": head.seq, "hash": head.hash}} if head.hash else {}
        return JSONResponse({"at": dates.instant_text(self._desk.clock()), "key_id": self._desk.key.key_id, **seen})

    async def help(self, request: Request) -> Response:
        """`POST help`: 201 kept now, 200 kept before."""
        kiosk_id = kiosk_of(request)
        try:
            call = door.help_from_json(await json_body(request))
        except RecordError as error:
            raise RefusedError(422, "record", str(error)) from error
        same_kiosk(call.kiosk_id, kiosk_id)
        new = await self._desk.store.write(helps.keep(call))
        log.info("help_called", extra=journal.numbers(visit=call.visit_id, reason=call.reason.value, new=new))
        return JSONResponse({"help_id": call.help_id}, 201 if new else 200)

    async def line(self, request: Request) -> Response:
        """`GET line`: commands for this kiosk as server-sent events, first those that still wait for it."""
        return EventStream(self._commands(kiosk_of(request), request))

    async def _commands(self, kiosk_id: KioskId, request: Request) -> AsyncGenerator[bytes]:
        def ours(command: Command) -> bool:
            return command.kiosk_id == kiosk_id

        with self._desk.line.listen(ours) as listener:
            yield b"retry: 1000\n: line open\n\n"
            sent = set()
            for command in await self._desk.store.read(visual.queued(kiosk_id, self._desk.clock())):
                sent.add(command.id)
                yield feed.sse("command", commands.command_json(command))
            while True:
                try:
                    fresh = await listener.next(PING_EVERY)
                except TimeoutError:
                    if not await still_allowed(self._desk, request):
                        return
                    yield b": ping\n\n"
                    continue
                if fresh is None or not await still_allowed(self._desk, request):
                    return
                if fresh.id not in sent:
                    yield feed.sse("command", commands.command_json(fresh))

    async def answered(self, request: Request) -> Response:
        """`POST line/{id}`: the state a command led to."""
        kiosk_id = kiosk_of(request)
        body = await json_body(request)
        try:
            command_id = ids.visit_id(request.path_params["id"])
            state = CommandState(str(body.get("state") if isinstance(body, dict) else None))
        except RecordError as error:
            raise RefusedError(404, "no_such_command", "there is no such command for this kiosk") from error
        except ValueError as error:
            expected = ", ".join(state.value for state in CommandState)
            raise RefusedError(422, "record", f"state: expected one of {expected}") from error
        await self._desk.store.write(visual.answered(command_id, kiosk_id, state))
        log.info("command_answered", extra=journal.numbers(state=state.value))
        return Response(status_code=204)

    async def lookup(self, request: Request) -> Response:
        """`POST lookup`: the eligibility of whom the clinic knows by a card, by number, as of now.

        404 nobody is known by it, 503 there is no terminal, 504 no answer: `no_answer` where the way to the system
        failed, `not_usable` where only this question did. The kiosk tells a fingerprint and a consent; numbers and names
        stay here until the system itself has answered. Whom a list of today found invalid, or did not find, is told so
        at once (`kiosk.reception.listed`), and asked for again when the check-in has come.
        """
        kiosk_id = kiosk_of(request)
        visit_id, fingerprint, limit_consent = _asked(await json_body(request))
        desk = self._desk
        if not desk.lookups.possible:
            raise RefusedError(503, "no_terminal", NoTerminalError().sentence)
        patient = await desk.store.read(known.by_card(fingerprint, simulated=desk.lookups.simulated))
        if patient is None:
            raise RefusedError(404, "not_known", "no patient of this clinic is known by that card")
        early = await self._from_list(patient, visit_id, kiosk_id)
        if early is not None:
            eligibility = contract.eligibility_json(early.eligibility)
            return JSONResponse({"simulated": early.simulated, "eligibility": eligibility})
        await desk.store.write(
            lambda transaction: transaction.audit(kiosk_id, "look_up", kiosk_id=kiosk_id, about=visit_id)
        )
        try:
            answer = await desk.lookups.ask(patient.query(limit_consent=limit_consent))
        except EligibilityError as error:
            sentence = f"the terminal, or the system behind it, gave no answer that can be used ({error.code})"
            code = "not_usable" if is_about_this_patient(error) else "no_answer"
            raise RefusedError(504, code, sentence) from error
        log.info("look_up_answered", extra=journal.numbers(visit=visit_id, validity=answer.validity.value))
        eligibility = contract.eligibility_json(eligibility_of(answer))
        return JSONResponse({"simulated": answer.simulated, "eligibility": eligibility})

    async def _from_list(self, patient: KnownPatient, visit_id: ids.VisitId, kiosk_id: KioskId) -> Finding | None:
        """What a list said of the patient, if this visit may be told it; remembered with the visit."""
        desk = self._desk
        today = dates.japanese_day(desk.clock())
        early = await desk.store.read(listed.finding(desk.key, patient.insured, patient.birth_date, today))
        if early is None or early.simulated is not desk.lookups.simulated:
            return None

        def note(transaction: Transaction) -> None:
            listed.note_early(visit_id, early)(transaction)
            transaction.audit(kiosk_id, "told_from_list", kiosk_id=kiosk_id, about=visit_id)

        await desk.store.write(note)
        log.info("told_from_list", extra=journal.numbers(visit=visit_id, validity=early.eligibility.validity.value))
        return early

    async def certificate(self, request: Request) -> Response:
        """`POST certificate` {"csr"}: another certificate, for a new key of the same kiosk; the old one goes on until it came.

        Only at the TLS door. Raises `RefusedError`: 409, 422, 429.
        """
        kiosk_of(request)
        device = device_of(request)
        body = await json_body(request)
        who = authority.asked(body.get("csr") if isinstance(body, dict) else None)
        if who.kiosk_id != device.kiosk_id or self._trust is None:
            raise RefusedError(422, "other_kiosk", "the request is not of the kiosk whose certificate this is")
        issued = self._trust.issue(who, self._desk.clock())
        await self._desk.store.write(devices.renew(issued, device))
        log.info("certificate_renewed")
        told = {"certificate": issued.chain.decode("ascii"), "authority": self._trust.root_pem.decode("ascii")}
        return JSONResponse(told, 201)

    async def terminal(self, request: Request) -> Response:
        """`GET terminal`: how the way on from reception is, {ok, hop, sentence}: which hop is dead, the first of them."""
        kiosk_of(request)
        state = await way.state_of(self._desk.lookups, self._desk.settings.terminal)
        return JSONResponse({"ok": state.ok, "hop": state.hop, "sentence": state.sentence})


def app(desk: Desk, turned_away: TurnedAway | None = None) -> Starlette:
    """The kiosk door as an ASGI application. Raises `StartError` or `SettingsError` where the authority is not there."""
    folder, names = desk.settings.trust_folder, desk.settings.kiosk_door.known_as
    trust = None if folder is None else authority.load(folder, desk.clock())
    endpoints = KioskDoor(desk, trust)
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    middleware = [Middleware(OurselvesOnly, headers=headers, names=names)]
    if trust is not None:
        middleware.append(Middleware(PairedOnly, desk=desk, turned_away=turned_away or TurnedAway(desk)))
    return Starlette(
        routes=[
            Route("/k/v1/checkins", endpoints.checkins, methods=["POST"]),
            Route("/k/v1/key", endpoints.key, methods=["GET"]),
            Route("/k/v1/heartbeat", endpoints.heartbeat, methods=["POST"]),
            Route("/k/v1/help", endpoints.help, methods=["POST"]),
            Route("/k/v1/line", endpoints.line, methods=["GET"]),
            Route("/k/v1/line/{id}", endpoints.answered, methods=["POST"]),
            Route("/k/v1/lookup", endpoints.lookup, methods=["POST"]),
            Route("/k/v1/terminal", endpoints.terminal, methods=["GET"]),
            Route("/k/v1/certificate", endpoints.certificate, methods=["POST"]),
            *staff_check.routes(desk),
        ],
        middleware=middleware,
        exception_handlers={**HANDLERS, RefusedError: Refusals(desk).answer},
    )


def _asked(body: object) -> tuple[ids.VisitId, str, bool]:
    """What a look-up is about. Raises `RefusedError` (422)."""
    told = body if isinstance(body, dict) else {}
    limit_consent = told.get("limit_consent")
    if not isinstance(limit_consent, bool):
        raise RefusedError(422, "record", "limit_consent: expected true or false")
    try:
        return ids.visit_id(told.get("visit_id")), ids.fingerprint(told.get("fingerprint")), limit_consent
    except RecordError as error:
        raise RefusedError(422, "record", str(error)) from error
