"""Whole files by header: in short reads with any reader, in a handful of extended ones where that is proven to work."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.card import files
from kiosk.card.apdu import ApduError
from kiosk.card.errors import CardFormatError, CardGoneError
from kiosk.card.files import EXTENDED, MAX_FILE, Reach, read_file
from tests.card.table_card import Scripted, TableCard, tlv

HERE = b"anywhere", 0x0001
SIZES = [0, 1, 127, 128, 255, 256, 257, 511, 512, 951, 1500, 16_600, 32_000]


def card_with(content: bytes) -> TableCard:
    return TableCard(files={HERE: content}, application=HERE[0], file=HERE[1])


def read(card: TableCard | Scripted, tag: int, *, longest_answer: int | None = 256, filler: bool = False) -> bytes:
    return read_file(card, tag, Reach(longest_answer), leading_filler=filler)


@pytest.mark.parametrize("longest_answer", [256, 1500, 65_546, None])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("tag", [0x30, 0xFF20])
@pytest.mark.parametrize("after", [b"", b"\xff\xff", b"\xff" * 300])
def test_a_file_is_read_whole_and_without_what_follows(
    size: int, tag: int, after: bytes, longest_answer: int | None
) -> None:
    content = tlv(tag, b"\xff" * size)
    assert read(card_with(content + after), tag, longest_answer=longest_answer) == content


@pytest.mark.parametrize("before", [b"\xff\xff", b"\x00\x11", b"\xff\xff\xff\xff", b"\xff"])
@pytest.mark.parametrize("size", SIZES)
def test_odd_bytes_before_the_object_are_skipped_only_where_asked(before: bytes, size: int) -> None:
    content = tlv(0xFF20, bytes(size))
    card = card_with(before + content)
    assert read(card, 0xFF20, longest_answer=None, filler=True) == content
    with pytest.raises(CardFormatError, match="is not at its start"):
        read(card, 0xFF20)


def test_five_odd_bytes_are_no_filler() -> None:
    with pytest.raises(CardFormatError, match="is not at its start"):
        read(card_with(b"\xff" * 5 + tlv(0xFF20, b"x")), 0xFF20, filler=True)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 300,
        b"\x30\x82\x10\x00" + bytes(20),
        b"\x30\x82\xff\xff" + bytes(400),
        b"\x30\x83\x00\x00\x01x",
        b"\x30\x80xx",
    ],
)
@pytest.mark.parametrize("longest_answer", [256, None])
def test_a_file_that_is_not_what_it_says_is_refused(content: bytes, longest_answer: int | None) -> None:
    with pytest.raises((CardFormatError, ApduError)):
        read(card_with(content), 0x30, longest_answer=longest_answer)


def test_a_record_beyond_the_reach_of_read_binary_is_refused_at_its_header() -> None:
    card = card_with(tlv(0xFF20, bytes(MAX_FILE)))
    with pytest.raises(CardFormatError, match="longer than a file can be read"):
        read(card, 0xFF20, longest_answer=None)
    assert len(card.log) == 1


def test_a_card_that_gives_one_byte_a_time_does_not_keep_us_for_ever() -> None:
    card = Scripted((b"\x30\x82\x70\x00", 0x9000), *[(b"x", 0x9000)] * 1000)
    with pytest.raises(CardFormatError):
        read(card, 0x30)
    assert len(card.sent) < 300


@pytest.mark.parametrize("longest_answer", [256, None])
def test_a_card_that_gives_more_than_was_asked_is_refused(longest_answer: int | None) -> None:
    with pytest.raises(CardFormatError):
        read(Scripted((b"\x30" * 300, 0x9000)), 0x30, longest_answer=longest_answer)
    generous = Scripted((b"\x30\x82\x10\x00" + bytes(252), 0x9000), (bytes(EXTENDED + 1), 0x9000))
    with pytest.raises(CardFormatError):
        read(generous, 0x30, longest_answer=longest_answer)


# -- extended reads ---------------------------------------------------------------------------------------------------


def reads(card: TableCard) -> tuple[int, int]:
    """How many short and how many extended READs reached the card."""
    sent = [command for _, _, command in card.log]
    return sum(len(command) == 5 for command in sent), sum(len(command) == 7 for command in sent)


FACE = tlv(0xFF20, bytes(16_600))
CERTIFICATE = tlv(0x30, bytes(1500))


def test_extended_reads_pay_in_the_number_of_commands() -> None:
    short, long = card_with(FACE), card_with(FACE)
    read(short, 0xFF20)
    read(long, 0xFF20, longest_answer=None)
    assert reads(short) == (65, 0)
    assert reads(long) == (1, 4)


def test_a_small_file_is_not_worth_a_try() -> None:
    card = card_with(tlv(0x30, bytes(700)))
    read(card, 0x30, longest_answer=None)
    assert reads(card) == (3, 0)


@pytest.mark.parametrize("status_word", [0x6700, 0x6D00, 0x6E00, 0x6A86, 0x6B00, 0x6F00, 0x6C00, 0x6C10, 0x6282])
def test_a_card_that_refuses_is_read_short_in_the_same_read_and_never_asked_again(status_word: int) -> None:
    card = card_with(FACE)
    card.extended = status_word
    reach = Reach(None)
    assert read_file(card, 0xFF20, reach) == FACE
    assert reads(card)[1] == 1
    assert read_file(card, 0xFF20, reach) == FACE
    assert reads(card)[1] == 1


@pytest.mark.parametrize("longest", [1, 100, 256])
def test_an_answer_cut_down_to_a_short_one_is_kept_and_no_more_are_asked_for(longest: int) -> None:
    card = card_with(CERTIFICATE)
    card.longest = longest
    reach = Reach(None)
    if longest < 256:
        card.answers = lambda command: None if len(command) == 7 else (CERTIFICATE[_at(command) :][:256], 0x9000)
    assert read_file(card, 0x30, reach) == CERTIFICATE
    assert reads(card)[1] == 1


def _at(command: bytes) -> int:
    return int.from_bytes(command[2:4], "big")


def test_a_reader_that_passes_on_a_thousand_bytes_at_once_is_used_for_that() -> None:
    card = card_with(FACE)
    card.longest = 1000
    assert read(card, 0xFF20, longest_answer=None) == FACE
    assert reads(card) == (1, 17)


@pytest.mark.parametrize(("longest_answer", "asked"), [(0, 0), (261, 0), (1023, 0), (1024, 1022), (65_546, EXTENDED)])
def test_no_more_is_asked_for_than_the_reader_says_it_takes(longest_answer: int, asked: int) -> None:
    card = card_with(FACE)
    assert read(card, 0xFF20, longest_answer=longest_answer) == FACE
    lengths = [int.from_bytes(command[5:], "big") for _, _, command in card.log if len(command) == 7]
    assert max(lengths, default=0) == asked


@pytest.mark.parametrize(("broken_at", "blamed"), [(1, False), (2, True), (3, False), (5, False)])
def test_only_a_read_longer_than_any_that_worked_is_blamed_for_a_broken_connection(
    broken_at: int, blamed: bool
) -> None:
    card = card_with(FACE)
    card.gone_at = broken_at
    reach = Reach(None)
    with pytest.raises(CardGoneError):
        read_file(card, 0xFF20, reach)
    assert reach.trying is blamed


def test_a_longer_read_than_the_first_that_worked_is_a_try_again() -> None:
    reach = Reach(None)
    assert read_file(card_with(CERTIFICATE), 0x30, reach) == CERTIFICATE
    card = card_with(FACE)
    card.gone_at = 2
    with pytest.raises(CardGoneError):
        read_file(card, 0xFF20, reach)
    assert reach.trying


def test_what_was_not_proven_in_time_is_not_tried_later() -> None:
    reach = Reach(None)
    small = tlv(0x30, bytes(700))
    assert read_file(card_with(small), 0x30, reach) == small
    reach.settle()
    card = card_with(FACE)
    assert read_file(card, 0xFF20, reach) == FACE
    assert reads(card) == (65, 0)
    proven = Reach(None)
    read_file(card_with(CERTIFICATE), 0x30, proven)
    proven.settle()
    assert read_file(card_with(FACE), 0xFF20, proven) == FACE
    assert proven.ask(10_000) == EXTENDED


ANSWERS = st.lists(
    st.tuples(st.binary(max_size=600), st.sampled_from([0x9000, 0x6282, 0x6105, 0x6C05, 0x6700, 0x6B00])), min_size=1
)


@settings(deadline=None)
@given(ANSWERS, st.sampled_from([256, None]))
def test_any_answers_of_a_card_give_a_file_or_a_typed_error(
    answers: list[tuple[bytes, int]], longest_answer: int | None
) -> None:
    card = Scripted(*answers, *[(b"", 0x6B00)] * 600)
    with contextlib.suppress(CardFormatError, ApduError):
        assert read(card, 0x30, longest_answer=longest_answer)[0] == 0x30
    assert len(card.sent) <= 2 * files.MAX_FILE // files.SHORT + len(answers) * 66
