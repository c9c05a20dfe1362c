"""`POST /k/v1/lookup`: a patient known by a card is asked for by number; nobody else is, and nothing else goes out."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiosk import settings
from kiosk.errors import SettingsError
from kiosk.reception.settings import ReceptionSettings
from kiosk.record import checkin as contract
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Source, Validity
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
CARD = "cd" * 32

YAML = """
site: test
clinic: みほん内科クリニック
database: reception.db
key_file: reception.key
kiosk_door: {host: 127.0.0.1, port: 0}
staff_door: {host: 127.0.0.1, port: 0}
terminal:
  req: oqs/req
  res: oqs/res
  institution_code: "1319999996"
  test: true
"""


def asked(**changes: Any) -> dict[str, Any]:
    return {"visit_id": ids.new_visit_id(), "fingerprint": CARD, "limit_consent": False} | changes


async def look_up(desk: Any, **changes: Any) -> Any:
    return await desk.at_kiosk_door.post("/k/v1/lookup", json=asked(**changes), headers={"x-kiosk-id": "a"})


async def test_a_known_card_is_answered_by_number(open_desk: OpenDesk, patient_at: Build, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        assert (await desk.post(patient_at(desk.clock.now))).status_code == 201
        visit = ids.new_visit_id()
        answer = await look_up(desk, visit_id=visit, limit_consent=True)
        assert answer.status_code == 200
        told = answer.json()
        assert told["simulated"] is True
        eligibility = contract.eligibility_from_json(told["eligibility"])
        assert (eligibility.source, eligibility.validity) == (Source.NUMBER_LOOKUP, Validity.VALID)
        assert (eligibility.results[0].insured_number, eligibility.results[0].copay_ratio) == ("67", 30)
        assert eligibility.results[0].birth_date == date(1980, 2, 17)
        assert eligibility.results[0].limit_category is not None
        assert desk.audit() == [("a", "look_up")]


async def test_the_limit_is_looked_up_with_consent_only(open_desk: OpenDesk, patient_at: Build, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await desk.post(patient_at(desk.clock.now))
        results = (await look_up(desk)).json()["eligibility"]["results"]
        assert "limit_category" not in results[0]


async def test_a_card_that_nobody_knows_leads_to_no_question(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, with_validity: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        now = desk.clock.now
        no_use = [
            unanswered(patient_at(now)),
            with_validity(patient_at(now), Validity.INVALID),
            with_validity(patient_at(now), Validity.VALID, ()),
            patient_at(now, birth_date=None),
            patient_at(now, insured_number=None),
            patient_at(now, insurer_number="01139998"),
            replace(patient_at(now), simulated=False),
            patient_at(now, card="ef" * 32),
        ]
        for checkin in no_use:
            assert (await desk.post(checkin)).status_code == 201
        before = terminal.tell()["taken"]
        answer = await look_up(desk)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_known")
        assert answer.headers["content-type"] == "application/problem+json"
        assert terminal.tell()["taken"] == before
        assert {action for _, action in desk.audit()} <= {"row_came_again"}, (
            "the card was here before, and nobody asked"
        )


async def test_the_newest_valid_answer_tells_who_it_is(
    open_desk: OpenDesk, patient_at: Build, with_validity: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        now = desk.clock.now
        await desk.post(patient_at(now, insured_number="68"))
        await desk.post(patient_at(now))
        await desk.post(with_validity(patient_at(now, insured_number="69"), Validity.INVALID))
        assert (await look_up(desk)).json()["eligibility"]["validity"] == "valid"
        await desk.post(patient_at(now, insured_number="68"))
        assert (await look_up(desk)).json()["eligibility"]["validity"] == "invalid"


async def test_the_insurance_is_asked_about_and_not_the_assistance_beside_it(
    open_desk: OpenDesk, patient_at: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        checkin = patient_at(desk.clock.now)
        insurance = checkin.eligibility.results[0]
        assistance = replace(insurance, card_class="A1", insurer_number="12139994", insured_number="1000017")
        both = replace(checkin.eligibility, results=(assistance, insurance))
        await desk.post(replace(checkin, eligibility=both))
        answer = (await look_up(desk)).json()
        assert answer["eligibility"]["results"][0]["insured_number"] == "67"


async def test_without_a_terminal_it_says_so(open_desk: OpenDesk, patient_at: Build) -> None:
    async with open_desk() as desk:
        await desk.post(patient_at(desk.clock.now))
        answer = await look_up(desk)
        assert (answer.status_code, answer.json()["code"]) == (503, "no_terminal")


@ON_SQLITE_ONLY  # what is told depends on the terminal alone
@pytest.mark.parametrize(
    ("manner", "code"),
    [
        ("never", "no_answer"),
        ("idle", "no_answer"),
        ("maintenance", "no_answer"),
        ("person_error", "not_usable"),
        ("other_patient", "not_usable"),
        ("other_name", "not_usable"),
        ("portal", "not_usable"),
        ("yesterday", "not_usable"),
    ],
)
async def test_no_answer_is_no_answer_and_says_whether_the_system_failed_or_this_question(
    open_desk: OpenDesk, patient_at: Build, terminal: Any, manner: str, code: str
) -> None:
    terminal.tell(manner=manner)
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.6)) as desk:
        await desk.post(patient_at(desk.clock.now))
        answer = await look_up(desk)
        assert (answer.status_code, answer.json()["code"]) == (504, code)
        assert "67" not in answer.text
        assert desk.audit() == [("a", "look_up")]


async def test_a_share_that_is_not_there_is_no_answer(open_desk: OpenDesk, patient_at: Build, terminal: Any) -> None:
    gone = terminal.settings(req=terminal.folder / "gone", timeout_seconds=0.6)
    async with open_desk(terminal=gone) as desk:
        await desk.post(patient_at(desk.clock.now))
        answer = await look_up(desk)
        assert (answer.status_code, answer.json()["code"]) == (504, "no_answer")
        assert str(terminal.folder) not in answer.text


@ON_SQLITE_ONLY  # it is refused before the database is asked
@pytest.mark.parametrize(
    "wrong",
    [
        {"visit_id": "12"},
        {"visit_id": None},
        {"fingerprint": "AB" * 32},
        {"fingerprint": "ab" * 31},
        {"fingerprint": 5},
        {"limit_consent": "true"},
        {"limit_consent": 1},
        {"limit_consent": None},
    ],
)
async def test_a_body_that_is_not_as_agreed_is_refused(open_desk: OpenDesk, wrong: dict[str, Any]) -> None:
    async with open_desk() as desk:
        answer = await look_up(desk, **wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, "record")


async def test_who_asks_must_be_said_and_the_body_be_json(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        door = desk.at_kiosk_door
        assert (await door.post("/k/v1/lookup", json=asked())).json()["code"] == "headers"
        answer = await door.post("/k/v1/lookup", content=b"{", headers={"x-kiosk-id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
        answer = await door.post("/k/v1/lookup", json=[asked()], headers={"x-kiosk-id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (422, "record")


async def test_the_doors_go_on_while_the_terminal_is_slow(
    open_desk: OpenDesk, patient_at: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await desk.post(patient_at(desk.clock.now))
        terminal.tell(delay_seconds=1.0)
        waiting = asyncio.create_task(look_up(desk))
        slowest = 0.0
        while not waiting.done():
            began = time.monotonic()
            assert (await desk.at_kiosk_door.get("/k/v1/key", headers={"x-kiosk-id": "a"})).status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            await asyncio.wait([waiting], timeout=0.02)
        assert (await waiting).status_code == 200
        assert slowest < 0.5


async def test_a_look_up_says_nothing_of_a_patient_in_the_journal(
    open_desk: OpenDesk, patient_at: Build, terminal: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "kiosk")
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.6)) as desk:
        await desk.post(patient_at(desk.clock.now))
        assert (await look_up(desk)).status_code == 200
        terminal.tell(manner="never")
        assert (await look_up(desk)).status_code == 504
    said = " ".join(f"{record.getMessage()} {json.dumps(vars(record), default=str)}" for record in caplog.records)
    assert "looked_up" in said
    assert "look_up_failed" in said
    for secret in ("01139997", "12340005", "ｼｹﾝ", "試験", "1980", CARD):
        assert secret not in said


def test_a_simulated_terminal_belongs_to_a_test_site(tmp_path: Path) -> None:
    file = tmp_path / "reception.yaml"
    file.write_text(YAML, encoding="utf-8")
    read = settings.read(file, ReceptionSettings)
    assert read.terminal is not None
    assert (read.terminal.req, read.terminal.test) == (tmp_path / "oqs/req", True)
    file.write_text(YAML.replace("site: test", "site: live"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"terminal\.test: a simulated terminal belongs to site: test only"):
        settings.read(file, ReceptionSettings)
    file.write_text(YAML.replace("oqs/res", "oqs/req"), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"terminal\.res: req, res and face must be different"):
        settings.read(file, ReceptionSettings)
