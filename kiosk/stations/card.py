"""The card station: the visit's card effects, one booth process a visit, a warm spare behind it.

The booth is killed in the wipe, whatever it holds; the spare takes over and a new spare is warmed by the app. Its
messages are turned into events here; a message of a booth that is gone is nobody's.
"""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Final

from kiosk import journal
from kiosk.card import messages as said
from kiosk.card.errors import CardError
from kiosk.card.handle import Booth
from kiosk.card.settings import CardSettings
from kiosk.record.identity import Certificate, PinProof
from kiosk.record.ids import new_visit_id, visit_id_bytes
from kiosk.visit import events as ev
from kiosk.visit.appliance import Ask
from kiosk.visit.effects import Effect, ForgetDigits, ReadCard, ReadHolder, SendPhoto, SignChallenge, VerifyPin
from kiosk.visit.vocabulary import CardProblem, CheckNumberSource, ChipPhoto

log = logging.getLogger("kiosk.stations.card")

_NUMBER: Final[Mapping[CheckNumberSource, said.CheckNumber]] = {
    CheckNumberSource.KNOWN: "known",
    CheckNumberSource.TRAY: "read",
    CheckNumberSource.SHOW: "read",
    CheckNumberSource.TYPED: "typed",
}
"""Where the booth finds check number B: with its settings, from the studio, or in the pipe of typed digits."""


class CardStation:
    """`post` hands an event to the loop; `fault` says whether the reader is usable. Safe to call from the loop only."""

    def __init__(
        self,
        settings: CardSettings,
        check_number_b: str | None,
        post: Callable[[ev.Event], None],
        fault: Callable[[str, bool], None],
    ) -> None:
        self._settings = settings
        self._check_number_b = check_number_b
        self._post = post
        self._fault = fault
        self._active: Booth | None = None
        self._spare: Booth | None = None
        self._asks: dict[int, Ask] = {}
        self._certificate: Certificate | None = None

    def warm(self, studio: socket.socket) -> None:
        """Make the spare, with its end of the pair to its studio. Called from a helper thread: it touches no visit."""
        self._spare = Booth.spawn(self._settings, studio, check_number_b=self._check_number_b)

    def take_over(self) -> None:
        """The spare becomes the booth of the next visit and starts to watch the reader."""
        self._active, self._spare = self._spare, None
        self._asks.clear()
        self._certificate = None
        if self._active is not None:
            threading.Thread(target=self._listen, args=(self._active,), name="booth-ears", daemon=True).start()
            self._active.watch()

    def new_studio(self, studio: socket.socket) -> None:
        """The booth of this visit talks to another studio from now on."""
        self._tell(self._active, lambda it: it.new_studio(studio))

    def carry_out(self, effect: Effect) -> bool:
        """Start what the effect wants; whether it was one of this station's."""
        booth = self._active
        match effect:
            case ReadCard(ask=ask):
                self._tell(booth, lambda it: it.read_card(self._token(ask)))
            case VerifyPin(ask=ask):
                self._tell(booth, lambda it: it.verify_pin(self._token(ask)))
            case SignChallenge(challenge=challenge, ask=ask):
                message = challenge.nonce + visit_id_bytes(ask.visit_id)
                self._tell(booth, lambda it: it.sign(self._token(ask), message))
            case SendPhoto(source=source, ask=ask):
                self._tell(booth, lambda it: it.send_photo(self._token(ask), _NUMBER[source]))
            case ReadHolder(ask=ask):
                self._tell(booth, lambda it: it.read_holder(self._token(ask)))
            case ForgetDigits():
                self._tell(booth, Booth.forget_digits)
            case _:
                return False
        return True

    def digit(self, key: str) -> None:
        """One PIN digit on its way from the touch layer to the booth; it is kept nowhere here."""
        self._tell(self._active, lambda it: it.type_digit(key.encode("ascii")))

    def erase(self) -> None:
        """The booth forgets the last digit."""
        self._tell(self._active, Booth.erase_digit)

    def end(self) -> None:
        """Kill the booth of this visit: what it held is gone with it."""
        booth, self._active = self._active, None
        self._asks.clear()
        self._certificate = None
        if booth is not None:
            booth.kill()

    def close(self) -> None:
        """End booth and spare."""
        self.end()
        if self._spare is not None:
            self._spare.kill()

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes there are now."""
        return tuple(booth.pid for booth in (self._active, self._spare) if booth is not None)

    def _tell(self, booth: Booth | None, say: Callable[[Booth], None]) -> None:
        """Say something to the booth. One that is gone breaks the dialogue: the visit must not wait for it."""
        try:
            if booth is not None:
                say(booth)
                return
        except CardError as error:
            log.warning("booth_deaf", extra=journal.numbers(why=error.code))
        self._post(ev.CardLost())

    def _token(self, ask: Ask) -> int:
        self._asks[ask.number] = ask
        return ask.number

    def _listen(self, booth: Booth) -> None:
        try:
            for message in booth.messages():
                if booth is not self._active:
                    return
                event = self._event(message)
                if event is not None:
                    self._post(event)
        except CardError as error:
            log.error("booth_not_understood", extra=journal.numbers(why=error.code))  # noqa: TRY400
        if booth is self._active:
            log.error("booth_died")
            self._post(ev.CardLost())
            self._fault("booth", True)

    def _event(self, message: said.BoothMessage) -> ev.Event | None:
        match message:
            case said.Ready():
                return None
            case said.ReaderState(usable=usable, word=word):
                log.info("reader_state", extra=journal.numbers(usable=usable, word=word))
                self._fault("reader", not usable)
                return None
            case said.Placed(mono=mono):
                log.info("card_placed", extra=journal.numbers(seen=mono))
                return ev.CardPlaced(new_visit_id())
            case said.Removed():
                log.info("card_removed")
                return ev.CardRemoved()
            case said.Lost():
                log.warning("card_lost")
                return ev.CardLost()
            case _:
                return self._answer(message)

    def _answer(
        self,
        message: said.Read
        | said.Refused
        | said.PinRight
        | said.PinWrong
        | said.Signed
        | said.PhotoSent
        | said.PhotoRefused
        | said.HolderRead
        | said.HolderUnread,
    ) -> ev.Event | None:
        ask = self._asks.get(message.token)
        if ask is None:
            return None
        match message:
            case said.Read():
                self._certificate = Certificate(message.certificate)
                return ev.CardRead(
                    ask,
                    self._certificate,
                    message.not_after,
                    message.pin_tries,
                    photo=ChipPhoto(message.photo),
                    simulated=message.simulated,
                )
            case said.Refused(problem=problem):
                return ev.CardRefused(ask, CardProblem(problem))
            case said.PinRight():
                return ev.PinRight(ask)
            case said.PinWrong(tries_left=tries_left):
                return ev.PinWrong(ask, tries_left)
            case said.Signed(signature=signature):
                if self._certificate is None:
                    return ev.CardLost()
                return ev.ChallengeSigned(ask, PinProof(self._certificate, signature))
            case said.PhotoSent(card_expiry=card_expiry, birth_date=birth_date):
                return ev.PhotoSent(ask, card_expiry, birth_date)
            case said.HolderRead(name=name, birth_date=birth_date):
                return ev.HolderRead(ask, name, birth_date)
            case said.HolderUnread():
                return ev.HolderUnread(ask)
            case said.PhotoRefused(why=why, again=again):
                log.info("photo_refused", extra=journal.numbers(why=why, again=again))
                return ev.PhotoRefused(ask, again=again, absent=why == "no_photo")
