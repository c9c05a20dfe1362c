"""What goes through reception's kiosk door besides check-ins: calls for help and heartbeats. Never a name in any of it.

JSON as the contract says: instants RFC 3339 UTC milliseconds Z, keys as the field names here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kiosk.record import RecordError, dates, ids
from kiosk.record.ids import KioskId, VisitId


class HelpReason(StrEnum):
    """Why the desk is called."""

    CALLED = "called"
    """The patient pressed "call staff"."""
    FACE_FAILED = "face_failed"
    PIN_LOCKED = "pin_locked"
    CARD_UNUSABLE = "card_unusable"
    CARD_LEFT = "card_left"
    STOPPED = "stopped"
    """A visit ended before there was an answer of the centre; `stage` says where."""
    TROUBLE = "trouble"
    CAMERA_NOT_THERE = "camera_not_there"
    CAMERA_BUSY = "camera_busy"
    CAMERA_NO_PERMISSION = "camera_no_permission"
    CAMERA_NOT_A_CAMERA = "camera_not_a_camera"
    CAMERA_SILENT = "camera_silent"
    CAMERA_FROZEN = "camera_frozen"
    CAMERA_BLACK = "camera_black"
    CAMERA_UNPLUGGED = "camera_unplugged"


class StaffOutcome(StrEnum):
    """How a visual check ended that a staff member made at the kiosk, with code and PIN."""

    CONFIRMED = "confirmed"
    NOT_THE_PERSON = "not_the_person"
    CARD_DAMAGED = "card_damaged"
    CHANGED_MIND = "changed_mind"
    """The patient does not want it any more."""
    OTHER = "other"
    TIMED_OUT = "timed_out"
    """Nobody decided within the time there is."""
    WITHDRAWN = "withdrawn"
    """Left without a decision: by the staff member, or because the card or the visit was gone."""


REFUSALS = (
    StaffOutcome.NOT_THE_PERSON,
    StaffOutcome.CARD_DAMAGED,
    StaffOutcome.CHANGED_MIND,
    StaffOutcome.OTHER,
)
"""The reasons a staff member can give for not confirming."""


@dataclass(frozen=True)
class StaffReport:
    """`POST /k/v1/staff/outcome`: how the check ended that reception opened as `check_id`. Nameless."""

    check_id: str
    kiosk_id: KioskId
    visit_id: VisitId
    outcome: StaffOutcome
    at: datetime


@dataclass(frozen=True)
class HelpCall:
    """`POST /k/v1/help`: someone at a kiosk needs staff. Nameless; `stage` is the stage's vocabulary name."""

    help_id: str
    kiosk_id: KioskId
    visit_id: VisitId | None
    reason: HelpReason
    stage: str
    at: datetime


@dataclass(frozen=True)
class AuditSeen:
    """The last entry of reception's audit log as a kiosk was told it: its number (from 1) and its hash (64 hex digits)."""

    seq: int
    hash: str


@dataclass(frozen=True)
class Heartbeat:
    """`POST /k/v1/heartbeat`: every 10 s and at each change of stage. `oldest_age` is seconds, 0 with an empty outbox.

    `service` is a word: `open`, `closed` (a part is broken), or, as staff asked from the board, `paused` or `restarting`.

    `audit`: what the answer to an earlier heartbeat told, so that reception's log has witnesses.
    """

    kiosk_id: KioskId
    at: datetime
    service: str
    stage: str
    visit_id: VisitId | None
    pending: int
    parked: int
    oldest_age: float
    audit: AuditSeen | None = None


def help_json(call: HelpCall) -> dict[str, object]:
    """The JSON object of a help call."""
    return {
        "help_id": call.help_id,
        "kiosk_id": call.kiosk_id,
        "visit_id": call.visit_id,
        "reason": call.reason.value,
        "stage": call.stage,
        "at": dates.instant_text(call.at),
    }


