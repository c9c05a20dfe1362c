"""The card booth: a process with one life, a visit. It alone touches the reader; it alone ever holds a PIN.

`python -m kiosk.card.booth --control FD --digits FD --studio FD`, started by `kiosk.card.handle.Booth`. It ends when the
kiosk's end of the control socket closes. Two threads work: the watcher looks at the reader, the main one carries out
commands on one exclusive connection; a third only waits for the kiosk's death, in case the card hangs.
"""

from __future__ import annotations

import argparse
import ctypes
import logging
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kiosk import journal
from kiosk.card import jpki, messages, surface
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import ApduError, named
from kiosk.card.certificate import Accepted, TrustStore
from kiosk.card.digits import Digits
from kiosk.card.errors import (
    BoothMessageError,
    CardError,
    CardFormatError,
    CardGoneError,
    CardMuteError,
    PhotoError,
)
from kiosk.card.messages import BoothMessage, Command, ReadCard, SendPhoto, Sign, Start, VerifyPin, Watch
from kiosk.card.reader import PcscConnection, PresenceWatcher
from kiosk.card.recognise import Recognised, recognise
from kiosk.card.teller import Teller
from kiosk.errors import KioskError

_log = logging.getLogger("kiosk.card.booth")

PHOTO_MAGIC = b"PHO1"
"""Before a photo on the way to the studio: these four bytes, its length (u32, big-endian), then the JP2 container."""

_DIGITS_SECONDS = 2.0
_STUDIO_SECONDS = 5.0
_GRACE_SECONDS = 2.0
_PR_SET_DUMPABLE = 4


@dataclass
class _Dialogue:
    """The talk with one card: everything read over it belongs to this card alone."""

    connection: PcscConnection
    card: AllowList
    certificate: Accepted
    removals: int


