from __future__ import annotations

import copy
import pickle
from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk.face import photo
from kiosk.face import recognition as recognition_module
from kiosk.face.advice import Covering
from kiosk.face.covering import commonest, covering
from kiosk.face.enrolment import photo_template
from kiosk.face.errors import PhotoError
from kiosk.face.faces import Face, Picture, Template, mean, upright
from kiosk.face.matcher import Matcher
from kiosk.face.recognition import Glimpse, Recognition
from kiosk.face.verdict import Verdict
from kiosk.simulation.people import FPS, Sitter, frames, photo_jp2

ACCEPT = 0.50


@pytest.fixture(scope="module")
def photos(matcher: Matcher) -> dict[Sitter, Template]:
    return {sitter: photo_template(matcher, photo.decoded(photo_jp2(sitter))) for sitter in Sitter}


def clip(sitter: Sitter, count: int, seed: int = 1, face_width: float = 0.3) -> list[Picture]:
    film = frames(sitter, seed=seed, face_width=face_width)
    return [next(film) for _ in range(count)]


def watched(recognition: Recognition, pictures: Iterable[Picture]) -> list[Glimpse]:
    """Up to the verdict."""
    seen = []
    for number, picture in enumerate(pictures):
        seen.append(recognition.see(picture, number / FPS))
        if seen[-1].verdict is not None:
            break
    return seen


def in_mask(matcher: Matcher, picture: Picture, colour: tuple[int, int, int]) -> Picture:
    right_eye, left_eye, _, right_mouth, left_mouth = matcher.faces(picture)[0].points.astype(np.float64)
    eyes, mouth = (right_eye + left_eye) / 2, (right_mouth + left_mouth) / 2
    across, down = (left_eye - right_eye), (mouth - eyes)
    corners = ((-0.2, 0.35), (0.2, 0.35), (1.05, 0.55), (0.95, 1.2), (0.35, 1.9))
    outline = [eyes + x * across + y * down for x, y in (*corners, *((-x, y) for x, y in reversed(corners[2:])))]
    masked = picture.copy()
    cv2.fillPoly(masked, [np.rint(outline).astype(np.int32)], colour)
    return masked


@pytest.mark.parametrize("sitter", Sitter)
def test_the_right_person_passes_after_three_good_frames(
    matcher: Matcher, photos: dict[Sitter, Template], sitter: Sitter
) -> None:
    seen = watched(Recognition(matcher, photos[sitter], ACCEPT, 3), clip(sitter, 15))
    assert seen[-1] == Glimpse(None, 1.0, Verdict.ACCEPT)
    assert seen[-1].matched is True
    assert sorted({round(glimpse.progress, 2) for glimpse in seen}) == [0.33, 0.67, 1.0]
    assert len(seen) >= 5  # frames right behind each other do not count twice


@pytest.mark.parametrize("sitter", Sitter)
def test_another_person_does_not(matcher: Matcher, photos: dict[Sitter, Template], sitter: Sitter) -> None:
    (other,) = set(Sitter) - {sitter}
    seen = watched(Recognition(matcher, photos[other], ACCEPT, 3), clip(sitter, 15))
    assert seen[-1].verdict is Verdict.REFUSE
    assert seen[-1].matched is False


def test_a_likeness_below_the_threshold_but_near_asks_to_try_again(
    matcher: Matcher, photos: dict[Sitter, Template]
) -> None:
    strict = Recognition(matcher, photos[Sitter.ASTRONAUT], 0.99, 3)
    assert watched(strict, clip(Sitter.ASTRONAUT, 15))[-1].verdict is Verdict.RETRY


def test_the_two_people_are_far_apart(matcher: Matcher, photos: dict[Sitter, Template]) -> None:
    genuine: list[float] = []
    impostor: list[float] = []
    for sitter in Sitter:
        for seed in range(3):
            faces = [matcher.template(picture, matcher.faces(picture)[0]) for picture in clip(sitter, 16, seed)[::5]]
            live = mean(faces)
            for person, template in photos.items():
                (genuine if person is sitter else impostor).append(live.likeness(template))
    print(f"likeness of 4-frame means: genuine {min(genuine):.2f} or more, impostor {max(impostor):.2f} or less")
    assert min(genuine) > ACCEPT + 0.2
    assert max(impostor) < ACCEPT - 0.2


