"""What a page shows of a row, a call and a kiosk: pure functions from records to words."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime

from kiosk.reception import visual, words
from kiosk.reception.checkins import Row
from kiosk.reception.helps import HelpRow
from kiosk.reception.kiosks import SILENT_AFTER, KioskRow
from kiosk.reception.row_moves import RowState
from kiosk.reception.settings import StaffMember
from kiosk.reception.visual import Asked, Grant
from kiosk.reception.words import Tone, Verdict
from kiosk.record import dates
from kiosk.record.checkin import CheckIn
from kiosk.record.consent import ConsentState
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import EligibilityResult, Source, Validity
from kiosk.staff.commands import CommandState


@dataclass(frozen=True, repr=False)
class Mark:
    """One consent: the character, how it looks, what a pointer or a screen reader tells."""

    character: str
    state: str
    title: str


@dataclass(frozen=True, repr=False, kw_only=True)
class RowView:
    """A row of the list. Texts are empty where there is nothing to say."""

    checkin_id: str
    receipt: int
    state: RowState
    taken_by: str
    queue_number: str
    kana: str
    kanji: str
    gaiji: bool
    others: tuple[str, ...]
    born: str
    born_iso: str
    age: str
    sex: str
    validity: Validity
    verdict: Verdict
    tone: Tone
    insurer_number: str
    insurer_name: str
    insured: str
    branch: str
    family: str
    copay: str
    limit: str
    tags: tuple[str, ...]
    marks: tuple[Mark, ...]
    by_number: bool
    """番号照会: the answer says whether the insurance is valid, and consents to view anything are not asked with it."""
    method: str
    kiosk: str
    time: str
    came: str
    simulated: bool
    complete: bool


@dataclass(frozen=True)
class HelpView:
    """A card of the trouble lane: nobody is named in it."""

    help_id: str
    reason: str
    sentence: str
    kiosk: str
    next_step: str
    time: str
    offer_at: str = ""
    """The kiosk whose patient may be checked by sight with one click, where that is what helps."""
    visit_id: str = ""


@dataclass(frozen=True, kw_only=True)
class KioskView:
    """A kiosk of the strip. `action`: what its buttons offer (grant, waiting, decide, sent, theirs or none)."""

    kiosk_id: str
    name: str
    stage: str
    words: str
    tone: str
    silent: bool
    heard_ago: float
    silent_after: float
    unsent: str
    visit_id: str
    action: str
    grant_id: str
    grantor: str
    seconds_left: float
    note: str
    mode: str
    """What its button of the mode does: `pause`, `resume`, or "" where the kiosk would not hear it."""
    restart: bool
    """Whether it can be asked to start again."""


HELPED_BY_SIGHT = frozenset({HelpReason.FACE_FAILED, HelpReason.PIN_LOCKED})
"""Calls that the visual check is the answer to."""


def row_view(row: Row, staff: tuple[StaffMember, ...], now: datetime) -> RowView:
    """The row as the board shows it; `now` gives ages and whether its time needs a day."""
    checkin = row.checkin
    eligibility = row.eligibility
    # An answer without a result (nobody found) leaves what the card itself told.
    results = eligibility.results or checkin.eligibility.results
    person = shown_first(results)
    today = dates.japanese_day(now)
    born = person.birth_date
    verdict = words.VERDICTS[eligibility.validity] if checkin.card is not None else words.NO_CARD_VERDICT
    if eligibility.validity is Validity.MULTIPLE and eligibility.results:
        verdict = replace(verdict, reason=f"{verdict.reason}（{len(eligibility.results)}件）")
    return RowView(
        checkin_id=checkin.checkin_id,
        receipt=row.receipt,
        state=row.state,
        taken_by=_name(row.taken_by, staff),
        queue_number=checkin.queue_number or "",
        kana=kana(person),
        kanji=person.name or "",
        gaiji=any("●" in (text or "") for text in (person.name, person.name_other, person.address)),
        others=tuple(kana(other) or other.name or "" for other in results if not _same_person(other, person)),
        born="" if born is None else words.japanese_date(born),
        born_iso="" if born is None else born.isoformat(),
        age="" if born is None else f"{words.age(born, today)}歳",
        sex="" if person.sex is None else words.SEXES[person.sex],
        validity=eligibility.validity,
        verdict=verdict,
        tone=verdict.tone,
        insurer_number=person.insurer_number or "",
        insurer_name=person.insurer_name or "",
        insured="・".join(text for text in (person.insured_symbol, person.insured_number) if text),
        branch=person.insured_branch or "",
        family=words.INSURED_OR_FAMILY.get(person.insured_or_family or "", ""),
        copay=copay(person),
        limit="" if person.limit_category is None else words.LIMITS.get(person.limit_category, person.limit_category),
        tags=_tags(row, eligibility.validity, results),
        marks=_marks(checkin, now),
        by_number=eligibility.source is Source.NUMBER_LOOKUP,
        method=words.NO_CARD if checkin.identity is None else words.METHODS[checkin.identity.method],
        kiosk=words.kiosk_name(checkin.kiosk_id),
        time=clock(checkin.confirmed_at, now),
        came=f"受付機 {clock(checkin.confirmed_at, now)}、受付に届いた時刻 {clock(row.received_at, now)}",
        simulated=checkin.simulated or (row.later is not None and row.later.simulated),
        complete=checkin.complete,
    )


def help_view(row: HelpRow, now: datetime) -> HelpView:
    """The call as the trouble lane shows it."""
    reason = row.call.reason
    stage = words.STOPPED_AT.get(row.call.stage) if reason is HelpReason.STOPPED else None
    return HelpView(
        help_id=row.call.help_id,
        reason=reason.value,
        sentence=words.HELP[reason] + (f"（{stage}）" if stage else ""),
        kiosk=words.kiosk_name(row.call.kiosk_id),
        next_step=words.HELP_NEXT[reason],
        time=clock(row.received_at, now),
        offer_at=row.call.kiosk_id if reason in HELPED_BY_SIGHT and row.call.visit_id is not None else "",
        visit_id=row.call.visit_id or "",
    )


def kiosk_view(
    row: KioskRow,
    grant: Grant | None,
    asked: Asked | None,
    me: str | None,
    staff: tuple[StaffMember, ...],
    now: datetime,
) -> KioskView:
    """The kiosk as the strip shows it to `me`; `grant` is the last one for its present visit, `asked` of the kiosk itself."""
    beat = row.beat
    silent = row.silent(now)
    resting = beat.service != "open" and (beat.service not in _GOES_ON or beat.visit_id is None)
    action = "none" if silent or resting else _action(row, grant, me, now)
    running = action in ("waiting", "decide", "sent", "theirs")
    awaited = grant if running else asked
    return KioskView(
        kiosk_id=beat.kiosk_id,
        name=words.kiosk_name(beat.kiosk_id),
        stage=beat.stage,
        words=words.RESTING.get(beat.service, "休止中") if resting else words.STAGES.get(beat.stage, "動作中"),
        tone="closed" if resting else "busy" if beat.visit_id is not None else "idle",
        silent=silent,
        heard_ago=max(0.0, (now - row.heard_at).total_seconds()),
        silent_after=SILENT_AFTER.total_seconds(),
        unsent=_unsent(row),
        visit_id=beat.visit_id or "",
        action=action,
        grant_id=grant.command.id if grant is not None and running else "",
        grantor=_name(grant.command.issued_by, staff) if grant is not None and running else "",
        seconds_left=max(0.0, (awaited.command.expires_at - now).total_seconds()) if awaited is not None else 0.0,
        note=(_note(grant, now) if action == "grant" else "") or _mode_note(row, asked, now),
        mode="" if silent else _MODES.get(beat.service, ""),
        restart=not silent and beat.service != "restarting",
    )


_MODES = {"open": "pause", "paused": "resume"}
_GOES_ON = ("paused", "restarting")
"""Services in which a visit that runs goes on to its end."""


def _action(row: KioskRow, grant: Grant | None, me: str | None, now: datetime) -> str:
    if grant is not None and grant.waiting(now) and row.beat.stage in visual.BEFORE_CONFIRMATION:
        return "waiting"
    if grant is not None and grant.comparing(row, now):
        if grant.command.issued_by != me:
            return "theirs"
        return "sent" if grant.decision is not None and grant.decided is None else "decide"
    if row.beat.visit_id is not None and row.beat.stage in visual.BEFORE_CONFIRMATION:
        return "grant"
    return "none"


def _note(grant: Grant | None, now: datetime) -> str:
    if grant is None:
        return ""
    if grant.state is CommandState.NO_PHOTO:
        return "写真のないカードです。目視では確認できません"
    if grant.state is CommandState.NOT_POSSIBLE:
        return "この方は目視確認に切り替えられませんでした"
    if grant.decided is CommandState.REFUSED:
        return "本人ではないと確認しました"
    if grant.state is None and now >= grant.command.expires_at:
        return words.NO_ANSWER
    return ""


def _mode_note(row: KioskRow, asked: Asked | None, now: datetime) -> str:
    """How far the kiosk has come with what was asked of it."""
    if row.beat.service == "restarting" and row.beat.visit_id is not None:
        return words.AFTER_THIS_VISIT
    if asked is None or asked.old(now):
        return ""
    if asked.state is CommandState.NOT_POSSIBLE:
        return words.NOT_RESTARTED
    if asked.state is not None:
        return ""
    return words.SENT_TO_KIOSK if asked.waiting(now) else words.NO_ANSWER


def _unsent(row: KioskRow) -> str:
    if row.beat.parked:
        return f"届かなかった受付 {row.beat.parked}件"
    if row.beat.pending and row.beat.oldest_age > 60:
        return f"未送信 {row.beat.pending}件"
    return ""


def _name(staff_id: str | None, staff: tuple[StaffMember, ...]) -> str:
    return next((member.name for member in staff if member.id == staff_id), staff_id or "")


def kana(person: EligibilityResult) -> str:
    """氏名カナ to read. The centre sends half-width kana (domain/oqs-interface.md 2.3, element 10): NFKC makes it readable."""
    return " ".join(unicodedata.normalize("NFKC", person.name_kana or "").split())


def copay(person: EligibilityResult) -> str:
    """負担割合: 3割."""
    if person.copay_ratio is None:
        return ""
    tenths, rest = divmod(person.copay_ratio, 10)
    return f"{tenths}割" if rest == 0 else f"{person.copay_ratio}%"


def shown_first(results: tuple[EligibilityResult, ...]) -> EligibilityResult:
    """The insurance where medical assistance stands beside it: its symbol, number and share are what the desk types."""
    insured = [result for result in results if result.card_class != words.MEDICAL_ASSISTANCE]
    return next(iter((*insured, *results)), EligibilityResult())


def _same_person(one: EligibilityResult, other: EligibilityResult) -> bool:
    """Insurance and medical assistance come as two results of one person; twins share a birth date only."""
    return (kana(one), one.birth_date) == (kana(other), other.birth_date)


def _tags(row: Row, validity: Validity, results: tuple[EligibilityResult, ...]) -> tuple[str, ...]:
    checkin = row.checkin
    classes = dict.fromkeys(result.card_class for result in results)
    tags = [words.UNVOUCHED] if row.unvouched else []
    tags += [words.CARD_CLASSES[each] for each in classes if each in words.CARD_CLASSES]
    if any(result.preschool for result in results):
        tags.append("未就学")
    if any(result.specific_disease for result in results):
        tags.append("特定疾病")
    tags += [
        words.NOTICES[card.notice] for card in (checkin.card,) if card is not None and card.notice in words.NOTICES
    ]
    tags += [words.PRESCRIPTIONS[wish] for wish in (checkin.prescription,) if wish in words.PRESCRIPTIONS]
    if validity in (Validity.INVALID, Validity.NOT_FOUND):
        tags.append("電子処方箋は不可")
    return tuple(tags)


def _marks(checkin: CheckIn, now: datetime) -> tuple[Mark, ...]:
    marks = []
    for item, character, name in words.CONSENT_MARKS:
        consent = checkin.consents[item]
        title = f"{name}：{words.CONSENT_STATES[consent.state]}"
        state = consent.state
        if consent.until is not None and now < consent.until:
            title += f"（{clock(consent.until, now)} まで閲覧できます）"
        elif consent.until is not None:
            # Past its 24 hours a consent is none (domain/oqs-interface.md section 8, "Consequences", 3).
            title, state = f"{name}：同意の期限切れ（{clock(consent.until, now)} まで）", ConsentState.NOT_ASKED
        marks.append(Mark(character, state.value, title))
    return tuple(marks)


def clock(at: datetime, now: datetime) -> str:
    """The time in Japan; with its day where that is not today."""
    local = at.astimezone(dates.JST)
    clock = f"{local.hour}:{local:%M}"
    return clock if local.date() == dates.japanese_day(now) else f"{local.month}/{local.day} {clock}"
