"""The visual check from the board: one person, one kiosk, one visit, three minutes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception.errors import StoreError
from kiosk.record import ids

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]


async def grant(desk: Any, headers: dict[str, str], visit_id: str, kiosk_id: str = "a") -> Any:
    path = f"/api/v1/kiosks/{kiosk_id}/grant"
    return await desk.at_staff_door.post(path, json={"visit_id": visit_id}, headers=headers)


async def decide(desk: Any, headers: dict[str, str], command_id: str, decision: str) -> Any:
    return await desk.at_staff_door.post(f"/api/v1/grants/{command_id}/{decision}", headers=headers)


async def answer(desk: Any, command_id: str, state: str) -> None:
    path = f"/k/v1/line/{command_id}"
    answered = await desk.at_kiosk_door.post(path, json={"state": state}, headers={"x-kiosk-id": "a"})
    assert answered.status_code == 204


async def card(desk: Any) -> str:
    return str((await desk.at_staff_door.get("/api/v1/kiosks/a")).text)


async def test_grant_compare_confirm_and_who_did_it(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("choosing_method", visit)
        assert 'data-action="grant_visual"' in await card(desk)
        granted = await grant(desk, headers, visit)
        assert granted.status_code == 201
        assert "切り替え中" in await card(desk)
        await answer(desk, granted.json()["command_id"], "comparing")
        shown = await card(desk)
        assert 'data-action="confirm_visual"' in shown
        assert 'data-action="refuse_visual"' in shown
        confirmed = await decide(desk, headers, granted.json()["command_id"], "confirm")
        assert confirmed.status_code == 201
        assert "送りました" in await card(desk)
        await answer(desk, confirmed.json()["command_id"], "confirmed")
        await desk.beat("verifying", visit)
        assert '_visual"' not in await card(desk)
        assert desk.audit() == [
            ("tanaka", "signed_in"),
            ("tanaka", "grant_visual"),
            ("a", "visual_comparing"),
            ("tanaka", "confirm_visual"),
            ("a", "visual_confirmed"),
        ]


async def test_a_refusal_offers_the_check_again(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("choosing_method", visit)
        granted = (await grant(desk, headers, visit)).json()["command_id"]
        await answer(desk, granted, "comparing")
        await desk.beat("comparing", visit)
        refused = (await decide(desk, headers, granted, "refuse")).json()["command_id"]
        await answer(desk, refused, "refused")
        await desk.beat("choosing_method", visit)
        shown = await card(desk)
        assert "本人ではないと確認しました" in shown
        assert 'data-action="grant_visual"' in shown
        assert (await grant(desk, headers, visit)).status_code == 201


async def test_only_the_person_it_was_granted_to_decides(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("choosing_method", visit)
        granted = (await grant(desk, headers, visit)).json()["command_id"]
        await answer(desk, granted, "comparing")
        other = await desk.sit_down("mori")
        refused = await decide(desk, other, granted, "confirm")
        assert (refused.status_code, refused.json()["code"]) == (403, "other_person")
        assert "田中 みさきさんが目視確認中" in await card(desk)
        assert (await grant(desk, other, visit)).json()["code"] == "granted_already"


async def test_a_grant_is_for_the_visit_that_is_at_the_kiosk_now(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        assert (await grant(desk, headers, visit)).json()["code"] == "no_such_kiosk"
        await desk.beat("choosing_method", visit)
        assert (await grant(desk, headers, ids.new_visit_id())).json()["code"] == "visit_gone_on"
        assert (await grant(desk, headers, "yesterday")).status_code == 422
        for stage in ("verifying", "consenting", "checked_in", "refused", "taking_card"):
            await desk.beat(stage, visit)
            assert (await grant(desk, headers, visit)).json()["code"] == "visit_gone_on"
            assert "grant_visual" not in await card(desk)
        await desk.beat("idle", None)
        assert (await grant(desk, headers, visit)).json()["code"] == "visit_gone_on"


async def test_a_silent_kiosk_is_granted_nothing(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("choosing_method", visit)
        desk.clock.later(seconds=31)
        assert (await grant(desk, headers, visit)).json()["code"] == "silent"
        assert 'class="kiosk busy silent"' in await card(desk)


async def test_nothing_is_decided_before_the_kiosk_compares_or_after_three_minutes(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("choosing_method", visit)
        granted = (await grant(desk, headers, visit)).json()["command_id"]
        assert (await decide(desk, headers, granted, "confirm")).json()["code"] == "not_comparing"
        await answer(desk, granted, "comparing")
        desk.clock.later(seconds=181)
        await desk.beat("comparing", visit)
        assert (await decide(desk, headers, granted, "confirm")).json()["code"] == "not_comparing"
        assert (await decide(desk, headers, ids.new_visit_id(), "confirm")).status_code == 404
        assert (await decide(desk, headers, granted, "perhaps")).status_code == 404


async def test_a_check_the_kiosk_cannot_do_is_said(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("typing_pin", visit)
        granted = (await grant(desk, headers, visit)).json()["command_id"]
        await answer(desk, granted, "not_possible")
        shown = await card(desk)
        assert "切り替えられませんでした" in shown
        assert 'data-action="grant_visual"' in shown


async def test_a_kiosk_answers_its_own_commands_only(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers, visit = await desk.sit_down("tanaka"), ids.new_visit_id()
        await desk.beat("typing_pin", visit)
        granted = (await grant(desk, headers, visit)).json()["command_id"]
        path = f"/k/v1/line/{granted}"
        stranger = await desk.at_kiosk_door.post(path, json={"state": "comparing"}, headers={"x-kiosk-id": "b"})
        assert stranger.status_code == 404


async def test_the_audit_can_be_added_to_only(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("tanaka")
        for sql in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
            with pytest.raises(StoreError) as error:
                await desk.desk.store.write(lambda transaction, sql=sql: transaction.run(sql))
            assert "append-only" in str(error.value.__cause__)
