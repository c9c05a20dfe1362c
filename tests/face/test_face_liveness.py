"""Liveness as a specification, on made-up faces; simulated people and attacks are in test_face_liveness_simulated.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from kiosk.face.challenge import STEP
from kiosk.face.liveness import UNASKED, Level, Live, Outcome, Prompt
from tests.face.lookers import BLANK, FPS, OPEN, SHUT, Lids, Look, Willing, face, liveness, seen

SEEDS = range(12)


def prompts(told: list[Live]) -> list[Prompt | None]:
    """What was asked, one after the other."""
    asked = [live.prompt for live in told]
    return [one for number, one in enumerate(asked) if number == 0 or one != asked[number - 1]]


# Levels


def test_off_asks_nothing_and_passes_with_the_first_frame() -> None:
    (only,) = seen(Level.OFF, lambda *_: Look())
    assert only == Live(None, 1.0, Outcome.PASSED)


def test_a_blink_that_comes_by_itself_passes_the_blink_level_without_a_word() -> None:
    told = seen(Level.BLINK, lambda now, *_: Look(lids=SHUT if 0.9 <= now < 1.05 else OPEN))
    assert told[-1].outcome is Outcome.PASSED
    assert prompts(told) == [None]


def test_who_does_not_blink_is_asked_to_after_a_while() -> None:
    told = seen(Level.BLINK, Willing())
    assert told[-1].outcome is Outcome.PASSED
    assert prompts(told) == [None, Prompt.BLINK, None]
    first = next(number for number, live in enumerate(told) if live.prompt is Prompt.BLINK)
    assert first / FPS == pytest.approx(0.5 + UNASKED, abs=0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_who_does_what_is_asked_passes_the_challenge_within_six_seconds(seed: int) -> None:
    told = seen(Level.CHALLENGE, Willing(), seed=seed)
    assert told[-1].outcome is Outcome.PASSED
    assert told[-1].passed is True
    assert len(told) / FPS < 6


def test_the_challenge_is_a_blink_and_a_turn_in_either_order_to_either_side() -> None:
    orders = Counter(tuple(prompts(seen(Level.CHALLENGE, Willing(), seed=seed))) for seed in range(40))
    front, blink = Prompt.FACE_FRONT, Prompt.BLINK
    assert set(orders) == {
        order
        for turn in (Prompt.TURN_LEFT, Prompt.TURN_RIGHT)
        for order in ((None, blink, turn, front, None), (None, turn, front, blink, None))
    }
    assert min(orders.values()) >= 4


def test_the_same_chance_draws_the_same_challenge() -> None:
    assert seen(Level.CHALLENGE, Willing(), seed=7) == seen(Level.CHALLENGE, Willing(), seed=7)


def test_left_is_the_persons_own_left_where_the_nose_goes_right_in_the_picture() -> None:
    asked = set()
    for seed in SEEDS:
        told = seen(Level.CHALLENGE, lambda *_: Look(), seed=seed)
        asked |= set(prompts(told))
        if Prompt.TURN_LEFT in prompts(told):
            assert seen(Level.CHALLENGE, Willing(), seed=seed)[-1].passed
            assert not seen(Level.CHALLENGE, Willing(opposite=True), seed=seed)[-1].passed
    assert {Prompt.TURN_LEFT, Prompt.TURN_RIGHT} & asked


# What does not pass


def test_a_face_that_does_nothing_is_not_decided_and_not_blamed() -> None:
    for level, most in ((Level.BLINK, UNASKED + STEP + 1.0), (Level.CHALLENGE, STEP + 1.0)):
        told = seen(level, lambda *_: Look())
        assert told[-1].outcome is Outcome.NOT_DECIDED
        assert told[-1].passed is None
        assert len(told) / FPS <= most


@pytest.mark.parametrize("seed", SEEDS)
def test_a_picture_that_turns_as_far_as_pictures_do_is_not_decided(seed: int) -> None:
    told = seen(Level.CHALLENGE, Willing(turn=0.29), seed=seed)
    assert told[-1].outcome is Outcome.NOT_DECIDED


def test_a_picture_taken_a_little_from_the_side_gains_nothing_by_it() -> None:
    def askew(_now: float, asked: Prompt | None, ago: float) -> Look:
        away = min(max(ago - 0.5, 0.0) * 0.9, 0.26) if asked in {Prompt.TURN_LEFT, Prompt.TURN_RIGHT} else 0.0
        return Look(yaw=0.11 + away, lids=SHUT if asked is Prompt.BLINK and 0.5 <= ago < 0.7 else OPEN)

    assert all(seen(Level.CHALLENGE, askew, seed=seed)[-1].outcome is Outcome.NOT_DECIDED for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_turn_to_the_other_side_ends_the_attempt(seed: int) -> None:
    told = seen(Level.CHALLENGE, Willing(opposite=True), seed=seed)
    assert told[-1].outcome is Outcome.NOT_DECIDED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_start_in_the_wrong_direction_is_forgiven(seed: int) -> None:
    right, wrong = Willing(), Willing(opposite=True, turn=0.3)

    def confused(now: float, asked: Prompt | None, ago: float) -> Look:
        first = asked in {Prompt.TURN_LEFT, Prompt.TURN_RIGHT} and ago < 1.2
        look = wrong(now, asked, ago) if first else right(now, asked, ago)
        right._yaw = wrong._yaw = look.yaw
        return look

    assert seen(Level.CHALLENGE, confused, seed=seed)[-1].passed


def test_a_turn_nobody_asked_for_ends_the_attempt() -> None:
    seed = next(seed for seed in SEEDS if Prompt.BLINK in prompts(seen(Level.CHALLENGE, lambda *_: Look(), seed=seed)))
    told = seen(Level.CHALLENGE, lambda now, *_: Look(yaw=min(0.05 * max(now - 1.0, 0) * FPS, 0.5)), seed=seed)
    assert told[-1].outcome is Outcome.NOT_DECIDED
    assert len(told) / FPS < 3


def test_one_picture_put_for_another_is_no_turn() -> None:
    def slides(_now: float, asked: Prompt | None, ago: float) -> Look:
        sides = {Prompt.TURN_LEFT: 0.5, Prompt.TURN_RIGHT: -0.5}
        yaw = sides.get(asked, 0.0) if asked is not None and ago >= 0.5 else 0.0
        return Look(yaw=yaw, lids=SHUT if asked is Prompt.BLINK and 0.5 <= ago < 0.7 else OPEN)

    assert all(seen(Level.CHALLENGE, slides, seed=seed)[-1].outcome is Outcome.NOT_DECIDED for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_frame_that_the_detector_got_wrong_does_not_spoil_a_turn(seed: int) -> None:
    willing = Willing()

    def misread(now: float, asked: Prompt | None, ago: float) -> Look:
        look = willing(now, asked, ago)
        return replace(look, yaw=0.0) if abs(look.yaw) > 0.4 and round(now * FPS) % 4 == 0 else look

    told = seen(Level.CHALLENGE, misread, seed=seed)
    assert told[-1].outcome is Outcome.PASSED


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_turned_so_far_that_its_nose_seems_to_be_back_is_not_back(seed: int) -> None:
    """Nor is this where to look whose face it is."""
    willing = Willing(turn=0.6)
    falls_back = []

    def hidden(now: float, asked: Prompt | None, ago: float) -> Look:
        look = willing(now, asked, ago)
        falls_back.append(asked is Prompt.FACE_FRONT and ago < 1.0 and now > 2.0)
        return replace(look, yaw=0.2 * look.yaw, long=1.6) if falls_back[-1] else look

    told = seen(Level.CHALLENGE, hidden, seed=seed)
    assert any(falls_back)
    assert not any(live.match_here for live, falls in zip(told, falls_back, strict=True) if falls)
    assert told[-1].outcome is not Outcome.FAILED


@pytest.mark.parametrize("hasty", [{"blinks_after": 0.05}, {"turns_after": 0.0}])
def test_what_begins_before_the_question_can_have_been_read_is_no_answer(hasty: dict[str, float]) -> None:
    told = [seen(Level.CHALLENGE, Willing(pace=0.1, **hasty), seed=seed)[-1] for seed in SEEDS]  # type: ignore[arg-type]
    assert {live.outcome for live in told} == {Outcome.NOT_DECIDED}


def test_who_has_turned_too_soon_may_come_back_and_turn_again() -> None:
    def again(now: float, asked: Prompt | None, ago: float) -> Look:
        turning = asked in {Prompt.TURN_LEFT, Prompt.TURN_RIGHT}
        return willing(now, None if turning and 0.3 <= ago < 1.0 else asked, ago)

    for seed in SEEDS:
        willing = Willing(pace=0.1, turns_after=0.0)
        assert seen(Level.CHALLENGE, again, seed=seed)[-1].passed


# Blinks


def blinked(lids: dict[float, float], **motion: float) -> bool:
    """Whether eyes that are so far open from these seconds on (until 0.2 s later) pass the blink level."""

    def behave(now: float, *_: object) -> Look:
        opened = next((value for begin, value in lids.items() if begin <= now < begin + 0.2), OPEN)
        shaken = 1.0 if 1.8 <= now <= 2.6 and round(now * FPS) % 2 else 0.0
        return Look(
            lids=opened,
            x=320 + motion.get("shift", 0.0) * shaken,
            apart=80 + motion.get("scale", 0.0) * shaken,
            roll=motion.get("roll", 0.0) * shaken,
            yaw=motion.get("yaw", 0.0),
        )

    return seen(Level.BLINK, behave)[-1].passed is True


def test_eyes_shut_for_a_fifth_of_a_second_are_a_blink() -> None:
    assert blinked({2.0: SHUT})


def test_half_shut_eyes_are_none() -> None:
    assert not blinked({2.0: 0.6 * OPEN})


@pytest.mark.parametrize(("more", "is_one"), [(0.5 * OPEN, True), (0.65 * OPEN, False)])
def test_one_of_two_shut_eyes_may_be_read_as_half_open_behind_glasses(more: float, is_one: bool) -> None:
    def behave(now: float, *_: object) -> Look:
        shut = 2.0 <= now < 2.2
        return Look(lids=0.02 if shut else OPEN, more=more if shut else 0.0)

    assert (seen(Level.BLINK, behave)[-1].passed is True) is is_one


def test_eyes_shut_for_more_than_a_second_are_none() -> None:
    assert not blinked({2.0 + 0.2 * step: SHUT for step in range(6)})


def test_a_photograph_of_shut_eyes_has_no_openness_to_lose() -> None:
    def shut(now: float, *_: object) -> Look:
        return Look(lids=0.02 if round(now * 2) % 2 else 0.08)

    assert seen(Level.BLINK, shut)[-1].outcome is Outcome.NOT_DECIDED


@pytest.mark.parametrize("motion", [{"shift": 60.0}, {"scale": 20.0}, {"roll": 15.0}, {"yaw": 0.27}])
def test_eyes_of_a_picture_waved_about_or_turned_away_are_not_judged(motion: dict[str, float]) -> None:
    assert not blinked({2.0: SHUT}, **motion)


def test_at_ten_frames_a_second_a_blink_is_seen_all_the_same() -> None:
    assert seen(Level.BLINK, lambda now, *_: Look(lids=SHUT if 0.9 < now < 1.15 else OPEN), fps=10)[-1].passed


# One face


def test_a_face_that_is_lost_in_the_middle_of_a_challenge_ends_the_attempt() -> None:
    told = seen(Level.CHALLENGE, lambda now, *_: Look(there=not 1.0 <= now < 1.8))
    assert told[-1].outcome is Outcome.NOT_DECIDED


def test_a_face_that_jumps_in_the_middle_of_a_challenge_ends_the_attempt() -> None:
    told = seen(Level.CHALLENGE, lambda now, *_: Look(x=150 if now < 1.0 else 520))
    assert told[-1].outcome is Outcome.NOT_DECIDED


def test_before_anything_is_asked_people_may_come_and_go() -> None:
    told = seen(Level.CHALLENGE, lambda now, *_: Look(there=now > 2.0, x=150 if now < 2.3 else 520), seconds=3.5)
    assert told[-1].outcome is None
    assert told[-1].prompt is not None


def test_a_moment_without_a_face_is_overlooked_and_what_is_asked_stays() -> None:
    willing = Willing()

    def missed_now_and_then(now: float, asked: Prompt | None, ago: float) -> Look:
        look = willing(now, asked, ago)
        return Look(yaw=look.yaw, lids=look.lids, there=round(now * FPS) % 7 != 3 or asked is Prompt.BLINK)

    told = seen(Level.CHALLENGE, missed_now_and_then)
    assert told[-1].passed
    assert None not in prompts(told)[1:-1]


def test_a_face_known_to_be_somebody_elses_ends_the_challenge_and_starts_the_blink_level_anew() -> None:
    for level, outcome in ((Level.CHALLENGE, Outcome.NOT_DECIDED), (Level.BLINK, None)):
        attempt = liveness(level, Lids())
        for number in range(15):
            attempt.see(BLANK, face(), number / FPS, track=1)
        assert attempt.see(BLANK, face(), 1.0, track=2).outcome is outcome


def test_another_face_after_passing_takes_it_back() -> None:
    lids = Lids()
    attempt = liveness(Level.BLINK, lids)
    told = Live(None, 0.0)
    number = 0
    while told.outcome is None:
        lids.now = SHUT if number in {15, 16} else OPEN
        told = attempt.see(BLANK, face(), number / FPS)
        number += 1
    assert told.passed
    assert attempt.see(BLANK, face(x=330), number / FPS).passed
    assert attempt.see(BLANK, face(x=600), (number + 1) / FPS).passed is None


# When to compare


@pytest.mark.parametrize("seed", SEEDS)
def test_every_move_is_compared_on_both_ends_and_a_turn_on_its_way_too(seed: int) -> None:
    yaws: list[float] = []
    willing = Willing()

    def noted(now: float, asked: Prompt | None, ago: float) -> Look:
        look = willing(now, asked, ago)
        yaws.append(abs(look.yaw))
        return look

    told = seen(Level.CHALLENGE, noted, seed=seed)
    compared = [yaw for yaw, live in zip(yaws, told, strict=True) if live.match_here]
    assert told[-1].match_here
    assert sum(yaw < 0.12 for yaw in compared) >= 2
    assert sum(0.15 <= yaw < 0.35 for yaw in compared) == 2
    assert len(compared) <= 5


def test_in_a_turn_the_eyes_need_not_be_read() -> None:
    lids = Lids()
    seed = next(s for s in SEEDS if prompts(seen(Level.CHALLENGE, Willing(), seed=s))[1] is not Prompt.BLINK)
    attempt = liveness(Level.CHALLENGE, lids, seed)
    asked = 0
    for number in range(40):
        if attempt.see(BLANK, face(), number / FPS).prompt is not None and not asked:
            asked = lids.asked
    assert lids.asked == asked
