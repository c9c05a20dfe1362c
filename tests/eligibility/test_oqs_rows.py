"""Bulk files of thousands of rows: written and read row by row, and nothing grows with their length."""

from __future__ import annotations

import contextlib
import io
import itertools
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.eligibility.oqs import archive, bulk, from_xml, registration, rows, to_xml
from kiosk.eligibility.oqs.bulk import BulkConfirmUnit, RowOutcome, row_outcome, row_validity
from kiosk.eligibility.oqs.codes import LimitConsent, SegmentOfResult
from kiosk.eligibility.oqs.errors import MalformedMessageError, MissingElementError
from kiosk.eligibility.oqs.headers import LookupHeader, RequestHeader
from kiosk.eligibility.oqs.qualification import Search
from kiosk.eligibility.oqs.registration import Registration
from kiosk.record.eligibility import Validity

RES = Path(__file__).parent.parent / "data" / "oqs" / "res"
BULK = (RES / "OQSmuquc02res_202610050001.xml").read_bytes()
NAME = "OQSmuquc02res_202610050001.xml"
HEADER = LookupHeader(qualification_confirmation_date=date(2026, 10, 5), medical_institution_code="1319999996")


def search(number: int) -> Search:
    return Search(
        insurer_number="01139997",
        insured_identification_number=str(number),
        birthdate=date(1980, 4, 1),
        limit_consent=LimitConsent.NONE,
        arbitrary_identifier=f"●{number}",
    )


def unit() -> bytes:
    start = BULK.index(b"<BulkConfirmUnit>")
    return BULK[start : BULK.index(b"</BulkConfirmUnit>", start) + len(b"</BulkConfirmUnit>")]


def long_result(count: int, *, codec: str = "utf-8", header_last: bool = False) -> bytes:
    text = BULK.decode()
    header = text[text.index("<MessageHeader>") : text.index("<MessageBody>")]
    body = "<MessageBody>" + unit().decode() * count + "</MessageBody>"
    declared = "UTF-8" if codec == "utf-8" else "Shift_JIS"
    inside = body + header if header_last else header + body
    return f'<?xml version="1.0" encoding="{declared}"?>\r\n<XmlMsg>{inside}</XmlMsg>'.encode(codec)


# -- the same as read and written whole ------------------------------------------------------------------------------


def test_rows_are_the_units_of_the_whole_message() -> None:
    whole = from_xml.read(BULK, bulk.BulkResponse)
    told = rows.read_units(io.BytesIO(BULK))

    assert told.header == whole.header
    assert whole.body is not None
    assert tuple(told) == whole.body.units
    assert tuple(told) == whole.body.units, "each iteration begins anew"


def test_a_row_is_valid_invalid_or_an_error() -> None:
    units = list(rows.read_units(io.BytesIO(BULK)))

    assert [row_outcome(one) for one in units] == [
        RowOutcome.VALID,
        RowOutcome.INVALID,
        RowOutcome.VALID,
        RowOutcome.ERROR,
    ]
    assert [row_validity(one) for one in units] == [Validity.VALID, Validity.INVALID, Validity.VALID, None]
    assert row_outcome(BulkConfirmUnit()) is RowOutcome.ERROR
    assert [one.search and one.search.arbitrary_identifier for one in units] == ["123_1", "124_1", "125_1", "126_1"]


def test_a_result_that_is_not_ready_has_no_rows() -> None:
    told = rows.read_units(io.BytesIO((RES / "OQSmuquc02res_202610050001_processing.xml").read_bytes()))

    assert told.header is not None
    assert told.header.segment_of_result is SegmentOfResult.PROCESSING
    assert list(told) == []


