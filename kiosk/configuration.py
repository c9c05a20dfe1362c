"""kiosk.yaml as a whole: each room's section stands in its own settings.py; this is where they come together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kiosk import settings
from kiosk.card.settings import CardSettings
from kiosk.delivery.settings import DeliverySettings
from kiosk.eligibility.settings import EligibilitySettings
from kiosk.face.settings import FaceSettings
from kiosk.record import RecordError, ids
from kiosk.ui.settings import DisplaySettings
from kiosk.visit.profiles import FLOW_2025_03, Facility, Profile, looked_up, profile_of


@dataclass(frozen=True, repr=False)
class SimulationSettings:
    """What only a test site may be told: the check number B that a camera would read from the card's front."""

    check_number_b: str | None = None

    def __post_init__(self) -> None:
        number = self.check_number_b
        if number is not None and not (len(number) == 14 and number.isascii() and number.isdigit()):
            raise ValueError("check_number_b: expected 14 digits in quotes")

    def __repr__(self) -> str:
        return "SimulationSettings(...)"


@dataclass(frozen=True, kw_only=True)
class KioskSettings:
    """One kiosk. `site: test` marks every check-in as simulated and is the only site that accepts simulated parts.

    `card_front` says how check number B is read from the card's front: `tray` by a second camera over the card
    (`face.card_camera`), `show` by the one camera before the card is placed again, `typed` by the patient, `none` not at
    all (then there is no face way).

    `profile` names the flow (`kiosk.visit.profiles`), `facility` what stands behind the door. `consent: paper`: consents
    are given on paper and not asked here. `prescription: asked`: the patient chooses its form here.
    """

    site: Literal["live", "test"]
    kiosk_id: str
    clinic: str
    card: CardSettings
    face: FaceSettings
    eligibility: EligibilitySettings
    delivery: DeliverySettings
    display: DisplaySettings = field(default_factory=DisplaySettings)
    profile: str = FLOW_2025_03.name
    facility: Literal["clinic", "hospital", "dental", "pharmacy"] = "clinic"
    consent: Literal["screen", "paper"] = "screen"
    prescription: Literal["asked", "not_asked"] = "not_asked"
    card_front: Literal["tray", "show", "typed", "none"] = "typed"
    simulation: SimulationSettings | None = None

    def __post_init__(self) -> None:
        try:
            ids.kiosk_id(self.kiosk_id)
        except RecordError as error:
            raise ValueError("kiosk_id: expected 1 to 32 of a-z, 0-9 and -") from error
        if not 0 < len(self.clinic) <= 40:
            raise ValueError("clinic: expected the clinic's name, at most 40 characters")
        self.site_profile()
        if self.card_front == "tray" and self.face.card_camera is None:
            raise ValueError("card_front: tray needs the camera over the card, under face: card_camera")
        if self.site != "test" and self.simulation is not None:
            raise ValueError("simulation: this section is for site: test only")
        if self.site != "test" and self.face.is_simulated:
            raise ValueError("face.camera: a simulated camera is for site: test only")

    def site_profile(self) -> Profile:
        """What this site asks, and in which way. Raises `ValueError` with the setting that does not go with another."""
        profile = profile_of(
            self.profile,
            Facility(self.facility),
            on_screen=self.consent == "screen",
            prescription=self.prescription == "asked",
        )
        return looked_up(profile) if self.eligibility.gateway == "reception" else profile


def read(path: Path) -> KioskSettings:
    """The kiosk's settings from a YAML file; raises `kiosk.errors.SettingsError`."""
    return settings.read(path, KioskSettings)
