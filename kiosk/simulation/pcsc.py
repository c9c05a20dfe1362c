"""A private PC/SC stack with virtual cards: a real pcscd that nobody but its owner's clients can reach.

    with PrivateReader(card_folder) as reader:
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": str(reader.socket)}
        ...  # start a client with this environment: libpcsclite reads it once, before its first context
        reader.place()
        reader.swap("face_only")
        reader.pull()

Works as root and as an ordinary user (then a user namespace is needed); any number may run side by side. The driver is the
unpacked one under `kiosk.share`, never an installed one (domain/virtual-reader.md section 3, gotcha 3).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kiosk import share
from kiosk.errors import ExitCode, KioskError
from kiosk.simulation import card_control
from kiosk.simulation.card_control import Answer
from kiosk.simulation.card_folder import IssuedCard

START_WITHIN = 10.0
"""Seconds from `start` to a reader that clients can use, or to the error that says why not."""

_END_WITHIN = 5.0
_LONGEST_SOCKET_PATH = 107
"""Bytes of a unix socket's path on Linux (sockaddr_un.sun_path less its closing zero)."""

_LONGEST_READER_NAME = 100
"""pcsc-lite's limit is 128, and " 00 00" is added."""

_LONGEST_REPORT = 64 * 1024
_LOG_TAIL = 5


class PrivateReaderError(KioskError):
    """The private reader cannot be started; the sentence says what failed and what to do."""

    exit_code = ExitCode.MISSING

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "private_reader")


