"""The card booth: a process with one life, a visit. It alone touches the reader; it alone ever holds a PIN.

`python -m kiosk.card.booth --control FD --digits FD --studio FD`, started by `kiosk.card.handle.Booth`. It ends when the
kiosk's end of the control socket closes. Two threads work: the watcher looks at the reader, the main one carries out
commands on one exclusive connection; a third only waits for the kiosk's death, in case the card hangs.
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from kiosk import clock, journal, secrecy
from kiosk.card import holder, messages, traffic
from kiosk.card.allowlist import CHECK_NUMBER_B_DIGITS, PIN_DIGITS
from kiosk.card.apdu import ApduError, named
from kiosk.card.certificate import TrustStore
from kiosk.card.check_number import Sends
from kiosk.card.dialogue import Dialogue
from kiosk.card.digits import Digits
from kiosk.card.errors import (
    BoothMessageError,
    CardError,
    CardGoneError,
    CardMuteError,
    ExtendedReadError,
    SeveralCardsError,
)
from kiosk.card.messages import (
    BoothMessage,
    CheckNumber,
    Command,
    NewStudio,
    ReadCard,
    ReadHolder,
    SendPhoto,
    Sign,
    Start,
    VerifyPin,
    Watch,
)
from kiosk.card.photo import Refusal, open_photo
from kiosk.card.recognise import Problem
from kiosk.card.studio_link import StudioLink
from kiosk.card.surface import FaceRecord
from kiosk.card.teller import Teller
from kiosk.card.watcher import PresenceWatcher
from kiosk.errors import KioskError
from kiosk.record import dates

_log = logging.getLogger("kiosk.card.booth")

_DIGITS_SECONDS = 0.5
"""The kiosk writes digits before the command that uses them, so they are there already; this is for a busy machine."""
_GRACE_SECONDS = 2.0


class CardBooth:
    """Carries out the kiosk's commands, one after the other, until the kiosk is gone."""

    def __init__(self, start: Start, control: socket.socket, digits: Digits, studio: StudioLink) -> None:
        self._settings = start.settings
        self._known_number = start.check_number_b
        self._trust = TrustStore.load(start.settings.trust, start.settings.intermediates)
        if start.traffic and not self._trust.only_simulated:
            raise BoothMessageError("booth: commands to real cards are never logged")
        self._traffic = start.traffic
        if start.traffic:
            traffic.switch_on()
        self._control = control
        self._digits = digits
        self._studio = studio
        self._teller = Teller(control)
        self._watcher = PresenceWatcher(start.settings, self._teller.sight)
        self._watching = False
        self._sends = Sends()
        self._extended = True
        self._dialogue: Dialogue | None = None
        self._record: FaceRecord | None = None
        """Of this dialogue's card, once it was open: for another studio, if the first one is lost."""
        self._right: bytearray | None = None
        """The check number B that opened it: for its holder's name, if nobody else can tell it."""

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
                    received = messages.receive_command(self._control)
                    if received is None:
                        return
                    command, came = received
                    if came is not None:
                        self._studio.close()
                        self._studio = StudioLink(came)
                        continue
                    self._carry_out(command)
        finally:
            self._let_go()

    def _carry_out(self, command: Command) -> None:
        match command:
            case Start() | NewStudio():
                raise BoothMessageError("booth: it has been started already")
            case Watch():
                self._watch()
            case ReadCard() | VerifyPin() | Sign() | SendPhoto() | ReadHolder():
                self._talk(command)

    def _watch(self) -> None:
        if not self._watching:
            self._watching = True
            threading.Thread(target=_run_or_die, args=(self._watcher,), name="watcher", daemon=True).start()

    def _talk(self, command: ReadCard | VerifyPin | Sign | SendPhoto | ReadHolder) -> None:
        removals = self._teller.removals
        began = time.monotonic()
        apdus = 0 if self._dialogue is None or isinstance(command, ReadCard) else self._dialogue.card.passed
        try:
            answer = self._read(command, removals) if isinstance(command, ReadCard) else self._ask(command, removals)
            apdus = (0 if self._dialogue is None else self._dialogue.card.passed) - apdus
        except CardError as error:
            # A transport error, or a card that lost its state: one cannot know any more which card answers.
            status_word = named(error.status_word) if isinstance(error, ApduError) else None
            _log.info("dialogue_broken", extra=journal.numbers(code=error.code, status_word=status_word))
            if self._dialogue is not None and self._dialogue.reach.trying:
                # Perhaps the card was pulled at that moment; if this line comes often, see the setting extended_reads.
                _log.warning("extended_read_unanswered")
            self._let_go()
            answer = messages.Lost()
        self._teller.answer(answer, removals)
        milliseconds = round((time.monotonic() - began) * 1000)
        asked = type(command).__name__
        _log.info("command", extra=journal.numbers(asked=asked, ms=milliseconds, apdus=apdus))

    def _read(self, command: ReadCard, removals: int) -> BoothMessage:
        self._let_go()
        self._watcher.presence.busy = True
        found: Dialogue | Problem = "unreadable"
        try:
            found = self._open(removals)
        except CardMuteError:
            pass
        except SeveralCardsError:
            self._watcher.presence.start_over()
            found = "several_cards"
        finally:
            self._watcher.presence.busy = isinstance(found, Dialogue)
        if not isinstance(found, Dialogue):
            return messages.Refused(command.token, found)
        self._dialogue = found
        certificate = found.found.certificate
        return messages.Read(
            command.token,
            certificate.der,
            certificate.not_after,
            found.found.pin_tries,
            found.found.photo,
            certificate.simulated,
        )

    def _open(self, removals: int) -> Dialogue | Problem:
        opening = self._settings, self._trust, removals
        try:
            return Dialogue.open(*opening, extended=self._extended, traffic=self._traffic)
        except ExtendedReadError:
            # Nothing was told of this card yet: it is read from the start, and this booth tries no long read again.
            self._extended = False
            _log.warning("reader_takes_no_extended_read")
            return Dialogue.open(*opening, extended=False, traffic=self._traffic)

    def _ask(self, command: VerifyPin | Sign | SendPhoto | ReadHolder, removals: int) -> BoothMessage:
        dialogue = self._dialogue
        if dialogue is None or dialogue.removals != removals:
            raise CardGoneError("there is no dialogue with a card")
        match command:
            case VerifyPin(token):
                return self._verify_pin(dialogue, token)
            case Sign(token, message):
                return messages.Signed(token, dialogue.sign(message))
            case SendPhoto(token, number):
                return self._send_photo(dialogue, token, number)
            case ReadHolder(token):
                return self._read_holder(dialogue, token)

    def _verify_pin(self, dialogue: Dialogue, token: int) -> BoothMessage:
        pin = self._digits.wait(PIN_DIGITS, _DIGITS_SECONDS)
        try:
            tries_left = dialogue.pin_tries()
            if tries_left == 0 or pin is None:
                _log.info("pin_not_sent", extra=journal.numbers(complete=pin is not None, tries_left=tries_left))
                return messages.PinWrong(token, tries_left)
            verification = dialogue.verify_pin(pin)
        finally:
            self._digits.forget()
            _overwrite(pin)
        if verification.right:
            return messages.PinRight(token)
        return messages.PinWrong(token, verification.tries_left or 0)

    def _send_photo(self, dialogue: Dialogue, token: int, source: CheckNumber) -> BoothMessage:
        opened = self._record or self._open_photo(dialogue, source)
        if not isinstance(opened, Refusal):
            self._record = opened
            if not self._studio.send_photo(opened.photo):
                opened = Refusal("no_studio")
        if isinstance(opened, Refusal):
            _log.info("photo_refused", extra=journal.numbers(why=opened.why, again=opened.again))
            return messages.PhotoRefused(token, opened.why, opened.again)
        return messages.PhotoSent(token, opened.card_expiry, opened.birth_date)

    def _open_photo(self, dialogue: Dialogue, source: CheckNumber) -> FaceRecord | Refusal:
        number = self._number(source)
        try:
            opened = open_photo(
                dialogue.card, dialogue.found.photo, number, self._sends, dialogue.reach, _today_if_sure()
            )
            if not isinstance(opened, Refusal):
                self._right, number = number, None
            return opened
        finally:
            _overwrite(number)

    def _read_holder(self, dialogue: Dialogue, token: int) -> BoothMessage:
        number, self._right = self._right, None
        if number is None:
            return messages.HolderUnread(token)
        try:
            found = holder.read(dialogue.card, number, self._sends, dialogue.reach)
        finally:
            _overwrite(number)
        _log.info("holder", extra=journal.numbers(read=found is not None))
        return (
            messages.HolderUnread(token) if found is None else messages.HolderRead(token, found.name, found.birth_date)
        )

    def _number(self, source: CheckNumber) -> bytearray | None:
        """Check number B from where it is to come from; the caller overwrites it."""
        match source:
            case "known":
                return None if self._known_number is None else bytearray(self._known_number, "ascii", "replace")
            case "read":
                return self._studio.check_number()
            case "typed":
                typed = self._digits.wait(CHECK_NUMBER_B_DIGITS, _DIGITS_SECONDS)
                self._digits.forget()
                return typed

    def _let_go_of_a_removed_card(self) -> None:
        if self._dialogue is None or self._dialogue.removals != self._teller.removals:
            self._let_go()

    def _let_go(self) -> None:
        """End the dialogue, if there is one; a PIN typed for it is not for the next."""
        self._digits.outlive_the_card()
        self._record = None
        _overwrite(self._right)
        self._right = None
        dialogue, self._dialogue = self._dialogue, None
        if dialogue is not None:
            dialogue.close()
            self._watcher.presence.busy = False


