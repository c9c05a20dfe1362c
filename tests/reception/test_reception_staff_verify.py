"""The visual check at a kiosk, as reception sees it: code and PIN told right here, slowed down, audited; and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import pytest

from kiosk.reception import accounts, visual
from kiosk.reception.accounts import Role
from kiosk.record import dates, ids
from kiosk.record.door import HelpReason, StaffOutcome
from tests.reception.desks import ON_SQLITE_ONLY

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
PIN = "830417"


async def with_pin(desk: Any, staff_id: str = "mori", pin: str = PIN) -> str:
    """Give somebody a PIN; the four digits to type before it."""
    hashed = await desk.desk.hasher.hashed(pin)
    await desk.desk.store.write(accounts.set_kiosk_pin(staff_id, hashed))
    account = await desk.desk.store.read(accounts.account(staff_id))
    assert account is not None
    return str(account.kiosk_code)


async def verify(desk: Any, code: object, pin: object = PIN, visit_id: object = None, kiosk_id: str = "a") -> Any:
    body = {"visit_id": visit_id or ids.new_visit_id(), "code": code, "pin": pin}
    return await desk.at_kiosk_door.post("/k/v1/staff/verify", json=body, headers={"x-kiosk-id": kiosk_id})


async def outcome(desk: Any, check_id: str, visit_id: str, how: str, kiosk_id: str = "a", **others: Any) -> Any:
    told = {"check_id": check_id, "kiosk_id": kiosk_id, "visit_id": visit_id, "outcome": how}
    body = told | {"at": dates.instant_text(desk.clock.now)} | others
    return await desk.at_kiosk_door.post("/k/v1/staff/outcome", json=body, headers={"x-kiosk-id": kiosk_id})


def other(code: str) -> str:
    return "1000" if code != "1000" else "2000"


async def test_code_and_pin_say_who_it_is_for_three_minutes(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code, visit = await with_pin(desk), ids.new_visit_id()
        answer = await verify(desk, code, visit_id=visit)
        assert answer.status_code == 200
        told = answer.json()
        assert told["ok"] is True
        assert told["staff_id"] == "mori"
        assert dates.instant(told["expires_at"]) == desk.clock.now + timedelta(minutes=3)
        assert set(told) == {"ok", "check_id", "staff_id", "expires_at"}
        assert ("mori", "visual_at_kiosk") in desk.audit()


async def test_a_wrong_pin_and_a_code_that_nobody_has_look_alike(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code = await with_pin(desk)
        wrong, unknown = await verify(desk, code, "000000"), await verify(desk, other(code))
        assert (wrong.status_code, unknown.status_code) == (403, 403)
        assert wrong.json() == unknown.json()
        assert [row for row in desk.audit() if row[1] == "sign_in_failed"] == [("a", "sign_in_failed")] * 2


async def test_whoever_guesses_is_slowed_down_and_never_locked_out(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code = await with_pin(desk)
        answers = [(await verify(desk, code, f"00000{n}")).status_code for n in range(7)]
        assert answers[:5] == [403] * 5
        assert answers[-1] == 429
        assert (await verify(desk, code)).status_code == 429
        desk.clock.later(hours=2)
        assert (await verify(desk, code)).status_code == 200


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
async def test_only_who_works_at_the_desk_confirms(open_desk: OpenDesk, role: Role) -> None:
    async with open_desk() as desk:
        await desk.desk.store.write(accounts.create("kato", "加藤", role, "reception"))
        code = await with_pin(desk, "kato")
        assert (await verify(desk, code)).status_code == 403


async def test_who_has_left_confirms_nobody(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code = await with_pin(desk)
        await desk.desk.store.write(accounts.disable("mori", "reception"))
        assert (await verify(desk, code)).status_code == 403


@ON_SQLITE_ONLY  # it is refused before the database is asked
@pytest.mark.parametrize(
    ("code", "pin"),
    [
        (None, PIN),
        ("123", PIN),
        ("12345", PIN),
        ("12a4", PIN),
        (1234, PIN),
        ("1234", "12345"),
        ("1234", "１２３４５６"),
    ],
)
async def test_what_is_no_code_or_pin_is_refused_before_anything_is_counted(
    open_desk: OpenDesk, code: object, pin: object
) -> None:
    async with open_desk() as desk:
        answer = await verify(desk, code, pin)
        assert (answer.status_code, answer.json()["code"]) == (422, "record")
        assert not [row for row in desk.audit() if row[1] == "sign_in_failed"]


async def test_a_visit_that_is_none_is_refused(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        assert (await verify(desk, "1234", visit_id="nonsense")).status_code == 422
        nameless = await desk.at_kiosk_door.post("/k/v1/staff/verify", json={})
        assert nameless.status_code == 400


async def test_neither_pin_nor_code_is_in_the_journal_or_the_audit_log(
    open_desk: OpenDesk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_desk() as desk:
        code = await with_pin(desk)
        await verify(desk, code)
        await verify(desk, code, "999999")
        kept = repr(desk.whole_audit()) + caplog.text + repr([record.__dict__ for record in caplog.records])
    for secret in (PIN, "999999"):
        assert secret not in kept


@pytest.mark.parametrize("how", StaffOutcome)
async def test_how_a_check_ended_is_an_audit_row_of_who_made_it(open_desk: OpenDesk, how: StaffOutcome) -> None:
    async with open_desk() as desk:
        code, visit = await with_pin(desk), ids.new_visit_id()
        check_id = (await verify(desk, code, visit_id=visit)).json()["check_id"]
        assert (await outcome(desk, check_id, visit, how)).status_code == 201
        assert (await outcome(desk, check_id, visit, how)).status_code == 200
        assert desk.audit()[-2:] == [("mori", "visual_at_kiosk"), ("mori", f"visual_{how.value}")]


async def test_a_check_ends_once(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code, visit = await with_pin(desk), ids.new_visit_id()
        check_id = (await verify(desk, code, visit_id=visit)).json()["check_id"]
        await outcome(desk, check_id, visit, "not_the_person")
        changed = await outcome(desk, check_id, visit, "confirmed")
        assert (changed.status_code, changed.json()["code"]) == (409, "other_outcome")


async def test_no_kiosk_tells_the_end_of_a_check_that_was_not_opened_there(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        code, visit = await with_pin(desk), ids.new_visit_id()
        check_id = (await verify(desk, code, visit_id=visit)).json()["check_id"]
        before = desk.audit()
        refused = [
            await outcome(desk, ids.new_visit_id(), visit, "confirmed"),
            await outcome(desk, check_id, ids.new_visit_id(), "confirmed"),
            await outcome(desk, check_id, visit, "confirmed", kiosk_id="b"),
        ]
        assert [answer.status_code for answer in refused] == [409] * 3
        assert (await outcome(desk, check_id, visit, "nonsense")).status_code == 422
        assert (await outcome(desk, check_id, visit, "confirmed", at="yesterday")).status_code == 422
        assert [row for row in desk.audit() if row[1] != "refused"] == before


# -- the board -------------------------------------------------------------------------------------------------------


async def strip(desk: Any) -> str:
    return str((await desk.at_staff_door.get("/api/v1/kiosks/a")).text)


async def press(desk: Any, mode: str, kiosk_id: str = "a") -> Any:
    return await desk.at_staff_door.post(f"/api/v1/kiosks/{kiosk_id}/{mode}", headers=desk.headers())


async def test_a_kiosk_is_put_out_of_service_and_back_and_the_strip_shows_what_it_said(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        assert 'data-action="pause"' in await strip(desk)
        sent = await press(desk, "pause")
        assert sent.status_code == 201
        path = f"/k/v1/line/{sent.json()['command_id']}"
        answered = await desk.at_kiosk_door.post(path, json={"state": "paused"}, headers={"x-kiosk-id": "a"})
        assert answered.status_code == 204
        assert 'data-action="pause"' in await strip(desk)
        await desk.beat("idle", None, service="paused")
        shown = await strip(desk)
        assert "休止中" in shown
        assert 'data-action="resume"' in shown
        assert (await press(desk, "resume")).status_code == 201
        assert desk.audit() == [("tanaka", "pause"), ("a", "kiosk_paused"), ("tanaka", "resume")]


async def test_a_pause_waits_on_the_line_without_a_visit_and_not_for_long(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        sent = (await press(desk, "pause")).json()["command_id"]
        (waiting,) = await desk.desk.store.read(visual.queued(ids.kiosk_id("a"), desk.clock()))
        assert (waiting.id, waiting.visit_id) == (sent, None)
        desk.clock.later(minutes=2)
        assert await desk.desk.store.read(visual.queued(ids.kiosk_id("a"), desk.clock())) == []


async def test_a_visit_that_runs_in_a_paused_kiosk_can_still_be_checked_by_sight(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("choosing_method", ids.new_visit_id(), service="paused")
        shown = await strip(desk)
        assert 'data-action="grant_visual"' in shown
        assert 'data-action="resume"' in shown
        assert "休止中" not in shown


async def test_a_silent_kiosk_is_not_told_what_it_would_not_hear(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        desk.clock.later(seconds=40)
        assert 'class="mode"' not in await strip(desk)
        assert (await press(desk, "pause")).status_code == 409
        assert (await press(desk, "pause", "nobody")).status_code == 404


async def test_after_two_failed_attempts_the_call_itself_offers_the_visual_check(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        call = desk.kiosk.help(desk.clock.now, HelpReason.FACE_FAILED, "looking_at_face")
        await desk.beat("looking_at_face", call["visit_id"])
        await desk.at_kiosk_door.post("/k/v1/help", json=call, headers={"x-kiosk-id": "a"})
        card = (await desk.at_staff_door.get(f"/api/v1/help/{call['help_id']}")).text
        assert 'data-action="grant_from_call"' in card
        assert f'data-visit-id="{call["visit_id"]}"' in card
        path = "/api/v1/kiosks/a/grant"
        granted = await desk.at_staff_door.post(path, json={"visit_id": call["visit_id"]}, headers=desk.headers())
        assert granted.status_code == 201


async def test_other_calls_offer_no_visual_check(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        call = desk.kiosk.help(desk.clock.now, HelpReason.CALLED)
        await desk.at_kiosk_door.post("/k/v1/help", json=call, headers={"x-kiosk-id": "a"})
        card = (await desk.at_staff_door.get(f"/api/v1/help/{call['help_id']}")).text
        assert "grant_from_call" not in card


async def test_the_board_shows_that_staff_are_at_a_kiosk(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("staff_entrance", ids.new_visit_id())
        assert "職員が操作中" in await strip(desk)
        assert 'data-stage="staff_entrance"' in await strip(desk)
