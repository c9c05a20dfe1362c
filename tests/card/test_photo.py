"""Check number B and the photo behind it: what may be sent, how often, and what is said where it is not."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.allowlist import AllowList
from kiosk.card.check_number import Sends, plausible
from kiosk.card.errors import CardFormatError, CardGoneError, PhotoError
from kiosk.card.files import Reach
from kiosk.card.photo import Refusal, Why, open_photo
from kiosk.card.surface import FaceRecord, face_record
from kiosk.simulation.card import VirtualCard
from tests.card.table_card import (
    CHECK_NUMBER_B,
    JP2,
    SURFACE,
    TEXT,
    InMemory,
    TableCard,
    my_number_card,
    tlv,
)
from tests.card.table_card import face_record as record

TODAY = date(2026, 11, 22)
RIGHT = CHECK_NUMBER_B
WRONG, WRONG_TOO = "55021720352286", "55021720352287"


@pytest.fixture
def card(certificate: bytes, card_key: rsa.RSAPrivateKey) -> TableCard:
    return my_number_card(certificate, card_key)


def opened(
    card: TableCard | InMemory, number: str | None = RIGHT, sends: Sends | None = None, *, today: date | None = TODAY
) -> FaceRecord | Refusal:
    digits = None if number is None else bytearray(number, "ascii")
    return open_photo(AllowList(card), "readable", digits, sends or Sends(), Reach(None), today)


def sent(card: TableCard) -> int:
    """How many VERIFYs with data reached the card: each could cost a try."""
    return sum(len(command) > 4 for command in card.sent(0x20))


# -- plausibility -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("55021720352285", "昭和55年"),
        ("01010820352285", "平成元年, its first day"),
        ("64010720352285", "昭和64年, its last week"),
        ("01050120352285", "令和元年, its first day"),
        ("15122420352285", "大正15年, its last day"),
        ("98123120302285", "a foreign resident's Western year"),
        ("00022920302285", "29 February 2000, Western"),
        ("04022920302285", "29 February: 2004 Western"),
        ("08022920302285", "29 February: 1996 is 平成8年, 2008 Western"),
        ("31022920302285", "29 February: 1956 is 昭和31年; 1931, 2031 and 2019 have none"),
        ("55021720252285", "a card that ended last year"),
        ("55021720362285", "ten years from now"),
    ],
)
def test_a_number_that_can_be_one_is_plausible(number: str, why: str) -> None:
    assert plausible(number.encode(), TODAY), why


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("", "nothing"),
        ("123456789018", "twelve digits"),
        ("5502172035228", "thirteen"),
        ("550217203522850", "fifteen"),
        ("5502172035228A", "a letter"),
        ("55021720352285".translate({0x35: 0xFF15}), "full-width digits"),
        ("55001720352285", "month 0"),
        ("55131720352285", "month 13"),
        ("55020020352285", "day 0"),
        ("55023020352285", "30 February"),
        ("55043120352285", "31 April"),
        ("99022920352285", "29 February in no year 99 of any kind"),
        ("01022920352285", "29 February in no year 1 of any kind, nor in 大正元年, which began in July"),
        ("55021720242285", "ended two years ago"),
        ("55021720372285", "eleven years from now"),
        ("55021700002285", "no year"),
    ],
)
def test_a_number_that_cannot_be_one_is_not(number: str, why: str) -> None:
    assert not plausible(number.encode(), TODAY), why


def test_a_birth_date_to_come_is_none() -> None:
    """29 February 2028 is 令和10年, and Western year 28; 平成10年, 昭和10年 and 1928 decide alone."""
    assert plausible(b"28022920302285", TODAY), "1928 was a leap year"
    assert plausible(b"10022920302285", None), "令和10年 for a clock that nobody set"
    assert not plausible(b"10022920302285", TODAY)


@pytest.mark.parametrize(("year", "good"), [(2015, False), (2016, True), (2026, True), (2099, True), (2100, False)])
def test_without_a_sure_clock_every_year_that_a_card_can_have_will_do(year: int, good: bool) -> None:
    assert plausible(f"550217{year}2285".encode(), None) is good


@given(st.binary(max_size=16), st.none() | st.dates())
def test_any_bytes_are_judged(number: bytes, today: date | None) -> None:
    assert plausible(bytearray(number), today) in {True, False}


@given(st.dates(date(1912, 7, 30), date(2026, 11, 21)), st.integers(0, 9999), st.booleans())
def test_nobodys_own_number_is_refused(born: date, code: int, foreign: bool) -> None:
    eras = [(date(2019, 5, 1), 2018), (date(1989, 1, 8), 1988), (date(1926, 12, 25), 1925), (date(1912, 7, 30), 1911)]
    year = born.year % 100 if foreign else born.year - next(before for first, before in eras if born >= first)
    number = f"{year:02d}{born:%m%d}{2030:04d}{code:04d}".encode()
    assert plausible(number, TODAY)
    assert plausible(number, None)


# -- sending ----------------------------------------------------------------------------------------------------------


def test_the_right_number_opens_the_photo_and_nothing_else(card: TableCard) -> None:
    assert opened(card) == FaceRecord(JP2, date(2035, 2, 17), date(1980, 2, 17))
    touched = {(application, command[5:]) for application, _, command in card.log if command[1:3] == b"\xa4\x02"}
    assert touched == {(SURFACE, b"\x00\x12"), (SURFACE, b"\x00\x02")}
    assert TEXT not in {application for application, _, _ in card.log}


def test_every_kind_of_card_with_a_photo_gives_it(virtual_card: Callable[[str], VirtualCard]) -> None:
    for kind, number in (
        ("ordinary", "55021720352285"),
        ("face_only", "55021720352285"),
        ("foreign", "80021720352285"),
    ):
        found = opened(InMemory(virtual_card(kind)), number)
        assert isinstance(found, FaceRecord), kind
        assert found.card_expiry == date(2035, 2, 17)
        assert found.birth_date == date(1980, 2, 17)


def test_an_infants_record_turns_out_to_hold_no_photo(virtual_card: Callable[[str], VirtualCard]) -> None:
    card = InMemory(virtual_card("infant_blank"))
    number = card.card._applications[1].passwords[0x12].secret.decode()
    assert opened(card, number) == Refusal("no_photo")


@pytest.mark.parametrize(("left", "expected"), [(10, 1), (6, 1), (5, 0), (4, 0), (1, 0), (0, 0)])
def test_nothing_is_sent_with_five_tries_left_or_fewer(card: TableCard, left: int, expected: int) -> None:
    card.secrets[SURFACE, 0x0012].left = left
    found = opened(card)
    assert sent(card) == expected
    if not expected:
        assert found == Refusal("too_few_tries")
        assert card.secrets[SURFACE, 0x0012].left == left


@pytest.mark.parametrize("answer", [0x9000, 0x6300, 0x6A88])
def test_nothing_is_sent_to_a_card_that_does_not_tell_its_tries(card: TableCard, answer: int) -> None:
    card.answers = lambda command: (b"", answer) if command == b"\x00\x20\x00\x80" else None
    assert opened(card) == Refusal("too_few_tries")
    assert sent(card) == 0


def test_the_counter_is_asked_before_each_send(card: TableCard) -> None:
    sends = Sends()
    for number in (WRONG, RIGHT):
        opened(card, number, sends)
    asked = [len(command) > 4 for command in card.sent(0x20)]
    assert asked == [False, True, False, True]


def test_two_numbers_are_sent_in_a_visit_and_no_third(card: TableCard) -> None:
    sends = Sends()
    assert opened(card, WRONG, sends) == Refusal("wrong", again=True)
    assert opened(card, WRONG_TOO, sends) == Refusal("wrong", again=False)
    assert opened(card, RIGHT, sends) == Refusal("too_few_tries")
    assert card.secrets[SURFACE, 0x0012].left == 8


def test_a_right_number_counts_too(card: TableCard) -> None:
    sends = Sends()
    assert isinstance(opened(card, RIGHT, sends), FaceRecord)
    assert isinstance(opened(card, RIGHT, sends), FaceRecord)
    assert opened(card, RIGHT, sends) == Refusal("too_few_tries")


def test_a_wrong_number_is_never_sent_twice(card: TableCard) -> None:
    sends = Sends()
    for _ in range(4):
        assert opened(card, WRONG, sends) == Refusal("wrong", again=True)
    assert sent(card) == 1
    assert isinstance(opened(card, RIGHT, sends), FaceRecord)


def test_no_more_is_asked_for_when_a_wrong_one_brought_the_counter_down_to_five(card: TableCard) -> None:
    card.secrets[SURFACE, 0x0012].left = 6
    assert opened(card, WRONG) == Refusal("wrong", again=False)


def test_a_number_that_cannot_be_right_costs_neither_try_nor_send(card: TableCard) -> None:
    sends = Sends()
    for _ in range(3):
        assert opened(card, "55021799992285", sends) == Refusal("implausible", again=True)
    assert opened(card, None, sends) == Refusal("no_number", again=True)
    assert card.log == []
    assert sends.left == 2


@pytest.mark.parametrize(("access", "why"), [("shut", "too_few_tries"), ("absent", "no_photo")])
def test_a_card_known_to_give_no_photo_is_not_asked(card: TableCard, access: str, why: Why) -> None:
    number = bytearray(RIGHT, "ascii")
    found = open_photo(AllowList(card), access, number, Sends(), Reach(None), TODAY)  # type: ignore[arg-type]
    assert found == Refusal(why)
    assert card.log == []


def test_a_send_that_the_line_swallowed_is_counted(card: TableCard) -> None:
    sends = Sends()
    for expected in (1, 0):
        card.log.clear()
        card.gone_at = 4
        with pytest.raises(CardGoneError):
            opened(card, RIGHT, sends)
        assert sent(card) == 1
        assert sends.left == expected
    card.gone_at = 1000
    assert opened(card, RIGHT, sends) == Refusal("too_few_tries")


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (record(None), "no_photo"),
        (record(b""), "no_photo"),
        (record(b"\xff" * 100), "no_photo"),
        (record(bytes(100)), "no_photo"),
        (record(b"\x89PNG\r\n\x1a\n"), "unreadable"),
        (tlv(0xFF20, tlv(0xDF27, JP2) * 2), "unreadable"),
        (tlv(0xFF20, b"\xdf\x27\x82\x10\x00short"), "unreadable"),
        (tlv(0xFF40, tlv(0xDF27, JP2)), "unreadable"),
        (tlv(0xFF20, bytes(0x9000)), "unreadable"),
        (b"", "no_photo"),
    ],
)
def test_a_record_without_one_jp2_photo_gives_none(card: TableCard, written: bytes, why: Why) -> None:
    card.files[SURFACE, 0x0002] = written
    assert opened(card) == Refusal(why)


@pytest.mark.parametrize("before", [b"\xff\xff", b"\x00\x11", b"\xff\xff\xff\xff"])
def test_odd_bytes_before_the_record_are_skipped(card: TableCard, before: bytes) -> None:
    card.files[SURFACE, 0x0002] = before + record() + b"\xff" * 40
    assert opened(card) == FaceRecord(JP2, date(2035, 2, 17), date(1980, 2, 17))


@pytest.mark.parametrize("status_word", [0x6982, 0x6985, 0x6F00])
def test_a_card_that_will_not_read_after_all_is_unreadable(card: TableCard, status_word: int) -> None:
    card.answers = lambda command: (b"", status_word) if command[1] == 0xB0 else None
    assert opened(card) == Refusal("unreadable")


# -- the record -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"", b"2035021", b"20350230", "２０３５".encode()[:8], b"2035-2-1", b"00000000"])
def test_a_last_day_that_is_none_is_left_out(value: bytes) -> None:
    found = face_record(tlv(0xFF20, tlv(0xDF27, JP2) + tlv(0xDF29, value)))
    assert found == FaceRecord(JP2, None)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_record_or_a_typed_error(content: bytes) -> None:
    with contextlib.suppress(CardFormatError, PhotoError):
        assert face_record(content).photo


def test_no_repr_shows_a_photo_or_a_number() -> None:
    sends = Sends()
    sends.wrong(bytearray(WRONG, "ascii"))
    shown = repr(FaceRecord(JP2, date(2035, 2, 17), date(1980, 2, 17))) + repr(sends) + repr(Refusal("wrong"))
    assert WRONG not in shown
    assert "JP2" not in shown
    assert WRONG.encode() not in b"".join(sends._wrong)
