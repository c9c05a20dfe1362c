"""PIN and check number B: in nothing that a booth writes, shows, or leaves behind, however its life ends."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from kiosk.card.messages import HolderUnread, PhotoRefused, PhotoSent, PinRight, PinWrong, Read
from kiosk.simulation.issuing import IssuedCard
from tests.card.conftest import DEADLINE, Desk, Visitor

PIN, WRONG_PIN = "1234", "8372"
WRONG_NUMBER = "55021720359999"

_CLOCKS = {"t", "mono", "ms"}
"""Fields of the journal that count time: four digits in a row may well stand in them."""


def told(journal: str) -> str:
    """Everything in a journal that is no reading of a clock; a line that is no JSON counts whole."""
    kept = []
    for line in journal.splitlines():
        try:
            body = json.loads(line)
        except ValueError:
            kept.append(line)
            continue
        kept.append(json.dumps({key: value for key, value in body.items() if key not in _CLOCKS}))
    return "\n".join(kept)


def assert_nothing_leaked(written: str, issued: IssuedCard, certificate: bytes = b"") -> None:
    numbers = (issued.check_number_b, WRONG_NUMBER)
    # As text, as bytes shown in hex, and as the list of numbers that pyscard is given.
    for secret in (PIN, WRONG_PIN, *numbers):
        for form in (secret, secret.encode().hex(" "), secret.encode().hex(), ", ".join(map(str, secret.encode()))):
            assert form not in written
    assert "D392" not in written.upper()
    if certificate:
        assert str(x509.load_der_x509_certificate(certificate).serial_number) not in written


def goes_through_everything(visitor: Visitor) -> Read:
    """Right and wrong PINs and numbers, digits left lying, a card pulled in the middle of a PIN."""
    read = visitor.reads_the_card()
    visitor.types(WRONG_PIN)
    visitor.booth.verify_pin(2)
    visitor.hears(PinWrong)
    visitor.types(WRONG_NUMBER)
    visitor.booth.send_photo(3, "typed")
    visitor.hears(PhotoRefused)
    visitor.booth.send_photo(4, "known")
    visitor.hears(PhotoSent)
    visitor.types(PIN)
    visitor.booth.verify_pin(5)
    visitor.hears(PinRight)
    visitor.booth.sign(6, bytes(48))
    visitor.said.get(timeout=DEADLINE)
    return read


def memory_of(pid: int) -> bytes:
    """Everything a process holds that can be read."""
    held = bytearray()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end = (int(place, 16) for place in line.split()[0].split("-"))
            if line.split()[1].startswith("rw"):
                memory.seek(start)
                held += memory.read(end - start)
    return bytes(held)


def test_a_whole_visit_leaves_no_secret_in_the_journal(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    visitor = desk.visitor()
    read = goes_through_everything(visitor)
    desk.reader.tear(2)
    visitor.types(WRONG_PIN)
    visitor.booth.verify_pin(7)
    visitor.hears_the_card_go()
    visitor.leaves()
    written = told(capfd.readouterr().err)
    assert '"event": "command"' in written
    assert_nothing_leaked(written, desk.issued, read.certificate)


def test_even_the_traffic_log_shows_no_secret(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    visitor = desk.visitor(traffic=True)
    goes_through_everything(visitor)
    visitor.leaves()
    written = told(capfd.readouterr().err)
    assert '"command": "00200080 (5 bytes)"' in written
    # Of SELECT it shows the name of the application; that is all it is for.
    assert_nothing_leaked(written.replace("D392F000260100000001", "").replace("D3921000310001010402", ""), desk.issued)


@pytest.mark.parametrize(
    "end",
    [
        lambda booth: booth._control.send(b"no command at all"),
        lambda booth: booth._control.send(b"\xff" * 100),
        lambda booth: os.kill(booth.pid, signal.SIGABRT),
        lambda booth: os.kill(booth.pid, signal.SIGSEGV),
        lambda booth: os.kill(booth.pid, signal.SIGTERM),
    ],
    ids=["not a command", "not text", "abort", "segmentation fault", "terminated"],
)
def test_a_booth_that_dies_with_a_pin_in_its_hands_leaves_nothing(
    desk: Desk,
    end: Callable[..., object],
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    visitor = desk.visitor()
    visitor.reads_the_card()
    visitor.types(PIN)
    end(visitor.booth)
    visitor.hears_the_end()
    visitor.booth._process.wait(DEADLINE)
    visitor.leaves()
    assert list(tmp_path.iterdir()) == [], "no core dump"
    assert_nothing_leaked(told(capfd.readouterr().err), desk.issued)


def test_no_secret_stands_in_arguments_environment_or_open_files(desk: Desk) -> None:
    visitor = desk.visitor()
    goes_through_everything(visitor)
    process = Path(f"/proc/{visitor.booth.pid}")
    assert desk.issued.check_number_b.encode() not in process.joinpath("cmdline").read_bytes()
    assert re.search(r"Max core file size\s+0\s+0", process.joinpath("limits").read_text())
    if os.geteuid() != 0:
        # A process that must not be dumped belongs to root in /proc.
        with pytest.raises(PermissionError):
            process.joinpath("environ").read_bytes()
        return
    assert desk.issued.check_number_b.encode() not in process.joinpath("environ").read_bytes()
    files = [fd.readlink() for fd in process.joinpath("fd").iterdir()]
    kinds = ("socket:", "pipe:", "anon_inode:", "/dev/")
    written = [str(file) for file in files if not str(file).startswith(kinds)]
    # pytest keeps what the booth says on stderr in a file of its own.
    assert [file for file in written if "deleted" not in file] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into a booth's memory")
def test_no_copy_of_typed_or_filmed_digits_stays_in_the_booths_memory(desk: Desk) -> None:
    visitor = desk.visitor(check_number_b="")
    visitor.reads_the_card()
    visitor.types(WRONG_NUMBER)
    visitor.booth.send_photo(2, "typed")
    visitor.hears(PhotoRefused)
    visitor.studio.sendall(b"CNB1" + desk.issued.check_number_b.encode())
    visitor.booth.send_photo(3, "read")
    visitor.hears(PhotoSent)
    # The right number is kept for its holder's name, in one place, and overwritten once that was asked for.
    assert memory_of(visitor.booth.pid).count(desk.issued.check_number_b.encode()) == 1
    visitor.booth.read_holder(4)
    visitor.hears(HolderUnread)  # two numbers were sent in this visit
    visitor.types(PIN)
    visitor.booth.verify_pin(5)
    visitor.hears(PinRight)
    held = memory_of(visitor.booth.pid)
    assert b"\x00\x20\x00\x80\x04" + PIN.encode() not in held
    assert desk.issued.check_number_b.encode() not in held
    assert WRONG_NUMBER.encode() not in held


def test_commands_to_a_card_that_could_be_real_are_never_logged(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    real = replace(desk.settings, trust=tuple(replace(root, simulated=False) for root in desk.settings.trust))
    visitor = desk.visitor(settings=real, traffic=True)
    visitor.hears_the_end()
    assert visitor.booth._process.wait(DEADLINE) != 0
    assert '"event": "booth_gave_up"' in capfd.readouterr().err
