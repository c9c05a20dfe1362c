from __future__ import annotations

import copy
import pickle
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.face import photo
from kiosk.face.errors import PhotoError
from kiosk.face.matcher import OpenCVMatcher, Picture, Template, mean
from kiosk.face.recognition import Glimpse, Recognition, photo_template
from kiosk.simulation.people import FPS, Sitter, frames, photo_jp2

ACCEPT = 0.50


@pytest.fixture(scope="module")
def photos(matcher: OpenCVMatcher) -> dict[Sitter, Template]:
    return {sitter: photo_template(matcher, photo.decoded(photo_jp2(sitter))) for sitter in Sitter}


def clip(sitter: Sitter, count: int, seed: int = 1, face_width: float = 0.3) -> list[Picture]:
    film = frames(sitter, seed=seed, face_width=face_width)
    return [next(film) for _ in range(count)]


def watched(recognition: Recognition, pictures: Iterable[Picture]) -> list[Glimpse]:
    seen = []
    for number, picture in enumerate(pictures):
        seen.append(recognition.see(picture, number / FPS))
        if seen[-1].matched is not None:
            break
    return seen


@pytest.mark.parametrize("sitter", Sitter)
def test_the_right_person_passes_after_three_good_frames(
    matcher: OpenCVMatcher, photos: dict[Sitter, Template], sitter: Sitter
) -> None:
    seen = watched(Recognition(matcher, photos[sitter], ACCEPT, 3), clip(sitter, 15))
    assert seen[-1] == Glimpse(None, 1.0, matched=True)
    assert sorted({round(glimpse.progress, 2) for glimpse in seen}) == [0.33, 0.67, 1.0]
    assert len(seen) >= 5  # frames right behind each other do not count twice


@pytest.mark.parametrize("sitter", Sitter)
def test_another_person_does_not(matcher: OpenCVMatcher, photos: dict[Sitter, Template], sitter: Sitter) -> None:
    (other,) = set(Sitter) - {sitter}
    seen = watched(Recognition(matcher, photos[other], ACCEPT, 3), clip(sitter, 15))
    assert seen[-1].matched is False


def test_the_two_people_are_far_apart(matcher: OpenCVMatcher, photos: dict[Sitter, Template]) -> None:
    genuine: list[float] = []
    impostor: list[float] = []
    for sitter in Sitter:
        for seed in range(3):
            faces = []
            for picture in clip(sitter, 16, seed)[::5]:
                face = matcher.faces(picture)[0]
                faces.append(matcher.template(matcher.aligned(picture, face)))
            live = mean(faces)
            for person, template in photos.items():
                (genuine if person is sitter else impostor).append(live.likeness(template))
    print(f"likeness of 4-frame means: genuine {min(genuine):.2f} or more, impostor {max(impostor):.2f} or less")
    assert min(genuine) > ACCEPT + 0.2
    assert max(impostor) < ACCEPT - 0.2


def test_frames_of_a_face_that_jumps_away_are_not_counted_together(
    matcher: OpenCVMatcher, photos: dict[Sitter, Template]
) -> None:
    here = clip(Sitter.ASTRONAUT, 4, face_width=0.2)
    there = [np.roll(picture, 180, axis=1) for picture in clip(Sitter.ASTRONAUT, 8, face_width=0.2)]
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), here + there)
    assert [round(glimpse.progress, 2) for glimpse in seen[:5]] == [0.33, 0.33, 0.33, 0.67, 0.0]
    assert len(seen) > 8


def test_another_person_in_the_same_seat_starts_anew(matcher: OpenCVMatcher, photos: dict[Sitter, Template]) -> None:
    swapped = clip(Sitter.ASTRONAUT, 6) + clip(Sitter.GRACE_HOPPER, 10)
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), swapped)
    assert seen[5].progress > 0.6
    assert seen[6].progress < 0.4
    assert seen[-1].matched is False


def test_a_second_person_beside_stops_the_counting(matcher: OpenCVMatcher, photos: dict[Sitter, Template]) -> None:
    left, right = clip(Sitter.ASTRONAUT, 12, face_width=0.18), clip(Sitter.GRACE_HOPPER, 12, face_width=0.18)
    both = [np.hstack([one[:, 160:480], other[:, 160:480]]) for one, other in zip(left, right, strict=True)]
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), both)
    assert len(seen) == 12
    assert seen[-1] == Glimpse(seen[-1].advice, 0.0)
    assert seen[-1].advice is not None
    assert seen[-1].advice.value == "one_person"


def test_a_photo_without_a_face_is_a_typed_error(matcher: OpenCVMatcher) -> None:
    with pytest.raises(PhotoError):
        photo_template(matcher, np.full((320, 240, 3), 128, np.uint8))


def test_a_template_shows_its_numbers_to_nobody(photos: dict[Sitter, Template]) -> None:
    template = photos[Sitter.ASTRONAUT]
    assert f"{template!r} {template} {[template]}" == "Template(...) Template(...) [Template(...)]"
    for copier in (pickle.dumps, copy.copy):
        with pytest.raises(TypeError):
            copier(template)


@pytest.mark.parametrize("numbers", [np.zeros(128, np.float32), np.full(128, np.nan, np.float32)])
def test_numbers_that_describe_nothing_are_no_template(numbers: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match=r"^template: "):
        Template(numbers)
