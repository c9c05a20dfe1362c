"""The check-in: what a visit leaves behind, and its JSON (`"schema": 1`), read and written only here.

Unknown fields of a known schema are kept and written back; an unknown schema is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from kiosk.record import RecordError, consent, dates, ids
from kiosk.record.consent import Consent, ConsentItem, Consents, ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityResult, Sex, Source, Validity
from kiosk.record.identity import Method
from kiosk.record.ids import KioskId, QueueNumber, VisitId

SCHEMA = 1
MAX_BYTES = 256 * 1024
"""No check-in comes near this; a body beyond it is refused before it is parsed."""


class Prescription(StrEnum):
    """処方箋発行形態 where the facility asks, else not asked."""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True)
class Identity:
    """How the holder was confirmed; `staff_id` exists exactly for a visual check."""

    method: Method
    staff_id: str | None = None

    def __post_init__(self) -> None:
        if (self.method is Method.VISUAL) != (self.staff_id is not None):
            raise RecordError("identity: staff_id belongs to a visual check, and only to one")


@dataclass(frozen=True)
class CardSeen:
    """The card of the visit: SHA-256 of its authentication certificate (hex) and what its end means today."""

    fingerprint: str
    notice: Notice

    def __post_init__(self) -> None:
        if self.notice is Notice.BEYOND:
            raise RecordError("card: a certificate beyond its grace cannot check in")


@dataclass(frozen=True, repr=False)
class Eligibility:
    """The answer's part of a check-in; `answered_at` is None exactly when nobody answered."""

    source: Source
    validity: Validity
    answered_at: datetime | None
    results: tuple[EligibilityResult, ...] = ()

    def __post_init__(self) -> None:
        if (self.source is Source.NONE) != (self.answered_at is None):
            raise RecordError("eligibility: answered_at belongs to an answer, and only to one")
        if (self.source is Source.NONE) != (self.validity is Validity.UNCONFIRMED):
            raise RecordError("eligibility: unconfirmed is what no answer means, and only that")


UNCONFIRMED = Eligibility(Source.NONE, Validity.UNCONFIRMED, None)


@dataclass(frozen=True, repr=False, kw_only=True)
class CheckIn:
    """One patient's arrival. `simulated` has no default on purpose. `queue_number` is None until the outbox counted.

    `identity` and `card` are both None for who came without a card and took a number (P90); then nothing else is known.
    """

    checkin_id: VisitId
    kiosk_id: KioskId
    queue_number: QueueNumber | None
    opened_at: datetime
    confirmed_at: datetime
    complete: bool
    simulated: bool
    identity: Identity | None
    card: CardSeen | None
    eligibility: Eligibility
    consents: Consents
    prescription: Prescription
    unknown: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.identity is None) != (self.card is None):
            raise RecordError("check-in: identity and card belong together")
        asked = any(each.state is not ConsentState.NOT_ASKED for each in self.consents.values())
        told = self.eligibility.source is not Source.NONE or bool(self.eligibility.results)
        if self.card is None and (asked or told or self.prescription is not Prescription.NOT_ASKED):
            raise RecordError("check-in: without a card nothing was asked and nobody answered")

    def numbered(self, number: QueueNumber) -> CheckIn:
        """Give this check-in the queue number that the outbox counted for it."""
        return replace(self, queue_number=number)

    def __repr__(self) -> str:
        return f"CheckIn({self.checkin_id[-6:]}, complete={self.complete}, simulated={self.simulated})"


def to_json(checkin: CheckIn) -> bytes:
    """The check-in as UTF-8 JSON; raises `RecordError` if it has no queue number yet."""
    if checkin.queue_number is None:
        raise RecordError("check-in: it has no queue number yet")
    body: dict[str, object] = dict(checkin.unknown)
    body.update(
        schema=SCHEMA,
        checkin_id=checkin.checkin_id,
        kiosk_id=checkin.kiosk_id,
        queue_number=checkin.queue_number,
        opened_at=dates.instant_text(checkin.opened_at),
        confirmed_at=dates.instant_text(checkin.confirmed_at),
        complete=checkin.complete,
        simulated=checkin.simulated,
        eligibility=eligibility_json(checkin.eligibility),
        consents=consents_json(checkin.consents),
        prescription=checkin.prescription.value,
    )
    if checkin.identity is not None and checkin.card is not None:
        identity, card = checkin.identity, checkin.card
        body["identity"] = _without_none({"method": identity.method.value, "staff_id": identity.staff_id})
        body["card"] = {"fingerprint": card.fingerprint, "notice": card.notice.value}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(body: bytes) -> CheckIn:
    """The check-in in `body`; raises `RecordError` with the place of the first thing that is not as the contract says."""
    if len(body) > MAX_BYTES:
        raise RecordError(f"check-in: larger than {MAX_BYTES} bytes")
    try:
        data = _object(json.loads(body), "check-in")
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError("check-in: not JSON in UTF-8") from error
    if data.get("schema") != SCHEMA or isinstance(data.get("schema"), bool):
        raise RecordError(f"check-in: unknown schema; this reception reads schema {SCHEMA}")
    identity = None if data.get("identity") is None else _object(data["identity"], "identity")
    card = None if data.get("card") is None else _object(data["card"], "card")
    asked = _object(data.get("consents"), "consents")
    return CheckIn(
        checkin_id=ids.visit_id(data.get("checkin_id")),
        kiosk_id=ids.kiosk_id(data.get("kiosk_id")),
        queue_number=ids.queue_number(data.get("queue_number")),
        opened_at=dates.instant(data.get("opened_at")),
        confirmed_at=dates.instant(data.get("confirmed_at")),
        complete=_truth(data.get("complete"), "complete"),
        simulated=_truth(data.get("simulated"), "simulated"),
        identity=None if identity is None else _identity(identity),
        card=None if card is None else _card(card),
        eligibility=eligibility_from_json(data.get("eligibility")),
        consents={item: _consent(_object(asked.get(item.value), f"consents.{item.value}")) for item in ConsentItem},
        prescription=_one_of(Prescription, data.get("prescription"), "prescription"),
        unknown={key: value for key, value in data.items() if key not in _KNOWN},
    )


