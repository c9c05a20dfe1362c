"""What the reader makes of printed cards: the number of a front, nothing of a back, and never a wrong number."""

from __future__ import annotations

import logging
from collections import Counter

import cv2
import numpy as np
import pytest

from kiosk.face.advice import Advice
from kiosk.face.card_front_figures import FigureReader
from kiosk.face.card_front_layout import DATES
from kiosk.face.card_front_marks import MarkReader
from kiosk.face.card_front_outline import outlines
from kiosk.face.card_front_strips import cut, strips
from kiosk.face.pump import coarse
from kiosk.face.sface import SFaceMatcher
from kiosk.simulation.card_print import Person
from kiosk.simulation.card_scene import View, empty
from tests.face.front_parts import (
    HANAKO,
    MARIA,
    NOBODY,
    TARO,
    PrintedCards,
    digits_of,
    frames_of,
    read_through,
    reader_of,
)

Readers = tuple[SFaceMatcher, MarkReader, FigureReader]


@pytest.fixture(scope="session")
def readers(matcher: SFaceMatcher, marks: MarkReader, figures: FigureReader) -> Readers:
    return matcher, marks, figures


@pytest.mark.parametrize("person", [HANAKO, MARIA, TARO], ids=["昭和", "Western", "令和元年"])
def test_a_card_in_the_tray_is_read_in_three_frames(cards: PrintedCards, readers: Readers, person: Person) -> None:
    assert read_through(reader_of(*readers), cards.front(person), View(), frames=3) == digits_of(person)


@pytest.mark.parametrize(
    "view",
    [
        View(card_width=500),
        View(turn=180),
        View(turn=88, card_width=430),
        View(blur=0.8),
        View(noise=8),
        View(jpeg=40),
        View(light=0.35, noise=4),
        View(sleeve=0.5, ground="desk"),
        View(held=True, ground="room", fingers=2, tilt=(7, -6), card_width=540, motion=1.0),
        View(width=1280, height=720, card_width=1000, blur=1.2),
    ],
    ids=repr,
)
def test_it_is_read_where_the_picture_is_not_perfect(cards: PrintedCards, readers: Readers, view: View) -> None:
    assert read_through(reader_of(*readers), cards.front(HANAKO), view, frames=6) == digits_of(HANAKO)


@pytest.mark.parametrize("shape", [{"bold": True}, {"padded": True}, {"full_width": True}], ids=str)
def test_it_is_read_however_it_is_set(cards: PrintedCards, readers: Readers, shape: dict[str, bool]) -> None:
    assert read_through(reader_of(*readers), cards.front(MARIA, **shape), View()) == digits_of(MARIA)


@pytest.mark.parametrize(
    "view",
    [View(blur=2.6), View(motion=9, held=True), View(glare=1.3), View(light=0.08, noise=9), View(jpeg=8)],
    ids=repr,
)
def test_what_cannot_be_read_is_never_read_wrongly(cards: PrintedCards, readers: Readers, view: View) -> None:
    for seed in range(2):
        read = read_through(reader_of(*readers), cards.front(HANAKO), view, frames=3, seed=seed)
        assert read in (None, digits_of(HANAKO))


