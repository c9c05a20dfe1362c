from __future__ import annotations

import json

import pytest

from kiosk.face import messages
from kiosk.face.advice import Advice, Covering, Prompt
from kiosk.face.camera_faults import Fault
from kiosk.face.errors import StudioError
from kiosk.face.messages import (
    PACKET,
    Begin,
    Compare,
    FrontRead,
    FrontUnreadable,
    Look,
    Matched,
    NotMatched,
    ReadFront,
    Ready,
    Seen,
    Shown,
    Stop,
    StudioCommand,
    StudioMessage,
    Unavailable,
    Why,
)
from kiosk.face.settings import FaceSettings
from kiosk.face.verdict import Ending
from kiosk.record.door import HelpReason
from kiosk.visit.vocabulary import Advice as AdviceOfTheHeart
from kiosk.visit.vocabulary import CameraTrouble, FacePrompt, FrontAdvice

COMMANDS: list[StudioCommand] = [
    Begin(FaceSettings("socket:/x", accept=0.47)),
    Begin(FaceSettings("/dev/video0", card_camera="/dev/video2")),
    Look(1),
    Compare(2),
    ReadFront(3),
    Stop(),
]
MESSAGES: list[StudioMessage] = [
    Ready(),
    Seen(1, Advice.COME_CLOSER.value, 0.5),
    Seen(1, None, 1.0),
    Seen(1, None, 0.5, Prompt.TURN_LEFT.value),
    Matched(1),
    NotMatched(1, Ending.UNLIKE.value, Covering.MASK.value),
    NotMatched(1, Ending.UNANSWERED.value),
    Unavailable(1, Why.NO_CAMERA.value),
    Unavailable(4, Why.NO_CAMERA.value, Fault.UNPLUGGED.value),
    Shown(1, with_photo=False),
    Seen(1, Advice.CARD_GLARE.value, 0.0),
    FrontRead(1),
    FrontUnreadable(1),
]


@pytest.mark.parametrize("said", COMMANDS, ids=repr)
def test_a_command_arrives_as_it_was_sent(said: StudioCommand) -> None:
    data = messages.packet(said)
    assert len(data) < PACKET
    assert messages.command(data) == said


@pytest.mark.parametrize("said", MESSAGES, ids=repr)
def test_a_message_arrives_as_it_was_sent(said: StudioMessage) -> None:
    assert messages.message(messages.packet(said)) == said


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * PACKET,
        b'{"say": "score", "token": 1}',
        b'{"say": "matched"}',
        b'{"say": "matched", "token": true}',
        b'{"say": "front_read"}',
        b'{"say": "read_front", "token": "55021720352285"}',
        b'{"say": "seen", "token": 1, "advice": "<b>", "progress": 0}',
        b'{"say": "seen", "token": 1, "advice": null, "progress": NaN}',
        b'{"say": "seen", "token": 1, "advice": null}',
        b'{"say": "seen", "token": 1, "advice": null, "progress": 0, "prompt": "sing"}',
        b'{"say": "not_matched", "token": 1}',
        b'{"say": "not_matched", "token": 1, "ending": "unlike", "covering": "a beard"}',
        b'{"say": "unavailable", "token": 1, "word": "Mr. Smith"}',
        b'{"say": "begin", "settings": {"camera": "nowhere"}}',
        b'{"say": "begin", "settings": 7}',
    ],
)
def test_a_broken_packet_is_one_typed_error_on_either_side(data: bytes) -> None:
    with pytest.raises(StudioError):
        messages.message(data)
    with pytest.raises(StudioError):
        messages.command(data)


def test_no_message_has_room_for_a_score_or_for_digits_of_a_card() -> None:
    fields = {name for said in MESSAGES for name in json.loads(messages.packet(said))}
    assert fields == {
        "say",
        "token",
        "advice",
        "progress",
        "prompt",
        "ending",
        "covering",
        "word",
        "fault",
        "with_photo",
    }


def test_advice_has_the_words_of_the_heart() -> None:
    of_the_heart = {word.value for word in AdviceOfTheHeart} | {word.value for word in FrontAdvice}
    assert {word.value for word in Advice} == of_the_heart


def test_a_camera_s_faults_have_the_words_of_the_heart_and_of_the_board() -> None:
    faults = {word.value for word in Fault}
    assert faults == {word.value for word in CameraTrouble}
    assert {f"camera_{fault}" for fault in faults} <= {reason.value for reason in HelpReason}


def test_prompts_have_the_words_of_the_heart() -> None:
    assert {word.value for word in Prompt} == {word.value for word in FacePrompt}
