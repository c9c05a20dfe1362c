"""The talk with one card below the booth's messages: which reader, how long a read, and what a broken one costs."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from smartcard import scard

from kiosk.card import dialogue, messages, pcsc
from kiosk.card.apdu import Apdu
from kiosk.card.booth import CardBooth
from kiosk.card.certificate import TrustStore
from kiosk.card.dialogue import Dialogue
from kiosk.card.digits import Digits
from kiosk.card.errors import CardGoneError, ExtendedReadError, ReaderError
from kiosk.card.messages import ReadCard, Start
from kiosk.card.reader import chosen
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.card.studio_link import StudioLink
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.issuing import IssuedCard
from tests.card.table_card import InMemory


@dataclass
class Line:
    """A reader's end of the line that breaks at the first extended command, as a driver may that knows none."""

    card: InMemory
    longest_answer: int | None = None
    breaks: bool = True
    closed: bool = False

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        if self.closed:
            raise CardGoneError("the dialogue with the card is over")
        if self.breaks and len(apdu) == 7 and apdu[4] == 0:
            self.close()
            raise CardGoneError("the card stopped answering")
        return self.card.transmit(apdu)

    def close(self) -> None:
        self.closed = True
        self.card.card.reset()


@dataclass
class Reader:
    """Gives a new line to the same card each time."""

    card: VirtualCard
    options: dict[str, object] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def open(self, _: CardSettings) -> Line:
        self.lines.append(Line(InMemory(self.card), **self.options))  # type: ignore[arg-type]
        return self.lines[-1]


@pytest.fixture
def reader(virtual_card: Callable[[str], VirtualCard], monkeypatch: pytest.MonkeyPatch) -> Reader:
    made = Reader(virtual_card("ordinary"))
    monkeypatch.setattr(dialogue, "PcscConnection", made)
    return made


@pytest.fixture
def settings(issued: tuple[Path, IssuedCard]) -> CardSettings:
    return CardSettings((TrustedRoot(issued[0] / "trust" / "auth-ca.pem", simulated=True),))


@pytest.fixture
def booth(settings: CardSettings) -> Iterator[CardBooth]:
    """A booth without a process: its commands are given by calling it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    read_end, write_end = os.pipe()
    studio, other = socket.socketpair()
    with ours, theirs, studio, other:
        made = CardBooth(Start(settings, None), theirs, Digits(read_end), StudioLink(studio))
        yield made
        made._let_go()
        os.close(made._teller.woken)
    os.close(read_end)
    os.close(write_end)


def extended(line: Line) -> int:
    return sum(len(command) == 7 and command[4] == 0 for command in line.card.sent)


def test_a_connection_that_breaks_at_the_first_extended_read_says_so(
    reader: Reader, settings: CardSettings, issued_trust: TrustStore
) -> None:
    with pytest.raises(ExtendedReadError):
        Dialogue.open(settings, issued_trust, 0, extended=True, traffic=False)
    opened = Dialogue.open(settings, issued_trust, 0, extended=False, traffic=False)
    assert isinstance(opened, Dialogue)


def test_a_booth_reads_once_more_from_the_start_in_short_and_never_tries_again(
    reader: Reader, booth: CardBooth
) -> None:
    for token in (1, 2):
        read = booth._read(ReadCard(token), 0)
        assert isinstance(read, messages.Read)
        assert (read.token, read.pin_tries, read.photo) == (token, 3, "readable")
    assert len(reader.lines) == 3
    assert [extended(line) for line in reader.lines] == [0, 0, 0], "the first one never arrived"
    assert [line.closed for line in reader.lines] == [True, True, False]


def test_a_card_that_is_really_gone_then_is_gone(
    reader: Reader, booth: CardBooth, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = reader.open

    def once(settings: CardSettings) -> Line:
        if reader.lines:
            raise CardGoneError("no card lies on the reader")
        return opened(settings)

    monkeypatch.setattr(reader, "open", once)
    with pytest.raises(CardGoneError):
        booth._read(ReadCard(1), 0)
    assert not booth._watcher.presence.busy


def test_a_reader_that_says_it_is_short_of_room_is_never_tried(reader: Reader, booth: CardBooth) -> None:
    reader.options = {"longest_answer": 261}
    assert isinstance(booth._read(ReadCard(1), 0), messages.Read)
    assert len(reader.lines) == 1


def test_a_reader_that_the_settings_call_short_is_never_tried(reader: Reader, booth: CardBooth) -> None:
    booth._settings = replace(booth._settings, extended_reads=False)
    assert isinstance(booth._read(ReadCard(1), 0), messages.Read)
    assert len(reader.lines) == 1


def test_extended_reads_are_used_where_they_work(reader: Reader, booth: CardBooth) -> None:
    reader.options = {"breaks": False}
    assert isinstance(booth._read(ReadCard(1), 0), messages.Read)
    assert [extended(line) for line in reader.lines] == [1]
    assert booth._watcher.presence.busy


def test_a_card_that_cannot_go_on_is_let_go_at_once(
    reader: Reader, booth: CardBooth, virtual_card: Callable[[str], VirtualCard]
) -> None:
    reader.card = virtual_card("android")
    assert booth._read(ReadCard(1), 0) == messages.Refused(1, "phone")
    assert reader.lines[0].closed
    assert not booth._watcher.presence.busy


# -- what pcscd and a driver tell -------------------------------------------------------------------------------------


class Names:
    """A pcscd with readers of these names."""

    def __init__(self, *names: str) -> None:
        self._names = list(names)

    def readers(self) -> list[str]:
        return self._names


DUAL = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00"
SAM = "ACS ACR1252 Dual Reader [ACR1252 Dual Reader SAM] 01 00"
SAMSON = "SAMSON Reader 00 00"


@pytest.mark.parametrize(
    ("wanted", "names", "found"),
    [
        (None, [DUAL, SAM], [DUAL]),
        (None, [SAMSON], [SAMSON]),
        ("ACR1252", [DUAL, SAM], [DUAL, SAM]),
        ("PICC", [SAMSON, DUAL, SAM], [DUAL]),
    ],
)
def test_a_slot_inside_the_housing_is_no_place_for_a_patients_card(
    settings: CardSettings, wanted: str | None, names: list[str], found: list[str]
) -> None:
    asked = CardSettings(settings.trust, wanted)
    assert chosen(Names(*names), asked) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(("names", "word"), [([], "no_reader"), ([SAM], "other_reader")])
def test_without_a_place_for_cards_there_is_no_reader(settings: CardSettings, names: list[str], word: str) -> None:
    with pytest.raises(ReaderError) as caught:
        chosen(Names(*names), settings)  # type: ignore[arg-type]
    assert caught.value.word == word


@pytest.mark.parametrize(
    ("answer", "longest"),
    [
        ((scard.SCARD_S_SUCCESS, [0x05, 0x01, 0, 0]), 261),
        ((scard.SCARD_S_SUCCESS, [0xFE, 0xFF, 0, 0]), 65_534),
        ((scard.SCARD_S_SUCCESS, []), None),
        ((scard.SCARD_S_SUCCESS, [1] * 5), None),
        ((scard.SCARD_E_UNSUPPORTED_FEATURE, []), None),
    ],
)
def test_a_driver_may_say_how_long_an_answer_it_passes_on(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, list[int]], longest: int | None
) -> None:
    monkeypatch.setattr(scard, "SCardGetAttrib", lambda *_: answer)
    assert pcsc.Card(0, scard.SCARD_PROTOCOL_T1).longest_answer() == longest
