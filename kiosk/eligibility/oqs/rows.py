"""Bulk files of thousands of rows, written and read row by row in constant memory (domain/oqs-interface.md section 5.2).

A row is what `bulk` and `registration` call it: a search or a registration on the way out, a unit on the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Generic, TypeVar, cast

from lxml import etree

from kiosk.eligibility.oqs import from_xml
from kiosk.eligibility.oqs.bulk import BulkConfirmUnit
from kiosk.eligibility.oqs.document import MAX_DEPTH, ROOT, refuse_document_type
from kiosk.eligibility.oqs.encoding import Encoding, Scan, without_declaration
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.headers import BulkHeader, LookupHeader, RequestHeader
from kiosk.eligibility.oqs.qualification import Search
from kiosk.eligibility.oqs.registration import BulkRegistrationUnit, Registration
from kiosk.eligibility.oqs.to_xml import UTF_8, Form, Pen

_H = TypeVar("_H")
_R = TypeVar("_R")

MAX_BYTES = 64 * 1024 * 1024
"""Ten thousand rows take some 25 MB."""
MAX_ROW_BYTES = 256 * 1024
"""A row has some 2.5 KB, with medical assistance's tickets a few times that."""
MAX_TAGS = 2_500_000
"""Start tags, end tags and the like; ten thousand rows have some 1,200,000."""
MAX_NAMES = 1000
"""Kinds of elements; the interface has some 150. The parser never forgets a name."""
_CHUNK = 64 * 1024
_AT_ONCE = 64
"""Rows between two writes."""


def write_searches(target: BinaryIO, header: LookupHeader, searches: Iterable[Search], form: Form = UTF_8) -> int:
    """Write OQSmuquc01req; gives the number of rows. Raises as `to_xml.write` does, in the middle of the file too."""
    return write_rows(target, header, "QualificationConfirmSearchInfo", searches, form)


def write_registrations(
    target: BinaryIO, header: RequestHeader, registrations: Iterable[Registration], form: Form = UTF_8
) -> int:
    """Write OQSmuimm01req; gives the number of rows. Raises as `write_searches` does."""
    return write_rows(target, header, "ReferenceNumberRegistrationInfo", registrations, form)


def write_rows(target: BinaryIO, header: object, tag: str, rows: Iterable[object], form: Form = UTF_8) -> int:
    """Write a message whose body is rows of `tag`, as they come. Write beside the final name, then rename."""
    pen = Pen(form)
    pen.head()
    pen.block("MessageHeader", header, 1, ())
    pen.start("MessageBody", 1)
    written = 0
    for row in rows:
        pen.block(tag, row, 2, ("MessageBody",))
        written += 1
        if written % _AT_ONCE == 0:
            target.write(pen.taken())
    pen.end("MessageBody", 1)
    pen.foot()
    target.write(pen.taken())
    return written


class Rows(Generic[_H, _R]):
    """A bulk file that is being read: `header`, and its rows as often as one iterates, each time from the start.

    Iterating raises `MalformedMessageError` where the file breaks: what came before was read, the rest is missing.
    """

    def __init__(self, source: BinaryIO, encoding: Encoding, header: _H | None, tag: str, row: type[_R]) -> None:
        self._source = source
        self._encoding = encoding
        self._tag = tag
        self._row = row
        self.header = header

    def __iter__(self) -> Iterator[_R]:
        for element in _children(self._source, self._encoding, "MessageBody", self._tag):
            yield from_xml.model_of(element, self._row)


def read_units(source: BinaryIO) -> Rows[BulkHeader, BulkConfirmUnit]:
    """The bulk result in `source`, a seekable file. Raises `MalformedMessageError`; iterating does so too.

    The header is found wherever it stands: the file is read once for its encoding, once to the header, once for the rows.
    """
    return read_rows(source, BulkHeader, "BulkConfirmUnit", BulkConfirmUnit)


def read_registration_units(source: BinaryIO) -> Rows[BulkHeader, BulkRegistrationUnit]:
    """The result of a bulk registration in `source`; see `read_units`."""
    return read_rows(source, BulkHeader, "BulkRegistrationUnit", BulkRegistrationUnit)


