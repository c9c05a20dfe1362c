"""The pair of sockets between booth and studio: check number B comes in, the photo goes out, nothing else is believed."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.studio_link import StudioLink
from tests.card.table_card import JP2

FIRST, SECOND = b"CNB1" + b"55021720352285", b"CNB1" + b"55021720352286"


def taken(link: StudioLink) -> bytes | None:
    number = link.check_number()
    return None if number is None else bytes(number)


@pytest.fixture
def pair() -> Iterator[tuple[StudioLink, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield StudioLink(ours), theirs


def test_the_newest_number_is_given_once(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    assert link.check_number() is None
    studio.sendall(FIRST + SECOND)
    assert taken(link) == SECOND[4:]
    assert link.check_number() is None
    studio.sendall(FIRST)
    assert taken(link) == FIRST[4:]


def test_a_number_in_parts_waits_for_its_end(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    for part in (FIRST[:3], FIRST[3:10], FIRST[10:] + SECOND[:5]):
        assert link.check_number() is None
        studio.sendall(part)
    assert taken(link) == FIRST[4:]
    studio.sendall(SECOND[5:])
    assert taken(link) == SECOND[4:]


def test_no_copy_stays_in_the_link(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    studio.sendall(FIRST)
    assert link.check_number() is not None
    assert link._packet == bytes(18)


def test_a_studio_that_says_something_else_is_not_listened_to_again(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    studio.sendall(b"PHO1" + bytes(14) + FIRST)
    assert link.check_number() is None
    assert link.check_number() is None
    with contextlib.suppress(ConnectionResetError):
        assert studio.recv(1) == b""
    assert not link.send_photo(JP2)


def test_a_number_of_a_studio_that_died_is_still_a_number(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    studio.sendall(FIRST)
    studio.close()
    assert taken(link) == FIRST[4:]
    assert link.check_number() is None
    assert not link.send_photo(JP2)


def test_a_flood_is_taken_in_portions(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    studio.sendall(FIRST * 500)
    assert taken(link) == FIRST[4:]
    assert taken(link) == FIRST[4:]
    assert link.check_number() is None


def test_a_photo_goes_out_with_its_length(pair: tuple[StudioLink, socket.socket]) -> None:
    link, studio = pair
    studio.sendall(FIRST)
    assert link.send_photo(JP2)
    assert studio.recv(65536) == b"PHO1" + len(JP2).to_bytes(4, "big") + JP2
    assert taken(link) == FIRST[4:]


@given(st.lists(st.sampled_from([FIRST, SECOND, b"CNB1", b"x", b"CNB2" + bytes(14)]) | st.binary(max_size=40)))
def test_any_bytes_give_fourteen_bytes_or_nothing(parts: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        link = StudioLink(ours)
        for part in parts:
            try:
                theirs.sendall(part)
            except BrokenPipeError:
                break
            found = link.check_number()
            assert found is None or len(found) == 14
