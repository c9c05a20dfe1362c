"""The board as people at a desk use it: keyboard only, masked, many tabs, troubles in front, sounds, search and the day."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
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

Start = Callable[..., Any]
Build = Callable[..., CheckIn]


@pytest.fixture
def reception(start_reception: Start) -> Any:
    return start_reception()


@pytest.fixture
def page(chromium: Browser, reception: Any) -> Iterator[Page]:
    with browser.page(chromium, reception.staff_url) as opened:
        reception.open_board(opened)
        opened.wait_for_selector("html[data-live=open]")
        yield opened


def queue(page: Page) -> list[str]:
    return [str(row.get_attribute("data-queue-number")) for row in page.locator("#rows tr").all()]


def row(page: Page, number: str, state: str) -> None:
    page.wait_for_selector(f"tr[data-queue-number={number}][data-state={state}]")


def test_a_morning_by_keyboard_alone(page: Page, reception: Any, checkin_now: Build) -> None:
    for number in ("A001", "A002", "A003"):
        reception.post(checkin_now(number))
    row(page, "A003", "open")
    press = page.keyboard.press
    press("j")
    press("j")
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A002")
    assert page.evaluate("() => document.activeElement.dataset.queueNumber") == "A002"
    press("Enter")
    row(page, "A002", "taken")
    expect(page.locator("#undo")).to_contain_text("A002 を対応中にしました")
    press("u")
    row(page, "A002", "open")
    expect(page.locator("#undo")).to_be_hidden()
    press("u")
    assert queue(page) == ["A003", "A002", "A001"], "what was given back is not given back again"
    press("Enter")
    row(page, "A002", "taken")
    press("Enter")
    row(page, "A002", "done")
    press("u")
    row(page, "A002", "taken")
    press("k")
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A001")
    press("?")
    expect(page.locator("#keys")).to_be_visible()
    press("j")
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A001")
    press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    press("/")
    page.keyboard.type("jk u")
    assert page.locator("#search [name=q]").input_value() == "jk u", "what is typed is no command"
    press("Escape")
    press("j")
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-queue-number", "A002")


def test_ten_seconds_are_the_time_to_undo(page: Page, reception: Any, checkin_now: Build) -> None:
    page.clock.install()
    reception.post(checkin_now("A001"))
    row(page, "A001", "open")
    page.click("[data-action=take]")
    row(page, "A001", "taken")
    expect(page.locator("#undo")).to_be_visible()
    page.clock.run_for(10_100)
    expect(page.locator("#undo")).to_be_hidden()
    page.keyboard.press("u")
    expect(page.locator("tr[data-queue-number=A001]")).to_have_attribute("data-state", "taken")


def test_masked_rows_are_seen_only_while_they_are_pressed(page: Page, reception: Any, checkin_now: Build) -> None:
    reception.post(checkin_now("A001"))
    row(page, "A001", "open")
    name = page.locator("tr .name b")

    def colour() -> str:
        return str(name.evaluate("(element) => getComputedStyle(element).color"))

    seen = colour()
    page.click("#mask")
    expect(page.locator("#mask")).to_have_attribute("aria-pressed", "true")
    hidden = "rgba(0, 0, 0, 0)"
    assert colour() == hidden
    for secret in ("td.person time", ".payer b", ".insured b"):
        shown = page.locator(secret).evaluate("(element) => getComputedStyle(element).color")
        assert shown == hidden, secret
    assert page.locator("td.number").evaluate("(element) => getComputedStyle(element).color") != hidden
    page.locator("td.verdict").hover()
    page.mouse.down()
    assert colour() == seen
    page.mouse.up()
    assert colour() == hidden
    page.keyboard.press("j")
    page.keyboard.down(" ")
    assert colour() == seen
    page.keyboard.up(" ")
    assert colour() == hidden
    page.reload()
    page.wait_for_selector("html[data-live=open]")
    assert colour() == hidden, "the browser remembers"
    reception.post(checkin_now("A002"))
    expect(page.locator("html")).to_have_attribute("data-sounded", "arrival")
    page.keyboard.press("m")
    expect(page.locator("html:not([data-masked])")).to_have_count(1)


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


def test_the_address_can_begin_masked(page: Page, reception: Any) -> None:
    page.goto(f"{reception.staff_url}/board?masked")
    expect(page.locator("#mask")).to_have_attribute("aria-pressed", "true")


def test_eight_tabs_share_one_stream(page: Page, reception: Any, checkin_now: Build) -> None:
    """A browser opens six connections to a server: eight streams would leave two tabs, and every press, waiting for ever."""
    tabs = [page, *(page.context.new_page() for _ in range(7))]
    for tab in tabs[1:]:
        tab.goto("/board")
        tab.wait_for_selector("html[data-live=open]")
    reception.post(checkin_now("A001"))
    for tab in tabs:
        row(tab, "A001", "open")
    tabs[3].click("[data-action=take]")
    for tab in tabs:
        row(tab, "A001", "taken")
    for tab in tabs[:4]:
        tab.close()
    reception.post(checkin_now("A002"))
    row(tabs[7], "A002", "open")


def test_a_tab_that_is_opened_later_misses_nothing(page: Page, reception: Any, checkin_now: Build) -> None:
    later = page.context.new_page()
    with later.expect_request("**/api/v1/troubles"):
        later.goto("/board")
    for number in ("A001", "A002"):
        reception.post(checkin_now(number))
        row(later, number, "open")
        row(page, number, "open")


def test_a_reception_that_dies_under_many_rows(
    page: Page, reception: Any, start_reception: Start, checkin_now: Build
) -> None:
    for number in range(1, 26):
        reception.post(checkin_now(f"A{number:03}"))
    row(page, "A025", "open")
    reception.process.kill()
    reception.process.wait(10)
    expect(page.locator("#lost")).to_be_visible()
    again = start_reception(staff_port=int(reception.staff_url.rsplit(":", 1)[1]))
    for number in range(26, 51):
        again.post(checkin_now(f"A{number:03}"))
    page.wait_for_selector("html[data-live=open]")
    expect(page.locator("#rows tr")).to_have_count(50)
    assert queue(page) == [f"A{number:03}" for number in range(50, 0, -1)]
    expect(page.locator("#lost")).to_be_hidden()


def test_troubles_stand_in_front_and_stay_while_the_list_scrolls(
    page: Page, reception: Any, checkin_now: Build
) -> None:
    reception.beat("idle", None, parked=2)
    trouble = page.locator("[data-trouble=parked]")
    expect(trouble).to_contain_text("届けられない受付が2件あります")
    expect(trouble).to_contain_text("窓口で受付")
    expect(page.locator("html")).to_have_attribute("data-sounded", "trouble")
    for _ in range(3):
        reception.call_help(HelpReason.FACE_FAILED)
    expect(page.locator("[data-trouble=failures]")).to_be_visible()
    for number in range(1, 31):
        reception.post(checkin_now(f"A{number:03}", "b"))
    row(page, "A030", "open")
    page.locator("#list").evaluate("(list) => list.scrollTo(0, 100000)")
    expect(page.locator("tr[data-queue-number=A001]")).to_be_in_viewport()
    for card in page.locator(".lane article").all():
        expect(card).to_be_in_viewport(ratio=1)
    reception.beat("idle", None)
    expect(trouble).to_have_count(0)
    reception.post(checkin_now("A900"))
    expect(page.locator("[data-trouble=failures]")).to_have_count(0, timeout=15_000)


def test_the_same_card_again_comes_to_the_top_of_the_page(page: Page, reception: Any, checkin_now: Build) -> None:
    first = checkin_now("A001")
    reception.post(first)
    reception.post(checkin_now("A002"))
    row(page, "A002", "open")
    page.click("tr[data-queue-number=A001] [data-action=take]")
    row(page, "A001", "taken")
    page.click("tr[data-queue-number=A001] [data-action=finish]")
    row(page, "A001", "done")
    again = replace(checkin_now("A003", copay_ratio=30), card=first.card)
    reception.post(again)
    row(page, "A001", "open")
    assert queue(page) == ["A001", "A002"]
    shown = page.locator("tr[data-queue-number=A001]")
    expect(shown).to_contain_text(re.compile(r"再受付　A001 \d+:\d\d・A003 \d+:\d\d"))
    expect(shown).to_contain_text("前回と変更")
    expect(shown.locator("td.copay .changed")).to_have_text("3割")
    expect(page.locator("#announce")).to_have_text("再受付 A001")
    expect(page.locator(f"[data-checkin-id='{again.checkin_id}']")).to_have_attribute("data-queue-number", "A003")
    page.reload()
    page.wait_for_selector("html[data-live=open]")
    assert queue(page) == ["A001", "A002"]


def test_the_first_click_ends_the_silence(page: Page) -> None:
    expect(page.locator("#mute")).to_be_visible()
    page.click("#clock")
    expect(page.locator("#mute")).to_be_hidden()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    page.click("#sound")
    page.locator("[data-keep=volume]").fill("35")
    page.locator("[data-keep=repeat]").check()
    for kind in ("arrival", "help", "trouble"):
        page.click(f"[data-sound={kind}]")
    page.reload()
    page.click("#clock")
    page.click("#sound")
    expect(page.locator("[data-keep=volume]")).to_have_value("35")
    expect(page.locator("[data-keep=repeat]")).to_be_checked()


def test_the_click_before_the_board_arms_the_sound(page: Page) -> None:
    page.goto("/day")
    page.get_by_role("link", name="受付ボードへ").click()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#mute")).to_be_hidden()


def test_the_board_speaks_english_when_it_is_asked_to(page: Page, reception: Any, checkin_now: Build) -> None:
    page.get_by_role("button", name="English").click()
    page.wait_for_selector("html[lang=en][data-live=open]")
    reception.post(checkin_now("A001"))
    row(page, "A001", "open")
    expect(page.locator("tr[data-queue-number=A001]")).to_contain_text("Valid")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#undo")).to_contain_text("A001 taken")
    expect(page).to_have_title("Reception board")
    page.get_by_role("button", name="日本語").click()
    page.wait_for_selector("html[lang=ja][data-live=open]")
    expect(page.locator("tr[data-queue-number=A001]")).to_contain_text("対応中")


def test_an_arrival_rings_again_until_it_is_taken(page: Page, reception: Any, checkin_now: Build) -> None:
    page.evaluate("() => localStorage.setItem('reception.repeat', 'true')")
    page.clock.install()
    page.reload()
    page.wait_for_selector("html[data-live=open]")
    reception.post(checkin_now("A001"))
    row(page, "A001", "open")

    def rings() -> bool:
        page.evaluate("() => { delete document.documentElement.dataset.sounded; }")
        page.clock.run_for(32_000)
        return bool(page.evaluate("() => document.documentElement.dataset.sounded === 'arrival'"))

    assert rings()
    page.click("[data-action=take]")
    row(page, "A001", "taken")
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
        row(page, "A001", "open")
        assert page.evaluate("() => window.told") == [], "nobody has asked for any"
        page.click("#sound")
        page.locator("[data-keep=notify]").check()
        reception.post(checkin_now("A002"))
        row(page, "A002", "open")
        page.wait_for_function("() => window.told.length === 1")
        assert page.evaluate("() => window.told") == ["受付ボード 新しい受付が届きました"]


def test_a_visit_is_found_from_the_board(page: Page, reception: Any, checkin_now: Build) -> None:
    reception.post(checkin_now("A001"))
    reception.post(checkin_now("A002", name_kana="ｼｹﾝ ﾀﾛｳ"))
    row(page, "A002", "open")
    page.keyboard.press("/")
    page.keyboard.type("しけん")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    found = opened.value
    expect(found.locator("tbody tr")).to_have_count(1)
    expect(found.locator("tbody tr")).to_contain_text("シケン タロウ")
    assert "しけん" not in found.url
    assert "%" not in found.url
    found.locator("[name=q]").fill("見本")
    found.locator("[name=q]").press("Enter")
    expect(found.get_by_role("alert")).to_contain_text("漢字では探せません")


def test_the_days_page_is_drawn_and_fits_paper(
    page: Page, reception: Any, checkin_now: Build, with_validity: Build, tmp_path: Path
) -> None:
    for number in range(1, 8):
        checkin = checkin_now(f"A{number:03}")
        reception.post(with_validity(checkin, Validity.INVALID) if number % 3 == 0 else checkin)
    page.goto("/day")
    expect(page.locator("#sum-whole")).to_have_text("7")
    assert page.locator(".drawing rect.look").count() >= 1
    fill = page.locator(".drawing rect.look").first.evaluate("(bar) => getComputedStyle(bar).fill")
    assert fill != "rgb(0, 0, 0)", "the style sheet reaches the drawing"
    expect(page.locator(".closing")).to_contain_text("未対応　7件")
    paper = page.pdf(path=tmp_path / "day.pdf", prefer_css_page_size=True)
    (box,) = set(re.findall(rb"/MediaBox \[([^\]]+)\]", paper))
    wide, high = (float(number) for number in box.split()[2:])
    assert (round(wide), round(high)) == pytest.approx((595, 842), abs=2)
    assert len(re.findall(rb"/Type /Page\b", paper)) == 1
    page.emulate_media(media="print")
    expect(page.locator("header.bar")).to_be_hidden()
    expect(page.locator(".closing button")).to_be_hidden()
    expect(page.locator(".by-hand")).to_be_visible()
    page.emulate_media(media="screen")
    page.locator(".closing button").click()
    expect(page.get_by_role("alert")).to_contain_text("残っている受付があります")
    page.locator("[name=anyway]").check()
    page.locator(".closing button").click()
    expect(page.locator(".closing")).to_contain_text("が締めました（残り 7件")
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
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
    page: Page, reception: Any, checkin_now: Build, with_validity: Build
) -> None:
    first = checkin_now("A001")
    reception.post(first)
    reception.post(with_validity(checkin_now("A002"), Validity.INVALID))
    reception.post(with_validity(checkin_now("A003", name="見本　●子"), Validity.MULTIPLE))
    reception.post(replace(checkin_now("A004", insured_number="1"), card=first.card))
    reception.post(checkin_now("A005"))
    row(page, "A005", "open")
    for number in ("A005", "A002"):
        page.click(f"tr[data-queue-number={number}] [data-action=take]")
        row(page, number, "taken")
    page.click("tr[data-queue-number=A005] [data-action=finish]")
    row(page, "A005", "done")
    reception.beat("choosing_method", ids.new_visit_id())
    reception.beat("idle", None, kiosk_id="b", parked=1)
    reception.call_help(HelpReason.CALLED)
    reception.call_help(HelpReason.FACE_FAILED)
    expect(page.locator("[data-trouble=parked]")).to_be_visible()
    expect(page.locator("tr.fresh")).to_have_count(0, timeout=10_000)
    page.locator("tr[data-state=open]").first.hover()
    assert page.evaluate(CONTRAST) == []
    page.keyboard.press("?")
    assert page.evaluate(CONTRAST) == []
    for other in ("/day", "/search"):
        page.goto(other)
        assert page.evaluate(CONTRAST) == [], other


def test_every_state_has_a_word_and_a_shape_and_new_rows_are_spoken(
    page: Page, reception: Any, checkin_now: Build
) -> None:
    reception.post(checkin_now("A001"))
    row(page, "A001", "open")
    expect(page.locator("#announce")).to_have_text("新しい受付 A001")
    expect(page.locator("#announce")).to_have_attribute("aria-live", "polite")
    cell = page.locator("td.state")
    expect(cell).to_contain_text("未対応")
    assert cell.locator("use").get_attribute("href") == "#shape-open"
    page.keyboard.press("Tab")
    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px", "where the keyboard is can be seen"


def test_nothing_is_cut_off_at_1366_by_768(page: Page, reception: Any) -> None:
    reception.beat("idle", None)
    assert page.evaluate(
        "() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight"
    )
    for element in page.locator(".bar > *, .foot > *").all():
        if element.is_visible() and element.bounding_box()["width"]:  # type: ignore[index]
            expect(element).to_be_in_viewport(ratio=1)