@pytest.mark.parametrize("form", [to_xml.UTF_8, to_xml.SHIFT_JIS], ids=["UTF-8", "Shift_JIS"])
def test_searches_written_row_by_row_are_those_of_the_whole_message(form: to_xml.Form) -> None:
    searches = tuple(map(search, range(200)))
    target = io.BytesIO()

    assert rows.write_searches(target, HEADER, iter(searches), form) == 200

    whole = bulk.BulkRequest(header=HEADER, body=bulk.BulkRequestBody(searches=searches))
    assert target.getvalue() == to_xml.write(whole, form)
    told = rows.read_searches(target)
    assert (told.header, tuple(told)) == (HEADER, searches)


def test_registrations_are_written_row_by_row_too() -> None:
    target = io.BytesIO()
    told = Registration(
        reference_number="00123",
        insurer_number="39139993",
        insured_identification_number="09900011",
    )
    header = RequestHeader(medical_institution_code="1319999996")

    assert rows.write_registrations(target, header, [told, told]) == 2

    whole = from_xml.read(target.getvalue(), registration.BulkRegistrationRequest)
    assert whole.body is not None
    assert whole.body.registrations == (told, told)


def test_registration_units_are_read_row_by_row() -> None:
    message = (
        "<XmlMsg><MessageHeader><SegmentOfResult>1</SegmentOfResult></MessageHeader><MessageBody><BulkRegistrationUnit>"
        "<ReferenceNumberRegistrationInfo><ReferenceNumber>7</ReferenceNumber></ReferenceNumberRegistrationInfo>"
        "<ProcessingResultStatus>1</ProcessingResultStatus></BulkRegistrationUnit></MessageBody></XmlMsg>"
    )
    (one,) = rows.read_registration_units(io.BytesIO(message.encode()))

    assert one.registration is not None
    assert one.registration.reference_number == "7"


def test_a_row_that_lacks_something_ends_the_writing_with_its_name() -> None:
    with pytest.raises(MissingElementError, match="Birthdate"):
        rows.write_searches(
            io.BytesIO(), HEADER, [search(1), Search(insurer_number="01139997", insured_identification_number="1")]
        )


@pytest.mark.parametrize("codec", ["utf-8", "cp932"])
@pytest.mark.parametrize("header_last", [False, True])
def test_pieces_may_end_anywhere(codec: str, header_last: bool) -> None:
    message = long_result(120, codec=codec, header_last=header_last)
    assert len(message) > 2 * 64 * 1024

    told = rows.read_units(io.BytesIO(message))

    assert told.header is not None
    assert told.header.reception_number == "202610041900000001"
    assert {one.results[0].name for one in told} == {"厚労\u3000太郎"}
    assert sum(1 for _ in told) == 120


def test_several_results_of_one_row_keep_their_reference_numbers_places() -> None:
    pair = unit().replace(
        b"<ReferenceNumber>00123</ReferenceNumber>", b"<ReferenceNumber/><ReferenceNumber>7</ReferenceNumber>"
    )
    (one,) = rows.read_units(io.BytesIO(b"<XmlMsg><MessageBody>" + pair + b"</MessageBody></XmlMsg>"))

    assert one.reference_numbers == (None, "7")
    response = bulk.BulkResponse(
        header=from_xml.read(BULK, bulk.BulkResponse).header, body=bulk.BulkResponseBody(units=(one,))
    )
    assert from_xml.read(to_xml.write(response), bulk.BulkResponse) == response


# -- memory ----------------------------------------------------------------------------------------------------------

MEASURE = """
import resource, sys
from kiosk.eligibility.oqs import rows
{prepare}
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
{warm}
before = peak()
{work}
print(peak() - before)
"""


def grown(prepare: str, warm: str, work: str) -> int:
    """By how many MB a process of its own grew over its peak in the small case."""
    script = MEASURE.format(prepare=prepare, warm=warm, work=work)
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=120)
    return int(told.stdout)


