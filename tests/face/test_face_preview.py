from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk.face.preview import SIZE, PreviewBlock, PreviewWriter


@pytest.fixture
def block() -> Iterator[PreviewBlock]:
    made = PreviewBlock.create()
    yield made
    made.close()


@pytest.fixture
def writer(block: PreviewBlock) -> Iterator[PreviewWriter]:
    made = PreviewWriter(block.fd)
    yield made
    made.close()


def content(block: PreviewBlock) -> bytes:
    return os.pread(block.fd, SIZE, 0)


def test_a_new_block_shows_nothing(block: PreviewBlock) -> None:
    assert block.live() is None
    assert block.photo() is None
    assert not any(content(block))


def test_what_the_studio_writes_the_kiosk_reads(block: PreviewBlock, writer: PreviewWriter) -> None:
    live = np.arange(480 * 640 * 3, dtype=np.uint32).astype(np.uint8).reshape(480, 640, 3)
    chip = np.full((320, 240, 3), 77, np.uint8)
    writer.live(live, 1.0)
    writer.photo(chip)
    seen, photo = block.live(), block.photo()
    assert seen is not None
    assert photo is not None
    assert seen[0] == 1
    assert np.array_equal(seen[1], live)
    assert np.array_equal(photo[1], chip)
    writer.live(live[:240, :320], 2.0)
    smaller = block.live()
    assert smaller is not None
    assert smaller[0] == 2
    assert smaller[1].shape == (240, 320, 3)


@pytest.mark.parametrize("end", [PreviewBlock.zero, PreviewBlock.close])
def test_what_was_read_is_overwritten_with_the_block(
    block: PreviewBlock, writer: PreviewWriter, end: Callable[[PreviewBlock], None]
) -> None:
    writer.live(np.full((480, 640, 3), 5, np.uint8), 1.0)
    writer.photo(np.full((640, 480, 3), 6, np.uint8))
    seen, photo = block.live(), block.photo()
    assert seen is not None
    assert photo is not None
    assert (seen[1].min(), photo[1].min()) == (5, 6)
    end(block)
    assert (seen[1].max(), photo[1].max()) == (0, 0)


def test_every_reading_lies_in_the_same_place(block: PreviewBlock, writer: PreviewWriter) -> None:
    writer.live(np.full((480, 640, 3), 5, np.uint8), 1.0)
    first = block.live()
    writer.live(np.full((240, 320, 3), 7, np.uint8), 2.0)
    second = block.live()
    assert first is not None
    assert second is not None
    assert np.shares_memory(first[1], second[1])
    assert second[1].shape == (240, 320, 3)
    assert second[1].min() == 7


def test_the_layout_is_the_documented_one(block: PreviewBlock, writer: PreviewWriter) -> None:
    writer.live(np.full((400, 600, 3), 9, np.uint8), 12.5)
    writer.photo(np.full((300, 200, 3), 8, np.uint8))
    data = content(block)
    assert data[:8] == b"KIOSKPV1"
    assert struct.unpack_from("=IIIId", data, 8) == (2, 600, 400, 1, 12.5)
    assert struct.unpack_from("=III", data, 32) == (2, 200, 300)
    assert data[64] == 9
    assert data[921_664] == 8
    assert len(data) == 1_843_264


def test_zero_leaves_not_one_byte(block: PreviewBlock, writer: PreviewWriter) -> None:
    writer.live(np.full((480, 640, 3), 255, np.uint8), 1.0)
    writer.photo(np.full((640, 480, 3), 255, np.uint8))
    block.zero()
    assert not any(content(block))
    assert block.live() is None
    assert block.photo() is None


def test_the_studios_zero_leaves_not_one_byte_either(block: PreviewBlock, writer: PreviewWriter) -> None:
    writer.live(np.full((480, 640, 3), 255, np.uint8), 1.0)
    writer.zero()
    assert not any(content(block))


def test_a_picture_that_is_being_written_is_not_shown(block: PreviewBlock, writer: PreviewWriter) -> None:
    writer.live(np.full((480, 640, 3), 1, np.uint8), 1.0)
    os.pwrite(block.fd, struct.pack("=I", 3), 8)
    assert block.live() is None


@pytest.mark.parametrize("extent", [(641, 480), (640, 481), (0, 480), (0xFFFFFFFF, 0xFFFFFFFF)])
def test_a_studio_that_lies_about_sizes_is_not_believed(
    block: PreviewBlock, writer: PreviewWriter, extent: tuple[int, int]
) -> None:
    writer.live(np.full((480, 640, 3), 1, np.uint8), 1.0)
    os.pwrite(block.fd, struct.pack("=II", *extent), 12)
    assert block.live() is None


def test_a_studio_cannot_take_the_memory_away_under_the_reader(block: PreviewBlock) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(block.fd, 0)


@pytest.mark.parametrize("shape", [(481, 640, 3), (480, 641, 3), (0, 640, 3), (480, 640), (480, 640, 4)])
def test_a_picture_that_does_not_fit_is_refused(writer: PreviewWriter, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^preview: "):
        writer.live(np.zeros(shape, np.uint8), 1.0)


def test_a_descriptor_that_is_no_block_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x").open("w+b") as other, pytest.raises(ValueError, match=r"^preview: "):
        PreviewWriter(other.fileno())


def test_a_closed_block_shows_nothing_and_may_be_closed_again() -> None:
    block = PreviewBlock.create()
    block.close()
    block.zero()
    block.close()
    assert block.live() is None
    assert block.photo() is None


WRITE = """
import sys, time
import numpy as np
from kiosk.face.preview import PreviewWriter
writer = PreviewWriter(int(sys.argv[1]))
pictures = [np.full((480, 640, 3), shade, np.uint8) for shade in range(1, 9)]
number = 0
print("ready", flush=True)
while True:
    writer.live(pictures[number % 8], 0.0)
    number += 1
    time.sleep(0.002 * (number % 3))
"""


def test_no_torn_picture_is_ever_shown(block: PreviewBlock) -> None:
    writing = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(block.fd)], pass_fds=(block.fd,), stdout=subprocess.PIPE
    )
    try:
        assert writing.stdout is not None
        assert writing.stdout.readline() == b"ready\n"
        counters: set[int] = set()
        deadline = time.monotonic() + 20
        while len(counters) < 40:
            assert time.monotonic() < deadline
            seen = block.live()
            if seen is not None:
                counters.add(seen[0])
                assert seen[1].min() == seen[1].max()
    finally:
        writing.kill()
        writing.wait()
        assert writing.stdout is not None
        writing.stdout.close()
