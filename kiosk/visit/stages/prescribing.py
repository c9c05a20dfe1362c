"""P13: an electronic prescription or one on paper? Where the facility asks, and only of a valid insurance."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.checkin import Prescription
from kiosk.record.eligibility import Validity
from kiosk.visit.endings import conclude
from kiosk.visit.events import Event, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import ChoosingPrescription, Concluding

_FORMS: Final = {
    "prescription_electronic": Prescription.ELECTRONIC,
    "prescription_paper": Prescription.PAPER,
}


def begin(scene: Scene, stage: Concluding) -> Next:
    """The consents are said: ask for the form, where it is asked, then hand everything over."""
    # 2 and 4 cannot have an electronic prescription (domain/flow-and-rules.md section 3.5).
    if scene.appliance.profile.prescription and stage.answer.validity is Validity.VALID:
        return go(scene, ChoosingPrescription(stage))
    return conclude(scene, stage)


def react(scene: Scene, stage: ChoosingPrescription, event: Event) -> Outcome:
    """One of the two; nobody's silence chooses either."""
    match event:
        case Tapped(action=action) if action in _FORMS:
            return conclude(scene, replace(stage.then, prescription=_FORMS[action]))
        case Tick() if scene.idle:
            return conclude(scene, replace(stage.then, complete=False))
        case _:
            return None
