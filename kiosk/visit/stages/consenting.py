"""P08 to P11: may what is known be provided? Yes to all, one by one, or no. Silence is no."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.consent import ConsentItem, Consents, ConsentState, no_consents
from kiosk.visit.endings import commit, conclude_early, eligibility_of
from kiosk.visit.events import Concluded, Event, NotConcluded, Tapped, Tick
from kiosk.visit.outcome import Next, Outcome, Scene, go
from kiosk.visit.stage import Concluding, Consenting
from kiosk.visit.stages import providing_limit

CONCLUDE_SECONDS: Final = 25.0
"""The gateway gives up after 20 s; past this even that did not come."""


def react(scene: Scene, stage: Consenting, event: Event) -> Outcome:
    """The blanket screen, then item by item where the patient chose so."""
    items = stage.items
    match event:
        case Tapped(action="agree_all") if stage.item is None:
            return providing_limit.begin(scene, Concluding(stage.answer, agreed=items, refused=(), complete=True))
        case Tapped(action="refuse_all") if stage.item is None:
            return providing_limit.begin(scene, Concluding(stage.answer, agreed=(), refused=items, complete=True))
        case Tapped(action="choose_items") if stage.item is None:
            return go(scene, replace(stage, item=items[0], said=()))
        case Tapped(action="agree_item") if stage.item is not None:
            return _said(scene, stage, stage.item, yes=True)
        case Tapped(action="refuse_item") if stage.item is not None:
            return _said(scene, stage, stage.item, yes=False)
        case Tick() if scene.idle:
            return conclude_early(scene, stage, keep_said=True)
        case _:
            return None


def react_concluding(scene: Scene, stage: Concluding, event: Event) -> Outcome:
    """The centre gave the consents their times, or did not get them: then none counts."""
    match event:
        case Concluded(consents=consents) if _as_said(stage, consents):
            return _commit(scene, stage, consents, complete=stage.complete)
        case Concluded() | NotConcluded():
            return _commit(scene, stage, no_consents(), complete=False)
        case Tick() if scene.now - scene.visit.since > CONCLUDE_SECONDS:
            return _commit(scene, stage, no_consents(), complete=False)
        case _:
            return None


def _said(scene: Scene, stage: Consenting, item: ConsentItem, *, yes: bool) -> Next:
    said = (*stage.said, (item, yes))
    left = stage.items[len(said) :]
    if left:
        return go(scene, replace(stage, item=left[0], said=said))
    agreed = tuple(each for each, answer in said if answer)
    refused = tuple(each for each, answer in said if not answer)
    return providing_limit.begin(scene, Concluding(stage.answer, agreed, refused, complete=True))


def _commit(scene: Scene, stage: Concluding, consents: Consents, *, complete: bool) -> Next:
    return commit(scene, eligibility_of(stage.answer), consents, complete=complete, prescription=stage.prescription)


def _as_said(stage: Concluding, consents: Consents) -> bool:
    """What the centre says was given is exactly what the patient gave: never more."""
    given = {item for item, consent in consents.items() if consent.state is ConsentState.GIVEN}
    return set(consents) == set(ConsentItem) and given == set(stage.agreed)