def test_frames_of_a_face_that_jumps_away_are_not_counted_together(
    matcher: Matcher, photos: dict[Sitter, Template]
) -> None:
    here = clip(Sitter.ASTRONAUT, 4, face_width=0.2)
    there = [np.roll(picture, 180, axis=1) for picture in clip(Sitter.ASTRONAUT, 8, face_width=0.2)]
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), here + there)
    assert [round(glimpse.progress, 2) for glimpse in seen[:5]] == [0.33, 0.33, 0.33, 0.67, 0.0]
    assert len(seen) > 8
    tracks = [glimpse.sighting.track for glimpse in seen if glimpse.sighting is not None]
    assert tracks == [1] * 4 + [2] * (len(seen) - 4)


def test_another_person_in_the_same_seat_starts_anew(matcher: Matcher, photos: dict[Sitter, Template]) -> None:
    swapped = clip(Sitter.ASTRONAUT, 6) + clip(Sitter.GRACE_HOPPER, 10)
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), swapped)
    assert seen[5].progress > 0.6
    assert seen[6].progress < 0.4
    assert seen[-1].matched is False


def test_a_second_person_beside_stops_the_counting(matcher: Matcher, photos: dict[Sitter, Template]) -> None:
    left, right = clip(Sitter.ASTRONAUT, 12, face_width=0.18), clip(Sitter.GRACE_HOPPER, 12, face_width=0.18)
    both = [np.hstack([one[:, 160:480], other[:, 160:480]]) for one, other in zip(left, right, strict=True)]
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT], ACCEPT, 3), both)
    assert len(seen) == 12
    assert seen[-1] == Glimpse(seen[-1].advice, 0.0)
    assert seen[-1].sighting is None
    assert seen[-1].advice is not None
    assert seen[-1].advice.value == "one_person"


def test_every_frame_shows_liveness_the_very_face_that_is_compared(
    matcher: Matcher, photos: dict[Sitter, Template]
) -> None:
    pictures = clip(Sitter.ASTRONAUT, 6)
    for number, glimpse in enumerate(watched(Recognition(matcher, photos[Sitter.ASTRONAUT]), pictures)):
        sighting = glimpse.sighting
        assert sighting is not None
        assert (sighting.track, sighting.mono) == (1, number / FPS)
        assert np.array_equal(sighting.upright, upright(pictures[number], sighting.face))
        assert "[" not in repr(glimpse)


def test_the_face_is_followed_after_it_was_accepted_and_a_jump_takes_the_verdict_back(
    matcher: Matcher, photos: dict[Sitter, Template]
) -> None:
    recognition = Recognition(matcher, photos[Sitter.ASTRONAUT])
    pictures = clip(Sitter.ASTRONAUT, 20, face_width=0.2)
    seen = [recognition.see(picture, number / FPS) for number, picture in enumerate(pictures)]
    assert {glimpse.verdict for glimpse in seen[8:]} == {Verdict.ACCEPT}
    away = recognition.see(np.roll(pictures[0], 180, axis=1), 20 / FPS)
    assert away.verdict is None
    assert away.progress < 0.4


def test_somebody_who_slips_into_the_place_of_an_accepted_face_is_noticed(
    matcher: Matcher, photos: dict[Sitter, Template]
) -> None:
    recognition = Recognition(matcher, photos[Sitter.ASTRONAUT])
    pictures = clip(Sitter.ASTRONAUT, 8) + clip(Sitter.GRACE_HOPPER, 9)
    seen = [recognition.see(picture, number / FPS) for number, picture in enumerate(pictures)]
    assert seen[7].verdict is Verdict.ACCEPT
    assert seen[-1].verdict is None


