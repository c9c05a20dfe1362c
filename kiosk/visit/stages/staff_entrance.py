"""P05s: a staff member who came to the kiosk types the own code and PIN, to compare card and patient here.

The digits never come to the heart, and whether they are right is said by reception alone (design/architecture.md, "The
visual check"): without it there is no entrance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.visit.appliance import Appliance
from kiosk.visit.effects import ForgetStaffDigits, VerifyStaff
from kiosk.visit.events import DigitErased, DigitTyped, Event, StaffNotVerified, StaffVerified, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import ChoosingMethod, Grant, StaffEntrance, TypingCheckNumber, TypingPin
from kiosk.visit.stages import comparing
from kiosk.visit.stages.face import RING_AFTER
from kiosk.visit.vocabulary import ChipPhoto, StaffTrouble

FIELDS: Final = (4, 6)
"""Digits of the code, which is no secret, and of the PIN."""
STAFF_DIGITS: Final = sum(FIELDS)
GRANT_SECONDS: Final = 180.0
"""A check lasts no longer than one that is granted from the board (`kiosk.staff.commands.GRANT_LASTS`)."""
ENTRANCE_SECONDS: Final = 60.0
"""Without a touch: then the patient's screen is back."""
ANSWER_SECONDS: Final = 15.0
"""Past that reception counts as not reached: hashing takes a tenth of a second, a look at the next address five."""


def offered(appliance: Appliance) -> bool:
    """Whether the entrance stands on the panel now: staff were called, or were rung, and could compare something."""
    visit = appliance.visit
    if visit is None or visit.card is None or not visit.card_present or not comparing.can_start(visit.stage):
        return False
    if isinstance(visit.stage, StaffEntrance) or not appliance.profile.visual_check or not appliance.reception_reached:
        return False
    if isinstance(visit.stage, TypingPin | TypingCheckNumber) and visit.stage.checking:
        return False
    return visit.help_called or visit.face_failures >= RING_AFTER


def begin(scene: Scene) -> Next:
    """Let staff type; where the card has no photo it is said at once that there is nothing to compare with."""
    card = scene.visit.card
    absent = card is not None and card.photo is ChipPhoto.ABSENT
    return go(scene, StaffEntrance(trouble=StaffTrouble.NO_PHOTO if absent else None), ForgetStaffDigits())


def react(scene: Scene, stage: StaffEntrance, event: Event) -> Outcome:
    """The last digit asks reception; right: compare; wrong, or nobody to ask: say so, and begin anew."""
    match event:
        case DigitTyped() if stage.takes_digits and stage.digits < STAFF_DIGITS:
            full = stage.digits + 1 == STAFF_DIGITS
            typed = replace(stage, digits=stage.digits + 1, trouble=None, checking=full)
            return go(scene, typed, VerifyStaff()) if full else go(scene, typed)
        case DigitErased() if not stage.checking and stage.digits:
            return go(scene, replace(stage, digits=stage.digits - 1))
        case StaffVerified(grant_id=grant_id, staff_id=staff_id, lasts=lasts) if lasts > 0:
            until = scene.now + min(lasts, GRANT_SECONDS)
            return comparing.begin(scene, Grant(grant_id, staff_id, until, verified_at=scene.now))
        case StaffVerified():
            return _anew(scene, StaffTrouble.UNREACHABLE)
        case StaffNotVerified(trouble=trouble):
            return _anew(scene, trouble)
        case Tapped(action="staff_back"):
            return go(scene, ChoosingMethod())
        case Tick() if stage.checking and scene.now - scene.visit.touched > ANSWER_SECONDS:
            unanswered = replace(scene.visit, outstanding=frozenset())
            return _anew(Scene(scene.appliance, unanswered), StaffTrouble.UNREACHABLE)
        case Tick() if scene.now - scene.visit.touched > ENTRANCE_SECONDS:
            return go(scene, ChoosingMethod())
        case _:
            return None


def _anew(scene: Scene, trouble: StaffTrouble) -> Next:
    return go(scene, StaffEntrance(trouble=trouble), ForgetStaffDigits())
