"""The preview block: live picture and chip photo on their way from the studio to the screen, and nowhere else.

One anonymous piece of memory (`memfd_create`: no name in any file system) that the kiosk process owns; the studio
inherits its descriptor and writes, the kiosk reads and overwrites everything when the visit ends, its one copy of each
picture too. Its size is
sealed, so that a broken studio cannot pull it away under the reader. NumPy only: the kiosk process imports this file.

Layout (native byte order, offsets in bytes):

        0  8s   magic b"KIOSKPV1", written with every picture
        8  u32  live: sequence; odd while the area is being written, 0 before the first picture
       12  u32  live: width (pixels, at most 640)
       16  u32  live: height (at most 480)
       20  u32  live: counter of the frame, from 1
       24  f64  live: time of the frame (seconds, CLOCK_MONOTONIC)
       32  u32  photo: sequence, as above
       36  u32  photo: width (at most 480)
       40  u32  photo: height (at most 640)
       44  ...  zero up to 64
       64       live area:  height * width * 3 bytes, rows top down, BGR, not mirrored (room for 640 * 480 * 3)
   921664       photo area: the same, room for 480 * 640 * 3
  1843264       end

The sequences are seqlocks: the reader copies, and copies again if the sequence moved meanwhile. That is strict where
stores stay in order (x86); on ARM a torn line could at worst mix two neighbouring pictures. Nothing is decided from
this block: the studio compares its own frames.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

LIVE_SIZE: Final = (480, 640)
PHOTO_SIZE: Final = (640, 480)
"""Largest (height, width) of the two areas."""

_MAGIC = b"KIOSKPV1"
_LIVE_HEADER = 8
_PHOTO_HEADER = 32
_FRAME = struct.Struct("=Id")  # counter, time: right behind the live area's width and height
_FRAME_AT = 20
_LIVE_AREA = 64
_PHOTO_AREA = _LIVE_AREA + LIVE_SIZE[0] * LIVE_SIZE[1] * 3
SIZE: Final = _PHOTO_AREA + PHOTO_SIZE[0] * PHOTO_SIZE[1] * 3

_LOCK = struct.Struct("=I")
_EXTENT = struct.Struct("=II")
_TRIES = 3


class PreviewBlock:
    """The kiosk's side: makes the memory, reads from it, overwrites it. Any thread may ask; closed, it shows nothing.

    What is read lies in one place for each of the two pictures: it changes with the next reading and is zero with the block.
    """

    def __init__(self, fd: int, memory: mmap.mmap) -> None:
        self._fd = fd
        self._memory = memory
        self._lock = threading.Lock()
        # Memory that is freed is not overwritten: what would be a new copy each time is one that can be.
        self._live = _pages(LIVE_SIZE[0] * LIVE_SIZE[1] * 3)
        self._photo = _pages(PHOTO_SIZE[0] * PHOTO_SIZE[1] * 3)

    @classmethod
    def create(cls) -> PreviewBlock:
        """A block of `SIZE` zero bytes; raises `OSError` where the machine has no memory for it."""
        fd = os.memfd_create("kiosk-preview", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(fd, SIZE)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
            return cls(fd, mmap.mmap(fd, SIZE))
        except OSError:
            os.close(fd)
            raise

    @property
    def fd(self) -> int:
        """The descriptor a studio inherits (`pass_fds`)."""
        return self._fd

    def live(self) -> tuple[int, Picture] | None:
        """(counter of the frame, (height, width, 3) uint8 BGR, not mirrored), or None while there is none."""
        with self._lock:
            return _read(self._memory, _LIVE_HEADER, _LIVE_AREA, LIVE_SIZE, self._live)

    def photo(self) -> tuple[int, Picture] | None:
        """(number that changes with every new photo, (height, width, 3) uint8 BGR), or None while there is none."""
        with self._lock:
            return _read(self._memory, _PHOTO_HEADER, _PHOTO_AREA, PHOTO_SIZE, self._photo)

    def zero(self) -> None:
        """Overwrite every byte, and what was read. A studio that still films would write again: stop or kill it first."""
        with self._lock:
            self._forget()
            if not self._memory.closed:
                _zero(self._memory)

    def close(self) -> None:
        """Overwrite and give the memory back; safe to call twice."""
        with self._lock:
            self._forget()
            if not self._memory.closed:
                _zero(self._memory)
                self._memory.close()
                os.close(self._fd)

    def _forget(self) -> None:
        self._live[:] = 0
        self._photo[:] = 0

    def __repr__(self) -> str:
        return "PreviewBlock(...)"


class PreviewWriter:
    """The studio's side. Raises `ValueError` for a descriptor that is no preview block or a picture that does not fit.

    One thread at a time may write each area.
    """

    def __init__(self, fd: int) -> None:
        if os.fstat(fd).st_size != SIZE:
            raise ValueError("preview: the descriptor is not a preview block")
        self._memory = mmap.mmap(fd, SIZE)
        # A new studio goes on counting where the last one stopped, so that a reader in between sees a change.
        self._sequences = {at: _LOCK.unpack_from(self._memory, at)[0] & ~1 for at in (_LIVE_HEADER, _PHOTO_HEADER)}
        self._frames = 0

    def live(self, picture: Picture, mono: float) -> None:
        """The newest frame: (height, width, 3) uint8 BGR, at most 480 x 640; `mono`: when it was taken."""
        self._frames += 1
        self._write(_LIVE_HEADER, _LIVE_AREA, LIVE_SIZE, picture, _FRAME.pack(self._frames & 0xFFFFFFFF, mono))

    def photo(self, picture: Picture) -> None:
        """The chip's photo: (height, width, 3) uint8 BGR, at most 640 x 480."""
        self._write(_PHOTO_HEADER, _PHOTO_AREA, PHOTO_SIZE, picture, b"")

    def zero(self) -> None:
        """Overwrite every byte."""
        _zero(self._memory)

    def close(self) -> None:
        """Let go of the memory (which lives on in the kiosk); safe to call twice."""
        self._memory.close()

    def _write(self, header: int, area: int, room: tuple[int, int], picture: Picture, rest: bytes) -> None:
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError("preview: expected a picture of (height, width, 3) uint8")
        height, width = picture.shape[:2]
        if not (0 < height <= room[0] and 0 < width <= room[1]):
            raise ValueError(f"preview: a picture of {height} x {width} does not fit into {room[0]} x {room[1]}")
        begun = (self._sequences[header] + 1) & 0xFFFFFFFF
        _LOCK.pack_into(self._memory, header, begun)
        self._memory[0:8] = _MAGIC
        np.copyto(_pixels(self._memory, area, height, width), picture)
        _EXTENT.pack_into(self._memory, header + 4, width, height)
        self._memory[_FRAME_AT : _FRAME_AT + len(rest)] = rest
        # 0 means "nothing yet": the sequence wraps round it.
        self._sequences[header] = (begun + 1) & 0xFFFFFFFF or 2
        _LOCK.pack_into(self._memory, header, self._sequences[header])


