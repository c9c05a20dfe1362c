"""The staff door: the board's page, what staff may do from it, and that every act has a name beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from kiosk.reception import accounts
from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]


async def test_the_front_of_the_staff_door_is_the_board(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        assert (await desk.at_staff_door.get("/")).headers["location"] == "/board"
        page = await desk.at_staff_door.get("/board")
        assert page.status_code == 200
        assert "きょうの受付は、まだありません" in page.text


async def test_the_page_has_nothing_inline_and_says_so(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        await desk.post(checkin_at(desk.clock.now))
        await desk.beat("choosing_method", ids.new_visit_id())
        page = await desk.at_staff_door.get("/board")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)", page.text)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
        assert page.headers["cache-control"] == "no-store"


async def test_what_a_record_says_is_text_and_never_markup(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now, name="<script>x</script>", name_kana='"><b onclick=x>', insurer_name="'>")
        await desk.post(checkin)
        answer = await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}", headers={"accept": "text/html"})
        assert "<script>" not in answer.text
        assert "<b onclick" not in answer.text
        assert "&lt;script&gt;" in answer.text


async def test_a_row_shows_what_the_desk_needs(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        answer = await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}", headers={"accept": "text/html"})
        for text in ("ミホン ハナコ", "見本　花子", "昭和16年4月2日（1941）", "85歳", "女", "06139999", "12・3456"):
            assert text in answer.text
        for text in ("1割", "一般Ⅱ", "有効", "A012", "9:15", "顔・受付機 A", "模擬", "薬剤情報：同意あり（11/25 9:14"):
            assert text in answer.text
        assert f'data-checkin-id="{checkin.checkin_id}"' in answer.text
        assert 'data-queue-number="A012"' in answer.text


async def test_every_validity_says_what_to_do_next(
    open_desk: OpenDesk, checkin_at: Build, with_validity: Build
) -> None:
    async with open_desk() as desk:
        for validity in (Validity.INVALID, Validity.INVALID_NEWER_EXISTS, Validity.MULTIPLE, Validity.NOT_FOUND):
            results = () if validity is Validity.NOT_FOUND else None
            checkin = with_validity(checkin_at(desk.clock.now), validity, results)
            await desk.post(checkin)
            row = await desk.at_staff_door.get(f"/api/v1/rows/{checkin.checkin_id}", headers={"accept": "text/html"})
            assert ("無効" if validity.value.startswith("invalid") else "要確認") in row.text
            assert 'class="next"' in row.text


async def test_rows_since_a_receipt(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        for number in ("A001", "A002", "A003"):
            await desk.post(checkin_at(desk.clock.now, number))
        answer = (await desk.at_staff_door.get("/api/v1/rows?since=1")).json()
        assert [row["record"]["queue_number"] for row in answer["rows"]] == ["A002", "A003"]
        assert answer["next"] == 3
        assert (await desk.at_staff_door.get("/api/v1/rows?since=x")).status_code == 400


async def test_a_post_needs_our_own_page_its_token_and_a_person(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        path = f"/api/v1/rows/{checkin.checkin_id}/take"
        nobody = await desk.sit_down(None)
        assert (await desk.at_staff_door.post(path, headers=nobody)).json()["code"] == "signed_out"
        headers = await desk.sit_down("tanaka")
        cases = {
            "origin": {"x-csrf-token": headers["x-csrf-token"]},
            "token": headers | {"x-csrf-token": "0" * 64},
        }
        for code, told in cases.items():
            answer = await desk.at_staff_door.post(path, headers=told)
            assert (answer.status_code, answer.json()["code"]) == (403, code)
        foreign = headers | {"origin": "http://127.0.0.1:9999"}
        assert (await desk.at_staff_door.post(path, headers=foreign)).json()["code"] == "origin"
        desk.at_staff_door.cookies.clear()
        assert (await desk.at_staff_door.post(path, headers=headers)).json()["code"] == "signed_out"
        desk.at_staff_door.cookies.set("reception_session", "made.tanaka.up", domain="127.0.0.1")
        assert (await desk.at_staff_door.post(path, headers=headers)).json()["code"] == "signed_out"


async def test_the_cookie_is_strict_and_out_of_reach_of_scripts(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        link = await desk.desk.store.write(accounts.one_time_link("mori"))
        cookie = (await desk.at_staff_door.get(link)).headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie


async def test_a_row_is_taken_finished_and_given_back_by_name(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk() as desk:
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        headers = await desk.sit_down("tanaka")
        path = f"/api/v1/rows/{checkin.checkin_id}"
        for step, expected in (("take", 200), ("take", 409), ("finish", 200), ("finish", 409), ("back", 200)):
            assert (await desk.at_staff_door.post(f"{path}/{step}", headers=headers)).status_code == expected
        row = (await desk.at_staff_door.get(path)).json()
        assert (row["state"], row["taken_by"]) == ("taken", "tanaka")
        assert (await desk.at_staff_door.post(f"{path}/burn", headers=headers)).status_code == 404
        unknown = f"/api/v1/rows/{ids.new_visit_id()}/take"
        assert (await desk.at_staff_door.post(unknown, headers=headers)).status_code == 404
        acts = [("tanaka", act) for act in ("signed_in", "row_take", "row_finish", "row_back")]
        assert desk.audit() == acts


async def test_a_row_that_is_done_stays_for_the_day_and_an_open_one_for_ever(
    open_desk: OpenDesk, checkin_at: Build
) -> None:
    async with open_desk() as desk:
        finished, unseen = checkin_at(desk.clock.now, "A001"), checkin_at(desk.clock.now, "A002")
        headers = await desk.sit_down("tanaka")
        for checkin in (finished, unseen):
            await desk.post(checkin)
        for step in ("take", "finish"):
            await desk.at_staff_door.post(f"/api/v1/rows/{finished.checkin_id}/{step}", headers=headers)
        assert numbers(await desk.at_staff_door.get("/board")) == ["A002", "A001"]
        desk.clock.later(days=1)
        assert numbers(await desk.at_staff_door.get("/board")) == ["A002"]


async def test_help_is_shown_nameless_until_somebody_has_seen_to_it(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        call = desk.kiosk.help(desk.clock.now, HelpReason.FACE_FAILED)
        await desk.at_kiosk_door.post("/k/v1/help", json=call, headers={"x-kiosk-id": "a"})
        path = f"/api/v1/help/{call['help_id']}"
        assert "顔が一致しませんでした: 受付機 A へ" in (await desk.at_staff_door.get(path)).text
        headers = await desk.sit_down("mori")
        for _ in range(2):
            assert (await desk.at_staff_door.post(f"{path}/done", headers=headers)).status_code == 204
        assert (await desk.at_staff_door.get(path)).status_code == 204
        assert desk.audit()[1:] == [("mori", "help_done")]


async def test_typefaces_and_nothing_else_are_served(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for name in ("../reception.db", "passwd", "BIZUDPGothic-Italic.ttf"):
            assert (await desk.at_staff_door.get(f"/fonts/{name}")).status_code == 404
        for name in ("board.js", "stream.js", "door.js", "rows.js", "kiosks.js", "sound.js", "board.css", "rows.css"):
            assert (await desk.at_staff_door.get(f"/static/{name}")).status_code == 200
        assert (await desk.at_staff_door.get("/static/../board.html")).status_code == 404


def numbers(page: Any) -> list[str]:
    return re.findall(r'data-queue-number="([A-Z]\d{3})"', page.text)
