"""Recognition and liveness together, with the real networks, before simulated people: both must say yes of one face."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from kiosk.face import photo
from kiosk.face.advice import Advice, Prompt
from kiosk.face.enrolment import photo_template
from kiosk.face.eyes import Eyes
from kiosk.face.faces import Picture, Template
from kiosk.face.liveness import Level, Liveness
from kiosk.face.matcher import Matcher
from kiosk.face.recognition import Recognition
from kiosk.face.verdict import Ending
from kiosk.face.verification import Standing, Verification
from kiosk.simulation.people import FPS, Scene, Sitter, frames, photo_jp2, scene_frames

SECONDS = 20


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    reader = Eyes.load()
    reader.warm()
    return reader


@pytest.fixture(scope="module")
def astronaut(matcher: Matcher) -> Template:
    return photo_template(matcher, photo.decoded(photo_jp2(Sitter.ASTRONAUT)))


class Room:
    """A camera and one attempt; who sits there answers what was asked last."""

    def __init__(self, matcher: Matcher, eyes: Eyes, template: Template, level: Level, seed: int = 1) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same draws in every run
        self.verification = Verification(Recognition(matcher, template), Liveness(level, chance, eyes))
        self.asked: Prompt | None = None
        self.told: list[Standing] = []

    def film(self, scene: Scene, sitter: Sitter, seed: int = 1) -> Iterator[Picture]:
        return scene_frames(scene, sitter, seed=seed, respond=lambda: self.asked)

    def sees(self, picture: Picture) -> Ending | None:
        standing = self.verification.see(picture, len(self.told) / FPS)
        self.told.append(standing)
        self.asked = standing.prompt
        return standing.ending

    def until_decided(self, film: Iterator[Picture]) -> Ending:
        for picture in film:
            if (ending := self.sees(picture)) is not None:
                return ending
            if len(self.told) > SECONDS * FPS:
                break
        return self.verification.late()


@pytest.mark.parametrize("level", Level)
def test_the_living_holder_matches_at_every_level(
    matcher: Matcher, eyes: Eyes, astronaut: Template, level: Level
) -> None:
    room = Room(matcher, eyes, astronaut, level)
    assert room.until_decided(room.film(Scene.LIVING, Sitter.ASTRONAUT)) is Ending.MATCHED
    asked = {standing.prompt for standing in room.told} - {None}
    assert bool(asked & {Prompt.TURN_LEFT, Prompt.TURN_RIGHT}) is (level is Level.CHALLENGE)


def test_another_living_person_is_unlike_whatever_they_do(matcher: Matcher, eyes: Eyes, astronaut: Template) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    assert room.until_decided(room.film(Scene.LIVING, Sitter.GRACE_HOPPER)) is Ending.UNLIKE


@pytest.mark.parametrize("scene", [Scene.PHOTOGRAPH, Scene.CUT_OUT, Scene.PHONE_REPLAY])
def test_the_holder_s_picture_held_up_does_not_match(
    matcher: Matcher, eyes: Eyes, astronaut: Template, scene: Scene
) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE, seed=3)
    assert room.until_decided(room.film(scene, Sitter.ASTRONAUT)) in {Ending.HELD_UP, Ending.UNANSWERED, Ending.UNSEEN}


def test_without_liveness_the_same_photograph_would_match(matcher: Matcher, eyes: Eyes, astronaut: Template) -> None:
    room = Room(matcher, eyes, astronaut, Level.OFF)
    assert room.until_decided(room.film(Scene.PHOTOGRAPH, Sitter.ASTRONAUT)) is Ending.MATCHED


def test_a_stranger_who_sits_down_for_the_challenge_does_not_match(
    matcher: Matcher, eyes: Eyes, astronaut: Template
) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    for picture in room.film(Scene.LIVING, Sitter.ASTRONAUT):
        assert room.sees(picture) is None
        if room.asked is not None:
            break
    assert room.until_decided(room.film(Scene.LIVING, Sitter.GRACE_HOPPER)) is not Ending.MATCHED


def test_a_stranger_in_the_dark_does_not_answer_for_a_picture_that_follows(
    matcher: Matcher, eyes: Eyes, astronaut: Template
) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    for picture in islice(room.film(Scene.DARK, Sitter.GRACE_HOPPER), 12 * FPS):
        assert room.sees(picture) is None
    assert room.asked is None, "nobody is asked whose face cannot be compared"
    assert room.until_decided(frames(Sitter.ASTRONAUT)) is not Ending.MATCHED


def test_a_prompt_is_not_contradicted_by_advice(matcher: Matcher, eyes: Eyes, astronaut: Template) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    room.until_decided(room.film(Scene.LIVING, Sitter.ASTRONAUT))
    asked = [standing for standing in room.told if standing.prompt is not None]
    assert asked
    assert not {standing.advice for standing in asked} & {Advice.FACE_FRONT, Advice.LOOK_HERE, Advice.HOLD_STILL}


def test_progress_never_leaves_its_bounds(matcher: Matcher, eyes: Eyes, astronaut: Template) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    room.until_decided(room.film(Scene.LIVING, Sitter.ASTRONAUT))
    assert all(0.0 <= standing.progress <= 1.0 for standing in room.told)


def test_an_empty_chair_is_unseen(matcher: Matcher, eyes: Eyes, astronaut: Template) -> None:
    room = Room(matcher, eyes, astronaut, Level.CHALLENGE)
    empty = np.full((480, 640, 3), 130, np.uint8)
    assert room.until_decided(iter([empty] * 5)) is Ending.UNSEEN
