"""Pairing this kiosk with reception (domain/reception-and-reliability.md section 3.1).

Reception is not known yet when a kiosk is paired: whatever certificate it shows is taken, and goes into the six digits
that a person compares with those on reception's page (`kiosk.record.pairing`). Somebody in between changes them.
"""

from __future__ import annotations

import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Self
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from kiosk.delivery.certificate import Asking, Given, write
from kiosk.delivery.errors import EnrolmentError, ReceptionError
from kiosk.delivery.exchange import (
    MAX_ANSWER,
    TIMEOUT,
    WHOLE_ANSWER,
    Answer,
    media_type,
    reception_errors,
    refuse_encoded,
)
from kiosk.delivery.settings import DeliverySettings
from kiosk.errors import UsageError
from kiosk.record import RecordError, pairing
from kiosk.record.ids import KioskId

ASK_EVERY: Final = 1.0
"""Seconds between two looks whether the administrator has decided."""

_OVER: Final = {
    "refused": "the administrator refused this pairing: the digits differed, or this kiosk was not expected",
    "broken": "reception broke this pairing off: run it again",
}

Tell = Callable[[str], object]


def enrol(settings: DeliverySettings, kiosk_id: KioskId, url: str, tell: Tell, ask_every: float = ASK_EVERY) -> None:
    """Pair this kiosk with the reception whose staff door is at `url`; `tell` says the six digits and how it went.

    Writes key, certificate and authority into `settings.folder`. Raises `UsageError` (no https address) or
    `EnrolmentError` (not reached, refused, too late).
    """
    _check(url)
    asking = Asking(kiosk_id)
    nonce = secrets.token_bytes(pairing.NONCE_BYTES)
    try:
        with _Meeting(url) as meeting:
            tell(f"Asking reception at {url} ...")
            opened = meeting.ask("/enrol", {"csr": asking.csr, "commitment": pairing.commitment(asking.spki, nonce)})
            path = f"/enrol/{_pairing_id(opened)}"
            theirs = pairing.nonce(opened.get("nonce"))
            meeting.ask(path, {"nonce": nonce.hex()})
            six = pairing.digits(asking.spki, meeting.certificate, nonce, theirs)
            tell("")
            tell(f"    {pairing.shown(six)}")
            tell("")
            tell(f"Compare these six digits with those on reception's page ({url.rstrip('/')}/kiosks).")
            tell(
                "Only if all six are the same, accept there (数字が同じなので登録する). Waiting, at most 10 minutes ..."
            )
            fields = _decided(meeting, path, ask_every)
            given = asking.given(fields)
            _same_house(meeting.certificate, given)
    except RecordError as error:
        raise EnrolmentError("what answered is not reception's staff door: check the address") from error
    except ReceptionError as error:
        raise EnrolmentError(f"this kiosk was not paired: {error.sentence}") from error
    write(settings.paired_authority, given.authority)
    write(settings.client_file, asking.client_pem(given))
    tell("This kiosk is paired. Its key and certificate are in " + str(settings.folder) + ".")
    _say_what_next(settings, fields.get("kiosk_door"), tell)


class _Meeting:
    """Reception before it is known: any certificate will do, as long as it stays the same one."""

    def __init__(self, url: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the six digits are what proves it
        self._client = httpx.Client(verify=context, trust_env=False, follow_redirects=False, timeout=TIMEOUT)
        self._url = url.rstrip("/")
        self._certificate: bytes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def certificate(self) -> bytes:
        """What reception shows, in DER. Raises `ReceptionError` before anything was asked."""
        if self._certificate is None:
            raise ReceptionError("reception has not shown a certificate", "certificate")
        return self._certificate

    def ask(self, path: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
        """POST `body`, or GET; gives the answer's fields. Raises `ReceptionError`."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        until = time.monotonic() + WHOLE_ANSWER
        read = bytearray()
        with (
            reception_errors(),
            self._client.stream(
                "GET" if body is None else "POST", self._url + path, content=content, headers=headers
            ) as response,
        ):
            self._look(response)
            refuse_encoded(response)
            for chunk in response.iter_bytes():
                read += chunk
                if len(read) > MAX_ANSWER or time.monotonic() > until:
                    raise ReceptionError("the answer is too large or too slow", "answer_too_large")
            answer = Answer(response.status_code, media_type(response), bytes(read))
        if not answer.accepted:
            sentence = answer.fields().get("sentence")
            said = sentence if isinstance(sentence, str) and len(sentence) <= 300 else f"status {answer.status}"
            raise ReceptionError(f"reception says: {said}", f"status_{answer.status}", answer.status)
        return answer.fields()

    def _look(self, response: httpx.Response) -> None:
        tls = response.extensions["network_stream"].get_extra_info("ssl_object")
        shown = None if tls is None else tls.getpeercert(True)
        if not shown or (self._certificate is not None and shown != self._certificate):
            raise ReceptionError("reception's certificate changed meanwhile: run it again", "certificate")
        self._certificate = shown


def _decided(meeting: _Meeting, path: str, ask_every: float) -> Mapping[str, object]:
    """What reception says once the administrator has pressed a button. Raises `ReceptionError`."""
    until = time.monotonic() + pairing.LASTS_S
    pause = threading.Event()
    while time.monotonic() < until:
        pause.wait(ask_every)
        try:
            fields = meeting.ask(path)
        except ReceptionError as error:
            if error.status is not None or error.code == "certificate":
                raise
            continue  # the network may be away for a moment
        state = fields.get("state")
        if state == "accepted":
            return fields
        if isinstance(state, str) and state in _OVER:
            raise ReceptionError(_OVER[state], state)
    raise ReceptionError("nobody has compared the digits within 10 minutes: run it again", "too_late")


def _same_house(server_certificate: bytes, given: Given) -> None:
    """The certificate that the digits were made of is of the authority that was given."""
    try:
        x509.load_der_x509_certificate(server_certificate).verify_directly_issued_by(given.issuer)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise ReceptionError(
            "reception's own certificate is not of the authority that it gave", "certificate"
        ) from error


def _say_what_next(settings: DeliverySettings, kiosk_door: object, tell: Tell) -> None:
    named = isinstance(kiosk_door, str) and kiosk_door.startswith("https://") and len(kiosk_door) <= 300
    url = kiosk_door if named else "https://NAME:PORT"
    if url not in settings.urls:
        tell("Set in kiosk.yaml:")
        tell("  delivery:")
        tell(f"    urls: [{url}]")
    if settings.ca_file is not None:
        tell(f"Take ca_file out of kiosk.yaml, unless reception's certificate is not of {settings.paired_authority}.")
    tell("Then start the kiosk again. Its certificate renews itself; `kiosk check` says how many days it has.")


def _pairing_id(fields: Mapping[str, object]) -> str:
    found = fields.get("id")
    if not isinstance(found, str) or len(found) > 64 or not found.isalnum() or not found.isascii():
        raise ReceptionError("what answered is not reception's staff door: check the address", "not_reception")
    return found


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise UsageError("--reception: expected the address of reception's staff door, https://reception.internal:8442")
