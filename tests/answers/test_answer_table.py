"""Answer x site -> stage, words on the screen, row of the board, result file. The table stands in `answer_lines`."""

from __future__ import annotations

import dataclasses
import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from collections.abc import Iterator
from typing import Final

import pytest

from kiosk.eligibility.oqs import codes
from kiosk.record.consent import ConsentState
from kiosk.record.dates import Notice
from kiosk.record.eligibility import Validity
from kiosk.simulation.answers import ANSWERS
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.visit.profiles import PROFILES, Facility, Limit
from tests.answers.answer_lines import LINES
from tests.answers.answer_play import Line, Played, cells, elements, play, response

IN_NO_ANSWER: Final = {
    codes.MedicalTreatment: "requests for medical information",
    codes.Display: "requests for medical information",
    codes.MedicationFile: "requests for medical information",
    codes.CheckupFile: "requests for medical information",
    codes.Revocation: "withdrawn consents of home visits",
    codes.ConsentGroup: "names of groups, not a value of an element here",
    codes.PrescriptionUse: "the terminal's own settings",
    codes.PictureFormat: "the terminal's own settings",
    codes.EmergencyData: "emergency viewing",
    codes.AuthenticationFactor: "log-in at the terminal",
    codes.MemoryMeans: "log-in at the terminal",
    codes.BiometricMeans: "log-in at the terminal",
    codes.PossessionMeans: "log-in at the terminal",
    codes.LinkedSystem: "other systems' look-ups",
}
"""Tables of the interface that no eligibility answer carries, and where they belong."""

NEVER_ON_A_SCREEN: Final = ("無効", "有効", "該当", "喪失", "医療券", "福祉", "資格", "照会", "試験", "花子", "シケン")
"""F 6.2: no eligibility failure reason and no name on the patient's screen."""


@pytest.fixture(scope="module")
def ui() -> Ui:
    return Ui(Panel(1280, 800, 10.1), Catalogue.load("ja"), Lettering())


@pytest.mark.parametrize("line", LINES, ids=str)
def test_every_answer_leads_to_its_stage_words_row_and_file(line: Line, ui: Ui) -> None:
    played = play(line, ui)

    assert played.stage == line.stage
    for words in line.asks:
        assert words in played.asks
    for words in line.notices:
        assert words in played.notices
    for words in line.says:
        assert words in played.says
    assert played.desk == line.desk
    _judge_row(line, played)
    _judge_file(line, played)


def _judge_row(line: Line, played: Played) -> None:
    if line.row is None:
        assert played.row is None
        return
    assert played.row is not None
    shown = cells(played.row)
    assert {name: shown[name] for name in line.row} == dict(line.row)


def _judge_file(line: Line, played: Played) -> None:
    if line.file is None:
        assert played.file is None
        return
    assert played.file is not None
    told = dict(reversed(list(elements(played.file))))
    assert {tag: told.get(tag) for tag in line.file} == dict(line.file)


@pytest.mark.parametrize("line", LINES, ids=str)
def test_no_reason_and_no_name_stands_on_the_patients_screen(line: Line, ui: Ui) -> None:
    played = play(line, ui)

    for word in NEVER_ON_A_SCREEN:
        assert word not in played.says, word
        assert word not in played.asks, word


@pytest.mark.parametrize("line", LINES, ids=str)
def test_nobody_waits_to_be_called_whom_the_desk_must_see(line: Line, ui: Ui) -> None:
    """Only a valid insurance, and all said, is told to wait; every other row tells the desk a next step."""
    played = play(line, ui)

    told_to_wait = "受付に届きました" in played.says
    row = played.row
    assert told_to_wait == (row is not None and row.validity is Validity.VALID and row.complete)
    if row is not None and row.validity is not Validity.VALID:
        assert row.verdict.next_step


# -- the table is whole ----------------------------------------------------------------------------------------------


def test_every_line_has_a_name_of_its_own() -> None:
    assert len({line.name for line in LINES}) == len(LINES)


def test_every_code_that_an_answer_can_carry_has_a_line() -> None:
    tables = [getattr(codes, name) for name in codes.__all__]
    wanted = {
        member
        for table in tables
        if isinstance(table, type) and issubclass(table, codes.Code) and table not in (codes.Code, *IN_NO_ANSWER)
        for member in table
    }
    carried = {(type(code), code) for line in LINES for code in _codes(response(line))}

    assert {(type(code).__name__, code.name) for code in wanted if (type(code), code) not in carried} == set()


def _codes(model: object) -> Iterator[codes.Code]:
    if isinstance(model, codes.Code):
        yield model
    elif isinstance(model, tuple):
        for each in model:
            yield from _codes(each)
    elif dataclasses.is_dataclass(model):
        for field in dataclasses.fields(model):
            yield from _codes(getattr(model, field.name))


def test_every_answer_of_the_simulated_centre_has_a_line() -> None:
    by_card_kind = {"preschool", "elderly", "late_elderly"}
    """Written out in lines of their own: who they are is their card's (`kiosk.simulation.card_patients`)."""

    assert set(ANSWERS) - {line.answer for line in LINES} == by_card_kind


def test_every_validity_notice_flow_facility_and_way_of_the_limit_has_a_line(ui: Ui) -> None:
    played = [play(line, ui) for line in LINES]

    assert {one.row.validity for one in played if one.row} == set(Validity)
    assert {one.checkin.card.notice for one in played if one.checkin and one.checkin.card} == set(Notice) - {
        Notice.BEYOND
    }
    assert {line.flow for line in LINES} == set(PROFILES)
    assert {line.facility for line in LINES} == {facility.value for facility in Facility}
    assert {line.profile.limit for line in LINES} == set(Limit)
    assert {line.prescription for line in LINES} == {line.on_screen for line in LINES} == {True, False}


def test_every_consent_state_has_a_line(ui: Ui) -> None:
    played = [play(line, ui) for line in LINES]
    states = {consent.state for one in played if one.checkin for consent in one.checkin.consents.values()}

    assert states == set(ConsentState)


@pytest.mark.parametrize(
    "document",
    [
        "マイナポータル",
        "資格情報のお知らせ",
        "申立書",
        "資格確認書",
        "新しい保険",
        "福祉事務所",
        "お名前を伺い",
        "照会し直す",
    ],
)
def test_every_fallback_of_the_documents_stands_in_a_row(document: str) -> None:
    """F 3.5: what stands in for a card that did not do, and what staff do."""
    assert [line for line in LINES if line.row is not None and document in str(line.row.get("next", ""))]
