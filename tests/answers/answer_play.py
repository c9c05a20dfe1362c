"""Plays one line of the table of answers: message in; stage, words, row and result file out. Decides nothing itself.

The message is what the simulated centre writes; the interface's own reader reads it; the heart, the screens, the board's
view and the result file are the real ones. How an answer comes over the line is told elsewhere (tests/eligibility).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from kiosk.eligibility.oqs import consumers, from_xml, hand_off
from kiosk.eligibility.oqs.errors import OqsError
from kiosk.eligibility.oqs.qualification import QualificationResponse
from kiosk.eligibility.oqs.reading import read_result
from kiosk.reception.checkins import Row
from kiosk.reception.row_moves import RowState
from kiosk.reception.view import RowView, row_view
from kiosk.record.checkin import CheckIn
from kiosk.record.dates import Notice
from kiosk.record.eligibility import EligibilityAnswer, Source
from kiosk.record.identity import PinProof
from kiosk.record.ids import QueueNumber, new_visit_id
from kiosk.simulation import oqs_writer
from kiosk.simulation.answers import ANSWERS
from kiosk.simulation.patients import Patient
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.endings import stage_word
from kiosk.visit.profiles import Facility, Profile, looked_up, profile_of
from kiosk.visit.stage import CheckedIn
from screens import build
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, CHALLENGE, MORNING, Story

CLINIC = "1319999996"
AT = MORNING
NOTICES = {Notice.EXPIRING: oqs_writer.EXPIRING_NOTICE, Notice.GRACE: oqs_writer.GRACE_NOTICE}
MARKS = {"given": "○", "refused": "×", "not_asked": "－"}


@dataclass(frozen=True, kw_only=True)
class Code:
    """A code put into the message: the text of `element`, which stands in (or is added to) the first `inside`."""

    element: str
    text: str
    inside: str = "ResultOfQualificationConfirmation"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table. What is expected is written from the documents; `rule` says from which.

    Given: `answer` is the simulated centre's by its name, `patient` changes who is asked for, `codes` stand in the message
    besides; or `comes` instead of an answer ("nothing", "refused", "late"). `site`: the flow, the facility, where consents
    are given, whether the prescription's form is asked, and whether eligibility is looked up by number.
    `before` and `does`: what the patient taps before the question and after the answer ("silence": 81 s of it).

    Expected: the `stage` the answer leads to, what its screen `asks`; what the patient is told in between once the check-in is
    recorded (`notices`, P14, which is understood with a tap); what the last screen `says`; cells of the board's
    `row` and elements of the result `file`, None for no row and no file; `desk`: the calls that ring at the desk.
    """

    name: str
    rule: str
    answer: str = "valid"
    patient: Mapping[str, Any] = field(default_factory=dict)
    codes: tuple[Code, ...] = ()
    comes: str = "answer"
    flow: str = "flow_2025_03"
    facility: str = "clinic"
    on_screen: bool = True
    prescription: bool = False
    by_number: bool = False
    ends: date = date(2029, 4, 1)
    card_born: date | None = None
    before: tuple[str, ...] = ()
    does: tuple[str, ...] = ()

    stage: str
    asks: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    says: tuple[str, ...]
    row: Mapping[str, object] | None
    file: Mapping[str, str | None] | None
    desk: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def profile(self) -> Profile:
        """The site."""
        flow = profile_of(self.flow, Facility(self.facility), on_screen=self.on_screen, prescription=self.prescription)
        return looked_up(flow) if self.by_number else flow


@dataclass(frozen=True, kw_only=True)
class Played:
    """What became of it."""

    stage: str
    asks: str
    notices: str
    says: str
    checkin: CheckIn | None
    row: RowView | None
    file: ET.Element | None
    desk: tuple[str, ...]


def message(line: Line) -> str:
    """What the simulated centre writes for this line."""
    patient = ANSWERS[line.answer].of(replace(Patient(), **line.patient))
    notice = _notice(line)
    written = oqs_writer.result_message(patient, AT, NOTICES.get(notice) if notice else None)
    if not line.codes:
        return written
    root = ET.fromstring(written.encode())  # noqa: S314 (what was written a moment ago)
    for code in line.codes:
        parent = next(root.iter(code.inside), None)
        if parent is None:
            (result,) = root.iter("ResultOfQualificationConfirmation")
            parent = ET.SubElement(result, code.inside)
        found = parent.find(code.element)
        element = ET.SubElement(parent, code.element) if found is None else found
        element.text = code.text
    return ET.tostring(root, encoding="unicode")


def response(line: Line) -> QualificationResponse:
    """The same as the model of the interface."""
    return from_xml.read(message(line), QualificationResponse)


def _notice(line: Line) -> Notice | None:
    """What a centre says of a certificate with this last day, as the document has it (flow-and-rules 2.6)."""
    days = (line.ends - AT.date()).days
    return Notice.GRACE if days < 0 else Notice.EXPIRING if days < 92 else Notice.NONE


