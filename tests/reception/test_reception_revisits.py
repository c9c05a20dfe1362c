"""再受付: the same card twice a day is one row of the board, in front again; and what has changed since the last visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kiosk.reception import board_rows, checkins
from kiosk.reception.board_rows import BoardRow
from kiosk.record.checkin import CardSeen, CheckIn
from kiosk.record.dates import Notice

Build = Callable[..., CheckIn]

pytestmark = pytest.mark.anyio


def with_card(checkin: CheckIn, letter: str = "c", *, simulated: bool = True) -> CheckIn:
    return replace(checkin, card=CardSeen(letter * 64, Notice.NONE), simulated=simulated)


async def board(opened: Any) -> list[BoardRow]:
    now = opened.clock.now
    rows = await opened.desk.store.read(board_rows.rows_on_board(now))
    return [board_rows.board_row(row, (), now) for row in rows]


async def numbers(opened: Any) -> list[str]:
    return [row.shown.queue_number for row in await board(opened)]


async def test_the_same_card_comes_to_the_top_of_the_list_with_both_numbers(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        first = with_card(checkin_at(opened.clock.now, "A001"))
        await opened.post(first)
        opened.clock.later(minutes=5)
        await opened.post(with_card(checkin_at(opened.clock.now, "A002"), "d"))
        opened.clock.later(minutes=20)
        again = with_card(checkin_at(opened.clock.now, "A003"))
        assert (await opened.post(again)).status_code == 201
        rows = await board(opened)
        assert [row.shown.queue_number for row in rows] == ["A001", "A002"]
        assert [(visit.number, visit.time) for visit in rows[0].visits] == [("A001", "9:15"), ("A003", "9:40")]
        assert rows[0].shown.checkin_id == first.checkin_id
        assert rows[1].visits == ()


@pytest.mark.parametrize("steps", [("take",), ("take", "finish")])
async def test_a_row_that_was_taken_or_done_is_unhandled_again(
    open_desk: Any, checkin_at: Build, steps: tuple[str, ...]
) -> None:
    async with open_desk() as opened:
        headers = await opened.sit_down("tanaka")
        first = with_card(checkin_at(opened.clock.now, "A001"))
        await opened.post(first)
        for step in steps:
            url = f"/api/v1/rows/{first.checkin_id}/{step}"
            assert (await opened.at_staff_door.post(url, headers=headers)).status_code == 200
        opened.clock.later(hours=2)
        await opened.post(with_card(checkin_at(opened.clock.now, "A002")))
        (row,) = await board(opened)
        assert (row.shown.state, row.shown.taken_by) == ("open", "")
        assert ("a", "row_came_again") in opened.audit()


async def test_nothing_is_lost_of_either_check_in(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        both = [with_card(checkin_at(opened.clock.now + timedelta(minutes=at), f"A00{at}")) for at in (1, 2)]
        for checkin in both:
            await opened.post(checkin)
            assert (await opened.post(checkin)).status_code in (200, 409)
        kept = await opened.desk.store.read(checkins.rows_since(0))
        assert [row.checkin.checkin_id for row in kept] == [checkin.checkin_id for checkin in both]
        answer = await opened.at_staff_door.get(f"/api/v1/rows/{both[1].checkin_id}")
        assert answer.json()["record"]["queue_number"] == "A002"
        assert await numbers(opened) == ["A001"]


async def test_the_boards_piece_of_a_joined_check_in_is_the_first_ones_row(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        first = with_card(checkin_at(opened.clock.now, "A001"))
        again = with_card(checkin_at(opened.clock.now + timedelta(minutes=1), "A002"))
        await opened.post(first)
        await opened.post(again)
        piece = await opened.at_staff_door.get(f"/api/v1/rows/{again.checkin_id}", headers={"accept": "text/html"})
        assert f'data-checkin-id="{first.checkin_id}"' in piece.text
        assert "再受付" in piece.text
        headers = opened.headers()
        refused = await opened.at_staff_door.post(f"/api/v1/rows/{again.checkin_id}/take", headers=headers)
        assert refused.status_code == 404


async def test_check_ins_that_joined_are_where_their_row_is(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        headers = await opened.sit_down("tanaka")
        first = with_card(checkin_at(opened.clock.now, "A001"))

        async def states() -> list[str]:
            return [row.state for row in await opened.desk.store.read(checkins.rows_since(0))]

        await opened.post(first)
        await opened.post(with_card(checkin_at(opened.clock.now, "A002")))
        for step, state in (("take", "taken"), ("finish", "done")):
            await opened.at_staff_door.post(f"/api/v1/rows/{first.checkin_id}/{step}", headers=headers)
            assert await states() == [state, state]
        await opened.post(with_card(checkin_at(opened.clock.now, "A003")))
        assert await states() == ["open"] * 3


async def test_simulated_and_real_never_join(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        await opened.post(with_card(checkin_at(opened.clock.now, "A002"), simulated=False))
        assert sorted(await numbers(opened)) == ["A001", "A002"]


async def test_another_day_in_japan_is_another_row(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        opened.clock.later(hours=15)  # past midnight in Japan, the same day in UTC is over too
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        assert await numbers(opened) == ["A001", "A001"]


async def test_who_has_no_card_joins_nobody(open_desk: Any, checkin_at: Build, unanswered: Build) -> None:
    async with open_desk() as opened:
        for number in ("A001", "A002"):
            await opened.post(replace(unanswered(checkin_at(opened.clock.now, number)), card=None, identity=None))
        assert sorted(await numbers(opened)) == ["A001", "A002"]


async def test_the_newest_answer_is_shown(open_desk: Any, checkin_at: Build, unanswered: Build) -> None:
    async with open_desk() as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001", copay_ratio=10)))
        opened.clock.later(minutes=1)
        await opened.post(with_card(checkin_at(opened.clock.now, "A002", copay_ratio=30)))
        opened.clock.later(minutes=1)
        await opened.post(with_card(unanswered(checkin_at(opened.clock.now, "A003"))))
        (row,) = await board(opened)
        assert row.shown.copay == "3割"
        assert [visit.number for visit in row.visits] == ["A001", "A002", "A003"]


async def test_what_changed_since_the_last_visit_is_named(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        opened.clock.later(days=2)
        changed = checkin_at(opened.clock.now, "A001", insurer_number="01139997", copay_ratio=30)
        await opened.post(with_card(changed))
        newest = (await board(opened))[0]
        assert newest.change is not None
        assert (newest.change.insurer, newest.change.insured, newest.change.copay) == (True, False, True)
        assert newest.change.sentence == "前回（11/24）は 保険者番号 06139999、負担 1割"
        piece = await opened.at_staff_door.get(f"/api/v1/rows/{changed.checkin_id}", headers={"accept": "text/html"})
        assert "前回と変更" in piece.text


async def test_the_same_insurance_is_no_change(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        opened.clock.later(days=2)
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        assert (await board(opened))[0].change is None


async def test_a_change_is_not_shown_to_a_screen_that_nobody_sits_at(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk(staying=False) as opened:
        await opened.post(with_card(checkin_at(opened.clock.now, "A001")))
        opened.clock.later(days=2)
        await opened.post(with_card(checkin_at(opened.clock.now, "A001", insured_number="1")))
        await opened.sit_down("tanaka")
        assert "3456" in (await opened.at_staff_door.get("/board")).text
        opened.clock.later(minutes=16)
        assert "3456" not in (await opened.at_staff_door.get("/board")).text
