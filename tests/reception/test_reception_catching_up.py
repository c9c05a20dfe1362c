"""Answers that come later: who is asked for, how patiently, and that the first message stays as it came."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk.reception import catching_up
from kiosk.reception.catching_up import CatchingUp
from kiosk.reception.errors import StoreError
from kiosk.record import checkin as contract
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import EligibilityResult

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


@contextlib.asynccontextmanager
async def asking(desk: Any, first_pause: float = 0.05) -> AsyncIterator[CatchingUp]:
    """The task of this desk, running."""
    task = CatchingUp(desk.desk, first_pause)
    running = asyncio.create_task(task.run())
    try:
        yield task
    finally:
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()


async def row_of(desk: Any, checkin: CheckIn) -> dict[str, Any]:
    told: dict[str, Any] = (await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}")).json()
    return told


async def until_joined(desk: Any, checkin: CheckIn, seconds: float = 10.0) -> dict[str, Any]:
    """The row, once its answer has come."""
    end = time.monotonic() + seconds
    while (row := await row_of(desk, checkin))["later"] is None:
        assert time.monotonic() < end, "no answer joined the row in time"
        await asyncio.sleep(0.01)
    return row


async def until_asked(desk: Any, times: int, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while desk.audit().count(("reception", "look_up")) < times:
        assert time.monotonic() < end, "it was not asked often enough in time"
        await asyncio.sleep(0.01)


async def test_an_unconfirmed_arrival_of_a_known_card_gets_its_answer(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        first = patient_at(desk.clock.now)
        await desk.post(first)
        late = unanswered(patient_at(desk.clock.now, "A002"))
        await desk.post(late)
        row = await until_joined(desk, late)
        assert row["record"] == json.loads(contract.to_json(late)), "the first message stays as it came"
        assert (row["later"]["checkin_id"], row["later"]["simulated"]) == (late.checkin_id, True)
        eligibility = row["later"]["eligibility"]
        assert (eligibility["source"], eligibility["validity"]) == ("number_lookup", "valid")
        assert "limit_category" not in eligibility["results"][0], "nobody was there to agree to it"
        page = (await desk.at_staff_door.get("/board")).text
        shown = page.split(f'data-checkin-id="{first.checkin_id}"')[1].split("</tr>")[0]
        for words in ("有効", "番号照会", "シケン ハナコ", "3割", "01139997"):
            assert words in shown
        for words in ("照会できず", "氏名は届いていません"):
            assert words not in shown
        assert page.count('class="by-number"') == 1, "an answer from the centre is not marked"
        assert desk.audit() == [("a", "row_came_again"), ("reception", "look_up"), ("reception", "answer_joined")]


async def test_the_board_is_told_that_the_row_changed(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        with desk.desk.board.listen() as board:
            await desk.post(patient_at(desk.clock.now))
            late = unanswered(patient_at(desk.clock.now, "A002"))
            await desk.post(late)
            told = [(await board.next(10)).flags for _ in range(3)]
        assert [flags["new"] for flags in told] == [True, True, False]
        assert told[2] == {"checkin_id": late.checkin_id, "state": "open", "new": False}


@pytest.mark.parametrize(
    ("number", "validity", "words"), [("68", "invalid", "資格喪失"), ("71", "multiple", "複数該当")]
)
async def test_an_answer_that_is_not_valid_joins_as_what_it_is(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any, number: str, validity: str, words: str
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        person = {"insured_number": number} | ({"insured_branch": None} if number == "71" else {})
        await desk.post(patient_at(desk.clock.now, **person))
        late = unanswered(patient_at(desk.clock.now, "A002"), (EligibilityResult(name="試験　花子"),))
        await desk.post(late)
        assert (await until_joined(desk, late))["later"]["eligibility"]["validity"] == validity
        piece = await desk.at_staff_door.get(f"/api/v1/rows/{late.checkin_id}", headers={"accept": "text/html"})
        assert words in piece.text
        assert "試験　花子" in piece.text, "what the card told is still there where the answer has nobody"
        assert "有効" not in piece.text


async def test_whoever_is_not_known_stays_for_the_desk(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        now = desk.clock.now
        await desk.post(patient_at(now))
        others = [
            unanswered(patient_at(now, "A002", "ef" * 32)),
            unanswered(replace(patient_at(now, "A003"), simulated=False)),
            unanswered(patient_at(now, "A004"), (EligibilityResult(birth_date=now.date()),)),
        ]
        for checkin in others:
            await desk.post(checkin)
        asked = unanswered(patient_at(now, "A005"))
        await desk.post(asked)
        await until_joined(desk, asked)
        assert [(await row_of(desk, checkin))["later"] for checkin in others] == [None] * 3
        assert desk.audit().count(("reception", "look_up")) == 1


async def test_an_outage_costs_one_question_a_pause_and_then_everybody_is_answered(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    terminal.tell(manner="maintenance")
    async with open_desk(terminal=terminal.settings()) as desk:
        await desk.post(patient_at(desk.clock.now))
        late = [unanswered(patient_at(desk.clock.now, f"A{number:03}")) for number in range(2, 7)]
        for checkin in late:
            await desk.post(checkin)
        before = terminal.tell()["taken"]
        async with asking(desk, first_pause=0.3):
            began = time.monotonic()
            await until_asked(desk, 3)
            assert time.monotonic() - began >= 0.3 + 0.6, "each pause is twice the one before"
            assert terminal.tell()["taken"] - before <= 3, "five wait, and one question is put for all of them"
            terminal.tell(manner="ordinary")
            for checkin in late:
                await until_joined(desk, checkin)
        assert desk.audit().count(("reception", "answer_joined")) == 5


async def test_one_patient_whose_question_fails_holds_nobody_up(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk, first_pause=60.0):
        now = desk.clock.now
        await desk.post(patient_at(now, insured_number="73"))
        await desk.post(patient_at(now, card="ef" * 32))
        stuck, late = unanswered(patient_at(now, "A002")), unanswered(patient_at(now, "A003", "ef" * 32))
        await desk.post(stuck)
        await until_asked(desk, 1)
        await desk.post(late)
        await until_joined(desk, late)
        assert (await row_of(desk, stuck))["later"] is None


async def test_an_answer_about_somebody_else_is_not_asked_for_again(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        now = desk.clock.now
        await desk.post(patient_at(now, name_kana="ﾍﾞﾂ ﾉ ﾋﾄ"))
        await desk.post(patient_at(now, card="ef" * 32))
        other = unanswered(patient_at(now, "A002"))
        await desk.post(other)
        await until_asked(desk, 1)
        for number in range(3, 6):
            late = unanswered(patient_at(now, f"A{number:03}", "ef" * 32))
            await desk.post(late)
            await until_joined(desk, late)
        assert (await row_of(desk, other))["later"] is None
        assert desk.audit().count(("reception", "look_up")) == 1 + 3


async def test_it_ends_two_hours_after_the_arrival(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await desk.post(patient_at(desk.clock.now))
        late = unanswered(patient_at(desk.clock.now, "A002"))
        await desk.post(late)
        desk.clock.now += catching_up.ASKED_FOR + timedelta(seconds=1)
        fresh = unanswered(patient_at(desk.clock.now, "A003"))
        await desk.post(fresh)
        async with asking(desk):
            await until_joined(desk, fresh)
            assert (await row_of(desk, late))["later"] is None


async def test_a_restart_goes_on_with_what_the_store_holds(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await desk.post(patient_at(desk.clock.now))
        late = unanswered(patient_at(desk.clock.now, "A002"))
        await desk.post(late)
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        await until_joined(desk, late)
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        assert (await row_of(desk, late))["later"]["eligibility"]["validity"] == "valid"
        another = unanswered(patient_at(desk.clock.now, "A003"))
        await desk.post(another)
        await until_joined(desk, another)
        assert desk.audit().count(("reception", "look_up")) == 2, "who has an answer is not asked for again"


async def test_nothing_is_asked_without_a_terminal(open_desk: OpenDesk, patient_at: Build) -> None:
    async with open_desk() as desk:
        await asyncio.wait_for(CatchingUp(desk.desk).run(), 5)


async def test_pauses_grow_to_ten_minutes(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        task = CatchingUp(desk.desk)
        pauses = [round(task._after(failures) - time.monotonic()) for failures in (1, 2, 3, 6, 7, 100)]
        assert pauses == [15, 30, 60, 480, 600, 600]


async def test_neither_message_can_be_changed(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build, terminal: Any
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk, asking(desk):
        await desk.post(patient_at(desk.clock.now))
        late = unanswered(patient_at(desk.clock.now, "A002"))
        await desk.post(late)
        await until_joined(desk, late)
        for sql in ("UPDATE checkin SET record = ?", "UPDATE later_answer SET message = ?"):
            with pytest.raises(StoreError) as error:
                await desk.desk.store.write(lambda transaction, sql=sql: transaction.run(sql, b"{}"))
            assert "stays as it came" in str(error.value.__cause__)
