"""The trouble lane's content: what follows from heartbeats and calls, and what others raise and clear."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from kiosk.reception import troubles
from kiosk.reception.store import Transaction
from kiosk.record import dates
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason

pytestmark = pytest.mark.anyio


async def kinds(opened: Any) -> list[str]:
    standing = await opened.desk.store.read(troubles.standing(opened.clock.now))
    return [trouble.kind for trouble in standing]


async def call(opened: Any, reason: HelpReason) -> None:
    body = opened.kiosk.help(opened.clock.now, reason)
    answer = await opened.at_kiosk_door.post("/k/v1/help", json=body, headers={"x-kiosk-id": "a"})
    assert answer.status_code == 201


async def test_a_quiet_house_has_none(open_desk: Any) -> None:
    async with open_desk() as opened:
        await opened.beat("idle", None)
        assert await kinds(opened) == []
        lane = await opened.at_staff_door.get("/api/v1/troubles")
        assert (lane.status_code, lane.text.strip()) == (200, "")


async def test_a_kiosk_that_is_silent_for_half_a_minute(open_desk: Any) -> None:
    async with open_desk() as opened:
        await opened.beat("idle", None)
        opened.clock.later(seconds=30)
        assert await kinds(opened) == []
        opened.clock.later(seconds=1)
        assert await kinds(opened) == ["kiosk_offline"]
        opened.clock.later(days=1)
        assert await kinds(opened) == ["kiosk_offline"], "it stays when the day turns"
        lane = (await opened.at_staff_door.get("/api/v1/troubles")).text
        assert "受付機 Aから応答がありません" in lane
        assert "電源とLANを確かめる" in lane
        await opened.beat("idle", None)
        assert await kinds(opened) == []


@pytest.mark.parametrize(
    ("beat", "kind"),
    [
        ({"pending": 2, "oldest_age": 61.0}, ["pending"]),
        ({"pending": 2, "oldest_age": 59.0}, []),
        ({"parked": 1}, ["parked"]),
    ],
)
async def test_check_ins_that_do_not_arrive(open_desk: Any, beat: dict[str, Any], kind: list[str]) -> None:
    async with open_desk() as opened:
        await opened.beat("idle", None, **beat)
        assert await kinds(opened) == kind


@pytest.mark.parametrize(("seconds", "said"), [(6, "進んで"), (-6, "遅れて"), (4, ""), (-4, "")])
async def test_a_clock_that_goes_wrong(open_desk: Any, seconds: int, said: str) -> None:
    async with open_desk() as opened:
        right = opened.clock.now
        opened.clock.later(seconds=seconds)
        body = opened.kiosk.heartbeat(opened.clock.now, "idle", None)
        opened.clock.now = right
        await opened.at_kiosk_door.post("/k/v1/heartbeat", json=body, headers={"x-kiosk-id": "a"})
        standing = await opened.desk.store.read(troubles.standing(opened.clock.now))
        assert [trouble.kind for trouble in standing] == (["clock"] if said else [])
        assert all(f"6秒{said}" in trouble.sentence for trouble in standing)


async def test_three_failed_visits_in_a_row_are_a_trouble_until_somebody_gets_through(
    open_desk: Any, checkin_at: Callable[..., CheckIn]
) -> None:
    async with open_desk() as opened:
        await opened.beat("idle", None)
        for reason in (HelpReason.FACE_FAILED, HelpReason.CALLED, HelpReason.STOPPED):
            await call(opened, reason)
        assert await kinds(opened) == [], "who only calls has not failed"
        await call(opened, HelpReason.PIN_LOCKED)
        assert await kinds(opened) == ["failures"]
        opened.clock.later(seconds=5)
        await opened.post(checkin_at(opened.clock.now))
        assert await kinds(opened) == []


@pytest.mark.parametrize(
    ("left", "said"),
    [(31, None), (29, "受付機 Aの証明書はあと29日で切れます"), (-1, "受付機 Aの証明書が切れました")],
)
async def test_a_kiosk_that_does_not_renew_its_certificate(open_desk: Any, left: int, said: str | None) -> None:
    def paired(transaction: Transaction) -> None:
        ends = transaction.now + timedelta(days=left, hours=1 if left > 0 else 0)
        for key, not_after in (("old", transaction.now + timedelta(days=-40)), ("new", ends)):
            transaction.run(
                "INSERT INTO device(key_hash, kiosk_id, not_before, not_after, paired_at, paired_by)"
                " VALUES (?, 'a', ?, ?, ?, 'admin')",
                *(key, transaction.now_text, dates.instant_text(not_after), transaction.now_text),
            )

    async with open_desk() as opened:
        await opened.desk.store.write(paired)
        standing = await opened.desk.store.read(troubles.standing(opened.clock.now))
        assert [trouble.sentence for trouble in standing] == ([] if said is None else [said])
        await opened.desk.store.write(
            lambda transaction: transaction.run("UPDATE device SET revoked_at = ?", transaction.now_text)
        )
        assert await kinds(opened) == [], "nobody waits for a kiosk that was revoked"


async def test_what_others_raise_stands_until_they_clear_it(open_desk: Any) -> None:
    async with open_desk() as opened:
        write = opened.desk.store.write
        raised = troubles.raise_trouble("hand_off", "share", "共有フォルダに書けません", "レセコンの電源を確かめる")
        with opened.desk.board.listen() as listener:
            assert await write(raised)
            assert not await write(raised)
            opened.clock.later(days=1)
            assert await kinds(opened) == ["hand_off"]
            assert await write(troubles.clear_trouble("hand_off", "share"))
            assert not await write(troubles.clear_trouble("hand_off", "share"))
            told = [await listener.next(5), await listener.next(5)]
        assert [(event.kind, event.flags) for event in told if event is not None] == [
            ("trouble", {"trouble": "hand_off", "key": "share", "open": True}),
            ("trouble", {"trouble": "hand_off", "key": "share", "open": False}),
        ]
        assert await kinds(opened) == []


async def test_a_reader_whose_folder_is_away(open_desk: Any) -> None:
    async with open_desk() as opened:
        opened.desk.reader_away = True
        lane = await opened.at_staff_door.get("/api/v1/troubles")
        assert "カードリーダーの結果が読めません" in lane.text
