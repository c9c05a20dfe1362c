"""Who stands on the other side of a kiosk in a long run: booths, studios and an eligibility system that answer at once.

The kiosk's handles on booth and studio stay the kiosk's own, with their sockets, pipes, threads and preview blocks; in place of
the processes behind them one companion process plays them all, as a good card and its holder would.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np

from kiosk.card import messages as card
from kiosk.card.digits import ERASE, FORGET
from kiosk.face import messages as face
from kiosk.face.preview import PreviewWriter
from kiosk.record.checkin import Prescription
from kiosk.record.consent import NOT_ASKED, REFUSED, ConsentItem, Consents, given
from kiosk.record.eligibility import EligibilityAnswer, EligibilityResult, Source, Validity
from kiosk.record.identity import Challenge, IdentityProof
from kiosk.record.ids import VisitId

PIN = "1470"
CERTIFICATE = b"the certificate of a card that is not there"


# -- booth and studio ----------------------------------------------------------------------------------------------------


class Companion:
    """The kiosk's side: makes what looks like processes, and lays the card down."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words = [sys.executable, str(Path(__file__).resolve()), str(theirs.fileno())]
            self.process = subprocess.Popen(words, pass_fds=(theirs.fileno(),))
        self._line, self._lock, self._ids = ours, threading.Lock(), count(1)

    def in_place_of_subprocess(self) -> types.SimpleNamespace:
        """What the handles find under the name `subprocess`."""
        return types.SimpleNamespace(
            Popen=self._spawn, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
        )

    def tell(self, descriptors: Sequence[int] = (), **said: object) -> None:
        """Say something and wait until it is done."""
        with self._lock:
            socket.send_fds(self._line, [json.dumps(said).encode()], descriptors)
            if not self._line.recv(16):
                raise ChildProcessError("the companion process has ended")

    def close(self) -> None:
        """End it."""
        self._line.close()
        self.process.wait(10)

    def _spawn(self, words: Sequence[str], *, pass_fds: Sequence[int], **_: object) -> Played:
        own = next(self._ids)
        role = "booth" if "kiosk.card.booth" in words else "studio"
        names = [word.removeprefix("--") for word in words if word.startswith("--")]
        self.tell(pass_fds, do="begin", id=own, role=role, names=names)
        return Played(own, self)


@dataclass
class Played:
    """What a handle takes for its process."""

    pid: int
    companion: Companion
    ended: bool = False

    def kill(self) -> None:
        """End it."""
        if not self.ended:
            self.ended = True
            self.companion.tell(do="end", id=self.pid)

    def wait(self, _: float | None = None) -> int:
        """It has ended by then."""
        return -signal.SIGKILL


class Card:
    """Whether the card lies on the reader, for every booth that watches it."""

    def __init__(self) -> None:
        self.lies = False
        self.lock = threading.Lock()
        self.watching: dict[int, socket.socket] = {}

    def moved(self, *, lies: bool) -> None:
        """Laid down, or taken away."""
        with self.lock:
            self.lies = lies
            for booth in self.watching.values():
                with contextlib.suppress(OSError):
                    card.send(booth, self.said())

    def said(self) -> card.Placed | card.Removed:
        """As a booth says it."""
        return card.Placed(time.monotonic()) if self.lies else card.Removed()


def be_the_companion(line: socket.socket) -> None:
    """Play booths and studios until the kiosk is gone."""
    lying = Card()
    alive: dict[int, tuple[threading.Thread, socket.socket]] = {}
    while True:
        words, descriptors, _, _ = socket.recv_fds(line, 4096, 4)
        if not words:
            os._exit(0)
        said = json.loads(words)
        match said["do"]:
            case "begin":
                handed = dict(zip(said["names"], descriptors, strict=True))
                control = socket.socket(fileno=handed.pop("control"))
                play = booth if said["role"] == "booth" else studio
                thread = threading.Thread(target=play, args=(said["id"], control, handed, lying), daemon=True)
                thread.start()
                alive[said["id"]] = thread, control
            case "end":
                thread, control = alive.pop(said["id"])
                with contextlib.suppress(OSError):
                    control.shutdown(socket.SHUT_RDWR)
                thread.join()
                control.close()
            case "card":
                lying.moved(lies=said["lies"])
            case _:
                raise ValueError(said["do"])
        line.send(b"done")


