"""The kiosk door: what it keeps, what it refuses, and that it keeps everything once."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from kiosk.reception.errors import StoreError
from kiosk.record import checkin as contract
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
PROBLEM = "application/problem+json"


async def test_a_sealed_checkin_is_kept_and_receipted(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        body = desk.kiosk.sealed(checkin, checkin.checkin_id)
        headers = desk.kiosk.headers(checkin.checkin_id)
        answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=body, headers=headers)
        assert answer.status_code == 201
        sha256 = hashlib.sha256(body).hexdigest()
        assert answer.json() == {"checkin_id": checkin.checkin_id, "sha256": sha256, "receipt": 1}
        shown = (await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}")).json()
        assert shown["record"] == json.loads(contract.to_json(checkin))
        assert (shown["state"], shown["taken_by"]) == ("open", None)


async def test_the_same_body_again_is_receipted_again_and_kept_once(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        body = desk.kiosk.sealed(checkin, checkin.checkin_id)
        answers = [
            await desk.at_kiosk_door.post(
                "/k/v1/checkins", content=body, headers=desk.kiosk.headers(checkin.checkin_id)
            )
            for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [201, 200, 200]
        assert len({answer.text for answer in answers}) == 1
        assert len((await desk.at_staff_door.get("/api/v1/rows?since=0")).json()["rows"]) == 1


async def test_the_same_id_with_another_body_is_refused(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        assert (await desk.post(checkin)).status_code == 201
        answer = await desk.post(checkin)
        assert (answer.status_code, answer.json()["code"]) == (409, "other_body")
        assert answer.headers["content-type"] == PROBLEM


async def test_another_kiosk_cannot_have_a_body_receipted(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        body = desk.kiosk.sealed(checkin, checkin.checkin_id)
        for kiosk_id, expected in (("a", 201), ("b", 409)):
            headers = desk.kiosk.headers(checkin.checkin_id, x_kiosk_id=kiosk_id)
            answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=body, headers=headers)
            assert answer.status_code == expected


async def test_what_is_not_for_this_key_or_id_or_kiosk_is_refused(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        other = checkin_at(desk.clock.now, "A013")
        at_b = checkin_at(desk.clock.now, "B001", "b")
        seal, headers = desk.kiosk.sealed, desk.kiosk.headers
        broken = contract.to_json(checkin).replace(b'"method":"face"', b'"method":"retina"')
        newer = contract.to_json(checkin).replace(b'"schema":1', b'"schema":2')
        own = checkin.checkin_id
        cases = {
            "unknown_key": (seal(checkin, own), headers(own, x_key_id="0" * 16)),
            "sealed": (b"not sealed at all", headers(own)),
            "other_id": (seal(other, own), headers(own)),
            "other_kiosk": (seal(at_b, at_b.checkin_id), headers(at_b.checkin_id)),
        }
        for code, (body, told) in cases.items():
            answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=body, headers=told)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        sealed_for_another_id = seal(checkin, other.checkin_id)
        answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=sealed_for_another_id, headers=headers(own))
        assert answer.json()["code"] == "sealed"
        half_a_character = contract.to_json(checkin).replace("見本".encode(), b"\\ud800")
        for record in (b"{}", b"[1]", b"\xff", broken, newer, half_a_character):
            answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=seal(record, own), headers=headers(own))
            assert (answer.status_code, answer.json()["code"]) == (422, "record")
        assert (await desk.at_staff_door.get("/api/v1/rows")).json() == {"rows": [], "next": 0}


@ON_SQLITE_ONLY  # it is refused before the database is asked
@pytest.mark.parametrize(
    "wrong",
    [
        {"idempotency_key": "12"},
        {"idempotency_key": "2f1b2c3d-0000-4000-8000-000000000000"},
        {"x_kiosk_id": "Kiosk 1"},
        {"x_kiosk_seq": "0"},
        {"x_kiosk_seq": "-1"},
        {"x_kiosk_seq": "9" * 17},
        {"x_kiosk_seq": ""},
    ],
)
async def test_headers_that_are_not_as_agreed_are_refused(
    open_desk: OpenDesk, checkin_at: Build, wrong: dict[str, str]
) -> None:
    async with open_desk() as desk:
        answer = await desk.post(checkin_at(desk.clock.now), **wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "headers")


async def test_a_body_too_large_is_refused_before_it_is_held(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        own = ids.new_visit_id()
        large = bytes(contract.MAX_BYTES + 1)
        answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=large, headers=desk.kiosk.headers(own))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        taken = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal taken
            while taken < 100:
                taken += 1
                yield bytes(16 * 1024)

        answer = await desk.at_kiosk_door.post("/k/v1/checkins", content=endless(), headers=desk.kiosk.headers(own))
        assert answer.status_code == 413
        assert taken <= 17 or taken == 100  # the in-process transport may read ahead; the door itself holds 17 at most


async def test_a_live_site_takes_no_simulated_checkin(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk(site="live") as desk:
        checkin = checkin_at(desk.clock.now)
        answer = await desk.post(checkin)
        assert (answer.status_code, answer.json()["code"]) == (422, "simulated")
        assert (await desk.post(replace(checkin, simulated=False))).status_code == 201


async def test_many_at_once_are_each_kept_once(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        many = [checkin_at(desk.clock.now, f"A{number:03}") for number in range(1, 41)]
        answers = await asyncio.gather(*(desk.post(checkin) for checkin in many))
        assert {answer.status_code for answer in answers} == {201}
        assert sorted(answer.json()["receipt"] for answer in answers) == list(range(1, 41))


async def test_the_key_is_told_to_whoever_names_itself(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        told = (await desk.at_kiosk_door.get("/k/v1/key", headers={"x-kiosk-id": "a"})).json()
        raw = base64.b64decode(told["public_key"], validate=True)
        assert len(raw) == 32
        assert told["key_id"] == hashlib.sha256(raw).hexdigest()[:16]
        assert (await desk.at_kiosk_door.get("/k/v1/key")).status_code == 400


async def test_heartbeats_are_taken_from_the_kiosk_itself_only(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        beat = desk.kiosk.heartbeat(desk.clock.now, "idle", None)
        cases: list[tuple[object, str, int]] = [
            (beat, "a", 200),
            (beat, "b", 422),
            (beat | {"stage": "a b"}, "a", 422),
            (beat | {"pending": -1}, "a", 422),
            ([beat], "a", 422),
        ]
        for body, kiosk_id, expected in cases:
            answer = await desk.at_kiosk_door.post("/k/v1/heartbeat", json=body, headers={"x-kiosk-id": kiosk_id})
            assert answer.status_code == expected
        answer = await desk.at_kiosk_door.post("/k/v1/heartbeat", content=b"{", headers={"x-kiosk-id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


async def test_a_call_for_help_is_kept_once(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        call = desk.kiosk.help(desk.clock.now, HelpReason.FACE_FAILED)
        headers = {"x-kiosk-id": "a"}
        expected = ((call, 201), (call, 200), (call | {"reason": "called"}, 409), (call | {"kiosk_id": "b"}, 422))
        for body, status in expected:
            answer = await desk.at_kiosk_door.post("/k/v1/help", json=body, headers=headers)
            assert answer.status_code == status
        assert (await desk.at_staff_door.get("/board")).text.count("data-help-id=") == 1


async def test_an_answer_to_a_command_that_is_not_there_is_refused(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers = {"x-kiosk-id": "a"}
        for command_id in (ids.new_visit_id(), "1"):
            answer = await desk.at_kiosk_door.post(
                f"/k/v1/line/{command_id}", json={"state": "comparing"}, headers=headers
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_command")
        answer = await desk.at_kiosk_door.post(
            f"/k/v1/line/{ids.new_visit_id()}", json={"state": "dancing"}, headers=headers
        )
        assert answer.status_code == 422


async def test_unknown_paths_and_methods_are_told_as_problems(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for door in (desk.at_kiosk_door, desk.at_staff_door):
            answer = await door.get("/nothing/here")
            assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)
            assert set(answer.json()) == {"code", "sentence"}
        answer = await desk.at_kiosk_door.delete("/k/v1/key")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert "GET" in answer.headers["allow"]


async def test_a_foreign_host_name_gets_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for door, path in ((desk.at_kiosk_door, "/k/v1/key"), (desk.at_staff_door, "/board")):
            answer = await door.get(path, headers={"host": "evil.example:80", "x-kiosk-id": "a"})
            assert (answer.status_code, answer.json()["code"]) == (421, "other_host")


async def test_a_fault_of_ours_shows_no_traceback(open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as desk:

        async def broken(_: object) -> None:
            raise ZeroDivisionError("ミホン ハナコ")

        monkeypatch.setattr(desk.desk.store, "write", broken)
        body = desk.kiosk.heartbeat(desk.clock.now, "idle", None)
        answer = await desk.at_kiosk_door.post("/k/v1/heartbeat", json=body, headers={"x-kiosk-id": "a"})
        assert (answer.status_code, answer.json()["code"]) == (500, "bug")
        assert "ZeroDivision" not in answer.text
        assert "ミホン" not in answer.text


async def test_a_database_that_cannot_keep_it_says_come_again(
    open_desk: OpenDesk, checkin_at: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk() as desk:

        async def full(_: object) -> None:
            raise StoreError("the database could not keep it; nothing was stored")

        monkeypatch.setattr(desk.desk.store, "write", full)
        answer = await desk.post(checkin_at(desk.clock.now))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["code"] == "store"
