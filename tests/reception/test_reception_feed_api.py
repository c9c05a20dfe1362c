"""The feed for claims computers and EMRs: who may read it, what it tells, and that nothing is missed or changed by it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis.core.failures import Failure

from kiosk.eligibility.terminal.arrivals import Arrival, FailedArrival
from kiosk.eligibility.terminal.errors import EncryptedError
from kiosk.reception import later_answers, machines, reader_rows
from kiosk.reception.later_answers import LaterAnswer
from kiosk.record import checkin as contract
from kiosk.record import consent, dates
from kiosk.record.checkin import CardSeen, CheckIn, Eligibility, Prescription
from kiosk.record.consent import ConsentItem
from kiosk.record.dates import Notice
from kiosk.record.eligibility import Source, Validity
from tests.reception.desks import ON_SQLITE_ONLY

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
Start = Callable[..., Any]

anyio = pytest.mark.anyio

FEED = Path(__file__).parents[2] / "docs" / "openapi" / "feed.yaml"


async def let_in(desk: Any, name: str = "emr") -> dict[str, str]:
    token = machines.new_token()
    await desk.desk.store.write(machines.create(name, token))
    return {"authorization": f"Bearer {token}"}


async def read(desk: Any, headers: dict[str, str], **asked: int) -> dict[str, Any]:
    desk.at_staff_door.cookies.clear()
    answer = await desk.at_staff_door.get("/api/v1/feed", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


@anyio
async def test_a_checkin_its_later_answer_and_its_states_are_told(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        answered = checkin_at(desk.clock.now)
        none = Eligibility(Source.NONE, Validity.UNCONFIRMED, None)
        checkin = replace(answered, eligibility=none, consents=consent.no_consents())
        await desk.post(checkin)
        first = await read(desk, headers)
        (item,) = first["items"]
        assert item["record"] == json.loads(contract.to_json(checkin))
        assert (item["checkin_id"], item["receipt"], item["state"]) == (checkin.checkin_id, 1, "open")
        assert (item["later"], item["hand_off"], first["more"]) == (None, [], False)

        answer = replace(answered.eligibility, source=Source.NUMBER_LOOKUP)
        await desk.desk.store.write(later_answers.join(LaterAnswer(checkin.checkin_id, True, answer)))
        second = await read(desk, headers, since=first["next"])
        assert second["items"][0]["later"]["eligibility"] == contract.eligibility_json(answer)
        assert second["items"][0]["record"] == item["record"]

        staff = await desk.sit_down("tanaka")
        await desk.at_staff_door.post(f"/api/v1/rows/{checkin.checkin_id}/take", headers=staff)
        third = await read(desk, headers, since=second["next"])
        assert [one["state"] for one in third["items"]] == ["taken"]
        assert (await read(desk, headers, since=third["next"]))["items"] == []


@anyio
async def test_pages_go_on_where_the_last_one_ended_and_miss_nothing(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        sent = [checkin_at(desk.clock.now, f"A{number:03}", insured_number=str(number)) for number in range(1, 8)]
        for number, checkin in enumerate(sent):
            await desk.post(replace(checkin, card=CardSeen(f"{number:064x}", Notice.NONE)))
            await desk.beat("idle", None)
        found: list[str] = []
        since, more = 0, True
        while more:
            page = await read(desk, headers, since=since, limit=3)
            assert len(page["items"]) <= 3
            found += [item["checkin_id"] for item in page["items"]]
            since, more = page["next"], page["more"]
        assert list(dict.fromkeys(found)) == [checkin.checkin_id for checkin in sent]
        assert (await read(desk, headers, since=since))["next"] == since


@anyio
async def test_who_comes_again_on_a_day_is_told_with_the_first_time(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        first = checkin_at(desk.clock.now)
        again = replace(checkin_at(desk.clock.now, "A013"), card=first.card)
        await desk.post(first)
        staff = await desk.sit_down("tanaka")
        await desk.at_staff_door.post(f"/api/v1/rows/{first.checkin_id}/take", headers=staff)
        place = (await read(desk, headers))["next"]
        await desk.post(again)
        page = await read(desk, headers, since=place)
        told = [(item["checkin_id"], item["joined"], item["state"]) for item in page["items"]]
        assert told == [(first.checkin_id, None, "open"), (again.checkin_id, first.checkin_id, "open")]
        staff = await desk.sit_down("tanaka")
        await desk.at_staff_door.post(f"/api/v1/rows/{first.checkin_id}/take", headers=staff)
        page = await read(desk, headers, since=page["next"])
        assert [item["state"] for item in page["items"]] == ["taken", "taken"]


@anyio
async def test_a_reader_may_wait_for_what_comes(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        waiting = asyncio.create_task(read(desk, headers, since=0, wait=20))
        while not len(desk.desk.board):  # noqa: ASYNC110 - the feed has no event for a new listener
            await asyncio.sleep(0.005)
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        page = await asyncio.wait_for(waiting, 10)
        assert [item["checkin_id"] for item in page["items"]] == [checkin.checkin_id]
        desk.desk.hush()
        assert (await asyncio.wait_for(read(desk, headers, since=page["next"], wait=20), 5))["items"] == []


@anyio
async def test_without_a_token_that_is_taken_nothing_is_told(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        await desk.post(checkin_at(desk.clock.now))
        own = await let_in(desk)
        signed_in = await desk.sit_down("tanaka")
        wrong = [
            {},
            signed_in,
            {"authorization": "Bearer " + machines.new_token()},
            {"authorization": own["authorization"][:-1]},
            {"authorization": own["authorization"].replace("Bearer", "Basic")},
        ]
        for headers in wrong:
            answer = await desk.at_staff_door.get("/api/v1/feed", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "token")
            assert answer.headers["www-authenticate"].startswith("Bearer")
        assert desk.audit().count(("reception", "turned_away")) == 1
        await desk.desk.store.write(machines.revoke("emr"))
        assert (await desk.at_staff_door.get("/api/v1/feed", headers=own)).status_code == 401


@anyio
async def test_a_token_opens_the_feed_and_nothing_else(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        headers = await let_in(desk)
        desk.at_staff_door.cookies.clear()
        for path in ("/api/v1/rows", f"/api/v1/rows/{checkin.checkin_id}", "/board", "/events", "/audit"):
            assert (await desk.at_staff_door.get(path, headers=headers)).status_code in (303, 401)
        assert (await desk.at_staff_door.post("/api/v1/feed", headers=headers)).status_code == 405


@anyio
async def test_what_was_read_is_in_the_audit_log_and_the_token_nowhere(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        await read(desk, headers)
        await desk.post(checkin_at(desk.clock.now))
        await read(desk, headers)
        assert [row for row in desk.audit() if row[1] in ("machine_token", "feed_read")] == [
            ("reception", "machine_token"),
            ("machine:emr", "feed_read"),
        ]
        found = await desk.desk.store.read(
            lambda connection: connection.execute("SELECT token_hash FROM machine").fetchone()["token_hash"]
        )
        assert len(found) == 64
        assert found not in headers["authorization"]


@ON_SQLITE_ONLY  # it is refused before the database is asked
@anyio
@pytest.mark.parametrize(
    "asked",
    [
        {"since": "-1"},
        {"since": "x"},
        {"arrivals": "2"},
        {"arrivals": "yes"},
        {"limit": "0"},
        {"limit": "201"},
        {"wait": "26"},
        {"since": "１"},
    ],
)
async def test_numbers_that_are_none_are_refused(open_desk: OpenDesk, asked: dict[str, str]) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        answer = await desk.at_staff_door.get("/api/v1/feed", params=asked, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, next(iter(asked)))


@anyio
async def test_a_place_that_this_database_never_had_is_said(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers = await let_in(desk)
        answer = await desk.at_staff_door.get("/api/v1/feed?since=1000", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "unknown_place")


def test_a_token_is_made_and_taken_back_beside_a_running_reception(
    tmp_path: Path, start_reception: Start, checkin_now: Build
) -> None:
    reception = start_reception()
    reception.post(checkin_now())
    token = kiosk("reception", "token", "--name", "emr", "--config", str(tmp_path / "reception.yaml"))[-1]
    with httpx.Client(trust_env=False, timeout=10, headers={"authorization": f"Bearer {token}"}) as program:
        answer = program.get(f"{reception.staff_url}/api/v1/feed")
        assert len(answer.json()["items"]) == 1
        assert "みほん" in answer.text
        again = kiosk("reception", "token", "--name", "emr", "--config", str(tmp_path / "reception.yaml"))[-1]
        assert again != token
        assert program.get(f"{reception.staff_url}/api/v1/feed").status_code == 401
        program.headers["authorization"] = f"Bearer {again}"
        assert program.get(f"{reception.staff_url}/api/v1/feed").status_code == 200
        kiosk("reception", "token", "--name", "emr", "--revoke", "--config", str(tmp_path / "reception.yaml"))
        assert program.get(f"{reception.staff_url}/api/v1/feed").status_code == 401
    assert token not in (tmp_path / "reception.log").read_text()
    assert kiosk("audit", "verify", "--config", str(tmp_path / "reception.yaml"))[0].startswith(
        "The audit log is whole"
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "reception.db")) as connection:
        assert token not in "\n".join(connection.iterdump())


def test_a_name_that_is_none_is_refused(tmp_path: Path, start_reception: Start) -> None:
    start_reception().stop()
    wrong = ["reception", "token", "--name", "E MR", "--config", str(tmp_path / "reception.yaml")]
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk", *wrong], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, "expected a small letter" in ended.stderr) == (2, True)


def kiosk(*words: str) -> list[str]:
    """What a command says."""
    ended = subprocess.run(
        [sys.executable, "-m", "kiosk", *words],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


# -- arrivals at the official reader -----------------------------------------------------------------------------------


def arrival_at(at: datetime, like: CheckIn, number: int = 1) -> Arrival:
    """Somebody at the official reader, with the insurance of a check-in."""
    given = dict(consent.no_consents()) | {ConsentItem.MEDICATION: consent.given(at)}
    return Arrival(
        key=f"file {number}",
        digest=number.to_bytes(16, "big"),
        stamped_at=at,
        confirmed_for=dates.japanese_day(at),
        eligibility=replace(like.eligibility, source=Source.OFFICIAL_READER),
        consents=given,
        prescription=Prescription.PAPER,
        notice_code="01",
        simulated=True,
    )


def kinds(page: dict[str, Any]) -> list[tuple[str, str]]:
    return [(item["kind"], item.get("arrival_id") or item["checkin_id"]) for item in page["items"]]


@anyio
async def test_arrivals_come_in_one_order_with_check_ins_for_who_asks(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers, write, now = await let_in(desk), desk.desk.store.write, desk.clock.now
        first, last = checkin_at(now), replace(checkin_at(now, "A013"), card=CardSeen("e" * 64, Notice.NONE))
        await desk.post(first)
        assert await write(reader_rows.keep(arrival_at(now, first)))
        await desk.post(last)
        (row,) = await desk.desk.store.read(reader_rows.rows_on_board(now))
        page = await read(desk, headers, arrivals=1)
        every = [("checkin", first.checkin_id), ("reader_arrival", row.arrival_id), ("checkin", last.checkin_id)]
        assert kinds(page) == every
        without = await read(desk, headers)
        assert kinds(without) == [every[0], every[2]]
        assert without["next"] == page["next"], "both count alike"

        since, found, more = 0, [], True
        while more:
            piece = await read(desk, headers, since=since, limit=1, arrivals=1)
            found += kinds(piece)
            since, more = piece["next"], piece["more"]
        assert (found, since) == (every, page["next"])
        assert kinds(await read(desk, headers, since=page["items"][0]["seq"], arrivals=1)) == every[1:]

        staff = await desk.sit_down("tanaka")
        taken = await desk.at_staff_door.post(f"/api/v1/rows/{row.arrival_id}/take", headers=staff)
        assert taken.status_code == 200
        (item,) = (await read(desk, headers, since=page["next"], arrivals=1))["items"]
        assert (item["arrival_id"], item["state"]) == (row.arrival_id, "taken")
        assert (await read(desk, headers, since=page["next"]))["items"] == []


@anyio
async def test_an_arrival_tells_what_a_check_in_does_and_no_more(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers, now = await let_in(desk), desk.clock.now
        checkin = checkin_at(now)
        await desk.desk.store.write(reader_rows.keep(arrival_at(now, checkin)))
        (item,) = (await read(desk, headers, arrivals=1))["items"]
        record = json.loads(contract.to_json(checkin))
        assert item["eligibility"] == record["eligibility"] | {"source": "official_reader"}
        assert set(item["consents"]) == set(record["consents"])
        assert item["consents"]["medication"]["state"] == "given"
        assert (item["simulated"], item["failed"], item["prescription"]) == (True, None, "paper")
        assert item["stamped_at"] == dates.instant_text(now)
        told = {"seq", "kind", "arrival_id", "stamped_at", "received_at", "state", "simulated", "failed"}
        assert set(item) == told | {"eligibility", "consents", "prescription"}
        document = schemathesis.openapi.from_path(FEED)
        document["/api/v1/feed"]["GET"].validate_response(as_answer({"items": [item], "next": 1, "more": False}))
        wrong = {"items": [item | {"patient": "00123"}], "next": 1, "more": False}
        with pytest.raises(Failure):
            document["/api/v1/feed"]["GET"].validate_response(as_answer(wrong))


@anyio
async def test_a_file_that_tells_of_nobody_is_an_arrival_too(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, now = await let_in(desk), desk.clock.now
        failed = FailedArrival(key="file", stamped_at=now, error=EncryptedError())
        await desk.desk.store.write(reader_rows.keep(failed))
        (item,) = (await read(desk, headers, arrivals=1))["items"]
        assert (item["failed"], item["eligibility"]["validity"]) == ("encrypted", "unconfirmed")
        assert item["eligibility"]["results"] == []
        document = schemathesis.openapi.from_path(FEED)
        document["/api/v1/feed"]["GET"].validate_response(as_answer({"items": [item], "next": 1, "more": False}))


@anyio
async def test_who_waits_for_arrivals_is_told_of_one(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        headers, now = await let_in(desk), desk.clock.now
        waiting = asyncio.create_task(read(desk, headers, wait=20, arrivals=1))
        while not len(desk.desk.board):  # noqa: ASYNC110 - the feed has no event for a new listener
            await asyncio.sleep(0.005)
        await desk.desk.store.write(reader_rows.keep(arrival_at(now, checkin_at(now))))
        page = await asyncio.wait_for(waiting, 10)
        assert [item["kind"] for item in page["items"]] == ["reader_arrival"]


def test_the_example_of_an_arrival_in_the_page_is_as_documented() -> None:
    page = (FEED.parents[1] / "feed.md").read_text(encoding="utf-8")
    example = json.loads(page.split("## Arrivals")[1].split("```json\n")[1].split("```")[0])
    whole = {"items": [example], "next": 42, "more": False}
    schemathesis.openapi.from_path(FEED)["/api/v1/feed"]["GET"].validate_response(as_answer(whole))


def as_answer(content: object) -> httpx.Response:
    answer = httpx.Response(200, json=content, request=httpx.Request("GET", "http://127.0.0.1/api/v1/feed"))
    answer.elapsed = timedelta()
    return answer
