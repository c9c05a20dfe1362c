"""The kiosk's handle on a card booth: one process, one visit. Nothing here touches a reader or sees a PIN's use."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

from kiosk.card import messages
from kiosk.card.certificate import TrustStore
from kiosk.card.digits import ERASE, FORGET
from kiosk.card.errors import CardGoneError
from kiosk.card.messages import (
    BoothMessage,
    CheckNumber,
    Command,
    ReadCard,
    ReadHolder,
    SendPhoto,
    Sign,
    Start,
    VerifyPin,
    Watch,
)
from kiosk.card.settings import CardSettings


class Booth:
    """A running booth.

    One thread iterates over `messages()`; commands may be given from any thread and return at once. A booth that is gone
    ends `messages()`; a command given to it raises `CardGoneError`. Whoever spawned it calls `kill()`, always.
    """

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, digits: int) -> None:
        self._process = process
        self._control = control
        self._digits: int | None = digits
        self._lock = threading.Lock()

    @classmethod
    def spawn(
        cls, settings: CardSettings, studio: socket.socket, *, check_number_b: str | None, traffic: bool = False
    ) -> Booth:
        """Start a booth and return at once; it says `Ready` when warm (a second or less), its reader still untouched.

        `studio` is the booth's end of a stream socket pair to the face studio; it is closed here, so that the studio
        sees the booth's end. `check_number_b` travels over the control socket only. `traffic` is for tests and simulation
        (`kiosk.card.traffic`); with a root that is not simulated the booth ends at once. Raises `SettingsError` if a
        root cannot be used, `CardGoneError` if the process ends at once.
        """
        TrustStore.load(settings.trust, settings.intermediates)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        try:
            passed = {"--control": theirs.fileno(), "--digits": read_end, "--studio": studio.fileno()}
            numbers = [text for name, fd in passed.items() for text in (name, str(fd))]
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "kiosk.card.booth", *numbers],
                pass_fds=tuple(passed.values()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        except BaseException:
            ours.close()
            os.close(write_end)
            raise
        finally:
            theirs.close()
            os.close(read_end)
            studio.close()
        booth = cls(process, ours, write_end)
        try:
            booth._give(Start(settings, check_number_b, traffic))
        except BaseException:
            booth.kill()
            raise
        return booth

    @property
    def pid(self) -> int:
        """The booth's process."""
        return self._process.pid

    @property
    def digits_fd(self) -> int:
        """Where digit keys are written, one byte each, as `kiosk.card.digits` says them.

        The number is another file's after `kill()`: a caller that outlives the booth uses `type_digit` instead.
        """
        with self._lock:
            if self._digits is None:
                raise CardGoneError("the booth is gone")
            return self._digits

    def watch(self) -> None:
        """Start watching the reader: `ReaderState`, then `Placed`, `Removed` as they come."""
        self._give(Watch())

    def read_card(self, token: int) -> None:
        """Open a dialogue with the card that lies there: `Read` | `Refused`."""
        self._give(ReadCard(token))

    def verify_pin(self, token: int) -> None:
        """VERIFY with the digits that were typed, if they are four, once; the booth forgets them: `PinRight` | `PinWrong`."""
        self._give(VerifyPin(token))

    def sign(self, token: int, message: bytes) -> None:
        """Have the card sign SHA-256 of `message` (challenge nonce ‖ visit id, 48 bytes): `Signed`."""
        self._give(Sign(token, message))

    def send_photo(self, token: int, number: CheckNumber) -> None:
        """Open the chip's photo and send it to the studio: `PhotoSent` | `PhotoRefused`. A PIN verified before is void then.

        `number` says where check number B comes from; the digits themselves never pass through this process' memory,
        unless they are typed or were given to `spawn`.
        """
        self._give(SendPhoto(token, number))

    def read_holder(self, token: int) -> None:
        """Name and birth date, with the number that opened the photo: `HolderRead` | `HolderUnread`. A PIN is void then."""
        self._give(ReadHolder(token))

    def new_studio(self, studio: socket.socket) -> None:
        """Talk to another studio from now on. `studio`: the booth's end of the pair to it; the caller closes its copy."""
        try:
            messages.send_studio(self._control, studio)
        except OSError as error:
            raise CardGoneError("the booth is gone") from error

    def type_digit(self, digit: bytes) -> None:
        """Pass one digit key on, b"0" to b"9". Raises `CardGoneError`."""
        self._key(digit)

    def erase_digit(self) -> None:
        """Erase the last digit. Raises `CardGoneError`."""
        self._key(ERASE)

    def forget_digits(self) -> None:
        """Have the booth overwrite the digits it holds. Raises `CardGoneError`."""
        self._key(FORGET)

    def messages(self) -> Iterator[BoothMessage]:
        """Everything the booth says, as it comes; blocks; ends when the booth is gone. Raises `BoothMessageError`."""
        while True:
            try:
                message = messages.receive_message(self._control)
            except OSError:
                if self._control.fileno() >= 0:
                    raise
                return
            if message is None:
                return
            yield message

    def kill(self) -> None:
        """End the booth now, whatever it does; pcscd resets the card. May be called again and from any thread."""
        with self._lock:
            self._process.kill()
            self._process.wait()
            if self._digits is not None:
                os.close(self._digits)
                self._digits = None
            self._control.close()

    def _give(self, command: Command) -> None:
        try:
            messages.send(self._control, command)
        except OSError as error:
            raise CardGoneError("the booth is gone") from error

    def _key(self, key: bytes) -> None:
        with self._lock:
            if self._digits is None:
                raise CardGoneError("the booth is gone")
            try:
                os.write(self._digits, key)
            except OSError as error:
                raise CardGoneError("the booth is gone") from error
