"""Renewing the kiosk's certificate at half its life, for as long as it runs (domain/reception-and-reliability.md 3.1)."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import httpx

from kiosk import journal
from kiosk.delivery.certificate import Asking, certificate_time, write
from kiosk.delivery.errors import DeliveryError, ReceptionError
from kiosk.delivery.exchange import Addresses, door_client, exchange
from kiosk.delivery.settings import DeliverySettings
from kiosk.errors import SettingsError
from kiosk.record.ids import KioskId

log = logging.getLogger("kiosk.delivery.renewal")

RENEWAL_EVERY: Final = 3600.0
RENEWAL_FIRST: Final = 20.0
"""Seconds after the start until the certificate is looked at for the first time."""


def renew(settings: DeliverySettings, kiosk_id: KioskId, client: httpx.Client, addresses: Addresses) -> None:
    """A new key and its certificate, asked for with the present one. Raises `ReceptionError` or `DeliveryError`."""
    asking = Asking(kiosk_id)
    answer = exchange(
        client,
        "POST",
        addresses.url("/k/v1/certificate"),
        kiosk_id=kiosk_id,
        content=json.dumps({"csr": asking.csr}).encode(),
        headers={"Content-Type": "application/json"},
    )
    if not answer.accepted:
        raise ReceptionError("reception did not renew the certificate", f"status_{answer.status}", answer.status)
    given = asking.given(answer.fields())
    if given.authority.strip() != settings.paired_authority.read_bytes().strip():
        raise ReceptionError("the renewed certificate is of another authority", "certificate")
    write(settings.client_file, asking.client_pem(given))


class Renewal:
    """Renews the kiosk's certificate at half its life, for as long as the kiosk runs."""

    def __init__(
        self, settings: DeliverySettings, kiosk_id: KioskId, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._kiosk_id = kiosk_id
        self._clock = clock
        self._addresses = Addresses(settings.urls)

    def run(self, stop: threading.Event) -> None:
        """Look every hour until `stop` is set; a kiosk that is not paired has nothing to renew."""
        wait = RENEWAL_FIRST
        while self._settings.client_file.exists() and not stop.wait(wait):
            wait = RENEWAL_EVERY
            try:
                if self.renew_if_due():
                    log.info("certificate_renewed")
            except (DeliveryError, SettingsError, OSError) as error:
                self._addresses.turn()
                why = error.code if isinstance(error, DeliveryError) else "certificate_file"
                log.warning("certificate_not_renewed", extra=journal.numbers(why=why))

    def renew_if_due(self) -> bool:
        """Whether it was due, and is done. Raises `DeliveryError` or `SettingsError`."""
        present = certificate_time(self._settings)
        if present is None or not present.is_due(self._clock()):
            return False
        with door_client(self._settings) as client:
            renew(self._settings, self._kiosk_id, client, self._addresses)
        return True