def test_ten_thousand_rows_are_read_in_the_memory_of_a_hundred(tmp_path: Path) -> None:
    (tmp_path / "few").write_bytes(long_result(100))
    (tmp_path / "many").write_bytes(long_result(10_000))
    assert (tmp_path / "many").stat().st_size > 15_000_000

    read = "with open({!r}, 'rb') as source: assert sum(1 for _ in rows.read_units(source)) == {}"

    assert grown("", read.format(str(tmp_path / "few"), 100), read.format(str(tmp_path / "many"), 10_000)) <= 4


def test_ten_thousand_rows_are_written_in_the_memory_of_a_hundred(tmp_path: Path) -> None:
    prepare = """
from datetime import date
from kiosk.eligibility.oqs.codes import LimitConsent
from kiosk.eligibility.oqs.headers import LookupHeader
from kiosk.eligibility.oqs.qualification import Search
header = LookupHeader(qualification_confirmation_date=date(2026, 10, 5), medical_institution_code="1319999996")
def searches(count):
    for number in range(count):
        yield Search(insurer_number="01139997", insured_identification_number=str(number), birthdate=date(1980, 4, 1),
                     limit_consent=LimitConsent.NONE)
"""
    write = "with open({!r}, 'wb') as target: rows.write_searches(target, header, searches({}))"

    assert grown(prepare, write.format(str(tmp_path / "few"), 100), write.format(str(tmp_path / "many"), 10_000)) <= 4
    assert (tmp_path / "many").stat().st_size > 3_000_000


# -- hostile ---------------------------------------------------------------------------------------------------------


class Endless(io.RawIOBase):
    """A file that would be very large: `repeated` over and over after `start`, made as it is read."""

    def __init__(self, start: bytes, repeated: bytes, size: int) -> None:
        self.start, self.repeated, self.size, self.at = start, repeated * (65536 // len(repeated) + 2), size, 0
        self.unit = len(repeated)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self.at = offset
        return offset

    def read(self, size: int = -1, /) -> bytes:
        size = min(size, self.size - self.at)
        piece = self.start[self.at : self.at + size]
        if len(piece) < size:
            offset = (self.at + len(piece) - len(self.start)) % self.unit
            piece += self.repeated[offset : offset + size - len(piece)]
        self.at += len(piece)
        return piece


BODY = b"<XmlMsg><MessageBody>"
ENDLESS = {
    "too large": Endless(BODY, b"<BulkConfirmUnit/>", 100_000_000),
    "one long text": Endless(BODY, b"x", 20_000_000),
    "text in a row": Endless(BODY + b"<BulkConfirmUnit><ReferenceNumber>", b"x", 20_000_000),
    "one long tag": Endless(BODY + b"<", b"a", 20_000_000),
    "attributes": Endless(BODY + b"<BulkConfirmUnit ", b'a="" ', 20_000_000),
    "comments": Endless(BODY, b"<!---->", 20_000_000),
    "deep": Endless(b"", b"<a>", 20_000_000),
    "a wide row": Endless(BODY + b"<BulkConfirmUnit>", b"<a/>", 20_000_000),
    "blanks": Endless(b"", b" ", 20_000_000),
    "zeros": Endless(b"", b"\0", 20_000_000),
}


def drained(source: io.RawIOBase | io.BytesIO) -> str:
    """The code of the error, "" for none; nothing else may come out."""
    try:
        for _ in rows.read_units(source):  # type: ignore[arg-type]
            pass
    except MalformedMessageError as error:
        return error.code
    return ""


@pytest.mark.parametrize("bomb", ENDLESS)
def test_a_bomb_goes_off_in_vain(bomb: str) -> None:
    started = time.process_time()

    assert drained(ENDLESS[bomb]) == "malformed"
    assert time.process_time() - started < 2.0


def test_names_without_end_are_refused() -> None:
    many = b"".join(b"<BulkConfirmUnit><n%d/></BulkConfirmUnit>" % number for number in range(20_000))

    with pytest.raises(MalformedMessageError, match="kinds of elements"):
        list(rows.read_units(io.BytesIO(BODY + many)))


def test_a_document_type_is_refused_wherever_a_piece_ends() -> None:
    for shift in range(1, 12):
        blanks = b" " * (65536 - shift)
        with pytest.raises(MalformedMessageError, match="document type"):
            list(rows.read_units(io.BytesIO(blanks + b'<!DOCTYPE XmlMsg [<!ENTITY a "b">]><XmlMsg>&a;</XmlMsg>')))


@pytest.mark.parametrize("cut", [10, 700, 3000, len(BULK) - 12])
def test_a_file_that_was_cut_off_is_told(cut: int) -> None:
    assert drained(io.BytesIO(BULK[:cut])) == "malformed"


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=2000))
def test_any_bytes_give_a_typed_error(message: bytes) -> None:
    assert drained(io.BytesIO(message)) == "malformed"


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_file_gives_rows_or_a_typed_error(data: st.DataObject) -> None:
    message = bytearray(BULK)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=8))
    drained(io.BytesIO(bytes(message)))


