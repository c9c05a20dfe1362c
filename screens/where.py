"""Where the visit stands, and which ways to be confirmed it has: the same judgement as the heart's, for what is offered."""

from __future__ import annotations

from typing import TypeVar

from kiosk.record.identity import Method
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.stages import ways as heart

_StageT = TypeVar("_StageT")


def standing(appliance: Appliance, kind: type[_StageT]) -> tuple[Visit, _StageT]:
    """The visit and its stage, which is a `kind`; raises `TypeError` where the screen does not belong to the stage."""
    visit = appliance.visit
    if visit is None or not isinstance(visit.stage, kind):
        raise TypeError(f"this screen shows {kind.__name__} only")
    return visit, visit.stage


def ways(appliance: Appliance) -> tuple[Method, ...]:
    """The ways that can be offered now, face first."""
    return heart.ways(appliance, appliance.visit) if appliance.visit else ()
