"""TLV from untrusted bytes: objects inside their bounds, or an error."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card.errors import CardFormatError
from kiosk.card.tlv import header, read_tlvs
from tests.card.table_card import tlv

OBJECTS = st.lists(
    st.tuples(st.sampled_from([0x30, 0x90, 0xDF21, 0xDF27, 0xFF20, 0x7F21, 0x5F37]), st.binary(max_size=300)),
    max_size=6,
)


@given(OBJECTS, st.integers(0, 20))
def test_objects_written_are_objects_read(objects: Sequence[tuple[int, bytes]], filler: int) -> None:
    content = b"".join(tlv(tag, value) for tag, value in objects) + b"\xff" * filler
    assert [(found.tag, found.value) for found in read_tlvs(content)] == list(objects)


@given(st.binary(max_size=400))
def test_any_bytes_are_objects_inside_their_bounds_or_an_error(content: bytes) -> None:
    at = 0
    with contextlib.suppress(CardFormatError):
        for found in read_tlvs(content):
            assert at < found.end <= len(content)
            assert content[found.end - len(found.value) : found.end] == found.value
            at = found.end


@pytest.mark.parametrize(
    "content",
    [
        b"\x30",
        b"\x1f",
        b"\x1f\x81\x00\x00",
        b"\x30\x80xx",
        b"\x30\x83\x00\x00\x01x",
        b"\x30\x82\x10",
        b"\x30\x05four",
    ],
)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(CardFormatError, match="TLV"):
        list(read_tlvs(content))


def test_a_header_tells_where_a_value_ends_that_is_not_there_yet() -> None:
    found = header(b"..\xff\x20\x82\x40\x00", 2)
    assert (found.tag, found.start, found.length, found.end) == (0xFF20, 7, 0x4000, 0x4007)


def test_reprs_show_no_bytes() -> None:
    assert repr(next(read_tlvs(tlv(0xDF22, b"19800217")))) == "Tlv(DF22, 8 bytes)"
