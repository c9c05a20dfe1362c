"""The traffic log: commands for tests and simulation, and never a secret even there."""

from __future__ import annotations

import logging

import pytest

from kiosk import journal
from kiosk.card import apdu
from kiosk.card.allowlist import DIGEST_INFO_SHA256
from kiosk.card.errors import CardGoneError
from kiosk.card.traffic import TRAFFIC, TrafficLog, switch_on
from tests.card.table_card import JPKI, Scripted, TableCard


@pytest.fixture(autouse=True)
def _off_again() -> None:
    logging.getLogger("kiosk.card.traffic").setLevel(logging.NOTSET)


def shown(caplog: pytest.LogCaptureFixture, *commands: bytes) -> list[object]:
    card = TrafficLog(Scripted(*[(b"secret", 0x9000)] * len(commands)))
    with caplog.at_level(TRAFFIC, "kiosk.card.traffic"):
        for command in commands:
            card.transmit(command)
    return [vars(record)["kiosk_numbers"]["command"] for record in caplog.records]


def test_commands_are_shown_but_no_data_that_could_be_secret(caplog: pytest.LogCaptureFixture) -> None:
    assert shown(
        caplog,
        b"\x00\xa4\x04\x0c\x0a" + JPKI,
        b"\x00\xb0\x01\x00\x20",
        b"\x00\xb0\x01\x00\x00\x10\x00",
        b"\x00\x20\x00\x80",
        b"\x00\x20\x00\x80\x041234",
        b"\x00\x20\x00\x80\x0e55021720352285",
        b"\x00\x20\x00\x80\x0212",
        b"\x00\x24\x01\x80\x041234",
        b"\x80\x2a\x00\x80\x33" + DIGEST_INFO_SHA256 + bytes(32) + b"\x00",
    ) == [
        "00A4040C 0AD392F000260100000001",
        "00B00100 20",
        "00B00100 001000",
        "00200080",
        "00200080 (5 bytes)",
        "00200080 (15 bytes)",
        "00200080 (3 bytes)",
        "00240180 (5 bytes)",
        "802A0080 (53 bytes)",
    ]
    assert "secret" not in caplog.text
    assert "1234" not in caplog.text


def test_of_an_answer_the_length_and_the_status_word_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    shown(caplog, b"\x00\xb0\x00\x00\x00")
    assert vars(caplog.records[0])["kiosk_numbers"] == {"command": "00B00000 00", "answer": 6, "sw": "9000"}


def test_a_command_without_an_answer_is_shown_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(TRAFFIC, "kiosk.card.traffic"), pytest.raises(CardGoneError):
        TrafficLog(TableCard(gone_at=1)).transmit(b"\x00\x20\x00\x80\x041234")
    assert vars(caplog.records[0])["kiosk_numbers"] == {"command": "00200080 (5 bytes)"}


def test_no_level_of_a_kiosks_journal_lets_it_through(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root, kiosk = logging.getLogger(), logging.getLogger("kiosk")
    before = root.handlers[:], root.level, kiosk.level
    card = TrafficLog(Scripted(*[(b"", 0x9000)] * 3))
    try:
        for level in (logging.INFO, logging.DEBUG):
            journal.start(level)
            apdu.exchange(card, b"\x00\x20\x00\x80")
        assert capfd.readouterr().err == ""
        switch_on()
        apdu.exchange(card, b"\x00\x20\x00\x80")
        assert '"level": "traffic"' in capfd.readouterr().err
    finally:
        root.handlers[:], root.level, kiosk.level = before
        logging.captureWarnings(capture=False)