def _identity(data: Mapping[str, object]) -> Identity:
    staff_id = data.get("staff_id")
    return Identity(
        _one_of(Method, data.get("method"), "identity.method"),
        None if staff_id is None else _text(staff_id, "identity.staff_id"),
    )


def _card(data: Mapping[str, object]) -> CardSeen:
    return CardSeen(ids.fingerprint(data.get("fingerprint")), _one_of(Notice, data.get("notice"), "card.notice"))


_KNOWN = {"schema"} | {f.name for f in fields(CheckIn)} - {"unknown"}

_Choice = TypeVar("_Choice", bound=StrEnum)


def _result_json(result: EligibilityResult) -> dict[str, object]:
    data: dict[str, object] = {}
    for f in fields(EligibilityResult):
        value = getattr(result, f.name)
        if isinstance(value, StrEnum):
            data[f.name] = value.value
        elif isinstance(value, date):
            data[f.name] = value.isoformat()
        elif value is not None:
            data[f.name] = value
    return data


_RESULT_DAYS = ("birth_date", "qualified_on", "disqualified_on")
_RESULT_FLAGS = ("preschool", "specific_disease")


def _result(data: Mapping[str, object], where: str) -> EligibilityResult:
    values: dict[str, object] = {}
    for f in fields(EligibilityResult):
        value = data.get(f.name)
        if value is None:
            continue
        place = f"{where}.{f.name}"
        if f.name in _RESULT_DAYS:
            values[f.name] = dates.day(value)
        elif f.name in _RESULT_FLAGS:
            values[f.name] = _truth(value, place)
        elif f.name == "sex":
            values[f.name] = _one_of(Sex, value, place)
        elif f.name == "copay_ratio":
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100:
                raise RecordError(f"check-in: {place} must be percent from 0 to 100")
            values[f.name] = value
        else:
            values[f.name] = _text(value, place)
    return EligibilityResult(**values)  # type: ignore[arg-type]


def eligibility_json(eligibility: Eligibility) -> dict[str, object]:
    """The JSON object of a check-in's `eligibility`; a look-up is answered with the same one."""
    return {
        "source": eligibility.source.value,
        "validity": eligibility.validity.value,
        "answered_at": None if eligibility.answered_at is None else dates.instant_text(eligibility.answered_at),
        "results": [_result_json(result) for result in eligibility.results],
    }


def eligibility_from_json(told: object) -> Eligibility:
    """The eligibility in a JSON object; raises `RecordError`."""
    data = _object(told, "eligibility")
    results = data.get("results")
    if not isinstance(results, list):
        raise RecordError("check-in: eligibility.results must be a list")
    answered = data.get("answered_at")
    return Eligibility(
        source=_one_of(Source, data.get("source"), "eligibility.source"),
        validity=_one_of(Validity, data.get("validity"), "eligibility.validity"),
        answered_at=None if answered is None else dates.instant(answered),
        results=tuple(
            _result(_object(r, f"eligibility.results[{i}]"), f"eligibility.results[{i}]") for i, r in enumerate(results)
        ),
    )


def consents_json(consents: Consents) -> dict[str, object]:
    """All consents as they stand in a check-in's JSON."""
    return {item.value: _consent_json(consents[item]) for item in ConsentItem}


def _consent_json(given: Consent) -> dict[str, object]:
    at, until = given.at, given.until
    times = {} if at is None or until is None else {"at": dates.instant_text(at), "until": dates.instant_text(until)}
    return {"state": given.state.value, **times}


def _consent(data: Mapping[str, object]) -> Consent:
    state = _one_of(ConsentState, data.get("state"), "consents.state")
    at, until = data.get("at"), data.get("until")
    return consent.Consent(
        state, None if at is None else dates.instant(at), None if until is None else dates.instant(until)
    )


def _object(value: object, where: str) -> dict[str, object]:
    if isinstance(value, dict):
        return value
    raise RecordError(f"check-in: {where} must be an object")


def _truth(value: object, where: str) -> bool:
    if isinstance(value, bool):
        return value
    raise RecordError(f"check-in: {where} must be true or false")


def _text(value: object, where: str) -> str:
    if isinstance(value, str) and len(value) <= 1000:
        return value
    raise RecordError(f"check-in: {where} must be a text of at most 1000 characters")


def _one_of(choices: type[_Choice], value: object, where: str) -> _Choice:
    try:
        return choices(str(value))
    except ValueError as error:
        raise RecordError(f"check-in: {where} must be one of {', '.join(c.value for c in choices)}") from error


def _without_none(data: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in data.items() if value is not None}
