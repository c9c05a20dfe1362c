"""Commands from the board to a kiosk (`GET /k/v1/line`, SSE) and what the kiosk answers (`POST /k/v1/line/{id}`).

A visual check is granted to one staff member, at one kiosk, for one visit, for three minutes, and confirmed or refused
by the same person (design/architecture.md, "The visual check"). A pause, its end and a restart are about the kiosk: no visit.

    {"id": UUIDv7, "kind": "grant_visual", "kiosk_id": ..., "visit_id": ... or null, "issued_by": staff id, "expires_at": instant}
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kiosk.record import RecordError, dates, ids
from kiosk.record.ids import KioskId, VisitId

GRANT_LASTS = timedelta(minutes=3)
MODE_LASTS = timedelta(minutes=1)
"""So long a kiosk may take to hear that it is put out of service, or back, or is to start again: after that it never will."""


class CommandKind(StrEnum):
    """What the board can ask of a kiosk."""

    GRANT_VISUAL = "grant_visual"
    CONFIRM_VISUAL = "confirm_visual"
    REFUSE_VISUAL = "refuse_visual"
    PAUSE = "pause"
    """Out of service, once the visit that runs is over; until `RESUME` or the next start."""
    RESUME = "resume"
    RESTART = "restart"
    """Start again, as after a power cut, once nobody is there."""


WITHOUT_VISIT = frozenset({CommandKind.PAUSE, CommandKind.RESUME, CommandKind.RESTART})
"""Commands about the kiosk itself."""


class CommandState(StrEnum):
    """The state a kiosk reached because of a command: the board shows this, never the mere receipt."""

    COMPARING = "comparing"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    NO_PHOTO = "no_photo"
    """A card without a photo, in print or in the chip: nobody can be compared with it."""
    NOT_POSSIBLE = "not_possible"
    """Wrong visit, wrong person, too late, or the card is not there."""
    PAUSED = "paused"
    OPEN = "open"
    """In service, as far as staff are concerned."""
    RESTARTING = "restarting"
    """It will start again once nobody is there; when it has, it says `OPEN`. `NOT_POSSIBLE`: its settings cannot be read any more."""


@dataclass(frozen=True)
class Command:
    """One command as it travels; `issued_by` is a staff id (`[a-z0-9-]{1,32}`). `visit_id` is None where none is meant."""

    id: str
    kind: CommandKind
    kiosk_id: KioskId
    visit_id: VisitId | None
    issued_by: str
    expires_at: datetime


def command_json(command: Command) -> dict[str, object]:
    """The JSON object of a command."""
    return {
        "id": command.id,
        "kind": command.kind.value,
        "kiosk_id": command.kiosk_id,
        "visit_id": command.visit_id,
        "issued_by": command.issued_by,
        "expires_at": dates.instant_text(command.expires_at),
    }


def command_from_json(data: object) -> Command:
    """The command in a JSON object; raises `RecordError`."""
    if not isinstance(data, dict):
        raise RecordError("command: expected a JSON object")
    try:
        kind = CommandKind(str(data.get("kind")))
    except ValueError as error:
        raise RecordError("command: kind is not one of the contract's") from error
    visit = data.get("visit_id")
    if (visit is None) is not (kind in WITHOUT_VISIT):
        raise RecordError("command: visit_id must be there exactly where the kind is about a visit")
    return Command(
        id=ids.visit_id(data.get("id")),
        kind=kind,
        kiosk_id=ids.kiosk_id(data.get("kiosk_id")),
        visit_id=None if visit is None else ids.visit_id(visit),
        issued_by=staff_id(data.get("issued_by")),
        expires_at=dates.instant(data.get("expires_at")),
    )


def staff_id(text: object) -> str:
    """`text` as a staff id: the same alphabet as a kiosk's; raises `RecordError`."""
    try:
        return ids.kiosk_id(text)
    except RecordError as error:
        raise RecordError("staff id: expected 1 to 32 of a-z, 0-9 and -") from error
