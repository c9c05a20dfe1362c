"""How long the kiosk waits for a patient who does nothing, and when it asks whether anybody is there.

WCAG 2.2.1: a warning of 20 s at least, one tap goes on, as often as it is wanted (domain/kiosk-ui.md section 5).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.visit.appliance import Visit
from kiosk.visit.stage import (
    AskingLimit,
    ChoosingMethod,
    ChoosingPrescription,
    Consenting,
    OfferingLastTry,
    OfferingRegistration,
    ProvidingLimit,
    TypingCheckNumber,
    TypingPin,
)

WARNED_AFTER_SECONDS: Final = 60.0
"""Without a touch (domain/flow-and-rules.md section 2.3: 60 s on every screen that asks something)."""
WARNING_SECONDS: Final = 20.0


def asks(visit: Visit) -> bool:
    """Whether the kiosk waits for the patient, and for nobody else."""
    match visit.stage:
        case TypingPin(checking=checking) | TypingCheckNumber(checking=checking):
            return not checking
        case OfferingRegistration(registering=registering):
            return not registering
        case (
            ChoosingMethod()
            | OfferingLastTry()
            | AskingLimit()
            | Consenting()
            | ProvidingLimit()
            | ChoosingPrescription()
        ):
            return True
        case _:
            return False


def warned(visit: Visit, now: float) -> Visit:
    """`visit` with its warning shown, or taken back, as of `now` (monotonic seconds)."""
    due = asks(visit) and now - visit.touched > WARNED_AFTER_SECONDS
    return visit if due == visit.warned else replace(visit, warned=due)


def is_over(visit: Visit, now: float) -> bool:
    """Whether nobody answered the warning either."""
    return now - visit.touched > WARNED_AFTER_SECONDS + WARNING_SECONDS


def seconds_left(visit: Visit, now: float) -> int:
    """Whole seconds, for the warning."""
    return max(0, round(visit.touched + WARNED_AFTER_SECONDS + WARNING_SECONDS - now))
