"""APDU layer: status words, answers in parts, a VERIFY that is sent once."""

from __future__ import annotations

import contextlib

import pytest

from kiosk.card import apdu
from kiosk.card.apdu import Apdu, ApduError, StatusWord
from kiosk.card.errors import CardFormatError
from tests.card.table_card import Scripted


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


def test_an_answer_of_megabytes_is_refused() -> None:
    with pytest.raises(CardFormatError):
        apdu.exchange(Scripted(*[(bytes(0xFFFF), 0x6110)] * 3), b"\x00\xb0\x00\x00\x00")


@pytest.mark.parametrize("le", [b"\x00", b"\x00\x10\x00"])
def test_a_wrong_le_is_corrected_once(le: bytes) -> None:
    card = Scripted((b"", 0x6C10), (b"x" * 16, 0x9000))
    assert apdu.exchange(card, b"\x00\xb0\x00\x00" + le) == (b"x" * 16, 0x9000)
    assert card.sent[1:] == [b"\x00\xb0\x00\x00\x10"]


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
