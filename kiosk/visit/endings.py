"""How a visit ends, whatever the stage: nobody who came is lost, and nothing is claimed that was not said.

Once the centre has answered, every end commits a check-in; before that, a nameless line goes to reception.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.checkin import UNCONFIRMED, CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem, Consents, ConsentState, no_consents
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import EligibilityAnswer, Validity
from kiosk.visit.appliance import Farewell, FarewellKind
from kiosk.visit.effects import CallDesk, Commit, Conclude, ReadHolder
from kiosk.visit.outcome import Next, Over, Scene, go
from kiosk.visit.profiles import Limit
from kiosk.visit.stage import (
    CheckedIn,
    Committing,
    Concluding,
    Consenting,
    EndReason,
    NotingArrival,
    Stage,
    TakingCard,
)

FAREWELL_SECONDS: Final = 8.0
"""The finish screen's time once the card is gone (domain/kiosk-ui.md section 5)."""

ACK_SECONDS: Final = 3.0
"""How long the last screen waits for reception's acknowledgement (design/visual.md, "Endings are kind")."""


def stage_word(stage: Stage | None) -> str:
    """The stage's name as the journal, the heartbeat and the board know it ("typing_pin"; "idle" for none)."""
    if stage is None:
        return "idle"
    name = type(stage).__name__
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


_FAREWELLS: Final = {
    EndReason.STOPPED: FarewellKind.STOPPED,
    EndReason.TIMED_OUT: FarewellKind.STOPPED,
    EndReason.CARD_GONE: FarewellKind.CARD_GONE,
    EndReason.TROUBLE: FarewellKind.TROUBLE,
}


def stop(scene: Scene, reason: EndReason) -> Next | Over:
    """Before an answer: say so, have the card taken if it is there, tell the desk namelessly where it stopped."""
    if not scene.visit.card_present:
        return over(scene, _FAREWELLS[reason], HelpReason.STOPPED)
    call = CallDesk(scene.visit.visit_id, HelpReason.STOPPED, stage_word(scene.visit.stage))
    return go(scene, TakingCard(reason), call)


def over(scene: Scene, kind: FarewellKind, reason: HelpReason) -> Over:
    """Before an answer, and the card is not there: the visit is over at once."""
    call = CallDesk(scene.visit.visit_id, reason, stage_word(scene.visit.stage))
    return Over(Farewell(kind, None, scene.now + FAREWELL_SECONDS), (call,))


def conclude_early(scene: Scene, stage: Consenting, *, keep_said: bool) -> Next:
    """With an answer, before the consents are all there: what was not said is not given.

    `keep_said`: items that the patient answered one by one stand (a pulled card, a time-out); after "stop" none does.
    """
    said = stage.said if keep_said else ()
    return conclude(
        scene,
        Concluding(
            stage.answer,
            agreed=tuple(item for item, yes in said if yes),
            refused=tuple(item for item, yes in said if not yes),
            complete=False,
        ),
    )


def conclude(scene: Scene, stage: Concluding) -> Next:
    """Hand the consents to the centre; with none to hand over there is nothing to wait for."""
    if not stage.agreed and not stage.refused and stage.prescription is Prescription.NOT_ASKED:
        return commit(scene, eligibility_of(stage.answer), no_consents(), complete=stage.complete)
    return go(scene, stage, Conclude(stage.answer.session, stage.agreed, stage.refused, stage.prescription))


def eligibility_of(answer: EligibilityAnswer) -> Eligibility:
    """The answer as a check-in keeps it."""
    return Eligibility(answer.source, answer.validity, answer.answered_at, answer.results)


def commit(
    scene: Scene,
    eligibility: Eligibility,
    consents: Consents,
    *,
    complete: bool,
    prescription: Prescription = Prescription.NOT_ASKED,
) -> Next:
    """Make the record and have it put on disk."""
    visit, appliance = scene.visit, scene.appliance
    if visit.card is None or visit.identity is None:
        raise ValueError("a check-in needs a card and a confirmed identity")
    checkin = CheckIn(
        checkin_id=visit.visit_id,
        kiosk_id=appliance.kiosk_id,
        queue_number=None,
        opened_at=visit.opened_at,
        confirmed_at=appliance.wall,
        complete=complete,
        simulated=visit.simulated or appliance.simulated_site,
        identity=Identity(visit.identity, visit.staff_id),
        card=CardSeen(visit.card.certificate.fingerprint, visit.card.notice),
        eligibility=_provided(scene, eligibility, consents),
        consents=consents,
        prescription=prescription,
    )
    return go(scene, Committing(checkin), Commit(checkin))


def _provided(scene: Scene, eligibility: Eligibility, consents: Consents) -> Eligibility:
    """The answer without what its holder did not agree to pass on (domain/flow-and-rules.md section 2.4)."""
    certificate = consents[ConsentItem.SPECIFIC_DISEASE].state is ConsentState.GIVEN
    limit = scene.appliance.profile.limit is Limit.UNASKED or scene.visit.limit_consent is True
    results = tuple(
        replace(
            result,
            specific_disease=result.specific_disease and certificate,
            limit_category=result.limit_category if limit else None,
        )
        for result in eligibility.results
    )
    return replace(eligibility, results=results)


def commit_unconfirmed(scene: Scene) -> Next:
    """Identity was confirmed here, but no answer can be had: the arrival is recorded all the same.

    With the holder's name where the card can tell it at once (domain/flow-and-rules.md section 3.5).
    """
    if scene.visit.photo_sent and scene.visit.card_present:
        return go(scene, NotingArrival(), ReadHolder())
    return commit(scene, UNCONFIRMED, no_consents(), complete=True)


def commit_cardless(scene: Scene) -> Next:
    """Somebody without a card takes a number: that, and when, is all there is to record."""
    visit, appliance = scene.visit, scene.appliance
    checkin = CheckIn(
        checkin_id=visit.visit_id,
        kiosk_id=appliance.kiosk_id,
        queue_number=None,
        opened_at=visit.opened_at,
        confirmed_at=appliance.wall,
        complete=True,
        simulated=appliance.simulated_site,
        identity=None,
        card=None,
        eligibility=UNCONFIRMED,
        consents=no_consents(),
        prescription=Prescription.NOT_ASKED,
    )
    return go(scene, Committing(checkin), Commit(checkin))


def farewell_of(scene: Scene, stage: CheckedIn) -> Farewell:
    """What stays on the panel once the card of a checked-in visit is gone."""
    number, until = stage.checkin.queue_number, scene.now + FAREWELL_SECONDS
    if stage.checkin.card is None:
        return Farewell(FarewellKind.NO_CARD, number, until)
    if stage.checkin.eligibility.validity is Validity.UNCONFIRMED:
        return Farewell(FarewellKind.RECORDED, number, until)
    if stage.checkin.eligibility.validity is not Validity.VALID or not stage.checkin.complete or stage.late:
        return Farewell(FarewellKind.SEE_RECEPTION, number, until)
    if stage.delivered:
        return Farewell(FarewellKind.CHECKED_IN, number, until)
    late_from = scene.visit.since + ACK_SECONDS
    return Farewell(FarewellKind.SENDING, number, until, stage.checkin.checkin_id, late_from)


def heard_of(farewell: Farewell, *, delivered: bool, now: float) -> Farewell:
    """A `sending` farewell once it is known whether reception has the check-in."""
    kind = FarewellKind.CHECKED_IN if delivered else FarewellKind.SEE_RECEPTION
    return replace(farewell, kind=kind, checkin_id=None, until=now + FAREWELL_SECONDS)
