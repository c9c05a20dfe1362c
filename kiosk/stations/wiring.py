"""The stations of one kiosk, made from its settings.

Cryptography, HTTP and XML come in with this file: half of what a start takes. The app imports it when the panel shows
its first screen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.configuration import KioskSettings
from kiosk.eligibility.breaker import BreakerGateway
from kiosk.eligibility.gateway import EligibilityGateway
from kiosk.eligibility.kiosk_key import KioskKey
from kiosk.errors import SettingsError
from kiosk.record import ids
from kiosk.stations.card import CardStation
from kiosk.stations.delivery import DeliveryStation
from kiosk.stations.eligibility import EligibilityStation
from kiosk.stations.face import FaceStation
from kiosk.visit.events import Event


@dataclass(frozen=True)
class Stations:
    """Every station but the panel and the voice."""

    card: CardStation
    face: FaceStation
    eligibility: EligibilityStation
    delivery: DeliveryStation


def make(
    settings: KioskSettings,
    post: Callable[[Event], None],
    fault: Callable[[str, bool], None],
    studio_lost: Callable[[], None],
) -> Stations:
    """The stations, none of them started. Raises `KioskError` where a file, a key or a driver is missing."""
    kiosk_id = ids.kiosk_id(settings.kiosk_id)
    check_number_b = settings.simulation.check_number_b if settings.simulation is not None else None
    return Stations(
        CardStation(settings.card, check_number_b, post, fault),
        FaceStation(settings.face, post, studio_lost),
        EligibilityStation(
            BreakerGateway(_gateway(settings)), KioskKey.load(settings.eligibility.key_file), kiosk_id, post
        ),
        DeliveryStation(settings.delivery, kiosk_id, post, fault),
    )


def _gateway(settings: KioskSettings) -> EligibilityGateway:
    """The way to the eligibility system that the settings name; they have been checked for its section.

    Only that one is imported: a centre's answers need an XML library, a driver the list of what is installed.
    """
    eligibility, kiosk_id = settings.eligibility, ids.kiosk_id(settings.kiosk_id)
    if eligibility.driver is not None and eligibility.gateway == "driver":
        from kiosk.eligibility import driver  # noqa: PLC0415 - as the docstring says

        return driver.load(eligibility.driver, kiosk_id)
    if eligibility.reception is not None and eligibility.gateway == "reception":
        from kiosk.eligibility.reception import ReceptionGateway  # noqa: PLC0415 - as the docstring says

        return ReceptionGateway(eligibility.reception, kiosk_id)
    if eligibility.centre is None:
        raise SettingsError("eligibility.centre: is missing; expected a section with url and ca_file")
    from kiosk.eligibility.centre import CentreGateway  # noqa: PLC0415 - as the docstring says

    return CentreGateway(eligibility.centre, kiosk_id)
