"""The photo of the card's chip: JPEG 2000, untrusted. Its headers are read here before any decoder sees a byte.

The chip keeps a JP2 file, greyscale (domain/mynumber-card.md, tag DF 27). A JP2 file is a row of boxes (ISO/IEC 15444-1
Annex I): length u32, type 4 bytes, contents. `jp2h` holds `ihdr` (height u32, width u32, components u16, ...), `jp2c`
holds the codestream, which begins SOC FF4F, SIZ FF51 (Annex A.5.1) and states the size once more: a decoder believes
that one, so both are bounded and must agree.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from kiosk.face.errors import PhotoError

MAX_BYTES: Final = 64 * 1024
MAX_SIDE: Final = 1000
MIN_SIDE: Final = 32
"""Below this no face of the smallest size the detector knows fits in (face-stack.md section 8, item 5)."""
MAX_TILES: Final = 64

_SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")
_SIZ = struct.Struct(">HHH8IH")  # marker, Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz, Csiz
_EIGHT_BITS = 7  # bit depths are written minus one; the top bit would mean signed


def decoded(jp2: bytes) -> NDArray[np.uint8]:
    """The photo as (height, width, 3) uint8 BGR, 32 to 1000 pixels a side; grey photos have three equal planes.

    Raises `PhotoError`.
    """
    height, width = size(jp2)
    try:
        picture = cv2.imdecode(np.frombuffer(jp2, np.uint8), cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError) as error:
        raise PhotoError("the card's photo cannot be decoded") from error
    # OpenCV answers None, which its types do not say, for what its decoders refuse.
    if not isinstance(picture, np.ndarray) or picture.shape != (height, width, 3) or picture.dtype != np.uint8:
        raise PhotoError("the card's photo cannot be decoded")
    return picture.astype(np.uint8, copy=False)


def size(jp2: bytes) -> tuple[int, int]:
    """(height, width) as the headers state them, without decoding anything; raises `PhotoError`."""
    if len(jp2) > MAX_BYTES:
        raise PhotoError(f"the card's photo is larger than {MAX_BYTES} bytes")
    if not jp2.startswith(_SIGNATURE):
        raise PhotoError("the card's photo is not a JPEG 2000 file")
    stated: tuple[int, int, int] | None = None
    for kind, contents in _boxes(jp2):
        if kind == b"jp2h":
            stated = _image_header(contents)
        elif kind == b"jp2c":
            if stated is None:
                break
            if _codestream_size(contents) != stated:
                raise PhotoError("the card's photo states two different sizes")
            return stated[0], stated[1]
    raise PhotoError("the card's photo has no header or no picture")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise PhotoError("the card's photo is cut off")
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 0:  # the last box: to the end of the file
            length = len(data) - at
        # Length 1 announces 64-bit lengths: nothing under 64 KiB needs one.
        if length < 8 or at + length > len(data):
            raise PhotoError("the card's photo is cut off")
        yield kind, data[at + 8 : at + length]
        at += length


def _image_header(contents: bytes) -> tuple[int, int, int]:
    for kind, inner in _boxes(contents):
        if kind != b"ihdr":
            continue
        if len(inner) != 14:
            break
        height, width, components, depth = struct.unpack_from(">IIHB", inner)
        if not (MIN_SIDE <= height <= MAX_SIDE and MIN_SIDE <= width <= MAX_SIDE):
            raise PhotoError(f"the card's photo is not {MIN_SIDE} to {MAX_SIDE} pixels high and wide")
        if components not in {1, 3} or depth != _EIGHT_BITS:
            raise PhotoError("the card's photo is neither grey nor colour with 8 bits")
        return height, width, components
    raise PhotoError("the card's photo has no image header")


def _codestream_size(stream: bytes) -> tuple[int, int, int]:
    if len(stream) < 2 + _SIZ.size or stream[:2] != b"\xff\x4f":
        raise PhotoError("the card's photo has no codestream")
    marker, length, _, x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, components = _SIZ.unpack_from(stream, 2)
    if marker != 0xFF51 or length != 38 + 3 * components or len(stream) < 4 + length:
        raise PhotoError("the card's photo has no size in its codestream")
    depths = stream[2 + _SIZ.size : 4 + length]
    if x0 or y0 or tile_x0 or tile_y0 or depths != bytes((_EIGHT_BITS, 1, 1)) * components:
        raise PhotoError("the card's photo is laid out in a way this kiosk does not open")
    # Without this a picture of one-pixel tiles would keep the decoder busy for minutes.
    if not tile_x or not tile_y or -(-x1 // tile_x) * -(-y1 // tile_y) > MAX_TILES:
        raise PhotoError("the card's photo is cut into too many tiles")
    return y1, x1, components