def read_searches(source: BinaryIO) -> Rows[LookupHeader, Search]:
    """The bulk request in `source` (what a terminal reads); see `read_units`."""
    return read_rows(source, LookupHeader, "QualificationConfirmSearchInfo", Search)


def read_rows(source: BinaryIO, header: type[_H], tag: str, row: type[_R]) -> Rows[_H, _R]:
    """A message whose body is rows of `tag`; see `read_units`."""
    encoding = _scanned(source)
    found = next(_children(source, encoding, "MessageHeader", None), None)
    told = None if found is None else from_xml.model_of(found, header)
    return Rows(source, encoding, told, tag, row)


def _scanned(source: BinaryIO) -> Encoding:
    """What the whole file is encoded in, if it is small enough."""
    source.seek(0)
    scan = Scan()
    size = tags = 0
    while piece := source.read(_CHUNK):
        size += len(piece)
        if size > MAX_BYTES:
            raise MalformedMessageError(f"the message is larger than {MAX_BYTES} bytes")
        # In both encodings this byte is nothing but the sign it looks like.
        tags += piece.count(b"<")
        if tags > MAX_TAGS:
            raise MalformedMessageError(f"the message has more than {MAX_TAGS} tags")
        scan.feed(piece, last=False)
    scan.feed(b"", last=True)
    return scan.encoding()


def _children(source: BinaryIO, encoding: Encoding, parent: str, tag: str | None) -> Iterator[etree._Element]:
    """Elements `tag` in `parent`, whole, one after the other; with `tag` None the `parent` itself, once."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        encoding="utf-8",
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    path: list[str] = []
    names: set[str] = set()
    since = 0
    wanted = [ROOT, parent] if tag is None else [ROOT, parent, tag]
    try:
        for piece in _fed(source, encoding):
            since += len(piece)
            parser.feed(piece)
            for event, element in _events(parser):
                if event == "start":
                    path.append(str(element.tag))
                    names.add(path[-1])
                    continue
                if path == wanted:
                    yield element
                    if tag is None:
                        return
                inside = len(path) > len(wanted) and path[: len(wanted)] == wanted
                path.pop()
                if not inside:
                    _forget(element)
                    since = 0
            _refuse_unbounded(path, len(names), since)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise MalformedMessageError(f"the message is not well-formed XML (line {error.lineno or 1})") from error
    except UnicodeDecodeError as error:
        raise MalformedMessageError("the message changed while it was read") from error


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    return cast("Iterator[tuple[str, Any]]", parser.read_events())


def _refuse_unbounded(path: list[str], names: int, since: int) -> None:
    """Between two pieces: nothing may grow with the length of the file."""
    if path and path[0] != ROOT:
        raise MalformedMessageError(f"the message's root is not {ROOT}")
    if len(path) > MAX_DEPTH:
        raise MalformedMessageError(f"the message is nested deeper than {MAX_DEPTH} elements")
    if names > MAX_NAMES:
        raise MalformedMessageError(f"the message has more than {MAX_NAMES} kinds of elements")
    if since > MAX_ROW_BYTES:
        raise MalformedMessageError(f"the message has a row of more than {MAX_ROW_BYTES} bytes")


def _forget(element: etree._Element) -> None:
    """Let go of an element that was handed out, and of what the parser keeps before it."""
    element.clear()
    parent = element.getparent()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _fed(source: BinaryIO, encoding: Encoding) -> Iterator[bytes]:
    """The file as UTF-8 without its declaration, piece by piece; a document type is refused wherever it begins."""
    source.seek(0)
    decoder = encoding.decoder()
    before = ""
    at_start = True
    while chunk := source.read(_CHUNK):
        text = decoder.decode(chunk)
        refuse_document_type(before + text)
        before = text[-16:]
        yield (without_declaration(text) if at_start else text).encode("utf-8")
        at_start = False
    yield decoder.decode(b"", final=True).encode("utf-8")
