"""What a hand can do to cards on a real reader: tear, swap, stack, exchange; and what befalls the reader itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.simulation import card_folder
from kiosk.simulation.card_control import ControlError
from kiosk.simulation.kinds import KINDS
from kiosk.simulation.pcsc import PrivateReader, PrivateReaderError
from tests.simulation.stack import READER, SECOND_SLOT, await_that, client, dialogue, line, run

SELECT_JPKI = "00A4040C0AD392F000260100000001"
SELECT_PIN = "00A4020C020018"
SELECT_CERTIFICATE = "00A4020C02000A"
READ = "00B00000000000"
ASK_TRIES = "00200080"
VERIFY_WRONG = "002000800430303030"
OTHER = "Other Reader 00 00"
UNPOWERED = "80100067"
"""SCARD_W_UNPOWERED_CARD"""


@pytest.fixture
def reader(issued_card: Path) -> Iterator[PrivateReader]:
    with PrivateReader(issued_card, inserted=True) as started:
        yield started


@pytest.fixture
def two_readers(issued_card: Path) -> Iterator[PrivateReader]:
    with PrivateReader(issued_card, inserted=True, second_reader="Other Reader") as started:
        yield started


class TestTearing:
    def test_a_card_vanishes_in_the_middle_of_the_command_named(self, reader: PrivateReader) -> None:
        with client("events", reader) as watcher:
            assert line(watcher.stdout) == "present"
            reader.tear(3)
            with dialogue(reader) as send:
                assert [send(SELECT_JPKI), send(SELECT_PIN), send(ASK_TRIES)] == ["9000", "9000", "lost"]
                assert send(ASK_TRIES) == "lost"
            assert line(watcher.stdout) == "empty"
            assert reader.tell("status")["placed"] is False
            reader.place()
            assert line(watcher.stdout) == "present"

    def test_a_try_whose_answer_was_torn_away_is_used_up(self, reader: PrivateReader) -> None:
        reader.tear(3)
        with dialogue(reader) as send:
            assert [send(SELECT_JPKI), send(SELECT_PIN), send(VERIFY_WRONG)] == ["9000", "9000", "lost"]
        assert reader.tries()["pin"] == 2

    def test_it_can_be_told_at_the_start_and_called_off(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, inserted=True, tear_after=1) as reader:
            assert reader.tell("status")["tear_in"] == 1
            reader.tear(0)
            with dialogue(reader) as send:
                assert [send(SELECT_JPKI), send(SELECT_PIN)] == ["9000", "9000"]


class TestSwapping:
    def test_in_a_dialogue_one_command_fails_and_the_next_talks_to_another_card(
        self, reader: PrivateReader, issued_card: Path
    ) -> None:
        with dialogue(reader) as send:
            assert [send(SELECT_JPKI), send(SELECT_CERTIFICATE)] == ["9000", "9000"]
            mine = send(READ)
            reader.swap()
            assert send(READ) == "lost"
            await_that(lambda: send(SELECT_JPKI) == "9000", "the new card answers on the same handle")
            assert send(SELECT_CERTIFICATE) == "9000"
            assert (theirs := send(READ)) != mine
        folder = card_folder.place_of(issued_card, KINDS["another"])
        assert bytes.fromhex(theirs)[:-2] == (folder / "certificate.der").read_bytes()
        assert reader.card().kind == "another"

    def test_nobody_is_told(self, reader: PrivateReader) -> None:
        with client("events", reader) as process:
            assert line(process.stdout) == "present"
            reader.swap()
            with pytest.raises(AssertionError, match="no line"):
                line(process.stdout, within=0.9)

    def test_swapping_again_brings_the_first_one_back(self, reader: PrivateReader) -> None:
        first = reader.card().fingerprint
        reader.swap()
        assert reader.card().fingerprint != first
        reader.swap()
        assert reader.card().fingerprint == first
        reader.swap("transit")
        assert reader.card().fingerprint == ""

    def test_without_a_card_there_is_nothing_to_swap(self, reader: PrivateReader) -> None:
        reader.pull()
        with pytest.raises(ControlError, match="no card lies"):
            reader.swap()


class TestTries:
    def test_they_stay_used_up_over_a_pull_a_swap_another_kind_and_a_new_pcscd(self, reader: PrivateReader) -> None:
        with dialogue(reader) as send:
            assert [send(SELECT_JPKI), send(SELECT_PIN), send(VERIFY_WRONG)] == ["9000", "9000", "63C2"]
        reader.pull()
        reader.place()
        reader.swap()
        assert reader.tries()["pin"] == 3
        reader.kind("ordinary")
        reader.restart_pcscd()
        assert reader.tries() == {"pin": 2, "signature": 5, "check_number_b": 10}

    def test_they_can_be_set(self, reader: PrivateReader) -> None:
        reader.set_tries("pin", 0)
        reader.set_tries("check_number_b", 6)
        assert reader.tries() == {"pin": 0, "signature": 5, "check_number_b": 6}
        with dialogue(reader) as send:
            assert [send(SELECT_JPKI), send(SELECT_PIN), send(VERIFY_WRONG)] == ["9000", "9000", "6984"]

    def test_a_card_without_passwords_has_none(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, kind="bank") as reader:
            assert reader.tries() == {}


class TestKinds:
    def test_another_kind_is_exchanged_so_that_it_is_seen(self, reader: PrivateReader) -> None:
        with client("events", reader) as process:
            assert line(process.stdout) == "present"
            reader.kind("foreign")
            assert [line(process.stdout), line(process.stdout)] == ["empty", "present"]
        assert reader.card().check_number_b.startswith("800217")

    def test_in_the_hand_it_is_exchanged_without_anybody_seeing(self, issued_card: Path) -> None:
        with PrivateReader(issued_card) as reader:
            reader.kind("face_only")
            assert reader.tell("status")["placed"] is False
            assert reader.card().pin is None

    def test_one_can_be_in_hand_from_the_start(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, kind="low_b", inserted=True) as reader:
            assert reader.tries()["check_number_b"] == 5

    def test_a_card_is_issued_once_for_all_readers_of_a_folder(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, kind="grace") as one, PrivateReader(issued_card, kind="grace") as other:
            assert one.card().fingerprint == other.card().fingerprint

    def test_an_unknown_kind_is_one_sentence(self, reader: PrivateReader, issued_card: Path) -> None:
        with pytest.raises(ControlError, match="no kind of card; expected one of: ordinary, "):
            reader.kind("library")
        with pytest.raises(PrivateReaderError, match="no kind of card"):
            PrivateReader(issued_card, kind="library").start()

    def test_a_mute_card_is_there_and_does_not_power_up(self, issued_card: Path) -> None:
        with PrivateReader(issued_card, kind="mute", inserted=True) as reader:
            with client("events", reader) as process:
                assert line(process.stdout) == "mute"
                with client("connect", reader) as tried:
                    assert line(tried.stdout) == UNPOWERED
                reader.kind("ordinary")
                assert [line(process.stdout), line(process.stdout)] == ["empty", "present"]
            with dialogue(reader) as send:
                assert send(SELECT_JPKI) == "9000"


class TestSeveralCards:
    def test_a_second_card_lies_in_the_second_slot(self, reader: PrivateReader) -> None:
        with client("events", reader, SECOND_SLOT) as process:
            assert line(process.stdout) == "empty"
            reader.tell("second")
            assert line(process.stdout) == "present"
            assert reader.tell("status")["lying"] == {"first": "ordinary", "second": "transit"}
            reader.pull("second")
            assert line(process.stdout) == "empty"
        assert reader.tell("status")["lying"] == {"first": "ordinary"}

    def test_both_of_two_cards_answer_for_themselves(self, reader: PrivateReader) -> None:
        reader.place("another", "second")
        await_that(lambda: run(reader, "opensc-tool", "-l").stdout.count("Yes") == 2, "both cards are seen")
        with dialogue(reader) as first, dialogue(reader, SECOND_SLOT) as second:
            for send in (first, second):
                assert [send(SELECT_JPKI), send(SELECT_CERTIFICATE)] == ["9000", "9000"]
            assert first(READ) != second(READ)

    def test_pulling_takes_all_of_them(self, reader: PrivateReader) -> None:
        reader.tell("second")
        reader.pull()
        assert reader.tell("status")["lying"] == {}

    def test_one_card_cannot_lie_in_two_places(self, reader: PrivateReader) -> None:
        with pytest.raises(ControlError, match="lies in the slot first"):
            reader.place("ordinary", "second")

    @pytest.mark.parametrize("words", [("place", "third"), ("other",), ("pull", "other"), ("place", "bank", "third")])
    def test_a_slot_that_is_not_there_is_one_sentence(self, reader: PrivateReader, words: tuple[str, ...]) -> None:
        with pytest.raises(ControlError, match="expected one of"):
            reader.tell(*words)


class TestReaders:
    def test_two_readers_each_take_a_card(self, two_readers: PrivateReader) -> None:
        with client("events", two_readers, OTHER) as process:
            assert line(process.stdout) == "empty"
            two_readers.place("another", "other")
            assert line(process.stdout) == "present"

    def test_one_of_two_can_be_unplugged_and_plugged_in(self, two_readers: PrivateReader) -> None:
        with client("events", two_readers) as first, client("events", two_readers, OTHER) as other:
            assert [line(first.stdout), line(other.stdout)] == ["present", "empty"]
            two_readers.unplug("first")
            assert [line(first.stdout), line(first.stdout)] == ["no service", "no reader"]
            assert [line(other.stdout), line(other.stdout)] == ["no service", "empty"]
            two_readers.plug("first")
            await_that(lambda: line(first.stdout) == "present", "the card that was left lying on it is seen")

    def test_the_only_one_can_be_unplugged(self, reader: PrivateReader) -> None:
        reader.unplug()
        assert reader.tell("status")["readers"] == []
        assert READER not in run(reader, "opensc-tool", "-l").stdout
        reader.plug()
        assert READER in run(reader, "opensc-tool", "-l").stdout


class TestPcscd:
    def test_after_a_restart_the_card_is_found_behind_the_same_socket(self, reader: PrivateReader) -> None:
        socket = reader.socket
        with client("events", reader) as process:
            assert line(process.stdout) == "present"
            reader.restart_pcscd()
            assert [line(process.stdout), line(process.stdout)] == ["no service", "empty"]
            assert line(process.stdout) == "present"
        assert reader.socket == socket

    def test_while_it_is_stopped_cards_can_be_moved(self, reader: PrivateReader) -> None:
        reader.stop_pcscd()
        assert not reader.socket.exists()
        assert reader.tell("status")["pcscd"] is False
        reader.place("face_only")
        assert reader.tell("status")["lying"] == {"first": "face_only"}
        reader.start_pcscd()
        await_that(lambda: reader.tell("status")["seen"] is True, "the card is seen")

    def test_stopping_it_in_a_dialogue_loses_the_card(self, reader: PrivateReader) -> None:
        with dialogue(reader) as send:
            assert send(SELECT_JPKI) == "9000"
            reader.restart_pcscd()
            assert send(SELECT_JPKI) == "lost"

    def test_it_can_be_restarted_again_and_again(self, reader: PrivateReader) -> None:
        for _ in range(5):
            reader.restart_pcscd()
        await_that(lambda: reader.tell("status")["seen"] is True, "the card is seen")
        assert reader.audit() == []


class TestSlowness:
    def test_a_delay_can_be_told_and_every_command_is_counted(self, reader: PrivateReader) -> None:
        with dialogue(reader) as send:
            send(SELECT_JPKI)
            before = reader.commands()
            reader.delay(100)
            started = time.monotonic()
            send(SELECT_PIN)
            assert time.monotonic() - started > 0.09
            assert reader.commands() - before == 1

    @pytest.mark.parametrize("number", ["-1", "1e3", "60001", "", "٣"])
    def test_a_delay_that_is_none_is_one_sentence(self, reader: PrivateReader, number: str) -> None:
        with pytest.raises(ControlError, match=r"expected a number from 0 to 60000|unknown command"):
            reader.tell("delay", number)