def main(arguments: Sequence[str]) -> int:
    """Run the booth on the inherited descriptors; the exit code of the process."""
    parser = argparse.ArgumentParser(prog="kiosk.card.booth")
    for name in ("--control", "--digits", "--studio"):
        parser.add_argument(name, type=int, required=True, metavar="FD")
    given = parser.parse_args(arguments)
    journal.start()
    secrecy.keep()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=given.control) as control, socket.socket(fileno=given.studio) as studio:
        threading.Thread(target=_die_with_the_kiosk, args=(given.control,), name="kiosk", daemon=True).start()
        try:
            received = messages.receive_command(control)
            if received is None:
                return 0
            if not isinstance(received[0], Start):
                raise BoothMessageError("booth: the first command must be Start")
            CardBooth(received[0], control, Digits(given.digits), StudioLink(studio)).serve()
        except KioskError as error:
            _log.error("booth_gave_up", extra=journal.numbers(code=error.code))
            return int(error.exit_code)
    return 0


def _today_if_sure() -> date | None:
    """Today in Japan. A date only narrows what check number B may be: a clock that nobody set must refuse no good card."""
    return dates.japanese_day(datetime.now(UTC)) if clock.synchronised() else None


def _overwrite(digits: bytearray | None) -> None:
    if digits is not None:
        digits[:] = bytes(len(digits))


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
