"""A session: idle after a quarter of an hour, over after twelve, masked meanwhile, and known to every node."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from starlette.requests import Request
from starlette.responses import Response

from kiosk.reception import accounts, masking, session
from kiosk.reception.accounts import Role
from kiosk.reception.board_rows import BoardRow
from kiosk.reception.view import RowView
from kiosk.record.checkin import CheckIn

pytestmark = pytest.mark.anyio

OpenDesk = Callable[..., AbstractAsyncContextManager[Any]]
Build = Callable[..., CheckIn]

PERSONAL = ("ミホン ハナコ", "見本　花子", "昭和16年", "1941", "85歳", "06139999", "3456", "1割", "薬剤情報")


async def test_an_idle_board_goes_on_with_everybody_masked(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk(staying=False) as desk:
        await desk.sit_down("tanaka")
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        path, html = f"/api/v1/rows/{checkin.checkin_id}", {"accept": "text/html"}
        for url in ("/board", path):
            assert "ミホン ハナコ" in (await desk.at_staff_door.get(url, headers=html)).text
        desk.clock.later(minutes=15, seconds=1)
        board = await desk.at_staff_door.get("/board", headers=html)
        row = await desk.at_staff_door.get(path, headers=html)
        for page in (board, row):
            assert page.status_code == 200
            assert "A012" in page.text, "the number stays: the desk can call it"
            for text in PERSONAL:
                assert text not in page.text
        assert (await desk.at_staff_door.get("/events?after=x")).status_code == 400, "and its events go on"


def test_what_stays_of_a_row_is_named_one_by_one() -> None:
    assert {field.name for field in dataclasses.fields(RowView)} >= masking.SHOWN
    assert {field.name for field in dataclasses.fields(BoardRow)} >= masking.BESIDE
    assert not masking.SHOWN & {
        "kana",
        "kanji",
        "born",
        "born_iso",
        "insured",
        "insurer_number",
        "marks",
        "tags",
        "others",
    }
    assert not masking.BESIDE & {"whose", "by_card", "change"}


async def test_an_idle_session_does_nothing_and_reads_nothing_else(open_desk: OpenDesk, checkin_at: Build) -> None:
    async with open_desk(staying=False) as desk:
        headers = await desk.sit_down("tanaka")
        checkin = checkin_at(desk.clock.now)
        await desk.post(checkin)
        path = f"/api/v1/rows/{checkin.checkin_id}"
        desk.clock.later(minutes=16)
        for url in ("/api/v1/rows", path, "/lookup", "/list", "/me"):
            answer = await desk.at_staff_door.get(url)
            assert (answer.status_code, answer.json()["code"]) == (401, "idle"), url
        assert (await desk.at_staff_door.post(f"{path}/take", headers=headers)).json()["code"] == "idle"
        answer = await desk.at_staff_door.post("/api/v1/me/here", headers=headers)
        assert answer.json()["code"] == "idle", "only a sign-in wakes it"
        page = await desk.at_staff_door.get("/lookup", headers={"accept": "text/html"})
        assert page.headers["location"] == "/sign-in?back=/lookup"
        headers = await desk.sit_down("tanaka")
        assert (await desk.at_staff_door.post(f"{path}/take", headers=headers)).status_code == 200


async def test_what_a_page_asks_for_by_itself_keeps_nobody_awake(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False) as desk:
        headers = await desk.sit_down("tanaka")

        async def idle() -> bool:
            told = (await desk.at_staff_door.get("/api/v1/me", headers={"x-automatic": "1"})).json()
            return bool(told["idle"])

        for _ in range(3):
            desk.clock.later(minutes=10)
            assert not await idle()
            assert (await desk.at_staff_door.post("/api/v1/me/here", headers=headers)).status_code == 204
        desk.clock.later(minutes=10)
        await desk.at_staff_door.get("/board", headers={"x-automatic": "1"})
        desk.clock.later(minutes=6)
        assert await idle()


async def test_a_session_is_over_after_twelve_hours_however_much_it_is_used(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False) as desk:
        headers = await desk.sit_down("tanaka")
        for _ in range(72):
            desk.clock.later(minutes=10)
            assert (await desk.at_staff_door.post("/api/v1/me/here", headers=headers)).status_code == 204
        desk.clock.later(seconds=1)
        answer = await desk.at_staff_door.get("/board")
        assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")


async def test_a_kiosk_is_let_in_only_by_who_has_just_signed_in(open_desk: OpenDesk) -> None:
    async with open_desk(staying=False) as desk:
        headers = await desk.sit_down("sato", Role.ADMINISTRATOR)
        path = "/api/v1/pairings/none/accept"
        just_now = (await desk.at_staff_door.post(path, headers=headers)).json()
        assert just_now["code"] == "no_authority"
        for _ in range(2):
            desk.clock.later(minutes=8)
            await desk.at_staff_door.post("/api/v1/me/here", headers=headers)
        answer = await desk.at_staff_door.post(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_fresh")


async def test_signing_out_ends_the_session_and_not_only_the_cookie(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        headers = await desk.sit_down("tanaka")
        cookie = desk.at_staff_door.cookies[session.COOKIE]
        form = {"token": headers["x-csrf-token"]}
        answer = await desk.at_staff_door.post("/sign-out", data=form, headers={"origin": headers["origin"]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        desk.at_staff_door.cookies.clear()
        desk.at_staff_door.cookies.set(session.COOKIE, cookie, domain="127.0.0.1")
        assert (await desk.at_staff_door.get("/board")).status_code == 401
        assert desk.audit()[-1] == ("tanaka", "signed_out")


async def test_changing_over_ends_the_session_of_who_sat_there(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        await desk.sit_down("tanaka")
        before = desk.at_staff_door.cookies[session.COOKIE]
        await desk.at_staff_door.get(await desk.desk.store.write(accounts.one_time_link("mori")))
        assert "森 そうた" in (await desk.at_staff_door.get("/board")).text
        desk.at_staff_door.cookies.clear()
        desk.at_staff_door.cookies.set(session.COOKIE, before, domain="127.0.0.1")
        assert (await desk.at_staff_door.get("/board")).status_code == 401


async def test_who_is_stopped_or_gets_another_role_is_signed_out(open_desk: OpenDesk) -> None:
    async with open_desk() as desk:
        for change in (
            accounts.change_role("tanaka", accounts.Role.QUALIFIED, "chief"),
            accounts.disable("tanaka", "chief"),
        ):
            await desk.sit_down("tanaka")
            await desk.desk.store.write(change)
            assert (await desk.at_staff_door.get("/board")).status_code == 401


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_bound_to_the_host_under_tls(scheme: str) -> None:
    scope = {"type": "http", "scheme": scheme, "method": "GET", "path": "/", "headers": [(b"host", b"desk")]}
    answer = Response()
    session.put(Request(scope | {"server": ("desk", 443), "query_string": b""}), answer, "x")
    said = answer.headers["set-cookie"]
    assert said.startswith("__Host-reception_session=x;" if scheme == "https" else "reception_session=x;")
    assert ("Secure" in said) is (scheme == "https")
    assert all(word in said for word in ("HttpOnly", "Path=/", "SameSite=strict"))
    assert "Domain" not in said


def test_a_board_that_is_left_masks_itself_and_wakes_at_a_sign_in(
    page: Page, start_reception: Callable[..., Any], checkin_now: Build
) -> None:
    reception = start_reception()
    page.clock.install()
    reception.open_board(page)
    page.wait_for_selector("html[data-live=open]")
    reception.post(checkin_now())
    row = page.locator("#rows tr")
    expect(row).to_contain_text("ミホン ハナコ")
    idle(reception)
    page.clock.fast_forward(16 * 60 * 1000)
    expect(row).to_contain_text("A012")
    expect(row).not_to_contain_text("ミホン")
    expect(page.locator("#idle")).to_be_visible()
    reception.post(checkin_now("A013"))
    expect(page.locator("#rows tr")).to_have_count(2)
    expect(page.locator("#rows")).not_to_contain_text("ミホン")
    page.locator("#idle a").click()
    expect(page).to_have_url(f"{reception.staff_url}/sign-in?back=/board")


def idle(reception: Any) -> None:
    """A quarter of an hour goes by at reception, where nobody presses anything."""
    database = Path(reception.process.args[-1]).with_name("reception.db")
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE staff_session SET seen_at = '2020-01-01T00:00:00.000Z'")
        connection.commit()
