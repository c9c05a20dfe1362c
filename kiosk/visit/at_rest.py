"""What is true whether or not there is a visit, and what a tap does where there is none: looks, calls, the farewell's end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from kiosk.record.dates import japanese_day
from kiosk.record.door import HelpReason
from kiosk.record.ids import VisitId
from kiosk.visit.appliance import Appliance, Visit
from kiosk.visit.effects import AnswerCommand, CallDesk, Effect, StartAgain
from kiosk.visit.endings import heard_of, stage_word
from kiosk.visit.events import Event, Paused, RestartAsked, RestartFailed, Resumed, Started
from kiosk.visit.looks import Choosing, Look, chosen
from kiosk.visit.stage import Stage

HELP_SHOWN_SECONDS: Final = 20.0

REST_SECONDS: Final = 60.0
"""What somebody chose who then went away without a visit is forgotten after this."""


def time_passes(appliance: Appliance) -> Appliance:
    """`appliance` as its clocks have just been set: what was shown for a while goes."""
    farewell, look, now = appliance.farewell, appliance.look, appliance.mono
    if farewell is not None and farewell.checkin_id is not None and now > farewell.late_from:
        farewell = heard_of(farewell, delivered=False, now=now)
    if farewell is not None and now > farewell.until:
        farewell, look = None, look if _somebody_chooses(appliance) else appliance.usual
    help_called = appliance.help_called and now <= appliance.help_until
    choosing, no_card = appliance.choosing, appliance.no_card
    if appliance.visit is None and farewell is None and now > appliance.rest_until:
        look, choosing, no_card = appliance.usual, None, False
    return replace(appliance, farewell=farewell, help_called=help_called, look=look, choosing=choosing, no_card=no_card)


def farewell_hears(appliance: Appliance, checkin_id: VisitId) -> Appliance:
    """Reception acknowledged a check-in whose farewell may still be shown."""
    farewell = appliance.farewell
    if farewell is None or farewell.checkin_id != checkin_id:
        return appliance
    return replace(appliance, farewell=heard_of(farewell, delivered=True, now=appliance.mono))


def looked(appliance: Appliance, action: str) -> Appliance | None:
    """`appliance` after a tap that is about how it looks, on whatever screen; None: the tap is about something else."""
    now = appliance.mono
    visit = None if appliance.visit is None else replace(appliance.visit, touched=now, warned=False)
    # While a farewell stands, who chooses is the next patient, and begins with what is usual.
    before = _own_look(appliance)
    touched = replace(appliance, visit=visit, look=before, rest_until=now + REST_SECONDS)
    match action:
        case "languages":
            return replace(touched, choosing=Choosing.LANGUAGE)
        case "looks":
            return replace(touched, choosing=Choosing.LOOKS)
        case "looks_back":
            return replace(touched, choosing=None)
        case _ if (look := chosen(before, action, appliance.offer)) is not None:
            # A language is one choice; of sizes, colours and loudness somebody may try a few.
            choosing = None if appliance.choosing is Choosing.LANGUAGE else appliance.choosing
            return replace(touched, look=look, choosing=choosing)
        case _:
            return None


def told_by_staff(appliance: Appliance, event: Event) -> tuple[Appliance, tuple[Effect, ...]] | None:
    """`appliance` after what staff want of the kiosk itself, from the board; None: the event is about something else.

    A visit that runs goes on to its end, whatever they want.
    """
    match event:
        case Paused(command_id=command_id):
            return replace(appliance, paused=True, no_card=False), (AnswerCommand(command_id, "paused"),)
        case Resumed(command_id=command_id):
            return replace(appliance, paused=False), (AnswerCommand(command_id, "open"),)
        case Started(command_id=command_id):
            return replace(appliance, started_by=command_id), (AnswerCommand(command_id, "open"),)
        case RestartAsked(command_id=command_id) if command_id == appliance.started_by:
            return appliance, (AnswerCommand(command_id, "open"),)  # its answer was lost, and the line brought it again
        case RestartAsked(command_id=command_id):
            return replace(appliance, restart=command_id, no_card=False), (AnswerCommand(command_id, "restarting"),)
        case RestartFailed() if appliance.restart is not None:
            return replace(appliance, restart=None), (AnswerCommand(appliance.restart, "not_possible"),)
        case _:
            return None


def start_again(appliance: Appliance) -> tuple[Effect, ...]:
    """What is wanted where nobody is there, and nobody's farewell stands any more."""
    if appliance.restart is None or appliance.farewell is not None:
        return ()
    return (StartAgain(appliance.restart),)


def opened(appliance: Appliance, visit_id: VisitId, stage: Stage) -> tuple[Appliance, Visit]:
    """A new visit, in the looks that were chosen for it: not in those of whoever the farewell still stands for."""
    now = appliance.mono
    visit = Visit(
        visit_id=visit_id,
        opened_at=appliance.wall,
        today=japanese_day(appliance.wall),
        stage=stage,
        since=now,
        touched=now,
    )
    look = _own_look(appliance)
    here = replace(appliance, farewell=None, help_called=False, look=look, choosing=None, no_card=False)
    return replace(here, visit=visit), visit


def _somebody_chooses(appliance: Appliance) -> bool:
    """Whether a look was chosen since the last visit was over, by who comes next."""
    return appliance.mono <= appliance.rest_until


def _own_look(appliance: Appliance) -> Look:
    """The look of whoever stands there now: not that of the patient whom a farewell is still about."""
    gone = appliance.farewell is not None and not _somebody_chooses(appliance)
    return appliance.usual if gone else appliance.look


def tapped(appliance: Appliance, action: str) -> tuple[Appliance, tuple[Effect, ...]]:
    """A tap where there is no visit."""
    now = appliance.mono
    match action:
        case "call_staff" if not appliance.help_called:
            called = replace(appliance, help_called=True, help_until=now + HELP_SHOWN_SECONDS)
            return called, (CallDesk(None, HelpReason.CALLED, stage_word(None)),)
        case "no_card" if appliance.takes_patients:
            look = _own_look(appliance)
            return replace(appliance, no_card=True, farewell=None, look=look, rest_until=now + REST_SECONDS), ()
        case "stop":
            return replace(appliance, no_card=False), ()
        case _:
            return appliance, ()