def play(line: Line, ui: Ui) -> Played:
    """The whole visit, from the card to the row."""
    visit_id = new_visit_id()
    story = Story(told.appliance(profile=line.profile)).happens(ev.CardPlaced(visit_id))
    ends = datetime.combine(line.ends, datetime.min.time(), UTC)
    story.happens(told.card_read(story, not_after=ends))
    _confirmed(story, line)
    for action in line.before:
        _act(story, action)
    story.happens(ev.SessionOpened(story.asked(fx.OpenSession), CHALLENGE))
    if story.wanted(fx.SignChallenge):
        story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(CERTIFICATE, bytes(256))))
    _comes(story, line)
    stage, asks = _shown(story, ui)
    _unread(story)
    for action in line.does:
        _act(story, action)
        _answer_register(story, line)
    _conclude(story)
    if story.wanted(fx.Commit):
        story.happens(ev.Committed(story.asked(fx.Commit), QueueNumber("A012")))
        story.happens(ev.Delivered(visit_id))
    _, notices = _shown(story, ui)
    if line.notices:
        story.happens(ev.Tapped("understood"))
    _, says = _shown(story, ui)
    checkin = _checkin(story)
    return Played(
        stage=stage,
        asks=asks,
        notices=notices,
        says=says,
        checkin=checkin,
        row=None if checkin is None else _row(checkin),
        file=None if checkin is None else _file(checkin),
        desk=tuple(call.reason.value for call in story.effects if isinstance(call, fx.CallDesk)),
    )


def _confirmed(story: Story, line: Line) -> None:
    """By the PIN; by the face where the card's birth date shall be known."""
    if line.card_born is None:
        story.happens(ev.Tapped("choose_pin"), *[ev.DigitTyped()] * 4)
        story.happens(ev.PinRight(story.asked(fx.VerifyPin)))
        return
    story.happens(ev.Tapped("choose_face"))
    story.happens(ev.PhotoSent(story.asked(fx.SendPhoto), None, line.card_born))
    story.happens(ev.FaceMatched(story.asked(fx.LookAtFace), simulated=True))


def _comes(story: Story, line: Line) -> None:
    ask = story.asked(fx.VerifyIdentity)
    match line.comes:
        case "nothing":
            story.happens(ev.NotAnswered(ask))
        case "refused":
            story.happens(ev.ProofRefused(ask))
        case "late":
            story.passes(21)
        case "unregistered":
            story.happens(ev.Answered(ask, told.unregistered()))
        case _:
            answer = _answer(line)
            story.happens(ev.NotAnswered(ask) if answer is None else ev.Answered(ask, answer))


def _answer(line: Line) -> EligibilityAnswer | None:
    """The answer in the house's words; None where the interface's reader finds none in it."""
    try:
        result = read_result(message(line))
    except OqsError:
        return None
    return EligibilityAnswer(
        session=CHALLENGE.session,
        fingerprint=CERTIFICATE.fingerprint,
        source=Source.NUMBER_LOOKUP if line.by_number else Source.CENTRE,
        validity=result.validity,
        answered_at=result.processed_at,
        simulated=True,
        results=result.results,
        certificate_notice=None if line.by_number else _notice(line),
    )


def _answer_register(story: Story, line: Line) -> None:
    if story.wanted(fx.Register) and story.last == (story.wanted(fx.Register)[-1],):
        answer = _answer(line)
        assert answer is not None
        story.happens(ev.Answered(story.asked(fx.Register), answer))


def _act(story: Story, action: str) -> None:
    match action:
        case "silence":
            story.passes(81)
        case "pulled":
            story.happens(ev.CardRemoved()).passes(11)
        case _:
            story.happens(ev.Tapped(action))
    _unread(story)


def _unread(story: Story) -> None:
    """Where the card is asked who its holder is, it does not say: whoever came is then known by the number."""
    if story.last and isinstance(story.last[-1], fx.ReadHolder):
        story.happens(ev.HolderUnread(story.asked(fx.ReadHolder)))


def _conclude(story: Story) -> None:
    for effect in story.wanted(fx.Conclude):
        assert isinstance(effect, fx.Conclude)
        story.happens(ev.Concluded(effect.ask, told.recorded(effect.agreed, effect.refused)))


def _shown(story: Story, ui: Ui) -> tuple[str, str]:
    """The stage's word, and all that its screen says."""
    visit = story.now.visit
    widgets = build(story.now, replace(ui, now=story.now.mono))
    said = " ".join(widget.text for widget in widgets if isinstance(widget, Label | Button))
    return stage_word(visit.stage if visit else None), said.replace("\n", "")


def _checkin(story: Story) -> CheckIn | None:
    stage = story.now.visit.stage if story.now.visit else None
    if isinstance(stage, CheckedIn):
        return stage.checkin
    commits = [effect for effect in story.effects if isinstance(effect, fx.Commit)]
    return commits[-1].checkin.numbered(QueueNumber("A012")) if commits else None


def _row(checkin: CheckIn) -> RowView:
    now = checkin.confirmed_at + timedelta(seconds=1)
    return row_view(Row(1, checkin, b"", now, RowState.OPEN, None), (), now)


def cells(row: RowView) -> dict[str, object]:
    """The row as the table names its cells."""
    return {
        "word": row.verdict.word,
        "reason": row.verdict.reason,
        "next": row.verdict.next_step,
        "kana": row.kana,
        "name": row.kanji,
        "gaiji": row.gaiji,
        "others": row.others,
        "born": row.born,
        "age": row.age,
        "sex": row.sex,
        "insurer": row.insurer_number,
        "payer": row.insurer_name,
        "insured": row.insured,
        "branch": row.branch,
        "family": row.family,
        "share": row.copay,
        "limit": row.limit,
        "tags": row.tags,
        "marks": "".join(MARKS[mark.state] for mark in row.marks),
        "by_number": row.by_number,
        "complete": row.complete,
        "method": row.method,
    }


def _file(checkin: CheckIn) -> ET.Element | None:
    model = hand_off.result_file(checkin, checkin.eligibility, CLINIC)
    if model is None:
        return None
    return ET.fromstring(consumers.write_for(consumers.PLAIN, model))  # noqa: S314 (what was written a moment ago)


def elements(file: ET.Element) -> Iterator[tuple[str, str]]:
    """Every element with a text, in the order of the file."""
    for element in file.iter():
        if element.text and element.text.strip():
            yield element.tag, element.text
