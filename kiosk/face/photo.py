"""The photo of the card's chip: JPEG 2000, untrusted. Its headers are read here before any decoder sees a byte.

The chip keeps a JP2 file, greyscale (domain/mynumber-card.md, tag DF 27). A JP2 file is a row of boxes (ISO/IEC 15444-1
Annex I): length u32, type 4 bytes, contents. `jp2h` holds `ihdr` (height u32, width u32, components u16, ...), `jp2c`
holds the codestream, which begins SOC FF4F, SIZ FF51 (Annex A.5.1) and states the size once more: a decoder believes
that one, so both are bounded and must agree.

How the picture is cut up is bounded too: with 64 KB OpenJPEG 2.5.3 can be made to take 1.6 GB (precincts of two pixels) or to
be busy for more than four seconds (65535 layers of precincts of 32 pixels), and a palette multiplies the planes. Within these
bounds the worst that was made, or found by fuzzing, stays below a tenth of a second and 24 MB (tests/fuzz, target `photo`).
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
MAX_LAYERS: Final = 64
"""Of quality. Encoders write one to fifty; OpenJPEG reserves memory for each layer of each precinct, and walks them all."""
MIN_CODE_BLOCK: Final = 8
"""Power of two of its area: 16 x 16. Encoders write 64 x 64 or 32 x 32; the format allows 4 x 4."""
MAX_PRECINCTS: Final = 4096
"""Of one component, all its resolutions together. Precincts of 64 pixels make about 350 of the largest picture."""

_SIGNATURE = bytes.fromhex("0000000C6A5020200D0A870A")
_SIZ = struct.Struct(">HHH8IH")  # marker, Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz, Csiz
_EIGHT_BITS = 7  # bit depths are written minus one; the top bit would mean signed
_HEADER_BOXES = {b"ihdr", b"colr", b"bpcc", b"cdef", b"res "}  # not pclr and cmap: a palette

# Markers, ISO/IEC 15444-1 Annex A.2. Packed packet headers and changes of progression are left out: no chip needs them.
_SIZ_MARKER, _SOT, _SOD, _EOC = 0xFF51, 0xFF90, 0xFF93, 0xFFD9
_COD, _COC = 0xFF52, 0xFF53
_QUANTISATION = {0xFF5C, 0xFF5D, 0xFF5E}  # QCD, QCC, RGN
_IN_MAIN = {_SIZ_MARKER, _COD, _COC, *_QUANTISATION, 0xFF55, 0xFF57, 0xFF63, 0xFF64}  # TLM, PLM, CRG, COM
_IN_TILE = {_COD, _COC, *_QUANTISATION, 0xFF58, 0xFF64}  # PLT, COM

_TOO_MANY_PIECES = "the card's photo is cut into too many pieces"
_OTHER_LAYOUT = "the card's photo is laid out in a way this kiosk does not open"


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
            if stated is not None:
                break
            stated = _image_header(contents)
        elif kind == b"jp2c":
            if stated is None:
                break
            if _codestream_size(contents) != stated:
                raise PhotoError("the card's photo states two different sizes")
            _bound_partition(contents, stated[0], stated[1])
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
    boxes = list(_boxes(contents))
    if any(kind not in _HEADER_BOXES for kind, _ in boxes):
        raise PhotoError(_OTHER_LAYOUT)
    for kind, inner in boxes:
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
    if marker != _SIZ_MARKER or length != 38 + 3 * components or len(stream) < 4 + length:
        raise PhotoError("the card's photo has no size in its codestream")
    depths = stream[2 + _SIZ.size : 4 + length]
    if x0 or y0 or tile_x0 or tile_y0 or depths != bytes((_EIGHT_BITS, 1, 1)) * components:
        raise PhotoError(_OTHER_LAYOUT)
    # Without this a picture of one-pixel tiles would keep the decoder busy for minutes.
    if not tile_x or not tile_y or -(-x1 // tile_x) * -(-y1 // tile_y) > MAX_TILES:
        raise PhotoError("the card's photo is cut into too many tiles")
    return y1, x1, components


def _bound_partition(stream: bytes, height: int, width: int) -> None:
    """Refuse too many precincts, wherever a header can ask for them: the main one, and each tile-part's.

    Walked as a decoder does, from marker to marker. One that is not known is refused: decoders disagree on what follows it.
    """
    at = _end_of_header(stream, 2, _IN_MAIN, _SOT, height, width)
    while at < len(stream):
        if at + 12 > len(stream):
            raise PhotoError("the card's photo is cut off")
        marker, length, _, tile_part = struct.unpack_from(">HHHI", stream, at)
        if marker != _SOT or length != 10:
            raise PhotoError(_OTHER_LAYOUT)
        data = _end_of_header(stream, at + 12, _IN_TILE, _SOD, height, width) + 2
        if tile_part == 0:  # the last one: to the end of the codestream
            return
        at += tile_part
        if at < data:
            raise PhotoError(_OTHER_LAYOUT)
        if stream[at : at + 2] == _EOC.to_bytes(2, "big"):
            return


def _end_of_header(stream: bytes, at: int, known: set[int], until: int, height: int, width: int) -> int:
    """Where the marker `until` stands, which ends the header that begins at `at`."""
    while at + 2 <= len(stream):
        marker = int.from_bytes(stream[at : at + 2], "big")
        if marker == until:
            return at
        length = int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker not in known or length < 2:
            raise PhotoError(_OTHER_LAYOUT)
        segment = stream[at + 4 : at + 2 + length]
        # COD: Scod, four bytes for all components, SPcod. COC: which component, Scoc, SPcoc (Annex A.6.1 and A.6.2).
        if marker == _COD:
            if int.from_bytes(segment[2:4], "big") > MAX_LAYERS:
                raise PhotoError(_TOO_MANY_PIECES)
            _bound_precincts(segment[:1], segment[5:], height, width)
        elif marker == _COC:
            _bound_precincts(segment[1:2], segment[2:], height, width)
        at += 2 + length
    raise PhotoError("the card's photo is cut off")


def _bound_precincts(style: bytes, parameters: bytes, height: int, width: int) -> None:
    if not style or len(parameters) < 5:
        raise PhotoError("the card's photo is cut off")
    if parameters[1] + parameters[2] + 4 < MIN_CODE_BLOCK:  # both are written less two
        raise PhotoError(_TOO_MANY_PIECES)
    if not style[0] & 1:  # the largest there are
        return
    # Levels, code-block width, height, style, transformation; then for each resolution, the smallest first, a byte of two
    # powers of two: height, width.
    levels, sizes = parameters[0], parameters[5:]
    if len(sizes) != levels + 1:
        raise PhotoError(_OTHER_LAYOUT)
    precincts = 0
    for resolution, size in enumerate(sizes):
        halved = levels - resolution
        precincts += -(-height >> halved + (size >> 4)) * (-(-width >> halved + (size & 15)))
    # `-(-a >> n)` rounds up, as every division here does (Annex B.6).
    if precincts > MAX_PRECINCTS:
        raise PhotoError(_TOO_MANY_PIECES)
