"""How long a patient waits for the card: placed -> what it can do is known, and the whole face record read.

Run: python tests/benchmarks/bench_card.py [ROUNDS]. A private pcscd, a virtual card that takes 0, 5 and 25 ms for every
command (25 ms is about slow NFC), and a booth a round, as in a visit. Beside each figure stands its floor: the commands
that the card's own process counted, times the delay; and the line: what as many bare commands take over this pcscd with
nobody else at work, which is the floor plus what the simulated reader costs on this machine at this load. Compares in one
run and asserts nothing about time.

A real card takes longer for a long answer than for a short one; the virtual one does not. So what extended reads save is
shown as a number of commands here, and how much time that is on a real reader is not known.
"""

from __future__ import annotations

import os
import platform
import queue
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kiosk.card import surface
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import Apdu
from kiosk.card.certificate import TrustStore
from kiosk.card.check_number import Sends
from kiosk.card.files import Reach
from kiosk.card.handle import Booth
from kiosk.card.messages import BoothMessage, PhotoSent, Placed, Read, Ready, Removed
from kiosk.card.photo import open_photo
from kiosk.card.recognise import Recognised, recognise
from kiosk.card.settings import CardSettings, TrustedRoot
from kiosk.card.surface import FaceRecord
from kiosk.simulation import card_image, issuing
from kiosk.simulation.card import VirtualCard
from kiosk.simulation.issuing import IssuedCard, Person
from kiosk.simulation.pcsc import PrivateReader
from kiosk.simulation.people import Sitter, photo_jp2

ROUNDS = 10
BARE_COMMANDS = 40
DELAYS_MS = (0, 5, 25)
GOALS = {5: 1.10, 25: 1.05}
"""Issue: floor + 10 % at 5 ms, floor + 5 % at 25 ms."""

DEADLINE = 30.0

BARE = """
import contextlib, sys, time
from pathlib import Path
from kiosk.card.errors import CardGoneError
from kiosk.card.reader import PcscConnection
from kiosk.card.settings import CardSettings, TrustedRoot
card = None
while card is None:
    # pcscd tells of a card a moment after it has seen it.
    with contextlib.suppress(CardGoneError):
        card = PcscConnection.open(CardSettings((TrustedRoot(Path("none")),), None, Path(sys.argv[1])))
took = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    card.transmit(b"\\x00\\xa4\\x04\\x0c\\x0a" + bytes.fromhex("D392F000260100000001"))
    took.append(time.perf_counter() - began)
print(sorted(took)[len(took) // 2])
card.close()
"""


def bare_command(reader: PrivateReader, count: int) -> float:
    """Seconds that one command takes on the line, the median of `count`."""
    reader.place()
    while reader.tell("status")["seen"] is not True:
        select.select([], [], [], 0.01)
    command = [sys.executable, "-c", BARE, str(reader.socket), str(count)]
    told = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    reader.pull()
    return float(told)


@dataclass
class Figures:
    """What was measured of one wait."""

    seconds: list[float] = field(default_factory=list)
    commands: list[int] = field(default_factory=list)

    def row(self, what: str, delay_ms: int, bare: float) -> str:
        """A line of the table."""
        middle, worst = statistics.median(self.seconds) * 1000, max(self.seconds) * 1000
        commands = round(statistics.median(self.commands))
        floor = commands * delay_ms
        line = commands * bare * 1000
        ratio = f"{middle / floor:10.3f}" if floor else "         -"
        goal = GOALS.get(delay_ms)
        judged = "" if goal is None else f"   goal {goal:.2f}: {'kept' if middle <= floor * goal else 'MISSED'}"
        figures = f"{commands:9}{floor:9}{line:9.1f}{middle:9.1f}{worst:9.1f}{ratio}{middle / line:9.3f}"
        return f"{delay_ms:5}   {what:24}{figures}{judged}"


