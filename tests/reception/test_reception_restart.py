"""A new start from the board: the strip shows what the kiosk said, and says so where it said nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception import visual
from kiosk.record import ids

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]


async def strip(desk: Any) -> str:
    return str((await desk.at_staff_door.get("/api/v1/kiosks/a")).text)


async def press(desk: Any) -> str:
    sent = await desk.at_staff_door.post("/api/v1/kiosks/a/restart", headers=desk.headers())
    assert sent.status_code == 201
    return str(sent.json()["command_id"])


async def answer(desk: Any, command_id: str, state: str) -> None:
    told = {"json": {"state": state}, "headers": {"x-kiosk-id": "a"}}
    assert (await desk.at_kiosk_door.post(f"/k/v1/line/{command_id}", **told)).status_code == 204


async def test_the_strip_follows_a_kiosk_through_its_new_start(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        assert 'data-action="restart"' in await strip(desk)
        sent = await press(desk)
        assert "受付機に送りました" in await strip(desk)
        assert "data-seconds-left" in await strip(desk)
        await answer(desk, sent, "restarting")
        await desk.beat("idle", None, service="restarting")
        shown = await strip(desk)
        assert "再起動しています" in shown
        assert 'class="mode"' not in shown
        await answer(desk, sent, "open")
        await desk.beat("idle", None)
        shown = await strip(desk)
        assert "待機中" in shown
        assert 'data-action="restart"' in shown
        assert desk.audit() == [("tanaka", "restart"), ("a", "kiosk_restarting"), ("a", "kiosk_open")]


async def test_a_visit_that_runs_is_shown_to_its_end_and_may_still_be_checked_by_sight(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("choosing_method", ids.new_visit_id(), service="restarting")
        shown = await strip(desk)
        assert "確認方法を選んでいます" in shown
        assert "この方の受付が終わると再起動します" in shown
        assert 'data-action="grant_visual"' in shown


@pytest.mark.parametrize("service", ["paused", "closed"])
async def test_a_kiosk_out_of_service_can_be_started_again(open_desk: OpenDesk, service: str) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None, service=service)
        assert 'data-action="restart"' in await strip(desk)


async def test_a_kiosk_that_cannot_start_again_says_so_for_a_while(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        sent = await press(desk)
        await answer(desk, sent, "restarting")
        await answer(desk, sent, "not_possible")
        assert "再起動できませんでした" in await strip(desk)
        assert desk.audit()[-1] == ("a", "kiosk_not_possible")
        desk.clock.later(seconds=visual.ASKED_SHOWN.total_seconds() + 61)
        await desk.beat("idle", None)
        assert "再起動できませんでした" not in await strip(desk)


async def test_a_kiosk_that_does_not_answer_in_time_is_told_of(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.beat("idle", None)
        await press(desk)
        desk.clock.later(seconds=61)
        await desk.beat("idle", None)
        assert "受付機から応答がありませんでした" in await strip(desk)
        assert await desk.desk.store.read(visual.queued(ids.kiosk_id("a"), desk.clock())) == []
