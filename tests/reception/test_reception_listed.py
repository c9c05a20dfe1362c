"""What a list says of somebody, and how it ages: "see reception" may be said early, and nothing else ever is."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiosk.reception import listed, lookups
from kiosk.reception.catching_up import CatchingUp
from kiosk.reception.forgetting import Forgetting
from kiosk.record import checkin as contract
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Validity

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]
CARD = "cd" * 32
HEAD = "患者氏名,保険者番号,番号,生年月日,枝番"


async def look_up_list(desk: Any, *numbers: str, day: str = "2026-11-25", branch: str = "") -> Any:
    """Ask about these insured numbers, as the appointments of a day."""
    rows = [f"試験　{number},01139997,{number},19800217,{branch}" for number in numbers]
    headers = await desk.sit_down("tanaka")
    body = "\n".join([HEAD, *rows]).encode()
    answer = await desk.at_staff_door.post(f"/api/v1/list?day={day}", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


async def at_kiosk(desk: Any, card: str = CARD) -> tuple[str, Any]:
    """A card at the kiosk: the visit's id, and what reception answers."""
    visit = ids.new_visit_id(int(desk.clock.now.timestamp() * 1000))
    body = {"visit_id": visit, "fingerprint": card, "limit_consent": False}
    return visit, await desk.at_kiosk_door.post("/k/v1/lookup", json=body, headers={"x-kiosk-id": "a"})


async def known(desk: Any, build: Build, number: str = "68", **person: Any) -> None:
    """Somebody who was here before, when this number was valid."""
    assert (await desk.post(build(desk.clock.now, "A001", insured_number=number, **person))).status_code == 201


async def kept(desk: Any, table: str) -> int:
    count = f"SELECT count(*) AS rows FROM {table}"  # noqa: S608 - a name of ours
    return int(await desk.desk.store.read(lambda connection: connection.execute(count).fetchone()["rows"]))


@pytest.mark.parametrize(
    ("number", "validity"), [("68", "invalid"), ("69", "invalid_newer_exists"), ("70", "not_found")]
)
async def test_who_was_not_valid_in_the_list_of_the_day_is_told_at_once(
    open_desk: OpenDesk, terminal: Any, patient_at: Build, number: str, validity: str
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at, number)
        await look_up_list(desk, number)
        desk.clock.later(hours=24)
        terminal.tell(manner="never")
        taken = terminal.tell()["taken"]
        began = time.monotonic()
        _, answer = await at_kiosk(desk)
        assert time.monotonic() - began < 1
        assert terminal.tell()["taken"] == taken, "nobody was asked"
        eligibility = contract.eligibility_from_json(answer.json()["eligibility"])
        assert (eligibility.validity.value, answer.json()["simulated"]) == (validity, True)
        assert ("a", "told_from_list") in desk.audit()


async def test_the_board_says_why_and_todays_answer_joins_the_row(
    open_desk: OpenDesk, terminal: Any, patient_at: Build
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at)
        await look_up_list(desk, "68")
        desk.clock.later(hours=24)
        visit, answer = await at_kiosk(desk)
        told = contract.eligibility_from_json(answer.json()["eligibility"])
        checkin = replace(patient_at(desk.clock.now, "A002"), checkin_id=ids.visit_id(visit), eligibility=told)
        assert (await desk.post(checkin)).status_code == 201
        url = f"/api/v1/rows/{visit}"
        row = (await desk.at_staff_door.get(url, headers={"accept": "text/html"})).text
        assert "無効" in row
        assert "資格喪失" in row
        assert re.search(r"\d+/\d+ 一括照会<br>照会し直し中", row)
        asking = asyncio.create_task(CatchingUp(desk.desk, 0.05).run())
        end = time.monotonic() + 10
        while (await desk.at_staff_door.get(url)).json()["later"] is None:
            assert time.monotonic() < end, "it was not asked again"
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        later = (await desk.at_staff_door.get(url)).json()
        assert later["later"]["eligibility"]["validity"] == "invalid"
        assert later["record"]["eligibility"] == answer.json()["eligibility"], "the first message stays as it came"
        assert "一括照会" not in (await desk.at_staff_door.get(url, headers={"accept": "text/html"})).text


async def test_a_row_that_nothing_names_is_named_by_who_the_card_was_here_as(
    open_desk: OpenDesk, patient_at: Build, unanswered: Build
) -> None:
    async with open_desk() as desk:
        await known(desk, patient_at)
        desk.clock.later(days=1)
        known_card = unanswered(patient_at(desk.clock.now, "A002"))
        new_card = unanswered(patient_at(desk.clock.now, "A003", card="99" * 32))
        for checkin in (known_card, new_card):
            await desk.post(checkin)
        named, unnamed = [
            (await desk.at_staff_door.get(f"/api/v1/rows/{one.checkin_id}", headers={"accept": "text/html"})).text
            for one in (known_card, new_card)
        ]
        assert "シケン ハナコ" in named
        assert "昭和55年2月17日" in named
        assert "前回の記録" in named
        assert "照会できず" in named, "a name is no answer"
        assert "氏名は届いていません" in unnamed
        assert "前回の記録" not in unnamed


