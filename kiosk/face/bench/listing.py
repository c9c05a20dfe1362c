"""What is to be compared: a list of pairs, or folders of persons. Which files are one person's is worked out here.

A list is CSV with the columns set, same_person, file_a, file_b (others are passed over); files that rows with
same_person = 1 chain together are one person's. In folders every sub-folder of the root is a person.
"""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from kiosk.errors import UsageError
from kiosk.face.bench.pictures import SUFFIXES

COLUMNS: Final = ("set", "same_person", "file_a", "file_b")
UNKNOWN: Final = -1
"""Person of a file that no row of the list says anything about."""

_YES, _NO = frozenset({"1", "true", "yes", "y"}), frozenset({"0", "false", "no", "n"})
_MAX_BYTES = 1024 * 1024 * 1024

Notice = Callable[[str], object]
"""Takes one line about something that is passed over."""


@dataclass(frozen=True, eq=False)
class Listing:
    """Files, whose they are, and the pairs to compare. Arrays of one length belong together."""

    files: tuple[str, ...]
    sets: tuple[str, ...]
    set_of: NDArray[np.int32]
    """(files,) index into `sets`."""
    person_of: NDArray[np.int32]
    """(files,) number of the person, or `UNKNOWN`."""
    first: NDArray[np.int32]
    """(pairs,) index of file_a, taken for the photo."""
    second: NDArray[np.int32]
    """(pairs,) index of file_b, taken for the live side."""
    same: NDArray[np.bool_]
    """(pairs,) mated or not."""
    bad_rows: int
    """Rows of the list that could not be used."""

    @property
    def persons(self) -> int:
        """How many persons are known."""
        return int(self.person_of.max(initial=UNKNOWN)) + 1


