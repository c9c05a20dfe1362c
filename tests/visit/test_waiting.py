"""Whoever waits for an answer is told so in words that change: never a screen that looks as if it had stopped."""

from __future__ import annotations

import pytest

from kiosk.record.identity import PinProof
from kiosk.visit import effects as fx
from kiosk.visit import events as ev
from kiosk.visit.appliance import Wait
from kiosk.visit.stage import Committing, Consenting, Verifying
from tests.visit import story as told
from tests.visit.story import CERTIFICATE, CHALLENGE, Story


def wait(story: Story) -> Wait:
    return story.visit.wait


def signing() -> Story:
    """The session is open; the card signs at the end of the first second."""
    story = told.verifying_pin()
    return story.happens(ev.SessionOpened(story.asked(fx.OpenSession), CHALLENGE))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, Wait.SHORT),
        (2.75, Wait.SHORT),
        (3.0, Wait.USUAL),
        (7.75, Wait.USUAL),
        (8.0, Wait.LONG),
        (19.75, Wait.LONG),
    ],
)
def test_the_wait_for_an_answer_is_told_in_three_steps(seconds: float, expected: Wait) -> None:
    story = signing()
    story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(CERTIFICATE, bytes(256))))
    story.passes(seconds)

    assert isinstance(story.stage, Verifying)
    assert wait(story) is expected


def test_session_signature_and_answer_are_one_wait() -> None:
    story = signing().passes(5)
    story.happens(ev.ChallengeSigned(story.asked(fx.SignChallenge), PinProof(CERTIFICATE, bytes(256)))).passes(4)

    assert wait(story) is Wait.LONG


def test_after_twenty_seconds_the_arrival_is_recorded() -> None:
    story = told.signed().passes(20)
    assert isinstance(story.stage, Verifying)

    story.passes(0.25)

    assert isinstance(story.stage, Committing)


def test_an_answer_ends_the_wait() -> None:
    story = told.signed().passes(9)

    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), told.answer()))

    assert isinstance(story.stage, Consenting)
    assert wait(story) is Wait.SHORT


def test_nobody_waits_while_the_kiosk_waits_for_the_patient() -> None:
    story = told.consenting().passes(30)

    assert wait(story) is Wait.SHORT


def test_handing_the_consents_over_is_a_wait_of_its_own() -> None:
    story = told.consenting().happens(ev.Tapped("agree_all"))
    assert wait(story) is Wait.SHORT

    story.passes(4)

    assert wait(story) is Wait.USUAL


def test_a_registration_is_waited_for_from_the_moment_it_was_wished() -> None:
    story = told.signed()
    story.happens(ev.Answered(story.asked(fx.VerifyIdentity), told.unregistered())).passes(20)
    assert wait(story) is Wait.SHORT

    story.happens(ev.Tapped("register"))
    assert wait(story) is Wait.SHORT

    story.passes(3)
    assert wait(story) is Wait.USUAL
