"""File names, in any case, and nothing that could lead out of a folder."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.eligibility.oqs import file_names
from kiosk.eligibility.oqs.errors import NumberError, UnwritableMessageError
from kiosk.eligibility.oqs.file_names import Business, Direction, FaceName, LeftBehind, MessageName

DATA = Path(__file__).parent.parent / "data" / "oqs"


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.xml")), ids=lambda path: path.name)
@pytest.mark.parametrize("case", [str, str.lower, str.upper])
def test_every_samples_name_is_read_in_any_case_and_written_in_its_own(path: Path, case: type[str]) -> None:
    read = file_names.parse(case(path.name))

    assert read is not None
    assert str(read).casefold() == path.name.casefold()
    assert str(file_names.parse(path.name)) == path.name


def test_a_request_and_its_answer_share_their_tail() -> None:
    request = file_names.request_name(Business.LOOKUP, file_names.nominal_tail(date(2026, 10, 5), 1))

    assert str(request) == "OQSsiquc01req_202610050001.xml"
    assert str(request.answer()) == "OQSsiquc01res_202610050001.xml"
    assert request.is_answered_by(file_names.parse("oqssiquc01RES_202610050001.XML"))
    assert request.is_answered_by(request.answer("zip"))
    for other in (
        "OQSsiquc01res_202610050002.xml",
        "OQSmuquc01res_202610050001.xml",
        "OQSsiquc01req_202610050001.xml",
        "OQSsiquc01res_face_x_20261005090005.xml",
        "DEL1.txt",
        "thumbs.db",
    ):
        assert not request.is_answered_by(file_names.parse(other))


def test_bulk_results_are_fetched_in_phase_02() -> None:
    fetch = file_names.request_name(Business.BULK_LOOKUP, "202610050001", phase="02")

    assert str(fetch) == "OQSmuquc02req_202610050001.xml"
    assert fetch.is_answered_by(file_names.parse("OQSmuquc02res_202610050001.zip"))
    assert not fetch.is_answered_by(file_names.parse("OQSmuquc01res_202610050001.xml"))


@pytest.mark.parametrize("business", Business)
@pytest.mark.parametrize("direction", Direction)
def test_every_business_has_names(business: Business, direction: Direction) -> None:
    name = MessageName(business, "01", direction, "x")

    assert file_names.parse(str(name)) == name


def test_a_face_files_stamp_is_japans_time() -> None:
    name = file_names.parse("OQSsiquc01res_face_13199999960a1b2c3d4e5f60718293_20261005003000.xml")

    assert isinstance(name, FaceName)
    assert name.stamped_at == datetime(2026, 10, 4, 15, 30, tzinfo=UTC)
    assert name.is_of(date(2026, 10, 5))
    assert not name.is_of(date(2026, 10, 4))
    assert len(name.session) == 30


def test_a_face_name_of_our_own_looks_like_a_terminals() -> None:
    name = file_names.new_face_name("1319999996", datetime(2026, 10, 5, 0, 0, 5, tzinfo=UTC))

    assert str(name).startswith("OQSsiquc01res_face_1319999996")
    assert str(name).endswith("_20261005090005.xml")
    assert len(name.session) == 30
    assert file_names.parse(str(name)) == name
    with pytest.raises(NumberError):
        file_names.new_face_name("1319999997", name.stamped_at)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "OQSsiquc01req_.xml",
        "OQSsiquc03req_1.xml",
        "OQSsiquc01req_1.xml.tmp",
        ".receptionagent-1.tmp",
        "OQSsiquc01req_../../x.xml",
        "OQSsiquc01req_a\\b.xml",
        "OQSsiquc01req_a:b.xml",
        "OQSsiquc01req_a\0.xml",
        "OQSsiquc01req_1.exe",
        "OQSxxquc01req_1.xml",
        "OQSsiquc01res_face_x_20261305090005.xml.xml/",
        "DEL../x.txt",
        "DEL1.xml",
        "ＯＱＳsiquc01req_1.xml",
    ],
)
def test_what_is_no_name_of_the_interface_is_none(name: str) -> None:
    assert file_names.parse(name) is None


def test_a_face_file_of_an_impossible_time_is_none_of_ours() -> None:
    assert file_names.parse("OQSsiquc01res_face_x_20261305090005.xml") is None


@given(st.text(max_size=60))
def test_any_text_is_a_name_or_none(text: str) -> None:
    read = file_names.parse(text)

    assert read is None or isinstance(read, MessageName | FaceName | LeftBehind)


@pytest.mark.parametrize("tail", ["", "a/b", "..", "a.b", "氏名", "x" * 65, "-a"])
def test_a_request_is_not_named_by_what_could_mean_a_path(tail: str) -> None:
    with pytest.raises(UnwritableMessageError):
        file_names.request_name(Business.LOOKUP, tail)


def test_a_day_has_ten_thousand_numbers() -> None:
    assert file_names.nominal_tail(date(2026, 10, 5), 9999) == "202610059999"
    with pytest.raises(UnwritableMessageError):
        file_names.nominal_tail(date(2026, 10, 5), 10_000)


def test_no_name_shows_a_tail_in_its_repr() -> None:
    for name in ("YZKsiquc01req_022610050905PATIENT7.xml", "OQSsiquc01res_face_x7_20261005090005.xml", "DEL7.txt"):
        assert "7" not in repr(file_names.parse(name))
