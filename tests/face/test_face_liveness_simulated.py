"""Liveness with its real networks before simulated people and attacks. Two portraits: how it works, not how well."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from kiosk.face.eyes import Eyes
from kiosk.face.liveness import Level, Liveness, Outcome
from kiosk.face.matcher import Matcher
from kiosk.simulation.people import FPS, Scene, Sitter, scene_frames

SECONDS = 14


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    reader = Eyes.load()
    reader.warm()
    return reader


def outcome(matcher: Matcher, eyes: Eyes, scene: Scene, sitter: Sitter, *, level: Level, seed: int) -> Outcome | None:
    """One attempt of somebody who answers what is asked, if anybody there can."""
    liveness = Liveness(level, random.Random(seed), eyes)  # noqa: S311 - the same draws in every run
    asked: list[str | None] = [None]
    film = scene_frames(scene, sitter, seed=seed, respond=lambda: asked[0])
    for number, picture in enumerate(islice(film, SECONDS * FPS)):
        faces = matcher.faces(picture)
        live = liveness.see(picture, faces[0] if faces else None, number / FPS)
        asked[0] = None if live.prompt is None else live.prompt.value
        if live.outcome is not None:
            return live.outcome
    return None


@pytest.mark.parametrize("sitter", Sitter)
def test_a_living_person_passes_the_challenge(matcher: Matcher, eyes: Eyes, sitter: Sitter) -> None:
    assert outcome(matcher, eyes, Scene.LIVING, sitter, level=Level.CHALLENGE, seed=1) is Outcome.PASSED


@pytest.mark.parametrize("scene", [Scene.PHOTOGRAPH, Scene.CUT_OUT, Scene.PHONE_REPLAY_BLINKS])
def test_what_is_held_up_does_not(matcher: Matcher, eyes: Eyes, scene: Scene) -> None:
    found = outcome(matcher, eyes, scene, Sitter.ASTRONAUT, level=Level.CHALLENGE, seed=2)
    assert found in {Outcome.NOT_DECIDED, Outcome.FAILED}


def test_who_sits_still_is_not_decided_and_not_taken_for_a_picture(matcher: Matcher, eyes: Eyes) -> None:
    found = outcome(matcher, eyes, Scene.STILL, Sitter.GRACE_HOPPER, level=Level.BLINK, seed=1)
    assert found is Outcome.NOT_DECIDED


def test_a_replay_whose_moves_happen_to_answer_is_told_by_its_backdrop(matcher: Matcher, eyes: Eyes) -> None:
    # Of the films seen before the backdrop was looked at, the one that passed.
    found = outcome(matcher, eyes, Scene.PHONE_REPLAY_MOVES, Sitter.GRACE_HOPPER, level=Level.CHALLENGE, seed=9)
    assert found is Outcome.FAILED
