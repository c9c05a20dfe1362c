"""How long a patient has been waiting for others, in the steps in which the screen's words change."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.visit.appliance import Visit, Wait
from kiosk.visit.stage import Committing, Concluding, NotingArrival, OfferingRegistration, Verifying

USUAL_SECONDS: Final = 3.0
LONG_SECONDS: Final = 8.0
"""The national system answers within 3 to 7 s (domain/flow-and-rules.md section 2.1): from here on it is late."""


def waited(visit: Visit, now: float) -> Visit:
    """`visit` with its `wait` as of `now` (monotonic seconds)."""
    since = _since(visit)
    seconds = 0.0 if since is None else now - since
    wait = Wait.SHORT if seconds < USUAL_SECONDS else Wait.USUAL if seconds < LONG_SECONDS else Wait.LONG
    return visit if wait is visit.wait else replace(visit, wait=wait)


def _since(visit: Visit) -> float | None:
    """Since when the patient waits, or None where the kiosk waits for the patient."""
    match visit.stage:
        case OfferingRegistration(registering=True, asked_at=asked_at):
            return asked_at
        case Verifying() | Concluding() | NotingArrival() | Committing():
            return visit.since
        case _:
            return None