@pytest.mark.parametrize(
    "view",
    [
        View(),
        View(turn=180),
        View(held=True, ground="room", fingers=2, card_width=520),
        View(blur=1.5),
        View(card_width=430),
        View(sleeve=0.8),
        View(light=0.3),
        View(motion=6, held=True),
    ],
    ids=repr,
)
def test_of_the_back_nothing_is_read_whatever_can_be_seen_of_it(
    cards: PrintedCards, readers: Readers, view: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untouchable(*_: object) -> None:
        raise AssertionError("the back was about to be read")

    monkeypatch.setattr(MarkReader, "read", untouchable)
    monkeypatch.setattr(FigureReader, "read", untouchable)
    assert read_through(reader_of(*readers), cards.back(HANAKO), view) is None


def test_the_back_is_told_to_be_the_other_side(cards: PrintedCards, readers: Readers) -> None:
    reader = reader_of(*readers)
    said = [
        reader.see(picture, number * 0.2).advice
        for number, picture in enumerate(frames_of(cards.back(HANAKO), View(), 5))
    ]
    assert said[-1] is Advice.CARD_OTHER_SIDE


def test_turning_the_card_over_forgets_what_was_read(cards: PrintedCards, readers: Readers) -> None:
    reader = reader_of(*readers)
    front, back = frames_of(cards.front(HANAKO), View(), 4), frames_of(cards.back(HANAKO), View(), 1)
    for number, picture in enumerate([*front[:2], *back, *front[2:]]):
        assert reader.see(picture, number * 0.2).digits is None


def test_a_card_without_a_photo_is_not_read(cards: PrintedCards, readers: Readers) -> None:
    assert read_through(reader_of(*readers), cards.front(NOBODY), View()) is None


@pytest.mark.parametrize(
    ("view", "word"),
    [
        (View(card_width=300), Advice.CARD_CLOSER),
        (View(blur=3.0), Advice.CARD_HOLD_STILL),
        (None, Advice.CARD_NOT_SEEN),
    ],
    ids=["far away", "blurred", "nothing there"],
)
def test_what_would_help_is_said(cards: PrintedCards, readers: Readers, view: View | None, word: Advice) -> None:
    reader = reader_of(*readers)
    pictures = [next(empty(View()))] * 4 if view is None else frames_of(cards.front(HANAKO), view, 4)
    said = Counter(reader.see(picture, number * 0.2).advice for number, picture in enumerate(pictures))
    assert said.most_common(1)[0][0] in (word, None)
    assert word in said


def test_a_lamp_on_the_print_is_called_glare(cards: PrintedCards, readers: Readers) -> None:
    (picture,) = frames_of(cards.front(HANAKO), View(), 1)
    cv2.ellipse(picture, (330, 165), (90, 40), 0, 0, 360, (255, 255, 255), -1)
    read, advice = reader_of(*readers).read(picture)
    assert read is None
    assert advice is Advice.CARD_GLARE


def test_the_production_number_is_cut_off_before_anything_is_read(cards: PrintedCards, readers: Readers) -> None:
    (picture,) = frames_of(cards.front(HANAKO), View(width=1280, height=720, card_width=1000), 1)
    (outline, *_) = outlines(picture)
    lines = strips(picture, outline)
    assert lines.code is not None
    assert bytes(readers[1].read(lines.code).kinds) == b"dddd"
    assert lines.code.picture.shape[1] / 16 < 9  # millimetres: no room for sixteen characters


def test_of_a_line_only_digits_and_the_signs_of_a_date_are_kept(cards: PrintedCards, readers: Readers) -> None:
    (picture,) = frames_of(cards.front(HANAKO), View(width=1280, height=720, card_width=1000), 1)
    lines = strips(picture, outlines(picture)[0])
    assert lines.dates is not None
    marks = readers[1].read(lines.dates)
    assert set(marks.kinds) <= set(b"dYMDFo")
    assert {digit for kind, digit in zip(marks.kinds, marks.digits, strict=True) if kind != ord("d")} == {255}


def test_cut_out_lines_are_overwritten(cards: PrintedCards) -> None:
    (picture,) = frames_of(cards.front(HANAKO), View(), 1)
    lines = strips(picture, outlines(picture)[0])
    lines.wipe()
    assert lines.dates is not None
    assert lines.code is not None
    assert not lines.dates.picture.any()
    assert not lines.code.picture.any()


def test_on_the_coarse_preview_nothing_can_be_read(cards: PrintedCards, readers: Readers) -> None:
    (picture,) = frames_of(cards.front(HANAKO), View(width=1280, height=720, card_width=1000), 1)
    seen = coarse(picture)
    assert max(seen.shape[:2]) == 64
    large = cv2.resize(seen, (1280, 720), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    (outline, *_) = outlines(picture)
    lines = strips(large, outline)  # with the true outline, which the preview does not have
    for strip in (lines.dates, lines.code):
        if strip is not None:
            assert bytes(readers[1].read(strip).kinds).count(b"d") <= 2
    assert cut(large, outline, DATES.box).std() < 25


def test_no_digit_is_logged_or_shown(cards: PrintedCards, readers: Readers, caplog: pytest.LogCaptureFixture) -> None:
    reader = reader_of(*readers)
    shown: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for number, picture in enumerate(frames_of(cards.front(HANAKO), View(), 4)):
            glance = reader.see(picture, number * 0.2)
            read, _ = reader.read(picture)
            shown += [repr(glance), repr(read), repr(reader), str(glance)]
    text = " ".join([*shown, caplog.text])
    assert "digits" not in text
    for part in ("550217", "2035", "2285", "[5, 5, 0, 2", "x05\\x05"):
        assert part not in text