def _pages(size: int) -> Picture:
    """Zero bytes that take no memory until they are written; `np.zeros` is filled where freed memory is overwritten."""
    return np.frombuffer(mmap.mmap(-1, size), np.uint8)


def _pixels(memory: mmap.mmap, area: int, height: int, width: int) -> Picture:
    return np.frombuffer(memory, np.uint8, height * width * 3, area).reshape(height, width, 3)


def _read(
    memory: mmap.mmap, header: int, area: int, room: tuple[int, int], into: Picture
) -> tuple[int, Picture] | None:
    if memory.closed:
        return None
    for _ in range(_TRIES):
        sequence: int = _LOCK.unpack_from(memory, header)[0]
        if sequence == 0 or memory[0:8] != _MAGIC:
            return None
        if sequence & 1:
            continue
        width, height = _EXTENT.unpack_from(memory, header + 4)
        counter = _FRAME.unpack_from(memory, _FRAME_AT)[0] if header == _LIVE_HEADER else sequence // 2
        if not (0 < height <= room[0] and 0 < width <= room[1]):
            return None
        copy = into[: height * width * 3].reshape(height, width, 3)
        np.copyto(copy, _pixels(memory, area, height, width))
        if _LOCK.unpack_from(memory, header)[0] == sequence:
            return counter, copy
    return None


def _zero(memory: mmap.mmap) -> None:
    np.frombuffer(memory, np.uint8)[:] = 0