class Ears:
    """What a booth says, stamped when it is heard."""

    def __init__(self, booth: Booth) -> None:
        self._said: queue.Queue[tuple[float, BoothMessage]] = queue.Queue()
        self._thread = threading.Thread(target=self._listen, args=(booth,))
        self._thread.start()

    def _listen(self, booth: Booth) -> None:
        for message in booth.messages():
            self._said.put((time.monotonic(), message))

    def until(self, kind: type[BoothMessage]) -> tuple[float, BoothMessage]:
        """The next message of this kind, and when it was heard."""
        while True:
            at, message = self._said.get(timeout=DEADLINE)
            if isinstance(message, kind):
                return at, message

    def close(self) -> None:
        """Wait for the booth's last word."""
        self._thread.join()


def a_visit(settings: CardSettings, reader: PrivateReader, number: str, placed: Figures, photo: Figures) -> None:
    """Place the card, read it, read its photo, take it away."""
    ours, theirs = socket.socketpair()
    booth = Booth.spawn(settings, theirs, check_number_b=number)
    ears = Ears(booth)
    try:
        ears.until(Ready)
        booth.watch()
        ears.until(Removed)
        before = reader.commands()
        reader.place()
        _, seen = ears.until(Placed)
        assert isinstance(seen, Placed)
        booth.read_card(1)
        at, _ = ears.until(Read)
        placed.seconds.append(at - seen.mono)
        placed.commands.append(reader.commands() - before)

        before, began = reader.commands(), time.monotonic()
        booth.send_photo(2, "known")
        at, _ = ears.until(PhotoSent)
        photo.seconds.append(at - began)
        photo.commands.append(reader.commands() - before)
        reader.pull()
        ears.until(Removed)
    finally:
        booth.kill()
        ears.close()
        ours.close()


def on_a_reader(folder: Path, issued: IssuedCard, rounds: int, told: Callable[[str], object]) -> None:
    trust = (TrustedRoot(folder / "trust" / "auth-ca.pem", simulated=True),)
    for delay_ms in DELAYS_MS:
        placed, photo = Figures(), Figures()
        with PrivateReader(folder, delay_ms=delay_ms) as reader:
            settings = CardSettings(trust, pcsc_socket=reader.socket)
            for _ in range(rounds):
                a_visit(settings, reader, issued.check_number_b, placed, photo)
            bare = bare_command(reader, BARE_COMMANDS)
        told(placed.row("placed -> choice offered", delay_ms, bare))
        told(photo.row("whole face record", delay_ms, bare))


class Counted:
    """A virtual card without a reader; `refuses`: it answers 6700 to extended commands, as some readers make cards do."""

    def __init__(self, folder: Path, *, refuses: bool) -> None:
        self._card = VirtualCard(card_image.read(folder))
        self._refuses = refuses
        self.sent = 0

    def transmit(self, apdu: Apdu) -> tuple[bytes, int]:
        """The card's answer, counted."""
        self.sent += 1
        if self._refuses and len(apdu) == 7 and apdu[4] == 0:
            return b"", 0x6700
        answer = self._card.transmit(bytes(apdu))
        return answer[:-2], int.from_bytes(answer[-2:], "big")


def what_extended_reads_save(folder: Path, issued: IssuedCard, told: Callable[[str], object]) -> None:
    trust = TrustStore.load((TrustedRoot(folder / "trust" / "auth-ca.pem", simulated=True),))
    for what, longest, refuses in (
        ("short reads only", 256, False),
        ("extended, refused by the card", None, True),
        ("extended", None, False),
    ):
        card = Counted(folder, refuses=refuses)
        guarded, reach = AllowList(card), Reach(longest)
        assert isinstance(recognise(guarded, trust, reach), Recognised)
        placed = card.sent
        surface.select(guarded)
        number = bytearray(issued.check_number_b, "ascii")
        assert isinstance(open_photo(guarded, "readable", number, Sends(), reach, None), FaceRecord)
        told(f"{what:32}{placed:9}{card.sent - placed - 1:14}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "card"
        issued = issuing.issue(folder, Person(), photo_jp2(Sitter.ASTRONAUT))
        print(f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {rounds} rounds")
        print()
        print("commands to the card             placed   face record")
        what_extended_reads_save(folder, issued, print)
        print()
        print("   ms   what                     commands    floor     line   median    worst  to floor  to line")
        print("  each                                          ms       ms       ms       ms")
        on_a_reader(folder, issued, rounds, print)


if __name__ == "__main__":
    main()
