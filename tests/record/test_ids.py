from __future__ import annotations

import time
import uuid

import hypothesis.strategies as st
import pytest
from hypothesis import given

from kiosk.record import RecordError, ids


@given(st.integers(0, (1 << 48) - 1))
def test_a_visit_id_is_a_uuid_of_version_7_that_begins_with_its_time(milliseconds: int) -> None:
    visit = ids.new_visit_id(milliseconds)
    parsed = uuid.UUID(visit)
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == milliseconds
    assert ids.visit_id(visit) == visit
    assert ids.visit_id_bytes(visit) == parsed.bytes


@given(st.integers(0, (1 << 48) - 2), st.integers(1, 1000))
def test_later_visits_sort_later(milliseconds: int, later: int) -> None:
    after = min(milliseconds + later, (1 << 48) - 1)
    assert ids.new_visit_id(milliseconds) < ids.new_visit_id(after)


def test_visit_ids_of_one_millisecond_differ_and_every_random_bit_varies() -> None:
    drawn = [uuid.UUID(ids.new_visit_id(1)).int for _ in range(2000)]
    assert len(set(drawn)) == 2000
    always, ever = drawn[0], 0
    for number in drawn:
        always &= number
        ever |= number
    assert (always ^ ever).bit_count() == 74


def test_a_visit_id_made_now_tells_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(ids.new_visit_id()).int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("milliseconds", [-1, 1 << 48])
def test_a_time_beyond_48_bits_is_refused(milliseconds: int) -> None:
    with pytest.raises(RecordError):
        ids.new_visit_id(milliseconds)


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        str(uuid.UUID(int=7 << 76)),
        "0192d3a0-0000-4000-8000-000000000000",
        "0192D3A0-0000-7000-8000-000000000000",
        "0192d3a0000070008000000000000000",
        "0192d3a0-0000-7000-8000-000000000000\n",
        "{0192d3a0-0000-7000-8000-000000000000}",
    ],
)
def test_what_is_no_visit_id_is_refused(text: object) -> None:
    with pytest.raises(RecordError):
        ids.visit_id(text)


@pytest.mark.parametrize("text", ["a", "kiosk-1", "0" * 32])
def test_kiosk_ids_that_are_allowed(text: str) -> None:
    assert ids.kiosk_id(text) == text


@pytest.mark.parametrize("text", [None, 1, "", "A", "a" * 33, "a b", "a/b", "a\n", "é", "ａ"])
def test_kiosk_ids_that_are_not(text: object) -> None:
    with pytest.raises(RecordError):
        ids.kiosk_id(text)


@pytest.mark.parametrize("text", [None, 12, "", "A12", "A1234", "a012", "AA12", "A01２", "A012\n"])
def test_queue_numbers_that_are_not(text: object) -> None:
    with pytest.raises(RecordError):
        ids.queue_number(text)


@pytest.mark.parametrize("text", [None, "", "0f" * 31, "0F" * 32, "0f" * 33, "0f" * 32 + "\n"])
def test_fingerprints_that_are_not(text: object) -> None:
    with pytest.raises(RecordError):
        ids.fingerprint(text)
