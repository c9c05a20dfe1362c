"""Lines end between phrases, never before 。 or after 「, and are as even as they can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.ui.lines import NO_END, NO_START, break_lines, phrases

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
