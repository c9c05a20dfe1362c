"""How the way to the centre is, for `kiosk check`: which hop is dead, in words somebody can act on."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import dataclass
from importlib import metadata
from urllib.parse import urlsplit

from kiosk.eligibility import driver
from kiosk.eligibility.errors import NoAnswerError
from kiosk.eligibility.exchange import Exchange, trust
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.eligibility.settings import CentreSettings, EligibilitySettings, KioskDoorSettings
from kiosk.errors import KioskError, MissingError

SERVICE = "eligibility-centre"


@dataclass(frozen=True)
class CentreState:
    """One sentence, and whether it is good news."""

    ok: bool
    sentence: str


def centre_state(settings: EligibilitySettings) -> CentreState:
    """Walk the way to the centre hop by hop and tell the first that is dead; nobody's proof or name travels.

    Of a driver only whether it is there: its way is its own.

    The hops: the kiosk's key, the authority's file, the host's name, a connection, TLS, the service itself.
    Lasts as long as the settings let one call last, at most.
    """
    centre = settings.centre
    try:
        KioskKey.load(settings.key_file)
        if settings.gateway == "reception" and settings.reception is not None:
            return _reception(settings.reception)
        if centre is None:
            return _driver(settings)
        context = trust(centre)
    except KioskError as error:
        return CentreState(ok=False, sentence=error.sentence)
    parts = urlsplit(centre.url)
    host, port = parts.hostname or "", parts.port or 443
    dead = _name(host, centre) or _connection(host, port, context, centre)
    if dead is not None:
        return CentreState(ok=False, sentence=dead)
    return _service(centre)


def _reception(settings: KioskDoorSettings) -> CentreState:
    """Hop by hop: the network to reception, reception itself, then what it says of its way on (terminal, line, centre)."""
    exchange = Exchange(settings, headers={"X-Kiosk-Id": "kiosk-check"})
    try:
        reply = exchange.send("GET", "/k/v1/terminal")
        told = reply.json() if reply.status == 200 else {}
    except NoAnswerError as error:
        return CentreState(ok=False, sentence=_to_reception(settings, error))
    finally:
        exchange.close()
    ok, hop, sentence = told.get("ok"), told.get("hop"), told.get("sentence")
    if not isinstance(ok, bool) or not isinstance(hop, str) or not isinstance(sentence, str):
        return CentreState(ok=False, sentence=f"what answers at {settings.url} is not reception's kiosk door")
    plain = "".join(sign for sign in sentence if sign.isprintable())[:_LONGEST]
    if ok:
        return CentreState(ok=True, sentence=f"number look-ups go through reception, which answers: {plain}")
    dead = _HOPS.get(hop, "the way from reception to the centre is dead")
    return CentreState(ok=False, sentence=f"reception answers, but {dead}: {plain}")


def _to_reception(settings: KioskDoorSettings, error: NoAnswerError) -> str:
    why = error.sentence.replace("the centre", "reception")
    if error.code == "line":
        return (
            f"number look-ups go through reception, but nothing answers at {settings.url}:"
            " the network (LAN) between kiosk and reception is dead, or reception does not run"
        )
    return f"number look-ups go through reception, but {why}"


_LONGEST = 400
"""Characters of a sentence that another machine tells."""

_HOPS = {
    "lan": "its network (LAN) to the eligibility terminal is dead",
    "terminal": "the eligibility terminal is dead",
    "line": "the line of the eligibility terminal is dead",
    "centre": "the eligibility system (centre) does not answer",
}


def _driver(settings: EligibilitySettings) -> CentreState:
    if settings.driver is None:
        raise MissingError("eligibility: names neither a centre nor a driver")
    installed = {point.name for point in metadata.entry_points(group=driver.GROUP)}
    if settings.driver.name not in installed:
        there = ", ".join(sorted(installed)) or "none"
        return CentreState(ok=False, sentence=f"the driver {settings.driver.name} is not installed; there is: {there}")
    return CentreState(ok=True, sentence=f"the eligibility driver {settings.driver.name} is installed")


def _name(host: str, centre: CentreSettings) -> str | None:
    """The resolver knows no time-out of its own: it is asked in a thread that may be left behind."""
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError(str(error)))

    asking = threading.Thread(target=look_up, daemon=True)
    asking.start()
    asking.join(centre.connect_timeout_seconds)
    if asking.is_alive():
        return f"the name {host} is not being looked up: the network's name server does not answer"
    if failed:
        return f"the name {host} is not known: check eligibility.centre.url and the network's name server"
    return None


def _connection(host: str, port: int, context: ssl.SSLContext, centre: CentreSettings) -> str | None:
    where = f"{host}, port {port}"
    try:
        plain = socket.create_connection((host, port), timeout=centre.connect_timeout_seconds)
    except ConnectionRefusedError:
        return f"nothing listens at {where}: the centre's service is not running, or the port is wrong"
    except TimeoutError:
        return f"{where} does not answer: the line is down, or a firewall stands between"
    except OSError as error:
        return f"{where} cannot be reached ({error.strerror or 'no way there'}): check this machine's network"
    try:
        with plain, context.wrap_socket(plain, server_hostname=host):
            return None
    except ssl.SSLCertVerificationError as error:
        return f"what answers at {where} is not the centre ({error.verify_message}): check eligibility.centre.ca_file"
    except (OSError, ValueError):
        return f"what answers at {where} does not speak TLS: check eligibility.centre.url"


def _service(centre: CentreSettings) -> CentreState:
    exchange = Exchange(centre)
    try:
        reply = exchange.send("GET", "/v1/health")
        told = reply.json() if reply.status == 200 else {}
    except NoAnswerError as error:
        return CentreState(ok=False, sentence=f"the line to the centre stands, but {error.sentence}")
    finally:
        exchange.close()
    if told.get("service") != SERVICE or not isinstance(told.get("simulated"), bool):
        return CentreState(ok=False, sentence="the line stands, but what answers is not an eligibility centre")
    if told["simulated"]:
        return CentreState(ok=True, sentence="the eligibility centre answers; it is a simulated one")
    return CentreState(ok=True, sentence="the eligibility centre answers")
