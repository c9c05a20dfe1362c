"""Lines end between phrases, never before 。 or after 「, and are as even as they can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.lines import NO_END, NO_START, break_lines, clusters, phrases

EM = 10


def measure(line: str) -> int:
    return EM * len(line)


def lines(text: str, characters: int) -> tuple[str, ...]:
    return break_lines(text, characters * EM, measure)


def test_japanese_breaks_between_phrases() -> None:
    assert lines("マイナンバーカードを置いてください。", 12) == ("マイナンバーカードを", "置いてください。")


def test_english_breaks_at_spaces_and_keeps_no_space_at_a_line_s_end() -> None:
    assert lines("Please place your card", 12) == ("Please place", "your card")


def test_a_number_with_its_latin_unit_stays_in_one_piece() -> None:
    assert all("PIN12345" in phrase or "PIN" not in phrase for phrase in phrases("カードのPIN12345を押してください"))


def test_lines_are_even_rather_than_full() -> None:
    assert lines("aaaa bbbb cccc dddd", 14) == ("aaaa bbbb", "cccc dddd")


def test_a_line_rather_ends_with_a_clause() -> None:
    told = lines("ケースから出して、顔写真を上にしてください", 13)
    assert told == ("ケースから出して、", "顔写真を上にしてください")


def test_a_written_newline_is_kept_and_a_blank_line_is_not() -> None:
    assert lines("一行目\n二行目\n\n三行目", 20) == ("一行目", "二行目", "三行目")


@pytest.mark.parametrize("text", ["", " ", "\n", "\u3000"])
def test_nothing_to_say_takes_no_line(text: str) -> None:
    assert lines(text, 10) == ()


def test_a_variation_selector_stays_with_its_character() -> None:
    name = "葛\U000e0100" * 6
    assert all(line[0] == "葛" for line in lines(name, 4))


def test_a_phrase_too_wide_is_cut_evenly() -> None:
    assert lines("1つ消す", 3) == ("1つ", "消す")
    assert lines("aaaaaaaaa", 8) == ("aaaaa", "aaaa")


def test_a_phrase_too_wide_is_cut_but_not_before_a_full_stop() -> None:
    told = lines("健康保険被保険者証。", 9)
    assert "".join(told) == "健康保険被保険者証。"
    assert len(told) == 2
    assert not told[1].startswith("。")


_CHARACTERS = st.sampled_from(list("カードを置いてください保険証、。「」（）・ー！？っゃ123abc XY\n葛\U000e0100"))


@given(st.text(_CHARACTERS, max_size=60), st.integers(1, 30))
def test_nothing_is_lost_and_no_line_is_empty(text: str, width: int) -> None:
    told = lines(text, width)
    assert "".join("".join(told).split()) == "".join(text.split())
    assert all(line.strip() for line in told)


@given(st.text(_CHARACTERS, max_size=60), st.integers(8, 30))
def test_no_line_starts_with_what_may_not_start_one(text: str, width: int) -> None:
    for part in text.split("\n"):
        for line in lines(part, width)[1:]:
            assert line[0] not in NO_START


@given(st.text(st.sampled_from(list("カードを置いて保険証「（ab")), max_size=60), st.integers(8, 30))
def test_no_line_ends_with_an_opening_bracket(text: str, width: int) -> None:
    for line in lines(text, width)[:-1]:
        assert line[-1] not in NO_END or not line.strip("".join(NO_END))


@given(st.text(st.sampled_from(list("カードを置いてください保険証、。ab ")), max_size=60), st.integers(12, 30))
def test_lines_keep_to_the_width_but_for_hanging_punctuation(text: str, width: int) -> None:
    for line in lines(text, width):
        assert len(line.rstrip("、。")) <= width


# -- other languages -------------------------------------------------------------------------------------------------


def of(language: str, text: str, characters: int) -> tuple[str, ...]:
    return break_lines(text, characters * EM, measure, language)


def test_chinese_breaks_between_words_and_not_before_punctuation() -> None:
    assert of("zh-Hans", "请到市区町村窗口重设密码。", 8) == ("请到市区町村", "窗口重设密码。")
    assert of("zh-Hant", "請至市區町村窗口重設密碼。", 8) == ("請至市區町村", "窗口重設密碼。")
    for width in range(3, 12):
        for line in of("zh-Hans", "请按“呼叫职员”，稍候。（二十四小时）", width)[1:]:
            assert line[0] not in NO_START


def test_thai_breaks_between_words() -> None:
    told = of("th", "กำลังเทียบกับรูปบนบัตร", 14)
    assert told == ("กำลังเทียบ", "กับรูปบนบัตร")


def test_korean_and_vietnamese_break_at_spaces_only() -> None:
    assert of("ko", "처음이신 분은 접수처로", 8) == ("처음이신 분은", "접수처로")
    assert of("vi", "Vui lòng đặt lại thẻ", 9) == ("Vui lòng", "đặt", "lại thẻ")


def test_easy_japanese_breaks_at_its_spaces_only() -> None:
    assert phrases("マイナンバーカードを おいて ください", "ja-simple") == [
        "マイナンバーカードを ",
        "おいて ",
        "ください",
    ]


def test_burmese_breaks_at_spaces_and_within_a_long_word_between_syllables() -> None:
    assert of("my", "ကတ် ပြန်တင်ပေးပါ", 12) == ("ကတ်", "ပြန်တင်ပေးပါ")
    assert clusters("ကောင်တာသို့") == ["ကောင်", "တာ", "သို့"]
    assert clusters("ဝန်ထမ်း") == ["ဝန်", "ထမ်း"]
    assert clusters("သတ္တိ") == ["သတ္တိ"]


def test_a_conjunct_and_a_thai_vowel_stay_with_their_letter() -> None:
    assert clusters("प्रमाण") == ["प्र", "मा", "ण"]
    assert clusters("เวลา") == ["เว", "ลา"]
    assert clusters("น้ำ") == ["น้ำ"]


@pytest.mark.parametrize(
    ("language", "text", "held"),
    [
        ("en", "Viewed for 24 hours here", "24 hours "),
        ("vi", "Xem trong 24 giờ để", "24 giờ "),
        ("my", "ဤနေရာက 24 နာရီ ကြည့်နိုင်သည်", "24 နာရီ "),
        ("th", "ดูได้ 24 ชั่วโมง เพื่อ", "24 ชั่วโมง "),
        ("ne", "यहाँ 24 घण्टा हेरिन्छ", "24 घण्टा "),
    ],
)
def test_a_number_stays_with_its_unit(language: str, text: str, held: str) -> None:
    assert any(phrase.endswith(held) for phrase in phrases(text, language))


@pytest.mark.parametrize("language", ["ja", "zh-Hans", "zh-Hant"])
def test_a_number_stays_with_the_counter_behind_it(language: str) -> None:
    text = {"ja": "この医療機関が24時間見られます", "zh-Hans": "本机构可查看24小时", "zh-Hant": "過去5年的健康檢查"}[
        language
    ]
    for phrase in phrases(text, language)[:-1]:
        assert not phrase[-1].isdigit()


def test_a_no_break_space_holds() -> None:
    assert phrases("quay từ\u00a0từ sang", "vi") == ["quay ", "từ\u00a0từ ", "sang"]


_FOREIGN = st.sampled_from([*"ကျန်းမာရေး၊။ ्त्रप्रกำเจ้าที่ไ한국어 vòng24。，「"])


@given(
    st.text(_FOREIGN, max_size=40), st.integers(1, 20), st.sampled_from(["my", "ne", "th", "ko", "vi", "zh-Hans", "en"])
)
def test_nothing_is_lost_in_any_language(text: str, width: int, language: str) -> None:
    assert "".join("".join(of(language, text, width)).split()) == "".join(text.split())
