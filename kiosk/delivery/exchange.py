"""One question to reception and its answer, bounded in size and time; and the addresses that are tried in turn."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from kiosk import mutual_tls
from kiosk.delivery.errors import ReceptionError
from kiosk.delivery.settings import DeliverySettings
from kiosk.record.ids import KioskId
from kiosk.settings import read_secret

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
"""Seconds for each single wait on the network."""
WHOLE_ANSWER = 20.0
"""Seconds from the question to the answer's last byte."""
MAX_ANSWER = 64 * 1024
REFUSED_FOR_GOOD = frozenset({400, 409, 413, 415, 422})
"""Sending the same bytes again cannot help (domain/reception-and-reliability.md section 1.4, "Poison")."""


def door_client(settings: DeliverySettings, trusting: ssl.SSLContext | None = None) -> httpx.Client:
    """An HTTP client for reception's kiosk door: no proxy from the environment, no redirects, reception's own CA.

    `trusting`: what `trust` gave, for who has several clients: each context of its own takes a megabyte. Raises as `trust`.
    """
    verify = trust(settings) if trusting is None else trusting
    return httpx.Client(verify=verify, trust_env=False, follow_redirects=False, timeout=TIMEOUT)


def trust(settings: DeliverySettings) -> ssl.SSLContext:
    """Whom clients of the kiosk door trust: reception's own CA, without one those that certifi lists.

    A paired kiosk shows its certificate, at each new connection the one that lies in the folder then. Raises
    `ReceptionError` when `ca_file` or what pairing left there cannot be used, `SettingsError` when others can read the key.
    """
    paired = settings.client_file.exists()
    ca_file = settings.ca_file or (settings.paired_authority if paired else None)
    if ca_file is not None:
        if paired:
            read_secret(settings.client_file)
        try:
            return mutual_tls.context(ca_file, settings.client_file if paired else None)
        except OSError as error:
            files = f"{ca_file} and {settings.client_file}" if paired else str(ca_file)
            wanted = (
                "are not a CA and this kiosk's certificate in PEM" if paired else "is not a readable PEM file of a CA"
            )
            raise ReceptionError(f"{files}: {wanted}", "ca_file") from error
    return httpx.create_ssl_context(trust_env=False)


class Addresses:
    """Reception's addresses: one is in use until it fails, then the next one is."""

    def __init__(self, urls: tuple[str, ...]) -> None:
        if not urls:
            raise ValueError("urls: expected at least one address of reception")
        self._urls = tuple(url.rstrip("/") for url in urls)
        self._at = 0

    def url(self, path: str) -> str:
        """The address of `path` ("/k/v1/key") at the reception in use."""
        return self._urls[self._at] + path

    def turn(self) -> None:
        """The one in use failed: take the next."""
        self._at = (self._at + 1) % len(self._urls)


@dataclass(frozen=True, repr=False)
class Answer:
    """What came back: status, media type in lower case without parameters, and the whole body."""

    status: int
    media_type: str
    body: bytes

    def fields(self) -> Mapping[str, object]:
        """The body as a JSON object; an empty one where it is none."""
        try:
            parsed = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def accepted(self) -> bool:
        """A 2xx that is not a web page: a captive portal answers 200 to everything, in HTML."""
        return 200 <= self.status < 300 and self.media_type != "text/html"


def exchange(
    client: httpx.Client,
    method: str,
    url: str,
    *,
    kiosk_id: KioskId,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask `url` and read the whole answer, whatever its status; raises `ReceptionError` when there is none."""
    until = time.monotonic() + WHOLE_ANSWER
    body = bytearray()
    with (
        reception_errors(),
        client.stream(
            method,
            url,
            content=content,
            headers={**door_headers(kiosk_id), **(headers or {})},
            timeout=TIMEOUT,
            follow_redirects=False,
        ) as response,
    ):
        refuse_encoded(response)
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER:
                raise ReceptionError(f"the answer is larger than {MAX_ANSWER} bytes", "answer_too_large")
            if time.monotonic() > until:
                raise ReceptionError(f"the answer took longer than {WHOLE_ANSWER:.0f} s", "timeout")
        return Answer(response.status_code, media_type(response), bytes(body))


def door_headers(kiosk_id: KioskId) -> dict[str, str]:
    """What every request carries. Compression is declined: a few bytes could otherwise become a great many."""
    return {"X-Kiosk-Id": kiosk_id, "Accept-Encoding": "identity"}


def refuse_encoded(response: httpx.Response) -> None:
    """Raise `ReceptionError` for a compressed answer before a byte of it is unpacked."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise ReceptionError("the answer is compressed, which was not asked for", "encoding")


def media_type(response: httpx.Response) -> str:
    """The answer's media type, lower case, without parameters."""
    return str(response.headers.get("content-type", "")).split(";")[0].strip().lower()


@contextmanager
def reception_errors() -> Iterator[None]:
    """Turn whatever the HTTP client raises into `ReceptionError` with a word that says which kind it was."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise ReceptionError("reception did not answer in time", "timeout") from error
    except httpx.ConnectError as error:
        if _is_alert(error):
            raise _not_let_in() from error
        if _is_tls(error):
            raise ReceptionError("reception's certificate is not one this kiosk trusts", "tls") from error
        raise ReceptionError("reception cannot be reached: check the network and that it runs", "connect") from error
    except httpx.TransportError as error:
        if _is_alert(error):
            raise _not_let_in() from error
        raise ReceptionError("the connection to reception broke", "broken") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise ReceptionError("the connection to reception broke", "broken") from error


def _not_let_in() -> ReceptionError:
    return ReceptionError(
        "reception does not let this kiosk in: it wants a valid certificate of its own; run: kiosk enrol", "not_let_in"
    )


def _is_alert(error: BaseException | None) -> bool:
    """Whether the other end ended TLS with a word: with TLS 1.3, that is how a client's certificate is refused."""
    while error is not None:
        if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
