"""Name and birth date out of the text application: with check number B only, within its rules, and nothing else of it."""

from __future__ import annotations

from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card import holder
from kiosk.card.allowlist import AllowList
from kiosk.card.check_number import Sends
from kiosk.card.errors import CardFormatError, CardGoneError
from kiosk.card.files import Reach
from kiosk.card.holder import Holder
from tests.card.table_card import CHECK_NUMBER_B, TEXT, TableCard, attributes, my_number_card

HANAKO = Holder("試験\u3000花子", date(1980, 2, 17))


@pytest.fixture
def card(certificate: bytes, card_key: rsa.RSAPrivateKey) -> TableCard:
    return my_number_card(certificate, card_key)


def read(card: TableCard, number: str = CHECK_NUMBER_B, sends: Sends | None = None) -> Holder | None:
    return holder.read(AllowList(card), bytearray(number.encode()), sends or Sends(), Reach.short())


def test_the_number_that_opened_the_photo_opens_name_and_birth_date(card: TableCard) -> None:
    assert read(card) == HANAKO
    selected = {command[5:] for application, _, command in card.log if command[1:3] == b"\xa4\x02"}
    assert selected == {b"\x00\x15", b"\x00\x02"}
    assert {application for application, _, _ in card.log[1:]} == {TEXT}


@pytest.mark.parametrize(("left", "sent"), [(10, 1), (6, 1), (5, 0), (1, 0), (0, 0)])
def test_the_tries_are_asked_first_and_five_are_kept(card: TableCard, left: int, sent: int) -> None:
    card.secrets[TEXT, 0x0015].left = left
    assert (read(card) is not None) is bool(sent)
    assert sum(command[1] == 0x20 and len(command) > 4 for _, _, command in card.log) == sent


def test_a_visit_that_had_its_two_sends_has_none_left_for_this(card: TableCard) -> None:
    sends = Sends()
    sends.sent()
    sends.sent()
    assert read(card, sends=sends) is None
    assert card.log == []


def test_a_wrong_number_is_sent_once_and_remembered(card: TableCard) -> None:
    sends, wrong = Sends(), CHECK_NUMBER_B[:-1] + "0"
    assert read(card, wrong, sends) is None
    assert sends.was_wrong(wrong.encode())
    assert card.secrets[TEXT, 0x0015].left == 9


def test_a_card_without_this_application_costs_nothing(card: TableCard) -> None:
    card.answers = lambda command: (b"", 0x6A82) if command[5:] == TEXT else None
    assert read(card) is None


def test_a_card_that_is_pulled_is_told_as_that(card: TableCard) -> None:
    card.gone_at = 3
    with pytest.raises(CardGoneError):
        read(card)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\xff\x20\x00",
        attributes(name=b""),
        attributes(name=b"\xff\xfe"),
        attributes(name=b"a\x00b"),
        attributes(name="あ".encode() * 201),
        attributes(birth_date=b"19800230"),
        attributes(birth_date=b"unknown!"),
        b"\xff\x10\x00",
    ],
)
def test_a_record_that_does_not_say_who_it_is_is_none(record: bytes) -> None:
    with pytest.raises(CardFormatError):
        holder.holder(record)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_holder_or_a_typed_error(record: bytes) -> None:
    try:
        found = holder.holder(record)
    except CardFormatError:
        return
    assert 0 < len(found.name) <= holder.MAX_NAME


def test_the_name_shows_in_no_repr() -> None:
    assert repr(HANAKO) == "Holder(...)"
