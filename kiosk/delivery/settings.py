"""The `delivery:` section of kiosk.yaml."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

MAX_ADDRESSES = 4


@dataclass(frozen=True)
class DeliverySettings:
    """Where reception is and where the kiosk keeps what is not delivered yet.

    `urls`: one address of reception's kiosk door, or several that are tried in turn (domain/reception-and-reliability.md
    section 2.3: any node accepts). Plain http is for a reception on this same machine. `folder` holds the outbox and
    reception's public key, and after pairing (`kiosk enrol`) this kiosk's own certificate and reception's authority, both
    found there by themselves. `kiosk_letter` starts every queue number. `ca_file` is the PEM of another authority that
    reception's certificate comes from; without it and unpaired, the system's own authorities count.
    """

    urls: tuple[str, ...]
    folder: Path
    kiosk_letter: str = "A"
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.urls) <= MAX_ADDRESSES:
            raise ValueError(f"urls: expected 1 to {MAX_ADDRESSES} addresses of reception")
        for url in self.urls:
            _check(url)
        if not re.fullmatch(r"[A-Z]", self.kiosk_letter):
            raise ValueError("kiosk_letter: expected one letter from A to Z")

    @property
    def client_file(self) -> Path:
        """The kiosk's key and certificate chain, in one PEM file of mode 0600; there after pairing."""
        return self.folder / "reception-client.pem"

    @property
    def paired_authority(self) -> Path:
        """The authority that reception gave at pairing, in PEM."""
        return self.folder / "reception-ca.pem"


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError("urls: expected addresses such as https://reception.internal:8443") from error
    plain = re.fullmatch(r"[!-~]+", url) is not None
    if not (plain and parts.scheme in ("http", "https") and parts.hostname and port_is_a_number):
        raise ValueError("urls: expected addresses such as https://reception.internal:8443")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("urls: an address has no user, password, query or fragment")
    if parts.scheme == "http" and not _is_loopback(parts):
        raise ValueError("urls: plain http is for a reception on this machine only; expected https")


def _is_loopback(parts: SplitResult) -> bool:
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