def booth(own: int, control: socket.socket, handed: dict[str, int], lying: Card) -> None:
    """A booth with a good card whose every PIN is right."""
    digits, studio_end = handed["digits"], handed["studio"]
    with contextlib.suppress(OSError):
        card.send(control, card.Ready())
        while (told := card.receive_command(control)) is not None:
            command, came = told
            if came is not None:
                came.close()
            if isinstance(command, card.Watch):
                with lying.lock:
                    card.send(control, card.ReaderState(True, "ok"))
                    card.send(control, lying.said())
                    lying.watching[own] = control
            elif (answer := _of_the_card(command, digits)) is not None:
                card.send(control, answer)
    with lying.lock:
        lying.watching.pop(own, None)
    os.close(digits)
    os.close(studio_end)


def _of_the_card(command: card.Command, digits: int) -> card.BoothMessage | None:
    match command:
        case card.ReadCard(token=token):
            until = datetime(2035, 1, 1, tzinfo=UTC)
            return card.Read(token, CERTIFICATE, until, 3, "readable", simulated=True)
        case card.VerifyPin(token=token):
            typed = b""
            while select.select([digits], [], [], 0)[0] and (more := os.read(digits, 64)):
                typed += more
            typed = typed.rpartition(FORGET)[2].replace(ERASE, b"")
            return card.PinRight(token) if len(typed) == len(PIN) else card.PinWrong(token, 2)
        case card.Sign(token=token):
            return card.Signed(token, bytes(256))
        case card.SendPhoto(token=token):
            return card.PhotoSent(token, None)
        case _:
            return None


def studio(_: int, control: socket.socket, handed: dict[str, int], __: Card) -> None:
    """A studio before whose camera the holder sits: a few frames, then yes."""
    writer = PreviewWriter(handed["preview"])
    rng = np.random.default_rng()
    with contextlib.suppress(OSError):
        while packet := control.recv(face.PACKET):
            told = face.command(packet)
            if isinstance(told, face.Begin):
                control.send(face.packet(face.Ready()))
            elif isinstance(told, face.Stop):
                writer.zero()
            elif isinstance(told, face.Look):
                for number in range(4):
                    writer.live(rng.integers(0, 255, (480, 640, 3), np.uint8), time.monotonic())
                    control.send(face.packet(face.Seen(told.token, None, number / 4)))
                    time.sleep(1 / 30)
                control.send(face.packet(face.Matched(told.token)))
    writer.close()
    os.close(handed["booth"])
    os.close(handed["preview"])


# -- the eligibility system ----------------------------------------------------------------------------------------------


class Quick:
    """A gateway that knows everybody (`kiosk.eligibility.gateway`); no two answers say the same."""

    def __init__(self) -> None:
        self._asked = count(1)

    def open(self, visit_id: VisitId) -> Challenge:
        return Challenge(f"session-{visit_id}", os.urandom(32))

    def verify(
        self,
        visit_id: VisitId,  # noqa: ARG002  (the port)
        challenge: Challenge,
        proof: IdentityProof,
        *,
        limit_consent: bool = False,  # noqa: ARG002  (the port)
    ) -> EligibilityAnswer:
        number = next(self._asked)
        result = EligibilityResult(name=f"試験 {number}", reference_number=f"{number:06}")
        return EligibilityAnswer(
            session=challenge.session,
            fingerprint=proof.certificate.fingerprint,
            source=Source.CENTRE,
            validity=Validity.VALID,
            answered_at=datetime.now(UTC),
            simulated=True,
            results=(result,),
        )

    def register(self, session: str) -> EligibilityAnswer:
        raise NotImplementedError(session)

    def conclude(
        self,
        session: str,  # noqa: ARG002  (the port)
        agreed: Collection[ConsentItem],
        refused: Collection[ConsentItem],
        prescription: Prescription,  # noqa: ARG002  (the port)
    ) -> Consents:
        now = datetime.now(UTC).replace(microsecond=0)
        said = dict.fromkeys(refused, REFUSED) | {item: given(now) for item in agreed}
        return {item: said.get(item, NOT_ASKED) for item in ConsentItem}


if __name__ == "__main__":
    be_the_companion(socket.socket(fileno=int(sys.argv[1])))
