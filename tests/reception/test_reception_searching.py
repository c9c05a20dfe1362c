"""Finding a visit: what may be typed, what is found by it, and that nothing of it is told to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.reception import kana, searching
from kiosk.reception.errors import RefusedError
from kiosk.record.checkin import CheckIn

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize("typed", ["ミホン", "みほん", "ﾐﾎﾝ", " み ほん ", "ミホン　"])
def test_names_in_any_kana(typed: str) -> None:
    assert searching.wanted(typed, TODAY).kana == "ミホン"


@pytest.mark.parametrize(
    "typed",
    [
        *("S16.4.2", "s16/4/2", "昭和16年4月2日", "昭和１６年４月２日", "S160402", "㍼16年4月2日", "S16-04-02"),
        *("1941/4/2", "1941-04-02", "1941年4月2日", "19410402", "１９４１．４．２", " 1941 / 4 / 2 "),
    ],
)
def test_birth_dates_as_people_say_them(typed: str) -> None:
    assert searching.wanted(typed, TODAY).born == date(1941, 4, 2)


def test_the_first_year_of_an_era() -> None:
    assert searching.wanted("令和元年5月1日", TODAY).born == date(2019, 5, 1)


@pytest.mark.parametrize(
    ("typed", "numbers"), [("A012", ("A012",)), ("a12", ("A012",)), ("Ａ－１２", ("A012",)), ("b7", ("B007",))]
)
def test_queue_numbers(typed: str, numbers: tuple[str, ...]) -> None:
    assert searching.wanted(typed, TODAY).numbers == numbers


def test_a_number_without_its_letter_is_any_kiosks() -> None:
    found = searching.wanted("12", TODAY).numbers
    assert len(found) == 26
    assert {"A012", "Z012"} <= set(found)


@pytest.mark.parametrize(
    "typed", ["", "   ", "見本", "S16.13.2", "昭和65年1月1日", "2030/1/1", "ア" * 41, "' OR 1=1", "%"]
)
def test_what_cannot_be_looked_for_says_what_can(typed: str) -> None:
    with pytest.raises(RefusedError) as refused:
        searching.wanted(typed, TODAY)
    assert refused.value.status == 422
    assert refused.value.sentence.endswith("。")


@given(st.text(max_size=60))
def test_anything_typed_is_understood_or_refused(typed: str) -> None:
    try:
        wanted = searching.wanted(typed, TODAY)
    except RefusedError:
        return
    assert [bool(wanted.kana), wanted.born is not None, bool(wanted.numbers)].count(True) == 1


@given(st.text("ァアィイガギッャンー・ ｶﾞﾊﾟがぱ", max_size=20), st.text("アイウガン", max_size=10))
def test_a_name_lies_between_the_bounds_of_its_beginnings(name: str, more: str) -> None:
    first, behind = kana.between(name)
    assert first <= kana.key(name + more)[: len(first)] < behind


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("みほん", ["A003", "A001"]),
        ("ﾐﾎﾝﾊ", ["A003", "A001"]),
        ("シケン", ["A002"]),
        ("ｼﾞｹﾝ", []),
        ("S25.1.7", ["A002"]),
        ("1941/4/2", ["A003", "A001"]),
        ("A002", ["A002"]),
        ("3", ["A003"]),
    ],
)
async def test_visits_are_found_newest_first_over_the_days(
    open_desk: Any, checkin_at: Callable[..., CheckIn], typed: str, numbers: list[str]
) -> None:
    async with open_desk() as opened:
        await opened.post(checkin_at(opened.clock.now, "A001"))
        await opened.post(checkin_at(opened.clock.now, "A002", name_kana="ｼｹﾝ ﾀﾛｳ", birth_date=date(1950, 1, 7)))
        opened.clock.later(days=1)
        await opened.post(checkin_at(opened.clock.now, "A003"))
        sought = searching.wanted(typed, date(2026, 11, 25))
        visits = await opened.desk.store.read(searching.found(sought))
        assert [visit.checkin.queue_number for visit in visits] == numbers


@pytest.mark.anyio
async def test_the_page_shows_day_by_day_and_the_log_says_only_that_somebody_looked(
    open_desk: Any, checkin_at: Callable[..., CheckIn]
) -> None:
    async with open_desk() as opened:
        await opened.post(checkin_at(opened.clock.now, "A001"))
        headers = await opened.sit_down("tanaka")
        form = {"q": "ﾐﾎﾝ", "token": headers["x-csrf-token"]}
        page = await opened.at_staff_door.post("/search", data=form, headers={"origin": headers["origin"]})
        assert page.status_code == 200
        assert "令和8年11月24日（2026）" in page.text
        assert 'data-queue-number="A001"' in page.text
        assert ("tanaka", "rows_searched") in opened.audit()
        refused = await opened.at_staff_door.post("/search", data={"q": "ﾐﾎﾝ"}, headers={"origin": headers["origin"]})
        assert refused.status_code == 403


@pytest.mark.anyio
async def test_an_answer_is_bounded(
    open_desk: Any, checkin_at: Callable[..., CheckIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "MOST", 3)
    async with open_desk() as opened:
        for number in range(1, 6):
            await opened.post(checkin_at(opened.clock.now, f"A{number:03}"))
            opened.clock.later(minutes=1)
        visits = await opened.desk.store.read(searching.found(searching.wanted("ミ", TODAY)))
        assert [visit.checkin.queue_number for visit in visits] == ["A005", "A004", "A003"]


@pytest.mark.anyio
async def test_a_name_that_came_later_is_found_too(
    open_desk: Any, checkin_at: Callable[..., CheckIn], unanswered: Callable[..., CheckIn]
) -> None:
    from kiosk.reception import later_answers

    async with open_desk() as opened:
        known = checkin_at(opened.clock.now, "A001")
        await opened.post(unanswered(known))
        answer = later_answers.LaterAnswer(known.checkin_id, True, replace(known.eligibility))
        assert await opened.desk.store.write(later_answers.join(answer))
        visits = await opened.desk.store.read(searching.found(searching.wanted("ミホン", TODAY)))
        assert [visit.checkin.queue_number for visit in visits] == ["A001"]
