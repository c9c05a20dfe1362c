"""Two readings of two lines: when they are one number, and when they are none."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.face.card_front_fields import reading
from kiosk.face.card_front_figures import Figures
from kiosk.face.card_front_marks import NO_DIGIT, Marks
from kiosk.face.card_front_strips import Strip

EM = 32.0
HALF = EM / 2
SIGNS = {"年": "Y", "月": "M", "日": "D", "元": "F"}
STOCK = 225


class Printed:
    """A line as both readers see it: half-width digits, full-width kanji; a space is half an em."""

    def __init__(self, text: str, *, half: float = HALF) -> None:
        self.text = text
        kinds, digits, x, at = bytearray(), bytearray(), [], 10.0
        for character in text:
            wide = half if character.isdigit() or character == " " else EM
            if character != " ":
                kinds.append(ord("d" if character.isdigit() else SIGNS.get(character, "o")))
                digits.append(int(character) if character.isdigit() else NO_DIGIT)
                x.append(at + wide / 2)
            at += wide
        self.strip = Strip(np.full((40, int(at) + 10, 3), STOCK, np.uint8), EM, 150.0)
        self.marks = Marks(kinds, digits, np.array(x), np.full(len(x), 0.99))
        numbers = [index for index in range(len(kinds)) if kinds[index] == ord("d")]
        self.figures = Figures(
            bytearray(digits[index] for index in numbers), self.marks.x[numbers], np.full(len(numbers), 0.98)
        )

    def x_of(self, character: str) -> float:
        return float(self.marks.x[self.text.replace(" ", "").index(character)])

    def first_misses(self, character: str) -> None:
        """The first reader does not see it."""
        index = self.text.replace(" ", "").index(character)
        keep = [at for at in range(len(self.marks.kinds)) if at != index]
        self.marks = Marks(
            bytearray(self.marks.kinds[at] for at in keep),
            bytearray(self.marks.digits[at] for at in keep),
            self.marks.x[keep],
            self.marks.sure[keep],
        )

    def second_misses(self, character: str) -> None:
        keep = [at for at in range(len(self.figures.digits)) if abs(self.figures.x[at] - self.x_of(character)) > 1]
        self.figures = Figures(
            bytearray(self.figures.digits[at] for at in keep), self.figures.x[keep], self.figures.sure[keep]
        )


def number(dates: Printed, code: Printed) -> str | None:
    read = reading(dates.strip, (dates.marks, dates.figures), code.strip, (code.marks, code.figures))
    return None if read is None else "".join(str(digit) for digit in read.digits)


def said(dates: str, code: str = "2285") -> str | None:
    return number(Printed(dates), Printed(code))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("昭和55年2月17日生　2035年2月17日ま", "55021720352285"),
        ("昭和55年 2月17日生　2035年 2月17日ま", "55021720352285"),
        ("平成元年12月 3日生　2031年12月 3日ま", "01120320312285"),
        ("令和 7年11月30日生　2030年11月", "07113020302285"),
        ("1985年5月3日生　2028年1月31日ま", "85050320282285"),
        ("2001年10月10日生　2028年1", "01101020282285"),
        ("昭和60年1月1日生　2030年", "60010120302285"),
    ],
)
def test_the_number_is_built_from_what_is_printed(printed: str, expected: str) -> None:
    assert said(printed) == expected


def test_full_width_digits_are_digits() -> None:
    assert number(Printed("昭和55年2月17日生　2035年2月17日ま", half=EM), Printed("2285")) == "55021720352285"


@pytest.mark.parametrize(
    "printed",
    [
        "昭和55年2月17日生",  # no expiry
        "昭和555年2月17日生　2035年",
        "昭和年2月17日生　2035年",
        "55年2月17日生　235年",
        "昭和55年2月17生　2035年",
        "昭和55月2年17日生　2035年",
        "2035年2月17日まで有効",
        "",
    ],
)
def test_half_a_line_is_no_number(printed: str) -> None:
    assert said(printed) is None


@pytest.mark.parametrize("code", ["", "228", "22851", "2 285", "22年5"])
def test_a_security_code_has_four_digits_that_stand_together(code: str) -> None:
    assert said("昭和55年2月17日生　2035年", code) is None


def test_a_digit_the_readers_read_differently_is_no_digit() -> None:
    dates, code = Printed("昭和55年2月17日生　2035年"), Printed("2285")
    code.figures.digits[3] = 6
    assert number(dates, code) is None


def test_a_digit_only_one_reader_sees_is_a_contradiction() -> None:
    for character in ("1", "7", "3"):
        dates = Printed("昭和56年2月17日生　2035年")
        dates.second_misses(character)
        assert number(dates, Printed("2285")) is None
    dates = Printed("昭和56年2月17日生　2035年")
    dates.first_misses("1")  # 17日 as 7日: the second reader knows better
    assert number(dates, Printed("2285")) is None


def test_a_digit_that_both_readers_miss_leaves_a_hole() -> None:
    for character in ("7", "6"):  # to the right of a digit there is never room
        dates = Printed("昭和56年2月17日生　2035年")
        dates.second_misses(character)
        dates.first_misses(character)
        assert number(dates, Printed("2285")) is None


def test_where_light_has_taken_the_print_away_a_padded_number_is_not_believed() -> None:
    dates = Printed("昭和56年2月17日生　2035年")
    dates.second_misses("1")
    dates.first_misses("1")
    left = int(dates.x_of("月") + EM / 2)
    dates.strip.picture[:, left : left + int(HALF)] = 255
    assert number(dates, Printed("2285")) is None


def test_strokes_of_a_kanji_are_not_taken_for_lost_digits() -> None:
    dates = Printed("昭和55年2月17日生　2035年")
    strokes = np.array([dates.x_of("日") - 8, dates.x_of("和") + 8, dates.x_of("生")])
    x = np.concatenate([dates.figures.x, strokes])
    order = np.argsort(x)
    digits = bytearray(dates.figures.digits) + bytearray([8, 0, 4])
    dates.figures = Figures(bytearray(digits[at] for at in order), x[order], np.full(len(x), 0.98))
    assert number(dates, Printed("2285")) == "55021720352285"


def test_every_digit_is_as_sure_as_the_less_sure_reader() -> None:
    dates, code = Printed("昭和55年2月17日生　2035年"), Printed("2285")
    code.marks.sure[1] = 0.41
    dates.figures.sure[2] = 0.62  # the month
    read = reading(dates.strip, (dates.marks, dates.figures), code.strip, (code.marks, code.figures))
    assert read is not None
    assert read.sure[11] == pytest.approx(0.41)
    assert read.sure[2] == read.sure[3] == pytest.approx(0.62)
    assert not read.certain


def test_the_year_tells_how_it_was_printed() -> None:
    for printed, western in (("1985年5月3日生　2028年", True), ("昭和55年2月17日生　2035年", False)):
        dates, code = Printed(printed), Printed("2285")
        read = reading(dates.strip, (dates.marks, dates.figures), code.strip, (code.marks, code.figures))
        assert read is not None
        assert read.western is western


def test_what_was_read_can_be_overwritten() -> None:
    dates, code = Printed("昭和55年2月17日生　2035年"), Printed("2285")
    read = reading(dates.strip, (dates.marks, dates.figures), code.strip, (code.marks, code.figures))
    assert read is not None
    read.wipe()
    for part in (dates.marks, dates.figures, code.marks, code.figures, dates.strip):
        part.wipe()
    assert not any(read.digits)
    assert not any(dates.marks.digits)
    assert not any(code.figures.digits)
    assert not dates.strip.picture.any()
