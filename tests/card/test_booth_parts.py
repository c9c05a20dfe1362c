"""What the booth is made of, without a process: digits from the pipe, packets, and the order of what is told."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.card import messages
from kiosk.card.allowlist import CHECK_NUMBER_B_DIGITS, PIN_DIGITS
from kiosk.card.digits import Digits
from kiosk.card.errors import BoothMessageError
from kiosk.card.messages import BoothMessage, Command, Placed, Read, Removed, Sign, Signed, Start
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.card.teller import Teller

Pipe = tuple[Digits, Callable[[bytes], int]]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    read_end, write_end = os.pipe()
    yield Digits(read_end), lambda keys: os.write(write_end, keys)
    os.close(read_end)
    os.close(write_end)


def waited(digits: Digits, count: int) -> bytes | None:
    found = digits.wait(count, 1)
    return None if found is None else bytes(found)


@pytest.fixture
def channel() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    yield ours, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize(
    ("keys", "held"),
    [
        (b"1234", b"1234"),
        (b"12\x0834\x085", b"135"),
        (b"\x08\x081", b"1"),
        (b"1234\x0056", b"56"),
        (b"1a\xff2", b"12"),
        (b"55021720352285", b"55021720352285"),
        (b"550217203522859", b"55021720352285"),
        (b"550217203522859\x08\x087", b"5502172035227"),
    ],
)
def test_keys_fill_fourteen_places(pipe: Pipe, keys: bytes, held: bytes) -> None:
    digits, typed = pipe
    typed(keys)
    assert digits.take()
    assert digits.count == len(held)
    assert waited(digits, len(held)) == held


@pytest.mark.parametrize("count", [*range(4), *range(5, 14)])
def test_only_four_digits_are_a_pin_and_only_fourteen_a_check_number_b(pipe: Pipe, count: int) -> None:
    digits, typed = pipe
    typed(b"1" * count)
    assert digits.take()
    assert digits.wait(PIN_DIGITS, 0.01) is None
    assert digits.wait(CHECK_NUMBER_B_DIGITS, 0.01) is None


def test_a_fifth_digit_that_still_waits_spoils_a_pin(pipe: Pipe) -> None:
    digits, typed = pipe
    typed(b"12345")
    assert digits.wait(PIN_DIGITS, 1) is None
    typed(b"\x08")
    assert waited(digits, PIN_DIGITS) == b"1234"


def test_what_is_given_out_is_a_copy_for_the_caller_to_overwrite(pipe: Pipe) -> None:
    digits, typed = pipe
    typed(b"1234")
    mine = digits.wait(PIN_DIGITS, 1)
    assert mine is not None
    digits.forget()
    assert mine == b"1234"


def test_forgetting_overwrites_the_one_buffer_and_what_still_waits(pipe: Pipe) -> None:
    digits, typed = pipe
    typed(b"1234")
    assert waited(digits, PIN_DIGITS) == b"1234"
    buffer = digits._held
    typed(b"56")
    digits.forget()
    assert buffer == bytes(14)
    assert digits._held is buffer
    assert digits.take()
    assert digits.count == 0


def test_digits_typed_for_a_card_that_has_gone_are_never_a_pin_but_may_be_the_number_on_it(pipe: Pipe) -> None:
    digits, typed = pipe
    typed(b"1234")
    digits.outlive_the_card()
    assert digits.wait(PIN_DIGITS, 0.01) is None
    typed(b"5678901234")
    assert waited(digits, CHECK_NUMBER_B_DIGITS) == b"12345678901234"
    digits.forget()
    typed(b"1234")
    assert waited(digits, PIN_DIGITS) == b"1234"
    digits.forget()
    digits.outlive_the_card()
    typed(b"4321")
    assert waited(digits, PIN_DIGITS) == b"4321"


def test_waiting_for_digits_has_an_end(pipe: Pipe) -> None:
    digits, typed = pipe
    typed(b"123")
    assert digits.wait(PIN_DIGITS, 0.05) is None


def test_a_closed_pipe_is_the_end_of_typing() -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    assert not Digits(read_end).take()
    os.close(read_end)


SETTINGS = CardSettings(
    (TrustedRoot(Path("/trust/root.pem"), simulated=True),), "Reader", Path("/run/own.comm"), (Path("/trust/ca.der"),)
)
COMMANDS: list[Command] = [
    Start(SETTINGS, "55021720352285"),
    Start(SETTINGS, None, traffic=True),
    Start(CardSettings((TrustedRoot(Path("/root.der")),)), None),
    messages.Watch(),
    messages.ReadCard(1),
    messages.VerifyPin(2),
    Sign(3, bytes(range(48))),
    messages.SendPhoto(4, "known"),
    messages.SendPhoto(5, "read"),
    messages.SendPhoto(6, "typed"),
    messages.ReadHolder(7),
]
MESSAGES: list[BoothMessage] = [
    messages.Ready(),
    messages.ReaderState(usable=False, word="no_reader"),
    Placed(12.5),
    Removed(),
    messages.Lost(),
    Read(1, b"\x30\x00", datetime(2030, 2, 17, 14, 59, 59, tzinfo=UTC), None, "shut", simulated=False),
    messages.Refused(2, "no_certificate"),
    messages.PinRight(3),
    messages.PinWrong(4, 2),
    Signed(5, bytes(256)),
    messages.PhotoSent(6, date(2035, 2, 17), date(1980, 2, 17)),
    messages.PhotoSent(6, None),
    messages.HolderRead(6, "試験\u3000花子", date(1980, 2, 17)),
    messages.HolderUnread(6),
    messages.PhotoRefused(7, "wrong", again=True),
]


@pytest.mark.parametrize("command", COMMANDS, ids=repr)
def test_commands_arrive_as_they_were_sent(channel: tuple[socket.socket, socket.socket], command: Command) -> None:
    messages.send(channel[0], command)
    assert messages.receive_command(channel[1]) == (command, None)


def test_another_studio_arrives_with_its_line(channel: tuple[socket.socket, socket.socket]) -> None:
    for_booth, for_studio = socket.socketpair()
    with for_booth, for_studio:
        messages.send_studio(channel[0], for_booth)
        received = messages.receive_command(channel[1])
        assert received is not None
        command, came = received
        assert command == messages.NewStudio()
        assert came is not None
        with came:
            for_studio.sendall(b"hello")
            assert came.recv(5) == b"hello"


@pytest.mark.parametrize("command", [messages.Watch(), messages.NewStudio()], ids=repr)
def test_a_line_that_does_not_belong_to_a_command_is_refused(
    channel: tuple[socket.socket, socket.socket], command: Command
) -> None:
    with channel[0].dup() as line:
        lines = [] if isinstance(command, messages.NewStudio) else [line.fileno()]
        socket.send_fds(channel[0], [messages.written(command)], lines)
        with pytest.raises(BoothMessageError):
            messages.receive_command(channel[1])


def test_a_booth_that_sends_a_line_is_not_understood(channel: tuple[socket.socket, socket.socket]) -> None:
    with channel[0].dup() as line:
        socket.send_fds(channel[0], [messages.written(messages.Ready())], [line.fileno()])
        with pytest.raises(BoothMessageError):
            messages.receive_message(channel[1])


@pytest.mark.parametrize("message", MESSAGES, ids=repr)
def test_messages_arrive_as_they_were_sent(channel: tuple[socket.socket, socket.socket], message: BoothMessage) -> None:
    messages.send(channel[0], message)
    assert messages.receive_message(channel[1]) == message


def test_the_other_ends_death_is_the_end(channel: tuple[socket.socket, socket.socket]) -> None:
    channel[0].close()
    assert messages.receive_message(channel[1]) is None


@pytest.mark.parametrize(
    "packet",
    [
        b"[]",
        b"{}",
        b'{"kind":"Start"}',
        b'{"kind":["Ready"]}',
        b'{"kind":"PinWrong","token":1,"tries_left":true}',
        b'{"kind":"PinWrong","token":-1,"tries_left":1}',
        b'{"kind":"PinWrong","token":1}',
        b'{"kind":"PinRight","token":1,"pin":"1234"}',
        b'{"kind":"Refused","token":1,"problem":"odd"}',
        b'{"kind":"Signed","token":1,"signature":"&&&&"}',
        b'{"kind":"PhotoSent","token":1,"card_expiry":"2035-02-30"}',
        b'{"kind":"PhotoSent","token":1,"card_expiry":20350217}',
        b'{"kind":"PhotoRefused","token":1,"why":"because","again":true}',
        b'{"kind":"Placed","mono":"soon"}',
        b'{"kind":"ReaderState","usable":1,"word":"ok"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_a_packet_that_is_no_message_is_refused(channel: tuple[socket.socket, socket.socket], packet: bytes) -> None:
    channel[0].send(packet)
    with pytest.raises(BoothMessageError):
        messages.receive_message(channel[1])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_value_in_a_field_breaks_the_reader_of_packets(value: object) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        body = {"kind": "Read", "token": 1, "certificate": value, "not_after": value, "pin_tries": value}
        ours.send(json.dumps({**body, "photo": value, "simulated": value}).encode())
        with pytest.raises(BoothMessageError):
            messages.receive_message(theirs)


def test_reprs_show_no_bytes_and_no_check_number() -> None:
    shown = " ".join(repr(packet) for packet in [*COMMANDS, *MESSAGES])
    assert "55021720352285" not in shown
    assert "\\x" not in shown
    assert "b'" not in shown


def test_no_answer_is_told_after_the_removal_of_its_card(channel: tuple[socket.socket, socket.socket]) -> None:
    teller = Teller(channel[0])
    belongs_to = teller.removals
    teller.sight(Placed(1.0))
    teller.sight(Removed())
    teller.sight(Placed(2.0))
    teller.answer(messages.PinRight(1), belongs_to)
    teller.answer(messages.PinRight(2), teller.removals)
    heard = [messages.receive_message(channel[1]) for _ in range(4)]
    assert heard == [Placed(1.0), Removed(), Placed(2.0), messages.PinRight(2)]
    os.close(teller.woken)
