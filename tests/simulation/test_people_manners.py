"""How people behave, without a picture of them."""

from __future__ import annotations

from math import degrees
from random import Random

import pytest

from kiosk.simulation.people_manners import Behaviour, Manner, Pose, Prompt

RATE = 120  # moments a second: finer than any camera
PLAIN = Manner(blinks_a_minute=0.0, wrong_side=0.0, too_little=0.0, half_blink=0.0, sway=0.0)


def lived(manner: Manner, seed: int, seconds: float, asked: Prompt | None = None, since: float = 0.0) -> list[Pose]:
    somebody = Behaviour(manner, Random(seed))  # noqa: S311 - the same seed must give the same life
    moments = (number / RATE for number in range(round(seconds * RATE)))
    return [somebody.at(now, asked if now >= since else None) for now in moments]


def closures(poses: list[Pose]) -> list[float]:
    """How long each blink took, in seconds."""
    shut = [pose.lids > 0 for pose in poses]
    begins = [at for at in range(1, len(shut)) if shut[at] and not shut[at - 1]]
    return [next(at for at in range(begin, len(shut)) if not shut[at]) / RATE - begin / RATE for begin in begins[:-1]]


def test_eyes_blink_about_twelve_times_a_minute_by_themselves() -> None:
    blinks = closures(lived(Manner(), 1, 600.0))
    assert 9 < len(blinks) / 10 < 15
    assert all(0.15 <= round(took, 2) <= 0.40 for took in blinks)


@pytest.mark.parametrize("prompt", [Prompt.BLINK, Prompt.TURN_LEFT, Prompt.TURN_RIGHT])
def test_people_need_a_human_while_to_begin(prompt: Prompt) -> None:
    waits = []
    for seed in range(40):
        poses = lived(PLAIN, seed, 4.0, prompt, since=1.0)
        begun = next(at for at, pose in enumerate(poses) if pose.lids > 0 or abs(pose.turn.yaw) > 0.001)
        waits.append(begun / RATE - 1.0)
    assert min(waits) >= 0.3
    assert max(waits) <= 1.7  # the first thousandth of a turn takes its time too
    assert max(waits) - min(waits) > 0.8


@pytest.mark.parametrize(("prompt", "side"), [(Prompt.TURN_LEFT, 1), (Prompt.TURN_RIGHT, -1)])
def test_a_turn_goes_to_the_asked_side_and_no_further_than_heads_do(prompt: Prompt, side: int) -> None:
    for seed in range(20):
        yaws = [side * degrees(pose.turn.yaw) for pose in lived(PLAIN, seed, 4.0, prompt)]
        assert 40 <= max(yaws) <= 50
        assert min(yaws) >= 0


def test_who_is_asked_on_and_on_turns_further_then_comes_back() -> None:
    yaws = [degrees(pose.turn.yaw) for pose in lived(PLAIN, 1, 9.0, Prompt.TURN_LEFT)]
    there = yaws.index(max(yaws))
    assert yaws[there] == pytest.approx(50)
    assert min(yaws[there:]) == pytest.approx(0, abs=0.01)


def test_who_is_asked_to_look_to_the_front_does() -> None:
    somebody = Behaviour(PLAIN, Random(1))  # noqa: S311 - as above
    for number in range(3 * RATE):
        somebody.at(number / RATE, Prompt.TURN_RIGHT)
    for number in range(3 * RATE, 6 * RATE):
        pose = somebody.at(number / RATE, Prompt.FACE_FRONT)
    assert pose.turn.yaw == pytest.approx(0)


def test_some_first_tries_go_wrong_and_the_next_one_is_right() -> None:
    clumsy = Manner(blinks_a_minute=0.0, wrong_side=0.5, too_little=0.5, half_blink=1.0, sway=0.0)
    for seed in range(10):
        yaws = [degrees(pose.turn.yaw) for pose in lived(clumsy, seed, 6.0, Prompt.TURN_LEFT)]
        first = next(yaw for at, yaw in enumerate(yaws) if at and abs(yaw) > 1 and yaw == yaws[at - 1])
        assert first <= 30
        assert max(yaws) >= 40
        lids = [pose.lids for pose in lived(clumsy, seed, 6.0, Prompt.BLINK)]
        begun = next(at for at, lid in enumerate(lids) if lid > 0)
        over = next(at for at in range(begun, len(lids)) if lids[at] == 0)
        assert max(lids[begun:over]) < 0.5
        assert max(lids) > 0.95


def test_who_does_not_heed_is_only_breathing_and_swaying() -> None:
    poses = lived(Manner(blinks_a_minute=0.0, heeds=False), 1, 20.0, Prompt.TURN_LEFT)
    assert all(pose.lids == 0 for pose in poses)
    assert max(abs(degrees(pose.turn.yaw)) for pose in poses) < 3
    assert len({pose.turn.breath for pose in poses}) > 100
    assert max(pose.near for pose in poses) > 1.02