def test_a_head_turned_so_far_that_it_seems_to_look_to_the_front_is_not_taken_for_somebody_else(
    matcher: Matcher, photos: dict[Sitter, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of such a head the nose lies between the eyes again; how close together they stand tells it."""
    recognition = Recognition(matcher, photos[Sitter.ASTRONAUT])
    assert watched(recognition, clip(Sitter.ASTRONAUT, 10))[-1].verdict is Verdict.ACCEPT
    compared: list[Face] = []
    monkeypatch.setattr(matcher, "template", lambda _picture, face: compared.append(face))
    monkeypatch.setattr(
        recognition_module, "looked_again", lambda _matcher, _picture, face: replace(face, points=_narrow(face))
    )
    monkeypatch.setattr(recognition_module, "worth_it", lambda _face, _front: True)
    for number, picture in enumerate(clip(Sitter.ASTRONAUT, 12), 10):
        assert recognition.see(picture, number / FPS).verdict is Verdict.ACCEPT
    assert compared == []


def _narrow(face: Face) -> NDArray[np.float32]:
    middle = face.points[:2].mean(axis=0)
    return np.asarray((face.points - middle) * np.array([0.5, 1.0]) + middle, np.float32)


@pytest.mark.parametrize("sitter", Sitter)
def test_the_face_at_the_end_of_a_turn_must_be_the_one_that_was_accepted(
    matcher: Matcher, photos: dict[Sitter, Template], sitter: Sitter
) -> None:
    recognition = Recognition(matcher, photos[Sitter.ASTRONAUT])
    seen = watched(recognition, clip(Sitter.ASTRONAUT, 10))
    first = recognition.see(clip(sitter, 1)[0], len(seen) / FPS)
    assert first.sighting is not None
    assert recognition.recheck(clip(sitter, 1)[0], first.sighting) is (sitter is Sitter.ASTRONAUT)
    then = recognition.see(clip(sitter, 2)[1], (len(seen) + 1) / FPS)
    assert (then.verdict is Verdict.ACCEPT) is (sitter is Sitter.ASTRONAUT)
    assert then.sighting is not None
    assert (then.sighting.track == 1) is (sitter is Sitter.ASTRONAUT)


def test_a_refused_attempt_is_over_whoever_sits_down_next(matcher: Matcher, photos: dict[Sitter, Template]) -> None:
    recognition = Recognition(matcher, photos[Sitter.ASTRONAUT])
    pictures = clip(Sitter.GRACE_HOPPER, 8) + [np.roll(picture, 180, axis=1) for picture in clip(Sitter.ASTRONAUT, 10)]
    seen = [recognition.see(picture, number / FPS) for number, picture in enumerate(pictures)]
    assert {glimpse.verdict for glimpse in seen[8:]} == {Verdict.REFUSE}


@pytest.mark.parametrize("colour", [(205, 180, 140), (235, 235, 235), (45, 40, 40)], ids=["blue", "white", "black"])
def test_a_mask_is_named_after_a_failed_match(
    matcher: Matcher, photos: dict[Sitter, Template], colour: tuple[int, int, int]
) -> None:
    pictures = [in_mask(matcher, picture, colour) for picture in clip(Sitter.GRACE_HOPPER, 12)]
    seen = watched(Recognition(matcher, photos[Sitter.ASTRONAUT]), pictures)
    assert seen[-1].matched is False
    assert seen[-1].covering is Covering.MASK
    assert {glimpse.covering for glimpse in seen[:-1]} == {None}


def test_a_bare_face_is_not_told_to_take_anything_off(matcher: Matcher, photos: dict[Sitter, Template]) -> None:
    for sitter, other in (tuple(Sitter), tuple(reversed(Sitter))):
        assert watched(Recognition(matcher, photos[other]), clip(sitter, 12))[-1].covering is None


def test_sunglasses_are_named_and_a_grey_picture_says_nothing_of_masks(matcher: Matcher) -> None:
    picture = clip(Sitter.ASTRONAUT, 1)[0]
    face = matcher.faces(picture)[0]
    straight = upright(picture, face)
    dark = straight.copy()
    dark[44:58, 26:86] = 30
    assert covering(straight) is None
    assert covering(dark) is Covering.SUNGLASSES
    masked = in_mask(matcher, picture, (205, 180, 140))
    grey = cv2.cvtColor(cv2.cvtColor(masked, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR).astype(np.uint8)
    assert covering(upright(grey, face)) is None


def test_one_frame_alone_does_not_say_what_a_person_wears() -> None:
    assert commonest([Covering.MASK, None, None]) is None
    assert commonest([Covering.MASK, None, Covering.MASK]) is Covering.MASK
    assert commonest([Covering.MASK, Covering.SUNGLASSES, None]) is None
    assert commonest([]) is None


def test_a_photo_without_a_face_is_a_typed_error(matcher: Matcher) -> None:
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
