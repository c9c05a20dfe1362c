"""Looks for known pieces of pictures in the memory of other processes: every page they can read, at any place.

    needles = Needles({"photo": [piece, piece], ...})       # 64 bytes each
    with_what = needles.in_process(pid)                     # {"photo": 2}: pieces found, by their name

Only root may read the memory of a process that cannot be dumped (proc(5), ptrace(2)).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PIECE: Final = 64
"""Bytes of one needle."""

_WORD = 8
_CHUNK = 1 << 22
_BITS = 22  # of the table that says in one look that a word is nobody's
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_REGION = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)")


def pieces(content: bytes, count: int, *, least: int = 20) -> list[bytes]:
    """At most `count` windows of `PIECE` bytes from all over `content`, each with `least` different bytes in it."""
    found: list[bytes] = []
    for at in np.linspace(0, max(0, len(content) - PIECE), 4 * count).astype(int):
        piece = content[at : at + PIECE]
        if len(piece) == PIECE and len(set(piece)) >= least and _varied(piece):
            found.append(piece)
    return found[:: max(1, len(found) // count)][:count]


def _varied(piece: bytes) -> bool:
    """Whether no word of it is one that memory is full of."""
    return all(len(set(piece[at : at + _WORD])) > 2 for at in range(PIECE - _WORD + 1))


class Needles:
    """Pieces to look for, by name."""

    def __init__(self, named: Mapping[str, Sequence[bytes]]) -> None:
        self._pieces = [(name, piece) for name, all_of_it in named.items() for piece in dict.fromkeys(all_of_it)]
        if any(len(piece) != PIECE for _, piece in self._pieces):
            raise ValueError(f"a needle has {PIECE} bytes")
        # Wherever a piece begins, seven or eight of its words are whole words of the memory it lies in: the least common
        # one of each of the eight ways is looked for.
        keys: dict[int, list[tuple[int, int]]] = {}
        for number, (_, piece) in enumerate(self._pieces):
            for phase in range(_WORD):
                offset = max(range(phase, PIECE - _WORD + 1, _WORD), key=lambda at: len(set(piece[at : at + _WORD])))
                word = int.from_bytes(piece[offset : offset + _WORD], "little")
                keys.setdefault(word, []).append((number, offset))
        self._keys = keys
        self._table = np.zeros(1 << _BITS, np.bool_)
        self._table[_slots(np.array(list(keys), np.uint64))] = True

    @property
    def names(self) -> set[str]:
        """What is looked for."""
        return {name for name, _ in self._pieces}

    def in_bytes(self, memory: bytes) -> Counter[str]:
        """How many pieces of each name stand in `memory`."""
        return self._named(self._found(memory))

    def in_process(self, pid: int) -> Counter[str]:
        """How many pieces of each name stand anywhere in what the process has, mapped or as a nameless file."""
        found: set[int] = set()
        for memory in _memory(pid):
            found |= self._found(memory)
        return self._named(found)

    def in_file(self, path: Path) -> Counter[str]:
        """How many pieces of each name stand in the file."""
        return self.in_bytes(path.read_bytes())

    def _named(self, numbers: set[int]) -> Counter[str]:
        return Counter(self._pieces[number][0] for number in numbers)

    def _found(self, memory: bytes) -> set[int]:
        words = np.frombuffer(memory, "<u8", len(memory) // _WORD)
        found: set[int] = set()
        for at in np.nonzero(self._table[_slots(words)])[0]:
            for number, offset in self._keys.get(int(words[at]), ()):
                begin = int(at) * _WORD - offset
                if begin >= 0 and memory[begin : begin + PIECE] == self._pieces[number][1]:
                    found.add(number)
        return found


def _slots(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return np.asarray((words * _SPREAD) >> np.uint64(64 - _BITS), np.uint64)


def _memory(pid: int) -> Iterator[bytes]:
    """All of it, in chunks that overlap by more than a piece; each begins at a whole word."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            region = _REGION.match(line)
            if region is None or not region[3].startswith("r") or region[4].startswith("[v"):
                continue
            yield from _chunks(file.fileno(), int(region[1], 16), int(region[2], 16))
    for link in Path(f"/proc/{pid}/fd").iterdir():
        # A block that is no longer mapped but still open lives on.
        with contextlib.suppress(OSError):
            if str(link.readlink()).startswith(("/memfd:", "/dev/shm", "/SYSV")):
                with link.open("rb", buffering=0) as block:
                    yield from _chunks(block.fileno(), 0, os.fstat(block.fileno()).st_size)


def _chunks(file: int, begin: int, end: int) -> Iterator[bytes]:
    for at in range(begin, end, _CHUNK):
        try:
            memory = os.pread(file, min(_CHUNK + 2 * PIECE, end - at), at)
        except OSError:
            continue  # a device's memory, or a mapping that went while it was read
        yield memory
