"""The kiosk's `eligibility:` section.

eligibility:
  gateway: centre
  key_file: /var/lib/kiosk/eligibility.key
  centre:
    url: https://centre.example:8443
    ca_file: /etc/kiosk/centre-ca.pem

or a licensed implementation, installed beside the kiosk (`kiosk.eligibility.driver`):

eligibility:
  gateway: driver
  key_file: /var/lib/kiosk/eligibility.key
  driver:
    name: example
    settings_file: /etc/kiosk/example-driver.yaml

or a number look-up of patients the clinic knows, through reception and its terminal (eligibility only):

eligibility:
  gateway: reception
  key_file: /var/lib/kiosk/eligibility.key
  reception:
    url: http://127.0.0.1:8441
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class CentreSettings:
    """Where the centre is and how long a call may last.

    `ca_file` is the only authority trusted for the centre's certificate; without it, those of the public web are.
    `timeout_seconds` bounds a whole call (an answer takes 3 to 7 s: domain/oqs-interface.md section 1.1),
    `connect_timeout_seconds` its connection and TLS handshake.
    """

    url: str
    ca_file: Path | None = None
    timeout_seconds: float = 20.0
    connect_timeout_seconds: float = 3.0

    def __post_init__(self) -> None:
        _https(self.url)
        _times(self.timeout_seconds, self.connect_timeout_seconds)


@dataclass(frozen=True, kw_only=True)
class KioskDoorSettings:
    """Reception's kiosk door, for number look-ups (`kiosk.eligibility.reception`): as in `delivery`, one address.

    Plain http is for a reception on this same machine. A paired kiosk names what `kiosk enrol` left in `delivery.folder`:
    reception's authority (`ca_file`) and its own key and certificate (`client_file`).
    """

    url: str
    ca_file: Path | None = None
    client_file: Path | None = None
    timeout_seconds: float = 20.0
    connect_timeout_seconds: float = 3.0

    def __post_init__(self) -> None:
        if not _on_this_machine(self.url):
            _https(self.url)
        if self.client_file is not None and self.ca_file is None:
            raise ValueError("ca_file: a kiosk with a certificate of reception's trusts reception's authority alone")
        _times(self.timeout_seconds, self.connect_timeout_seconds)


@dataclass(frozen=True, kw_only=True)
class DriverSettings:
    """An installed driver: the `name` of its entry point, and the file it may read its own settings from.

    `timeout_seconds` bounds a whole call; a driver that takes longer gave no answer.
    """

    name: str
    settings_file: Path | None = None
    timeout_seconds: float = 20.0

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError("name: expected the name of an installed driver's entry point")
        if not 0.1 <= self.timeout_seconds <= 120:
            raise ValueError("timeout_seconds: expected 0.1 to 120 seconds")


@dataclass(frozen=True, kw_only=True)
class EligibilitySettings:
    """Which gateway this kiosk uses, and the file of the key it vouches with (`kiosk.eligibility.kiosk_key`)."""

    gateway: Literal["centre", "driver", "reception"]
    key_file: Path
    centre: CentreSettings | None = None
    driver: DriverSettings | None = None
    reception: KioskDoorSettings | None = None

    def __post_init__(self) -> None:
        if self.gateway == "centre" and self.centre is None:
            raise ValueError("centre: is missing; expected a section with url and ca_file")
        if self.gateway == "driver" and self.driver is None:
            raise ValueError("driver: is missing; expected a section with the driver's name")
        if self.gateway == "reception" and self.reception is None:
            raise ValueError("reception: is missing; expected a section with the url of reception's kiosk door")


def _times(whole: float, connect: float) -> None:
    if not 0.1 <= whole <= 120:
        raise ValueError("timeout_seconds: expected 0.1 to 120 seconds")
    if not 0.1 <= connect <= whole:
        raise ValueError("connect_timeout_seconds: expected 0.1 seconds up to timeout_seconds")


def _on_this_machine(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"} and parts.path in {"", "/"}


def _https(url: str) -> None:
    """Certificate and proof travel in the request: also on this machine, only inside TLS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("url: expected https://HOST or https://HOST:PORT") from error
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme != "https" or not parts.hostname or not bare or port == 0:
        raise ValueError("url: expected https://HOST or https://HOST:PORT, and nothing after it")
