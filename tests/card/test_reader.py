"""Readers on a real pcscd: chosen by name, watched through restarts and cables, and what `kiosk check` says of them.

Each look is a process of its own: libpcsclite takes one socket for the whole life of a process.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.card.messages import Lost, PinRight, Placed, Read, ReaderState, Ready, Refused, Removed
from kiosk.simulation.pcsc import PrivateReader
from tests.card.conftest import DEADLINE, Desk, Visitor, stack_cannot_run

FIRST, SECOND, OTHER = "Kiosk Card Reader 00 00", "Kiosk Card Reader 00 01", "Other Reader"
OK = ReaderState(usable=True, word="ok")

ASK = """
import sys
from pathlib import Path
from kiosk.card.reader import reader_state
from kiosk.card.settings import CardSettings, TrustedRoot
report = reader_state(CardSettings((TrustedRoot(Path("none")),), sys.argv[2] or None, Path(sys.argv[1])))
print(report.state.usable, report.state.word, report.sentence, sep="|")
"""

HOLD = """
import sys
from smartcard import scard
context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)[1]
share = {"exclusive": scard.SCARD_SHARE_EXCLUSIVE, "shared": scard.SCARD_SHARE_SHARED}[sys.argv[2]]
code, card, _ = scard.SCardConnect(context, sys.argv[1], share, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1)
print(code, flush=True)
sys.stdin.read()
scard.SCardDisconnect(card, scard.SCARD_RESET_CARD)
scard.SCardReleaseContext(context)
"""


def state_of(socket: Path, name: str = "") -> list[str]:
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(socket), name], capture_output=True, text=True, timeout=DEADLINE, check=True
    )
    return asked.stdout.strip().split("|")


@contextmanager
def held_by_somebody(socket: Path, share: str, reader: str = FIRST) -> Iterator[None]:
    """Another program with a connection to the card."""
    environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(socket)}
    command = [sys.executable, "-c", HOLD, reader, share]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        try:
            assert holder.stdout.readline() == "0\n"
            yield
        finally:
            holder.stdin.close()
            holder.wait(DEADLINE)


@pytest.fixture(scope="session")
def two_readers(new_stack: Callable[..., PrivateReader]) -> PrivateReader:
    return new_stack(second_reader=OTHER, inserted=True)


def begins(visitor: Visitor) -> None:
    visitor.hears(Ready)
    visitor.booth.watch()


# -- kiosk check ------------------------------------------------------------------------------------------------------


def test_a_machine_without_pcscd_is_told_what_to_do(tmp_path: Path) -> None:
    usable, word, sentence = state_of(tmp_path / "nobody")
    assert (usable, word) == ("False", "no_pcscd")
    assert "pcscd is not running" in sentence


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", ["True", "ok", f"card reader ready: {FIRST}, {SECOND}"]),
        ("00 01", ["True", "ok", f"card reader ready: {SECOND}"]),
        ("Other", ["False", "other_reader", "no connected card reader has the name that is set under card: reader"]),
    ],
)
def test_readers_are_chosen_by_part_of_their_name(desk: Desk, name: str, expected: list[str]) -> None:
    assert state_of(desk.reader.socket, name) == expected


@pytest.mark.parametrize("share", ["exclusive", "shared"])
def test_a_reader_that_another_program_holds_is_told(desk: Desk, share: str) -> None:
    with held_by_somebody(desk.reader.socket, share):
        usable, word, sentence = state_of(desk.reader.socket)
        assert (usable, word) == ("False", "in_use")
        assert "another program holds the card reader" in sentence
        assert state_of(desk.reader.socket, "00 01")[2] == f"card reader ready: {SECOND}"


def test_a_mute_card_and_too_many_cards_are_told(two_readers: PrivateReader) -> None:
    two_readers.pull()
    two_readers.place("mute")
    said = told_in_the_end(lambda: state_of(two_readers.socket)[2], "does not answer as a card: take it away")
    assert said.startswith("card reader ready")
    two_readers.place("ordinary", "other")
    told_in_the_end(lambda: state_of(two_readers.socket)[2], "more than one card lies there: take all but one away")
    two_readers.pull()


def told_in_the_end(look: Callable[[], str], wanted: str) -> str:
    """pcscd looks at its readers every 400 ms."""
    deadline = time.monotonic() + DEADLINE
    while wanted not in (said := look()):
        assert time.monotonic() < deadline, said
    return said


# -- the watcher ------------------------------------------------------------------------------------------------------


def test_a_mute_card_is_seen_and_refused_and_its_place_is_free_again(
    new_desk: Callable[..., Desk], two_readers: PrivateReader
) -> None:
    two_readers.pull()
    visitor = new_desk(stack=two_readers).visitor()
    begins(visitor)
    assert visitor.hears(ReaderState) == OK
    visitor.hears_an_empty_reader()
    two_readers.place("mute")
    visitor.hears(Placed)
    visitor.booth.read_card(1)
    assert visitor.hears(Refused) == Refused(1, "unreadable")
    two_readers.pull()
    visitor.hears(Removed)
    two_readers.place("ordinary")
    visitor.hears(Placed)
    visitor.booth.read_card(2)
    visitor.hears(Read)
    two_readers.pull()
    visitor.hears(Removed)


def test_cards_of_every_make_are_told_apart_on_a_reader(
    new_desk: Callable[..., Desk], two_readers: PrivateReader
) -> None:
    """Their ATRs are all different; what they are is told by their answers."""
    two_readers.pull()
    visitor = new_desk(stack=two_readers).visitor()
    begins(visitor)
    visitor.hears(ReaderState)
    visitor.hears_an_empty_reader()
    cards = {"transit": "other_card", "licence": "other_card", "bank": "other_card", "android": "phone"}
    for token, (kind, problem) in enumerate(cards.items()):
        two_readers.place(kind)
        visitor.hears(Placed)
        visitor.booth.read_card(token)
        assert visitor.hears(Refused) == Refused(token, problem)  # type: ignore[arg-type]
        two_readers.pull()
        visitor.hears(Removed)
    assert two_readers.audit() == []


@pytest.mark.parametrize("beside", ["second", "other"])
def test_cards_in_two_places_are_refused_until_one_is_taken(
    new_desk: Callable[..., Desk], two_readers: PrivateReader, beside: str
) -> None:
    """Two slots of one reader, and two readers."""
    two_readers.pull()
    visitor = new_desk(stack=two_readers).visitor()
    begins(visitor)
    visitor.hears(ReaderState)
    visitor.hears_an_empty_reader()
    two_readers.place("ordinary")
    visitor.hears(Placed)
    two_readers.place("transit", beside)
    look = told_in_the_end(lambda: state_of(two_readers.socket)[2], "more than one card lies there")
    assert look
    visitor.booth.read_card(1)
    assert visitor.hears(Refused) == Refused(1, "several_cards")
    two_readers.pull(beside)
    visitor.hears(Removed)
    visitor.hears(Placed)
    visitor.booth.read_card(2)
    assert visitor.hears(Read).token == 2
    two_readers.pull()
    visitor.hears(Removed)


def test_a_card_on_the_other_reader_is_a_card_unless_the_settings_name_one(
    new_desk: Callable[..., Desk], two_readers: PrivateReader
) -> None:
    two_readers.pull()
    desk = new_desk(stack=two_readers)
    anywhere = desk.visitor()
    only_first = desk.visitor(settings=replace(desk.settings, reader="Kiosk"))
    for visitor in (anywhere, only_first):
        begins(visitor)
        visitor.hears(ReaderState)
        visitor.hears(Removed)
    two_readers.place("ordinary", "other")
    anywhere.hears(Placed)
    anywhere.booth.read_card(1)
    anywhere.hears(Read)
    only_first.booth.read_card(1)
    only_first.hears(Lost)
    two_readers.pull()
    anywhere.hears(Removed)


def test_a_swap_that_pcscd_misses_ends_the_dialogue_at_the_next_command(desk: Desk) -> None:
    """pcscd 1.9 may even take the reader for empty afterwards, until the new card is lifted: it is placed once more."""
    visitor = desk.visitor()
    mine = visitor.reads_the_card()
    visitor.types("1234")
    visitor.booth.verify_pin(2)
    visitor.hears(PinRight)
    desk.reader.swap("another")
    visitor.booth.sign(3, bytes(48))
    visitor.hears(Lost)
    desk.reader.pull()
    visitor.hears(Removed)
    desk.reader.place("another")
    visitor.hears(Placed)
    visitor.booth.sign(4, bytes(48))
    visitor.hears(Lost)
    visitor.booth.read_card(5)
    assert visitor.hears(Read).certificate != mine.certificate


@pytest.mark.parametrize("share", ["exclusive", "shared"])
def test_a_card_that_another_program_holds_comes_back_when_it_is_let_go(desk: Desk, share: str) -> None:
    visitor = desk.visitor()
    visitor.sees_the_card()
    with held_by_somebody(desk.reader.socket, share):
        visitor.hears(Removed)
        assert visitor.hears(ReaderState) == ReaderState(usable=False, word="in_use")
        visitor.booth.read_card(1)
        visitor.hears(Lost)
    assert visitor.hears(ReaderState) == OK
    visitor.hears(Placed)
    visitor.booth.read_card(2)
    visitor.hears(Read)


def test_a_dialogue_of_our_own_is_not_somebody_elses_hold(desk: Desk) -> None:
    visitor = desk.visitor()
    visitor.reads_the_card()
    # Longer than it takes to call a reader in use: a slow PIN, and nothing is said.
    with pytest.raises(queue.Empty):
        visitor.said.get(timeout=1.8)
    visitor.types("1234")
    visitor.booth.verify_pin(2)
    visitor.hears(PinRight)


def test_a_card_is_held_by_one_booth_alone(desk: Desk) -> None:
    holder, second = desk.visitor(), desk.visitor()
    holder.reads_the_card()
    begins(second)
    assert second.hears(ReaderState) == ReaderState(usable=False, word="in_use")
    second.booth.read_card(1)
    second.hears(Lost)
    holder.booth.kill()
    assert second.hears(ReaderState) == OK
    second.hears(Placed)
    second.booth.read_card(2)
    second.hears(Read)


def test_a_booth_may_follow_at_once_on_one_that_was_killed_with_the_card_in_its_hands(desk: Desk) -> None:
    holder, second = desk.visitor(), desk.visitor()
    holder.reads_the_card()
    second.hears(Ready)
    holder.booth.kill()
    second.booth.watch()
    assert second.hears(ReaderState) == OK
    second.hears(Placed)
    second.booth.read_card(1)
    second.hears(Read)


def test_a_restart_of_pcscd_costs_a_removal_and_nothing_else(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk()
    visitor = desk.visitor()
    visitor.reads_the_card()
    desk.reader.stop_pcscd()
    visitor.hears(Removed)
    assert visitor.hears(ReaderState) == ReaderState(usable=False, word="no_pcscd")
    visitor.booth.sign(2, bytes(48))
    visitor.hears(Lost)
    assert state_of(desk.reader.socket)[1] == "no_pcscd"
    desk.reader.start_pcscd()
    assert visitor.hears(ReaderState) == OK
    if not isinstance(visitor.said.get(timeout=DEADLINE), Placed):
        # pcscd may be asked before it has looked.
        visitor.hears(Placed)
    visitor.booth.read_card(3)
    visitor.hears(Read)


def test_a_reader_that_is_exchanged_for_another_serves_at_once(new_desk: Callable[..., Desk]) -> None:
    desk = new_desk(second_reader=OTHER)
    desk.reader.pull()
    desk.reader.unplug("other")
    visitor = desk.visitor()
    begins(visitor)
    visitor.hears(ReaderState)
    visitor.hears_an_empty_reader()
    desk.reader.unplug("first")
    assert state_of(desk.reader.socket)[1] == "no_reader"
    states = {visitor.hears(ReaderState).word}
    desk.reader.plug("other")
    while (said := visitor.hears(ReaderState)) != OK:
        states.add(said.word)
    assert states <= {"no_pcscd", "no_reader"}
    desk.reader.place("ordinary", "other")
    visitor.hears(Placed)
    visitor.booth.read_card(1)
    visitor.hears(Read)


def test_without_pcscd_a_booth_says_so(tmp_path: Path, desk: Desk) -> None:
    visitor = desk.visitor(settings=replace(desk.settings, pcsc_socket=tmp_path / "nobody"))
    begins(visitor)
    assert visitor.hears(ReaderState) == ReaderState(usable=False, word="no_pcscd")
    visitor.booth.read_card(1)
    visitor.hears(Lost)


def test_a_pcscd_without_a_reader_is_told_from_no_pcscd(tmp_path: Path) -> None:
    reason = stack_cannot_run()
    if reason is not None:
        pytest.skip(f"no real pcscd: {reason}")
    for folder in ("run", "readers"):
        (tmp_path / folder).mkdir()
    # A /run of its own, as for the private reader; here without any reader's configuration.
    script = 'exec 3<"$0"/run; mount -t tmpfs none /run; mkdir /run/pcscd; mount --bind /proc/self/fd/3 /run/pcscd; '
    script += 'PATH="$PATH:/usr/sbin" exec pcscd --foreground --config "$0"/readers'
    flags = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
    flags += [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    log = (tmp_path / "log").open("wb")
    with log, subprocess.Popen(["unshare", *flags, "sh", "-c", script, str(tmp_path)], stdout=log, stderr=log) as pcscd:
        try:
            deadline = time.monotonic() + DEADLINE
            said = state_of(tmp_path / "run" / "pcscd.comm")
            while said[1] == "no_pcscd" and pcscd.poll() is None and time.monotonic() < deadline:
                said = state_of(tmp_path / "run" / "pcscd.comm")
        finally:
            pcscd.kill()
    assert said == ["False", "no_reader", "no card reader is connected: plug it in, or check its cable"]


def test_the_kiosks_handle_imports_no_pyscard() -> None:
    code = "import sys, kiosk.card.handle; sys.exit('smartcard' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=DEADLINE, check=False).returncode == 0
