"""The day in figures: what is counted, the plot, the CSV, and closing a day."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kiosk.reception import day_csv, day_plot, day_sums
from kiosk.record.checkin import CardSeen, CheckIn, Identity
from kiosk.record.dates import Notice
from kiosk.record.eligibility import Validity
from kiosk.record.identity import Method
from tests.reception.desks import ON_SQLITE_ONLY

Build = Callable[..., CheckIn]
DAY = date(2026, 11, 24)


@pytest.mark.anyio
async def test_a_day_is_counted_by_result_method_kiosk_and_hour(
    open_desk: Any, checkin_at: Build, with_validity: Build
) -> None:
    async with open_desk() as opened:
        opened.clock.later(days=-1)
        await opened.post(checkin_at(opened.clock.now, "A001"))
        opened.clock.later(days=1)
        await opened.post(checkin_at(opened.clock.now, "A001"))
        long = checkin_at(opened.clock.now, "B001", "b")
        long = replace(long, identity=Identity(Method.PIN), opened_at=long.confirmed_at - timedelta(seconds=90))
        await opened.post(with_validity(long, Validity.INVALID))
        opened.clock.later(hours=2)
        again = replace(checkin_at(opened.clock.now, "A002"), card=checkin_at(opened.clock.now, "A001").card)
        await opened.post(again)
        sums = await opened.desk.store.read(day_sums.sums(DAY))
    assert (sums.whole, sums.again, sums.simulated) == (3, 1, 3)
    assert sums.results == {"有効": 2, "無効": 1}
    assert sums.methods == {"顔": 2, "暗証番号": 1}
    assert sums.kiosks == {"受付機 A": 2, "受付機 B": 1}
    assert {hour: dict(counted) for hour, counted in sums.hours.items() if counted} == {
        9: {"顔": 1, "暗証番号": 1},
        11: {"顔": 1},
    }
    assert (min(sums.hours), max(sums.hours)) == (8, 18)
    assert sums.median_seconds == 30.0
    assert sums.left_open == 3, "yesterday's too"


def test_the_plots_bars_fill_their_scale_and_never_leave_it() -> None:
    drawn = day_plot.plot({8: {"顔": 3, "暗証番号": 6}, 9: {}, 10: {"顔": 20}}, ("顔", "暗証番号"))
    assert [bar.title for bar in drawn.bars] == ["8時台 顔 3人", "8時台 暗証番号 6人", "10時台 顔 20人"]
    first, second, highest = drawn.bars
    assert second.y + second.height == pytest.approx(first.y, abs=0.2)
    assert first.height * 2 == pytest.approx(second.height, abs=0.2)
    assert highest.y >= 0
    assert [line.text for line in drawn.lines] == ["0", "5", "10", "15", "20"]
    assert drawn.spoken == "時間帯ごとの来院数。最も多いのは10時台の20人。"


def test_a_plot_of_nobody() -> None:
    drawn = day_plot.plot({8: {}, 9: {}}, ())
    assert not drawn.bars
    assert not drawn.totals
    assert drawn.spoken == "来院はありません。"


@pytest.mark.parametrize("cell", ["=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_no_cell_is_taken_for_a_formula(cell: str) -> None:
    assert day_csv.guarded(cell) == f"'{cell}"


def test_an_ordinary_cell_stays_as_it_is() -> None:
    assert day_csv.guarded("ミホン ハナコ") == "ミホン ハナコ"


@pytest.mark.anyio
async def test_the_days_csv_holds_every_visit_and_the_log_says_who_took_it(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        await opened.post(checkin_at(opened.clock.now, "A001", name="=HYPERLINK(1)"))
        again = replace(checkin_at(opened.clock.now, "A002"), card=checkin_at(opened.clock.now, "A001").card)
        await opened.post(again)
        await opened.sit_down("tanaka")
        answer = await opened.at_staff_door.get("/day.csv?date=2026-11-24")
        assert answer.headers["content-disposition"] == 'attachment; filename="uketsuke-2026-11-24.csv"'
        assert answer.content.startswith(b"\xef\xbb\xbf")
        table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["番号"], row["氏名"], row["再受付"], row["状態"]) for row in table] == [
            ("A001", "'=HYPERLINK(1)", "", "未対応"),
            ("A002", "見本　花子", "再受付", ""),
        ]
        assert next((row["生年月日"], row["保険者番号"], row["受付時刻"]) for row in table) == (
            *("1941-04-02", "06139999", "09:15:00"),
        )
        assert ("tanaka", "day_exported") in opened.audit()


@ON_SQLITE_ONLY  # it is refused before the database is asked
@pytest.mark.anyio
@pytest.mark.parametrize("told", ["2026-13-01", "yesterday", "2026-11-25", "1999-01-01"])
async def test_a_day_that_is_none_is_refused(open_desk: Any, told: str) -> None:
    async with open_desk() as opened:
        assert (await opened.at_staff_door.get(f"/day?date={told}")).status_code == 422


@pytest.mark.anyio
async def test_a_day_is_closed_only_when_nothing_is_left_or_somebody_knows(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        checkin = checkin_at(opened.clock.now, "A001")
        await opened.post(checkin)
        await opened.beat("idle", None, parked=1)
        headers = await opened.sit_down("tanaka")
        form = {"date": "2026-11-24", "token": headers["x-csrf-token"]}

        async def close(**more: str) -> Any:
            return await opened.at_staff_door.post("/day", data=form | more, headers={"origin": headers["origin"]})

        asked = await close()
        assert asked.status_code == 409
        assert "残っている受付があります" in asked.text
        assert (await close(anyway="yes")).status_code == 303
        for step in ("take", "finish"):
            url = f"/api/v1/rows/{checkin.checkin_id}/{step}"
            await opened.at_staff_door.post(url, headers=headers)
        assert (await close()).status_code == 409, "one is still at the kiosk"
        await opened.beat("idle", None)
        assert (await close()).status_code == 303
        page = (await opened.at_staff_door.get("/day")).text
        assert re.search(r"9:15.*tanaka|9:15.*田中", page)
        assert ("tanaka", "day_closed") in opened.audit()


@pytest.mark.anyio
async def test_cards_of_two_kiosks_are_two_people(open_desk: Any, checkin_at: Build) -> None:
    async with open_desk() as opened:
        for letter in "cd":
            card = CardSeen(letter * 64, Notice.NONE)
            await opened.post(replace(checkin_at(opened.clock.now, f"A00{'cd'.index(letter)}"), card=card))
        sums = await opened.desk.store.read(day_sums.sums(DAY))
    assert (sums.whole, sums.again) == (2, 0)
