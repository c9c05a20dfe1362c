"""APDU layer: status words, answers in parts, TLV from untrusted bytes, whole files in short reads."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card import apdu
from kiosk.card.apdu import Apdu, ApduError, StatusWord
from kiosk.card.errors import CardFormatError
from tests.card.table_card import TableCard, tlv

HERE = b"anywhere", 0x0001


class Scripted:
    """Gives its answers one after the other."""

    def __init__(self, *answers: tuple[bytes, int]) -> None:
        self.answers = list(answers)
        self.sent: list[bytes] = []

    def transmit(self, command: Apdu) -> tuple[bytes, int]:
        self.sent.append(bytes(command))
        return self.answers.pop(0)


def card_with(content: bytes) -> TableCard:
    return TableCard(files={HERE: content}, application=HERE[0], file=HERE[1])


def test_an_error_names_its_status_word() -> None:
    with pytest.raises(ApduError, match=r"refused SELECT of file 000A with 6A82 NOT_FOUND") as caught:
        apdu.select_file(Scripted((b"", 0x6A82)), 0x000A)
    assert caught.value.status_word == StatusWord.NOT_FOUND
    assert apdu.named(0x6F42) == "6F42"


@pytest.mark.parametrize(
    ("status_word", "counter"), [(0x63C3, 3), (0x63C0, 0), (0x6983, 0), (0x6984, 0), (0x9000, None), (0x6A88, None)]
)
def test_the_empty_verify_tells_the_tries_left(status_word: int, counter: int | None) -> None:
    card = Scripted((b"", status_word))
    assert apdu.read_counter(card) == counter
    assert card.sent == [b"\x00\x20\x00\x80"]


def test_an_answer_in_parts_is_collected() -> None:
    card = Scripted((b"ab", 0x6102), (b"cd", 0x6101), (b"e", 0x9000))
    assert apdu.exchange(card, b"\x00\xb0\x00\x00\x00") == (b"abcde", 0x9000)
    assert card.sent[1:] == [b"\x00\xc0\x00\x00\x02", b"\x00\xc0\x00\x00\x01"]


def test_an_answer_that_never_ends_is_refused() -> None:
    with pytest.raises(CardFormatError):
        apdu.exchange(Scripted(*[(b"", 0x6110)] * 100), b"\x00\xb0\x00\x00\x00")


def test_a_wrong_le_is_corrected_once() -> None:
    card = Scripted((b"", 0x6C10), (b"x" * 16, 0x9000))
    assert apdu.exchange(card, b"\x00\xb0\x00\x00\x00") == (b"x" * 16, 0x9000)
    assert card.sent[1] == b"\x00\xb0\x00\x00\x10"


@pytest.mark.parametrize("status_word", [0x6C10, 0x63C2, 0x6300, 0x6984, 0x6F00, 0x6700])
def test_a_verify_reaches_the_card_exactly_once_whatever_it_answers(status_word: int) -> None:
    card = Scripted((b"", status_word))
    with contextlib.suppress(ApduError):
        assert not apdu.verify(card, b"1234").right
    assert card.sent == [b"\x00\x20\x00\x80\x041234"]


def test_the_copy_of_a_secret_in_the_command_is_overwritten() -> None:
    kept: list[Apdu] = []

    class Keeper:
        def transmit(self, command: Apdu) -> tuple[bytes, int]:
            kept.append(command)
            return b"", 0x9000

    assert apdu.verify(Keeper(), bytearray(b"1234")).right
    assert kept == [bytearray(9)]


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 257, 511, 512, 1500, 16_600])
@pytest.mark.parametrize("tag", [0x30, 0xFF20])
@pytest.mark.parametrize("after", [b"", b"\xff\xff", b"\xff" * 300])
def test_a_file_is_read_whole_and_without_what_follows(size: int, tag: int, after: bytes) -> None:
    content = tlv(tag, b"\xff" * size)
    assert apdu.read_file(card_with(content + after), tag) == content


def test_bytes_before_the_object_are_skipped_only_where_asked() -> None:
    content = b"\xff\xff" + tlv(0xFF20, b"four attributes" * 30)
    assert apdu.read_file(card_with(content), 0xFF20, leading_filler=True) == content[2:]
    with pytest.raises(CardFormatError, match="is not at its start"):
        apdu.read_file(card_with(content), 0xFF20)


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
def test_a_file_that_is_not_what_it_says_is_refused(content: bytes) -> None:
    with pytest.raises((CardFormatError, ApduError)):
        apdu.read_file(card_with(content), 0x30)


def test_a_card_that_gives_one_byte_a_time_does_not_keep_us_for_ever() -> None:
    card = Scripted((b"\x30\x82\x70\x00", 0x9000), *[(b"x", 0x9000)] * 1000)
    with pytest.raises(CardFormatError):
        apdu.read_file(card, 0x30)
    assert len(card.sent) < 300


def test_a_card_that_gives_more_than_was_asked_is_refused() -> None:
    with pytest.raises(CardFormatError):
        apdu.read_file(Scripted((b"\x30" * 300, 0x9000)), 0x30)


OBJECTS = st.lists(
    st.tuples(st.sampled_from([0x30, 0x90, 0xDF21, 0xDF27, 0xFF20, 0x7F21, 0x5F37]), st.binary(max_size=300)),
    max_size=6,
)


@given(OBJECTS, st.integers(0, 20))
def test_objects_written_are_objects_read(objects: Sequence[tuple[int, bytes]], filler: int) -> None:
    content = b"".join(tlv(tag, value) for tag, value in objects) + b"\xff" * filler
    assert [(found.tag, found.value) for found in apdu.read_tlvs(content)] == list(objects)


@given(st.binary(max_size=400))
def test_any_bytes_are_objects_inside_their_bounds_or_an_error(content: bytes) -> None:
    at = 0
    with contextlib.suppress(CardFormatError):
        for found in apdu.read_tlvs(content):
            assert at < found.end <= len(content)
            assert content[found.end - len(found.value) : found.end] == found.value
            at = found.end


@given(st.lists(st.tuples(st.binary(max_size=256), st.sampled_from([0x9000, 0x6282, 0x6105, 0x6C05])), min_size=1))
def test_any_answers_of_a_card_give_a_file_or_a_typed_error(answers: list[tuple[bytes, int]]) -> None:
    answers = [*answers, *[(b"", 0x6B00)] * 600]
    with contextlib.suppress(CardFormatError, ApduError):
        assert apdu.read_file(Scripted(*answers), 0x30)[0] == 0x30


def test_reprs_show_no_bytes() -> None:
    assert repr(next(apdu.read_tlvs(tlv(0xDF22, b"19800217")))) == "Tlv(DF22, 8 bytes)"
