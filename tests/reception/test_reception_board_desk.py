"""The board as people at a desk use it: keyboard only, masked, many tabs, troubles in front, sounds, search and the day."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from kiosk.record import ids
from kiosk.record.checkin import CheckIn
from kiosk.record.door import HelpReason
from kiosk.record.eligibility import Validity
from tests.reception import browser
from tests.reception.boards import queue, until_row

Start = Callable[..., Any]
Build = Callable[..., CheckIn]


def test_a_morning_by_keyboard_alone(board: Page, reception: Any, checkin_now: Build) -> None:
    for number in ("A001", "A002", "A003"):
        reception.post(checkin_now(number))
    until_row(board, "A003", "open")
    press = board.keyboard.press
    press("j")
    press("j")
    expect(board.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A002")
    assert board.evaluate("() => document.activeElement.dataset.queueNumber") == "A002"
    press("Enter")
    until_row(board, "A002", "taken")
    expect(board.locator("#undo")).to_contain_text("A002 を対応中にしました")
    press("u")
    until_row(board, "A002", "open")
    expect(board.locator("#undo")).to_be_hidden()
    press("u")
    assert queue(board) == ["A003", "A002", "A001"], "what was given back is not given back again"
    press("Enter")
    until_row(board, "A002", "taken")
    press("Enter")
    until_row(board, "A002", "done")
    press("u")
    until_row(board, "A002", "taken")
    press("k")
    expect(board.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A001")
    press("?")
    expect(board.locator("#keys")).to_be_visible()
    press("j")
    expect(board.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A001")
    press("Escape")
    expect(board.locator("#keys")).to_be_hidden()
    press("/")
    board.keyboard.type("jk u")
    assert board.locator("#search [name=q]").input_value() == "jk u", "what is typed is no command"
    press("Escape")
    press("j")
    expect(board.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A002")


def test_ten_seconds_are_the_time_to_undo(board: Page, reception: Any, checkin_now: Build) -> None:
    board.clock.install()
    reception.post(checkin_now("A001"))
    until_row(board, "A001", "open")
    board.click("[data-action=take]")
    until_row(board, "A001", "taken")
    expect(board.locator("#undo")).to_be_visible()
    board.clock.run_for(10_100)
    expect(board.locator("#undo")).to_be_hidden()
    board.keyboard.press("u")
    expect(board.locator("tr[data-queue-number=A001]")).to_have_attribute("data-state", "taken")


def test_masked_rows_are_seen_only_while_they_are_pressed(board: Page, reception: Any, checkin_now: Build) -> None:
    reception.post(checkin_now("A001"))
    until_row(board, "A001", "open")
    name = board.locator("tr .name b")

    def colour() -> str:
        return str(name.evaluate("(element) => getComputedStyle(element).color"))

    seen = colour()
    board.click("#mask")
    expect(board.locator("#mask")).to_have_attribute("aria-pressed", "true")
    hidden = "rgba(0, 0, 0, 0)"
    assert colour() == hidden
    for secret in ("td.person time", ".payer b", ".insured b"):
        shown = board.locator(secret).evaluate("(element) => getComputedStyle(element).color")
        assert shown == hidden, secret
    assert board.locator("td.number").evaluate("(element) => getComputedStyle(element).color") != hidden
    board.locator("td.verdict").hover()
    board.mouse.down()
    assert colour() == seen
    board.mouse.up()
    assert colour() == hidden
    board.keyboard.press("j")
    board.keyboard.down(" ")
    assert colour() == seen
    board.keyboard.up(" ")
    assert colour() == hidden
    board.reload()
    board.wait_for_selector("html[data-live=open]")
    assert colour() == hidden, "the browser remembers"
    reception.post(checkin_now("A002"))
    expect(board.locator("html")).to_have_attribute("data-sounded", "arrival")
    board.keyboard.press("m")
    expect(board.locator("html:not([data-masked])")).to_have_count(1)


def test_a_setting_lets_every_board_begin_masked_until_somebody_chooses_otherwise(
    chromium: Browser, start_reception: Callable[..., Any], checkin_now: Build
) -> None:
    reception = start_reception(more="board_begins_masked: true\n")
    reception.post(checkin_now("A012"))
    with browser.page(chromium) as page:
        reception.open_board(page)
        expect(page.locator("html[data-masked]")).to_have_count(1)
        page.wait_for_selector("html[data-live=open]")
        page.locator("#mask").click()
        page.reload()
        page.wait_for_selector("html[data-live=open]")
        expect(page.locator("html:not([data-masked])")).to_have_count(1)


def test_the_address_can_begin_masked(board: Page, reception: Any) -> None:
    board.goto(f"{reception.staff_url}/board?masked")
    expect(board.locator("#mask")).to_have_attribute("aria-pressed", "true")


def test_eight_tabs_share_one_stream(board: Page, reception: Any, checkin_now: Build) -> None:
    """A browser opens six connections to a server: eight streams would leave two tabs, and every press, waiting for ever."""
    tabs = [board, *(board.context.new_page() for _ in range(7))]
    for tab in tabs[1:]:
        tab.goto("/board")
        tab.wait_for_selector("html[data-live=open]")
    reception.post(checkin_now("A001"))
    for tab in tabs:
        until_row(tab, "A001", "open")
    tabs[3].click("[data-action=take]")
    for tab in tabs:
        until_row(tab, "A001", "taken")
    for tab in tabs[:4]:
        tab.close()
    reception.post(checkin_now("A002"))
    until_row(tabs[7], "A002", "open")


def test_a_tab_that_is_opened_later_misses_nothing(board: Page, reception: Any, checkin_now: Build) -> None:
    later = board.context.new_page()
    with later.expect_request("**/api/v1/troubles"):
        later.goto("/board")
    for number in ("A001", "A002"):
        reception.post(checkin_now(number))
        until_row(later, number, "open")
        until_row(board, number, "open")


def test_a_reception_that_dies_under_many_rows(
    board: Page, reception: Any, start_reception: Start, checkin_now: Build
) -> None:
    for number in range(1, 26):
        reception.post(checkin_now(f"A{number:03}"))
    until_row(board, "A025", "open")
    reception.process.kill()
    reception.process.wait(10)
    expect(board.locator("#lost")).to_be_visible()
    again = start_reception(staff_port=int(reception.staff_url.rsplit(":", 1)[1]))
    for number in range(26, 51):
        again.post(checkin_now(f"A{number:03}"))
    board.wait_for_selector("html[data-live=open]")
    expect(board.locator("#rows tr")).to_have_count(50)
    assert queue(board) == [f"A{number:03}" for number in range(50, 0, -1)]
    expect(board.locator("#lost")).to_be_hidden()


def test_troubles_stand_in_front_and_stay_while_the_list_scrolls(
    board: Page, reception: Any, checkin_now: Build
) -> None:
    reception.beat("idle", None, parked=2)
    trouble = board.locator("[data-trouble=parked]")
    expect(trouble).to_contain_text("届けられない受付が2件あります")
    expect(trouble).to_contain_text("窓口で受付")
    expect(board.locator("html")).to_have_attribute("data-sounded", "trouble")
    for _ in range(3):
        reception.call_help(HelpReason.FACE_FAILED)
    expect(board.locator("[data-trouble=failures]")).to_be_visible()
    for number in range(1, 31):
        reception.post(checkin_now(f"A{number:03}", "b"))
    until_row(board, "A030", "open")
    board.locator("#list").evaluate("(list) => list.scrollTo(0, 100000)")
    expect(board.locator("tr[data-queue-number=A001]")).to_be_in_viewport()
    for card in board.locator(".lane article").all():
        expect(card).to_be_in_viewport(ratio=1)
    reception.beat("idle", None)
    expect(trouble).to_have_count(0)
    reception.post(checkin_now("A900"))
    expect(board.locator("[data-trouble=failures]")).to_have_count(0, timeout=15_000)


def test_the_same_card_again_comes_to_the_top_of_the_page(board: Page, reception: Any, checkin_now: Build) -> None:
    first = checkin_now("A001")
    reception.post(first)
    reception.post(checkin_now("A002"))
    until_row(board, "A002", "open")
    board.click("tr[data-queue-number=A001] [data-action=take]")
    until_row(board, "A001", "taken")
    board.click("tr[data-queue-number=A001] [data-action=finish]")
    until_row(board, "A001", "done")
    again = replace(checkin_now("A003", copay_ratio=30), card=first.card)
    reception.post(again)
    until_row(board, "A001", "open")
    assert queue(board) == ["A001", "A002"]
    shown = board.locator("tr[data-queue-number=A001]")
    expect(shown).to_contain_text(re.compile(r"再受付　A001 \d+:\d\d・A003 \d+:\d\d"))
    expect(shown).to_contain_text("前回と変更")
    expect(shown.locator("td.copay .changed")).to_have_text("3割")
    expect(board.locator("#announce")).to_have_text("再受付 A001")
    expect(board.locator(f"[data-checkin-id='{again.checkin_id}']")).to_have_attribute("data-queue-number", "A003")
    board.reload()
    board.wait_for_selector("html[data-live=open]")
    assert queue(board) == ["A001", "A002"]


def test_the_first_click_ends_the_silence(board: Page) -> None:
    expect(board.locator("#mute")).to_be_visible()
    board.click("#clock")
    expect(board.locator("#mute")).to_be_hidden()
    expect(board.locator("#sound")).to_have_attribute("aria-pressed", "true")
    board.click("#sound")
    board.locator("[data-keep=volume]").fill("35")
    board.locator("[data-keep=repeat]").check()
    for kind in ("arrival", "help", "trouble"):
        board.click(f"[data-sound={kind}]")
    board.reload()
    board.click("#clock")
    board.click("#sound")
    expect(board.locator("[data-keep=volume]")).to_have_value("35")
    expect(board.locator("[data-keep=repeat]")).to_be_checked()


def test_the_click_before_the_board_arms_the_sound(board: Page) -> None:
    board.goto("/day")
    board.get_by_role("link", name="受付ボードへ").click()
    expect(board.locator("#sound")).to_have_attribute("aria-pressed", "true")
    expect(board.locator("#mute")).to_be_hidden()


def test_the_board_speaks_english_when_it_is_asked_to(board: Page, reception: Any, checkin_now: Build) -> None:
    board.get_by_role("button", name="English").click()
    board.wait_for_selector("html[lang=en][data-live=open]")
    reception.post(checkin_now("A001"))
    until_row(board, "A001", "open")
    expect(board.locator("tr[data-queue-number=A001]")).to_contain_text("Valid")
    board.keyboard.press("j")
    board.keyboard.press("Enter")
    expect(board.locator("#undo")).to_contain_text("A001 taken")
    expect(board).to_have_title("Reception board")
    board.get_by_role("button", name="日本語").click()
    board.wait_for_selector("html[lang=ja][data-live=open]")
    expect(board.locator("tr[data-queue-number=A001]")).to_contain_text("対応中")


def test_an_arrival_rings_again_until_it_is_taken(board: Page, reception: Any, checkin_now: Build) -> None:
    board.evaluate("() => localStorage.setItem('reception.repeat', 'true')")
    board.clock.install()
    board.reload()
    board.wait_for_selector("html[data-live=open]")
    reception.post(checkin_now("A001"))
    until_row(board, "A001", "open")

    def rings() -> bool:
        board.evaluate("() => { delete document.documentElement.dataset.sounded; }")
        board.clock.run_for(32_000)
        return bool(board.evaluate("() => document.documentElement.dataset.sounded === 'arrival'"))

    assert rings()
    board.click("[data-action=take]")
    until_row(board, "A001", "taken")
    assert not rings()


def test_a_notification_names_nobody(chromium: Browser, reception: Any, checkin_now: Build) -> None:
    with browser.page(chromium, reception.staff_url) as page:
        page.add_init_script(
            "window.told = []; document.hasFocus = () => false;"
            "window.Notification = class { static permission = 'default';"
            " static async requestPermission() { window.Notification.permission = 'granted'; return 'granted'; }"
            " constructor(title, options) { window.told.push(title + ' ' + options.body); } };"
        )
        reception.open_board(page)
        page.wait_for_selector("html[data-live=open]")
        reception.post(checkin_now("A001"))
        until_row(page, "A001", "open")
        assert page.evaluate("() => window.told") == [], "nobody has asked for any"
        page.click("#sound")
        page.locator("[data-keep=notify]").check()
        reception.post(checkin_now("A002"))
        until_row(page, "A002", "open")
        page.wait_for_function("() => window.told.length === 1")
        assert page.evaluate("() => window.told") == ["受付ボード 新しい受付が届きました"]


def test_a_visit_is_found_from_the_board(board: Page, reception: Any, checkin_now: Build) -> None:
    reception.post(checkin_now("A001"))
    reception.post(checkin_now("A002", name_kana="ｼｹﾝ ﾀﾛｳ"))
    until_row(board, "A002", "open")
    board.keyboard.press("/")
    board.keyboard.type("しけん")
    with board.expect_popup() as opened:
        board.keyboard.press("Enter")
    found = opened.value
    expect(found.locator("tbody tr")).to_have_count(1)
    expect(found.locator("tbody tr")).to_contain_text("シケン タロウ")
    assert "しけん" not in found.url
    assert "%" not in found.url
    found.locator("[name=q]").fill("見本")
    found.locator("[name=q]").press("Enter")
    expect(found.get_by_role("alert")).to_contain_text("漢字では探せません")


def test_the_days_page_is_drawn_and_fits_paper(
    board: Page, reception: Any, checkin_now: Build, with_validity: Build, tmp_path: Path
) -> None:
    for number in range(1, 8):
        checkin = checkin_now(f"A{number:03}")
        reception.post(with_validity(checkin, Validity.INVALID) if number % 3 == 0 else checkin)
    board.goto("/day")
    expect(board.locator("#sum-whole")).to_have_text("7")
    assert board.locator(".drawing rect.look").count() >= 1
    fill = board.locator(".drawing rect.look").first.evaluate("(bar) => getComputedStyle(bar).fill")
    assert fill != "rgb(0, 0, 0)", "the style sheet reaches the drawing"
    expect(board.locator(".closing")).to_contain_text("未対応　7件")
    paper = board.pdf(path=tmp_path / "day.pdf", prefer_css_page_size=True)
    (box,) = set(re.findall(rb"/MediaBox \[([^\]]+)\]", paper))
    wide, high = (float(number) for number in box.split()[2:])
    assert (round(wide), round(high)) == pytest.approx((595, 842), abs=2)
    assert len(re.findall(rb"/Type /Page\b", paper)) == 1
    board.emulate_media(media="print")
    expect(board.locator("header.bar")).to_be_hidden()
    expect(board.locator(".closing button")).to_be_hidden()
    expect(board.locator(".by-hand")).to_be_visible()
    board.emulate_media(media="screen")
    board.locator(".closing button").click()
    expect(board.get_by_role("alert")).to_contain_text("残っている受付があります")
    board.locator("[name=anyway]").check()
    board.locator(".closing button").click()
    expect(board.locator(".closing")).to_contain_text("が締めました（残り 7件")
    with board.expect_download() as saved:
        board.get_by_role("link", name="CSV").click()
    text = Path(saved.value.path()).read_bytes().decode("utf-8-sig")
    assert len(list(io.StringIO(text))) == 8


CONTRAST = """() => {
  const channel = (value) => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4; };
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (element.disabled || element.closest("svg")) continue;
    const style = getComputedStyle(element);
    const [one, other] = [light(numbers(style.color)), light(ground(element))].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) low.push(`${element.className || element.tagName} "${element.textContent.trim().slice(0, 20)}" ${ratio.toFixed(2)}`);
  }
  return low;
}"""


def test_every_text_has_the_contrast_of_wcag_aa(
    board: Page, reception: Any, checkin_now: Build, with_validity: Build
) -> None:
    first = checkin_now("A001")
    reception.post(first)
    reception.post(with_validity(checkin_now("A002"), Validity.INVALID))
    reception.post(with_validity(checkin_now("A003", name="見本　●子"), Validity.MULTIPLE))
    reception.post(replace(checkin_now("A004", insured_number="1"), card=first.card))
    reception.post(checkin_now("A005"))
    until_row(board, "A005", "open")
    for number in ("A005", "A002"):
        board.click(f"tr[data-queue-number={number}] [data-action=take]")
        until_row(board, number, "taken")
    board.click("tr[data-queue-number=A005] [data-action=finish]")
    until_row(board, "A005", "done")
    reception.beat("choosing_method", ids.new_visit_id())
    reception.beat("idle", None, kiosk_id="b", parked=1)
    reception.call_help(HelpReason.CALLED)
    reception.call_help(HelpReason.FACE_FAILED)
    expect(board.locator("[data-trouble=parked]")).to_be_visible()
    expect(board.locator("tr.fresh")).to_have_count(0, timeout=10_000)
    board.locator("tr[data-state=open]").first.hover()
    assert board.evaluate(CONTRAST) == []
    board.keyboard.press("?")
    assert board.evaluate(CONTRAST) == []
    for other in ("/day", "/search"):
        board.goto(other)
        assert board.evaluate(CONTRAST) == [], other


def test_every_state_has_a_word_and_a_shape_and_new_rows_are_spoken(
    board: Page, reception: Any, checkin_now: Build
) -> None:
    reception.post(checkin_now("A001"))
    until_row(board, "A001", "open")
    expect(board.locator("#announce")).to_have_text("新しい受付 A001")
    expect(board.locator("#announce")).to_have_attribute("aria-live", "polite")
    cell = board.locator("td.state")
    expect(cell).to_contain_text("未対応")
    assert cell.locator("use").get_attribute("href") == "#shape-open"
    board.keyboard.press("Tab")
    outline = board.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "where the keyboard is can be seen"


def test_nothing_is_cut_off_at_1366_by_768(board: Page, reception: Any) -> None:
    reception.beat("idle", None)
    assert board.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight"
    )
    for element in board.locator(".bar > *, .foot > *").all():
        if element.is_visible() and element.bounding_box()["width"]:  # type: ignore[index]
            expect(element).to_be_in_viewport(ratio=1)