def help_from_json(data: object) -> HelpCall:
    """The help call in a JSON object; raises `RecordError`."""
    fields = _object(data, "help")
    visit = fields.get("visit_id")
    try:
        reason = HelpReason(str(fields.get("reason")))
    except ValueError as error:
        raise RecordError("help: reason is not one of the contract's") from error
    return HelpCall(
        help_id=ids.visit_id(fields.get("help_id")),
        kiosk_id=ids.kiosk_id(fields.get("kiosk_id")),
        visit_id=None if visit is None else ids.visit_id(visit),
        reason=reason,
        stage=_word(fields.get("stage"), "help: stage"),
        at=dates.instant(fields.get("at")),
    )


def staff_report_json(report: StaffReport) -> dict[str, object]:
    """The JSON object of a staff report."""
    return {
        "check_id": report.check_id,
        "kiosk_id": report.kiosk_id,
        "visit_id": report.visit_id,
        "outcome": report.outcome.value,
        "at": dates.instant_text(report.at),
    }


def staff_report_from_json(data: object) -> StaffReport:
    """The staff report in a JSON object; raises `RecordError`."""
    fields = _object(data, "outcome")
    try:
        outcome = StaffOutcome(str(fields.get("outcome")))
    except ValueError as error:
        raise RecordError("outcome: outcome is not one of the contract's") from error
    return StaffReport(
        check_id=ids.visit_id(fields.get("check_id")),
        kiosk_id=ids.kiosk_id(fields.get("kiosk_id")),
        visit_id=ids.visit_id(fields.get("visit_id")),
        outcome=outcome,
        at=dates.instant(fields.get("at")),
    )


def audit_seen_json(seen: AuditSeen) -> dict[str, object]:
    """The JSON object of a place in the audit log."""
    return {"seq": seen.seq, "hash": seen.hash}


def audit_seen_from_json(data: object) -> AuditSeen:
    """The place in the audit log in a JSON object; raises `RecordError`."""
    fields = _object(data, "audit")
    seq, told = fields.get("seq"), fields.get("hash")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 < seq < 1 << 53:
        raise RecordError("audit: seq must be the number of an entry")
    if not isinstance(told, str) or len(told) != 64 or not set(told) <= set("0123456789abcdef"):
        raise RecordError("audit: hash must be 64 hex digits")
    return AuditSeen(seq, told)


def heartbeat_json(beat: Heartbeat) -> dict[str, object]:
    """The JSON object of a heartbeat."""
    told: dict[str, object] = {} if beat.audit is None else {"audit": audit_seen_json(beat.audit)}
    return told | {
        "kiosk_id": beat.kiosk_id,
        "at": dates.instant_text(beat.at),
        "service": beat.service,
        "stage": beat.stage,
        "visit_id": beat.visit_id,
        "pending": beat.pending,
        "parked": beat.parked,
        "oldest_age": beat.oldest_age,
    }


def heartbeat_from_json(data: object) -> Heartbeat:
    """The heartbeat in a JSON object; raises `RecordError`."""
    fields = _object(data, "heartbeat")
    visit = fields.get("visit_id")
    age = fields.get("oldest_age")
    if not isinstance(age, int | float) or isinstance(age, bool) or not 0 <= age < 1e9:
        raise RecordError("heartbeat: oldest_age must be a number of seconds")
    return Heartbeat(
        kiosk_id=ids.kiosk_id(fields.get("kiosk_id")),
        at=dates.instant(fields.get("at")),
        service=_word(fields.get("service"), "heartbeat: service"),
        stage=_word(fields.get("stage"), "heartbeat: stage"),
        visit_id=None if visit is None else ids.visit_id(visit),
        pending=_count(fields.get("pending"), "heartbeat: pending"),
        parked=_count(fields.get("parked"), "heartbeat: parked"),
        oldest_age=float(age),
        audit=None if fields.get("audit") is None else audit_seen_from_json(fields["audit"]),
    )


def _object(data: object, what: str) -> dict[str, object]:
    if not isinstance(data, dict):
        raise RecordError(f"{what}: expected a JSON object")
    return data


def _word(value: object, what: str) -> str:
    if isinstance(value, str) and 0 < len(value) <= 32 and value.replace("_", "").isalnum() and value.isascii():
        return value
    raise RecordError(f"{what} must be a short word")


def _count(value: object, what: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31:
        return value
    raise RecordError(f"{what} must be a count")
