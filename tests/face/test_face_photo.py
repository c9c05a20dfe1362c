from __future__ import annotations

import struct
import subprocess
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from kiosk.face import photo
from kiosk.face.errors import PhotoError
from kiosk.simulation.people import Sitter, photo_jp2


@pytest.fixture(scope="module")
def jp2() -> bytes:
    return photo_jp2(Sitter.GRACE_HOPPER)


def patched(data: bytes, after: bytes, offset: int, value: bytes) -> bytes:
    at = data.index(after) + len(after) + offset
    return data[:at] + value + data[at + len(value) :]


def test_the_chips_grey_photo_becomes_a_picture(jp2: bytes) -> None:
    picture = photo.decoded(jp2)
    assert picture.shape == (320, 240, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture[..., 0], picture[..., 2])


def test_a_colour_photo_is_opened_too() -> None:
    colour = np.zeros((200, 150, 3), np.uint8)
    colour[..., 2] = 200
    picture = photo.decoded(cv2.imencode(".jp2", colour)[1].tobytes())
    assert picture.shape == (200, 150, 3)
    blue, _, red = picture[100, 75]
    assert red > 150
    assert blue < 50


def noise(count: int) -> bytes:
    return np.random.default_rng(count).bytes(count)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "not JPEG 2000": lambda _: b"\xff\xd8\xff\xe0" + bytes(2000),
    "random": lambda _: noise(15_000),
    "random after the signature": lambda d: d[:12] + noise(15_000),
    "larger than any chip's": lambda d: d + bytes(photo.MAX_BYTES),
    "only the signature": lambda d: d[:12],
    "cut in the header": lambda d: d[:60],
    "cut in the codestream's header": lambda d: d[:100],
    "cut in the middle": lambda d: d[: len(d) // 2],
    "header says 60000 x 60000": lambda d: patched(d, b"ihdr", 0, struct.pack(">II", 60_000, 60_000)),
    "header says 0 x 0": lambda d: patched(d, b"ihdr", 0, bytes(8)),
    "header says 5 components": lambda d: patched(d, b"ihdr", 8, struct.pack(">H", 5)),
    "header says 16 bits": lambda d: patched(d, b"ihdr", 10, b"\x0f"),
    "codestream says 60000 x 60000": lambda d: patched(d, b"\xff\x51", 4, struct.pack(">II", 60_000, 60_000)),
    "codestream begins at an offset": lambda d: patched(d, b"\xff\x51", 12, struct.pack(">II", 8, 8)),
    "codestream of one-pixel tiles": lambda d: patched(d, b"\xff\x51", 20, struct.pack(">II", 1, 1)),
    "codestream of no tiles": lambda d: patched(d, b"\xff\x51", 20, bytes(8)),
    "codestream says 200 components": lambda d: patched(d, b"\xff\x51", 36, struct.pack(">H", 200)),
    "codestream is noise": lambda d: patched(d, b"\xff\x52", 2, noise(4000)),
    "a box without an end": lambda d: patched(d, b"\x0d\x0a\x87\x0a", 0, b"\xff\xff\xff\xff"),
    "a box of length 3": lambda d: patched(d, b"\x0d\x0a\x87\x0a", 0, struct.pack(">I", 3)),
    "codestream before the header": lambda d: d[:32] + d[d.index(b"jp2c") - 4 :],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_photo_is_one_typed_error_and_costs_no_time(jp2: bytes, name: str) -> None:
    begun = time.monotonic()
    with pytest.raises(PhotoError) as error:
        photo.decoded(HOSTILE[name](jp2))
    assert error.value.code == "bad_photo"
    assert time.monotonic() - begun < 2


def test_sizes_are_refused_before_anything_is_decoded(jp2: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    for name in ("header says 60000 x 60000", "codestream says 60000 x 60000", "codestream of one-pixel tiles"):
        with pytest.raises(PhotoError):
            photo.decoded(HOSTILE[name](jp2))


FLIPS = """
import random, sys
import cv2
from kiosk.face import photo
from kiosk.face.errors import PhotoError
cv2.utils.logging.setLogLevel(0)
jp2 = sys.stdin.buffer.read()
chance = random.Random(4)
opened = 0
for _ in range(300):
    data = bytearray(jp2)
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data) if chance.random() < 0.5 else 300)] ^= 1 << chance.randrange(8)
    try:
        opened += photo.decoded(bytes(data)).shape == (320, 240, 3)
    except PhotoError:
        pass
print(opened)
"""


def test_flipped_bits_end_in_a_picture_or_a_typed_error_never_in_a_crash(jp2: bytes) -> None:
    # In a process of its own, as in the product: a decoder that crashes must not take the other tests along.
    done = subprocess.run(
        [sys.executable, "-c", FLIPS],
        input=jp2,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert 0 < int(done.stdout) < 300
