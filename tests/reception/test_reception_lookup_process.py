"""Looking up in a reception of its own: what outlives a kill, and how it looks in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from kiosk.eligibility.reception import ReceptionGateway
from kiosk.eligibility.settings import KioskDoorSettings
from kiosk.record import dates, ids
from kiosk.record.checkin import CheckIn
from kiosk.record.eligibility import Source, Validity
from tests.eligibility import parties

Start = Callable[..., Any]
Build = Callable[..., CheckIn]


@pytest.fixture
def now() -> Any:
    """This moment, as on the wire."""
    return dates.instant(dates.instant_text(datetime.now(UTC)))


def until(what: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.02)


def later_of(reception: Any, checkin: CheckIn) -> Any:
    return reception.http.get(f"{reception.staff_url}/api/v1/rows/{checkin.checkin_id}").json()["later"]


def test_a_reception_killed_while_it_asked_asks_again(
    start_reception: Start, terminal: Any, patient_at: Build, unanswered: Build, now: Any
) -> None:
    terminal.tell(manner="never")
    taken = terminal.tell()["taken"]
    reception = start_reception(more=terminal.section())
    late = unanswered(patient_at(now, "A002"))
    for checkin in (patient_at(now), late):
        assert reception.post(checkin).status_code == 201
    until(lambda: terminal.tell()["taken"] > taken)
    reception.process.kill()
    reception.process.wait(10)
    terminal.tell(manner="ordinary")
    again = start_reception(more=terminal.section())
    until(lambda: later_of(again, late) is not None)
    assert later_of(again, late)["eligibility"]["validity"] == "valid"
    body = {"visit_id": ids.new_visit_id(), "fingerprint": late.card and late.card.fingerprint, "limit_consent": False}
    answer = again.http.post(f"{again.kiosk_url}/k/v1/lookup", json=body, headers={"x-kiosk-id": "a"})
    assert (answer.status_code, answer.json()["eligibility"]["validity"]) == (200, "valid")
    assert again.stop() == 0


def test_a_reception_ends_in_time_while_a_question_is_open(
    start_reception: Start, terminal: Any, patient_at: Build, unanswered: Build, now: Any
) -> None:
    terminal.tell(manner="never")
    taken = terminal.tell()["taken"]
    reception = start_reception(more=terminal.section())
    for checkin in (patient_at(now), unanswered(patient_at(now, "A002"))):
        reception.post(checkin)
    until(lambda: terminal.tell()["taken"] > taken)
    began = time.monotonic()
    assert reception.stop() == 0
    assert time.monotonic() - began < 5


def test_the_row_on_an_open_board_gets_its_answer_by_itself(
    page: Page, start_reception: Start, terminal: Any, patient_at: Build, unanswered: Build, now: Any
) -> None:
    terminal.tell(delay_seconds=1.0)
    reception = start_reception(more=terminal.section())
    reception.open_board(page)
    page.wait_for_selector("html[data-live=open]")
    reception.post(patient_at(now - timedelta(days=1)))
    reception.post(unanswered(patient_at(now, "A002")))
    row = page.locator("tr[data-queue-number=A002]")
    expect(row).to_contain_text("照会できず")
    expect(row).to_contain_text("番号照会", timeout=10_000)
    expect(row).to_contain_text("有効")
    expect(row).not_to_contain_text("照会できず")
    page.wait_for_function("document.fonts.status === 'loaded'")  # until then words are as wide as another typeface's
    box, whole = row.locator(".by-number").bounding_box(), row.bounding_box()
    assert box is not None
    assert whole is not None
    assert whole["height"] <= 55, "the mark does not make the row higher"
    assert box["y"] + box["height"] <= whole["y"] + whole["height"]
    assert page.locator(".by-number").count() == 1


def test_a_row_of_another_day_says_so_and_is_no_higher(
    page: Page, start_reception: Start, patient_at: Build, now: Any
) -> None:
    reception = start_reception()
    reception.post(patient_at(now - timedelta(days=3)))
    reception.open_board(page)
    row = page.locator("tr[data-queue-number]")
    expect(row.locator(".came b")).to_contain_text("/")
    page.wait_for_function("document.fonts.status === 'loaded'")
    box, came = row.bounding_box(), row.locator(".came b").bounding_box()
    assert box is not None
    assert came is not None
    assert box["height"] <= 55
    assert came["height"] <= 30, "date and time stand on one line"


def test_a_card_is_looked_up_by_hand(page: Page, start_reception: Start, terminal: Any) -> None:
    reception = start_reception(more=terminal.section())
    reception.open_board(page)
    page.wait_for_selector("html[data-live=open]")
    with page.expect_popup() as opened:
        page.get_by_text("資格確認書の照会").click()
    form = opened.value
    expect(form.locator("[name=insurer]")).to_be_focused()
    expect(form.get_by_text("田中 みさき")).to_be_visible()
    form.keyboard.type("01139997")
    for name, text in (("symbol", "12340005"), ("number", "71"), ("year", "55"), ("month", "2"), ("day", "17")):
        form.fill(f"[name={name}]", text)
    form.select_option("[name=era]", "昭和")
    form.keyboard.press("Enter")
    expect(form.get_by_text("同じ番号の方が複数います")).to_be_visible()
    expect(form.locator("[name=branch]")).to_be_focused()
    form.keyboard.type("02")
    form.keyboard.press("Enter")
    expect(form.get_by_text("フタバ ニコ")).to_be_visible()
    expect(form.locator("[data-validity=valid]")).to_contain_text("3割")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/lookup", form.url), "nothing that was typed stands in the address"
    form.fill("[name=insurer]", "01139998")
    form.get_by_role("button", name="照会する").click()
    expect(form.get_by_role("alert")).to_contain_text("保険者番号が違うようです")
    expect(form.locator("[name=insurer]")).to_be_focused()


def test_a_kiosk_hears_at_once_what_yesterdays_list_said(
    start_reception: Start, terminal: Any, patient_at: Build, now: Any
) -> None:
    card = parties.root().issue()
    reception = start_reception(more=terminal.section())
    fingerprint = card.certificate.fingerprint
    assert reception.post(patient_at(now, card=fingerprint, insured_number="68")).status_code == 201
    headers = reception.sit_down("mori")
    body = "保険者番号,番号,生年月日\n01139997,68,19800217\n".encode()
    answer = reception.http.post(f"{reception.staff_url}/api/v1/list", content=body, headers=headers)
    assert 'data-invalid="1"' in answer.text

    terminal.tell(manner="never")
    kiosk = ReceptionGateway(KioskDoorSettings(url=reception.kiosk_url), ids.kiosk_id("a"))
    visit = ids.new_visit_id()
    challenge = kiosk.open(visit)
    began = time.monotonic()
    told = kiosk.verify(visit, challenge, card.sign(challenge, visit))
    assert time.monotonic() - began < 2, "nobody waited for the terminal"
    assert (told.source, told.validity, told.fingerprint) == (Source.NUMBER_LOOKUP, Validity.INVALID, fingerprint)
    kiosk.close()


def test_a_whole_list_is_looked_up_by_hand(page: Page, start_reception: Start, terminal: Any) -> None:
    reception = start_reception(more=terminal.section())
    reception.open_board(page)
    page.wait_for_selector("html[data-live=open]")
    page.goto(f"{reception.staff_url}/list")
    title, rows = "患者氏名,保険者番号,記号,番号,生年月日", ("花子,01139997,12340005,67", "一郎,01139997,12340005,68")
    body = "\n".join([title, *(f"{row},昭和55年2月17日" for row in rows)]).encode("cp932")
    page.set_input_files("[name=list]", {"name": "yoyaku.csv", "mimeType": "text/csv", "buffer": body})
    page.get_by_role("button", name="まとめて照会する").click()
    answer = page.locator(".answer")
    expect(answer.locator("h2")).to_contain_text("2件", timeout=10_000)
    expect(answer.locator("tbody tr")).to_have_count(1)
    expect(answer.locator("tbody")).to_contain_text("一郎")
    expect(answer.locator("tbody")).to_contain_text("資格喪失")
    page.set_input_files("[name=list]", {"name": "other.csv", "mimeType": "text/csv", "buffer": b"a,b"})
    page.get_by_role("button", name="まとめて照会する").click()
    expect(page.get_by_role("alert")).to_contain_text("1行目に見出しの列がありません")
    page.reload()
    expect(page.locator(".answer tbody")).to_contain_text("資格喪失")


def test_a_long_list_says_how_far_it_is(page: Page, start_reception: Start, terminal: Any) -> None:
    terminal.tell(manner="processing")
    reception = start_reception(more=terminal.section())
    reception.open_board(page)
    page.goto(f"{reception.staff_url}/list")
    body = ("患者氏名,保険者番号,記号,番号,生年月日\n" + "花子,01139997,12340005,67,19800217\n" * 1200).encode()
    page.set_input_files("[name=list]", {"name": "yoyaku.csv", "mimeType": "text/csv", "buffer": body})
    page.get_by_role("button", name="まとめて照会する").click()
    expect(page.locator("#progress")).to_contain_text("結果を待っています", timeout=10_000)
    expect(page.locator("#progress")).to_contain_text("1,200件")
    terminal.tell(manner="ordinary")
    expect(page.locator(".answer .sums .valid dd")).to_have_text("1200", timeout=15_000)
    expect(page.locator("#progress")).to_be_hidden()