@pytest.mark.parametrize("number", ["67", "71", "73"])
async def test_who_was_valid_or_not_known_for_sure_is_asked_for_again(
    open_desk: OpenDesk, terminal: Any, patient_at: Build, number: str
) -> None:
    branch = "01" if number == "71" else "00"
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at, number, insured_branch=branch, name_kana=None)
        await look_up_list(desk, number)
        assert await kept(desk, "listed") == 0
        desk.clock.later(hours=24)
        taken = terminal.tell()["taken"]
        await at_kiosk(desk)
        assert terminal.tell()["taken"] == taken + 1


async def test_a_valid_row_of_yesterday_is_never_an_answer_of_today(
    open_desk: OpenDesk, terminal: Any, patient_at: Build
) -> None:
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.6, bulk_timeout_seconds=10.0)) as desk:
        await known(desk, patient_at, "67")
        await look_up_list(desk, "67")
        desk.clock.later(hours=24)
        terminal.tell(manner="never")
        assert (await at_kiosk(desk))[1].status_code == 504


@pytest.mark.parametrize("days", [0, 2])
async def test_a_list_speaks_on_its_own_day_only(
    open_desk: OpenDesk, terminal: Any, patient_at: Build, days: int
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at)
        await look_up_list(desk, "68", day="2026-11-25")
        desk.clock.later(days=days)
        taken = terminal.tell()["taken"]
        await at_kiosk(desk)
        assert terminal.tell()["taken"] == taken + 1


async def test_another_card_number_or_birth_date_is_not_meant(
    open_desk: OpenDesk, terminal: Any, patient_at: Build
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at, "68", card="ee" * 32, birth_date=date(1980, 2, 18))
        await known(desk, patient_at, "67", card="ff" * 32)
        await look_up_list(desk, "68", day="2026-11-24")
        taken = terminal.tell()["taken"]
        for card in ("ee" * 32, "ff" * 32):
            await at_kiosk(desk, card)
        assert terminal.tell()["taken"] == taken + 2


@pytest.mark.parametrize(("listed_as", "early"), [("00", True), ("", True), ("01", False)])
async def test_a_twin_is_told_apart_by_the_branch(
    open_desk: OpenDesk, terminal: Any, patient_at: Build, listed_as: str, early: bool
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at, "70", insured_branch="00")
        await look_up_list(desk, "70", day="2026-11-24", branch=listed_as)
        taken = terminal.tell()["taken"]
        await at_kiosk(desk)
        assert (terminal.tell()["taken"] == taken) is early


async def test_a_later_valid_answer_clears_what_the_list_said(
    open_desk: OpenDesk, terminal: Any, patient_at: Build
) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await known(desk, patient_at, "67")
        terminal.tell(manner="ordinary")
        await look_up_list(desk, "67", day="2026-11-24")
        query = (await desk.desk.store.read(_patient(CARD))).query(limit_consent=False)
        answer = lists_answer(desk, Validity.INVALID)
        listing = replace(listing_of_nobody(desk), day=date(2026, 11, 24))
        await desk.desk.store.write(listed.keep(listing, b"x", [query], answer, desk.desk.key))
        assert (await at_kiosk(desk))[1].json()["eligibility"]["validity"] == "invalid"
        # The desk looks the number up by hand, and it is valid today.
        await desk.sit_down("tanaka")
        page = (await desk.at_staff_door.get("/lookup")).text
        token = page.split('name="token" value="')[1].split('"')[0]
        form = {"insurer": "01139997", "number": "67", "symbol": "12340005", "era": "昭和", "year": "55"}
        form |= {"month": "2", "day": "17", "token": token}
        shown = await desk.at_staff_door.post("/lookup", data=form, headers={"origin": "http://127.0.0.1"})
        assert 'data-validity="valid"' in shown.text
        assert (await at_kiosk(desk))[1].json()["eligibility"]["validity"] == "valid"


def _patient(card: str) -> Any:
    from kiosk.reception import known as room

    return room.by_card(card, simulated=True)


def lists_answer(desk: Any, validity: Validity) -> Any:
    from kiosk.reception.lookups import ListAnswer

    return ListAnswer(desk.clock.now, simulated=True, validities={0: validity})


def listing_of_nobody(desk: Any) -> listed.Listing:
    now = desk.clock.now
    return listed.Listing(day=now.date(), asked_at=now, valid=0, invalid=1, check=0, simulated=True, rows=())


# -- what the desk reads again, and until when -----------------------------------------------------------------------------


