"""What a stage says when something happened: where the visit goes, or how it is over."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.visit import patience
from kiosk.visit.appliance import Appliance, Farewell, Visit
from kiosk.visit.effects import Effect
from kiosk.visit.stage import Stage


@dataclass(frozen=True)
class Scene:
    """What a stage may look at: the appliance as it is now, and the visit in it."""

    appliance: Appliance
    visit: Visit

    @property
    def now(self) -> float:
        """Monotonic seconds."""
        return self.appliance.mono

    @property
    def idle(self) -> bool:
        """Nobody touched anything, and nobody answered the warning."""
        return patience.is_over(self.visit, self.now)


@dataclass(frozen=True)
class Next:
    """The visit goes on as `visit`; `effects` are wanted (requests still without an ask)."""

    visit: Visit
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Over:
    """The visit is over and wiped; `farewell` stays on the panel for a few seconds."""

    farewell: Farewell | None = None
    effects: tuple[Effect, ...] = ()


Outcome = Next | Over | None
"""None: this event means nothing to this stage."""


def go(scene: Scene, stage: Stage, *effects: Effect) -> Next:
    """To `stage`; its clock starts now if it is another kind of stage."""
    visit = scene.visit
    if type(stage) is not type(visit.stage):
        visit = replace(visit, since=scene.now, touched=scene.now)
    return Next(replace(visit, stage=stage), effects)
