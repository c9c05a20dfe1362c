"""What a layout test learns of words that do not fit."""

from __future__ import annotations

from kiosk.ui.fit import misfits
from kiosk.ui.geometry import Rect
from kiosk.ui.ui import Ui
from kiosk.ui.widgets import Button, Label, SecretKey, Size, Steps, Widget


def told(widget: Widget, ui: Ui) -> str:
    return " / ".join(misfits([widget], ui))


def test_words_that_fit_are_not_told(ui: Ui) -> None:
    label = Label(Rect(0, 0, 1200, ui.text_height("受付", 1200, Size.TITLE)), "受付", Size.TITLE)
    button = Button(Rect(0, 0, ui.mm(40), ui.mm(18)), "係を呼ぶ", "help")
    key = SecretKey(Rect(0, 0, ui.mm(15.5), ui.mm(15.5)), "1")
    assert misfits([label, button, key], ui) == []


def test_a_label_that_runs_out_of_its_place_is_told(ui: Ui) -> None:
    label = Label(Rect(0, 0, 400, 100), "マイナンバーカードを読み取り口に置いてください")
    assert "px high in 100" in told(label, ui)


def test_a_phrase_that_is_cut_is_told(ui: Ui) -> None:
    label = Label(Rect(0, 0, 200, 1000), "マイナンバーカードを")
    assert "is cut within 'マイナンバーカードを'" in told(label, ui)


def test_a_button_too_small_for_its_words_is_told(ui: Ui) -> None:
    assert "Button 'やめる'" in told(Button(Rect(0, 0, 90, 90), "やめる", "stop"), ui)


def test_a_step_s_name_too_wide_for_its_column_is_told(ui: Ui) -> None:
    steps = Steps(Rect(0, 0, 200, ui.mm(12)), ("カード", "本人確認"), 0)
    assert "px wide in 100" in told(steps, ui)
    assert "do not fit above" in told(Steps(Rect(0, 0, 1000, 20), ("一",), 0), ui)


def test_a_character_without_a_glyph_is_told(ui: Ui) -> None:
    assert "has no glyph for" in told(Label(Rect(0, 0, 400, 400), "\U0010fffd"), ui)