class PrivateReader:
    """Virtual cards at a virtual reader; `start` and `close`, or use it in a `with` statement.

    `card_folder` is one that `kiosk.simulation.issuing` filled; `kind` is the card that is in hand at first, the folder's
    own unless told (any kind is issued under the folder's authority when it is first asked for). `reader_name` is what
    clients see, followed by " 00 00"; the second slot is " 00 01". With a name for it there is a `second_reader`.
    `delay_ms` is added to every command. The card lies on the reader from the start if `inserted`, and vanishes in the
    middle of the command `tear_after` if that is not 0. The centre's directory `patients` is kept up with the cards' holders.
    """

    def __init__(
        self,
        card_folder: Path,
        *,
        kind: str | None = None,
        reader_name: str = "Kiosk Card Reader",
        second_reader: str | None = None,
        delay_ms: float = 0,
        tear_after: int = 0,
        patients: Path | None = None,
        inserted: bool = False,
    ) -> None:
        for name in (reader_name, second_reader):
            if name is not None and (not 0 < len(name) <= _LONGEST_READER_NAME or not _nameable(name)):
                raise PrivateReaderError(
                    f"a reader's name has 1 to {_LONGEST_READER_NAME} printable characters and no quotes"
                )
        self._card_folder = card_folder
        self._options = ["--reader-name", reader_name, "--delay-ms", str(delay_ms), "--tear-after", str(tear_after)]
        self._options += ["--second-reader", second_reader] if second_reader is not None else []
        self._options += ["--kind", kind] if kind is not None else []
        self._options += ["--patients", str(patients.resolve())] if patients is not None else []
        self._options += ["--inserted"] if inserted else []
        self._scratch: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The socket of this pcscd, for PCSCLITE_CSOCK_NAME in a client's environment."""
        return self._folder() / "run" / "pcscd.comm"

    @property
    def control(self) -> Path:
        """The socket of the control channel (`kiosk.simulation.card_control`)."""
        return self._folder() / "run" / "control"

    def start(self) -> None:
        """Start everything and return when clients can connect; raises `PrivateReaderError` or `MissingError`."""
        if self._process is not None:
            raise PrivateReaderError("this private reader has been started already")
        driver = share.fetched("virtual-reader/libifdvpcd.so").resolve()
        pcscd = _program("pcscd", package="pcscd")
        unshare = _program("unshare", package="util-linux")
        self._scratch = Path(tempfile.mkdtemp(prefix="kiosk-card-"))
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH:
            self.close()
            raise PrivateReaderError(
                f"the folder for temporary files has too long a path for a socket: {tempfile.gettempdir()}"
            )
        # The first process of a process namespace takes everything it started with it; --kill-child ties it to unshare.
        namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child"]
        if os.geteuid() != 0:
            namespaces = ["--user", "--map-root-user", *namespaces]
        inside = [sys.executable, "-m", "kiosk.simulation.card_server"]
        inside += ["--scratch", str(self._scratch), "--card", str(self._card_folder.resolve()), "--driver", str(driver)]
        inside += ["--pcscd", pcscd, *self._options]
        with (self._scratch / "card.log").open("wb") as log:
            self._process = subprocess.Popen(
                [unshare, *namespaces, "--", *inside],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await_ready(self._process)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End everything and remove every trace; may be called at any time, any number of times."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None  # noqa: S101  (opened as a pipe above)
            assert process.stdout is not None  # noqa: S101
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(_END_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def tell(self, *words: str | int) -> Answer:
        """What the card answers to a line of the control channel (`kiosk.simulation.card_control`). Raises `ControlError`."""
        return card_control.ask(self.control, " ".join(map(str, words)))

    def place(self, kind: str | None = None, slot: str = "first") -> None:
        """Lay the card in hand, or one of `kind`, on the reader; clients hear of it within 0.4 s. Raises `ControlError`."""
        self.tell("place", *([] if kind is None else [kind]), slot)

    def pull(self, slot: str | None = None) -> None:
        """Take away what lies in `slot` (everything without), even in the middle of a command. Raises `ControlError`."""
        self.tell("pull", *([] if slot is None else [slot]))

    def swap(self, kind: str | None = None) -> None:
        """Exchange the card that lies there for another (somebody else's) faster than pcscd looks. Raises `ControlError`."""
        self.tell("swap", *([] if kind is None else [kind]))

    def kind(self, kind: str) -> None:
        """Take a card of `kind` into the hand, exchanging the one that lies there for all to see. Raises `ControlError`."""
        self.tell("kind", kind)

    def tear(self, in_commands: int) -> None:
        """Let the card vanish in the middle of a command from now, 1 being the next. Raises `ControlError`."""
        self.tell("tear", in_commands)

    def delay(self, milliseconds: int) -> None:
        """Slow every command down from now on. Raises `ControlError`."""
        self.tell("delay", milliseconds)

    def card(self) -> IssuedCard:
        """What is to be known of the card in hand. Raises `ControlError`."""
        told = self.tell("status")["card"]
        assert isinstance(told, dict)  # noqa: S101  (the server is ours)
        return IssuedCard(**told)

    def tries(self) -> dict[str, int]:
        """Tries left of the card in hand: "pin", "signature", "check_number_b", as far as it has them. Raises `ControlError`."""
        left = self.tell("tries")["tries"]
        return {str(name): int(number) for name, number in left.items()} if isinstance(left, dict) else {}

    def set_tries(self, password: str, left: int) -> None:
        """Change how many tries a password of the card in hand has left. Raises `ControlError`."""
        self.tell("tries", password, left)

    def commands(self) -> int:
        """How many command APDUs all cards were sent so far. Raises `ControlError`."""
        told = self.tell("status")["commands"]
        return told if isinstance(told, int) else 0

    def stop_pcscd(self) -> None:
        """Stop pcscd, whatever its clients do; cards stay where they lie. Raises `ControlError`."""
        self.tell("stop_pcscd")

    def start_pcscd(self) -> None:
        """Start pcscd again, behind the same socket. Raises `ControlError`."""
        self.tell("start_pcscd")

    def restart_pcscd(self) -> None:
        """Stop pcscd and start it again at once. Raises `ControlError`."""
        self.tell("restart_pcscd")

    def unplug(self, slot: str = "first") -> None:
        """Take the reader of `slot` off the machine; pcscd is started again for it. Raises `ControlError`."""
        self.tell("unplug", slot)

    def plug(self, slot: str = "first") -> None:
        """Plug the reader of `slot` in; pcscd is started again for it. Raises `ControlError`."""
        self.tell("plug", slot)

    def audit(self) -> list[str]:
        """What the cards were asked for and must never be (`VirtualCard.audit`); an empty list is the only good one."""
        noted = self.tell("audit")["audit"]
        return [str(line) for line in noted] if isinstance(noted, list) else []

    def ended(self) -> int:
        """A file descriptor that becomes readable when the reader ends on its own; `failure` then says why."""
        return self._reports().fileno()

    def failure(self) -> str | None:
        """Why the reader ended on its own, waiting until it has; None if it was asked to quit."""
        report = self._reports().readline(_LONGEST_REPORT)
        return str(json.loads(report).get("failed")) if report else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _reports(self) -> IO[bytes]:
        if self._process is None or self._process.stdout is None:
            raise PrivateReaderError("this private reader is not running")
        return self._process.stdout

    def _folder(self) -> Path:
        if self._scratch is None:
            raise PrivateReaderError("this private reader is not running")
        return self._scratch

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        report = _first_line(process)
        if report is None:
            raise PrivateReaderError(f"the private reader did not start within {START_WITHIN:.0f} s.{self._log_tail()}")
        if not report:
            raise PrivateReaderError(self._why_it_ended())
        told = json.loads(report)
        if told.get("ready") is not True:
            raise PrivateReaderError(f"the private reader did not start: {told.get('failed')}")

    def _why_it_ended(self) -> str:
        if not self._log().startswith("unshare: "):
            return f"the private reader ended before it was ready.{self._log_tail()}"
        who = "root" if os.geteuid() == 0 else "an ordinary user"
        return f"this machine does not let {who} make the namespaces of a private reader.{self._log_tail()}"

    def _log(self) -> str:
        return (self._folder() / "card.log").read_text("utf-8", "replace")

    def _log_tail(self) -> str:
        lines = self._log().splitlines()[-_LOG_TAIL:]
        return " Its last lines: " + " | ".join(lines) if lines else ""


def _first_line(process: subprocess.Popen[bytes]) -> bytes | None:
    """The first line that the process writes; empty if it ended without one, None if it took too long."""
    assert process.stdout is not None  # noqa: S101  (opened as a pipe)
    deadline = time.monotonic() + START_WITHIN
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        chunk = os.read(process.stdout.fileno(), _LONGEST_REPORT)
        if not chunk:
            return b""
        line += chunk
    return line


def _nameable(name: str) -> bool:
    return name.isprintable() and '"' not in name


def _program(name: str, *, package: str) -> str:
    """The path of a program; an ordinary user's PATH may lack the folders of daemons."""
    path = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin")))
    if path is None:
        raise PrivateReaderError(f"{name} is not installed: it is in Debian's package {package}")
    return path
