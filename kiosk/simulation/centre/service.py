"""The simulated centre's HTTP service: the wire format of `kiosk.eligibility.centre`, seen from the other side."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kiosk import journal
from kiosk.errors import SettingsError
from kiosk.record.dates import Notice, instant_text
from kiosk.simulation import oqs_writer, patients
from kiosk.simulation.centre import proofs
from kiosk.simulation.centre.manners import OPEN, Manners
from kiosk.simulation.centre.problems import (
    ConflictError,
    DownError,
    ProblemError,
    RefusedError,
    closed_for_maintenance,
    malformed,
)
from kiosk.simulation.centre.proofs import Proof, Trust
from kiosk.simulation.centre.sessions import CHALLENGE_LASTS, CONSENT_LASTS, ITEMS, Choices, Clock, Session, Sessions
from kiosk.simulation.oqs_writer import Bound
from kiosk.simulation.patients import Patient

log = logging.getLogger("kiosk.simulation.centre")

MAX_BODY = 64 * 1024
_KIOSK = re.compile(r"[a-z0-9-]{1,32}")
_METHODS = ("pin", "face", "visual")
_NOTICES = {Notice.EXPIRING: oqs_writer.EXPIRING_NOTICE, Notice.GRACE: oqs_writer.GRACE_NOTICE}


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


class _Centre:
    def __init__(self, trusted: Trust, directory: Path, manners: Manners, clock: Clock) -> None:
        self._trusted = trusted
        self._directory = directory
        self._manners = manners
        self._clock = clock
        self._sessions = Sessions(clock)
        self._registered: set[str] = set()

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"service": "eligibility-centre", "simulated": True})

    async def open(self, request: Request) -> Response:
        asked = await _body(request)
        if self._manners.closed(self._clock()):
            raise closed_for_maintenance()
        session = self._sessions.open(_matching(asked, "kiosk_id", _KIOSK), _visit_id(asked))
        told = {
            "session": session.name,
            "challenge": session.nonce.hex(),
            "valid_for": int(CHALLENGE_LASTS.total_seconds()),
        }
        return JSONResponse(told, status_code=201)

    async def verify(self, request: Request) -> Response:
        asked = await _body(request)
        visit_id, proof = _visit_id(asked), _proof(asked)
        session = self._sessions.take(request.path_params["session"], visit_id)
        at = self._clock()
        notice = proofs.verify(proof, session, self._trusted, at)
        patient = self._patient(proof.fingerprint)
        if patient.revoked:
            raise RefusedError("this certificate was revoked", "certificate_revoked")
        await asyncio.sleep(patient.delay_seconds)
        if patient.maintenance:
            raise closed_for_maintenance()
        if patient.down:
            raise DownError("the centre is broken down, as this patient's record asks for", "down")
        session.verified = True
        session.fingerprint, session.notice = proof.fingerprint, notice
        log.info("answered", extra=journal.numbers(visit=visit_id, method=proof.method, answer=patient.answer))
        if patient.registered or proof.fingerprint in self._registered:
            return JSONResponse(self._told(session, patient, at))
        return JSONResponse({**_head(session), "registration": "needed"})

    async def register(self, request: Request) -> Response:
        await _body(request)
        session = self._sessions.proven(request.path_params["session"])
        patient = self._patient(session.fingerprint)
        await asyncio.sleep(patient.delay_seconds)
        if patient.registered:
            raise ConflictError("this card was registered before", "registered")
        self._registered.add(session.fingerprint)
        log.info("registered", extra=journal.numbers(visit=session.visit_id))
        return JSONResponse(self._told(session, patient, self._clock()))

    def _patient(self, fingerprint: str) -> Patient:
        try:
            known = patients.read(self._directory).get(fingerprint, patients.NOBODY)
        except SettingsError as error:
            raise DownError(error.sentence, "patients") from error
        return self._manners.of(known)

    def _told(self, session: Session, patient: Patient, at: datetime) -> dict[str, object]:
        choices = self._sessions.bound(session.fingerprint)
        bound = None if choices is None else Bound(choices.agreed, choices.at, choices.at + CONSENT_LASTS)
        try:
            result = oqs_writer.result_message(patient, at, _NOTICES.get(session.notice), bound)
        except ValueError as error:
            raise DownError(f"this patient's result cannot be written: {error}", "patients") from error
        return {**_head(session), "result": result}

    async def conclude(self, request: Request) -> Response:
        asked = await _body(request)
        choices = self._sessions.conclude(
            request.path_params["session"],
            _items(asked, "agreed"),
            _items(asked, "refused"),
            _matching(asked, "prescription", re.compile(r"[a-z_]{1,20}")),
        )
        return JSONResponse({"consents": {item: _consent(item, choices) for item in ITEMS}})


def service(trusted: Trust, directory: Path, manners: Manners = OPEN, clock: Clock = now) -> Starlette:
    """The service. `directory` is the file of `kiosk.simulation.patients`; `clock` gives the present instant."""
    centre = _Centre(trusted, directory, manners, clock)
    return Starlette(
        routes=[
            Route("/v1/health", centre.health),
            Route("/v1/sessions", centre.open, methods=["POST"]),
            Route("/v1/sessions/{session}/verify", centre.verify, methods=["POST"]),
            Route("/v1/sessions/{session}/register", centre.register, methods=["POST"]),
            Route("/v1/sessions/{session}/conclude", centre.conclude, methods=["POST"]),
        ],
        exception_handlers={ProblemError: _problem},
    )


def _head(session: Session) -> dict[str, object]:
    return {
        "session": session.name,
        "certificate": session.fingerprint,
        "simulated": True,
        "certificate_notice": session.notice.value,
    }


async def _problem(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ProblemError):
        raise error
    log.info("refused", extra=journal.numbers(code=error.code, status=int(error.status)))
    told = {"code": error.code, "sentence": error.sentence}
    return JSONResponse(told, status_code=error.status, media_type="application/problem+json")


async def _body(request: Request) -> Mapping[str, object]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise malformed("the content type")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise malformed("the length of the body")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise malformed("the body") from error
    if not isinstance(asked, dict):
        raise malformed("the body")
    return asked


def _matching(asked: Mapping[str, object], key: str, pattern: re.Pattern[str]) -> str:
    value = asked.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise malformed(key)
    return value


def _visit_id(asked: Mapping[str, object]) -> str:
    value = asked.get("visit_id")
    try:
        if isinstance(value, str) and str(visit := uuid.UUID(value)) == value and visit.version == 7:
            return value
    except ValueError as error:
        raise malformed("visit_id") from error
    raise malformed("visit_id")


def _proof(asked: Mapping[str, object]) -> Proof:
    method = asked.get("method")
    if method not in _METHODS or (method == "pin") != ("assertion" not in asked):
        raise malformed("method")
    assertion = None if method == "pin" else _bytes(asked, "assertion")
    return Proof(str(method), _bytes(asked, "certificate"), _bytes(asked, "signature"), assertion)


def _bytes(asked: Mapping[str, object], key: str) -> bytes:
    value = asked.get(key)
    if not isinstance(value, str):
        raise malformed(key)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise malformed(key) from error


def _items(asked: Mapping[str, object], key: str) -> frozenset[str]:
    listed = asked.get(key)
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        raise malformed(key)
    return frozenset(listed)


def _consent(item: str, choices: Choices) -> dict[str, str]:
    if item in choices.agreed:
        until = choices.at + CONSENT_LASTS
        return {"state": "given", "at": instant_text(choices.at), "until": instant_text(until)}
    return {"state": "refused" if item in choices.refused else "not_asked"}