# -- in a zip --------------------------------------------------------------------------------------------------------


def packed(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as made:
        for name, content in members:
            made.writestr(name, content)
    return target


@pytest.mark.parametrize("name", [NAME, f"result/{NAME}", NAME.upper(), f"result\\{NAME}"])
def test_a_bulk_result_is_read_out_of_its_zip(name: str) -> None:
    with archive.unpacked(packed([("readme.txt", b"x"), (name, BULK)])) as source:
        assert len(list(rows.read_units(source))) == 4


def many() -> Iterator[tuple[str, bytes]]:
    return ((f"file{number}", b"") for number in range(17))


def zip64() -> io.BytesIO:
    whole = packed([(NAME, BULK)]).getvalue()
    return io.BytesIO(whole[:-22] + b"PK\x06\x07" + bytes(16) + whole[-22:])


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: io.BytesIO(BULK), "not an archive"),
        (lambda: io.BytesIO(b""), "not an archive"),
        (lambda: packed([]), "holds no bulk result"),
        (lambda: packed([(NAME, BULK)], zipfile.ZIP_LZMA), "packed in a way"),
        (zip64, "form for large ones"),
        (lambda: packed([("../../OQSsiquc01res_1.xml", BULK)]), "holds no bulk result"),
        (lambda: packed([(NAME, BULK), (f"other/{NAME}", BULK)]), "holds more than one"),
        (lambda: packed([(NAME, b" " * (rows.MAX_BYTES + 1))]), "holds more than"),
        (lambda: packed(many()), "more than 16 files"),
        (lambda: io.BytesIO(bytes(archive.MAX_BYTES + 1)), "larger than"),
        (lambda: io.BytesIO(packed([(NAME, BULK)]).getvalue() + b"behind"), "something behind it"),
    ],
)
def test_an_archive_that_is_no_bulk_result_is_refused(make: Callable[[], io.BytesIO], sentence: str) -> None:
    with pytest.raises(MalformedMessageError, match=sentence), archive.unpacked(make()):
        pass


def test_an_archive_that_breaks_while_it_is_read_is_told() -> None:
    broken = bytearray(packed([(NAME, BULK)]).getvalue())
    broken[200:300] = bytes(100)

    with pytest.raises(MalformedMessageError), archive.unpacked(io.BytesIO(broken)) as source:
        list(rows.read_units(source))


def test_an_encrypted_archive_is_told() -> None:
    locked = bytearray(packed([(NAME, BULK)]).getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = locked.index(mark) + offset
        locked[at] |= 1

    with pytest.raises(MalformedMessageError, match="cannot be unpacked"), archive.unpacked(io.BytesIO(locked)):
        pass


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_damaged_archive_gives_rows_or_a_typed_error(data: st.DataObject) -> None:
    message = bytearray(packed([(NAME, BULK)]).getvalue())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(message) - 1))
        message[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(MalformedMessageError), archive.unpacked(io.BytesIO(bytes(message))) as source:
        for _ in itertools.islice(rows.read_units(source), 10):
            pass
