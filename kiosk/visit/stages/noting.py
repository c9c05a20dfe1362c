"""P06, no answer could be had: what the card itself says of its holder goes into the record, if it can be read at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.checkin import UNCONFIRMED
from kiosk.record.consent import no_consents
from kiosk.record.eligibility import EligibilityResult
from kiosk.visit.endings import commit
from kiosk.visit.events import Event, HolderRead, HolderUnread, Tick
from kiosk.visit.outcome import Next, Outcome, Scene
from kiosk.visit.stage import NotingArrival

NOTE_SECONDS: Final = 3.0
"""The card gives it within half a second; the patient does not wait for more."""


def react(scene: Scene, _: NotingArrival, event: Event) -> Outcome:
    """Name and birth date, or neither: the arrival is recorded either way."""
    match event:
        case HolderRead(name=name, birth_date=birth_date):
            person = EligibilityResult(name=name, birth_date=birth_date)
            return commit(scene, replace(UNCONFIRMED, results=(person,)), no_consents(), complete=True)
        case HolderUnread():
            return nameless(scene)
        case Tick() if scene.now - scene.visit.since > NOTE_SECONDS:
            return nameless(scene)
        case _:
            return None


def nameless(scene: Scene) -> Next:
    """Without the holder's name: the fingerprint and the number on the screen have to do."""
    return commit(scene, UNCONFIRMED, no_consents(), complete=True)