async def test_the_desk_reads_its_lists_again_until_their_day_is_over(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        assert "その日が終わるまで" in (await desk.at_staff_door.get("/list")).text
        await look_up_list(desk, "67", "68", day="2026-11-25")
        await look_up_list(desk, "69", day="2026-11-24")
        page = (await desk.at_staff_door.get("/list")).text
        assert re.findall(r'data-day="([^"]+)" data-valid="(\d+)" data-invalid="(\d+)"', page) == [
            ("2026-11-24", "0", "1"),
            ("2026-11-25", "1", "1"),
        ]
        assert "試験　68" in page
        assert "試験　67" not in page, "who is valid needs nobody's attention, and is not kept"
        desk.clock.later(days=1)
        assert re.findall(r'data-day="([^"]+)"', (await desk.at_staff_door.get("/list")).text) == ["2026-11-25"]


async def test_a_list_that_is_asked_again_replaces_itself(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        for _ in range(2):
            answer = await look_up_list(desk, "68", "69")
        assert answer.text.count("<article") == 1
        assert await kept(desk, "listing") == 1
        both = await look_up_list(desk, "70")
        assert re.findall(r'data-check="(\d+)"', both.text) == ["1", "0"], "what was asked now stands first"


async def test_what_is_over_is_erased(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await look_up_list(desk, "68", "69", day="2026-11-25")
        await desk.desk.store.write(
            listed.note_early(ids.new_visit_id(), listed.Finding(contract.UNCONFIRMED, simulated=True))
        )
        assert (await kept(desk, "listing"), await kept(desk, "listed"), await kept(desk, "told_early")) == (1, 2, 1)
        task = Forgetting(desk.desk, every=0.02)
        running = asyncio.create_task(task.run())
        await asyncio.sleep(0.1)
        assert await kept(desk, "listed") == 2
        desk.clock.later(days=2)
        end = time.monotonic() + 5
        while await kept(desk, "listing") or await kept(desk, "listed") or await kept(desk, "told_early"):
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])
        assert ("reception", "lists_erased") in desk.audit()


def _sealed_of_lists(connection: Any) -> list[bytes]:
    """All that the two tables of lists hold."""
    found = []
    for table in ("listing", "listed"):
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of ours
        found += [each if isinstance(each, bytes) else str(each).encode() for row in rows for each in row]
    assert found
    return found


async def test_nothing_of_a_list_can_be_read_in_the_database(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        await look_up_list(desk, "68", "69")
        everything = b"".join([bytes(row) for row in await desk.desk.store.read(_sealed_of_lists)])
    for said in ("試験", "01139997", "資格喪失", "1980", "invalid_newer"):
        assert said.encode() not in everything


@pytest.mark.parametrize("day", ["2026-11-23", "2026-12-09", "tomorrow", "2026-11-31"])
async def test_a_list_is_for_a_day_near_by(open_desk: OpenDesk, terminal: Any, day: str) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        headers = await desk.sit_down("tanaka")
        answer = await desk.at_staff_door.post(f"/api/v1/list?day={day}", content=b"x", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "day")


async def test_the_day_that_is_offered_is_tomorrow_from_noon_on(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings()) as desk:
        for hours, chosen in ((0, "きょう 11月24日（火）"), (4, "あす 11月25日（水）")):
            desk.clock.later(hours=hours)
            page = (await desk.at_staff_door.get("/list")).text
            assert re.findall(r"<option[^>]* selected>([^<]+)<", page) == [chosen]
            assert page.count("<option") == listed.FURTHEST + 1


async def test_a_list_that_fails_leaves_the_last_one_as_it_was(open_desk: OpenDesk, terminal: Any) -> None:
    async with open_desk(terminal=terminal.settings(timeout_seconds=0.5, bulk_timeout_seconds=2.0)) as desk:
        await look_up_list(desk, "68")
        terminal.tell(manner="idle")
        headers = await desk.sit_down("tanaka")
        body = f"{HEAD}\n試験,01139997,67,19800217,".encode()
        assert (await desk.at_staff_door.post("/api/v1/list", content=body, headers=headers)).status_code == 504
        assert (await kept(desk, "listing"), await kept(desk, "listed")) == (1, 1)


async def test_a_list_under_way_tells_how_far_it_is(
    open_desk: OpenDesk, terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "FETCH_AGAIN_EVERY", 0.1)
    terminal.tell(manner="processing")
    async with open_desk(terminal=terminal.settings(bulk_timeout_seconds=10.0)) as desk:
        url = "/api/v1/list/progress"
        assert (await desk.at_staff_door.get(url)).status_code == 204
        waiting = asyncio.create_task(look_up_list(desk, "67", "68"))
        end = time.monotonic() + 5
        while True:
            answer = await desk.at_staff_door.get(url)
            if answer.status_code == 200 and answer.json()["step"] == "waiting":
                break
            assert time.monotonic() < end
            await asyncio.sleep(0.01)
        assert answer.json()["rows"] == 2
        terminal.tell(manner="ordinary")
        await waiting
        assert (await desk.at_staff_door.get(url)).status_code == 204