class _Rows(Protocol):
    """A CSV reader."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


def from_csv(path: Path, notice: Notice) -> Listing:
    """The pairs listed in `path`. Raises `kiosk.errors.UsageError`; a row that cannot be used costs one notice."""
    rows = csv.reader(io.StringIO(_text(path), newline=""))
    try:
        header = [name.strip().lower() for name in next(rows, [])]
        lacking = [name for name in COLUMNS if name not in header]
        if lacking:
            raise UsageError(
                f"{path}: the first line must name the columns {', '.join(COLUMNS)}; {', '.join(lacking)} is missing"
            )
        places = [header.index(name) for name in COLUMNS]
        return _listed(path, rows, places, notice)
    except csv.Error as error:
        raise UsageError(f"{path}: line {rows.line_num} is not CSV ({error})") from error


def from_folders(root: Path, impostors: int | None, notice: Notice) -> Listing:
    """Each sub-folder of `root` a person: all genuine pairs, and `impostors` impostor pairs drawn with a fixed seed.

    `impostors` None: none are drawn, for a caller who compares all. Raises `kiosk.errors.UsageError`.
    """
    folders = sorted(entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    pictures = [sorted(path for path in folder.rglob("*") if _is_picture(path)) for folder in folders]
    for folder, found in zip(folders, pictures, strict=True):
        inner = {path.parent for path in found} - {folder}
        if len(inner) > 1:
            notice(f"{folder.name}: {len(inner)} folders with pictures below it are taken as one person's")
    loose = sum(_is_picture(entry) for entry in root.iterdir())
    if loose:
        notice(f"{root}: {loose} pictures in no person's folder are passed over")
    whole = [found for found in pictures if found]
    if len(whole) < 2:
        raise UsageError(f"{root}: expected at least two folders with pictures, one a person; or give --pairs CSV")
    files = tuple(path.relative_to(root).as_posix() for found in whole for path in found)
    person_of = np.repeat(np.arange(len(whole), dtype=np.int32), [len(found) for found in whole])
    genuine = _within(person_of)
    drawn = _drawn(person_of, impostors) if impostors else np.zeros((0, 2), np.int32)
    pairs = np.concatenate([genuine, drawn])
    same = np.arange(len(pairs)) < len(genuine)
    zeros = np.zeros(len(files), np.int32)
    return Listing(files, (root.name or str(root),), zeros, person_of, pairs[:, 0], pairs[:, 1], same, 0)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UsageError(f"{path}: is larger than {_MAX_BYTES // 1024 // 1024} MiB")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8 at byte {error.start}") from error


def _listed(path: Path, rows: _Rows, places: Sequence[int], notice: Notice) -> Listing:
    files: dict[str, int] = {}
    sets: dict[str, int] = {}
    set_of: list[int] = []
    pairs: list[tuple[int, int, bool]] = []
    bad = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        problem = _problem(row, places)
        if problem is not None:
            bad += 1
            notice(f"{path.name}, line {rows.line_num}: {problem}")
            continue
        group, same, one, other = (row[place].strip() for place in places)
        number = sets.setdefault(group, len(sets))
        ends = []
        for name in (_normal(one), _normal(other)):
            if name not in files:
                files[name] = len(files)
                set_of.append(number)
            ends.append(files[name])
        pairs.append((ends[0], ends[1], same.lower() in _YES))
    if not pairs:
        raise UsageError(f"{path}: has no pair that can be compared")
    table = np.array(pairs, np.int32)
    same_person = table[:, 2].astype(np.bool_)
    return Listing(
        files=tuple(files),
        sets=tuple(sets),
        set_of=np.array(set_of, np.int32),
        person_of=_chained(len(files), table[same_person, :2]),
        first=table[:, 0],
        second=table[:, 1],
        same=same_person,
        bad_rows=bad,
    )


def _problem(row: Sequence[str], places: Sequence[int]) -> str | None:
    if len(row) <= max(places):
        return f"expected {max(places) + 1} columns or more, found {len(row)}"
    _, same, one, other = (row[place].strip() for place in places)
    if same.lower() not in _YES | _NO:
        return "same_person must be 1 or 0"
    if not one or not other:
        return "file_a and file_b must name files"
    if "\0" in one + other:
        return "a file's name holds a zero byte"
    return "names one file twice" if _normal(one) == _normal(other) else None


def _normal(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/"))


def _chained(files: int, links: NDArray[np.int32]) -> NDArray[np.int32]:
    """(files,) person numbers: linked files are one person's, unlinked ones nobody's."""
    root = list(range(files))

    def found(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    linked = np.zeros(files, np.bool_)
    linked[links.ravel()] = True
    for one, other in links.tolist():
        root[found(other)] = found(one)
    heads = np.array([found(place) for place in range(files)], np.int32)
    persons = np.full(files, UNKNOWN, np.int32)
    if linked.any():
        persons[linked] = np.unique(heads[linked], return_inverse=True)[1]
    return persons


def _within(person_of: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n, 2): every pair of one person's files; persons' files lie side by side."""
    starts = np.flatnonzero(np.diff(person_of, prepend=UNKNOWN))
    ends = np.append(starts[1:], len(person_of))
    blocks = [np.stack(np.triu_indices(end - start, 1), 1) + start for start, end in zip(starts, ends, strict=True)]
    return np.concatenate(blocks).astype(np.int32)


def _drawn(person_of: NDArray[np.int32], wanted: int) -> NDArray[np.int32]:
    """(n, 2): `wanted` different pairs of two persons' files, or all where there are not so many."""
    count = len(person_of)
    chance = np.random.default_rng(19795)
    pairs = np.zeros((0, 2), np.int32)
    for _ in range(4):
        more = np.sort(chance.integers(0, count, (2 * wanted, 2), dtype=np.int32), axis=1)
        pairs = np.unique(np.concatenate([pairs, more[person_of[more[:, 0]] != person_of[more[:, 1]]]]), axis=0)
    return pairs[np.sort(chance.permutation(len(pairs))[:wanted])]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
