"""The booth as a process, on a real pcscd with a virtual card: a visit, and everything that can go wrong with one."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardGoneError
from kiosk.card.messages import (
    HolderRead,
    HolderUnread,
    Lost,
    PhotoRefused,
    PhotoSent,
    PinRight,
    PinWrong,
    Placed,
    Read,
    ReaderState,
    Ready,
    Refused,
    Removed,
    Signed,
)
from kiosk.card.settings import TrustedRoot
from tests.card.conftest import DEADLINE, Desk, Visitor
from tests.card.table_card import JP2, Authority

CHALLENGE = bytes(range(48))


def signs_without_a_pin(visitor: Visitor) -> bool:
    """Whether a card lets this booth sign before anybody typed anything."""
    visitor.reads_the_card()
    visitor.booth.sign(9, CHALLENGE)
    message = visitor.said.get(timeout=DEADLINE)
    assert isinstance(message, Signed | Lost)
    return isinstance(message, Signed)


def until_gone(pid: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        os.sched_yield()
        signal.sigtimedwait([signal.SIGCHLD], 0.02)
    pytest.fail("the booth is still there")


def test_a_visit_with_photo_and_pin(desk: Desk) -> None:
    visitor = desk.visitor()
    read = visitor.reads_the_card()
    assert TrustStore.load(desk.settings.trust).accept(read.certificate).not_after == read.not_after
    assert (read.pin_tries, read.photo, read.simulated) == (3, "readable", True)

    visitor.booth.send_photo(2, "known")
    assert visitor.hears(PhotoSent) == PhotoSent(2, date(2035, 2, 17), date(1980, 2, 17))
    whole = b"PHO1" + len(JP2).to_bytes(4, "big") + JP2
    assert visitor.studio.recv(len(whole) + 1) == whole

    visitor.types("1234")
    visitor.booth.verify_pin(3)
    assert visitor.hears(PinRight) == PinRight(3)
    visitor.booth.sign(4, CHALLENGE)
    signed = visitor.hears(Signed)
    public_key = x509.load_der_x509_certificate(read.certificate).public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    public_key.verify(signed.signature, CHALLENGE, padding.PKCS1v15(), hashes.SHA256())
    assert desk.reader.audit() == []


def test_another_studio_gets_the_photo_without_a_second_number(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.booth.send_photo(2, "known")
    visitor.hears(PhotoSent)
    visitor.studio.close()
    for_booth, for_studio = socket.socketpair()
    with for_studio:
        with for_booth:
            visitor.booth.new_studio(for_booth)
        tries = desk.reader.tries()
        visitor.booth.send_photo(3, "read")  # this studio never read a number
        assert visitor.hears(PhotoSent).token == 3
        whole = b"PHO1" + len(JP2).to_bytes(4, "big") + JP2
        for_studio.settimeout(DEADLINE)
        assert for_studio.recv(len(whole) + 1) == whole
        assert desk.reader.tries() == tries


def test_the_holder_is_read_with_the_number_that_opened_the_photo_and_only_once(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.booth.read_holder(2)
    assert visitor.hears(HolderUnread) == HolderUnread(2), "no number was right in this dialogue yet"
    visitor.booth.send_photo(3, "known")
    visitor.hears(PhotoSent)
    visitor.booth.read_holder(4)
    found = visitor.hears(HolderRead)
    assert (found.name, found.birth_date) == ("試験\u3000花子", date(1980, 2, 17))
    visitor.booth.read_holder(5)
    assert visitor.hears(HolderUnread) == HolderUnread(5), "the number is kept no longer than it is needed"
    assert desk.reader.audit() == []


def test_a_warm_booth_leaves_the_reader_alone_until_it_is_told_to_watch(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.hears(Ready)
    # Sockets are all that can lead to pcscd: a warm booth has none but the two it was given.
    if os.geteuid() == 0:
        held = [str(fd.readlink()) for fd in Path(f"/proc/{visitor.booth.pid}/fd").iterdir()]
        assert len([name for name in held if name.startswith("socket:")]) == 2
    visitor.booth.watch()
    visitor.hears(ReaderState)
    before = time.monotonic()
    assert before - 5 < visitor.hears(Placed).mono < time.monotonic()


def test_wrong_pins_count_down_to_a_lock_and_no_further(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    for left in (2, 1, 0):
        visitor.types("9999")
        visitor.booth.verify_pin(left)
        assert visitor.hears(PinWrong) == PinWrong(left, left)
    visitor.types("1234")
    visitor.booth.verify_pin(5)
    assert visitor.hears(PinWrong) == PinWrong(5, 0)
    visitor.booth.read_card(6)
    assert visitor.hears(Read).pin_tries is None


def test_a_right_pin_gives_the_tries_back(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.types("9999")
    visitor.booth.verify_pin(2)
    assert visitor.hears(PinWrong) == PinWrong(2, 2)
    visitor.types("12")
    visitor.booth.erase_digit()
    visitor.types("234")
    visitor.booth.verify_pin(3)
    visitor.hears(PinRight)
    visitor.booth.read_card(4)
    assert visitor.hears(Read).pin_tries == 3


def test_fewer_than_four_digits_spend_no_try(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.sees_the_card()
    visitor.types("1")
    visitor.booth.verify_pin(1)
    visitor.hears(Lost)
    visitor.booth.read_card(2)
    visitor.hears(Read)
    visitor.types("9")
    visitor.booth.forget_digits()
    visitor.types("123")
    visitor.booth.verify_pin(3)
    assert visitor.hears(PinWrong) == PinWrong(3, 3)


def test_without_a_pin_the_card_does_not_sign(desk: Desk) -> None:
    assert not signs_without_a_pin(desk.visitor())


def test_a_new_dialogue_knows_nothing_of_the_pin_of_the_one_before(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.types("1234")
    visitor.booth.verify_pin(2)
    visitor.hears(PinRight)
    visitor.booth.read_card(3)
    visitor.hears(Read)
    visitor.booth.sign(4, CHALLENGE)
    visitor.hears(Lost)


def test_a_killed_booth_leaves_no_verified_pin_behind(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.types("1234")
    visitor.booth.verify_pin(2)
    visitor.hears(PinRight)
    visitor.booth.kill()
    visitor.hears_the_end()
    assert not signs_without_a_pin(desk.visitor())


def test_a_pulled_card_ends_the_dialogue_and_can_be_put_back(desk: Desk) -> None:
    visitor = desk.visitor()
    first = visitor.reads_the_card()
    visitor.types("1234")
    visitor.booth.verify_pin(2)
    visitor.hears(PinRight)
    desk.reader.pull()
    visitor.hears(Removed)
    visitor.booth.sign(3, CHALLENGE)
    visitor.hears(Lost)
    desk.reader.place()
    visitor.hears(Placed)
    visitor.booth.sign(4, CHALLENGE)
    visitor.hears(Lost)
    visitor.booth.read_card(5)
    assert visitor.hears(Read).certificate == first.certificate
    visitor.booth.sign(6, CHALLENGE)
    visitor.hears(Lost)


def test_a_card_pulled_in_the_middle_of_a_command_gives_no_answer_to_it(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(delay_ms=80)
    visitor = desk.visitor()
    visitor.sees_the_card()
    visitor.booth.read_card(1)
    desk.reader.pull()
    heard = [visitor.said.get(timeout=DEADLINE)]
    if heard == [Lost()]:
        heard.append(visitor.said.get(timeout=DEADLINE))
    assert heard[-1] == Removed()
    desk.reader.place()
    visitor.hears(Placed)
    visitor.booth.read_card(2)
    assert visitor.hears(Read).token == 2


def test_a_card_that_hangs_is_answered_with_a_kill(new_desk: Callable[..., Desk]) -> None:
    visitor = new_desk(delay_ms=60_000).visitor()
    visitor.sees_the_card()
    visitor.booth.read_card(1)
    began = time.monotonic()
    visitor.booth.kill()
    visitor.hears_the_end()
    assert time.monotonic() - began < 5


def test_a_booth_does_not_outlive_the_kiosk_even_while_a_card_hangs(new_desk: Callable[..., Desk]) -> None:
    visitor = new_desk(delay_ms=60_000).visitor()
    visitor.sees_the_card()
    visitor.booth.read_card(1)
    visitor.booth._control.shutdown(2)
    until_gone(visitor.booth.pid)


def test_a_booth_ends_quietly_with_the_kiosk(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.booth._control.shutdown(2)
    visitor.hears_the_end()
    assert visitor.booth._process.wait(DEADLINE) == 0


# -- check number B ---------------------------------------------------------------------------------------------------

WRONG, WRONG_TOO = "55021720352286", "55021720352287"


def test_a_number_read_by_the_studio_opens_the_photo(desk: Desk) -> None:
    visitor = desk.visitor(check_number_b=WRONG)
    visitor.reads_the_card()
    visitor.booth.send_photo(2, "read")
    assert visitor.hears(PhotoRefused) == PhotoRefused(2, "no_number", again=True)
    visitor.studio.sendall(b"CNB1" + WRONG.encode() + b"CNB1" + desk.issued.check_number_b.encode())
    visitor.booth.send_photo(3, "read")
    assert visitor.hears(PhotoSent) == PhotoSent(3, date(2035, 2, 17), date(1980, 2, 17))
    assert desk.reader.tries()["check_number_b"] == 10
    assert desk.reader.audit() == []


def test_fourteen_typed_digits_open_the_photo_and_a_pin_is_never_taken_for_them(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.types("123456789018")
    visitor.booth.send_photo(2, "typed")
    assert visitor.hears(PhotoRefused) == PhotoRefused(2, "no_number", again=True)
    visitor.types(desk.issued.check_number_b)
    visitor.booth.verify_pin(3)
    assert visitor.hears(PinWrong) == PinWrong(3, 3)
    visitor.types(desk.issued.check_number_b)
    visitor.booth.send_photo(4, "typed")
    visitor.hears(PhotoSent)
    assert desk.reader.tries() == {"pin": 3, "signature": 5, "check_number_b": 10}
    assert desk.reader.audit() == []


def test_two_wrong_numbers_are_the_last_of_a_visit_and_leave_the_pin_way_open(desk: Desk) -> None:
    visitor = desk.visitor(check_number_b=WRONG)
    visitor.reads_the_card()
    for token, again in ((2, True), (3, True)):
        visitor.booth.send_photo(token, "known")
        assert visitor.hears(PhotoRefused) == PhotoRefused(token, "wrong", again)
    assert desk.reader.tries()["check_number_b"] == 9
    visitor.types(WRONG_TOO)
    visitor.booth.send_photo(4, "typed")
    assert visitor.hears(PhotoRefused) == PhotoRefused(4, "wrong", again=False)
    visitor.types(desk.issued.check_number_b)
    visitor.booth.send_photo(5, "typed")
    assert visitor.hears(PhotoRefused) == PhotoRefused(5, "too_few_tries", again=False)
    assert desk.reader.tries()["check_number_b"] == 8
    visitor.types("1234")
    visitor.booth.verify_pin(6)
    visitor.hears(PinRight)


def test_sends_are_counted_over_a_card_that_is_pulled_and_placed_again(desk: Desk) -> None:
    visitor = desk.visitor(check_number_b=WRONG)
    visitor.reads_the_card()
    visitor.booth.send_photo(2, "known")
    visitor.hears(PhotoRefused)
    desk.reader.pull()
    visitor.hears(Removed)
    desk.reader.place()
    visitor.hears(Placed)
    visitor.booth.read_card(3)
    visitor.hears(Read)
    visitor.booth.send_photo(4, "known")
    assert visitor.hears(PhotoRefused) == PhotoRefused(4, "wrong", again=True)
    assert desk.reader.tries()["check_number_b"] == 9


def test_without_a_studio_there_is_no_photo_and_the_visit_goes_on(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.studio.close()
    visitor.booth.send_photo(2, "known")
    assert visitor.hears(PhotoRefused) == PhotoRefused(2, "no_studio", again=False)
    visitor.types("1234")
    visitor.booth.verify_pin(3)
    visitor.hears(PinRight)


def test_a_card_torn_away_while_its_photo_is_read_is_lost(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    desk.reader.tear(6)
    visitor.booth.send_photo(2, "known")
    visitor.hears_the_card_go()


# -- whose card -------------------------------------------------------------------------------------------------------


def test_a_card_of_another_root_is_refused(desk: Desk, stranger: Authority, tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(stranger.pem)
    visitor = desk.visitor(settings=replace(desk.settings, trust=(TrustedRoot(tmp_path / "root.pem"),)))
    visitor.sees_the_card()
    visitor.booth.read_card(1)
    assert visitor.hears(Refused) == Refused(1, "not_accepted")


def test_a_booth_that_is_gone_takes_no_commands(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.hears(Ready)
    visitor.booth.kill()
    visitor.booth.kill()
    visitor.hears_the_end()
    for command in (visitor.booth.watch, visitor.booth.forget_digits, lambda: visitor.booth.digits_fd):
        with pytest.raises(CardGoneError):
            command()
