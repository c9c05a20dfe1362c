"""A bulk result that comes as a zip: the one XML in it, unpacked as it is read (domain/oqs-interface.md section 1.5).

An archive is hostile input like any other: its directory and what it claims to unpack to are bounded before it is opened,
and what is inside under another name than a bulk result's is not touched.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from kiosk.eligibility.oqs import file_names, rows
from kiosk.eligibility.oqs.errors import MalformedMessageError
from kiosk.eligibility.oqs.file_names import Direction, MessageName

MAX_BYTES = 16 * 1024 * 1024
MAX_MEMBERS = 16
_END = struct.Struct("<4s4H2LH")
"""End of central directory record, APPNOTE 4.3.16."""
_LOCATOR_SIZE = 20
"""Zip64 end of central directory locator, APPNOTE 4.3.15: it would lead to a second, unbounded record."""
_MAX_DIRECTORY = 64 * 1024


@contextmanager
def unpacked(source: BinaryIO) -> Iterator[BinaryIO]:
    """The bulk result in the zip `source` as a seekable file, for `rows.read_units`.

    Raises `MalformedMessageError`, also out of the block's body where the archive breaks while it is read.
    """
    _refuse_unbounded(source)
    try:
        with zipfile.ZipFile(source) as archive, archive.open(_member(archive)) as member:
            yield cast("BinaryIO", member)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        if isinstance(error, MalformedMessageError):
            raise
        raise MalformedMessageError("the archive cannot be unpacked") from error


def _refuse_unbounded(source: BinaryIO) -> None:
    size = source.seek(0, 2)
    if size > MAX_BYTES:
        raise MalformedMessageError(f"the archive is larger than {MAX_BYTES} bytes")
    source.seek(max(0, size - _END.size - _LOCATOR_SIZE))
    tail = source.read(_END.size + _LOCATOR_SIZE)
    end = tail[-_END.size :]
    if len(end) != _END.size or not end.startswith(b"PK\5\6"):
        raise MalformedMessageError("the file is not an archive, or one with something behind it")
    if tail.startswith(b"PK\6\7"):
        raise MalformedMessageError("the archive is of the form for large ones, which no bulk result needs")
    _, disk, start, here, members, directory, _, _ = _END.unpack(end)
    if disk or start or here != members or members > MAX_MEMBERS or directory > _MAX_DIRECTORY:
        raise MalformedMessageError(f"the archive has more than {MAX_MEMBERS} files, or is one of several")


def _member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    found = [one for one in archive.infolist() if _is_bulk_result(one.filename.replace("\\", "/").rpartition("/")[2])]
    if len(found) != 1:
        raise MalformedMessageError(f"the archive holds {'no' if not found else 'more than one'} bulk result")
    if found[0].file_size > rows.MAX_BYTES:
        raise MalformedMessageError(f"the archive holds more than {rows.MAX_BYTES} bytes")
    # The other methods may ask for gigabytes of dictionary.
    if found[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise MalformedMessageError("the archive is packed in a way that the interface does not have")
    return found[0]


def _is_bulk_result(name: str) -> bool:
    told = file_names.parse(name)
    return (
        isinstance(told, MessageName)
        and told.direction is Direction.RESPONSE
        and told.phase == "02"
        and told.extension == "xml"
    )
