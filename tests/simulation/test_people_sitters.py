from __future__ import annotations

import struct
from itertools import islice

import numpy as np
import pytest

from kiosk.simulation.people import Sitter, frames, photo_jp2


@pytest.mark.parametrize("sitter", Sitter)
def test_the_photo_is_what_a_chip_holds(sitter: Sitter) -> None:
    jp2 = photo_jp2(sitter)
    assert jp2.startswith(bytes.fromhex("0000000C6A5020200D0A870A"))
    height, width, components = struct.unpack_from(">IIH", jp2, jp2.index(b"ihdr") + 4)
    assert (height, width, components) == (320, 240, 1)
    assert 10_000 < len(jp2) < 20_000
    assert photo_jp2(sitter) == jp2


@pytest.mark.parametrize("sitter", Sitter)
def test_the_same_seed_films_the_same_movements(sitter: Sitter) -> None:
    one, again = list(islice(frames(sitter, seed=3), 5)), list(islice(frames(sitter, seed=3), 5))
    other = list(islice(frames(sitter, seed=4), 5))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_no_two_frames_are_alike() -> None:
    film = list(islice(frames(Sitter.ASTRONAUT), 30))
    assert all(frame.shape == (480, 640, 3) and frame.dtype == np.uint8 for frame in film)
    assert len({frame.tobytes() for frame in film}) == 30


def test_light_and_distance_can_be_chosen() -> None:
    dark, light = next(frames(Sitter.ASTRONAUT, light=0.3)), next(frames(Sitter.ASTRONAUT))
    assert dark.mean() < 0.4 * light.mean()
