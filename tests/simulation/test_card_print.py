"""Invented cards on a simulated camera: what is printed agrees with what was issued, and says that it is none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest

from kiosk import share
from kiosk.errors import MissingError, UsageError
from kiosk.simulation import card_folder, card_press, card_print
from kiosk.simulation.card_folder import IssuedCard
from kiosk.simulation.card_print import Person, Style, birth_line, expiry_line, from_info, plain_style
from kiosk.simulation.card_scene import View, empty, film, on_frame, plane
from kiosk.simulation.holder import Person as Holder

HANAKO = Person(date(1980, 2, 17), date(2035, 2, 17), "2285")


def issued(folder: Path, holder: Holder, kind: str = "ordinary") -> Path:
    folder.mkdir(exist_ok=True)
    card_folder.write(folder, IssuedCard(holder.pin, holder.check_number_b, "ab" * 32, kind), holder, "grace_hopper")
    return folder


@pytest.mark.parametrize(
    ("born", "western", "printed"),
    [
        (date(1980, 2, 17), False, "昭和55年2月17日生"),
        (date(1989, 1, 7), False, "昭和64年1月7日生"),
        (date(1989, 1, 8), False, "平成元年1月8日生"),
        (date(2019, 4, 30), False, "平成31年4月30日生"),
        (date(2019, 5, 1), False, "令和元年5月1日生"),
        (date(1925, 3, 3), False, "大正14年3月3日生"),
        (date(1985, 5, 3), True, "1985年5月3日生"),
    ],
)
def test_a_birth_date_is_printed_as_on_a_card(born: date, western: bool, printed: str) -> None:
    assert birth_line(replace(HANAKO, birth_date=born, western=western), plain_style()) == printed


def test_lines_can_be_padded_and_full_width() -> None:
    style = Style(share.fetched("fonts/BIZUDPGothic-Bold.ttf"), padded=True, full_width=True)
    assert birth_line(HANAKO, style) == "昭和５５年\u3000２月１７日生"
    assert expiry_line(HANAKO, style) == "２０３５年\u3000２月１７日まで有効"


@pytest.mark.parametrize("foreign", [False, True])
def test_what_is_printed_gives_the_check_number_the_card_was_issued_with(tmp_path: Path, foreign: bool) -> None:
    holder = Holder(foreign=foreign)
    person = from_info(issued(tmp_path / "card", holder))
    assert person.check_number_b == holder.check_number_b
    assert person.name == holder.name
    assert person.western is foreign
    assert person.sitter is not None
    assert person.sitter.value == "grace_hopper"


def test_an_infants_card_carries_no_photo(tmp_path: Path) -> None:
    assert from_info(issued(tmp_path / "card", Holder(), "infant")).sitter is None


def test_a_card_with_nothing_of_ours_on_it_cannot_be_printed(tmp_path: Path) -> None:
    folder = tmp_path / "card"
    folder.mkdir()
    card_folder.write(folder, IssuedCard(None, "", "", "bank"), None, "astronaut")
    with pytest.raises(UsageError, match="no card that could be printed"):
        from_info(folder)
    with pytest.raises(MissingError, match=r"info\.json"):
        from_info(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "changed",
    [{"check_number_b": "55021720352286"}, {"birth_date": "yesterday"}, {"security_code": None}, {"sitter": "me"}],
)
def test_facts_that_do_not_agree_are_refused(tmp_path: Path, changed: dict[str, object]) -> None:
    folder = issued(tmp_path / "card", Holder())
    told = json.loads((folder / "info.json").read_bytes())
    (folder / "info.json").write_text(json.dumps(told | changed), encoding="utf-8")
    with pytest.raises(UsageError):
        from_info(folder)


def test_the_same_card_is_printed_and_filmed_the_same_way_twice() -> None:
    style = plain_style(seed=4)
    card = card_print.front(HANAKO, style)
    assert np.array_equal(card, card_print.front(HANAKO, style))
    assert card.shape == (1080, 1712, 3)
    view = View(held=True, fingers=2, sleeve=0.5, glare=0.4, motion=2.0)
    one, other = film(card, view, seed=9), film(card, view, seed=9)
    for _ in range(3):
        assert np.array_equal(next(one), next(other))
    assert not np.array_equal(next(film(card, view, seed=10)), next(film(card, view, seed=9)))


def test_the_back_has_a_code_that_can_be_found_and_says_that_it_is_nobodys() -> None:
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(card_print.back(HANAKO, plain_style()))
    assert "NOBODY" in text


def test_a_card_is_where_the_view_says() -> None:
    card = card_print.front(HANAKO, plain_style())
    view = View(turn=20, tilt=(10, -10), noise=0.0, jpeg=None)
    picture, tray = next(film(card, view)), next(empty(view))
    inside, outside = on_frame(plane(view), np.array([(3.0, 25.0), (-4.0, 25.0)])).astype(int)
    assert picture[inside[1], inside[0]].mean() > 180
    assert abs(int(picture[outside[1], outside[0]].mean()) - int(tray[outside[1], outside[0]].mean())) < 40


def test_holes_in_a_typeface_are_seen() -> None:
    press = card_press.Press(share.fetched("fonts/BIZUDPGothic-Regular.ttf"))
    assert press.covers("昭和55年まで有効")
    assert not press.covers("\U0001f600")
    with pytest.raises(MissingError, match="typeface"):
        card_press.Press(Path("nothing.ttf"))
