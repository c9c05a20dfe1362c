"""The two rules a comparison may follow.

`single`: one picture against one, as matchers are measured everywhere. `shipped`: as the kiosk decides, the photo against
the mean of `frames` pictures of one person that the gate lets pass, never the best of them. The photo passes the gate too:
a card's photo shows its holder from the front, evenly lit. A set of stills stands in for a camera's frames: they are
further apart in time and light than frames of one sitting, which makes the rule look worse than it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kiosk.face.bench.gallery import Gallery
from kiosk.face.bench.listing import UNKNOWN, Listing
from kiosk.face.faces import across, likenesses, unit
from kiosk.face.verdict import Measure

CHUNK: Final = 1 << 16
"""Pairs compared at once: 64 MB of templates, whatever the size of the set."""

AREA: Final = 1 << 22
"""Scores held at once where everybody is compared with everybody."""

Block = tuple[int, NDArray[np.float32], NDArray[np.bool_]]
"""(index of the set, likeness, mated): arrays of one length."""


class Rule(StrEnum):
    """How a comparison is made."""

    SINGLE = "single"
    SHIPPED = "shipped"


@dataclass(frozen=True, eq=False, repr=False)
class _Probes:
    """Mean templates of several frames, each of one person: `members` are the files that went into it."""

    templates: NDArray[np.float32]
    members: NDArray[np.int32]
    """(probes, frames) file indices."""


def single(listing: Listing, gallery: Gallery, measure: Measure) -> Iterator[Block]:
    """The listed pairs, one picture against one."""
    both = gallery.there[listing.first] & gallery.there[listing.second]
    yield from _compared(
        listing,
        gallery.templates,
        listing.first[both],
        gallery.templates,
        listing.second[both],
        listing.same[both],
        measure,
    )


def single_impostors(listing: Listing, gallery: Gallery, measure: Measure) -> Iterator[Block]:
    """Every picture against every picture of another person of its set."""
    for number, files in _known(listing, gallery.there):
        templates, person = gallery.templates[files], listing.person_of[files]
        for start, stop in _slices(len(files), AREA // max(len(files), 1) or 1):
            later = np.arange(start, stop)[:, None] < np.arange(start, len(files))[None, :]
            wanted = later & (person[start:stop, None] != person[None, start:])
            yield number, *_chosen(across(templates[start:stop], templates[start:], measure), wanted, False)


def shipped(listing: Listing, gallery: Gallery, measure: Measure, frames: int) -> Iterator[Block]:
    """The listed pairs: file_a is the photo, the live side are `frames` pictures of file_b's person, file_b first.

    Pairs whose live side has too few pictures, or would be the same comparison again, are left out.
    """
    usable = _usable_by_person(listing, gallery)
    members: list[tuple[int, ...]] = []
    rows: list[int] = []
    seen: set[tuple[int, ...]] = set()
    contradicts = (listing.person_of[listing.first] == listing.person_of[listing.second]) & ~listing.same
    for row in np.flatnonzero(gallery.usable[listing.first] & ~contradicts).tolist():
        photo, live = int(listing.first[row]), int(listing.second[row])
        person = int(listing.person_of[live])
        if person == UNKNOWN:
            continue
        own = [file for file in usable.get(person, ()) if file != photo]
        if len(own) < frames:
            continue
        at = own.index(live) if live in own else 0
        chosen = tuple((own + own)[at : at + frames])
        comparison = (photo, *sorted(chosen))
        if comparison not in seen:
            seen.add(comparison)
            members.append(chosen)
            rows.append(row)
    for start, stop in _slices(len(rows), CHUNK):
        probes = _probes(gallery, members[start:stop], measure)
        chosen_rows = rows[start:stop]
        places = np.arange(len(chosen_rows), dtype=np.int32)
        yield from _compared(
            listing,
            gallery.templates,
            listing.first[chosen_rows],
            probes.templates,
            places,
            listing.same[chosen_rows],
            measure,
        )


def shipped_all(listing: Listing, gallery: Gallery, measure: Measure, frames: int) -> Iterator[Block]:
    """Every usable picture as a photo against every group of `frames` usable pictures of every person of its set.

    A person's groups share no picture; against the own photo they are made of the other pictures.
    """
    usable = _usable_by_person(listing, gallery)
    for number, files in _known(listing, gallery.usable):
        persons = np.unique(listing.person_of[files]).tolist()
        groups = {person: _groups(usable.get(person, []), frames) for person in persons}
        everybody = [group for person in persons for group in groups[person]]
        if everybody:
            probes = _probes(gallery, everybody, measure)
            owner = listing.person_of[probes.members[:, 0]]
            for start, stop in _slices(len(files), AREA // len(everybody) or 1):
                photos = files[start:stop]
                others = listing.person_of[photos][:, None] != owner[None, :]
                likeness = across(gallery.templates[photos], probes.templates, measure)
                yield number, *_chosen(likeness, others, False)
        own = [
            (photo, group)
            for photo in files.tolist()
            for group in _groups([f for f in usable.get(int(listing.person_of[photo]), []) if f != photo], frames)
        ]
        for start, stop in _slices(len(own), CHUNK):
            part = own[start:stop]
            probes = _probes(gallery, [group for _, group in part], measure)
            likeness = likenesses(gallery.templates[[photo for photo, _ in part]], probes.templates, measure)
            yield number, likeness, np.ones(len(likeness), np.bool_)


def persons_allowing(listing: Listing, gallery: Gallery, frames: int) -> int:
    """How many persons have `frames` usable pictures and one more for the photo."""
    return sum(len(own) > frames for own in _usable_by_person(listing, gallery).values())


def person_pairs(listing: Listing, gallery: Gallery, rule: Rule, *, all_impostors: bool) -> int:
    """How many different pairs of persons the non-mated comparisons are of; an unknown person's file counts as one."""
    fit = gallery.there if rule is Rule.SINGLE else gallery.usable
    if all_impostors:
        persons = [len(np.unique(listing.person_of[files])) for _, files in _known(listing, fit)]
        return sum(count * (count - 1) // 2 for count in persons)
    person = np.where(listing.person_of == UNKNOWN, -2 - np.arange(len(listing.files)), listing.person_of)
    used = fit[listing.first] & gallery.there[listing.second] & ~listing.same
    pairs = np.stack([person[listing.first[used]], person[listing.second[used]]], axis=1)
    return len(np.unique(np.sort(pairs, axis=1), axis=0))


def _compared(
    listing: Listing,
    photos: NDArray[np.float32],
    first: NDArray[np.int32],
    lives: NDArray[np.float32],
    second: NDArray[np.int32],
    same: NDArray[np.bool_],
    measure: Measure,
) -> Iterator[Block]:
    """Pairs in the listing's order; their set is the photo's."""
    sets = listing.set_of[first]
    for start, stop in _slices(len(first), CHUNK):
        likeness = likenesses(photos[first[start:stop]], lives[second[start:stop]], measure)
        for number in np.unique(sets[start:stop]).tolist():
            of_it = sets[start:stop] == number
            yield number, likeness[of_it], same[start:stop][of_it]


def _chosen(
    likeness: NDArray[np.float32], wanted: NDArray[np.bool_], same: bool
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    chosen = likeness[wanted]
    return chosen, np.full(len(chosen), same)


def _known(listing: Listing, fit: NDArray[np.bool_]) -> Iterator[tuple[int, NDArray[np.int32]]]:
    """(set, its files that are fit and of a known person)."""
    for number in range(len(listing.sets)):
        own = (listing.set_of == number) & fit & (listing.person_of != UNKNOWN)
        yield number, np.flatnonzero(own).astype(np.int32)


def _usable_by_person(listing: Listing, gallery: Gallery) -> dict[int, list[int]]:
    usable: dict[int, list[int]] = {}
    for file in np.flatnonzero(gallery.usable & (listing.person_of != UNKNOWN)).tolist():
        usable.setdefault(int(listing.person_of[file]), []).append(file)
    return usable


def _groups(files: list[int], frames: int) -> list[tuple[int, ...]]:
    return [tuple(files[start : start + frames]) for start in range(0, len(files) - frames + 1, frames)]


def _probes(gallery: Gallery, members: list[tuple[int, ...]], measure: Measure) -> _Probes:
    indices = np.array(members, np.int32)
    templates = np.concatenate(
        [
            gallery.templates[indices[start:stop]].mean(axis=1)
            for start, stop in _slices(len(indices), CHUNK // indices.shape[1] or 1)
        ]
    )
    return _Probes(unit(templates) if measure is Measure.COSINE else templates, indices)


def _slices(count: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, count, size):
        yield start, min(start + size, count)