class CardBooth:
    """Carries out the kiosk's commands, one after the other, until the kiosk is gone."""

    def __init__(self, start: Start, control: socket.socket, digits: Digits, studio: socket.socket) -> None:
        self._settings = start.settings
        self._check_number_b = start.check_number_b
        self._trust = TrustStore.load(start.settings.trust)
        self._control = control
        self._digits = digits
        self._studio = studio
        self._teller = Teller(control)
        self._watching = False
        self._dialogue: _Dialogue | None = None

    def serve(self) -> None:
        """Serve until the control socket or the digits' pipe ends. The card is left without power."""
        waiting = select.poll()
        for readable in (self._control.fileno(), self._digits.fileno(), self._teller.woken):
            waiting.register(readable, select.POLLIN)
        self._teller.answer(messages.Ready(), 0)
        try:
            while True:
                ready = {fd for fd, _ in waiting.poll()}
                if self._teller.woken in ready:
                    os.eventfd_read(self._teller.woken)
                    self._let_go_of_a_removed_card()
                if self._digits.fileno() in ready and not self._digits.take():
                    return
                if self._control.fileno() in ready:
                    command = messages.receive_command(self._control)
                    if command is None:
                        return
                    self._carry_out(command)
        finally:
            self._let_go()

    def _carry_out(self, command: Command) -> None:
        match command:
            case Start():
                raise BoothMessageError("booth: it has been started already")
            case Watch():
                self._watch()
            case ReadCard() | VerifyPin() | Sign() | SendPhoto():
                self._talk(command)

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            watcher = PresenceWatcher(self._settings, self._teller.sight)
            threading.Thread(target=_run_or_die, args=(watcher,), name="watcher", daemon=True).start()

    def _talk(self, command: ReadCard | VerifyPin | Sign | SendPhoto) -> None:
        removals = self._teller.removals
        began = time.monotonic()
        try:
            answer = self._read(command, removals) if isinstance(command, ReadCard) else self._ask(command, removals)
        except CardError as error:
            # A transport error, or a card that lost its state: one cannot know any more which card answers.
            status_word = named(error.status_word) if isinstance(error, ApduError) else None
            _log.info("dialogue_broken", extra=journal.numbers(code=error.code, status_word=status_word))
            self._let_go()
            answer = messages.Lost()
        self._teller.answer(answer, removals)
        milliseconds = round((time.monotonic() - began) * 1000)
        _log.info("command", extra=journal.numbers(asked=type(command).__name__, ms=milliseconds))

    def _read(self, command: ReadCard, removals: int) -> BoothMessage:
        self._let_go()
        try:
            connection = PcscConnection.open(self._settings)
        except CardMuteError:
            return messages.Refused(command.token, "unreadable")
        found: Recognised | str = "unreadable"
        card = AllowList(connection)
        try:
            found = recognise(card, self._trust, self._check_number_b)
        finally:
            if not isinstance(found, Recognised):
                connection.close()
        if not isinstance(found, Recognised):
            return messages.Refused(command.token, found)
        self._dialogue = _Dialogue(connection, card, found.certificate, removals)
        return messages.Read(
            command.token,
            found.certificate.der,
            found.certificate.not_after,
            found.pin_tries,
            found.can_show_photo,
            found.certificate.simulated,
        )

    def _ask(self, command: VerifyPin | Sign | SendPhoto, removals: int) -> BoothMessage:
        dialogue = self._dialogue
        if dialogue is None or dialogue.removals != removals:
            raise CardGoneError("there is no dialogue with a card")
        match command:
            case VerifyPin(token):
                return self._verify_pin(dialogue, token)
            case Sign(token, message):
                signature = jpki.sign(dialogue.card, message)
                if not dialogue.certificate.signed(message, signature):
                    raise CardFormatError("the signature is not that of the certificate that was read")
                return messages.Signed(token, signature)
            case SendPhoto(token):
                sent = self._send_photo(dialogue)
                return messages.PhotoSent(token) if sent else messages.PhotoRefused(token)

    def _verify_pin(self, dialogue: _Dialogue, token: int) -> BoothMessage:
        try:
            typed = self._digits.wait(_DIGITS_SECONDS)
            jpki.select(dialogue.card)
            tries_left = jpki.pin_tries(dialogue.card) or 0
            if tries_left == 0 or not typed:
                _log.info("pin_not_sent", extra=journal.numbers(complete=typed, tries_left=tries_left))
                return messages.PinWrong(token, tries_left)
            verification = jpki.verify_pin(dialogue.card, self._digits.held())
        finally:
            self._digits.forget()
        if verification.right:
            return messages.PinRight(token)
        return messages.PinWrong(token, verification.tries_left or 0)

    def _send_photo(self, dialogue: _Dialogue) -> bool:
        if self._check_number_b is None:
            return False
        try:
            photo = surface.photo(dialogue.card, self._check_number_b)
        except (PhotoError, ApduError, CardFormatError) as error:
            # Not asked a second time in this visit: each time could cost one of the card's tries.
            self._check_number_b = None
            _log.info("photo_refused", extra=journal.numbers(code=error.code))
            return False
        try:
            self._studio.settimeout(_STUDIO_SECONDS)
            self._studio.sendall(PHOTO_MAGIC + len(photo).to_bytes(4, "big") + photo)
        except OSError:
            # Half a photo may be on its way: the studio must not take the next one for its end.
            self._studio.close()
            _log.warning("studio_takes_no_photo")
            return False
        return True

    def _let_go_of_a_removed_card(self) -> None:
        if self._dialogue is None or self._dialogue.removals != self._teller.removals:
            self._let_go()

    def _let_go(self) -> None:
        """End the dialogue, if there is one; digits typed for it are not for the next."""
        self._digits.forget()
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.connection.close()


def main(arguments: Sequence[str]) -> int:
    """Run the booth on the inherited descriptors; the exit code of the process."""
    parser = argparse.ArgumentParser(prog="kiosk.card.booth")
    for name in ("--control", "--digits", "--studio"):
        parser.add_argument(name, type=int, required=True, metavar="FD")
    given = parser.parse_args(arguments)
    _keep_to_yourself()
    journal.start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=given.control) as control, socket.socket(fileno=given.studio) as studio:
        threading.Thread(target=_die_with_the_kiosk, args=(given.control,), name="kiosk", daemon=True).start()
        try:
            start = messages.receive_command(control)
            if start is None:
                return 0
            if not isinstance(start, Start):
                raise BoothMessageError("booth: the first command must be Start")
            CardBooth(start, control, Digits(given.digits), studio).serve()
        except KioskError as error:
            _log.error("booth_gave_up", extra=journal.numbers(code=error.code))
            return int(error.exit_code)
    return 0


def _keep_to_yourself() -> None:
    """No core dump, and no other process of this user may look into this one's memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")


def _die_with_the_kiosk(control: int) -> None:
    """End this process when the kiosk is gone, even while a card keeps the main thread waiting for ever."""
    gone = select.poll()
    gone.register(control, 0)
    gone.poll()
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


def _run_or_die(watcher: PresenceWatcher) -> None:
    """A booth that no longer sees its reader is of no use: the kiosk starts another."""
    try:
        watcher.run()
    except Exception:  # noqa: BLE001 - whatever it was, this process must not go on blind
        _log.exception("watcher_died")
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
