"""What of the face room is fuzzed: the chip's photo, which a decoder in native code opens, and what the studio hears.

The decoder runs in a child, as it does in the product, so that a crash is a finding and not the end of the run.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from kiosk.face import messages, photo
from kiosk.face.errors import PhotoError, StudioError
from kiosk.face.settings import FaceSettings
from kiosk.face.verdict import Ending
from tests.fuzz import photo_seeds
from tests.fuzz.card_targets import Target
from tests.fuzz.shelter import Shelter

MOST_SECONDS: Final = 0.5
"""Processor seconds one photo may take: some twenty times what the largest honest one takes."""
MOST_MEGABYTES: Final = 48
"""What decoding one photo may add. The largest picture there may be is 3 MB, and 12 as OpenJPEG keeps it."""


def run_photo(content: bytes) -> None:
    """One photo as it comes from a chip, whatever it is."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        height, width = photo.size(content)
    except PhotoError:
        try:
            photo.decoded(content)
        except PhotoError:
            return
        raise AssertionError("decoded what was refused") from None
    assert photo.MIN_SIDE <= height <= photo.MAX_SIDE
    assert photo.MIN_SIDE <= width <= photo.MAX_SIDE
    try:
        picture = photo.decoded(content)
    except PhotoError:
        return
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8


def seeds_of_photo() -> Iterator[bytes]:
    """Every way of cutting a picture up; one as large as a chip's; and headers that lie in one field each."""
    yield from photo_seeds.ALL
    slope = np.add.outer(np.arange(320), np.arange(240)).astype(np.uint8)
    yield cv2.imencode(".jp2", slope, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 60])[1].tobytes()
    at = photo_seeds.GREY.index(b"\xff\x52")  # COD
    for offset, value in _LIES:
        yield photo_seeds.GREY[: at + offset] + value + photo_seeds.GREY[at + offset + len(value) :]
    size = photo_seeds.COLOUR.index(b"\xff\x51")  # SIZ, and the header box: a thousand pixels a side
    large = bytearray(photo_seeds.COLOUR)
    large[size + 6 : size + 14] = struct.pack(">II", photo.MAX_SIDE, photo.MAX_SIDE)
    large[size + 22 : size + 30] = struct.pack(">II", photo.MAX_SIDE, photo.MAX_SIDE)
    header = large.index(b"ihdr") + 4
    large[header : header + 8] = struct.pack(">II", photo.MAX_SIDE, photo.MAX_SIDE)
    yield bytes(large)


# Offsets from COD's marker: progression 5, layers 6, levels 9, code-block width 10 and height 11, style 12.
_LIES: Final = ((5, b"\x04"), (6, b"\x00\x40"), (9, b"\x20"), (10, b"\x02\x02"), (10, b"\x08\x00"), (12, b"\x3f"))


def beyond_bounds() -> Iterator[bytes]:
    """Files that a decoder would open at any cost: none of them may reach it. 1000 x 1000 in three colours."""
    *_, large = seeds_of_photo()
    for precinct in (0x00, 0x11, 0x33, 0x44):
        yield with_precincts(large, precinct)
    coding = large.index(b"\xff\x52")
    yield large[: coding + 6] + b"\xff\xff" + large[coding + 8 :]  # 65535 layers
    yield large[: coding + 10] + b"\x00\x00" + large[coding + 12 :]  # code-blocks of 4 x 4
    length = struct.unpack_from(">H", large, coding + 2)[0]
    component = large[coding + 9 : coding + 14]
    for inserted in (
        b"\xff\x53" + struct.pack(">HBB", 10 + component[0], 0, 1) + component + b"\x11" * (component[0] + 1),  # COC
        b"\xff\x60\x00\x04\x00\x00",  # PPM: packed packet headers
        b"\xff\x5f\x00\x09" + bytes(7),  # POC: a change of progression
        b"\xff\x30\x00\x02",  # a marker nobody knows
    ):
        yield _boxed(large, coding + 2 + length, inserted)
    palette = b"pclr" + struct.pack(">HB", 256, 255) + b"\x07" * 255 + bytes(256 * 255)
    header = large.index(b"jp2h") - 4
    size = struct.unpack_from(">I", large, header)[0]
    grown = struct.pack(">I", size + len(palette) + 4) + large[header + 4 : header + size]
    yield large[:header] + grown + struct.pack(">I", len(palette) + 4) + palette + large[header + size :]


def with_precincts(jp2: bytes, size: int) -> bytes:
    """The same file, its header stating precincts of that size (two powers of two) at every resolution."""
    at = jp2.index(b"\xff\x52")
    length = struct.unpack_from(">H", jp2, at + 2)[0]
    old = jp2[at + 4 : at + 14]
    new = struct.pack(">HB", 13 + old[5], old[0] | 1) + old[1:] + bytes([size]) * (old[5] + 1)
    return _boxed(jp2[: at + 2] + jp2[at + 2 + length :], at + 2, new)


def _boxed(jp2: bytes, at: int, inserted: bytes) -> bytes:
    """The same file with something inserted into its codestream, whose box then has its right length again."""
    changed = jp2[:at] + inserted + jp2[at:]
    box = changed.index(b"jp2c") - 4
    return changed[:box] + struct.pack(">I", len(changed) - box) + changed[box + 4 :]


def run_studio_command(packet: bytes) -> None:
    """A packet as the studio hears it."""
    try:
        found = messages.command(packet)
    except StudioError:
        return
    assert messages.command(messages.packet(found)) == found


def run_studio_message(packet: bytes) -> None:
    """A packet as the kiosk hears it, from a process that has opened untrusted pictures."""
    try:
        found = messages.message(packet)
    except StudioError:
        return
    assert messages.message(messages.packet(found)) == found


_COMMANDS: tuple[messages.StudioCommand, ...] = (
    messages.Begin(FaceSettings("/dev/video0")),
    messages.Look(1),
    messages.Compare(2),
    messages.ReadFront(3),
    messages.Stop(),
)
_MESSAGES: tuple[messages.StudioMessage, ...] = (
    messages.Ready(),
    messages.Seen(1, "come_closer", 0.25),
    messages.NotMatched(1, Ending.UNANSWERED.value, None),
    messages.Unavailable(1, "no_photo"),
    messages.Shown(2, True),
    messages.FrontRead(3),
)

PHOTO: Final = Shelter(run_photo, seconds=MOST_SECONDS, megabytes=MOST_MEGABYTES)

TARGETS: Final = {
    target.name: target
    for target in (
        Target("photo", PHOTO, seeds_of_photo),
        Target("studio_command", run_studio_command, lambda: [messages.packet(said) for said in _COMMANDS]),
        Target("studio_message", run_studio_message, lambda: [messages.packet(said) for said in _MESSAGES]),
    )
}
