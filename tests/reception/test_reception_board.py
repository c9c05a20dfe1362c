"""The board in a real browser: rows come, move and wait; the visual check; the red bar."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity
from tests.reception.boards import command, queue

Start = Callable[..., Any]
Build = Callable[..., CheckIn]


def test_an_empty_board_invites(board: Page) -> None:
    expect(board.get_by_text("きょうの受付は、まだありません")).to_be_visible()
    expect(board.get_by_text("呼び出しはありません")).to_be_visible()
    assert board.title() == "受付ボード"


def test_rows_come_by_themselves_newest_first(board: Page, reception: Any, checkin_now: Build) -> None:
    board.evaluate("() => { window.same_page = true; }")
    for number in ("A001", "A002", "A003"):
        assert reception.post(checkin_now(number)).status_code == 201
        board.wait_for_selector(f"tr[data-queue-number={number}]")
    assert board.evaluate("() => window.same_page"), "a row must not cost a reload"
    assert queue(board) == ["A003", "A002", "A001"]
    expect(board).to_have_title("(3) 受付ボード")
    expect(board.get_by_text("ミホン ハナコ").first).to_be_visible()


def test_ten_rows_fit_a_small_screen(board: Page, reception: Any, checkin_now: Build, with_validity: Build) -> None:
    for number in range(1, 13):
        checkin = checkin_now(f"A{number:03}")
        reception.post(with_validity(checkin, Validity.INVALID) if number % 3 == 0 else checkin)
    board.wait_for_selector("tr[data-queue-number=A012]")
    bottom = board.locator("#list").bounding_box()
    tenth = board.locator("#rows tr").nth(9).bounding_box()
    assert bottom is not None
    assert tenth is not None
    assert tenth["y"] + tenth["height"] <= bottom["y"] + bottom["height"]


def test_rows_are_taken_and_finished_by_hand_and_by_key(board: Page, reception: Any, checkin_now: Build) -> None:
    for number in ("A001", "A002"):
        reception.post(checkin_now(number))
    board.wait_for_selector("tr[data-queue-number=A002]")
    board.click("tr[data-queue-number=A002] [data-action=take]")
    board.wait_for_selector("tr[data-queue-number=A002][data-state=taken]")
    assert queue(board) == ["A001", "A002"]
    expect(board.locator("tr[data-queue-number=A002] .state")).to_contain_text("田中 みさき")
    board.locator("body").press("j")
    board.locator("body").press("Enter")
    board.wait_for_selector("tr[data-queue-number=A001][data-state=taken][aria-selected=true]")
    board.locator("body").press("Enter")
    board.wait_for_selector("tr[data-queue-number=A001][data-state=done]")
    assert queue(board) == ["A002", "A001"]
    board.click("tr[data-queue-number=A001] [data-action=back]")
    board.wait_for_selector("tr[data-queue-number=A001][data-state=taken]")
    expect(board).to_have_title("受付ボード")


def test_help_comes_into_the_lane_and_does_not_move_the_list(board: Page, reception: Any, checkin_now: Build) -> None:
    reception.post(checkin_now())
    row = board.locator("tr[data-queue-number=A012]")
    before = row.bounding_box()
    help_id = reception.call_help(HelpReason.FACE_FAILED)
    called = board.locator(f"[data-help-id='{help_id}']")
    expect(called).to_contain_text("顔が一致しませんでした: 受付機 A へ")
    reception.call_help(HelpReason.STOPPED, "typing_pin")
    expect(board.locator("[data-reason=stopped]")).to_contain_text("受付が途中で終わりました（暗証番号）")
    assert row.bounding_box() == before
    board.click(f"[data-help-id='{help_id}'] [data-action=help_done]")
    expect(called).to_have_count(0)
    expect(board.locator("[data-help-id]")).to_have_count(1)


def test_a_visual_check_from_the_desk(board: Page, reception: Any) -> None:
    visit = ids.new_visit_id()
    reception.beat("choosing_method", visit)
    kiosk = board.locator("[data-kiosk-id=a]")
    expect(kiosk).to_contain_text("確認方法を選んでいます")
    kiosk.locator("[data-action=grant_visual]").click()
    expect(kiosk).to_contain_text("切り替え中")
    with reception.line() as lines:
        granted = command(lines)
        assert (granted["kind"], granted["visit_id"], granted["issued_by"]) == ("grant_visual", visit, "tanaka")
        assert reception.answer_command(granted["id"], "comparing") == 204
        expect(kiosk.locator("[data-action=refuse_visual]")).to_be_visible()
        reception.beat("comparing", visit)
        expect(kiosk).to_contain_text(re.compile("残り 2:[0-5][0-9]"))
        kiosk.locator("[data-action=confirm_visual]").click()
        confirmed = command(lines)
    assert (confirmed["kind"], confirmed["issued_by"]) == ("confirm_visual", "tanaka")
    expect(kiosk.locator("button:not(.mode)")).to_have_count(0)
    assert reception.answer_command(confirmed["id"], "confirmed") == 204
    reception.beat("verifying", visit)
    expect(kiosk).to_contain_text("資格を照会しています")
    expect(kiosk.locator("button:not(.mode)")).to_have_count(0)


def test_a_lost_reception_is_red_and_what_was_missed_comes_after(
    board: Page, reception: Any, start_reception: Start, checkin_now: Build
) -> None:
    reception.post(checkin_now("A001"))
    board.wait_for_selector("tr[data-queue-number=A001]")
    reception.process.kill()
    reception.process.wait(10)
    expect(board.get_by_text("接続断")).to_be_visible()
    expect(board.locator("html")).to_have_attribute("data-live", "lost")
    again = start_reception(staff_port=int(reception.staff_url.rsplit(":", 1)[1]))
    for number in ("A002", "A003"):
        again.post(checkin_now(number))
    board.wait_for_selector("html[data-live=open]")
    board.wait_for_selector("tr[data-queue-number=A003]")
    assert queue(board) == ["A003", "A002", "A001"]
    expect(board.get_by_text("接続断")).to_be_hidden()


def test_fifty_rows_in_a_burst_are_all_there_once(board: Page, reception: Any, checkin_now: Build) -> None:
    for number in range(1, 51):
        assert reception.post(checkin_now(f"A{number:03}")).status_code == 201
    expect(board.locator("#rows tr")).to_have_count(50)
    assert queue(board) == [f"A{number:03}" for number in range(50, 0, -1)]
