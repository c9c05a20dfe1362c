"""Example appliances for every screen, with invented data only: for tests, the tour and whoever plays a visit.

A key is a screen's id, or the id, a hyphen and what is special. `NOW` is the monotonic time they are at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kiosk.record.checkin import UNCONFIRMED, CardSeen, CheckIn, Eligibility, Identity, Prescription
from kiosk.record.consent import ConsentItem, no_consents
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Source, Validity
from kiosk.record.identity import Certificate, Challenge, Method
from kiosk.record.ids import KioskId, QueueNumber, VisitId
from kiosk.ui.messages import LANGUAGES
from kiosk.visit.appliance import Appliance, Card, Farewell, FarewellKind, Service, ServiceState, Visit, Wait
from kiosk.visit.looks import JAPANESE_ONLY, Choosing, Offer, TextSize
from kiosk.visit.profiles import FLOW_2025_03, Facility
from kiosk.visit.stage import (
    AskingLimit,
    CheckedIn,
    ChoosingMethod,
    ChoosingPrescription,
    Committing,
    Comparing,
    Concluding,
    Consenting,
    EndReason,
    Grant,
    Interrupted,
    LookingAtFace,
    NotingArrival,
    Nudge,
    OfferingLastTry,
    OfferingRegistration,
    PlacingAgain,
    ProvidingLimit,
    PuttingBack,
    Reading,
    ReadingFront,
    Refused,
    StaffEntrance,
    Stage,
    Step,
    TakingCard,
    TypingCheckNumber,
    TypingPin,
    Verifying,
)
from kiosk.visit.vocabulary import (
    Advice,
    CardProblem,
    CheckNumberSource,
    ChipPhoto,
    FaceHint,
    FacePrompt,
    FrontAdvice,
    StaffTrouble,
)

NOW = 1000.0
_WALL = datetime(2026, 4, 8, 0, 30, tzinfo=UTC)
_VISIT = VisitId("019a2b3c-4d5e-7f60-8a1b-2c3d4e5f6071")
_NUMBER = QueueNumber("A012")
_CERTIFICATE = Certificate(b"an invented certificate")
_EVERY_ITEM = tuple(ConsentItem)

_IDLE = Appliance(
    kiosk_id=KioskId("kiosk-1"),
    clinic="あおば内科クリニック",
    profile=FLOW_2025_03,
    simulated_site=True,
    mono=NOW,
    wall=_WALL,
    number_source=CheckNumberSource.KNOWN,
    offer=Offer(LANGUAGES, tuple(TextSize), voice=True),
)
_CARD = Card(_CERTIFICATE, Notice.NONE, pin_tries=3, photo=ChipPhoto.READABLE, simulated=True)
_FACE_ONLY = replace(_CARD, pin_tries=None)
_PIN_ONLY = replace(_CARD, photo=ChipPhoto.SHUT)
_INFANT = replace(_CARD, photo=ChipPhoto.ABSENT)
_NOTHING = replace(_CARD, pin_tries=None, photo=ChipPhoto.SHUT)
_DATED = replace(_CARD, printed_expiry=date(2035, 2, 17))


def _visit(stage: Stage, card: Card | None = _CARD, **changes: Any) -> Appliance:
    since = NOW - changes.pop("waited", 1.0)
    confirmed = isinstance(stage, Interrupted | Committing | CheckedIn | PuttingBack)
    visit = Visit(
        visit_id=_VISIT,
        opened_at=_WALL,
        today=date(2026, 4, 8),
        stage=stage,
        since=since,
        touched=since,
        card=card,
        identity=Method.PIN if confirmed else None,
        simulated=True,
    )
    return replace(_IDLE, visit=replace(visit, **changes))


def _front(stage: ReadingFront, card: Card = _CARD, *, present: bool = True) -> Appliance:
    return replace(_visit(stage, card, card_present=present), number_source=stage.source)


def _laid(advice: FrontAdvice | None = None) -> Appliance:
    return _front(ReadingFront(CheckNumberSource.TRAY, filming=True, advice=advice, progress=0.4))


def _shown(advice: FrontAdvice | None = None) -> Appliance:
    return _front(ReadingFront(CheckNumberSource.SHOW, filming=True, advice=advice, progress=0.4), present=False)


def _placing(nudge: Nudge | None, *, reading: bool = False) -> Appliance:
    placing = PlacingAgain(until=NOW + 18.2, nudge=nudge, reading=reading)
    return replace(_visit(placing, card_present=reading), number_source=CheckNumberSource.SHOW)


def _typing(stage: TypingCheckNumber, card: Card = _CARD, *, called: bool = False) -> Appliance:
    return replace(_visit(stage, card, help_called=called), number_source=CheckNumberSource.TYPED)


def _farewell(kind: FarewellKind, number: QueueNumber | None = None) -> Appliance:
    return replace(_IDLE, farewell=Farewell(kind, number, NOW + 8))


def _closed(reason: str) -> Appliance:
    return replace(_IDLE, service=Service(ServiceState.CLOSED, reason))


def _result(reference_number: str | None) -> EligibilityResult:
    return EligibilityResult(name="見本 花子", name_kana="ミホン ハナコ", reference_number=reference_number)


_KNOWN = (_result("000123"),)
_CHALLENGE = Challenge("session", bytes(32))
_ANSWER = EligibilityAnswer(
    session="example",
    fingerprint=_CERTIFICATE.fingerprint,
    source=Source.CENTRE,
    validity=Validity.VALID,
    answered_at=_WALL,
    simulated=True,
    results=_KNOWN,
)
_VALID = Eligibility(Source.CENTRE, Validity.VALID, _WALL, _KNOWN)
_LOST = replace(_VALID, validity=Validity.INVALID)
_CHECKIN = CheckIn(
    checkin_id=_VISIT,
    kiosk_id=_IDLE.kiosk_id,
    queue_number=_NUMBER,
    opened_at=_WALL,
    confirmed_at=_WALL + timedelta(seconds=24),
    complete=True,
    simulated=True,
    identity=Identity(Method.PIN),
    card=CardSeen(_CERTIFICATE.fingerprint, Notice.NONE),
    eligibility=_VALID,
    consents=no_consents(),
    prescription=Prescription.NOT_ASKED,
)
_NEW_PATIENT = replace(_CHECKIN, eligibility=replace(_VALID, results=(_result(None),)))


def _noticed(checkin: CheckIn, notice: Notice) -> CheckIn:
    return replace(checkin, card=CardSeen(_CERTIFICATE.fingerprint, notice))


def _item(item: ConsentItem) -> Appliance:
    said = tuple((before, True) for before in _EVERY_ITEM[: _EVERY_ITEM.index(item)])
    return _visit(Consenting(_ANSWER, _EVERY_ITEM, item, said))


_GRANT = Grant("command-1", "staff-1", until=NOW + 120)
_HERE = Grant("check-1", "staff-1", until=NOW + 120, verified_at=NOW - 5)
_VERIFYING = Verifying(Method.PIN, Step.ANSWER)

EXAMPLES: Mapping[str, Appliance] = {
    "P00": _IDLE,
    "P00-called": replace(_IDLE, help_called=True, help_until=NOW + 20),
    "P00f": _farewell(FarewellKind.CHECKED_IN, _NUMBER),
    **{
        f"P00f-{facility}": replace(
            _farewell(FarewellKind.CHECKED_IN, _NUMBER), profile=replace(FLOW_2025_03, facility=facility)
        )
        for facility in Facility
    },
    "P00f-sending": _farewell(FarewellKind.SENDING, _NUMBER),
    "P00f-see-reception": _farewell(FarewellKind.SEE_RECEPTION, _NUMBER),
    "P00f-recorded": _farewell(FarewellKind.RECORDED, _NUMBER),
    "P00f-no-card": _farewell(FarewellKind.NO_CARD, _NUMBER),
    "P00f-card-gone": _farewell(FarewellKind.CARD_GONE),
    "P00f-stopped": _farewell(FarewellKind.STOPPED),
    "P00f-trouble": _farewell(FarewellKind.TROUBLE),
    "P00f-failed": replace(_IDLE, farewell=Farewell(FarewellKind.TROUBLE, None, NOW + 8, reference="6f6071")),
    "P00-one-language": replace(_IDLE, offer=JAPANESE_ONLY),
    "P90": replace(_IDLE, no_card=True),
    "P97": replace(_IDLE, choosing=Choosing.LANGUAGE),
    "P97-looks": replace(_visit(ChoosingMethod()), choosing=Choosing.LOOKS),
    "P98": _visit(ChoosingMethod(), warned=True, waited=64.0),
    "P98-consenting": _visit(Consenting(_ANSWER, FLOW_2025_03.items, item=None), warned=True, waited=64.0),
    "P99": _closed("reader"),
    "P99-outbox": _closed("outbox"),
    "P99-key": _closed("key"),
    "P99-other": _closed("clock"),
    "P99-paused": replace(_IDLE, paused=True),
    "P01": _visit(Reading(), None),
    "E01": _visit(Refused(CardProblem.UNREADABLE), None),
    "E01-several-cards": _visit(Refused(CardProblem.SEVERAL_CARDS), None),
    "E02": _visit(Refused(CardProblem.OTHER_CARD), None),
    "E02-resident-card": _visit(Refused(CardProblem.RESIDENT_CARD), None),
    "E20": _visit(Refused(CardProblem.PHONE), None),
    "E06": _visit(Refused(CardProblem.EXPIRED), None),
    "E06-no-certificate": _visit(Refused(CardProblem.NO_CERTIFICATE), None),
    "E06-not-accepted": _visit(Refused(CardProblem.NOT_ACCEPTED)),
    "P02": _visit(ChoosingMethod()),
    "P02-called": _visit(ChoosingMethod(), help_called=True),
    "P02-face-failed": _visit(ChoosingMethod(Nudge.FACE_FAILED), face_failures=3),
    "P02-face-unavailable": _visit(ChoosingMethod(Nudge.FACE_UNAVAILABLE), _PIN_ONLY),
    "P02-front-unreadable": replace(
        _visit(ChoosingMethod(Nudge.FRONT_UNREADABLE), front_failures=1), number_source=CheckNumberSource.SHOW
    ),
    "P02-front-given-up": replace(
        _visit(ChoosingMethod(Nudge.FRONT_UNREADABLE), front_failures=2), number_source=CheckNumberSource.TRAY
    ),
    "P02-face-only": _visit(ChoosingMethod(), _FACE_ONLY),
    "P02-pin-only": _visit(ChoosingMethod(), _PIN_ONLY),
    "P02-infant": _visit(ChoosingMethod(), _INFANT),
    "P02-no-face-here": replace(_visit(ChoosingMethod()), number_source=CheckNumberSource.NONE),
    "P02-pin-locked": _visit(ChoosingMethod(Nudge.PIN_LOCKED), _FACE_ONLY),
    "P02-pin-unavailable": _visit(ChoosingMethod(Nudge.PIN_UNAVAILABLE), _FACE_ONLY),
    "P02-visual-refused": _visit(ChoosingMethod(Nudge.VISUAL_REFUSED)),
    "P02-none": _visit(ChoosingMethod(Nudge.PIN_LOCKED), _NOTHING),
    "P02-none-called": _visit(ChoosingMethod(), _NOTHING, help_called=True),
    "P02-none-face-failed": _visit(ChoosingMethod(Nudge.FACE_FAILED), _FACE_ONLY, face_failures=3),
    "P03-called": _visit(LookingAtFace(1, filming=True, progress=0.4), help_called=True),
    "P03": _visit(LookingAtFace(1, filming=True, progress=0.4)),
    "P03-preparing": _visit(LookingAtFace(1)),
    "P03-no-pin": _visit(LookingAtFace(1, filming=True, advice=Advice.COME_CLOSER), _FACE_ONLY),
    **{
        f"P03-{advice.replace('_', '-')}": _visit(LookingAtFace(2, filming=True, advice=advice, progress=0.2))
        for advice in Advice
    },
    **{
        f"P03-ask-{prompt.replace('_', '-')}": _visit(LookingAtFace(1, filming=True, progress=0.6, prompt=prompt))
        for prompt in FacePrompt
    },
    "P03-again": _visit(LookingAtFace(2, filming=True, progress=0.1)),
    **{
        f"P03-{hint.replace('_', '-')}": _visit(LookingAtFace(2, filming=True, progress=0.1, hint=hint))
        for hint in FaceHint
    },
    "P03-take-off-mask-preparing": _visit(LookingAtFace(2, hint=FaceHint.TAKE_OFF_MASK)),
    "P03f": _laid(),
    "P03f-preparing": _front(ReadingFront(CheckNumberSource.TRAY)),
    "P03f-no-pin": _front(ReadingFront(CheckNumberSource.TRAY, filming=True), _FACE_ONLY),
    **{f"P03f-{advice.replace('_', '-')}": _laid(advice) for advice in FrontAdvice},
    "P03f-called": _visit(ReadingFront(CheckNumberSource.TRAY, filming=True), help_called=True),
    "P03f-show": _shown(),
    "P03f-show-preparing": _front(ReadingFront(CheckNumberSource.SHOW)),
    "P03f-show-take": _front(ReadingFront(CheckNumberSource.SHOW, filming=True)),
    **{f"P03f-show-{advice.replace('_', '-')}": _shown(advice) for advice in FrontAdvice},
    "P03n": _typing(TypingCheckNumber()),
    "P03n-month": _typing(TypingCheckNumber(digits=2)),
    "P03n-day": _typing(TypingCheckNumber(digits=5)),
    "P03n-expiry": _typing(TypingCheckNumber(digits=6)),
    "P03n-code": _typing(TypingCheckNumber(digits=13)),
    "P03n-full": _typing(TypingCheckNumber(digits=14)),
    "P03n-checking": _typing(TypingCheckNumber(digits=14, checking=True)),
    "P03n-wrong": _typing(TypingCheckNumber(wrong=True)),
    "P03n-called": _typing(TypingCheckNumber(digits=3), called=True),
    "P03n-no-pin": _typing(TypingCheckNumber(digits=3), _FACE_ONLY),
    "P03p": _placing(None),
    "P03p-unread": _placing(Nudge.FRONT_UNREADABLE),
    "P03p-reading": _placing(None, reading=True),
    "P04": _visit(TypingPin(3)),
    "P04-typing": _visit(TypingPin(3, digits=2)),
    "P04-two-left": _visit(TypingPin(2), replace(_CARD, pin_tries=2)),
    "P04-wrong": _visit(TypingPin(2, wrong=True), replace(_CARD, pin_tries=2)),
    "P04-last": _visit(TypingPin(1), replace(_CARD, pin_tries=1)),
    "P04-checking": _visit(TypingPin(3, digits=4, checking=True)),
    "P04-pin-only": _visit(TypingPin(3, digits=1), _PIN_ONLY),
    "P04-called": _visit(TypingPin(3, digits=1), help_called=True),
    "P04-called-checking": _visit(TypingPin(3, digits=4, checking=True), help_called=True),
    "P04l-called": _visit(OfferingLastTry(wrong=True), replace(_CARD, pin_tries=1), help_called=True),
    "P04l": _visit(OfferingLastTry(wrong=False), replace(_CARD, pin_tries=1)),
    "P04l-wrong": _visit(OfferingLastTry(wrong=True), replace(_CARD, pin_tries=1)),
    "P04l-no-face": _visit(OfferingLastTry(wrong=True), replace(_PIN_ONLY, pin_tries=1)),
    "P05": _visit(Comparing(_GRANT, shown=True, with_photo=True), _DATED),
    "P05-no-date": _visit(Comparing(_GRANT, shown=True, with_photo=True)),
    "P05-printed": _visit(Comparing(_GRANT, shown=True)),
    "P05-preparing": _visit(Comparing(_GRANT)),
    "P05-front": _visit(Comparing(_GRANT, reading_front=True)),
    "P05s": _visit(StaffEntrance()),
    "P05s-pin": _visit(StaffEntrance(digits=6)),
    "P05s-checking": _visit(StaffEntrance(digits=10, checking=True)),
    **{f"P05s-{trouble.replace('_', '-')}": _visit(StaffEntrance(trouble=trouble)) for trouble in StaffTrouble},
    "P05k": _visit(Comparing(_HERE, shown=True, with_photo=True), _DATED),
    "P05k-no-date": _visit(Comparing(_HERE, shown=True, with_photo=True)),
    "P05k-printed": _visit(Comparing(_HERE, shown=True)),
    "P05p": _visit(Comparing(_HERE)),
    "P05k-stale": _visit(Comparing(_HERE, shown=True, with_photo=True, stale=True), _DATED),
    "P05k-printed-stale": _visit(Comparing(_HERE, shown=True, stale=True)),
    "P05r": _visit(Comparing(_HERE, shown=True, with_photo=True, refusing=True), _DATED),
    "P06": _visit(_VERIFYING),
    "P06-usual": _visit(_VERIFYING, waited=4.0, wait=Wait.USUAL),
    "P06-long": _visit(_VERIFYING, waited=9.0, wait=Wait.LONG),
    "P06-concluding": _visit(Concluding(_ANSWER, agreed=_EVERY_ITEM, refused=(), complete=True)),
    "P06-concluding-long": _visit(
        Concluding(_ANSWER, agreed=_EVERY_ITEM, refused=(), complete=True), waited=9.0, wait=Wait.LONG
    ),
    "P06-committing": _visit(Committing(replace(_CHECKIN, queue_number=None))),
    "P06-noting": _visit(NotingArrival()),
    "P07": _visit(OfferingRegistration(_CHALLENGE)),
    "P07-registering": _visit(OfferingRegistration(_CHALLENGE, registering=True, asked_at=NOW - 2)),
    "P07-registering-long": _visit(
        OfferingRegistration(_CHALLENGE, registering=True, asked_at=NOW - 9), wait=Wait.LONG
    ),
    "P08": _visit(Consenting(_ANSWER, FLOW_2025_03.items, item=None)),
    "P09": _item(ConsentItem.MEDICATION),
    "P09-diagnosis": _item(ConsentItem.DIAGNOSIS),
    "P10": _item(ConsentItem.SURGERY),
    "P11": _item(ConsentItem.CHECKUP),
    "P11s": _item(ConsentItem.SPECIFIC_DISEASE),
    "P08-every-item": _visit(Consenting(_ANSWER, _EVERY_ITEM, item=None)),
    "P12": _visit(AskingLimit(Method.PIN)),
    "P12-after": _visit(ProvidingLimit(Concluding(_ANSWER, _EVERY_ITEM, (), complete=True))),
    "P13": _visit(ChoosingPrescription(Concluding(_ANSWER, _EVERY_ITEM, (), complete=True))),
    "P14": _visit(CheckedIn(_noticed(_CHECKIN, Notice.EXPIRING), delivered=True)),
    "P14-grace": _visit(CheckedIn(_noticed(_CHECKIN, Notice.GRACE))),
    "P16": _visit(CheckedIn(_CHECKIN, delivered=True)),
    "P16-sending": _visit(CheckedIn(_CHECKIN)),
    "P16-late": _visit(CheckedIn(_CHECKIN, late=True)),
    "P16-not-valid": _visit(CheckedIn(replace(_CHECKIN, eligibility=_LOST), delivered=True)),
    "P16-unconfirmed": _visit(CheckedIn(replace(_CHECKIN, eligibility=UNCONFIRMED), delivered=True)),
    **{
        f"P16-{facility}": replace(
            _visit(CheckedIn(_CHECKIN, delivered=True)), profile=replace(FLOW_2025_03, facility=facility)
        )
        for facility in Facility
    },
    "P16-new": _visit(CheckedIn(_NEW_PATIENT, delivered=True)),
    "P16-expiring": _visit(CheckedIn(_noticed(_CHECKIN, Notice.EXPIRING), delivered=True, understood=True)),
    "P16-new-grace": _visit(CheckedIn(_noticed(_NEW_PATIENT, Notice.GRACE), late=True, understood=True)),
    "P17": _visit(TakingCard(EndReason.STOPPED)),
    "P17-timed-out": _visit(TakingCard(EndReason.TIMED_OUT)),
    "P17-card-gone": _visit(TakingCard(EndReason.CARD_GONE)),
    "P17-trouble": _visit(TakingCard(EndReason.TROUBLE), help_called=True),
    "E10": _visit(PuttingBack(_VERIFYING, until=NOW + 7.4)),
    "E10-consenting": _visit(PuttingBack(Consenting(_ANSWER, FLOW_2025_03.items, item=None), until=NOW + 9.9)),
    "E10-limit": _visit(PuttingBack(AskingLimit(Method.PIN), until=NOW + 9.9)),
    "E10-limit-after": _visit(
        PuttingBack(ProvidingLimit(Concluding(_ANSWER, _EVERY_ITEM, (), complete=True)), until=NOW + 9.9)
    ),
    "E10-registering": _visit(PuttingBack(OfferingRegistration(_CHALLENGE), until=NOW + 9.9)),
    "E10-prescribing": _visit(
        PuttingBack(ChoosingPrescription(Concluding(_ANSWER, _EVERY_ITEM, (), complete=True)), until=NOW + 9.9)
    ),
    "E10-reading": _visit(PuttingBack(_VERIFYING, until=NOW + 7.4, reading=True)),
}
