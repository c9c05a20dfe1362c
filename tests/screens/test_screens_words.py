"""What the screens say, and what they must never say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

import screens
from kiosk.record.eligibility import Validity
from kiosk.ui.assets import folder
from kiosk.ui.geometry import Panel
from kiosk.ui.messages import Catalogue, Words
from kiosk.ui.text import Lettering
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, Live, LiveSource, Picture, Steps, Widget
from kiosk.visit.appliance import Appliance
from kiosk.visit.stage import CheckedIn, Nudge
from screens.examples import EXAMPLES, NOW

LANDSCAPE, PORTRAIT = Panel(800, 480, 7.0), Panel(1080, 1920, 21.5)


class Listening(Catalogue):
    """A catalogue that remembers what it was asked for."""

    asked: set[str]

    def text(self, key: str, **slots: str | int) -> Words:
        self.asked.add(key)
        return super().text(key, **slots)


@pytest.fixture
def plain(lettering: Lettering) -> Ui:
    return Ui(LANDSCAPE, Catalogue.load("ja"), lettering, now=NOW)


def words_of(widgets: list[Widget]) -> Iterator[str]:
    for widget in widgets:
        match widget:
            case Label() | Button():
                yield widget.text
            case Steps():
                yield from widget.names
            case _:
                pass


def said(appliance: Appliance, ui: Ui) -> str:
    return "\n".join(words_of(screens.build(appliance, ui)))


def test_every_text_is_there_and_none_is_left_over(lettering: Lettering) -> None:
    listening = Listening("ja", Catalogue.load("ja").texts)
    object.__setattr__(listening, "asked", set())
    for panel in (LANDSCAPE, PORTRAIT):
        for appliance in EXAMPLES.values():
            screens.build(appliance, Ui(panel, listening, lettering, now=NOW))
    heard = {key for key in listening.texts if key.endswith("_spoken") or key.startswith("eyes_closed_")}
    assert listening.asked == set(listening.texts) - heard


def test_every_character_can_be_drawn(lettering: Lettering) -> None:
    assert not lettering.missing("".join(Catalogue.load("ja").texts.values()).replace("\n", ""))


def test_no_screen_names_the_patient(plain: Ui) -> None:
    for key, appliance in EXAMPLES.items():
        assert not re.search("見本|花子|ミホン|000123", said(appliance, plain)), key


def test_no_screen_shows_a_code_or_a_number_of_an_error(plain: Ui) -> None:
    for key, appliance in EXAMPLES.items():
        # Languages stand in their own script, and the word for them in English too.
        words = "" if key == "P97" else said(appliance, plain).replace("Language", "")
        assert not re.search(r"エラー|E\d|(?<!セキュリティ)コード|[A-Za-z]{3,}", words), key


def test_every_answer_but_valid_reads_the_same(plain: Ui) -> None:
    stage = EXAMPLES["P16"].visit
    assert stage is not None
    assert isinstance(stage.stage, CheckedIn)
    told = set()
    for validity in set(Validity) - {Validity.VALID, Validity.UNCONFIRMED}:
        eligibility = replace(stage.stage.checkin.eligibility, validity=validity)
        checked_in = replace(stage.stage, checkin=replace(stage.stage.checkin, eligibility=eligibility))
        told.add(said(replace(EXAMPLES["P16"], visit=replace(stage, stage=checked_in)), plain))
    told.add(said(EXAMPLES["P16-not-valid"], plain))
    told.add(said(EXAMPLES["P16-late"], plain))
    assert len(told) == 1
    assert "受付にお声がけください" in told.pop()


def test_an_incomplete_check_in_is_sent_to_reception(plain: Ui) -> None:
    visit = EXAMPLES["P16"].visit
    assert visit is not None
    assert isinstance(visit.stage, CheckedIn)
    unfinished = replace(visit.stage, checkin=replace(visit.stage.checkin, complete=False))
    assert "受付にお声がけください" in said(replace(EXAMPLES["P16"], visit=replace(visit, stage=unfinished)), plain)


def test_nobody_is_told_to_wait_before_reception_has_it(plain: Ui) -> None:
    assert "受付に届きました" in said(EXAMPLES["P16"], plain)
    for key in ("P16-sending", "P16-late", "P16-not-valid", "P00f-sending", "P00f-see-reception"):
        assert "お待ちください" not in said(EXAMPLES[key], plain), key


def test_new_patients_and_old_certificates_get_a_line_of_their_own(plain: Ui) -> None:
    assert "はじめての方は受付へ" in said(EXAMPLES["P16-new"], plain)
    assert "はじめての方は受付へ" not in said(EXAMPLES["P16"], plain)
    assert "更新" in said(EXAMPLES["P16-expiring"], plain)
    assert "更新" not in said(EXAMPLES["P16"], plain)


@pytest.mark.parametrize("key", [key for key in EXAMPLES if key.startswith(("P03", "P05"))])
def test_whoever_is_filmed_is_told_so(key: str, plain: Ui) -> None:
    widgets = screens.build(EXAMPLES[key], plain)
    visit = EXAMPLES[key].visit
    filming = getattr(visit and visit.stage, "filming", False)
    shown = [widget for widget in widgets if isinstance(widget, Live) and widget.source is LiveSource.CAMERA]
    words = "".join(words_of(widgets)).replace("\n", "")
    assert bool(filming or shown) == ("撮影中・保存しません" in words)


def test_a_card_in_the_tray_is_left_alone_and_a_shown_one_is_taken_first(plain: Ui) -> None:
    for key in ("P03f", "P03f-preparing"):
        assert re.search("そのまま|置いたまま", said(EXAMPLES[key], plain)), key
    for key in EXAMPLES:
        words = said(EXAMPLES[key], plain)
        if key.startswith("P03f"):
            assert ("カードを取って" in words) == (key == "P03f-show-take"), key
            assert ("カメラに見せて" in words) == ("show" in key and "preparing" not in key), key


def test_the_back_is_never_asked_for(plain: Ui) -> None:
    for key in ("P03f-card-other-side", "P03f-show-card-other-side"):
        assert re.search("裏返して|顔写真を上に", said(EXAMPLES[key], plain)), key
    for key, appliance in EXAMPLES.items():
        assert not re.search("裏を|裏面|個人番号", said(appliance, plain)), key


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("P03n", ("生年月日", "昭和55年は 55", "元年は01", "西暦下2桁", "手に取れます")),
        ("P03n-month", ("2月は 02", "0をつけて", "手に取れます")),
        ("P03n-day", ("17日は 17", "手に取れます")),
        ("P03n-expiry", ("有効期限", "2035年は 2035", "手に取れます")),
        ("P03n-code", ("写真の下", "セキュリティコード", "手に取れます")),
        ("P03n-wrong", ("番号が\n違います", "もう一度はじめから")),
        ("P03n-checking", ("確認して\nいます", "置いたまま")),
    ],
)
def test_each_step_of_the_number_says_what_to_type(key: str, words: tuple[str, ...], plain: Ui) -> None:
    for word in words:
        assert word in said(EXAMPLES[key], plain)


def test_each_card_that_cannot_go_on_says_what_to_do_with_it(plain: Ui) -> None:
    assert "1枚だけ" in said(EXAMPLES["E01-several-cards"], plain)
    assert "続くときは受付へ" in said(EXAMPLES["E01"], plain)
    for key in ("E02", "E02-resident-card", "E20"):
        assert "マイナンバーカードを\n置いてください" in said(EXAMPLES[key], plain)
    assert "住基カード" in said(EXAMPLES["E02-resident-card"], plain)
    assert "スマートフォンはまだ使えません" in said(EXAMPLES["E20"], plain)
    assert "受付へ" in said(EXAMPLES["E20"], plain)


def test_a_way_that_this_card_never_had_is_named_and_no_other_reason_is_guessed(plain: Ui) -> None:
    without_pin, without_face = "このカードでは暗証番号は使えません", "このカードでは顔認証は使えません"
    for key, appliance in EXAMPLES.items():
        words = said(appliance, plain)
        assert (without_pin in words) == (key == "P02-face-only"), key
        assert (without_face in words) == (key in {"P02-pin-only", "P02-infant"}), key


def test_a_locked_pin_is_spoken_of_only_where_this_visit_locked_it(plain: Ui) -> None:
    for key, appliance in EXAMPLES.items():
        nudge = getattr(appliance.visit and appliance.visit.stage, "nudge", None)
        words = said(appliance, plain)
        assert ("ロックされました" in words) == (nudge is Nudge.PIN_LOCKED), key
        if not key.startswith(("P04", "P14")):
            assert ("市区町村" in words) == (nudge is Nudge.PIN_LOCKED), key


def test_whoever_has_no_way_left_is_told_that_staff_come_or_how_to_call_them(plain: Ui) -> None:
    assert "「係を呼ぶ」を押して" in said(EXAMPLES["P02-none"], plain)
    assert "係を呼ぶ" not in said(EXAMPLES["P02-none-called"], plain)
    assert "いま呼びました" in said(EXAMPLES["P02-none-called"], plain)


def test_the_card_s_own_last_day_stands_where_staff_compare_and_nowhere_else(plain: Ui) -> None:
    assert "カードの有効期限\n2035年2月17日" in said(EXAMPLES["P05"], plain)
    for key, appliance in EXAMPLES.items():
        assert ("カードの有効期限" in said(appliance, plain)) == (key in {"P05", "P05k", "P05k-stale"}), key


def test_the_tries_left_are_said_before_the_last_one(plain: Ui) -> None:
    assert "あと2回" in said(EXAMPLES["P04-two-left"], plain)
    assert "あと2回" in said(EXAMPLES["P04-wrong"], plain)
    assert "最後の1回" in said(EXAMPLES["P04-last"], plain)
    assert "市区町村" in said(EXAMPLES["P04l"], plain)


@pytest.mark.parametrize(("key", "seconds"), [("E10", 8), ("P03p", 19), ("P03p-unread", 19)])
def test_the_seconds_to_put_the_card_back_are_whole_and_run_down(key: str, seconds: int, lettering: Lettering) -> None:
    def at(now: float) -> str:
        ui = Ui(LANDSCAPE, Catalogue.load("ja"), lettering, now=now)
        return said(EXAMPLES[key], ui)

    assert f"あと{seconds}秒" in at(NOW)
    assert f"あと{seconds - 1}秒" in at(NOW + 1)
    assert "あと0秒" in at(NOW + 60)


def test_every_illustration_is_used_and_every_used_one_is_there(lettering: Lettering) -> None:
    used = set()
    for panel in (LANDSCAPE, PORTRAIT):
        ui = Ui(panel, Catalogue.load("ja"), lettering, now=NOW)
        for appliance in EXAMPLES.values():
            for widget in screens.build(appliance, ui):
                if isinstance(widget, Picture):
                    used |= {widget.name, f"{widget.name}-now"} if widget.moving else {widget.name}
                if isinstance(widget, Button) and widget.picture:
                    used.add(widget.picture)
    there = {path.stem for path in folder("illustrations").glob("*.svg")}
    assert used - there == set()
    assert there - used == set()


def test_illustrations_keep_to_what_the_renderer_draws() -> None:
    for path in folder("illustrations").glob("*.svg"):
        text = path.read_text("utf-8")
        tags = set(re.findall(r"<([A-Za-z]+)", text))
        assert tags <= {"svg", "g", "path", "rect", "circle", "defs", "linearGradient", "stop"}, path.name
        assert not re.search(r"\b(class|style|filter|clip-path|mask|href)=", text), path.name
