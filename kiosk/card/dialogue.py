"""The talk with one card, from the moment it is held alone to the moment its power is taken.

Everything read over a dialogue belongs to one card and one certificate; any transport error ends it for good.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.card import jpki
from kiosk.card.allowlist import AllowList
from kiosk.card.apdu import Apdu, Verification
from kiosk.card.certificate import TrustStore
from kiosk.card.errors import CardFormatError, CardGoneError, ExtendedReadError
from kiosk.card.files import Reach
from kiosk.card.reader import PcscConnection
from kiosk.card.recognise import Problem, Recognised, recognise
from kiosk.card.settings import CardSettings
from kiosk.card.traffic import TrafficLog


@dataclass
class Dialogue:
    """A card that was recognised. `removals` is how many cards had left when it began (`kiosk.card.teller`)."""

    connection: PcscConnection
    card: AllowList
    reach: Reach
    found: Recognised
    removals: int

    @classmethod
    def open(
        cls, settings: CardSettings, trust: TrustStore, removals: int, *, extended: bool, traffic: bool
    ) -> Dialogue | Problem:
        """Hold the one card that lies there and recognise it; let go of one that cannot go on.

        `extended`: longer reads may be tried; where the connection breaks at the first of them it is `ExtendedReadError`.
        `traffic`: log the commands. Raises what `PcscConnection.open` does, and `CardGoneError`.
        """
        connection = PcscConnection.open(settings)
        card = AllowList(TrafficLog(connection) if traffic else connection)
        reach = Reach(connection.longest_answer) if extended and settings.extended_reads else Reach.short()
        found: Recognised | Problem = "unreadable"
        try:
            found = recognise(card, trust, reach)
        except CardGoneError as error:
            if reach.trying:
                raise ExtendedReadError("the connection broke at the first extended READ") from error
            raise
        finally:
            if not isinstance(found, Recognised):
                connection.close()
        if not isinstance(found, Recognised):
            return found
        # From here on a patient is waited for: what a reader was not seen to take is not tried on them.
        reach.settle()
        return cls(connection, card, reach, found, removals)

    def pin_tries(self) -> int:
        """Tries left for the PIN, asked anew; 0 if there is none to type. Raises `CardGoneError`, `ApduError`."""
        jpki.select(self.card)
        return jpki.pin_tries(self.card) or 0

    def verify_pin(self, pin: Apdu) -> Verification:
        """VERIFY the PIN, once. Raises `CardGoneError`, `ApduError`."""
        return jpki.verify_pin(self.card, pin)

    def sign(self, message: bytes) -> bytes:
        """The card's signature over `message`, checked against this dialogue's certificate.

        Raises `CardGoneError`, `ApduError`, `CardFormatError`.
        """
        signature = jpki.sign(self.card, message)
        if not self.found.certificate.signed(message, signature):
            raise CardFormatError("the signature is not that of the certificate that was read")
        return signature

    def close(self) -> None:
        """Take the card's power and let the reader go."""
        self.connection.close()
